"""Safety of what was emitted: flashes and darkness. Pure NumPy.

Flashes after WCAG 2.3.1 and ITU-R BT.1702: opposing changes of at least 10 % of the maximum with the darker state
below 0.8.
"""

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, Float64Array
from controller.colour import encoded_from_hue, to_encoded, to_linear

FLASH_STEP = 0.1
FLASH_DARK = 0.8
FLASH_LIMIT = 3
"""Flashes in any second that WCAG 2.3.1 allows."""
DARK = 0.02
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear red, green and blue (IEC 61966-2-1)."""


def flash_times_s(luminance: Float32Array, rate_hz: float) -> Float64Array:
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


def most_in_one_second(times_s: Float64Array) -> int:
    """Largest number of events in any sliding second."""
    if len(times_s) == 0:
        return 0
    ends = np.searchsorted(times_s, times_s + 1.0, side="left")
    return int((ends - np.arange(len(times_s))).max())


def dark_share(power: Float32Array, music: npt.NDArray[np.bool_]) -> float:
    """Share of the frames with music during which the rig is dark.

    Args:
        power: (frames,) mean power of the rig, 0..1. music: (frames,) whether there is music.
    """
    if not music.any():
        return 0.0
    return float(np.mean(to_encoded(power[music]) < DARK))


def token_flashes_in_worst_second(light: npt.NDArray[np.int64], rate_hz: float = 10.0) -> int:
    """Flashes in the worst second if a whole rig showed the tokens as they are, at full gain and without fades.

    What is on the wire differs: fades and masters take flashes away, accents add some. Judge that by the DMX.

    Args:
        light: (hops, 2) hue 0..179 and value 0..255.
    """
    encoded = encoded_from_hue(light[:, 0].astype(np.float32) * 2.0) * (light[:, 1, None] / 255.0)
    luminance = to_linear(encoded.astype(np.float32)) @ LUMINANCE
    return most_in_one_second(flash_times_s(luminance.astype(np.float32), rate_hz))
