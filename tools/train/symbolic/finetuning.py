"""Fine-tuning on a task: composer, emotion, melody, velocity, or going on with music.

The few labels decide everything here: the run stops when the validation score (macro-F1, or the loss of continuations)
has not got better for a while, and keeps the best step. Training music is transposed by -11..11 semitones where that
stays within 0..127, and in every sequence 12 % of the notes become MASK ("mask fine-tuning": Zhao, ICMR 2025).

Mended, each by name: both are done in training only (the released code also masks and transposes what it validates
and tests), and for every sequence by itself (there, what was masked was forgotten for all but the last one of a batch);
what a task must not see is MASK in the data itself; the test side is not read here.

As in pre-training, a step's randomness follows from seed and step: a killed run goes on to the same losses.
Edge: reads tasks, writes a run's folder, reads the clock.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from torch import Tensor, nn
from torch.nn import functional

from controller.arrays import IntArray
from tools.train.checkpoint import append_log, forget_after, load_checkpoint, save_checkpoint
from tools.train.symbolic.bart import PianoBart, late
from tools.train.symbolic.embedding import NoteHead, best, losses, real
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.heads import new_head
from tools.train.symbolic.plain_rows import score
from tools.train.symbolic.pretraining import BEST, CARD, LAST, LOG, decaying
from tools.train.symbolic.tasks import Examples, Task
from tools.train.symbolic.vocabulary import BAR, INSTRUMENT, MASK, PAD, PERCUSSION, PITCH
from tools.train.symbolic.weights import Weights
from tools.train.workers import Workers

Answer = tuple[npt.NDArray[np.float64], IntArray, IntArray]

MASKED = 0.12
SEMITONES = 11
FEWEST, MOST = 0.25, 0.75
"""Share of a window's bars that is the prompt, in training; a half in validation."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Numbers of a run; the defaults are what two cores have time for.

    Attributes:
        patience: looks at the validation side without a better one before it stops. head_rate: times `rate`, for the
            fresh output layers. mask, transpose: see above.
    """

    steps: int = 240
    batch: int = 8
    rate: float = 5e-4
    head_rate: float = 3.0
    warmup: int = 30
    decay: float = 0.01
    clip: float = 1.0
    dropout: float = 0.1
    mask: bool = True
    transpose: bool = True
    evaluate_every: int = 40
    patience: int = 6
    judged: int = 96


RECIPES = {
    "composer": Recipe(steps=280),
    "emotion": Recipe(steps=160, evaluate_every=20),
    "melody": Recipe(steps=200, transpose=False),
    "velocity": Recipe(steps=200, transpose=False),
    "continuation": Recipe(steps=600, evaluate_every=100),
}
"""By task. How high a note lies says which voice it is and how loud it is played: told by the validation pieces, those
two are not transposed."""


class Answering(nn.Module):
    """A network and the layers that answer with one of a task's classes, for a sequence or for each note."""

    def __init__(self, weights: Weights, level: str, classes: int) -> None:
        super().__init__()
        self.network = weights.network
        self.answers = new_head(level, weights.size.d, classes)

    def forward(self, notes: Tensor) -> Tensor:
        """(B, L, 8) int64 to logits (B, classes) or (B, L, classes)."""
        network = self.network
        hidden = network.understand(notes) if isinstance(network, PianoBart) else network(notes)
        return self.answers(hidden, real(notes))


class Continuing(nn.Module):
    """A PianoBART that goes on: its encoder reads the prompt, its decoder what follows."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        if not isinstance(weights.network, PianoBart):
            raise SymbolicError(f"{weights.model} cannot go on with music: only pianobart writes")
        self.network = weights.network
        self.head = weights.head or NoteHead(weights.size.d)

    def forward(self, prompt: Tensor, following: Tensor) -> Tensor:
        """(B, S, 8) and (B, L, 8) int64 to the logits of what follows (B, L, 1280)."""
        return self.head(self.network(prompt, late(following)))


def transposed(notes: IntArray, rng: np.random.Generator) -> IntArray:
    """Each sequence (B, L, 8) moved by -11..11 semitones, as far as all its pitches stay within 0..127.

    Percussion, padding and special tokens stay.
    """
    moved = (notes[..., INSTRUMENT] != PERCUSSION) & (notes[..., PITCH] < 128)
    lowest = np.where(moved, notes[..., PITCH], 127).min(axis=1)
    highest = np.where(moved, notes[..., PITCH], 0).max(axis=1)
    steps = np.clip(rng.integers(-SEMITONES, SEMITONES + 1, len(notes)), -lowest, 127 - highest)
    found = notes.copy()
    found[..., PITCH] += np.where(moved, steps[:, None], 0)
    return found


def masked(notes: IntArray, rng: np.random.Generator) -> IntArray:
    """12 % of the real notes of each sequence (B, L, 8) as MASK octuples."""
    chosen = (notes[..., BAR] != PAD[BAR]) & (rng.random(notes.shape[:2]) < MASKED)
    return np.where(chosen[..., None], MASK, notes)


def divided(notes: IntArray, share: npt.NDArray[np.float64]) -> tuple[IntArray, IntArray]:
    """Windows (B, L, 8) cut at a bar into prompt and what follows, both PAD-padded to (B, L, 8).

    Args:
        share: (B,) of the notes that are prompt, about; both sides keep at least a note.
    """
    length = notes.shape[1]
    count = (notes[..., BAR] != PAD[BAR]).sum(axis=1)
    wanted = np.clip((share * count).astype(np.int64), 1, np.maximum(count - 1, 1))
    bars = notes[np.arange(len(notes)), wanted, BAR]
    begins = (notes[..., BAR] >= bars[:, None]).argmax(axis=1)
    # a window of one bar, or a first bar longer than the share: cut inside it
    first = np.where(begins > 0, begins, wanted)
    places = np.arange(length)
    prompt = np.where((places < first[:, None])[..., None], notes, PAD)
    shifted = np.minimum(places + first[:, None], length - 1)
    following = np.take_along_axis(notes, shifted[..., None], axis=1)
    return prompt, np.where((places < (count - first)[:, None])[..., None], following, PAD)


class Finetuning:
    """A run that can stop after any step and go on as if it had not.

    Args:
        weights: the network to begin with, `pretraining`'s or a fresh one; it is trained in place.
        fold: which one the task was read with.
    """

    def __init__(
        self,
        weights: Weights,
        task: Task,
        recipe: Recipe,
        seed: int,
        *,
        fold: int = 0,
        workers: Workers | None = None,
        bfloat16: bool = False,
    ) -> None:
        self.weights, self.task, self.recipe, self.seed, self.fold = weights, task, recipe, seed, fold
        self.workers = workers or Workers()
        self.device = self.workers.device
        for side in ("train", "valid"):
            if not len(task.splits[side].notes):
                raise SymbolicError(f"{task.name}: no {side} pieces in this data, nothing to learn from")
        torch.manual_seed(seed)
        continues = task.level == "continuation"
        self.module = Continuing(weights) if continues else Answering(weights, task.level, len(task.classes))
        self.module.to(self.device).train()
        self.autocast = torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=bfloat16)
        self._shared = self.workers.share(self.module)
        self.optimiser = torch.optim.AdamW(self._groups(), lr=recipe.rate, fused=True)
        self.step_count, self.seconds, self.best, self.stale = 0, 0.0, -float("inf"), 0

    def _groups(self) -> list[dict[str, Any]]:
        fresh = "answers." if self.task.level != "continuation" else "head." if self.weights.head is None else "-"
        parts = {
            times: [one for name, one in self.module.named_parameters() if name.startswith(fresh) == (times > 1.0)]
            for times in (1.0, self.recipe.head_rate)
        }
        groups = [(times, group) for times, found in parts.items() for group in decaying(found, self.recipe.decay)]
        return [{**group, "times": times} for times, group in groups if group["params"]]

    def order(self, epoch: int) -> IntArray:
        """This worker's windows of an epoch, shuffled."""
        own = np.arange(len(self.task.splits["train"].notes))[self.workers.rank :: self.workers.count]
        return np.random.default_rng([self.seed, self.workers.rank, epoch]).permutation(own)

    def rows(self) -> IntArray:
        """The windows of this step; a set smaller than a batch comes more than once."""
        batch = self.recipe.batch
        count = len(self.task.splits["train"].notes) // self.workers.count
        first = self.step_count * batch
        places = np.arange(first, first + batch)
        orders = {int(epoch): self.order(int(epoch)) for epoch in np.unique(places // count)}
        return np.array([orders[int(place // count)][place % count] for place in places])

    def step(self) -> dict[str, float]:
        """One optimiser step."""
        rng = np.random.default_rng([self.seed, self.workers.rank, self.step_count, 2])
        torch.manual_seed(int(rng.integers(2**62)))
        examples, rows = self.task.splits["train"], self.rows()
        notes = examples.notes[rows].astype(np.int64)
        notes = transposed(notes, rng) if self.recipe.transpose else notes
        for group in self.optimiser.param_groups:
            group["lr"] = group["times"] * rate_at(self.step_count, self.recipe)
        if self.task.level == "continuation":
            prompt, following = divided(notes, rng.uniform(FEWEST, MOST, len(notes)))
            prompt = masked(prompt, rng) if self.recipe.mask else prompt
            loss = self.continuation_loss(prompt, following)[0]
        else:
            notes = masked(notes, rng) if self.recipe.mask else notes
            loss = self.answer_loss(notes, examples.labels[rows])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.step_count += 1
        return {"loss": float(loss.detach())}

    def answer_loss(self, notes: IntArray, labels: IntArray) -> Tensor:
        """Cross-entropy of the answers that count."""
        with self.autocast:
            logits = self._shared(torch.from_numpy(notes).to(self.device))
        truth = torch.from_numpy(labels.ravel()).to(self.device)
        found = functional.cross_entropy(logits.float().flatten(0, -2), truth, ignore_index=-1, reduction="sum")
        return found / (truth >= 0).sum().clamp(min=1)

    def continuation_loss(self, prompt: IntArray, following: IntArray) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy of a note's eight values, and the share of values that are told right, teacher-forced."""
        truth = torch.from_numpy(following).to(self.device)
        with self.autocast:
            logits = self._shared(torch.from_numpy(prompt).to(self.device), truth)
        there = real(truth)
        right = (best(logits.detach()[there]) == truth[there]).float().mean()
        return losses(logits[there], truth[there]).mean(), right

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Scores on validation windows; `score` is what decides, larger is better."""
        self.module.eval()
        examples = self.task.splits["valid"]
        if self.task.level == "continuation":
            scores = self._continuation_scores(examples)
        else:
            wanted = spread(examples, self.recipe.judged) if self.task.level == "token" else examples
            scores = score(
                self.task, answer(self.module, self.task, wanted, autocast=self.autocast, device=self.device)
            )
            scores["score"] = scores["macro_f1"]
        self.module.train()
        return {name: float(found) for name, found in scores.items()}

    def _continuation_scores(self, examples: Examples) -> dict[str, float]:
        notes, found = spread(examples, self.recipe.judged).notes.astype(np.int64), []
        for part in np.split(notes, range(self.recipe.batch, len(notes), self.recipe.batch)):
            halves = divided(part, np.full(len(part), 0.5))
            found.append([float(number) for number in self.continuation_loss(*halves)])
        loss, accuracy = np.mean(found, axis=0)
        return {"loss": loss, "accuracy": accuracy, "score": -loss}

    def keep_best(self, scores: dict[str, float]) -> bool:
        """Whether these scores are the best so far; counts how long there was none."""
        better = scores["score"] > self.best
        self.best, self.stale = (scores["score"], 0) if better else (self.best, self.stale + 1)
        return better

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs, and what `weights.read_weights` does."""
        return {
            "model": self.weights.model,
            "size": asdict(self.weights.size),
            "objective": self.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "task": self.task.name,
            "level": self.task.level,
            "classes": list(self.task.classes),
            "hidden": list(self.task.hidden),
            "length": self.task.splits["train"].notes.shape[1],
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "fold": self.fold,
            "step": self.step_count,
            "seconds": self.seconds,
            "best": self.best,
            "stale": self.stale,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            SymbolicError: it is of another run.
        """
        mine = {**asdict(self.recipe), "model": self.weights.model, "task": self.task.name}
        mine |= {"seed": self.seed, "fold": self.fold}
        theirs = {**state["recipe"], **{name: state.get(name) for name in ("model", "task", "seed", "fold")}}
        other = [name for name in mine if name not in ("evaluate_every", "judged") and mine[name] != theirs.get(name)]
        if other:
            raise SymbolicError(
                f"the run to resume has another {', '.join(other)}; leave out --resume, or say the same"
            )
        self.module.load_state_dict(state["objective"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count, self.seconds = state["step"], state["seconds"]
        self.best, self.stale = state["best"], state["stale"]


def rate_at(step: int, recipe: Recipe) -> float:
    """Learning rate: linear warm-up, then half a cosine down to a twentieth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(recipe.steps - recipe.warmup, 1)
    return recipe.rate * (0.05 + 0.95 * 0.5 * (1.0 + float(np.cos(np.pi * min(done, 1.0)))))


def spread(examples: Examples, most: int) -> Examples:
    """At most so many windows, evenly over all."""
    if len(examples.notes) <= most:
        return examples
    chosen = np.linspace(0, len(examples.notes) - 1, most).astype(np.int64)
    return Examples(examples.notes[chosen], examples.labels[chosen], examples.pieces[chosen])


@torch.no_grad()
def answer(
    module: Callable[[Tensor], Tensor],
    task: Task,
    examples: Examples,
    *,
    autocast: Any = None,  # noqa: ANN401 - a context, or none
    device: str = "cpu",
    batch: int = 16,
) -> Answer:
    """What a network answers: log-probabilities (n, classes), truth (n,) and whose window it was (n,).

    n: the windows of a sequence task, or all notes that count of a token task.
    """
    chances = []
    for start in range(0, len(examples.notes), batch):
        notes = torch.from_numpy(examples.notes[start : start + batch].astype(np.int64)).to(device)
        with autocast or torch.autocast("cpu", enabled=False):
            logits = module(notes)
        chances.append(torch.log_softmax(logits.float(), dim=-1).cpu().numpy().astype(np.float64))
    found = np.concatenate(chances)
    if task.level == "sequence":
        return found, examples.labels, examples.pieces
    counted = examples.labels >= 0
    owners = np.broadcast_to(examples.pieces[:, None], counted.shape)
    return found[counted], examples.labels[counted], owners[counted]


def learn(run: Finetuning, out: Path, max_minutes: float) -> str:
    """Train until the validation score gets no better, the plan ends or time is up; says which.

    Every worker trains; the first one does all the rest and tells the others what follows from it.
    """
    recipe, workers = run.recipe, run.workers
    entered, before = time.monotonic(), run.seconds
    if run.step_count == 0:
        _look(run, out, {})
    with _progress(workers) as bar:
        task = bar.add_task(run.task.name, total=recipe.steps, completed=run.step_count, found="")
        while run.step_count < recipe.steps and run.stale < recipe.patience:
            run.seconds = before + time.monotonic() - entered
            (late_now,) = workers.told([float(run.seconds > 60.0 * max_minutes)])
            if late_now:
                break
            row = run.step()
            if run.step_count % recipe.evaluate_every == 0 or run.step_count == recipe.steps:
                run.seconds = before + time.monotonic() - entered
                _look(run, out, row)
            bar.update(task, completed=run.step_count, found=f"best score {run.best:.3f}")
    ended = _why(run, max_minutes)
    if workers.first:
        save_checkpoint(out / LAST, run.state())
        (out / CARD).write_text(card(run, ended), encoding="utf-8")
    return ended


def _why(run: Finetuning, max_minutes: float) -> str:
    if run.stale >= run.recipe.patience:
        return f"stopped at step {run.step_count}: no better for {run.stale * run.recipe.evaluate_every} steps"
    if run.step_count >= run.recipe.steps:
        return f"all {run.recipe.steps} steps"
    return f"stopped at step {run.step_count}: {max_minutes:g} minutes were up; --resume goes on"


def _look(run: Finetuning, out: Path, row: dict[str, float]) -> None:
    """Judge on the first worker, save there, and tell everybody how long it has not got better."""
    if run.workers.first:
        scores = run.judge()
        judged = {f"validation_{name}": found for name, found in scores.items()}
        append_log(out / LOG, step=run.step_count, seconds=round(run.seconds), **row, **judged)
        if run.keep_best(scores):
            save_checkpoint(out / BEST, {name: x for name, x in run.state().items() if name != "optimiser"})
    run.best, stale = run.workers.told([run.best, float(run.stale)])
    run.stale = int(stale)
    if run.workers.first:
        save_checkpoint(out / LAST, run.state())


def resume(run: Finetuning, out: Path) -> None:
    """Go on from `last.pt`; the log forgets what lies after it.

    Raises:
        SymbolicError: it is of another run, or damaged.
    """
    try:
        run.restore(load_checkpoint(out / LAST, run.device))
    except (KeyError, RuntimeError, ValueError, EOFError, torch.serialization.pickle.UnpicklingError) as error:
        raise SymbolicError(f"{out / LAST}: cannot be resumed: {str(error).splitlines()[0]}") from error
    if run.workers.first:
        forget_after(out / LOG, run.step_count)


def _progress(workers: Workers) -> Progress:
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn("{task.fields[found]}"))
    return Progress(*columns, disable=not workers.first)


def card(run: Finetuning, ended: str) -> str:
    """The model card, in Markdown."""
    sides = {side: len(np.unique(examples.pieces)) for side, examples in run.task.splits.items()}
    return f"""# {run.weights.model}, finetuned: {run.task.name}

| | |
|---|---|
| answers | {", ".join(run.task.classes) or "the notes that follow"} |
| began with | `{run.weights.path.name}` of `{run.weights.path.parent.name}` |
| learnt from | {sides["train"]} pieces; {sides["valid"]} decided when to stop; {sides["test"]} were not looked at |
| run | {ended}; {run.seconds / 60:.1f} minutes, seed {run.seed}, best validation score {run.best:.3f} |
| masked, transposed in training | {run.recipe.mask}, {run.recipe.transpose} |
"""
