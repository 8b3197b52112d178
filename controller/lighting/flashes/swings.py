"""Counts opposing changes of many levels at once, as they happen, and says which of them may not change now. Pure.

A flash is a pair of opposing changes of a tenth or more whose darker state is dark (WCAG 2.3.1, ITU-R BT.1702-3).
Counted are single changes, two for each flash, so that no way of pairing them finds more. A rise leaves room for the
fall that must be free to follow it: light may go down when a person wants it dark, and only coming up waits.
"""

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, IndexArray
from controller.metrics.safety import FLASH_STEP

SECOND_S = 1.03
"""A second with a cycle to spare: packets leave some milliseconds early or late, and any second counts."""
RESERVED_S = 0.95
"""A rise needs room for two changes in this time: its own, and the fall that follows within two cycles."""
MARGIN = 0.02
"""Where the budget is used up, light stays this far below the change that would count."""
ROUNDING = 1e-6
"""A change counts when it is a tenth, give or take arithmetic: the very moment at which anybody else would count it."""
STILL = 0.006
"""Right after a change of leader nothing rises by more than the rounding of what was handed over."""


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
        self._dark = dark
        self._most, self._rows = most, np.arange(count)
        self.anchor: Float32Array = np.zeros(count, np.float32)
        self.direction: Float32Array = np.zeros(count, np.float32)
        self._turned_s: Float64Array = np.full((most, count), -np.inf)
        self._next: IndexArray = np.zeros(count, np.intp)
        self._rise_s: Float64Array = np.full(count, -np.inf)
        self._fall_s: Float64Array = np.full(count, -np.inf)
        self._blocked_s = self._spent_s = -np.inf

    def refused(self, levels: Float32Array, now_s: float) -> BoolArray | None:
        """(K,) which of these levels may not be shown now; None: all may."""
        if now_s >= self._blocked_s:
            return None
        change = levels - self.anchor
        if now_s < self._spent_s:
            found = change > STILL
        else:
            least = FLASH_STEP - MARGIN
            found = (change >= least) & (self.direction <= 0) & (self._rise_s > now_s)
            found &= self.anchor < self._dark + MARGIN
            falls = (change <= -least) & (self.direction >= 0) & (self._fall_s > now_s)
            found |= falls & (levels < self._dark + MARGIN)
        return found if found.any() else None

    def show(self, levels: Float32Array, now_s: float) -> None:
        """These levels are shown now."""
        change = levels - self.anchor
        turned = np.abs(change) >= FLASH_STEP - ROUNDING
        along = change * self.direction
        if turned.any():
            turned &= along <= 0.0
            turned &= np.minimum(levels, self.anchor) < self._dark + ROUNDING
            self._note(np.flatnonzero(turned), change, now_s)
            np.copyto(self.anchor, levels, where=turned)
        np.copyto(self.anchor, levels, where=along > 0.0)

    def _note(self, turned: IndexArray, change: Float32Array, now_s: float) -> None:
        if not len(turned):
            return
        self.direction[turned] = np.sign(change[turned])
        self._turned_s[self._next[turned], turned] = now_s
        self._next[turned] = (self._next[turned] + 1) % self._most
        oldest = self._turned_s[self._next[turned], turned]
        second = self._turned_s[(self._next[turned] + 1) % self._most, turned]
        self._fall_s[turned] = oldest + SECOND_S
        self._rise_s[turned] = np.maximum(oldest + SECOND_S, second + RESERVED_S)
        self._blocked_s = max(self._blocked_s, now_s + SECOND_S)

    def spend(self, levels: Float32Array, now_s: float) -> None:
        """Somebody else showed these levels until now, and used up what was to be used: nothing rises for a second."""
        self.anchor[:] = levels
        self.direction[:] = -1.0
        self._spent_s = self._blocked_s = now_s + SECOND_S
