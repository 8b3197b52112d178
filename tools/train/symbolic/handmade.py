"""What a musicologist would count: features of a piece and of a note, for gradient boosting beside the neural rows.

A reported comparison (models.md of the field: 47 % for frozen embeddings, 74 % for sixty such features) says that no
neural row means anything without this one. Pure: arrays in, arrays out.
"""

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from controller.arrays import Float64Array
from tools.train.symbolic.scores import gs, pche
from tools.train.symbolic.tasks import Examples, Task
from tools.train.symbolic.vocabulary import (
    BAR,
    DURATION,
    DURATIONS,
    PAD,
    PITCH,
    POSITION,
    TEMPO,
    VALUES,
    VELOCITY,
)

BAR_LENGTH = 128
"""Units that a bar is given when notes are put on one line; the longest a bar can be."""
NOTES_LEARNT_FROM = 200_000


def _real(notes: np.ndarray) -> npt.NDArray[np.int64]:
    return notes[notes[:, BAR] != PAD[BAR]].astype(np.int64)


def _spread(values: Float64Array) -> list[float]:
    if not len(values):
        return [0.0] * 5
    return [float(values.mean()), float(values.std()), *np.percentile(values, [10, 50, 90]).tolist()]


def piece_features(window: np.ndarray) -> Float64Array:
    """Seventy-odd numbers (F,) of octuples (L, 8): pitch, intervals, rhythm, texture, dynamics, tempo."""
    notes = _real(window)
    pitch, duration = notes[:, PITCH], DURATIONS[np.minimum(notes[:, DURATION], 127)].astype(np.float64)
    onset = notes[:, BAR] * BAR_LENGTH + notes[:, POSITION]
    classes = np.bincount(pitch % 12, minlength=12) / len(notes)
    _, first, sizes = np.unique(onset, return_index=True, return_counts=True)
    top = np.maximum.reduceat(pitch, first)
    bottom = np.minimum.reduceat(pitch, first)
    steps = np.diff(top)
    gaps = np.diff(onset[first]).astype(np.float64)
    per_bar = np.bincount(notes[:, BAR] - notes[0, BAR]).astype(np.float64)
    velocity, tempo = notes[:, VELOCITY], notes[:, TEMPO]
    known_velocity = velocity[velocity < VALUES[VELOCITY]].astype(np.float64)
    known_tempo = tempo[tempo < VALUES[TEMPO]].astype(np.float64)
    folded = np.abs(steps) if len(steps) else np.zeros(1, np.int64)
    numbers = [
        *np.sort(classes)[::-1],
        *np.roll(classes, -int(classes.argmax())),
        *_spread(pitch.astype(np.float64)),
        *_spread(top.astype(np.float64)),
        *_spread((top - bottom).astype(np.float64)),
        *_spread(duration),
        *_spread(gaps),
        *_spread(sizes.astype(np.float64)),
        *_spread(per_bar),
        *_spread(known_velocity),
        *_spread(known_tempo),
        *(np.bincount(np.minimum(folded, 12), minlength=13) / max(len(folded), 1)),
        *(np.bincount(np.minimum(notes[:, POSITION] // 8, 15), minlength=16) / len(notes)),
        float(np.mean(np.sign(steps) == 1)) if len(steps) else 0.0,
        _nan_to_zero(pche(notes)),
        _nan_to_zero(gs(notes[notes[:, POSITION] < VALUES[POSITION]])),
    ]
    return np.array(numbers)


def _nan_to_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else value


def note_features(window: np.ndarray) -> Float64Array:
    """Twenty-odd numbers of every octuple of a window (L, F): where it lies in its chord, its bar and its line.

    Rows of PAD are zeros.
    """
    notes = _real(window)
    count = len(notes)
    pitch, duration = (
        notes[:, PITCH].astype(np.float64),
        DURATIONS[np.minimum(notes[:, DURATION], 127)].astype(np.float64),
    )
    onset = notes[:, BAR] * BAR_LENGTH + notes[:, POSITION]
    _, group, sizes = np.unique(onset, return_inverse=True, return_counts=True)
    first = np.searchsorted(group, np.arange(len(sizes)))
    place = np.arange(count) - first[group]  # from the bottom: octuples of one onset are sorted by pitch
    top, bottom = np.maximum.reduceat(pitch, first), np.minimum.reduceat(pitch, first)
    longest = np.maximum(np.maximum.reduceat(duration, first), 1.0)
    at = onset[first].astype(np.float64)
    gap_before = np.diff(at, prepend=at[0])
    gap_after = np.diff(at, append=at[-1])
    above = np.append(np.where(group[1:] == group[:-1], np.diff(pitch), 48.0), 48.0)
    below = np.concatenate([[48.0], above[:-1]])
    kernel = np.ones(33)
    local = np.convolve(pitch, kernel, "same") / np.convolve(np.ones(count), kernel, "same")
    velocity = notes[:, VELOCITY].astype(np.float64)
    velocity[velocity >= VALUES[VELOCITY]] = -1.0  # not known
    columns = [
        pitch, pitch % 12, duration, notes[:, POSITION], notes[:, POSITION] % 16, sizes[group], place,
        sizes[group] - 1 - place, above, below, top[group] - pitch, pitch - bottom[group], duration / longest[group],
        gap_before[group], gap_after[group], duration / np.maximum(gap_after[group], 1.0), pitch - local,
        np.concatenate([[0.0], np.diff(top)])[group], np.concatenate([[0.0], np.diff(bottom)])[group],
        np.bincount(notes[:, BAR] - notes[0, BAR])[notes[:, BAR] - notes[0, BAR]], notes[:, TEMPO], velocity,
        np.arange(count) / max(count, 1),
    ]  # fmt: skip
    filled = np.zeros((len(window), len(columns)))
    filled[:count] = np.stack(columns, axis=1)
    return filled


def features(task: Task, examples: Examples) -> tuple[Float64Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows (n, F), classes (n,) and owners (n,) of a side: a row a window, or a row a note that counts."""
    if task.level == "sequence":
        rows = np.array([piece_features(window) for window in examples.notes])
        return rows, examples.labels, examples.pieces
    rows = np.array([note_features(window) for window in examples.notes])
    counted = examples.labels >= 0
    owners = np.broadcast_to(examples.pieces[:, None], examples.labels.shape)
    return rows[counted], examples.labels[counted], owners[counted]


def boosted(task: Task, seed: int) -> tuple[Float64Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Gradient boosting on the features: log-probabilities (n, C), truth and owners of the test side."""
    rng = np.random.default_rng(seed)
    rows, labels, _ = features(task, task.splits["train"])
    if len(rows) > NOTES_LEARNT_FROM:
        chosen = rng.choice(len(rows), NOTES_LEARNT_FROM, replace=False)
        rows, labels = rows[chosen], labels[chosen]
    trees = HistGradientBoostingClassifier(
        max_iter=150,
        max_leaf_nodes=15,
        min_samples_leaf=int(np.clip(len(rows) // 30, 2, 20)),
        early_stopping=False,
        random_state=seed,
    )
    trees.fit(rows, labels)
    test, truth, owners = features(task, task.splits["test"])
    chances = np.full((len(test), len(task.classes)), 1e-9)
    chances[:, trees.classes_] = trees.predict_proba(test)
    return np.log(np.maximum(chances, 1e-9)), truth, owners
