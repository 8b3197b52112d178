"""Training the composer and the critic: one readable loop for both, which stops at a time and can go on.

Every step draws from a generator of its own, made from seed and step, so that a run that was interrupted goes on with
the same batches. Edge: reads the corpus, writes checkpoints.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn import functional

from controller.arrays import IntArray
from tools.train.checkpoint import append_log, load_checkpoint, save_checkpoint
from tools.train.image2music import words
from tools.train.image2music.corpus import CorpusTune, part_of
from tools.train.image2music.damage import FALSE, NOISES
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.melody import MOST_NOTES
from tools.train.image2music.network import Composer, Critic

TOKENS = 1_500
"""Notes in a batch."""
RATE, WARMUP, DECAY, CLIP = 1.5e-3, 60, 0.02, 1.0
SMOOTHING = 0.02
EVERY = 100
"""Steps between two looks at the held-out tunes."""
FILLERS = (words.PITCH_PAD, words.DURATION_PAD, words.POSITION_PAD, words.BAR_PAD)


@dataclass(frozen=True, slots=True)
class Piece:
    """One tune, as numbers: rows (N, 4), request (4,), and which other tunes may stand as its example."""

    rows: IntArray
    request: IntArray
    bars: int
    alike: tuple[int, ...] = ()


def pieces_of(tunes: Sequence[CorpusTune], part: str) -> list[Piece]:
    """The tunes of a part (`train`, `validation`, `test`), each with the others of its metre and mode."""
    chosen = [tune for tune in tunes if part_of(tune) == part]
    kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, tune in enumerate(chosen):
        kinds[tune.melody.metre, tune.melody.mode].append(at)
    return [
        Piece(words.encode(tune.melody), words.request_of(tune.melody).ids(), tune.melody.bars,
              tuple(kinds[tune.melody.metre, tune.melody.mode]))
        for tune in chosen
    ]  # fmt: skip


def padded(rows: Sequence[IntArray], fillers: Sequence[int]) -> Tensor:
    """(B, longest, columns) with the fill value of each column after the end."""
    longest = max(1, *(len(one) for one in rows))
    whole = np.tile(np.array(fillers, np.int64), (len(rows), longest, 1))
    for at, one in enumerate(rows):
        whole[at, : len(one)] = one
    return torch.from_numpy(whole)


class Batches:
    """Random batches of pieces of like length."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = list(pieces)
        self._by_length = np.argsort([len(one.rows) for one in pieces], kind="stable")

    def draw(self, rng: np.random.Generator) -> list[Piece]:
        """Pieces of about TOKENS notes together."""
        start = int(rng.integers(len(self.pieces)))
        size = max(TOKENS // max(len(self.pieces[self._by_length[start]].rows), 1), 4)
        start = min(max(start - size // 2, 0), max(len(self.pieces) - size, 0))
        return [self.pieces[at] for at in self._by_length[start : start + size]]


def source_of(piece: Piece, pieces: Sequence[Piece], rng: np.random.Generator) -> tuple[IntArray, int]:
    """What the encoder is given with a piece: nothing, the piece damaged, or another one like it."""
    chance = rng.random()
    if chance < 0.3:
        return piece.rows[:0], words.NOTHING
    if chance < 0.65:
        return NOISES[int(rng.integers(len(NOISES)))](piece.rows, rng), words.OWN
    other = pieces[piece.alike[int(rng.integers(len(piece.alike)))]]
    return other.rows, words.EXAMPLE


def composer_loss(
    network: Composer, batch: Sequence[Piece], pieces: Sequence[Piece], rng: np.random.Generator
) -> dict[str, Tensor]:
    """Cross-entropies of durations and pitches, by note."""
    sources = [source_of(one, pieces, rng) for one in batch]
    source = padded([rows for rows, _ in sources], FILLERS)
    there = torch.cat([torch.ones(len(batch), 4, dtype=torch.bool), source[..., 0] != words.PITCH_PAD], dim=1)
    told = padded(
        [words.shifted(one.rows, one.bars) for one in batch], (*FILLERS[:3], words.POSITION_PAD, words.BAR_PAD, 0)
    )
    rows = padded([one.rows for one in batch], FILLERS)
    known = rows[..., 0] != words.PITCH_PAD
    request = torch.from_numpy(np.stack([one.request for one in batch]))
    kind = torch.tensor([kind for _, kind in sources])
    duration, pitch = network(
        request, source, kind, there, told=told, duration=rows[..., 1].clamp(max=words.DURATIONS - 1)
    )
    return {
        "duration": functional.cross_entropy(duration[known], rows[..., 1][known], label_smoothing=SMOOTHING),
        "pitch": functional.cross_entropy(pitch[known], rows[..., 0][known], label_smoothing=SMOOTHING),
    }


def hidden(piece: Piece, rng: np.random.Generator) -> tuple[IntArray, np.ndarray]:
    """A piece with single notes or whole bars hidden, and which (N,)."""
    rows = piece.rows.copy()
    if rng.random() < 0.5:
        where = rng.random(len(rows)) < rng.uniform(0.12, 0.4)
        rows[where, 0] = words.PITCH_MASK
        if rng.random() < 0.3:
            rows[where, 1] = words.DURATION_MASK
        return rows, where
    bars = np.unique(rows[:, 3])
    count = max(round(len(bars) * rng.uniform(0.15, 0.4)), 1)
    return hide_bars(rows, rng.choice(bars, count, replace=False))


def hide_bars(rows: IntArray, bars: np.ndarray) -> tuple[IntArray, np.ndarray]:
    """Rows with everything of some bars hidden but how many notes they have, and which (N,)."""
    where = np.isin(rows[:, 3], bars)
    rows = rows.copy()
    rows[where, :3] = words.PITCH_MASK, words.DURATION_MASK, words.POSITION_MASK
    return rows, where


def critic_loss(
    network: Critic,
    batch: Sequence[Piece],
    pieces: Sequence[Piece],  # noqa: ARG001 - one signature for all losses
    rng: np.random.Generator,
) -> dict[str, Tensor]:
    """Cross-entropies of what was hidden."""
    seen = [hidden(one, rng) for one in batch]
    rows, shown = padded([one.rows for one in batch], FILLERS), padded([one for one, _ in seen], FILLERS)
    where = padded([one[:, None] for _, one in seen], (0,))[..., 0].bool()
    request = torch.from_numpy(np.stack([one.request[:2] for one in batch]))
    pitch, duration, _ = network(request, shown, rows[..., 0] != words.PITCH_PAD)
    blind = where & (shown[..., 1] == words.DURATION_MASK)
    some = blind if bool(blind.any()) else where
    return {
        "pitch": functional.cross_entropy(pitch[where], rows[..., 0][where], label_smoothing=SMOOTHING),
        "duration": functional.cross_entropy(duration[some], rows[..., 1][some], label_smoothing=SMOOTHING),
    }


def falsified(piece: Piece, pieces: Sequence[Piece], rng: np.random.Generator) -> tuple[IntArray, np.ndarray]:
    """A piece that was made false, wholly or in some bars, and which of its notes (N,) are still in their place."""
    if rng.random() < 0.6:
        melody = words.decode(piece.rows, *words.metre_and_mode(piece.request), 60)
        kinds = list(FALSE.values())
        rows = words.encode(kinds[int(rng.choice(3, p=(0.25, 0.6, 0.15)))](melody, rng))
        return rows, np.zeros(len(rows), bool)
    other = pieces[piece.alike[int(rng.integers(len(piece.alike)))]]
    return mixed(piece.rows, other.rows if rng.random() < 0.4 else piece.rows, rng)


def mixed(rows: IntArray, other: IntArray, rng: np.random.Generator) -> tuple[IntArray, np.ndarray]:
    """Rows in which a few bars are replaced by bars of `other` from another place, and which notes were there
    before."""
    bars, theirs = np.unique(rows[:, 3]), np.unique(other[:, 3])
    chosen = rng.choice(bars, min(int(rng.integers(1, 5)), len(bars)), replace=False)
    parts, true = [], []
    for bar in bars:
        part = rows[rows[:, 3] == bar]
        if bar in chosen:
            taken = other[other[:, 3] == rng.choice(theirs)].copy()
            taken[:, 3] = bar
            true.append(np.full(len(taken), len(taken) == len(part) and bool((taken == part).all())))
            part = taken
        else:
            true.append(np.ones(len(part), bool))
        parts.append(part)
    return np.concatenate(parts)[:MOST_NOTES], np.concatenate(true)[:MOST_NOTES]


def order_loss(
    network: Critic, batch: Sequence[Piece], pieces: Sequence[Piece], rng: np.random.Generator
) -> dict[str, Tensor]:
    """As `critic_loss`, and how well true melodies are told from false ones, note by note and whole."""
    half = batch[::2] or batch
    false = [falsified(one, pieces, rng) for one in half]
    rows = padded([one.rows for one in half] + [one for one, _ in false], FILLERS)
    there = rows[..., 0] != words.PITCH_PAD
    truth = padded([np.ones((len(one.rows), 1), np.int64) for one in half] + [one[:, None] for _, one in false], (0,))
    request = torch.from_numpy(np.stack([one.request[:2] for one in half] * 2))
    order = network(request, rows, there)[2]
    note = functional.binary_cross_entropy_with_logits(order[there], truth[..., 0][there].float())
    whole = (order * there).sum(dim=1) / there.sum(dim=1)
    wholly = torch.tensor([1.0] * len(half) + [float(one.mean()) for _, one in false])
    tune = functional.binary_cross_entropy_with_logits(whole, wholly)
    masks = critic_loss(network, batch[1::2] or batch, pieces, rng)
    return {"order": 0.5 * (note + tune), **{name: 0.3 * one for name, one in masks.items()}}


LOSSES: dict[str, Callable[..., dict[str, Tensor]]] = {
    "composer": composer_loss,
    "critic": critic_loss,
    "order": order_loss,
}
NETWORKS: dict[str, type[nn.Module]] = {"composer": Composer, "critic": Critic, "order": Critic}


class Run:
    """One network's training."""

    def __init__(self, name: str, tunes: Sequence[CorpusTune], seed: int) -> None:
        torch.manual_seed(seed)
        self.name, self.seed = name, seed
        self.network = NETWORKS[name]()
        self.train, self.held = (Batches(pieces_of(tunes, part)) for part in ("train", "validation"))
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=RATE, weight_decay=DECAY)
        self.step_count, self.seconds, self.best = 0, 0.0, float("inf")

    def losses(self, batches: Batches, rng: np.random.Generator) -> dict[str, Tensor]:
        """Of one random batch."""
        return LOSSES[self.name](self.network, batches.draw(rng), batches.pieces, rng)

    def step(self, done: float) -> dict[str, float]:
        """One optimiser step; `done` 0..1 of the time is over."""
        rate = RATE * min(
            (self.step_count + 1) / WARMUP, 0.02 + 0.98 * 0.5 * (1.0 + float(np.cos(np.pi * min(done, 1.0))))
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        torch.manual_seed(self.seed * 1_000_003 + self.step_count)
        rows = self.losses(self.train, np.random.default_rng([self.seed, self.step_count]))
        self.optimiser.zero_grad(set_to_none=True)
        sum(rows.values()).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.optimiser.step()
        self.step_count += 1
        return {name: float(one.detach()) for name, one in rows.items()}

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Losses on held-out tunes, the same batches every time."""
        self.network.eval()
        rows = [self.losses(self.held, np.random.default_rng([7, i])) for i in range(10)]
        self.network.train()
        return {f"held_{name}": float(np.mean([float(row[name]) for row in rows])) for name in rows[0]}

    def state(self) -> dict:
        """Everything `restore` needs."""
        return {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "best": self.best,
                "step": self.step_count, "seconds": self.seconds, "seed": self.seed}  # fmt: skip

    def begin_from(self, state: dict) -> None:
        """Begin with the weights of an earlier stage; what that stage had not is drawn anew."""
        self.network.load_state_dict(state["network"], strict=False)

    def restore(self, state: dict) -> None:
        """Go on from a saved state."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step_count, self.seconds, self.best = state["step"], state["seconds"], state["best"]


def learn(run: Run, out: Path, minutes: float, *, resume: bool = False) -> None:
    """Train for some minutes of processor time; the state that judged best stands in `out/NAME.best.pt`, the last in
    `NAME.last.pt`."""
    last, best, log = (out / f"{run.name}.{end}" for end in ("last.pt", "best.pt", "jsonl"))
    if resume and last.is_file():
        run.restore(load_checkpoint(last))
    begun = time.process_time() - run.seconds
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[found]}"), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(run.name, total=60.0 * minutes, completed=run.seconds, found="")
        while run.seconds < 60.0 * minutes:
            row = run.step(run.seconds / (60.0 * minutes))
            run.seconds = time.process_time() - begun
            bar.update(task, completed=run.seconds)
            if run.step_count % EVERY and run.seconds < 60.0 * minutes:
                continue
            held = run.judge()
            append_log(log, step=run.step_count, seconds=run.seconds, **row, **held)
            bar.update(task, found=" ".join(f"{name} {one:.3f}" for name, one in held.items()))
            if sum(held.values()) < run.best:
                run.best = sum(held.values())
                save_checkpoint(best, run.state())
            save_checkpoint(last, run.state())


MINUTES = {"critic": 9.0, "order": 8.0, "composer": 12.0}
"""Of processor time. The bundled artefact's own minutes are in its card."""


def train_all(
    tunes: Sequence[CorpusTune], out: Path, minutes: dict[str, float], seed: int, *, resume: bool = False
) -> None:
    """Train what is asked for, in the order given; `order` goes on from `critic`.

    Raises:
        OpeningError: `order` without a critic.
    """
    torch.set_num_threads(1)
    for what, long in minutes.items():
        run = Run(what, tunes, seed)
        if what == "order":
            first = out / "critic.best.pt"
            if not first.is_file():
                raise OpeningError(f"{first}: missing; train `critic` first")
            run.begin_from(load_checkpoint(first))
        learn(run, out, long, resume=resume)
