"""Counts opposing changes of many levels at once, as they happen, and says which of them may not change now. Pure.

A flash is a pair of opposing changes of a tenth or more whose darker state is dark (WCAG 2.3.1, ITU-R BT.1702-3).
Counted are single changes, two for each flash, so that no way of pairing them finds more.
"""

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, IndexArray
from controller.metrics.safety import FLASH_STEP

SECOND_S = 1.03
"""A second with a cycle to spare: packets leave some milliseconds early or late, and any second counts."""
RESERVED_S, CAREFUL_S = 0.8, 1.0
"""A rise needs room for two changes in this time, its own and a fall that follows at once; the longer where somebody
wanted it dark lately."""
CLOSE = 0.004
"""Where the budget is used up, light stays this far below the change that would count."""
ROUNDING = 1e-6
"""A change counts when it is a tenth, give or take arithmetic: the very moment at which anybody else would count it."""
UNDERWAY_S = 0.03
"""As long as a change that goes on may count as later than it began: others call it one a little further on."""
STILL = 0.006
"""Right after a change of leader nothing moves by more."""


class Swings:
    """Turning points of K levels.

    Args:
        dark: (K,) below which a darker state is dark. most: changes that are let through in a second.

    Attributes:
        anchor: (K,) the last turning point, or how far the present change has come.
        direction: (K,) of that change, 0 before any.
    """

    def __init__(self, dark: Float32Array, most: int) -> None:
        count = len(dark)
        self._dark, self._most, self._rows = dark, most, np.arange(count)
        self.anchor: Float32Array = np.zeros(count, np.float32)
        self.direction: Float32Array = np.zeros(count, np.float32)
        self._turned_s: Float64Array = np.full((most, count), -np.inf)
        self._next: IndexArray = np.zeros(count, np.intp)
        self._still: Float32Array = np.zeros(count, np.float32)
        self._last: IndexArray = np.zeros(count, np.intp)
        self._begun_s: Float64Array = np.full(count, -np.inf)
        self._oldest_s: Float64Array = np.full(count, -np.inf)
        self._second_s: Float64Array = np.full(count, -np.inf)
        self._blocked_s = self._spent_s = self._newest_s = -np.inf

    def refused(self, levels: Float32Array, now_s: float, *, careful: bool) -> BoolArray | None:
        """(K,) which of these levels may not be shown now; None: all may.

        Args:
            levels: (K,). now_s: time. careful: somebody wants it dark now and then.
        """
        if now_s >= self._blocked_s:
            return None
        change = levels - self.anchor
        if now_s < self._spent_s:
            found = np.abs(levels - self._still) > STILL
        else:
            found = np.abs(change) >= FLASH_STEP - CLOSE
            if not np.count_nonzero(found):
                return None
            found &= (change * self.direction <= 0.0) & (np.minimum(levels, self.anchor) < self._dark + CLOSE)
            reserved_s = CAREFUL_S if careful else RESERVED_S
            full = self._oldest_s + SECOND_S > now_s
            found &= full | ((self._second_s + reserved_s > now_s) & (change > 0.0))
        return found if np.count_nonzero(found) else None

    def show(self, levels: Float32Array, now_s: float) -> None:
        """These levels are shown now."""
        change = levels - self.anchor
        again = np.abs(change) >= FLASH_STEP - ROUNDING
        along = change * self.direction
        if np.count_nonzero(again):
            turned = again & (along <= 0.0) & (np.minimum(levels, self.anchor) < self._dark + ROUNDING)
            self._note(np.flatnonzero(turned), change, now_s)
            np.copyto(self.anchor, levels, where=turned)
            self._blocked_s = now_s + SECOND_S
        further = along > 0.0
        np.copyto(self.anchor, levels, where=further)
        # another tenth at once is seen now, and not when the first was
        if now_s - self._newest_s < UNDERWAY_S:
            again |= now_s - self._begun_s < UNDERWAY_S
        again &= further
        if np.count_nonzero(again):
            self._turned_s[self._last[again], self._rows[again]] = now_s
            self._blocked_s = now_s + SECOND_S

    def _note(self, turned: IndexArray, change: Float32Array, now_s: float) -> None:
        if not len(turned):
            return
        self._newest_s = now_s
        self.direction[turned] = np.sign(change[turned])
        self._turned_s[self._next[turned], turned] = self._begun_s[turned] = now_s
        self._last[turned] = self._next[turned]
        self._next[turned] = (self._next[turned] + 1) % self._most
        self._oldest_s[turned] = self._turned_s[self._next[turned], turned]
        self._second_s[turned] = self._turned_s[(self._next[turned] + 1) % self._most, turned]

    @property
    def places(self) -> bytes:
        """Where every level stands in its change, for who goes on from here: anchors (float32), directions (int8)."""
        return self.anchor.tobytes() + self.direction.astype(np.int8).tobytes()

    def spend(self, levels: Float32Array, now_s: float, places: bytes = b"") -> None:
        """Somebody else showed these levels until now, and used up what was to be used: nothing moves for a second.

        Args:
            levels: (K,). now_s: time. places: of who showed them; of another length: unknown.
        """
        count = len(levels)
        self.anchor[:], self.direction[:] = levels, 0.0
        if len(places) == 5 * count:
            self.anchor[:] = np.frombuffer(places, np.float32, count)
            self.direction[:] = np.frombuffer(places, np.int8, count, 4 * count)
        self._turned_s[:] = self._oldest_s[:] = self._second_s[:] = self._begun_s[:] = -np.inf
        self._still = levels.copy()
        self._spent_s = self._blocked_s = now_s + SECOND_S
