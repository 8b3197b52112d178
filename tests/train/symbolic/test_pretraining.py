"""All four objectives learn, a killed run goes on to the same losses, and two workers end with one set of weights."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torchrun import torchrun  # noqa: E402

from tools.train.checkpoint import forget_after, load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.objectives import MODELS, SIZES, new_objective  # noqa: E402
from tools.train.symbolic.pretraining import Pretraining, Recipe, picked, resume, run  # noqa: E402
from tools.train.symbolic.weights import read_weights  # noqa: E402

RECIPE = Recipe(steps=6, batch=2, length=32, evaluate_every=3, log_every=1, freeze_every=1, judged=4)


def training(model, shelf, recipe=RECIPE, seed=1):
    return Pretraining(model, SIZES[model]["tiny"], recipe, shelf, seed)


@pytest.mark.parametrize("model", MODELS)
def test_it_learns(model, shelf):
    recipe = replace(RECIPE, steps=60, batch=8, rate=1e-2, warmup=5)
    this = training(model, shelf, recipe)
    before = this.validate()
    losses = [this.step()["loss"] for _ in range(60)]
    after = this.validate()
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])
    assert after["accuracy"] > before["accuracy"] + 0.2
    assert after["tempo"] > 0.9


def rows(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def without_clock(found):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found]


@pytest.mark.parametrize("model", MODELS)
def test_a_killed_run_goes_on_to_the_same_losses(model, shelf, tmp_path):
    straight = training(model, shelf)
    run(straight, tmp_path / "straight", 10.0)
    killed = training(model, shelf)
    for _ in range(3):
        killed.step()
    save_checkpoint(tmp_path / "killed" / "last.pt", killed.state())
    lines = (tmp_path / "straight" / "log.jsonl").read_text().splitlines(keepends=True)
    # two more steps were logged before it was killed, the second line half written
    (tmp_path / "killed" / "log.jsonl").write_text("".join(lines[:6]) + lines[6][:10])
    again = training(model, shelf)
    resume(again, tmp_path / "killed")
    assert max(row["step"] for row in rows(tmp_path / "killed")) <= 3
    run(again, tmp_path / "killed", 10.0)
    ours = [row for row in without_clock(rows(tmp_path / "killed")) if row["step"] > 3]
    theirs = [row for row in without_clock(rows(tmp_path / "straight")) if row["step"] > 3]
    assert ours == theirs
    assert len(ours) == 4  # three steps and a look
    for name, tensor in straight.objective.state_dict().items():
        assert torch.equal(tensor, again.objective.state_dict()[name]), name
    if straight.objective.book is not None:
        assert np.array_equal(straight.objective.book, again.objective.book)
        assert not straight.objective.book.all()


def test_a_share_of_the_pieces_follows_from_their_names(shelf):
    many = replace(shelf, pieces=[replace(shelf.pieces[0], name=f"song {number}") for number in range(400)])
    rows_ = np.column_stack([np.repeat(np.arange(400), 2), np.zeros(800, int), np.ones(800, int)])
    few, more = (picked(rows_, many, share) for share in (0.25, 0.5))
    assert set(few[:, 0]) < set(more[:, 0])
    assert 70 <= len(set(few[:, 0])) <= 130
    assert len(few) == 2 * len(set(few[:, 0]))
    turned = replace(many, pieces=many.pieces[::-1])
    assert sorted(399 - picked(rows_, turned, 0.25)[:, 0]) == sorted(few[:, 0])
    assert picked(rows_, many, 1.0) is rows_


@pytest.mark.parametrize("less", [{"corpora": ("elsewhere",)}, {"share": 1e-9}])
def test_nothing_to_learn_from_is_said(shelf, less):
    assert len(training("midibert", shelf, replace(RECIPE, corpora=("made",))).rows["train"])
    with pytest.raises(SymbolicError, match="no training"):
        training("midibert", shelf, replace(RECIPE, **less))


def test_a_run_is_not_resumed_as_another(shelf, tmp_path):
    save_checkpoint(tmp_path / "last.pt", training("midibert", shelf).state())
    with pytest.raises(SymbolicError, match="another rate"):
        resume(training("midibert", shelf, replace(RECIPE, rate=1.0)), tmp_path)
    with pytest.raises(SymbolicError, match="another model"):
        resume(training("musicbert", shelf), tmp_path)
    (tmp_path / "last.pt").write_bytes(b"PK nothing")
    with pytest.raises(SymbolicError, match="cannot be resumed"):
        resume(training("midibert", shelf), tmp_path)


def test_a_plan_without_steps_follows_the_clock(shelf, tmp_path):
    this = training("midibert", shelf, replace(RECIPE, steps=None, evaluate_every=2))
    run(this, tmp_path, 0.02)
    assert 0 < this.step_count < 10_000
    assert this.seconds < 10.0
    assert load_checkpoint(tmp_path / "last.pt")["planned"] == this.planned < 10**9


def test_test_pieces_are_not_read(shelf):
    this = training("midibert", shelf)
    used = {int(row) for side in this.rows.values() for row in side[:, 0]}
    assert {shelf.pieces[number].split for number in used} == {"train", "valid"}
    drawn = np.concatenate([this.order(epoch) for epoch in (0, 1)])
    assert sorted(drawn.tolist()) == sorted(2 * list(range(len(this.rows["train"]))))


def test_what_is_written_can_be_read(shelf, tmp_path):
    this = training("pianobart", shelf)
    run(this, tmp_path, 10.0)
    found = read_weights(tmp_path)
    assert found.model == "pianobart"
    assert asdict(found.size) == asdict(this.size)
    assert "windows of 32 notes" in (tmp_path / "card.md").read_text()
    with pytest.raises(SymbolicError, match="no such model"):
        read_weights(tmp_path / "nothing")
    (tmp_path / "bad.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(SymbolicError, match="not a checkpoint of this package"):
        read_weights(tmp_path / "bad.pt")


def test_without_its_speciality_a_model_is_plain(shelf):
    this = training("adversarial-midibert", shelf, replace(RECIPE, plain=True))
    assert this.objective.masker is None
    assert np.isfinite(this.step()["loss"])
    assert len(training("pianobart", shelf, replace(RECIPE, plain=True)).objective.levels) == 1


def test_wrong_requests_are_refused(shelf):
    with pytest.raises(SymbolicError, match="no model 'gpt'"):
        new_objective("gpt", SIZES["midibert"]["tiny"], (1, 1))
    with pytest.raises(SymbolicError, match="other dimensions"):
        new_objective("pianobart", SIZES["midibert"]["tiny"], (1, 1))
    with pytest.raises(SymbolicError, match="64 positions"):
        training("midibert", shelf, replace(RECIPE, length=65))


def test_a_log_forgets_what_comes_again(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    forget_after(log, 2)
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [1, 2]


def write_shelf(shelf, folder):
    folder.mkdir()
    np.save(folder / "octuples.npy", shelf.notes)
    np.save(folder / "classes.npy", shelf.classes)
    content = {"format": 1, "pieces": [asdict(piece) for piece in shelf.pieces]}
    (folder / "pieces.json").write_text(json.dumps(content))


def test_two_workers_learn_as_one_does_also_where_one_is_killed(shelf, tmp_path):
    """Two workers with half a batch each, one of them killed and begun again, against one with the whole batch."""
    write_shelf(shelf, tmp_path / "shelf")
    out, steps = tmp_path / "run", 40
    said = torchrun("tools.train.symbolic", "pretrain", "--model", "adversarial-midibert", "--size", "tiny", "--resume",
                    "--data", tmp_path / "shelf", "--out", out, "--steps", steps, "--batch", 2, "--length", 32,
                    "--freeze-every", 1, "--judged", 4, "--float32", "--evaluate-every", 10, "--rate", 2e-3,
                    kill_when=out / "last.pt")  # fmt: skip
    assert "on 2 workers" in said
    state = load_checkpoint(out / "last.pt")
    book = np.unpackbits(state["extra"]["book"].numpy(), axis=1)[:, :32]
    assert state["step"] == steps
    assert (book.sum(axis=1) < 32).all()  # both workers' windows have been frozen, and came together
    looks = {row["step"]: row["validation_loss"] for row in rows(out) if "validation_loss" in row}
    assert sorted(looks) == [2, *range(10, steps + 1, 10)], "every look once"
    recipe, ends = replace(RECIPE, steps=steps, batch=4, rate=2e-3, evaluate_every=10), []
    for seed in (1, 2, 3):
        run(training("adversarial-midibert", shelf, recipe, seed), tmp_path / f"one{seed}", 10.0)
        alone = [row["validation_loss"] for row in rows(tmp_path / f"one{seed}") if "validation_loss" in row]
        first = alone[0]
        ends.append(alone[-1])
    noise = max(float(np.ptp(ends)), 0.1 * (first - float(np.mean(ends))))
    assert np.mean(ends) < first - 2 * noise, "otherwise nothing is compared"
    assert abs(looks[steps] - np.mean(ends)) <= 2 * noise
