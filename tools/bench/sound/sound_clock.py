"""When did a sample exist? From nothing but "by this moment so many samples had been delivered". Pure.

Each delivery bounds the moment of sample 0 from above: it cannot have been later than the delivery's time less the
length of all sound delivered so far. Deliveries are late by different amounts but never early, so the least of these
bounds near some moment, the lower envelope, is the best that can be known. It is itself late by the quickest delivery
in the window; latencies measured against it read short by that constant, a millisecond or two, which cannot be seen
from here. A window and not the whole run, because a sound card's clock drifts from the machine's.
"""

import numpy as np

from controller.arrays import Float64Array
from controller.sound_format import SAMPLE_RATE_HZ

WINDOW_S = 5.0


class SoundClock:
    """Sample numbers to monotonic seconds.

    Args:
        delivered: (n,) how many samples there were after each delivery, growing.
        times_s: (n,) when each delivery was read.
    """

    def __init__(self, delivered: Float64Array, times_s: Float64Array) -> None:
        self._delivered, self._times_s = delivered, times_s
        self._bounds_s = times_s - delivered / SAMPLE_RATE_HZ

    def start_s(self, sample: float) -> float:
        """Best estimate of sample 0's moment, from the deliveries within 5 s of the one that held `sample`."""
        held = min(int(np.searchsorted(self._delivered, sample, side="right")), len(self._times_s) - 1)
        first = np.searchsorted(self._times_s, self._times_s[held] - WINDOW_S)
        last = np.searchsorted(self._times_s, self._times_s[held] + WINDOW_S, side="right")
        return float(self._bounds_s[first:last].min())

    def time_of(self, sample: float) -> float:
        """When a sample existed."""
        return self.start_s(sample) + sample / SAMPLE_RATE_HZ

    def lateness_s(self) -> Float64Array:
        """How far each delivery lies above the envelope of the whole run: our own reading delays."""
        return np.asarray(self._bounds_s - self._bounds_s.min())
