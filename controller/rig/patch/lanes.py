"""Every channel of every fixture as one row of a table: where its bytes are, what drives it, which heads it is for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from controller.arrays import IndexArray
from controller.errors import ProfileError
from controller.rig.profiles.profile import (
    BLACK,
    PLACES,
    BeamPart,
    Channel,
    ColourChannel,
    Flag,
    Haze,
    Hold,
    Hue,
    Intensity,
    Pan,
    Profile,
    Saturation,
    Shutter,
    Temperature,
    Tilt,
    Unknown,
    Wheel,
)
from controller.rig.profiles.rest_words import says_laser, says_laser_is_off
from controller.rig.profiles.turn_words import TURNED_BY

WHITES = ("white", "warm_white", "cold_white", "uv")
EMITTERS = ("red", "green", "blue", "white", "amber", "uv", "lime", "cyan", "magenta", "yellow", "indigo", "warm_white",
            "cold_white")  # fmt: skip
FLAGS = ("cyan_flag", "magenta_flag", "yellow_flag")
CONTROLS = ("intensity", *EMITTERS, *FLAGS, "hue", "saturation", "cct", "pan", "tilt", "wheel", "gate", "haze")
HELD = "held"
BEAM: tuple[BeamPart, ...] = get_args(BeamPart)
"""What shapes a beam: driven where a look asks for it, and held otherwise."""
RESTING = (HELD, "haze", *BEAM)
"""Controls of lanes that are at `at` unless somebody wants more of them."""


@dataclass(slots=True)
class Lane:
    """One channel of one fixture.

    Attributes:
        control: what drives it, one of `CONTROLS` or `BEAM`, or `HELD`: it stays at `at`.
        slots: flat slot indices of its bytes, coarse first. heads: heads of the patch it is for.
        stage: for dimmers, 0 dims most heads; further stages dim what is left.
        at: level of its coarse byte while it is held or rests.
        why: what holds it, for people.
    """

    name: str
    channel: Channel
    fixture: int
    slots: tuple[int, ...]
    heads: tuple[int, ...]
    control: str = HELD
    stage: int = 0
    at: int = 0
    why: str = ""

    @property
    def laser(self) -> bool:
        """Whether its name, or what its profile notes beside it, says laser."""
        return says_laser(self.name) or (isinstance(self.channel, Hold) and says_laser(self.channel.note))


def lanes_of(profile: Profile, mode: str, fixture: int, start: int, first_head: int) -> list[Lane]:
    """The channels of a fixture whose first slot is at `start`, before anybody decides what drives them."""
    every = tuple(range(first_head, first_head + profile.heads(mode)))
    found: dict[tuple[str, tuple[int, ...]], dict[int, int]] = {}
    for index, slot in enumerate(profile.layout(mode)):
        if slot.name is not None:
            found.setdefault((slot.name, slot.heads), {})[slot.byte] = start + index
    lanes = []
    for (name, heads), places in found.items():
        slots = tuple(places[byte] for byte in sorted(places))
        mine = tuple(first_head + head for head in heads) if heads else every
        lanes.append(Lane(name, profile.channels[name], fixture, slots, mine))
    return lanes


def decide(lanes: Sequence[Lane], *, reachable: bool) -> None:
    """What drives each channel of one fixture.

    Args:
        lanes: of one fixture; changed in place.
        reachable: whether looks may light it; otherwise everything stays at its darkest.
    """
    for lane in lanes:
        lane.at, lane.why = _rest(lane.channel, dark=not reachable or lane.laser)
        lane.control = "haze" if isinstance(lane.channel, Haze) else HELD
        if lane.laser:
            lane.at = laser_off(lane.channel, lane.at)
            lane.why = f"{getattr(lane.channel, 'note', '') or lane.name}: a laser, off until a person raises it"
    if not reachable:
        return
    lanes = [lane for lane in lanes if not lane.laser]
    ways = {head: _way(head, lanes) for lane in lanes for head in lane.heads}
    for lane in lanes:
        lane.control = _control(lane, {ways[head] for head in lane.heads})
        if lane.control == HELD and lane.why == "rests":
            lane.why = (
                f"rests at its neutral level: the colour is made by {', '.join(sorted({ways[h] for h in lane.heads}))}"
            )
    _one_wheel_a_head(lanes)
    _one_pattern_a_head(lanes)
    _number_stages([lane for lane in lanes if lane.control == "intensity"])
    _gate(lanes)


def laser_off(channel: Channel, dark: int) -> int:
    """The level of a laser's channel that lights nothing: `dark`, or the place of a wheel that says so.

    Raises:
        ProfileError: it is a wheel, and none of its places says that the laser is off.
    """
    if not isinstance(channel, Wheel):
        return dark
    off = [one for one in channel.slots if (one.colour or "") == BLACK or says_laser_is_off(one.name)]
    lit = [one for one in channel.slots if one not in off]
    if off:
        return off[0].middle
    if channel.at is None or any(one.holds(channel.at) for one in lit):
        raise ProfileError("a laser, and no place of it is said to be off; write its level of darkness as `at`")
    return channel.at


def _rest(channel: Channel, *, dark: bool) -> tuple[int, str]:
    """The level of a channel that nothing drives, and why."""
    match channel:
        case Intensity() | ColourChannel() | Flag() | Hue() | Saturation() | Pan() | Tilt():
            dark_level = channel.range[0] if channel.zero is None else channel.zero
            middle = sum(channel.range) // 2
            why = (
                "rests"
                if isinstance(channel, Hue | Saturation | Flag) and not dark
                else "no look may reach this fixture"
            )
            return middle if isinstance(channel, Pan | Tilt) else dark_level, why
        case Shutter():
            closed = next((one.middle for one in channel.ranges if one.shutter == "closed"), channel.open_level)
            return (
                (closed, "no look may reach this fixture")
                if dark
                else (channel.open_level, "driven open, never strobing")
            )
        case Temperature() | Wheel():
            return channel.rest, "rests"
        case Haze():
            return channel.at, "haze belongs to people"
        case Unknown(why=why):  # the patch held it, or refused the mode
            raise ProfileError(why)
        case Hold():
            return channel.at, channel.note or "held"


def _way(head: int, lanes: Sequence[Lane]) -> str:
    """How a head makes its colour: emitters, filters, a wheel, white of two temperatures, or not at all."""
    mine = [lane.channel for lane in lanes if head in lane.heads]
    emitters = {one.emitter for one in mine if isinstance(one, ColourChannel)}
    if len(emitters - set(WHITES)) >= 2:
        return "emitters"
    if sum(isinstance(one, Flag) for one in mine) >= 2:
        return "filters"
    if any(isinstance(one, Hue) for one in mine) and any(isinstance(one, Saturation) for one in mine):
        return "hue and saturation"
    if any(isinstance(one, Wheel) and len(one.choices) >= 2 for one in mine):
        return "a wheel"
    if emitters:
        return "emitters"
    return "two whites" if any(isinstance(one, Temperature) for one in mine) else "its light source"


WAYS = {
    "flag": "filters",
    "hue": "hue and saturation",
    "saturation": "hue and saturation",
    "cct": "two whites",
    "wheel": "a wheel",
}
"""Channels that are driven only where their heads make their colour with them."""


def _control(lane: Lane, ways: set[str]) -> str:
    """What drives a channel, given how all of its heads make their colour."""
    channel = lane.channel
    if isinstance(channel, ColourChannel):
        return channel.emitter
    if isinstance(channel, Hold) and channel.shapes is not None:
        return channel.shapes.part
    if channel.does not in WAYS:
        return channel.does if channel.does in CONTROLS else HELD
    if ways != {WAYS[channel.does]} or (isinstance(channel, Wheel) and len(channel.choices) < 2):
        return HELD
    return f"{channel.filter}_flag" if isinstance(channel, Flag) else channel.does


def _one_wheel_a_head(lanes: Sequence[Lane]) -> None:
    """Wheels stand behind each other: the one with most colours chooses, the others stay open.

    Presets that can be dark are lights of their own, each a part of the fixture, and all choose.
    """
    taken: set[int] = set()
    wheels = [lane for lane in lanes if lane.control == "wheel" and not getattr(lane.channel, "has_dark", False)]
    for lane in sorted(wheels, key=lambda one: -len(one.channel.choices) if isinstance(one.channel, Wheel) else 0):
        if taken & set(lane.heads):
            lane.control, lane.why = HELD, "rests at its neutral level: another wheel makes the colour"
        taken |= set(lane.heads)


def _one_pattern_a_head(lanes: Sequence[Lane]) -> None:
    """Of several gobo wheels, prisms or animation wheels behind each other one is used, best one that turns, and what
    turns the others rests: two patterns in one beam cannot both be in focus.
    """
    for part in PLACES:
        turning = [lane for lane in lanes if lane.control == TURNED_BY[part]]
        wheels = [lane for lane in lanes if lane.control == part]
        turned = {id(lane): _turned_by(lane, wheels, turning) for lane in wheels}
        wheels.sort(key=lambda lane: (not turned[id(lane)], "static" in lane.name.lower()))
        taken: dict[int, Lane] = {}
        for lane in wheels:
            if set(lane.heads) & set(taken):
                lane.control, lane.why = HELD, f"rests: another {part} is used"
            taken |= dict.fromkeys(set(lane.heads) - set(taken), lane)
        for lane in turning:
            used = [taken[head] for head in lane.heads if head in taken]
            if used and lane not in turned[id(used[0])]:
                lane.control, lane.why = HELD, f"rests: it turns another {part}"


def _turned_by(wheel: Lane, wheels: Sequence[Lane], turning: Sequence[Lane]) -> list[Lane]:
    """What turns a wheel: the only channel that turns anything, or by the number in its name: "Rotate Gobo 2"."""
    mine = [lane for lane in turning if set(lane.heads) & set(wheel.heads)]
    if sum(bool(set(lane.heads) & set(wheel.heads)) for lane in wheels) == 1:
        return mine
    number = re.search(r"\d+", wheel.name)
    unnumbered = [lane for lane in mine if not re.search(r"\d", lane.name)]
    if number is None:
        return unnumbered
    same = [lane for lane in mine if number[0] in re.findall(r"\d+", lane.name)]
    return same or (unnumbered if number[0] == "1" else [])


def _number_stages(dimmers: Sequence[Lane]) -> None:
    """Dimmers that dim the same heads are one stage; masters come first, then those of more heads."""
    orders = sorted({_order(lane) for lane in dimmers})
    for lane in dimmers:
        lane.stage = orders.index(_order(lane))


def _order(lane: Lane) -> tuple[bool, int]:
    return (not (isinstance(lane.channel, Intensity) and lane.channel.master), -len(lane.heads))


def _gate(lanes: Sequence[Lane]) -> None:
    """Where nothing else can make a head dark, its shutter closes while nothing is wanted of it."""
    dimmed = dimmed_heads(lanes)
    for lane in lanes:
        shutter = lane.channel
        closes = isinstance(shutter, Shutter) and any(one.shutter == "closed" for one in shutter.ranges)
        if closes and not dimmed & set(lane.heads):
            lane.control, lane.why = "gate", "open while light is wanted; the fixture has no dimmer"


def dimmed_heads(lanes: Sequence[Lane]) -> set[int]:
    """Heads that a dimmer can make dark, or their emitters where no wheel stands beside them."""
    return _heads_with(lanes, "intensity") | (_heads_with(lanes, *EMITTERS) - _heads_with(lanes, "wheel"))


def _heads_with(lanes: Sequence[Lane], *controls: str) -> set[int]:
    return {head for lane in lanes if lane.control in controls for head in lane.heads}


def numbered(heads: Sequence[Sequence[int]]) -> tuple[IndexArray, IndexArray]:
    """Lists of heads as one array and where each list starts in it."""
    starts = np.cumsum([0, *(len(one) for one in heads)])[:-1]
    return np.array([head for one in heads for head in one], np.intp), np.asarray(starts, np.intp)


def in_one_piece(numbers: IndexArray) -> IndexArray | slice:
    """The same places as a slice, where they follow each other: a part of an array is read and written much faster."""
    first, last = (int(numbers[0]), int(numbers[-1])) if len(numbers) else (0, -1)
    whole = np.array_equal(numbers, np.arange(first, last + 1))
    return slice(first, last + 1) if whole else numbers


def bytes_of(lanes: Sequence[Lane], nowhere: int) -> Iterator[IndexArray]:
    """Coarse, fine and finest slots of lanes, (L,) each; `nowhere` where there is none."""
    for byte in range(3):
        yield np.array([lane.slots[byte] if byte < len(lane.slots) else nowhere for lane in lanes], np.intp)
