"""Figures about a show, from what was emitted: safety, craft, and how light and music go together. Pure NumPy.

Definitions: flashes after WCAG 2.3.1 and ITU-R BT.1702 (opposing changes of at least 10 % of the maximum with the
darker state below 0.8); loudness-brightness and onset-change after Kohl, Wursthorn, Weiss, "Automatic Stage Lighting",
ACM MM 2025 (sums over four-second blocks, Pearson). More is not better: a light that only follows loudness scores 1.0
and is dull.
"""

import numpy as np
import numpy.typing as npt

from controller.colour import to_encoded
from controller.messages import FloatArray

Array = npt.NDArray[np.float64]
BLOCK_S = 4.0
FLASH_STEP = 0.1
FLASH_DARK = 0.8
DARK = 0.02


def flash_times_s(luminance: FloatArray, rate_hz: float) -> Array:
    """When flashes end: pairs of opposing luminance changes.

    Args:
        luminance: (frames,) linear, 0..1 of the rig's maximum.
        rate_hz: frames a second.

    Returns:
        (flashes,) seconds.
    """
    times: list[float] = []
    anchor = float(luminance[0]) if len(luminance) else 0.0
    direction, half = 0, False
    for index, level in enumerate(luminance.tolist()):
        change = level - anchor
        if direction == 0 or change * direction > 0:
            if abs(change) >= FLASH_STEP and direction == 0 and min(level, anchor) < FLASH_DARK:
                direction = 1 if change > 0 else -1
                half = True
            if direction and change * direction > 0:
                anchor = level
        elif abs(change) >= FLASH_STEP and min(level, anchor) < FLASH_DARK:
            direction, anchor = -direction, level
            if half:
                times.append(index / rate_hz)
            half = not half
    return np.array(times)


def most_in_one_second(times_s: Array) -> int:
    """Largest number of events in any sliding second."""
    if len(times_s) == 0:
        return 0
    ends = np.searchsorted(times_s, times_s + 1.0, side="left")
    return int((ends - np.arange(len(times_s))).max())


def dark_share(power: FloatArray, music: npt.NDArray[np.bool_]) -> float:
    """Share of the frames with music during which the rig is dark.

    Args:
        power: (frames,) mean power of the rig, 0..1. music: (frames,) whether there is music.
    """
    if not music.any():
        return 0.0
    return float(np.mean(to_encoded(power[music]) < DARK))


def hue_dwell_s(hues: npt.NDArray[np.int64], hop_s: float) -> float:
    """Median time between hue changes of more than 20 degrees; hues in half degrees."""
    if len(hues) < 2:
        return 0.0
    steps = np.abs(np.diff(hues))
    changes = np.flatnonzero(np.minimum(steps, 180 - steps) > 10)
    held = np.diff(np.concatenate([[0], changes + 1, [len(hues)]]))
    return float(np.median(held) * hop_s)


def blockwise_correlation(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """Pearson correlation of four-second sums; 0 where it is undefined.

    Args:
        a, b: (frames,) of the same length and rate.
    """
    size = round(BLOCK_S * rate_hz)
    count = min(len(a), len(b)) // size
    if count < 3:
        return 0.0
    sums = [np.asarray(one[: count * size], np.float64).reshape(count, size).sum(axis=1) for one in (a, b)]
    if min(float(one.std()) for one in sums) < 1e-9:
        return 0.0
    return float(np.corrcoef(sums[0], sums[1])[0, 1])


def lift(a: FloatArray, b: FloatArray, rate_hz: float) -> float:
    """`blockwise_correlation` less its mean over eight circular shifts of `b` by 20 s or more.

    The part of the correlation that is about this very music, and not about any.
    """
    shift = round(20.0 * rate_hz)
    span = len(b) - 2 * shift
    if span <= 0:
        return 0.0
    shifted = [blockwise_correlation(a, np.roll(b, shift + round(span * part / 7)), rate_hz) for part in range(8)]
    return blockwise_correlation(a, b, rate_hz) - float(np.mean(shifted))
