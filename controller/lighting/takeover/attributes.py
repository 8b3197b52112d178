"""Which slots belong together when a person takes something over: fixture by fixture, attribute by attribute."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from controller.arrays import BoolArray, IndexArray
from controller.rig.patch.lanes import Lane
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.profiles.profile import (
    Channel,
    ColourChannel,
    Flag,
    Haze,
    Hue,
    Intensity,
    Pan,
    Saturation,
    Temperature,
    Tilt,
    Wheel,
)

AttributeKind = Literal["intensity", "colour", "position", "haze", "other"]
AttributeRow = tuple[int, bool, bool]
NONE = -1


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one fixture, all heads together. K coarse slots, flat as in `Patch`.

    Attributes:
        coarse: (K,) flat slot index. fine: (K,) of its low byte, or -1.
        smooth: (K,) whether it may be faded; the others jump.
        lights: (K,) whether it must be ours in a blackout: dimmers, emitters without a dimmer, and what we do not know.
    """

    fixture: str
    kind: AttributeKind
    coarse: IndexArray
    fine: IndexArray
    smooth: BoolArray
    lights: BoolArray

    @property
    def slots(self) -> IndexArray:
        """All flat slots, coarse and fine."""
        return np.concatenate([self.coarse, self.fine[self.fine != NONE]])


def attributes_of(patch: Patch) -> list[Attribute]:
    """All attributes in patch order; a fixture lacks those that it has no slots for."""
    lanes: list[list[Lane]] = [[] for _ in patch.fixtures]
    for lane in patch.lanes:
        lanes[lane.fixture].append(lane)
    return [one for index, mine in enumerate(lanes) for one in _of_fixture(patch, index, mine)]


def kind_of(channel: Channel) -> AttributeKind:
    """The attribute that a channel belongs to."""
    match channel:
        case Intensity():
            return "intensity"
        case ColourChannel() | Flag() | Hue() | Saturation() | Temperature() | Wheel():
            return "colour"
        case Pan() | Tilt():
            return "position"
        case Haze():
            return "haze"
    return "other"


def _of_fixture(patch: Patch, index: int, lanes: list[Lane]) -> list[Attribute]:
    fixture = patch.fixtures[index]
    dimmed = {head for lane in lanes if lane.control in ("intensity", "gate") for head in lane.heads}
    rows: dict[AttributeKind, dict[int, AttributeRow]] = {}
    for lane in lanes:
        if lane.laser and not fixture.config.allow_laser:
            continue  # not even a desk raises a laser that the patch does not allow
        kind = kind_of(lane.channel)
        lights = kind in ("intensity", "other") or (kind == "colour" and not dimmed.issuperset(lane.heads))
        # a fade of a wheel or a hue runs through other colours, one of an unknown channel through anything
        smooth = kind != "other" and not isinstance(lane.channel, Wheel | Hue)
        mine = rows.setdefault(kind, {})
        mine[lane.slots[0]] = (lane.slots[1] if len(lane.slots) > 1 else NONE, smooth, lights)
        mine.update(dict.fromkeys(lane.slots[2:], (NONE, False, lights)))
    start = patch.universes.index(fixture.config.universe) * SLOTS + fixture.config.address - 1
    known = {slot for lane in lanes for slot in lane.slots}
    for slot in sorted(set(range(start, start + fixture.footprint)) - known):
        rows.setdefault("other", {})[slot] = (NONE, False, True)
    return [_attribute(fixture.config.id, kind, rows[kind]) for kind in rows]


def _attribute(fixture: str, kind: AttributeKind, rows: dict[int, AttributeRow]) -> Attribute:
    coarse = sorted(rows)
    fine, smooth, lights = zip(*(rows[slot] for slot in coarse), strict=True)
    indices = (np.array(coarse, np.intp), np.array(fine, np.intp))
    return Attribute(fixture, kind, *indices, np.array(smooth, bool), np.array(lights, bool))
