"""When did the light answer? The first packet after an onset that is clearly brighter than before it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array
from tools.bench.run.wire import Arrival

CLEAR_LEVELS = 4.0
"""Of 255, in the mean of all slots that are ever lit."""
CALM_S = 0.15
"""What the light did for this long before an onset is its unrest: a clear rise is more than twice that."""
SEARCH_S = 0.6
MARGIN_S = 0.002
"""The sound clock is no better than this, so packets this near to an onset may lie on either side of it."""


@dataclass(frozen=True, slots=True)
class Brightness:
    """The light of one port address over time: times_s (n,), levels (n,) mean slot value 0..255."""

    times_s: Float64Array
    levels: Float64Array


def brightness(arrivals: Sequence[Arrival], port_address: int) -> Brightness:
    """Mean of the slots that are lit at any time in the run; slots that never are say nothing."""
    ours = [one for one in arrivals if one.port_address == port_address]
    if not ours:
        return Brightness(np.zeros(0), np.zeros(0))
    size = max(len(one.slots) for one in ours)
    slots = np.stack([np.frombuffer(one.slots.ljust(size, b"\0"), np.uint8) for one in ours])
    lit = slots.any(axis=0)
    levels = slots[:, lit].mean(axis=1) if lit.any() else np.zeros(len(ours))
    return Brightness(np.array([one.t_s for one in ours]), levels)


def first_clear_rise_s(light: Brightness, onset_s: float, until_s: float = np.inf) -> float | None:
    """When the first clearly brighter packet came.

    Args:
        light: of the whole run. onset_s: when the sound began. until_s: when the next one begins.

    Returns:
        Monotonic seconds, or None for a miss: no rise within 0.6 s, or no packet to compare with.
    """
    start, end = np.searchsorted(light.times_s, [onset_s - MARGIN_S, min(onset_s + SEARCH_S, until_s - MARGIN_S)])
    if start == 0:
        return None
    calm_start = min(int(np.searchsorted(light.times_s, onset_s - CALM_S)), start - 1)
    calm = light.levels[calm_start:start]
    threshold = calm[-1] + max(CLEAR_LEVELS, 2.0 * float(np.ptp(calm)))
    risen = np.flatnonzero(light.levels[start:end] > threshold)
    return float(light.times_s[start + risen[0]]) if len(risen) else None
