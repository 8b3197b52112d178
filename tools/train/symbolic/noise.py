"""PianoBART's noise: five ways to spoil music, on objects of six kinds, for a decoder to write it out whole again.

Source: Liang et al., "PianoBART", ICME 2024. Its Table I chooses what is spoilt on two axes: single notes, bars or
groups of bars (which cannot be copied from a neighbour), and whole octuples or single attributes. The released code has
only whole octuples of single notes; here are all six (`SIMPLE` is the released one, "PianoBART-simple").

* deletion: the object goes, the sequence closes up. Single attributes cannot close up and become PAD.
* masking: 15 % of the objects, 80 % to MASK, 10 % to random values, 10 % as they are.
* permutation: the objects in another order. Of single attributes: their columns are, the other columns stay.
* infilling: spans of Poisson(3) objects, 15 % of all, each becomes one MASK octuple. Single attributes: MASK all along.
* rotation: the music begins at another object and goes on from its end with its beginning.

What has to be told (`asked`) is what changed; where the sequence closed up, everything from the first gap on, because
nothing behind it stands where it stood. An order is changed on notes, not on what they say: permuted bars keep the
numbers of their bars, so the decoder can put them right. Groups of bars are at most half of a window's bars.
Mended: losses are weighted by the sizes of the attributes in token order (`WEIGHTS`); the released code reads them in
the order of a dictionary, so that pitch gets tempo's weight.

Pure: arrays in, arrays out, the generator passed in. One sequence at a time; no loop over notes.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, IntArray
from tools.train.symbolic.masking import SHARE, TO_MASK, TO_RANDOM, Hidden, known, random_notes, real
from tools.train.symbolic.vocabulary import BAR, MASK, PAD, SIZES

Generator = np.random.Generator

Kind = Literal["deletion", "masking", "permutation", "infilling", "rotation"]
Scale = Literal["note", "bar", "bars"]
Part = Literal["octuple", "element"]

KINDS: tuple[Kind, ...] = ("deletion", "masking", "permutation", "infilling", "rotation")
LEVELS: tuple[tuple[Scale, Part], ...] = (
    ("note", "element"), ("note", "octuple"), ("bar", "element"), ("bar", "octuple"), ("bars", "element"),
    ("bars", "octuple"),
)  # fmt: skip
SIMPLE: tuple[tuple[Scale, Part], ...] = (("note", "octuple"),)
SPAN = 3.0
MOST_BARS = 8
WEIGHTS = np.array(SIZES) / sum(SIZES)


def spoil(notes: IntArray, rng: Generator, levels: tuple[tuple[Scale, Part], ...] = LEVELS) -> Hidden:
    """One kind of noise on one kind of object for each sequence of a batch (B, L, 8), both drawn alike."""
    spoilt, asked = notes.copy(), np.zeros(notes.shape, bool)
    for row, sequence in enumerate(notes):
        count = int(real(sequence).sum())
        kind = KINDS[rng.integers(len(KINDS))]
        scale, part = levels[rng.integers(len(levels))]
        spoilt[row, :count], asked[row, :count] = NOISES[kind](sequence[:count], scale, part, rng)
    return Hidden(spoilt, asked & known(notes))


def objects(notes: IntArray, scale: Scale, rng: Generator) -> IntArray:
    """Which object each note belongs to: (L,) from 0 on, never falling. Too few bars: the next smaller scale."""
    if scale == "note":
        return np.arange(len(notes))
    starts = np.diff(notes[:, BAR], prepend=notes[:1, BAR]) != 0
    bars = np.cumsum(starts)
    count = int(bars[-1]) + 1 if len(bars) else 0
    if count < 2:
        return np.arange(len(notes))
    if scale == "bar" or count < 4:
        return bars
    return bars // int(rng.integers(2, min(MOST_BARS, count // 2) + 1))


def attributes(notes: IntArray, part: Part, rng: Generator) -> IntArray:
    """Columns that are spoilt: all of an octuple, or one to three of those that are not the same all along."""
    varied = np.flatnonzero((notes != notes[:1]).any(axis=0))
    if part == "octuple" or not len(varied):
        return np.arange(8)
    return np.sort(rng.choice(varied, min(int(rng.integers(1, 4)), len(varied)), replace=False))


def chosen(of: IntArray, part: Part, rng: Generator) -> tuple[BoolArray, npt.NDArray[np.float64]]:
    """15 % of the objects, or of the pairs of object and attribute: (L, 8) bool, and the dice of each, (L, 8)."""
    count = int(of[-1]) + 1
    if part == "octuple":
        wanted = np.zeros(count, bool)
        wanted[rng.choice(count, max(round(SHARE * count), 1), replace=False)] = True
        return np.repeat(wanted[of, None], 8, axis=1), np.repeat(rng.random(count)[of, None], 8, axis=1)
    pairs = np.zeros(count * 8, bool)
    pairs[rng.choice(count * 8, max(round(SHARE * count * 8), 1), replace=False)] = True
    return pairs.reshape(count, 8)[of], rng.random((count, 8))[of]


def masking(notes: IntArray, scale: Scale, part: Part, rng: Generator) -> tuple[IntArray, BoolArray]:
    """(L, 8) with objects hidden, and which values."""
    hidden, dice = chosen(objects(notes, scale, rng), part, rng)
    spoilt = np.where(hidden & (dice < TO_MASK), MASK, notes)
    drawn = hidden & (dice >= TO_MASK) & (dice < TO_MASK + TO_RANDOM)
    return np.where(drawn, random_notes((len(notes),), rng), spoilt), hidden


def deletion(notes: IntArray, scale: Scale, part: Part, rng: Generator) -> tuple[IntArray, BoolArray]:
    """(L, 8) with objects gone and PAD after the end, and all from the first gap on; attributes become PAD."""
    gone, _ = chosen(objects(notes, scale, rng), part, rng)
    if part == "element":
        gone[:, BAR] = False  # PAD there would mean that no note is there
        return np.where(gone, PAD, notes), gone
    return closed_up(notes[~gone[:, 0]], len(notes), int(np.argmax(gone[:, 0])))


def closed_up(left: IntArray, length: int, gap: int) -> tuple[IntArray, BoolArray]:
    """What is left of a sequence with PAD to its old length, and everything from the first gap on."""
    spoilt = np.tile(PAD, (length, 1))
    spoilt[: len(left)] = left
    asked = np.zeros((length, 8), bool)
    asked[gap:] = True
    return spoilt, asked


def permutation(notes: IntArray, scale: Scale, part: Part, rng: Generator) -> tuple[IntArray, BoolArray]:
    """(L, 8) with objects in another order, and the notes that changed."""
    of = objects(notes, scale, rng)
    rank = rng.permutation(int(of[-1]) + 1)
    return reordered(notes, np.argsort(rank[of], kind="stable"), attributes(notes, part, rng))


def rotation(notes: IntArray, scale: Scale, part: Part, rng: Generator) -> tuple[IntArray, BoolArray]:
    """(L, 8) beginning at another object, and the notes that changed."""
    of = objects(notes, scale, rng)
    count = int(of[-1]) + 1
    first = int(np.searchsorted(of, rng.integers(1, count))) if count > 1 else 0
    return reordered(notes, np.roll(np.arange(len(notes)), -first), attributes(notes, part, rng))


def reordered(notes: IntArray, order: IntArray, columns: IntArray) -> tuple[IntArray, BoolArray]:
    """Notes whose `columns` come in another order; asked is every note that is another one then."""
    spoilt = notes.copy()
    spoilt[:, columns] = notes[order][:, columns]
    changed = (spoilt != notes).any(axis=1)
    return spoilt, np.repeat(changed[:, None], 8, axis=1)


def infilling(notes: IntArray, scale: Scale, part: Part, rng: Generator) -> tuple[IntArray, BoolArray]:
    """(L, 8) with spans of objects as one MASK each; single attributes as MASK all along the span."""
    of = objects(notes, scale, rng)
    count = int(of[-1]) + 1
    lengths = np.maximum(rng.poisson(SPAN, count), 1)  # a span of nothing would be a note that is not there
    starts = rng.random(count) < SHARE / SPAN
    starts[rng.integers(count)] |= not starts.any()
    begun = np.flatnonzero(starts)
    ends = np.minimum(begun + lengths[begun], count)
    depth = np.zeros(count + 1, np.int64)
    np.add.at(depth, begun, 1)
    np.add.at(depth, ends, -1)
    inside = (np.cumsum(depth[:-1]) > 0)[of]
    if part == "element":
        hidden = np.zeros(notes.shape, bool)
        hidden[np.ix_(inside, attributes(notes, part, rng))] = True
        return np.where(hidden, MASK, notes), hidden
    first = inside & ~np.concatenate([[False], inside[:-1]])
    left = np.where(first[:, None], MASK, notes)[first | ~inside]
    return closed_up(left, len(notes), int(np.argmax(inside)))


NOISES = {
    "deletion": deletion,
    "masking": masking,
    "permutation": permutation,
    "infilling": infilling,
    "rotation": rotation,
}
