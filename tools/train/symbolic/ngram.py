"""N-grams of notes: a classifier of pieces, of notes, and a composer that goes on; the least that a network must beat.

A note is told by what it does: how far it is from the note before, in time and in pitch, and how long it lasts.
Witten-Bell interpolation of orders 3, 2, 1. Pure: arrays in, arrays out; the generator is passed in.
"""

from collections import Counter, defaultdict

import numpy as np
import numpy.typing as npt

from controller.arrays import IntArray
from tools.train.symbolic.handmade import note_features
from tools.train.symbolic.sampling import KEYS
from tools.train.symbolic.tasks import Task
from tools.train.symbolic.vocabulary import BAR, BAR_UNITS, BARS, DURATION, PAD, PITCH, POSITION, TIME_SIGNATURE

ORDER = 3
Token = tuple[int, int, int]
FURTHEST, WIDEST = 63, 24
MOST_NOTES = 1_000


def tokens(notes: np.ndarray) -> list[Token]:
    """(step in units 0..63, interval -24..24, duration code) of each note but the first."""
    notes = notes[notes[:, BAR] != PAD[BAR]].astype(np.int64)
    steps = onset_steps(notes)
    intervals = np.clip(np.diff(notes[:, PITCH]), -WIDEST, WIDEST)
    return list(zip(steps.tolist(), intervals.tolist(), notes[1:, DURATION].tolist(), strict=True))


def onset_steps(notes: IntArray) -> IntArray:
    """Units from each note to the next (N - 1,), 0..63, bars counted by their time signature."""
    lengths = BAR_UNITS[notes[:, TIME_SIGNATURE]]
    bars = np.diff(notes[:, BAR])
    return np.clip(np.diff(notes[:, POSITION]) + bars * lengths[:-1], 0, FURTHEST)


class NGram:
    """Counts of what follows what."""

    def __init__(self, order: int = ORDER) -> None:
        self.order = order
        self.counts: list[dict[tuple[Token, ...], Counter[Token]]] = [defaultdict(Counter) for _ in range(order)]
        self.kinds = 1

    def learn(self, sequence: list[Token]) -> None:
        """Count one piece."""
        for place, token in enumerate(sequence):
            for length in range(min(self.order - 1, place) + 1):
                self.counts[length][tuple(sequence[place - length : place])][token] += 1
        self.kinds = max(len(self.counts[0].get((), ())), 1)

    def chance(self, context: tuple[Token, ...], token: Token) -> float:
        """Probability of a token after a context, never 0."""
        chance = 1.0 / (self.kinds + 1)
        for length in range(min(self.order - 1, len(context)) + 1):
            seen = self.counts[length].get(context[len(context) - length :])
            if seen:
                total, kinds = seen.total(), len(seen)
                chance = (seen[token] + kinds * chance) / (total + kinds)
        return chance

    def log_likelihood(self, sequence: list[Token]) -> float:
        """Sum of log probabilities."""
        reach = self.order - 1
        return float(
            sum(np.log(self.chance(tuple(sequence[max(0, n - reach) : n]), token)) for n, token in enumerate(sequence))
        )

    def draw(self, context: tuple[Token, ...], rng: np.random.Generator) -> Token:
        """The next token: the longest known context answers, or, with Witten-Bell's chance, a shorter one."""
        for length in range(min(self.order - 1, len(context)), -1, -1):
            seen = self.counts[length].get(context[len(context) - length :])
            if seen and (length == 0 or rng.random() < seen.total() / (seen.total() + len(seen))):
                choices = list(seen)
                weights = np.fromiter(seen.values(), np.float64)
                return choices[int(rng.choice(len(choices), p=weights / weights.sum()))]
        return (4, 0, 4)


def go_on(model: NGram, prompt: np.ndarray, bars: int, rng: np.random.Generator) -> np.ndarray:
    """The octuples that follow a prompt (N, 8) for at most `bars` bars, at least one: int64 (M, 8).

    What is counted is written, other attributes are those of the prompt's last note.
    """
    prompt = prompt[prompt[:, BAR] != PAD[BAR]].astype(np.int64)
    history = tokens(prompt)
    note = prompt[-1].copy()
    length, last = int(BAR_UNITS[note[TIME_SIGNATURE]]), min(int(note[BAR]) + bars, BARS - 1)
    written: list[IntArray] = []
    while len(written) < MOST_NOTES:
        step, interval, duration = model.draw(tuple(history[-(model.order - 1) :]), rng)
        history.append((step, interval, duration))
        at = int(note[POSITION]) + step
        bar, position = int(note[BAR]) + at // length, at % length
        if bar > last and written:
            break
        note[BAR], note[POSITION] = min(bar, last), position
        note[PITCH] = int(np.clip(note[PITCH] + interval, *KEYS))
        note[DURATION] = duration
        written.append(note.copy())
    return np.array(written, np.int64)


Answer = tuple[npt.NDArray[np.float64], IntArray, IntArray]


def pieces_by_likelihood(task: Task) -> Answer:
    """A naive Bayes of one n-gram a class: log-probabilities (n, C), truth, owners of the test side's windows."""
    train, test = task.splits["train"], task.splits["test"]
    models = [NGram() for _ in task.classes]
    for window, label in zip(train.notes, train.labels, strict=True):
        models[int(label)].learn(tokens(window))
    kinds = max(model.kinds for model in models)
    for model in models:
        model.kinds = kinds
    scores = np.array([[model.log_likelihood(tokens(window)) for model in models] for window in test.notes])
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True), test.labels, test.pieces


NEIGHBOURHOOD = (5, 6, 7, 0, 2, 4)
"""Of `note_features`: notes in the chord, place from below and from above, pitch, duration, position in the beat."""


def notes_by_table(task: Task) -> Answer:
    """A table of what a note looks like, backing off from all six features to fewer: for tasks on notes."""
    tables: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(len(NEIGHBOURHOOD) + 1)]
    for looks, label in _looks(task, "train"):
        for used, table in enumerate(tables):
            table[looks[:used]][label] += 1
    rows, truth = [], []
    for looks, label in _looks(task, "test"):
        chance = np.full(len(task.classes), 1.0 / len(task.classes))
        for used, table in enumerate(tables):
            seen = table.get(looks[:used])
            if seen:
                counts = np.array([seen[one] for one in range(len(task.classes))], np.float64)
                chance = (counts + 4.0 * chance) / (counts.sum() + 4.0)
        rows.append(np.log(chance))
        truth.append(label)
    test = task.splits["test"]
    owners = np.broadcast_to(test.pieces[:, None], test.labels.shape)[test.labels >= 0]
    return np.array(rows), np.array(truth, np.int64), owners


def _looks(task: Task, side: str) -> list[tuple[tuple[int, ...], int]]:
    examples = task.splits[side]
    found: list[tuple[tuple[int, ...], int]] = []
    for window, labels in zip(examples.notes, examples.labels, strict=True):
        counted = labels >= 0
        rows = note_features(window)[counted][:, NEIGHBOURHOOD].astype(np.int64)
        rows[:, 4] = np.minimum(rows[:, 4], 64) // 4
        found.extend(zip(map(tuple, rows.tolist()), labels[counted].tolist(), strict=True))
    return found
