"""The critic: how surprising each note is to a network that sees the rest, whether it stands in its place, and the
shape.

Pseudo-perplexity (Salazar et al., ACL 2020) of the masked network, once with single notes hidden and once with whole
bars; the order head's opinion of the whole; how much less surprising each bar is after the one before it than after the
tune's other bars; the plain numbers of `measures.py`. A tune that is hard to foresee is not a worse tune: comparing it
with itself in another order takes that out. Perplexity counts from both sides (`notes_off`): what surprises nobody is
dull or copied.
Which of these count, and how much, was decided on the validation tunes and stands in `weights.json`.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from controller.arrays import Float32Array
from tools.train.image2music import words
from tools.train.image2music.artefact import Artefact
from tools.train.image2music.measures import measure, penalty
from tools.train.image2music.melody import Melody
from tools.train.image2music.ngram import Counts, Trigram

LOW = 0.25
"""Quantile of the bars' opinions that stands for the weaker ones."""
NOTE_VIEWS, BAR_VIEWS = 5, 4
"""Every fifth note hidden, five times over; every fourth bar, four times."""
PARTS = {"order": 1, "order_low": 1, "notes_off": -1, "bars": -1, "gain": 1, "closes": 1, "returns": 1}
"""Of which a score may be made, and whether more of it can only speak for a tune or against it. Which of them are used,
beside those that stay, the validation tunes decide (`fitting.py`)."""
STAY = ("order", "notes_off")
SHAPE_COST = 0.5
"""What a width outside the targets of `measures.py` costs. False tunes have the shape of those that they are made of,
and so cannot teach it."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a critic says: `score`, more is better; its parts by name; and how ill each bar stands, worst highest."""

    score: float
    parts: dict[str, float]
    bars: tuple[float, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)


class Judge(Protocol):
    """Says how tune-like melodies are; `usual`: its mean score of tunes by people, where it is known."""

    name: str
    usual: float | None

    def judge(self, melodies: Sequence[Melody]) -> list[Judgement]:
        """One judgement each."""
        ...


class BertCritic:
    """The trained critic.

    Args:
        artefact: its network, `weights.json` with the fitted weights and targets.
    """

    def __init__(self, artefact: Artefact) -> None:
        self.name = f"masked network of {artefact.identity}"
        self._ears = open_ears(artefact)
        plain = artefact.weights
        self._weights = {name: one for name, one in plain["weights"].items() if name != "bias"}
        self._bias = plain["weights"]["bias"]
        self._targets = {name: (low, high) for name, (low, high) in plain["targets"].items()}
        self.usual: float | None = artefact.manifest.get("composed", {}).get("validation tunes", {}).get("score")

    def judge(self, melodies: Sequence[Melody]) -> list[Judgement]:
        """See `Judge`."""
        return [self._one(melody) for melody in melodies]

    def order(self, melodies: Sequence[Melody]) -> list[float]:
        """The quick opinion: mean logit of notes being in their places."""
        return [float(self._ears.order(one).mean()) for one in melodies]

    def _one(self, melody: Melody) -> Judgement:
        parts, bars, numbers = examine(self._ears, melody, self._targets)
        score = self._bias + sum(weight * parts[name] for name, weight in self._weights.items())
        return Judgement(round(score, 4), {name: round(one, 4) for name, one in parts.items()}, bars, numbers)


class Session(Protocol):
    """What runs `judge.onnx`."""

    def run(self, names: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Outputs of one run."""
        ...


@dataclass(frozen=True, slots=True)
class Ears:
    """What a melody is heard with: the masked network, and `heights` (4, 45, 45, 42), the log odds of a pitch after two
    others in each mode."""

    session: Session
    heights: Float32Array

    def order(self, melody: Melody) -> Float32Array:
        """(N,) logit of each note standing in its place."""
        rows = words.encode(melody)[: words.MOST_WRITTEN]
        return self.session.run(None, _given(melody, rows[None]))[2][0]

    def surprises(self, melody: Melody) -> tuple[Float32Array, Float32Array]:
        """(N,) nats each: of every pitch with its note hidden, and of every pitch and duration with its bar hidden."""
        rows = words.encode(melody)[: words.MOST_WRITTEN]
        count, where = np.arange(len(rows)), _hidden(rows)
        views = np.repeat(rows[None], len(where), 0)
        views[..., 0][where] = words.PITCH_MASK
        blind = where & (np.arange(len(where)) >= NOTE_VIEWS)[:, None]
        views[..., 1][blind], views[..., 2][blind] = words.DURATION_MASK, words.POSITION_MASK
        pitch, duration, _ = self.session.run(None, _given(melody, views))
        pitches = -_log_odds(pitch)[:, count, rows[:, 0]]
        both = pitches - _log_odds(duration)[:, count, rows[:, 1]]
        notes = np.where(where[:NOTE_VIEWS], pitches[:NOTE_VIEWS], 0.0).sum(axis=0)
        return notes, np.where(where[NOTE_VIEWS:], both[NOTE_VIEWS:], 0.0).sum(axis=0)

    def gain(self, melody: Melody) -> float:
        """How much likelier each bar begins as it does after the bar before it than after the tune's other bars, in
        standard errors; 0 for bars in any order."""
        bars = [[words.pitch_id(one.height) for one in bar if one.height is not None] for bar in melody.in_bars()]
        bars = [bar for bar in bars if bar]
        if len(bars) < 3:
            return 0.0
        table = self.heights[words.TUNE_MODES.index(melody.mode)]
        ends = np.array([(bar[-2] if len(bar) > 1 else words.PITCH_START, bar[-1]) for bar in bars])
        begins = np.array([(bar[0], bar[1] if len(bar) > 1 else -1) for bar in bars])
        first = table[ends[:, 0], ends[:, 1]][:, begins[:, 0]]
        second = table[ends[:, 1][:, None], begins[:, 0][None], begins[:, 1][None]]
        pairs = first + np.where(begins[:, 1][None] >= 0, second, 0.0)
        other = pairs[~np.eye(len(bars), dtype=bool)]
        follows = np.diagonal(pairs, offset=1)
        return float((follows.mean() - other.mean()) / max(other.std(), 1e-3) * np.sqrt(len(bars)))


def open_ears(artefact: Artefact) -> Ears:
    """Those of an artefact."""
    with np.load(artefact.folder / "heights.npz", allow_pickle=False) as arrays:
        return Ears(artefact.session("judge.onnx"), arrays["heights"].astype(np.float32))


def heights_table(melodies: Sequence[Melody]) -> Float32Array:
    """(4, 45, 45, 42) log odds of a pitch after two others, learnt from melodies; see `Ears`."""
    counts = Counts(words.PITCHES)
    for melody in melodies:
        before = (words.PITCH_START, words.PITCH_START)
        for pitch in (words.pitch_id(height) for height in melody.heights()):
            counts.add(_memories(melody.mode, before), pitch)
            before = (before[1], pitch)
    size = range(words.PITCH_SIZE)
    rows = [counts.odds(_memories(mode, (a, b))) for mode in words.TUNE_MODES for a in size for b in size]
    return np.log(np.array(rows, np.float32)).reshape(4, words.PITCH_SIZE, words.PITCH_SIZE, words.PITCHES)


def _memories(mode: str, before: tuple[int, int]) -> list[Hashable]:
    return [(mode, *before), (mode, before[1]), before[1], "any"]


def examine(
    ears: Ears, melody: Melody, wanted: dict[str, tuple[float, float]]
) -> tuple[dict[str, float], tuple[float, ...], dict[str, float]]:
    """Parts of the score, how ill each bar stands, and the plain numbers; `wanted`: their targets."""
    bar_of = np.array([one.bar for one in melody.sounds[: words.MOST_WRITTEN]])
    order, numbers = ears.order(melody), measure(melody)
    note_surprise, bar_surprise = ears.surprises(melody)
    notes = float(note_surprise.mean())
    here = [order[bar_of == bar].mean() for bar in range(melody.bars) if (bar_of == bar).any()]
    parts = {
        "order": float(order.mean()),
        "order_low": float(np.quantile(here, LOW)),
        "notes": notes,
        "bars": float(bar_surprise.mean()),
        "gain": ears.gain(melody),
        "notes_off": abs(notes - wanted["notes"][0]),
        "shape": penalty(numbers, wanted),
        "closes": numbers["closes"],
        "returns": numbers["returns"],
    }
    ill = [float((bar_surprise - order)[bar_of == bar].mean()) for bar in range(melody.bars) if (bar_of == bar).any()]
    return parts, tuple(round(one, 3) for one in ill), {name: round(one, 3) for name, one in numbers.items()}


def _hidden(rows: np.ndarray) -> np.ndarray:
    """(9, N) which notes are hidden in each view."""
    count = np.arange(len(rows))
    single = [count % NOTE_VIEWS == at for at in range(NOTE_VIEWS)]
    return np.stack(single + [rows[:, 3] % BAR_VIEWS == at for at in range(BAR_VIEWS)])


def _given(melody: Melody, rows: np.ndarray) -> dict[str, np.ndarray]:
    request = words.request_of(melody).ids()[:2]
    return {"request": np.repeat(request[None], len(rows), 0), "rows": rows, "there": np.ones(rows.shape[:2], bool)}


def _log_odds(logits: Float32Array) -> Float32Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


class TrigramCritic:
    """The baseline: how surprising intervals and durations are after the two before.

    Args:
        melodies: to learn from.
    """

    name = "trigram"
    usual: float | None = None

    def __init__(self, melodies: Sequence[Melody]) -> None:
        self._trigram = Trigram(melodies)

    def judge(self, melodies: Sequence[Melody]) -> list[Judgement]:
        """See `Judge`."""
        found = [self._trigram.surprise(one) for one in melodies]
        return [
            Judgement(-one, {"notes": one}, (0.0,) * m.bars, measure(m)) for one, m in zip(found, melodies, strict=True)
        ]

    def order(self, melodies: Sequence[Melody]) -> list[float]:
        """The same as its score."""
        return [-self._trigram.surprise(one) for one in melodies]


def auc(true: Sequence[float], false: Sequence[float]) -> float:
    """Chance that a true one is scored over a false one; ties count half."""
    good, bad = np.asarray(true)[:, None], np.asarray(false)[None]
    return float(np.mean((good > bad) + 0.5 * (good == bad)))
