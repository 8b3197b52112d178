"""A small rig, what it plays, and a rendered film of it in which things are wrong; made once for all tests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from controller.config import Config, read_config
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from controller.survey.film import Film, read_film
from controller.survey.findings import Findings, findings
from controller.survey.programme import Programme, plan, sources_of
from tools.train.venue.measured_film import Conditions, Faults, render, rig_of, sent
from tools.train.venue.measured_rig import Lamp

FAULTS = Faults(swapped=(("back-1", "back-3"),), dead=("back-5",), other_order=("back-2",))
STEP_S = 0.7
ROOT = Path(__file__).parents[2]


def rig_text(root: Path = ROOT) -> str:
    """Six PARs behind, two in front, two old lamps and a hazer."""
    data = yaml.safe_load((root / "config.yaml").read_text())
    data["profiles"] = str(root / "fixtures")
    data["venue"] = "Measured"
    places = [(f"back-{number}", (-3.5 + 1.4 * (number - 1), 3.2, 3.3)) for number in range(1, 7)]
    places += [("front-1", (-2.0, -1.0, 3.4)), ("front-2", (2.0, -1.0, 3.4))]
    lines = [
        f"  - {{id: {name}, profile: generic/rgbw-par, mode: 8ch, universe: 1, address: {1 + 8 * row}, role: wash,"
        f" position_m: [{x:g}, {y}, {z}]}}  # hung by hand"
        for row, (name, (x, y, z)) in enumerate(places)
    ]
    for row, x in enumerate((-2.6, 2.6)):
        lines.append(f"  - {{id: old-{row + 1}, profile: generic/dimmer, mode: 1ch, universe: 1, address: {101 + row},"
                     f" role: blinder, position_m: [{x}, 2.0, 1.5]}}")  # fmt: skip
    lines.append("  - {id: hazer, profile: generic/hazer, mode: 2ch, universe: 1, address: 201, role: hazer,"
                 " position_m: [0, 4, 0.2]}")  # fmt: skip
    del data["fixtures"]
    data["universes"] = {1: data["universes"][1]}
    return yaml.safe_dump(data, sort_keys=False) + "# the rig\nfixtures:\n" + "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Filmed:
    """All that is known of the film, and what was found in it."""

    config: Config
    patch: Patch
    programme: Programme
    lamps: list[Lamp]
    interventions: int
    path: Path
    film: Film
    found: Findings


@pytest.fixture(scope="session")
def small_rig(tmp_path_factory):
    file = tmp_path_factory.mktemp("rig") / "config.yaml"
    file.write_text(rig_text(), encoding="utf-8")
    return read_config(file)


@pytest.fixture(scope="session")
def filmed(small_rig, tmp_path_factory):
    """The whole way: played through the limiter, filmed, stored as a file, read from it."""
    patch = patch_of(small_rig)
    programme = plan(sources_of(patch), seed=5, step_s=STEP_S, level_turns=2, colour_turns=2)
    path = tmp_path_factory.mktemp("film") / "rig.mp4"
    lamps = rig_of(patch, programme, FAULTS, np.random.default_rng(6))
    slots, interventions = sent(patch, programme)
    for _ in render(slots, programme, lamps, path, seed=6, hard=Conditions(fps=20, begin_s=2.6)):
        pass
    film = read_film(path)
    return Filmed(small_rig, patch, programme, lamps, interventions, path, film, findings(film, programme, patch))
