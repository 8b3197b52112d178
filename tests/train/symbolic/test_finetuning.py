"""Fine-tuning learns a task, masks and transposes in training only, resumes exactly, and is judged on what it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.evaluation import evaluate  # noqa: E402
from tools.train.symbolic.finetuning import Finetuning, Recipe, divided, learn, masked, resume, transposed  # noqa: E402
from tools.train.symbolic.masking import real  # noqa: E402
from tools.train.symbolic.ngram import NGram, tokens  # noqa: E402
from tools.train.symbolic.ngram import go_on as ngram_goes_on  # noqa: E402
from tools.train.symbolic.objectives import SIZES  # noqa: E402
from tools.train.symbolic.tasks import Examples, Task  # noqa: E402
from tools.train.symbolic.vocabulary import BAR, MASK, PAD, PITCH  # noqa: E402
from tools.train.symbolic.weights import Weights, new_network, read_weights  # noqa: E402

RECIPE = Recipe(steps=6, batch=4, evaluate_every=3, dropout=0.1, warmup=2)
QUICK = replace(RECIPE, steps=80, batch=8, rate=4e-3, evaluate_every=20, mask=False, transpose=False)


def fresh(model="midibert", seed=1):
    torch.manual_seed(seed)
    size = replace(SIZES[model]["tiny"], dropout=0.1)
    return Weights(model, new_network(model, size), None, {}, Path("none"))


@pytest.mark.parametrize("model", ["midibert", "pianobart"])
def test_it_learns_and_is_judged_by_the_file_it_leaves(model, task, tmp_path):
    run = Finetuning(fresh(model), task, QUICK, 1)
    learn(run, tmp_path, 10.0)
    scores = evaluate(read_weights(tmp_path), task)
    assert scores["accuracy"] > 0.85
    assert scores["n"] == (8 if task.level == "sequence" else 8 * 32)
    with pytest.raises(SymbolicError, match="finetuned on composer, not on melody"):
        evaluate(read_weights(tmp_path), replace(task, name="melody"))


def test_continuations_are_learnt(continuation, tmp_path):
    run = Finetuning(fresh("pianobart"), continuation, QUICK, 1)
    before = run.judge()
    learn(run, tmp_path, 10.0)
    assert run.best > before["score"] + 1.0
    scores = evaluate(read_weights(tmp_path), continuation, most=3)
    assert scores["n"] == 3
    assert scores["valid"] == 1.0
    assert scores["accuracy"] > 0.5
    assert 0.0 <= scores["gs_distance"] <= 1.0


def test_only_pianobart_goes_on(continuation):
    with pytest.raises(SymbolicError, match="only pianobart writes"):
        Finetuning(fresh("midibert"), continuation, QUICK, 1)


def test_nothing_to_learn_from_is_said(task):
    sides = {**task.splits, "train": Examples(*(part[:0] for part in (
        task.splits["train"].notes, task.splits["train"].labels, task.splits["train"].pieces)))}  # fmt: skip
    with pytest.raises(SymbolicError, match="no train pieces"):
        Finetuning(fresh(), replace(task, splits=sides), RECIPE, 1)
    with pytest.raises(SymbolicError, match="no test pieces"):
        evaluate(fresh(), replace(task, splits={**task.splits, "test": sides["train"]}))


def test_a_killed_run_goes_on_to_the_same_weights(task, tmp_path):
    straight = Finetuning(fresh(), task, RECIPE, 1)
    learn(straight, tmp_path / "straight", 10.0)
    killed = Finetuning(fresh(), task, RECIPE, 1)
    killed.keep_best(killed.judge())
    for _ in range(3):
        killed.step()
    killed.keep_best(killed.judge())
    save_checkpoint(tmp_path / "killed" / "last.pt", killed.state())
    again = Finetuning(fresh(seed=9), task, RECIPE, 1)
    resume(again, tmp_path / "killed")
    learn(again, tmp_path / "killed", 10.0)
    for name, tensor in straight.module.state_dict().items():
        assert torch.equal(tensor, again.module.state_dict()[name]), name
    assert straight.best == again.best
    with pytest.raises(SymbolicError, match="another seed"):
        resume(Finetuning(fresh(), task, RECIPE, 2), tmp_path / "killed")


def test_it_stops_when_it_gets_no_better(task, tmp_path):
    run = Finetuning(fresh(), task, replace(QUICK, rate=0.0, patience=2, steps=1000, evaluate_every=1), 1)
    ended = learn(run, tmp_path, 10.0)
    assert ended.startswith("stopped at step 2: no better")
    assert load_checkpoint(tmp_path / "best.pt")["step"] == 0


def test_validation_is_neither_masked_nor_transposed(task, monkeypatch):
    run = Finetuning(fresh(), task, replace(RECIPE, mask=True, transpose=True), 1)
    seen = []
    plain = run.module.forward
    monkeypatch.setattr(run.module, "forward", lambda notes: seen.append(notes.numpy()) or plain(notes))
    run.step()
    trained = seen.pop()
    run.judge()
    judged = np.concatenate(seen)
    assert np.array_equal(judged, task.splits["valid"].notes)
    rows = task.splits["train"].notes[run.order(0)[:4]]
    assert (trained == MASK).all(axis=-1).any()
    kept = ~(trained == MASK).all(axis=-1)
    assert np.array_equal(trained[kept][:, BAR], rows[kept][:, BAR])
    assert not np.array_equal(trained[kept][:, PITCH], rows[kept][:, PITCH])


def test_transposition_keeps_intervals_range_and_percussion(rng, melody):
    notes = np.tile(melody(8, 60, 1).astype(np.int64), (400, 1, 1))
    notes[:, :4, 2], notes[:, :4, PITCH] = 128, 128 + 36
    notes[:, 4, PITCH] = 124
    notes[:, -2:] = PAD
    moved = transposed(notes, rng)
    steps = moved[:, 4:-2, PITCH] - notes[:, 4:-2, PITCH]
    assert (steps == steps[:, :1]).all()
    assert set(np.unique(steps)) == set(range(-11, 4))  # up to 127 and no further
    assert np.array_equal(moved[:, :4], notes[:, :4])
    assert np.array_equal(moved[:, -2:], notes[:, -2:])


def test_masked_is_an_eighth_of_the_real_notes(rng, music):
    notes = np.tile(music, (50, 1, 1))
    chosen = (masked(notes, rng) == MASK).all(axis=-1)
    assert not chosen[~real(notes)].any()
    assert chosen[real(notes)].mean() == pytest.approx(0.12, abs=0.01)


def test_windows_are_divided_at_bars(music):
    prompt, following = divided(music, np.array([0.5, 0.3, 0.1, 0.5]))
    for row in range(4):
        one, other = (half[row][real(half[row])] for half in (prompt, following))
        assert np.array_equal(np.concatenate([one, other]), music[row][real(music[row])])
        assert len(one) > 0
        assert len(other) > 0
        assert other[0, BAR] > one[-1, BAR]
    bar = music[:, :4]
    prompt, following = divided(bar, np.full(4, 0.5))
    assert (real(prompt).sum(axis=1) == 2).all()  # one bar only: cut inside it
    assert (real(following).sum(axis=1) == 2).all()


@pytest.mark.parametrize("task", ["token"], indirect=True)
def test_labels_that_do_not_count_teach_nothing(task):
    notes = task.splits["train"].notes[:4].astype(np.int64)
    labels = np.full((4, 32), -1)
    labels[:, :3] = 1
    run = Finetuning(fresh(), task, replace(RECIPE, dropout=0.0), 1)
    run.module.eval()
    whole = run.answer_loss(notes, labels).detach()
    logits = run.module(torch.from_numpy(notes))[:, :3].flatten(0, 1)
    wanted = torch.nn.functional.cross_entropy(logits, torch.ones(12, dtype=torch.int64)).detach()
    torch.testing.assert_close(whole, wanted)


@pytest.mark.parametrize("task", ["sequence"], indirect=True)
def test_pieces_are_what_sequences_are_scored_by(task):
    """Windows of one piece are one answer."""
    test = task.splits["test"]
    joined = Task(*(getattr(task, name) for name in ("name", "level", "classes", "hidden")),
                  {**task.splits, "test": Examples(test.notes, test.labels, np.arange(8) % 2)})  # fmt: skip
    run = Finetuning(fresh(), joined, RECIPE, 1)
    state = {"task": "composer", "classes": ["down", "up"], "answers": run.module.answers.state_dict()}
    assert evaluate(replace_content(run.weights, state), joined)["n"] == 2


def replace_content(weights, content):
    weights.content = content
    return weights


def test_the_ngram_goes_on_for_as_many_bars_as_are_asked_for(melody, rng):
    model = NGram()
    model.learn(tokens(melody(40, 60, 1)))
    prompt = melody(4, 60, 1)
    for bars in (1, 3):
        notes = ngram_goes_on(model, prompt, bars, rng)
        assert len(notes) >= 1
        assert (notes[:, BAR] <= prompt[-1, BAR] + bars).all()
        assert notes[-1, BAR] >= prompt[-1, BAR] + bars - 1
