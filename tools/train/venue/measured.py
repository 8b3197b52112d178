"""How well `followspot measure` reads rendered films of a rig, against what was hidden in them. Edge: files.

For each seed a rig with other curves, lateness and faults is filmed by another camera. Every film is read as a person's
film is, from its file, and judged beside the truth.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller.arrays import Float64Array
from controller.config import read_config
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from controller.survey.film import Film, read_film
from controller.survey.findings import Findings, findings
from controller.survey.programme import Programme, plan, sources_of
from tools.train.venue.measured_film import CYCLE_S, Conditions, Faults, render, rig_of, sent
from tools.train.venue.measured_rig import Lamp, curve

WANTED = {"right_head": 0.99, "late_error_ms": 10.0, "curve_error": 0.05}
GRID = np.linspace(0.0, 1.0, 101)
NEXT_TO = 0.5
"""A spot is right if it is nearer to its own lamp than this share of the way to the next one."""
POOLS = 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    """One film.

    Attributes:
        heads, named, right: how many shone, were recognised, and were so where they are.
        invented: dark ones that were seen. late_ms, curves: errors of those that the report calls certain; of curves
            the root mean square over levels, of full. fixtures: how many shone. faults, found: hidden, and found.
    """

    heads: int
    named: int
    right: int
    invented: int
    late_ms: Float64Array
    curves: Float64Array
    fixtures: int
    faults: int
    found: int


def judged(found: Findings, lamps: list[Lamp], programme: Programme, faults: Faults, patch: Patch) -> Judged:
    """Compare what was found with what hangs there."""
    plays = _lamp_of(programme, lamps, patch)
    heads = {head.name: head.at for one in found.fixtures for head in one.heads}
    lit = {name: lamp for name, lamp in plays.items() if not lamp.dead}
    named = [name for name in lit if heads[name] is not None]
    right = sum(_right(np.array(heads[name]), lit[name], lamps) for name in named)
    first = {one.id: lit.get(one.heads[0].name) for one in found.fixtures}
    late = [
        (1e3 * _late_s(first[one.id]), one.late_ms)
        for one in found.fixtures
        if first[one.id] and one.late_ms is not None
    ]
    told, seen = (np.array(one) for one in zip(*late, strict=True)) if late else (np.zeros(0), np.zeros(0))
    errors = [
        float(np.sqrt(np.mean(np.square(one.dimmer.light(GRID) - curve(GRID, lamp.shape, lamp.minimum)))))
        for one in found.fixtures
        if (lamp := first[one.id]) and one.dimmer is not None and one.dimmer.sure
    ]
    hidden = 2 * len(faults.swapped) + len(faults.dead) + len(faults.other_order)
    return Judged(
        len(lit), len(named), right, sum(heads[name] is not None for name in plays if name not in lit),
        (seen - np.median(seen)) - (told - np.median(told)), np.array(errors),
        sum(lamp is not None for lamp in first.values()),
        hidden, _faults_found(found, faults),
    )  # fmt: skip


def _lamp_of(programme: Programme, lamps: list[Lamp], patch: Patch) -> dict[str, Lamp]:
    """The lamp that listens to each source's slots."""
    listening = {slot: lamp for lamp in lamps for slot in (*(at for _, at in lamp.emitters), lamp.dimmer) if slot >= 0}
    found = {}
    for source in programme.sources:
        lanes = [lane for lane in patch.lanes if source.heads[0] in lane.heads and len(lane.heads) <= len(source.heads)]
        found[source.name] = next(listening[lane.slots[0]] for lane in lanes if lane.slots[0] in listening)
    return found


def _right(at: Float64Array, lamp: Lamp, lamps: list[Lamp]) -> bool:
    """Whether a spot is at its lamp; of lamps that face away, whether it is in their pool of light."""
    if not lamp.lens:
        others = [one for one in lamps if not one.lens and one is not lamp]
        return all(abs(at[0] - lamp.seen[0]) < abs(at[0] - one.seen[0]) for one in others) or bool(
            np.linalg.norm(at - np.array(lamp.seen)) < POOLS
        )
    away = float(np.linalg.norm(at - np.array(lamp.seen)))
    nearest = min(float(np.linalg.norm(np.subtract(one.seen, lamp.seen))) for one in lamps if one is not lamp)
    return away < NEXT_TO * nearest


def _late_s(lamp: Lamp) -> float:
    """Mean lateness, the inertia that was rendered included."""
    left = np.exp(-CYCLE_S / lamp.smooth_s) if lamp.smooth_s > 0.0 else 0.0
    return float(lamp.late_s + CYCLE_S * left / (1.0 - left))


def _faults_found(found: Findings, faults: Faults) -> int:
    by_id = {one.id: one for one in found.fixtures}
    pairs = [*faults.swapped, *((other, one) for one, other in faults.swapped)]
    count = sum(by_id[one].hangs_at == other for one, other in pairs)
    count += sum(by_id[one].dark for one in faults.dead)
    colours = [by_id[one].colours for one in faults.other_order]
    return count + sum(one is not None and one.order == ("green", "red", "blue") for one in colours)


def drawn_faults(programme: Programme, lamps: list[Lamp], rng: np.random.Generator) -> Faults:
    """Two alike that face the camera at each other's address, one dark, one with red and green exchanged."""
    alone = {one.name: one for one in programme.sources if one.name == one.fixture}
    able = [lamp.name for lamp in lamps if lamp.lens and lamp.name in alone and len(alone[lamp.name].emitters) >= 3]
    kinds: dict[tuple[int, int], list[str]] = {}
    for name in able:
        lamp = next(one for one in lamps if one.name == name)
        kinds.setdefault((len(lamp.emitters), lamp.dimmer >= 0), []).append(name)
    group = list(rng.permutation(max(kinds.values(), key=len)))
    rest = [str(name) for name in rng.permutation([one for one in able if one not in group[:2]])]
    return Faults(((str(group[0]), str(group[1])),), (rest[0],), (rest[1],))


def played_on(config: Path) -> tuple[Patch, Programme]:
    """The rig of a configuration, and what it plays."""
    patch = patch_of(read_config(config))
    return patch, plan(sources_of(patch))


def one_film(
    patch: Patch, programme: Programme, folder: Path, seed: int, hard: Conditions
) -> tuple[Judged, Findings, Film]:
    """Render a film, if it is not there from the time before; read it, judge it."""
    rng = np.random.default_rng([seed, 91])
    drawn = rig_of(patch, programme, Faults(), np.random.default_rng([seed, 92]))
    faults = drawn_faults(programme, drawn, rng)
    lamps = rig_of(patch, programme, faults, np.random.default_rng([seed, 92]))
    slots, interventions = sent(patch, programme)
    if interventions:
        raise RuntimeError(f"the flash limiter stepped in {interventions} times")
    path = folder / f"measured-{seed}.mp4"
    if not path.is_file():
        for _ in render(slots, programme, lamps, path, seed=seed, hard=hard):
            pass
    film = read_film(path)
    found = findings(film, programme, patch)
    return judged(found, lamps, programme, faults, patch), found, film


def summed(films: list[Judged]) -> dict[str, float]:
    """All films together; of errors the root mean square and the worst."""
    late, curves = np.concatenate([one.late_ms for one in films]), np.concatenate([one.curves for one in films])
    fixtures = sum(one.fixtures for one in films)
    return {
        "heads": sum(one.heads for one in films),
        "right_head": sum(one.right for one in films) / max(sum(one.named for one in films), 1),
        "recognised": sum(one.named for one in films) / max(sum(one.heads for one in films), 1),
        "invented": sum(one.invented for one in films),
        "faults_found": sum(one.found for one in films) / max(sum(one.faults for one in films), 1),
        "late_error_ms": float(np.quantile(np.abs(late), 0.95)) if len(late) else float("nan"),
        "late_worst_ms": float(np.abs(late).max(initial=0.0)),
        "late_certain": len(late) / max(fixtures, 1),
        "curve_error": float(np.sqrt(np.mean(np.square(curves)))) if len(curves) else float("nan"),
        "curve_worst": float(curves.max(initial=0.0)),
        "curve_certain": len(curves) / max(fixtures, 1),
    }


def written(result: dict[str, float], file: Path) -> None:
    """As JSON."""
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
