"""Light between what is shown and what is wished, for each lamp a share of the way. Pure.

Dimmers, emitters, flags and temperatures glide. Wheels and shutters of a lamp that is held stay where they are, since
half a wheel is another colour; heads turn and hazers breathe as wished, which is nobody's flash.
"""

from collections.abc import Sequence

import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array, Float64Array, IndexArray
from controller.rig.patch.lanes import EMITTERS, FLAGS, Lane, bytes_of
from controller.rig.patch.patch import Patch
from controller.rig.patch.render import ends

GLIDES = ("intensity", *EMITTERS, *FLAGS, "cct")
DIMS = ("intensity", *EMITTERS)
TURNS = ("pan", "tilt", "haze")


class Holding:
    """Blends the slots of one rig.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        lanes = [lane for lane in patch.lanes if lane.heads]
        self._glides = _Glides([lane for lane in lanes if lane.control in GLIDES], patch.nowhere)
        stays = [lane for lane in lanes if lane.control not in (*GLIDES, *TURNS)]
        self._stays = _Owners(stays)
        self._slots: IndexArray = np.array([slot for lane in stays for slot in lane.slots], np.intp)
        self._lane = np.repeat(np.arange(len(stays)), [len(lane.slots) for lane in stays])

    def part_of_the_way(self, before: ByteArray, wished: ByteArray, shares: Float32Array) -> ByteArray:
        """Slots between two states; (N,) `shares` 0..1 of each head, the smallest of those that share a channel."""
        slots = wished.copy()
        if len(self._slots):
            held = (self._stays.least(shares) < 1.0)[self._lane]
            slots[self._slots[held]] = before[self._slots[held]]
        self._glides.write(slots, before, wished, shares)
        return slots

    def darkened(self, slots: ByteArray, heads: BoolArray) -> ByteArray:
        """The same with these heads dark, (N,) bool, as far as they have a dimmer or emitters."""
        dark = slots.copy()
        self._glides.darken(dark, heads)
        return dark


class _Owners:
    """Which heads each lane belongs to."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._heads = np.array([head for lane in lanes for head in lane.heads], np.intp)
        self._first = np.cumsum([0, *(len(lane.heads) for lane in lanes)])[:-1].astype(np.intp)

    def least(self, shares: Float32Array) -> Float32Array:
        """(L,) the smallest share of each lane's heads."""
        if not len(self._first):
            return np.ones(0, np.float32)
        return np.asarray(np.minimum.reduceat(shares[self._heads], self._first))


class _Glides:
    """Levels of lanes between two states, at their full width."""

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        self._bytes = list(bytes_of(lanes, nowhere))
        self._width = np.array([len(lane.slots) for lane in lanes], np.int64)
        self._owners = _Owners(lanes)
        found = [ends(lane) for lane in lanes]
        self._dark = np.array([low if off < 0.0 else off for low, _, off in found], np.float64)
        self._dims = np.array([lane.control in DIMS for lane in lanes], np.bool_)

    def write(self, slots: ByteArray, before: ByteArray, after: ByteArray, shares: Float32Array) -> None:
        """Write `before + share (after - before)` into slots, lane by lane."""
        share = self._owners.least(shares)
        held = np.flatnonzero(share < 1.0)
        old, new = self._read(before, held), self._read(after, held)
        self._put(slots, held, np.rint(old + share[held] * (new - old)))

    def darken(self, slots: ByteArray, heads: BoolArray) -> None:
        """Write their dark end into the dimmers and emitters of some heads."""
        lanes = np.flatnonzero(self._dims & (self._owners.least(np.where(heads, 0.0, 1.0).astype(np.float32)) < 1.0))
        self._put(slots, lanes, self._dark[lanes])

    def _read(self, slots: ByteArray, lanes: IndexArray) -> Float64Array:
        width = self._width[lanes]
        level = slots[self._bytes[0][lanes]].astype(np.int64)
        for byte in (1, 2):
            has = width > byte
            level[has] = level[has] * 256 + slots[self._bytes[byte][lanes[has]]]
        return level.astype(np.float64)

    def _put(self, slots: ByteArray, lanes: IndexArray, levels: Float64Array) -> None:
        level, width = levels.astype(np.int64), self._width[lanes]
        for byte in (2, 1, 0):
            has = width > byte
            slots[self._bytes[byte][lanes[has]]] = level[has] & 0xFF
            level[has] >>= 8
