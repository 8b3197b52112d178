"""Heads that stay as they are while the others go where they are wished. Pure.

All that makes a head's light stays with it, wheels and shutters too; heads turn, zooms glide and hazers breathe as
wished, which is nobody's flash.
"""

from collections.abc import Sequence

import numpy as np

from controller.arrays import BoolArray, ByteArray, IndexArray
from controller.rig.patch.lanes import EMITTERS, Lane
from controller.rig.patch.patch import Patch
from controller.rig.patch.render import ends

DIMS = ("intensity", "gate", *EMITTERS)
TURNS = ("pan", "tilt", "haze", "zoom", "iris", "focus", "frost", "gobo_turn", "prism_turn", "animation_turn")


class Holding:
    """Which slots are whose, in one rig.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        lanes = [lane for lane in patch.lanes if lane.heads]
        self._lit = _Slots([lane for lane in lanes if lane.control not in TURNS])
        dims = [lane for lane in lanes if lane.control in DIMS]
        self._dims = _Slots(dims)
        self._dark = np.array([level for lane in dims for level in _dark(lane)], np.uint8)

    def held(self, shown: ByteArray, wished: ByteArray, heads: BoolArray) -> ByteArray:
        """What is wished, but what is shown for these heads (N,); a channel that several share stays for all."""
        slots, mine = wished.copy(), self._lit.of(heads)
        slots[mine] = shown[mine]
        return slots

    def darkened(self, slots: ByteArray, heads: BoolArray) -> ByteArray:
        """The same with these heads dark, (N,) bool, by a dimmer, by emitters, or by the shutter of who has neither."""
        dark, mine = slots.copy(), self._dims.which(heads)
        dark[self._dims.slots[mine]] = self._dark[mine]
        return dark


class _Slots:
    """The slots of some lanes, and whose they are."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.slots: IndexArray = np.array([slot for lane in lanes for slot in lane.slots], np.intp)
        self._lane = np.repeat(np.arange(len(lanes)), [len(lane.slots) for lane in lanes])
        self._heads = np.array([head for lane in lanes for head in lane.heads], np.intp)
        self._first = np.cumsum([0, *(len(lane.heads) for lane in lanes)])[:-1].astype(np.intp)

    def which(self, heads: BoolArray) -> BoolArray:
        """Which of `slots` belong to any of these heads."""
        if not len(self._first):
            return np.zeros(0, np.bool_)
        return np.asarray(np.logical_or.reduceat(heads[self._heads], self._first)[self._lane])

    def of(self, heads: BoolArray) -> IndexArray:
        """The slots that belong to any of these heads."""
        return self.slots[self.which(heads)]


def _dark(lane: Lane) -> list[int]:
    """Levels of a lane's bytes, coarse first, at which it gives nothing."""
    low, _, off = ends(lane)
    level = int(low if off < 0.0 else off)
    return [level >> 8 * byte & 0xFF for byte in reversed(range(len(lane.slots)))]
