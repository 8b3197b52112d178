"""Masked notes for encoders: single octuples as MidiBERT hides them, or whole bars of an attribute as MusicBERT does.

Source: MidiBERT-Piano (Chou et al., 2021): 15 % of the notes, of which 80 % become MASK, 10 % random, 10 % stay.
MusicBERT (Zeng et al., ACL Findings 2021): all of a bar's values of one attribute are one unit, because a value can
often be copied from its neighbours; 15 % of the units, 80/10/10. Mended: padding is never hidden and never counted.

Pure: arrays in, arrays out, the generator passed in.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, IntArray
from tools.train.symbolic.vocabulary import BAR, MASK, PAD, VALUES

SHARE = 0.15
TO_MASK, TO_RANDOM = 0.8, 0.1


class Hidden(NamedTuple):
    """Notes with some hidden: `notes` (B, L, 8) int64, and `asked` (B, L, 8) bool, what has to be told."""

    notes: IntArray
    asked: BoolArray


def real(notes: IntArray) -> BoolArray:
    """Which notes are no padding: (..., 8) to (...)."""
    return notes[..., BAR] != PAD[BAR]


def known(notes: IntArray) -> BoolArray:
    """Which single values are values, not special tokens: (..., 8) to (..., 8)."""
    return notes < np.array(VALUES)


def random_notes(shape: tuple[int, ...], rng: np.random.Generator) -> IntArray:
    """Real values drawn alike: (*shape, 8)."""
    return rng.integers(np.array(VALUES), size=(*shape, 8))


def corrupted(notes: IntArray, chosen: BoolArray, dice: npt.NDArray[np.float64], rng: np.random.Generator) -> IntArray:
    """Chosen values (B, L, 8) replaced: by MASK where the dice (0..1) fall below 0.8, by a random value below 0.9."""
    found = np.where(chosen & (dice < TO_MASK), MASK, notes)
    to_random = chosen & (dice >= TO_MASK) & (dice < TO_MASK + TO_RANDOM)
    return np.where(to_random, random_notes(notes.shape[:-1], rng), found)


def of_notes(notes: IntArray, rng: np.random.Generator) -> Hidden:
    """Hide whole octuples, 15 % of a sequence's real ones and at least one.

    Args:
        notes: (B, L, 8) int64.
    """
    there = real(notes)
    order = np.argsort(np.where(there, rng.random(there.shape), 2.0), axis=1).argsort(axis=1)
    chosen = order < np.maximum(np.round(SHARE * there.sum(axis=1)), 1)[:, None]
    chosen = np.broadcast_to((chosen & there)[..., None], notes.shape)
    dice = np.broadcast_to(rng.random(there.shape)[..., None], notes.shape)
    return Hidden(corrupted(notes, chosen, dice, rng), chosen & known(notes))


def of_bars(notes: IntArray, rng: np.random.Generator) -> Hidden:
    """Hide an attribute of a whole bar, 15 % of all such units.

    Args:
        notes: (B, L, 8) int64.
    """
    bars = np.minimum(notes[..., BAR], VALUES[BAR] - 1)
    units = rng.random((len(notes), VALUES[BAR], 8))
    fates = rng.random((len(notes), VALUES[BAR], 8))
    rows = np.arange(len(notes))[:, None]
    chosen = (units[rows, bars] < SHARE) & real(notes)[..., None]
    return Hidden(corrupted(notes, chosen, fates[rows, bars], rng), chosen & known(notes))
