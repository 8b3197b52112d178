"""Scores of a trained model on a task's held-out side: `python -m tools.train.symbolic evaluate`.

Pure but for the graphs of a continuation, which lie in a temporary folder while it is written.
"""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import symusic
import torch
from rich.console import Console
from rich.progress import track

from controller.arrays import IntArray
from tools.train.symbolic.embedding import best, real
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.finetuning import Answering, Continuing, answer, divided, spread
from tools.train.symbolic.generation import GraphWriter, go_on
from tools.train.symbolic.octuple import decode, encode, rebased
from tools.train.symbolic.plain_rows import score
from tools.train.symbolic.reading import read_score
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.scores import gs, interval_95, pche
from tools.train.symbolic.tasks import Examples, Task
from tools.train.symbolic.vocabulary import BAR, BARS, PAD, is_legal
from tools.train.symbolic.weights import Weights

Scores = dict[str, float]
GoesOn = Callable[[IntArray, int, np.random.Generator], IntArray]
"""Prompt (N, 8), wanted bars and a generator to the notes that follow (M, 8)."""


def finetuned(weights: Weights, task: Task) -> Answering | Continuing:
    """The module that was finetuned on a task, in eval mode.

    Raises:
        SymbolicError: it was finetuned on another one, or on none.
    """
    of = weights.content.get("task")
    if of != task.name or weights.content.get("classes", list(task.classes)) != list(task.classes):
        known = f"finetuned on {of}" if of else "not finetuned"
        raise SymbolicError(f"{weights.path}: {known}, not on {task.name}; run `finetune --task {task.name}` first")
    if task.level == "continuation":
        return Continuing(weights).eval()
    module = Answering(weights, task.level, len(task.classes)).eval()
    module.answers.load_state_dict(weights.content["answers"])
    return module


def evaluate(
    weights: Weights,
    task: Task,
    split: str = "test",
    *,
    seed: int = 1,
    most: int = 100,
    settings: Settings | None = None,
) -> Scores:
    """`n`, `accuracy` and `macro_f1`; of a continuation `pche_distance`, `gs_distance`, `valid` and `accuracy`.

    Args:
        most: continuations that are written, spread over the pieces. settings: how they are drawn.

    Raises:
        SymbolicError: nothing to be judged by, or not finetuned on this task.
    """
    examples = task.splits[split]
    if not len(examples.notes):
        raise SymbolicError(f"{task.name}: no {split} pieces in this data")
    module = finetuned(weights, task)
    if isinstance(module, Continuing):
        return judge_model(module, spread(examples, most), seed, settings)
    judged = Task(task.name, task.level, task.classes, task.hidden, {**task.splits, "test": examples})
    return score(judged, answer(module, task, examples))


def judge_model(module: Continuing, examples: Examples, seed: int, settings: Settings | None = None) -> Scores:
    """How a network goes on with prompts, and how well it tells their real continuations, teacher-forced."""
    with tempfile.TemporaryDirectory(prefix="followspot-graphs-") as folder:
        writer = GraphWriter.of(module.network, module.head, Path(folder))

        def goes_on(prompt: IntArray, bars: int, rng: np.random.Generator) -> IntArray:
            return go_on(writer, prompt, bars, rng, settings=settings)

        return {**judge_continuations(goes_on, examples, seed), "accuracy": told_right(module, examples)}


@torch.no_grad()
def told_right(module: Continuing, examples: Examples) -> float:
    """Share of values of real continuations that are told right, given those before them."""
    right, asked = 0, 0
    for window in examples.notes.astype(np.int64):
        prompt, following = divided(window[None], np.array([0.5]))
        truth = torch.from_numpy(following)
        logits = module(torch.from_numpy(prompt), truth)
        there = real(truth)
        right += int((best(logits) == truth)[there].sum())
        asked += int(there.sum()) * truth.shape[-1]
    return right / max(asked, 1)


def judge_continuations(goes_on: GoesOn, examples: Examples, seed: int) -> Scores:
    """Each window's first half continued as long as its second half, and set beside it.

    Returns:
        `n` prompts; `pche_distance` and `gs_distance`, means of the absolute differences to the real continuation, with
        `_low` and `_high`, 95 % intervals over prompts; `valid`, the share that is all in the vocabulary and comes
        back from a MIDI file; `notes_ratio`, notes written by notes there really are (median).
    """
    rows = []
    for index, window in enumerate(_tracked(examples.notes)):
        halves = divided(window[None].astype(np.int64), np.array([0.5]))
        prompt, truth = (half[0][half[0][:, BAR] != PAD[BAR]] for half in halves)
        bars = int(truth[-1, BAR] - prompt[-1, BAR])
        written = goes_on(prompt, max(bars, 1), np.random.default_rng([seed, index]))
        apart = [_distance(metric, written, truth) for metric in (pche, gs)]
        rows.append((*apart, valid(written), len(written) / len(truth)))
    columns = np.array(rows, np.float64).T
    found: Scores = {"n": len(rows)}
    for name, column in zip(("pche_distance", "gs_distance"), columns, strict=False):
        known = column[np.isfinite(column)]
        low, high = interval_95(known, np.random.default_rng(0))
        found |= {name: float(known.mean()) if len(known) else float("nan"), f"{name}_low": low, f"{name}_high": high}
    return {**found, "valid": float(columns[2].mean()), "notes_ratio": float(np.median(columns[3]))}


def again(prompt: IntArray, bars: int, rng: np.random.Generator) -> IntArray:
    """The prompt's last `bars` bars once more, or all of it as often as it takes: what a continuation should beat.

    Args:
        prompt: (N, 8). rng: not used.
    """
    del rng
    last, span = int(prompt[-1, BAR]), min(bars, int(prompt[-1, BAR] - prompt[0, BAR]) + 1)
    part, written = prompt[prompt[:, BAR] > last - span], []
    for times in range(1, -(-bars // span) + 1):
        copy = part.copy()
        copy[:, BAR] += times * span
        written.append(copy[copy[:, BAR] <= last + bars])
    return np.concatenate(written)


def _distance(metric: Callable[[IntArray], float], written: IntArray, truth: IntArray) -> float:
    """Absolute difference of a metric; nothing written is as far off as the real one is from zero."""
    one, other = metric(written), metric(truth)
    return abs((one if np.isfinite(one) else 0.0) - other)


def valid(notes: IntArray) -> bool:
    """Whether written notes are all in the vocabulary (bars in parts of 256) and come back from a MIDI file."""
    within = notes.copy()
    within[:, BAR] %= BARS
    if not len(notes) or not is_legal(within):
        return False
    moved = rebased(notes)
    again = encode(read_score(symusic.Score.from_midi(decode(moved).dumps_midi()), "continuation"))
    return len(again) == len(moved)


def _tracked(notes: Iterable[IntArray]) -> Iterable[IntArray]:
    return track(notes, "continuing", console=Console(stderr=True))
