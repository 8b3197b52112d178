"""Plans as files: they come back as they were; what is none is named."""

import io
import json
import zipfile

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.commands.check import examine
from controller.config import read_config, with_overrides
from controller.errors import PlanError
from controller.listening.decider import Decider
from controller.listening.plan.plan import Notes, Plan, TimedCue, read_plan, read_plans, write_plan


@pytest.fixture
def plan(rng):
    cues = (TimedCue(t_s=2.0, name="scene", target="Chorus"),)
    notes = Notes(title="Song", marks=((1.0, "verse"),), cues=cues, seed=3,
                  lines={"pace": ((0.0, 0.5), (3.0, 1.0))}, pins=((0.0, 1.0),))  # fmt: skip
    light = np.column_stack([rng.integers(0, 180, 40), rng.integers(0, 256, 40)])
    return Plan(notes, light, rng.normal(0, 0.1, (40, 88)).astype(np.float32))


def test_a_plan_comes_back(plan, tmp_path):
    write_plan(plan, tmp_path / "a.plan")
    again = read_plan(tmp_path / "a.plan")
    assert again.notes == plan.notes
    assert (again.light == plan.light).all()
    assert np.allclose(again.fingerprints, plan.fingerprints, atol=1e-3)
    assert read_plans(tmp_path)[0].notes == plan.notes


@pytest.mark.parametrize(
    "what", ["missing", "text", "cut off", "bomb", "no notes", "shapes", "hue", "nan", "empty folder"]
)
def test_what_is_no_plan_is_named(plan, tmp_path, what):
    file = tmp_path / "a.plan"
    write_plan(plan, file)
    with np.load(file) as arrays:
        parts = dict(arrays)
    match what:
        case "missing":
            file.unlink()
        case "text":
            file.write_text("a plan")
        case "cut off":
            file.write_bytes(file.read_bytes()[:-200])
        case "bomb":
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("light.npy", b"\0" * 60_000_000)
        case "no notes":
            parts["notes"] = np.frombuffer(json.dumps({"title": ""}).encode(), np.uint8)
        case "shapes":
            parts["light"] = parts["light"][:-1]
        case "hue":
            parts["light"] = parts["light"] + 500
        case "nan":
            parts["fingerprints"] = parts["fingerprints"] * np.nan
        case "empty folder":
            file.unlink()
            file.mkdir()
    if what in ("no notes", "shapes", "hue", "nan"):
        out = io.BytesIO()
        np.savez(out, **parts)
        file.write_bytes(out.getvalue())
    with pytest.raises(PlanError, match=r"a\.plan"):
        read_plans(file)


def test_a_show_with_a_damaged_plan_is_refused_before_it_begins(root, tmp_path):
    (tmp_path / "a.plan").write_text("nonsense")
    config = with_overrides(read_config(root / "config.yaml"), plan=str(tmp_path / "a.plan"))
    with pytest.raises(PlanError, match=r"a\.plan"):
        examine(config, audio=False, page=False)


@pytest.mark.warns("the model plays freely")
def test_one_that_is_damaged_later_costs_the_plan_only(root, tmp_path, caplog):
    (tmp_path / "a.plan").write_text("nonsense")
    config = with_overrides(read_config(root / "config.yaml"), plan=str(tmp_path / "a.plan"))
    assert Decider(config, ManualClock()).planned is None
    assert "plays freely" in caplog.text
