"""A fader that moves takes its attribute over at once, and gives it back when the hand has left it. Pure.

"Latest takes precedence", attribute by attribute, as on a desk with a programmer: a person who touches one fixture's
colour has that colour and nothing else; everything else goes on listening to the band.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from controller.arrays import BoolArray, ByteArray, Int32Array
from controller.lighting.takeover.attributes import NONE, Attribute
from controller.messages import HeldRow

MOVED = 2
"""Levels: one more than a fader that rests may tremble by."""
RELAYED_S = 2.7
"""What was taken over from another process stands so long without the desk being heard: longer than a living one is
ever silent."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a desk and we share a rig.

    Attributes:
        htp: of two intensities the brighter one counts; else the person's.
        hands_off_s: how long after its last movement an attribute is given back; 0: when its faders are at zero.
        hand_back_s: how long giving it back takes.
    """

    htp: bool
    hands_off_s: float
    hand_back_s: float


@dataclass(slots=True)
class HeldAttribute:
    """An attribute in a person's hands, or on its way back: `back_s` is when that began."""

    since_s: float
    moved_s: float
    levels: Int32Array
    back_s: float | None = None
    back_over_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MergeCycle:
    """One moment: (S,) levels of both desks, (S,) where the person's is heard, whether light must stay off."""

    now_s: float
    ours: ByteArray
    desk: ByteArray
    heard: BoolArray
    blackout: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A takeover that began or ended, with the levels at that moment."""

    t_s: float
    event: str
    attribute: Attribute
    desk: list[int]
    ours: list[int]
    held_s: float

    def plain(self) -> dict[str, Any]:
        """For a log."""
        return {
            "t_s": round(self.t_s, 3),
            "event": self.event,
            "fixture": self.attribute.fixture,
            "attribute": self.attribute.kind,
            "slots": [int(slot) for slot in self.attribute.slots],
            "desk": self.desk,
            "ours": self.ours,
            "held_s": round(self.held_s, 3),
        }


class Takeover:
    """Merges a desk's slots into ours. Flat slots of S: row of the universe times 512 plus index.

    Args:
        attributes: all that can be taken. size: S. terms: how to share.
    """

    def __init__(self, attributes: Sequence[Attribute], size: int, terms: Terms) -> None:
        self._attributes, self._terms = list(attributes), terms
        self._owner = np.full(size, NONE, np.intp)
        for index, one in enumerate(self._attributes):
            self._owner[one.slots] = index
        self._reference = np.zeros(size, np.int16)
        self._known = np.zeros(size, bool)
        self._held: dict[int, HeldAttribute] = {}
        self._relayed_s = float("-inf")
        self.begun = 0

    @property
    def active(self) -> list[tuple[Attribute, HeldAttribute]]:
        """What a person has now, or is getting back."""
        return [(self._attributes[index], one) for index, one in self._held.items()]

    def rows(self) -> tuple[HeldRow, ...]:
        """Everything that is held, for a process that may have to go on from here."""
        return tuple(
            (
                index,
                one.since_s,
                one.moved_s,
                tuple(one.levels.tolist()),
                -1.0 if one.back_s is None else one.back_s,
                one.back_over_s,
            )
            for index, one in sorted(self._held.items())
        )

    def adopt(self, rows: Sequence[HeldRow], now_s: float) -> None:
        """Hold what another process held; rows of another patch are left out."""
        self._held.clear()
        self._relayed_s = now_s
        for index, since_s, moved_s, levels, back_s, back_over_s in rows:
            if 0 <= index < len(self._attributes) and len(levels) == len(self._attributes[index].coarse):
                at = np.clip(np.array(levels, np.int64), 0, 0xFFFF).astype(np.int32)
                self._held[index] = HeldAttribute(since_s, moved_s, at, None if back_s < 0 else back_s, back_over_s)

    def merge(self, cycle: MergeCycle) -> tuple[ByteArray, list[Change]]:
        """(S,) levels to send, and the takeovers that began or ended."""
        changes = [self._take(index, cycle) for index in self._moved(cycle)]
        merged = cycle.ours.copy()
        changes += [self._apply(index, cycle, merged) for index in list(self._held)]
        return merged, [one for one in changes if one is not None]

    def refer_anew(self, slots: slice) -> None:
        """The next levels of these slots move nothing: another desk took the lead, and its faders lie elsewhere."""
        self._known[slots] = False

    def release(self, now_s: float, over_s: float) -> None:
        """Give everything back, whatever the faders say: the show ends."""
        for one in self._held.values():
            _begin_back(one, now_s, over_s)
        self._known[:] = False

    def _moved(self, cycle: MergeCycle) -> list[int]:
        """Attributes whose faders moved. The first levels that are heard move nothing: a desk may lie on any look."""
        desk, heard = cycle.desk, cycle.heard
        fresh = heard & ~self._known
        self._reference[fresh] = desk[fresh]
        self._known = heard.copy()
        moved = heard & (np.abs(desk - self._reference) >= MOVED)
        if not moved.any():
            return []
        found = [int(one) for one in np.unique(self._owner[moved]) if one != NONE]
        for index in found:
            slots = self._attributes[index].slots
            self._reference[slots] = desk[slots]
        return found

    def _take(self, index: int, cycle: MergeCycle) -> Change | None:
        attribute, held = self._attributes[index], self._held.get(index)
        if held is not None and held.back_s is None:
            held.moved_s = cycle.now_s
            return None
        since_s = cycle.now_s if held is None else held.since_s
        self._held[index] = HeldAttribute(since_s, cycle.now_s, wide(cycle.desk, attribute))
        if held is not None:  # it was on its way back: one takeover, not two
            return None
        self.begun += 1
        return _change("start", attribute, cycle)

    def _apply(self, index: int, cycle: MergeCycle, merged: ByteArray) -> Change | None:
        """Write one attribute's levels; at the end of its way back, let it go."""
        attribute, held = self._attributes[index], self._held[index]
        ours = wide(cycle.ours, attribute)
        self._follow(held, attribute, cycle)
        levels = held.levels
        if held.back_s is not None:
            way = 1.0 if held.back_over_s <= 0 else (cycle.now_s - held.back_s) / held.back_over_s
            if way >= 1.0:
                del self._held[index]
                return _change("end", attribute, cycle, cycle.now_s - held.since_s)
            faded = np.rint(levels + (ours - levels) * way).astype(np.int32)
            levels = np.where(attribute.smooth, faded, ours)
        if cycle.blackout:
            levels = np.where(attribute.lights, ours, levels)
        put(levels, attribute, merged)
        return None

    def _follow(self, held: HeldAttribute, attribute: Attribute, cycle: MergeCycle) -> None:
        """Take the desk's levels while it has the attribute; begin to give it back when it is lost or left alone."""
        if held.back_s is not None:
            return
        heard = bool(cycle.heard[attribute.coarse].all())
        if not heard and cycle.now_s - self._relayed_s < RELAYED_S and not self._rests(held, cycle):
            return
        if not heard or self._left_alone(held, attribute, cycle):
            _begin_back(held, cycle.now_s, self._terms.hand_back_s)
            return
        held.levels = wide(cycle.desk, attribute)
        if self._terms.htp and attribute.kind == "intensity":
            held.levels = np.maximum(held.levels, wide(cycle.ours, attribute))

    def _left_alone(self, held: HeldAttribute, attribute: Attribute, cycle: MergeCycle) -> bool:
        if self._terms.hands_off_s > 0:
            return self._rests(held, cycle)
        return not cycle.desk[attribute.slots].any()

    def _rests(self, held: HeldAttribute, cycle: MergeCycle) -> bool:
        """Whether the hand has been off the fader for long enough."""
        return 0 < self._terms.hands_off_s <= cycle.now_s - held.moved_s


def wide(levels: ByteArray, attribute: Attribute) -> Int32Array:
    """(K,) levels of an attribute at 16 bits."""
    high = levels[attribute.coarse].astype(np.int32) << 8
    has_fine = attribute.fine != NONE
    low = np.where(has_fine, levels[np.where(has_fine, attribute.fine, 0)], 0)
    return np.asarray(high | low, np.int32)


def put(levels: Int32Array, attribute: Attribute, slots: ByteArray) -> None:
    """Write 16-bit levels into coarse and fine slots."""
    has_fine = attribute.fine != NONE
    slots[attribute.coarse] = (levels >> 8).astype(np.uint8)
    slots[attribute.fine[has_fine]] = (levels[has_fine] & 0xFF).astype(np.uint8)


def _begin_back(held: HeldAttribute, now_s: float, over_s: float) -> None:
    if held.back_s is None:
        held.back_s, held.back_over_s = now_s, over_s


def _change(event: str, attribute: Attribute, cycle: MergeCycle, held_s: float = 0.0) -> Change:
    slots = attribute.slots
    return Change(cycle.now_s, event, attribute, cycle.desk[slots].tolist(), cycle.ours[slots].tolist(), held_s)
