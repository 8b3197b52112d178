"""The files of a rehearsed rig: the same bytes, read as written, and refused where damaged."""

import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from controller.errors import EvaluationError
from controller.messages import Cue
from controller.records.rendered import RenderedRig, read_rendered
from controller.records.told_form import ToldForm, read_form


@pytest.fixture
def rig(rng):
    return RenderedRig(
        time_s=np.arange(5) / 10,
        id=np.array(["a", "b"]),
        role=np.array(["wash", "back"]),
        position_m=np.zeros((2, 3), np.float32),
        light=rng.random((5, 2, 3)).astype(np.float32),
        pan_tilt_deg=np.zeros((5, 2, 2), np.float32),
        tick_s=np.arange(20) / 40,
        group=np.array(["wash", "back"]),
        group_light=rng.random((20, 2, 3)).astype(np.float32),
    )


def test_the_same_light_gives_the_same_bytes_whatever_the_clock_says(rig, tmp_path, monkeypatch):
    rig.write(tmp_path / "one.npz")
    monkeypatch.setattr(time, "time", lambda: 2e9)
    rig.write(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.npz") as file:
        assert {one.date_time[0] for one in file.infolist()} == {1980}
    read = read_rendered(tmp_path / "one.npz")
    np.testing.assert_array_equal(read.light, rig.light)
    assert list(read.role) == ["wash", "back"]


def test_what_is_no_rig_is_refused(rig, tmp_path):
    with pytest.raises(EvaluationError, match=r"heads.npz: cannot be read"):
        read_rendered(tmp_path / "heads.npz")
    (tmp_path / "heads.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_rendered(tmp_path / "heads.npz")
    replace(rig, light=rig.light[:, :1]).write(tmp_path / "heads.npz")
    with pytest.raises(EvaluationError, match=r"light is \(5, 1, 3\), not \(5, 2, 3\)"):
        read_rendered(tmp_path / "heads.npz")
    np.savez(tmp_path / "heads.npz", time_s=np.zeros(3))
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_rendered(tmp_path / "heads.npz")


def test_what_was_expected_and_never_came_is_no_section(tmp_path):
    form = ToldForm()
    form.take(None, 0.1)
    form.take(Cue("dim", 0.0, label="A"), 0.2)
    form.take(Cue("dim", 0.0, label="A"), 0.3)
    form.take(Cue("big", 8.0, label="B", section_s=8.0), 6.0)
    form.take(Cue("dim", 0.0, label="A"), 7.0)  # not yet after all
    form.take(Cue("big", 16.0, label="B", section_s=16.0), 14.0)
    form.take(Cue("big", 16.1, label="B", section_s=16.1), 15.0)  # a little later
    form.take(Cue("solo", 16.1, label="B", section_s=16.1), 17.0)
    assert form.sections == [(0.0, 0.2, "A", 0.0), (16.1, 14.0, "B", 0.0)]
    assert form.looks == [(0.0, "dim", "A"), (16.1, "big", "B"), (16.1, "solo", "B")]
    form.write(tmp_path / "form.json")
    assert read_form(tmp_path / "form.json") == form


def test_a_look_without_a_section_is_a_look():
    form = ToldForm()
    form.take(Cue("dim", 1.0), 1.0)
    assert form.sections == []
    assert form.looks == [(1.0, "dim", "")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sections": [[1]], "looks": []}', '{"sections": 3, "looks": []}'])
def test_what_is_no_form_is_refused(tmp_path, text):
    (tmp_path / "form.json").write_text(text)
    with pytest.raises(EvaluationError, match=r"form.json: cannot be read"):
        read_form(tmp_path / "form.json")
