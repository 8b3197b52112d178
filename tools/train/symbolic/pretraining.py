"""Pre-training, one loop for all four models: `python -m tools.train.symbolic pretrain`.

Every step draws from a generator of its own, made from seed, worker and step, and the order of the windows follows from
seed, worker and epoch: a run that was killed anywhere goes on from its last checkpoint with the same windows, the same
noise and the same losses. Its log loses the lines that lie after that checkpoint, and gets them again.

Recipe: AdamW as in the papers; the rate warms up and falls along a cosine, because runs here are minutes long and not
500 epochs. A run without `--steps` plans them after the clock: at every look at the validation music it counts how many
more fit into `--max-minutes`. Such a run depends on the machine's speed; one with `--steps` does not.
Edge: reads a shelf, writes a run's folder, reads the clock.
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from torch import distributed, nn

from controller.arrays import IntArray
from tools.train.checkpoint import append_log, forget_after, load_checkpoint, save_checkpoint
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.objectives import Objective, Size, new_objective
from tools.train.symbolic.shelf import Shelf, windows
from tools.train.symbolic.vocabulary import NAMES
from tools.train.workers import Workers

LAST, BEST, LOG, CARD = "last.pt", "best.pt", "log.jsonl", "card.md"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Numbers of a run.

    Attributes:
        steps: None: as many as fit into the time. freeze_every: adversarial: epochs between two epochs of freezing,
            published is 5. plain: without what makes the model special (`objectives.new_objective`).
        judged: windows of validation music that are looked at. corpora: None: all. share: of the training pieces,
            picked by the hash of their names, so that every run of a table gets the same ones.
    """

    steps: int | None = None
    batch: int = 16
    length: int = 128
    rate: float = 1e-3
    warmup: int = 50
    decay: float = 0.01
    clip: float = 3.0
    dropout: float = 0.0
    freeze_every: int = 5
    plain: bool = False
    corpora: tuple[str, ...] | None = None
    share: float = 1.0
    judged: int = 128
    evaluate_every: int = 100
    log_every: int = 20


def rate_at(step: int, planned: int, recipe: Recipe) -> float:
    """Learning rate: linear warm-up, then half a cosine down to a twentieth."""
    if step < recipe.warmup:
        return recipe.rate * (step + 1) / recipe.warmup
    done = (step - recipe.warmup) / max(planned - recipe.warmup, 1)
    return recipe.rate * (0.05 + 0.95 * 0.5 * (1.0 + float(np.cos(np.pi * min(done, 1.0)))))


class Pretraining:
    """A run that can stop after any step and go on as if it had not.

    Args:
        shelf: music; its `train` and `valid` pieces are used, its test pieces never.
    """

    def __init__(
        self,
        model: str,
        size: Size,
        recipe: Recipe,
        shelf: Shelf,
        seed: int,
        *,
        workers: Workers | None = None,
        bfloat16: bool = False,
    ) -> None:
        self.model, self.recipe, self.shelf, self.seed = model, recipe, shelf, seed
        self.workers = workers or Workers()
        self.device = self.workers.device
        if recipe.length > size.positions:
            raise SymbolicError(f"windows of {recipe.length} notes, but {model} has {size.positions} positions")
        self.size = replace(size, dropout=recipe.dropout)
        self.rows = {split: windows(shelf, split, recipe.length, recipe.corpora) for split in ("train", "valid")}
        self.rows["train"] = picked(self.rows["train"], shelf, recipe.share)
        if not len(self.rows["train"]) or not len(self.rows["valid"]):
            raise SymbolicError("the shelf holds no training or no validation music; tokenize more")
        torch.manual_seed(seed)
        shape = (len(self.rows["train"]), recipe.length)
        self.objective: Objective = new_objective(model, self.size, shape, plain=recipe.plain).to(self.device)
        self.autocast = torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=bfloat16)
        self._shared = self.workers.share(self.objective)
        self.optimiser = torch.optim.AdamW(
            decaying(self.objective.parameters(), recipe.decay), lr=recipe.rate, fused=True
        )
        self.step_count, self.seconds, self.tokens, self.best = 0, 0.0, 0, float("inf")
        self.planned = recipe.steps or 10**9

    def order(self, epoch: int) -> IntArray:
        """This worker's windows of an epoch, shuffled."""
        own = np.arange(len(self.rows["train"]))[self.workers.rank :: self.workers.count]
        return np.random.default_rng([self.seed, self.workers.rank, epoch]).permutation(own)

    @property
    def steps_of_epoch(self) -> int:
        """The same for all workers: what is left of the longest shard waits for the next epoch."""
        return max(len(self.rows["train"]) // self.workers.count // self.recipe.batch, 1)

    def batch(self, rows: IntArray, split: str = "train") -> IntArray:
        """Windows (n, L, 8) int64 by their numbers."""
        found = [self.shelf.window(self.rows[split][row], self.recipe.length) for row in rows]
        return np.array(found, np.int64)

    def step(self) -> dict[str, float]:
        """One optimiser step."""
        epoch, place = divmod(self.step_count, self.steps_of_epoch)
        rows = self.order(epoch)[place * self.recipe.batch : (place + 1) * self.recipe.batch]
        notes = self.batch(rows)
        rng = np.random.default_rng([self.seed, self.workers.rank, self.step_count, 1])
        torch.manual_seed(int(rng.integers(2**62)))
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.step_count, self.planned, self.recipe)
        freezing = (epoch + 1) % self.recipe.freeze_every == 0
        with self.autocast:
            row = self._shared(notes, rows, rng, freezing=freezing)
        self.optimiser.zero_grad(set_to_none=True)
        row["loss"].backward()
        nn.utils.clip_grad_norm_(self.objective.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.step_count += 1
        self.tokens = int((notes[..., 0] < 256).sum())
        scalars = {name: float(number.detach()) for name, number in row.items() if number.ndim == 0}
        return {**scalars, "accuracy": float(row["right"].sum() / row["asked"].sum().clamp(min=1))}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss and accuracy of each attribute where values were hidden, in validation music; always the same ones."""
        self.objective.eval()
        rng = np.random.default_rng(0)
        count = min(self.recipe.judged, len(self.rows["valid"]))
        chosen = np.linspace(0, len(self.rows["valid"]) - 1, count).astype(np.int64)
        found, right, asked = [], np.zeros(8), np.zeros(8)
        for start in range(0, count, self.recipe.batch):
            with self.autocast:
                row = self.objective.judged(self.batch(chosen[start : start + self.recipe.batch], "valid"), rng)
            found.append(float(row["loss"]))
            right, asked = right + row["right"].cpu().numpy(), asked + row["asked"].cpu().numpy()
        self.objective.train()
        each = dict(zip(NAMES, (right / np.maximum(asked, 1)).tolist(), strict=True))
        return {"loss": float(np.mean(found)), "accuracy": float(right.sum() / max(asked.sum(), 1)), **each}

    def gather(self) -> None:
        """Bring every worker's part of the book together, so that the first one's checkpoint is whole."""
        book = self.objective.book
        if self.workers.count == 1 or book is None:
            return
        own = np.zeros(len(book), bool)
        own[self.workers.rank :: self.workers.count] = True
        whole = torch.from_numpy((book & own[:, None]).astype(np.uint8)).to(self.device)
        distributed.all_reduce(whole)
        book[:] = whole.cpu().numpy().astype(bool)

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs, and what `weights.read_weights` does."""
        return {
            "model": self.model,
            "size": asdict(self.size),
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "extra": self.objective.extra(),
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "step": self.step_count,
            "planned": self.planned,
            "seconds": self.seconds,
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state.

        Raises:
            SymbolicError: it is of another run.
        """
        mine = {**asdict(self.recipe), "model": self.model, "size": asdict(self.size), "seed": self.seed}
        theirs = {**state["recipe"], "model": state["model"], "size": state["size"], "seed": state["seed"]}
        # how far, and how often it is looked at, may be another this time
        free = ("steps", "judged", "evaluate_every", "log_every")
        other = [name for name in mine if name not in free and mine[name] != theirs.get(name)]
        if other:
            raise SymbolicError(
                f"the run to resume has another {', '.join(other)}; leave out --resume, or say the same"
            )
        self.objective.load_state_dict(state["objective"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.objective.restore(state["extra"])
        self.step_count, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        self.planned = self.recipe.steps or state["planned"]


def picked(rows: IntArray, shelf: Shelf, share: float) -> IntArray:
    """Windows (n, 3) of this share of the pieces; which ones follows from their names alone."""
    if share >= 1.0:
        return rows
    wanted = {
        index
        for index, piece in enumerate(shelf.pieces)
        if int(hashlib.sha256(piece.name.encode()).hexdigest()[:8], 16) < share * 2**32
    }
    return rows[[int(index) in wanted for index in rows[:, 0]]]


def decaying(parameters: Iterable[nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Groups for an optimiser: matrices decay; biases and norms do not."""
    found = list(parameters)
    return [
        {"params": [p for p in found if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in found if p.ndim <= 1], "weight_decay": 0.0},
    ]


def run(training: Pretraining, out: Path, max_minutes: float) -> str:
    """Train to the end of the plan or of the time; returns what came out of it, in a line.

    Every worker trains; the first one does all the rest and tells the others what follows from it.
    """
    recipe, workers = training.recipe, training.workers
    entered, before, tokens, looked = time.monotonic(), training.seconds, 0, -1
    with _progress(workers) as bar:
        task = bar.add_task(training.model, total=None, completed=training.step_count, found="")
        while training.step_count < training.planned:
            training.seconds = before + time.monotonic() - entered
            (late,) = workers.told([float(training.seconds > 60.0 * max_minutes)])
            if late:
                break
            row = training.step()
            tokens += training.tokens
            if workers.first and training.step_count % recipe.log_every == 0:
                append_log(out / LOG, step=training.step_count, seconds=round(training.seconds), **row)
            if training.step_count % recipe.evaluate_every == 0 or training.step_count == recipe.evaluate_every // 4:
                scores, looked = look(training, out, max_minutes), training.step_count
            speed = f"{workers.count * tokens / (time.monotonic() - entered):.0f} tokens/s, loss {row['loss']:.3f}"
            total = training.planned if training.planned < 10**9 else None
            bar.update(task, completed=training.step_count, total=total, found=speed)
    if looked != training.step_count:
        scores = look(training, out, max_minutes)
    seconds = max(time.monotonic() - entered, 1e-6)
    if workers.first:
        ended = (
            f"step {training.step_count}: {workers.count * tokens / seconds:.0f} tokens/s on {workers.count} workers"
        )
        (out / CARD).write_text(card(training, scores, ended), encoding="utf-8")
        return f"{ended}; validation loss {scores['loss']:.3f}, accuracy {scores['accuracy']:.3f}"
    return ""


def look(training: Pretraining, out: Path, max_minutes: float) -> dict[str, float]:
    """Validate and save on the first worker; tell everybody the weights that follow and how long the plan is now."""
    training.gather()
    scores: dict[str, float] = {}
    if training.workers.first:
        scores = training.validate()
        judged = {f"validation_{name}": found for name, found in scores.items()}
        append_log(out / LOG, step=training.step_count, seconds=round(training.seconds), **judged)
        if training.recipe.steps is None and training.seconds > 0.0:
            training.planned = max(int(training.step_count * 60.0 * max_minutes / training.seconds), 1)
    told = training.workers.told([scores.get(name, 0.0) for name in NAMES] + [float(training.planned)])
    training.objective.balance(np.array(told[:8], np.float32))
    training.planned = int(told[8])
    if training.workers.first:
        better = scores["loss"] < training.best
        training.best = min(training.best, scores["loss"])
        save_checkpoint(out / LAST, training.state())
        if better:
            save_checkpoint(out / BEST, {name: x for name, x in training.state().items() if name != "optimiser"})
    return scores


def resume(training: Pretraining, out: Path) -> None:
    """Go on from `last.pt`; the log forgets what lies after it.

    Raises:
        SymbolicError: it is of another run, or damaged.
    """
    try:
        training.restore(load_checkpoint(out / LAST, training.device))
    except (KeyError, RuntimeError, ValueError, EOFError, torch.serialization.pickle.UnpicklingError) as error:
        raise SymbolicError(f"{out / LAST}: cannot be resumed: {str(error).splitlines()[0]}") from error
    if training.workers.first:
        forget_after(out / LOG, training.step_count)


def _progress(workers: Workers) -> Progress:
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TextColumn("{task.fields[found]}"))
    return Progress(*columns, disable=not workers.first)


def card(training: Pretraining, scores: dict[str, float], ended: str) -> str:
    """The model card, in Markdown."""
    shelf, recipe = training.shelf, training.recipe
    corpora = Counter(shelf.pieces[number].corpus for number in np.unique(training.rows["train"][:, 0]))
    learnt = ", ".join(f"{count} pieces of {name}" for name, count in sorted(corpora.items()))
    count = sum(parameter.numel() for parameter in training.objective.parameters())
    told = " | ".join(f"{scores[name]:.3f}" for name in NAMES)
    return f"""# {training.model}, pre-trained

| | |
|---|---|
| parameters | {count:,} with the output layers; {json.dumps(asdict(training.size))} |
| learnt from | {learnt}, windows of {recipe.length} notes |
| run | {ended}, {training.seconds / 60:.1f} minutes, seed {training.seed}, batch {recipe.batch}, rate {recipe.rate:g} |
| not learnt from | the shelf's test pieces, other performances of them and copies of them |

Validation accuracy of what is hidden, by attribute:

| {" | ".join(NAMES)} |
|{"---|" * 8}
| {told} |

The licences of the corpora are those of this model: some of them are for research only and not for commercial use.
"""
