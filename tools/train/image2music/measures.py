"""What makes a melody tune-like, in plain numbers, and between which numbers the tunes of the corpus lie. Pure.

Each has a target from both sides: a melody that only steps is as unlike a tune as one that only leaps. The published
system's eight numbers say how music is, not how good: random notes of a scale have the same (image_to_music research,
measured), so they are not used.
"""

from collections.abc import Sequence

import numpy as np

from tools.train.image2music.melody import Melody, steps

NAMES = ("stepwise", "leaps", "repeated", "returns", "closes", "range", "variety")


def measure(melody: Melody) -> dict[str, float]:
    """Numbers of a melody.

    Returns:
        stepwise: share of intervals up to a whole tone. leaps: share over a fifth. repeated: share of bars whose
        contour
        and rhythm were there before. returns: of these, the share that is an even number of bars after the first.
        closes: 1 if it ends on the tonic. range: semitones. variety: entropy of its intervals in bits.
    """
    intervals = np.array([interval for interval, _ in steps(melody)] or [0])
    heights = melody.heights() or [0]
    repeated, returns = _repeats(melody)
    counts = np.unique(intervals, return_counts=True)[1] / len(intervals)
    return {
        "stepwise": float(np.mean(np.abs(intervals) <= 2)),
        "leaps": float(np.mean(np.abs(intervals) > 7)),
        "repeated": repeated,
        "returns": returns,
        "closes": float(heights[-1] % 12 == 0),
        "range": float(max(heights) - min(heights)),
        "variety": float(-(counts * np.log2(counts)).sum()),
    }


def _repeats(melody: Melody) -> tuple[float, float]:
    first: dict[tuple, int] = {}
    repeats, even, bars = 0, 0, melody.in_bars()
    for at, bar in enumerate(bars):
        heights = [one.height for one in bar if one.height is not None]
        shape = (tuple(np.diff(heights).tolist()), tuple((one.position, one.length) for one in bar))
        if shape in first:
            repeats += 1
            even += (at - first[shape]) % 2 == 0
        first.setdefault(shape, at)
    return repeats / len(bars), even / repeats if repeats else 1.0


def targets(melodies: Sequence[Melody]) -> dict[str, tuple[float, float]]:
    """Between which numbers eight of ten real tunes lie."""
    rows = [measure(one) for one in melodies]
    return {name: tuple(float(one) for one in np.quantile([row[name] for row in rows], (0.1, 0.9))) for name in NAMES}
    # type: ignore[misc]


def outside(value: float, low: float, high: float) -> float:
    """How far a number lies outside its target, in widths of it (or tenths, where it has none)."""
    width = max(high - low, 0.1)
    return max(low - value, value - high, 0.0) / width


def penalty(numbers: dict[str, float], wanted: dict[str, tuple[float, float]]) -> float:
    """All of them together, each at most 2."""
    return sum(min(outside(numbers[name], *wanted[name]), 2.0) for name in NAMES)
