"""How answers are scored: accuracy and macro-F1, and for continuations PCHE and groove similarity.

The authors' text does not define the last two; these are the literature's definitions (Wu & Yang, "The Jazz
Transformer", ISMIR 2020), stated here in full. Pure: arrays in, numbers out.
"""

import numpy as np
import numpy.typing as npt

from controller.arrays import Float64Array, IntArray
from tools.train.symbolic.vocabulary import BAR, BAR_UNITS, INSTRUMENT, PERCUSSION, PITCH, POSITION, TIME_SIGNATURE

GROOVE_STEPS = 64
"""Onset slots of a bar: sixteenths of a quarter in 4/4; other bars are stretched onto as many."""


def accuracy(truth: IntArray, answer: IntArray) -> float:
    """Share of equal classes (N,); NaN of none."""
    return float(np.mean(truth == answer)) if len(truth) else float("nan")


def f1_of(truth: IntArray, answer: IntArray, one: int) -> float:
    """F1 of a class; NaN where it is neither in truth nor in answer."""
    right = int(np.sum((truth == one) & (answer == one)))
    there = int(np.sum(truth == one) + np.sum(answer == one))
    return 2.0 * right / there if there else float("nan")


def macro_f1(truth: IntArray, answer: IntArray, classes: int) -> float:
    """Mean of the F1 of every class that is in truth or answer; a class that is never right counts 0."""
    scores = [found for one in range(classes) if not np.isnan(found := f1_of(truth, answer, one))]
    return float(np.mean(scores)) if scores else float("nan")


def pche(notes: np.ndarray, bars: int = 1) -> float:
    """Pitch-class histogram entropy in bits: of each group of `bars` bars, averaged over those with notes.

    Octuples (N, 8) whose percussion is not counted. 0: one pitch class; 3.58: all twelve alike. NaN without notes.
    """
    pitched = np.asarray(notes)[np.asarray(notes)[:, INSTRUMENT] != PERCUSSION].astype(np.int64)
    if not len(pitched):
        return float("nan")
    groups, inverse = np.unique(pitched[:, BAR] // bars, return_inverse=True)
    counts = np.zeros((len(groups), 12))
    np.add.at(counts, (inverse, pitched[:, PITCH] % 12), 1.0)
    share = counts / counts.sum(axis=1, keepdims=True)
    return float(-(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1).mean())


def grooves(notes: np.ndarray) -> npt.NDArray[np.bool_]:
    """Onsets of every bar with notes (bars, 64), each bar stretched onto 64 slots."""
    notes = np.asarray(notes, np.int64)
    bars, inverse = np.unique(notes[:, BAR], return_inverse=True)
    slots = np.minimum(notes[:, POSITION] * GROOVE_STEPS // BAR_UNITS[notes[:, TIME_SIGNATURE]], GROOVE_STEPS - 1)
    onsets = np.zeros((len(bars), GROOVE_STEPS), bool)
    onsets[inverse, slots] = True
    return onsets


def gs(notes: np.ndarray) -> float:
    """Groove similarity 0..1 of octuples (N, 8): 1 minus the mean share of slots in which two bars differ.

    Over all pairs of bars with notes; NaN with fewer than two.
    """
    onsets = grooves(notes) if len(notes) else np.zeros((0, GROOVE_STEPS), bool)
    count = len(onsets)
    if count < 2:
        return float("nan")
    hits = onsets.sum(axis=0).astype(np.float64)
    differing = (hits * (count - hits)).sum() / GROOVE_STEPS  # unordered pairs, summed over slots
    return float(1.0 - differing / (count * (count - 1) / 2))


def interval_95(values: Float64Array, rng: np.random.Generator, draws: int = 1_000) -> tuple[float, float]:
    """Bootstrap 95 % interval of the mean of values (N,)."""
    values = np.asarray(values, np.float64)
    if not len(values):
        return float("nan"), float("nan")
    means = values[rng.integers(len(values), size=(draws, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
