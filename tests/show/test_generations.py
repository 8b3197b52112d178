"""Generations: staged whole or not at all, listed, chosen, rolled back; a show never dies of one."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
import yaml
from promise import kept
from running_show import heard, lit, start, stop

from controller.artefacts.artefact import sha256_of
from controller.artefacts.generations import KEPT, Generations
from controller.clock import ManualClock, MonotonicClock
from controller.commands.staging import roll_back, stage
from controller.config import read_config
from controller.errors import ModelError
from controller.listening.decider import Decider
from controller.listening.decode.parity import HEADS, PROBES


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "generations")


@pytest.fixture
def room(root, tmp_path, monkeypatch):
    """A configuration whose generations are its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return read_config(root / "config.yaml")


def named(root, folder, name):
    """A copy of the bundled decoder under another name."""
    shutil.copytree(root / "models/skipbart-small", folder)
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    (folder / "manifest.yaml").write_text(yaml.safe_dump({**manifest, "name": name}, sort_keys=False))
    return folder


def artefact(tmp_path, name="a"):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "manifest.yaml").write_text(name)
    return folder


def test_generations_count_up_and_the_newest_decides(generations, tmp_path):
    assert (generations.current(), generations.all()) == (0, [])
    for number in (1, 2, 3):
        assert generations.stage(artefact(tmp_path, f"m{number}"), f"m{number}").number == number
    assert [one.name for one in generations.all()] == ["m1", "m2", "m3"]
    assert generations.current() == 3
    assert generations.before() == 2
    generations.choose(1)
    assert (generations.current(), generations.before()) == (1, 0)


def test_old_ones_go_but_never_the_one_that_decides(generations, tmp_path):
    for number in range(1, KEPT + 4):
        generations.stage(artefact(tmp_path, f"m{number}"), f"m{number}")
    numbers = [one.number for one in generations.all()]
    assert numbers == list(range(4, KEPT + 4))
    assert generations.current() == numbers[-1]


def test_a_disk_that_is_full_changes_nothing(generations, tmp_path, monkeypatch):
    generations.stage(artefact(tmp_path, "good"), "good")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(ModelError, match=r"generation 2 cannot be kept.*No space"):
        generations.stage(artefact(tmp_path, "more"), "more")
    assert (generations.current(), len(generations.all())) == (1, 1)


def test_a_choice_that_nobody_can_read_is_the_configured_model(generations, tmp_path):
    generations.stage(artefact(tmp_path), "a")
    (generations.folder / "current").write_text("what?")
    assert generations.current() == 0
    (generations.folder / "0001" / "staged.json").write_text("{")
    assert generations.all() == []


def test_a_model_is_tried_before_it_is_staged(room, root, tmp_path):
    clock = MonotonicClock()
    one = stage(room, named(root, tmp_path / "new", "room-2"), clock)
    assert (one.number, one.name) == (1, "room-2")
    assert roll_back(room, None) == 0
    with pytest.raises(ModelError, match="nothing to go back to"):
        roll_back(room, None)
    with pytest.raises(ModelError, match="no generation 7; there are: 1"):
        roll_back(room, 7)
    assert roll_back(room, 1) == 1


@pytest.mark.parametrize("damage", ["weights", "embedder", "no folder"])
def test_a_model_that_does_not_fit_is_refused_and_nothing_changes(room, root, tmp_path, damage):
    folder = named(root, tmp_path / "new", "room-2")
    match damage:
        case "weights":
            content = bytearray((folder / "step.onnx").read_bytes())
            content[len(content) // 2] ^= 1
            (folder / "step.onnx").write_bytes(content)
        case "embedder":
            manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
            (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest | {"embedder": "another"}))
        case "no folder":
            folder = tmp_path / "nowhere"
    with pytest.raises(ModelError):
        stage(room, folder, MonotonicClock())
    assert Generations.of(room).current() == 0
    assert Generations.of(room).all() == []


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("answer", [*HEADS, "state"])
def test_an_answer_that_is_not_that_of_the_training_is_refused(room, root, tmp_path, probe, answer):
    folder = named(root, tmp_path / "new", "room-2")
    with np.load(folder / "parity.npz") as arrays:
        changed = dict(arrays) | {f"{probe}{answer}": arrays[f"{probe}{answer}"] + 1.0}
    np.savez(folder / "parity.npz", **changed)
    with pytest.raises(ModelError, match=rf"{answer.replace('_', ' ')} differs? by 1 "):
        stage(room, folder, MonotonicClock())
    assert Generations.of(room).all() == []


def turned_over(folder, name):
    """One output of a step graph with its sign changed, under a right checksum."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(folder / "step.onnx")
    for node in model.graph.node:
        node.output[:] = [f"{one}.before" if one == name else one for one in node.output]
        node.input[:] = [f"{one}.before" if one == name else one for one in node.input]
    model.graph.node.append(onnx.helper.make_node("Neg", [f"{name}.before"], [name]))
    onnx.save(model, folder / "step.onnx")
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    manifest["step"]["sha256"] = sha256_of(folder / "step.onnx")
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))


@pytest.mark.parametrize("output", ["hue_logits", "value_logits", "encoder.0.key", "decoder.1.value", "cross.0.key"])
def test_o5_a_graph_of_which_any_output_is_another_is_refused(room, root, tmp_path, output):
    folder = named(root, tmp_path / "new", "room-2")
    turned_over(folder, output if "logits" in output else f"{output}.kept")
    with pytest.raises(ModelError, match="those of the training"):
        stage(room, folder, MonotonicClock())
    assert Generations.of(room).all() == []


@pytest.mark.parametrize("name", [*(f"{probe}state" for probe in PROBES), "silence.music", "value_logits"])
def test_a_model_that_does_not_say_what_it_should_say_is_refused(room, root, tmp_path, name):
    folder = named(root, tmp_path / "new", "room-2")
    with np.load(folder / "parity.npz") as arrays:
        less = {key: arrays[key] for key in arrays if key != name}
    np.savez(folder / "parity.npz", **less)
    with pytest.raises(ModelError, match="export the model again"):
        stage(room, folder, MonotonicClock())
    (folder / "parity.npz").unlink()
    with pytest.raises(ModelError, match="nothing tells what the model should say"):
        stage(room, folder, MonotonicClock())


def test_a_model_that_got_worse_is_staged_only_by_who_says_so(room, root, tmp_path):
    folder = named(root, tmp_path / "new", "room-2")
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest | {"worse": "colours surprise more (0.74 → 1.77)"}))
    with pytest.raises(ModelError, match=r"colours surprise more.*--anyway"):
        stage(room, folder, MonotonicClock())
    assert Generations.of(room).all() == []
    assert stage(room, folder, MonotonicClock(), anyway=True).number == 1


@pytest.mark.warns("the configured model decides instead")
def test_a_damaged_generation_never_keeps_a_show_from_beginning(room, root, tmp_path, caplog):
    one = stage(room, named(root, tmp_path / "new", "room-2"), MonotonicClock())
    assert Decider(room, ManualClock()).decoder_name == "room-2"
    (one.folder / "step.onnx").write_bytes(b"damaged")
    decider = Decider(room, ManualClock())
    assert (decider.generation, decider.decoder_name) == (0, "skipbart-small")
    assert "the configured model decides instead" in caplog.text


def test_a_running_show_takes_a_new_model_up(venue, wire, root, tmp_path, monkeypatch):
    """Staged while the band plays: the name changes, no frame is missing; a damaged one later changes nothing."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    show = start(venue, "--loop", stderr=tmp_path / "said")
    lit(show, wire)
    config = read_config(venue)
    stage(config, named(root, tmp_path / "new", "room-2"), MonotonicClock())
    said = (tmp_path / "said").read_text
    heard(show, wire, lambda: "generation 1 (room-2) decides from here on" in said())
    bad = named(root, tmp_path / "bad", "room-3")
    (bad / "step.onnx").write_bytes(b"damaged")
    Generations.of(config).stage(bad, "room-3")
    heard(show, wire, lambda: "generation 2 (room-3)" in said())
    summary, _ = stop(show, wire)
    assert summary["listening"]["decoder"] == "room-2"
    assert summary["listening"]["generation"] == 1
    assert "room-3" in summary["listening"]["refused_generation"]
    assert summary["restarts"]["listening"] == 0
    times_s, _ = wire.frames(0)
    kept("longest gap", np.diff(times_s).max(), 0.1)
    if "going on in its place" not in said():
        numbers = [packet[12] for _, packet in wire.packets if packet[14] == 0]
        assert all(after == before % 255 + 1 for before, after in pairwise(numbers))  # not one frame is missing
