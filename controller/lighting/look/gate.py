"""One gate for everything that rises fast: steps of a figure, accents, a look that comes. Pure.

Fixtures that rise in turns are one flickering area to an eye at the back of the room. So all of a rig's rises begin
together, at moments that lie as far apart as the flash rules want it, and the limiter has nothing to do.
"""

import numpy as np

from controller.arrays import BoolArray, Float32Array

SEEN, SEEN_PER_S = 0.02, 0.8
"""A rise by less in one cycle, or by less in its time, is a slow one."""
WITH_S = 0.06
"""What is ready this soon after the gate has opened goes through with the others."""


class Gate:
    """Opens for a moment, and then not for a while.

    Args:
        heads: N. gap_s: least time between two openings.

    Attributes:
        gap_s: it may be longer for a time.
    """

    def __init__(self, heads: int, gap_s: float) -> None:
        self.gap_s = gap_s
        self._opened_s = -np.inf
        self._rising: BoolArray = np.zeros(heads, np.bool_)

    def passes(self, now_s: float) -> bool:
        """Whether a rise may begin now; it is one then."""
        since_s = now_s - self._opened_s
        if since_s < 0.0 or since_s >= self.gap_s:
            self._opened_s = now_s
            return True
        return since_s <= WITH_S

    def shut(self, now_s: float) -> None:
        """Something has gone dark at once: what comes up right after it would be one flash more."""
        self._opened_s = now_s - 2.0 * WITH_S

    def held(self, wanted: Float32Array, shown: Float32Array, now_s: float, elapsed_s: float) -> Float32Array:
        """Levels (N,) with those that may not rise yet left where they are shown; a rise that goes on is one."""
        rises = wanted > shown + np.float32(max(SEEN, SEEN_PER_S * elapsed_s))
        if not np.count_nonzero(rises):
            self._rising = rises
            return wanted
        if not np.count_nonzero(rises & ~self._rising) or self.passes(now_s):
            self._rising = rises
            return wanted
        self._rising = rises & self._rising
        return np.where(rises & ~self._rising, shown, wanted)
