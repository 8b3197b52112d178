"""How much later the sound is in a file than the light it goes with: changes of light against beginnings of sound.

Both become curves at 100 Hz; each half minute of film is correlated over a second either way. What all windows together
prefer is the offset; how much they agree, and how far its peak stands above the next one, is the confidence. A light
operator who is always late looks the same as a delayed picture: this measures the sum. Pure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float64Array

RATE_HZ = 100
REACH = 100
"""Hundredths of a second that light and sound may lie apart."""
WINDOW, STEP = 3_000, 1_500
STEPS_APART = WINDOW // STEP
APART = 12
"""A second peak nearer than this is the flank of the first."""
AGREE = 8
ENOUGH = 0.35
"""Below this confidence nothing is corrected."""
WITNESSES, NOT_ENOUGH = 3, 0.3
"""Half minutes that share no sound and say the same. Fewer are no evidence: music with a beat fits itself a beat
later, and one half minute cannot agree with itself."""
NARROW = 2.0
CHANCE = 0.05
"""Spread of the correlation of half a minute of unrelated curves, as smooth as these."""
SURE = (3.0, 6.0)
"""Heights over chance, in its spreads, that say nothing and everything; the best of 200 lags reaches 2.5 by itself."""
LAMP_LATE_S = 0.015
"""A fixture follows the sound it belongs to by a frame of its data line and its own rise, half of that on average."""


@dataclass(frozen=True, slots=True)
class Offset:
    """`offset_s`: sound minus picture, what was measured; `confidence` 0..1; `windows` that were compared.

    `curve` (2 REACH + 1,) is what all windows together say about each lag, scaled to a peak of 1.
    """

    offset_s: float
    confidence: float
    windows: int
    curve: Float64Array

    @property
    def correction_s(self) -> float:
        """What the features are corrected by: nothing where the confidence is too low."""
        return self.offset_s if self.confidence >= ENOUGH else 0.0


def light_changes(t_s: Float64Array, rgb: Float64Array, length: int, start_s: float) -> Float64Array:
    """How much the light changed at each hundredth of a second, (length,).

    Args:
        t_s: (n,) times of the frames. rgb: (n, 3) mean colour of each picture, linear.
        start_s: time of the first entry.
    """
    curve = np.zeros(length)
    if len(t_s) < 3:
        return curve
    seen = np.sqrt(np.maximum(rgb, 0.0))
    step = np.diff(seen, axis=0)
    jump = np.maximum(step, 0.0).sum(axis=1) + 0.25 * np.maximum(-step, 0.0).sum(axis=1)
    slow = _smooth(jump, 15)
    jump = np.minimum(np.maximum(jump - 1.2 * slow, 0.0), 6.0 * (slow + 1e-4))
    middle = 0.5 * (t_s[1:] + t_s[:-1])
    near = np.diff(t_s) < 0.3
    at = np.round((middle - start_s) * RATE_HZ).astype(np.int64)
    inside = near & (at >= 0) & (at < length)
    np.add.at(curve, at[inside], jump[inside])
    return curve


def _smooth(curve: Float64Array, width: int) -> Float64Array:
    if len(curve) < width:
        return np.full(len(curve), curve.mean())
    return np.convolve(curve, np.ones(width) / width, mode="same")


def _bell(curve: Float64Array, sigma: float) -> Float64Array:
    reach = min(int(4 * sigma), (len(curve) - 1) // 2)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(curve, bell / bell.sum(), mode="same")


def _correlate(light: Float64Array, heard: Float64Array) -> Float64Array | None:
    """Correlation at each lag (2 REACH + 1,): positive lags are sound that comes later. None: nothing happens."""
    a, b = light - light.mean(), heard - heard.mean()
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    if scale < 1e-9 or (light > 0).sum() < 5:
        return None
    size = 1 << int(np.ceil(np.log2(2 * len(a))))
    product = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size), size)
    return np.concatenate([product[-REACH:], product[: REACH + 1]]) / scale


def _peak(curve: Float64Array) -> float:
    """Lag of the maximum, with a parabola through its neighbours; in hundredths."""
    top = int(np.argmax(curve))
    if top in (0, len(curve) - 1):
        return float(top - REACH)
    left, mid, right = curve[top - 1 : top + 2]
    bend = left - 2 * mid + right
    return top - REACH + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def find_offset(light: Float64Array, heard: Float64Array, good: npt.NDArray[np.bool_]) -> Offset:
    """Offset of two curves at 100 Hz on one clock.

    Args:
        light: (n,) changes of light. heard: (n,) novelty of the sound.
        good: (n,) where the light may be looked at (no cuts, no house lights).
    """
    n = min(len(light), len(heard))
    lit = _bell(np.where(good[:n], light[:n], 0.0), NARROW)
    sound = _bell(np.maximum(heard[:n] - _smooth(heard[:n], 100), 0.0), NARROW)
    curves = []
    for first in range(0, max(n - WINDOW // 2, 1), STEP):
        part = slice(first, min(first + WINDOW, n))
        if good[part].mean() < 0.4:
            continue
        curve = _correlate(lit[part], sound[part])
        if curve is not None:
            curves.append(curve)
    if not curves:
        return Offset(0.0, 0.0, 0, np.zeros(2 * REACH + 1))
    stack = np.stack(curves)
    weight = np.maximum(stack.max(axis=1), 1e-6) ** 2  # half a minute of still light knows nothing
    total = weight @ np.maximum(stack, -0.1) / weight.sum()
    return _judge(stack, total, weight)


def _witnesses(near: npt.NDArray[np.bool_]) -> int:
    """How many windows that do not overlap agree, (windows,) in order; each window overlaps the next one by half."""
    count, last = 0, -STEPS_APART
    for at in np.flatnonzero(near):
        if at - last >= STEPS_APART:
            count, last = count + 1, int(at)
    return count


def _judge(stack: Float64Array, total: Float64Array, weight: Float64Array) -> Offset:
    top = int(np.argmax(total))
    lags = np.array([_peak(curve) for curve in stack])
    near = np.abs(lags - (top - REACH)) <= AGREE
    best = _peak(total)
    if near.sum() >= 3:
        best = 0.5 * best + 0.5 * float(np.median(lags[near]))
    others = np.delete(total, np.arange(max(top - APART, 0), min(top + APART + 1, len(total))))
    second = float(others.max()) if len(others) else 0.0
    lead = np.clip((total[top] - second) / (0.35 * max(total[top], 1e-9)), 0.0, 1.0)
    apart = weight.sum() ** 2 / (weight**2).sum() * STEP / WINDOW  # windows overlap
    height = (total[top] - np.median(total)) / (CHANCE / np.sqrt(max(apart, 1.0)))
    significance = np.clip((height - SURE[0]) / (SURE[1] - SURE[0]), 0.0, 1.0)
    agreement = np.clip((weight @ near / weight.sum() - 0.15) / 0.4, 0.0, 1.0)
    edge = 0.0 if top in (0, len(total) - 1) else 1.0
    confidence = float(edge * (lead * agreement) ** 0.5 * significance)
    if _witnesses(near) < WITNESSES:
        confidence = min(confidence, NOT_ENOUGH)
    return Offset(best / RATE_HZ + LAMP_LATE_S, confidence, len(stack), total / max(total[top], 1e-9))
