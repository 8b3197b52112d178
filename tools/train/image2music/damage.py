"""What is done to melodies: noise that the networks learn to undo, and false tunes that the critic must know. Pure.

Source: the noise tasks of BART and PianoBART (deletion, masking, infilling, permutation of bars), at the strength at
which an example is to help and not to be repeated.
"""

from collections.abc import Callable

import numpy as np

from controller.arrays import IntArray
from tools.train.image2music import words
from tools.train.image2music.melody import SCALES, WRITTEN, Melody, Sound

Damage = Callable[[IntArray, np.random.Generator], IntArray]


def _masked(rows: IntArray, where: np.ndarray) -> IntArray:
    rows = rows.copy()
    rows[where, 0], rows[where, 1] = words.PITCH_MASK, words.DURATION_MASK
    return rows


def mask(rows: IntArray, rng: np.random.Generator) -> IntArray:
    """Hide six to nine of ten notes."""
    return _masked(rows, rng.random(len(rows)) < rng.uniform(0.6, 0.9))


def skeleton(rows: IntArray, rng: np.random.Generator) -> IntArray:
    """Keep what falls on every second quarter, as heights only."""
    kept = rows[rows[:, 2] % int(rng.choice([12, 18, 24])) == 0].copy()
    kept[:, 1] = words.DURATION_MASK
    return kept


def rhythm(rows: IntArray, rng: np.random.Generator) -> IntArray:  # noqa: ARG001 - one signature for all
    """Keep durations only."""
    rows = rows.copy()
    rows[:, 0] = words.PITCH_MASK
    return rows


def infill(rows: IntArray, rng: np.random.Generator) -> IntArray:
    """Hide half of the bars, whole."""
    bars = np.unique(rows[:, 3])
    hidden = rng.choice(bars, max(len(bars) // 2, 1), replace=False)
    return _masked(rows, np.isin(rows[:, 3], hidden))


def permute(rows: IntArray, rng: np.random.Generator) -> IntArray:
    """Bars in another order, half of the notes hidden."""
    bars = np.unique(rows[:, 3])
    order = dict(zip(bars, rng.permutation(bars), strict=True))
    moved = rows.copy()
    moved[:, 3] = [order[bar] for bar in rows[:, 3]]
    moved = moved[np.lexsort((moved[:, 2], moved[:, 3]))]
    return _masked(moved, rng.random(len(moved)) < 0.5)


NOISES: tuple[Damage, ...] = (mask, skeleton, rhythm, infill, permute)


def shuffle_pitches(melody: Melody, rng: np.random.Generator) -> Melody:
    """The same rhythm and the same notes, heights in another order."""
    heights = iter(rng.permutation(np.array(melody.heights())).tolist())
    sounds = tuple(
        one if one.height is None else Sound(one.bar, one.position, one.length, next(heights)) for one in melody.sounds
    )
    return Melody(melody.metre, melody.mode, melody.tonic, sounds)


def shuffle_bars(melody: Melody, rng: np.random.Generator) -> Melody:
    """The same bars in another order; an upbeat stays where it is."""
    bars = melody.in_bars()
    full = [i for i, bar in enumerate(bars) if sum(one.length for one in bar) == melody.bar_ticks]
    order = list(range(len(bars)))
    for at, taken in zip(full, rng.permutation(np.array(full, np.int64)).tolist(), strict=True):
        order[at] = taken
    sounds = tuple(Sound(at, one.position, one.length, one.height) for at, i in enumerate(order) for one in bars[i])
    return Melody(melody.metre, melody.mode, melody.tonic, sounds)


def grammar_random(melody: Melody, rng: np.random.Generator) -> Melody:
    """As many bars of the same metre and mode, exactly full, of notes of the scale drawn with equal chances."""
    scale = [octave + one for octave in (-12, 0, 12) for one in SCALES[melody.mode] if -7 <= octave + one <= 16]
    sounds = []
    for bar in range(melody.bars):
        at = 0
        while at < melody.bar_ticks:
            length = int(
                rng.choice([one for one in WRITTEN if one in (3, 6, 9, 12, 18) and at + one <= melody.bar_ticks])
            )
            sounds.append(Sound(bar, at, length, int(rng.choice(scale))))
            at += length
    return Melody(melody.metre, melody.mode, melody.tonic, tuple(sounds[:300]))


FALSE: dict[str, Callable[[Melody, np.random.Generator], Melody]] = {
    "pitches shuffled": shuffle_pitches,
    "bars shuffled": shuffle_bars,
    "grammar-random": grammar_random,
}
