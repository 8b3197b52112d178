"""DMX slots back to light: what the rig shows, read from the bytes that were sent.

The page's virtual rig, the rehearsal report and the safety figures all look at this, never at the intention, so a fault
in rendering is seen. It decodes what `patch/render.py` never sends too: a shutter out of its open range is dark here,
and a channel in a range where the fixture flashes by itself is marked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import ByteArray, Float32Array, IndexArray
from controller.colour import encoded_from_hue, parse_colour, strongest, to_linear
from controller.rig.patch.curves import below_minimum, light_of
from controller.rig.patch.lanes import CONTROLS, EMITTERS, FLAGS, Lane, bytes_of, in_one_piece, numbered
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.patch.render import Axis, Numbers, coarse_ends, curve_of, ends, mixes_of
from controller.rig.profiles.profile import Channel, Intensity, Pan, Shutter, Tilt, Wheel

LAMP_COLOUR = (1.0, 0.86, 0.68)
"""Heads that mix no colour: warm white, as blinders and dimmed fixtures are."""
WARM, COLD = (1.0, 0.72, 0.38), (0.86, 0.95, 1.0)
LEVELS = 256


@dataclass(frozen=True, slots=True)
class Stage:
    """Light of every head, N in patch order.

    Attributes:
        light: (N, 3) float32 linear RGB, 0..1: colour times power.
        pan_deg: (N,) float32, 0 is straight at the audience. tilt_deg: (N,) float32, 0 is straight down.
        strobing: (N,) bool: a channel of the head is at a level at which the fixture flashes by itself.
    """

    light: Float32Array
    pan_deg: Float32Array
    tilt_deg: Float32Array
    strobing: npt.NDArray[np.bool_]

    @property
    def power(self) -> Float32Array:
        """(N,) float32: brightest component of each head."""
        return strongest(self.light)


class Observer:
    """Decodes the frames of one patch.

    Many attributes: one table of lanes for each thing a fixture does, made once and read at every cycle.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._slots = np.zeros(patch.nowhere + 1, np.uint8)
        self._numbers = Numbers.of(patch)
        self._has_dimmer = patch.has("intensity")
        driven = {control: [lane for lane in patch.lanes if lane.control == control] for control in CONTROLS}
        emitters = tuple(name for name in EMITTERS if driven[name])
        self._emitters = _Levels([lane for name in emitters for lane in driven[name]], patch, emitters)
        self._flags = {name: _Levels(driven[name], patch) for name in FLAGS if driven[name]}
        self._hue, self._saturation, self._cct = (_Levels(driven[one], patch) for one in ("hue", "saturation", "cct"))
        self._dimmers = [
            _Levels([lane for lane in driven["intensity"] if lane.stage == stage], patch)
            for stage in sorted({lane.stage for lane in driven["intensity"]})
        ]
        self._mixes = list(mixes_of(patch))
        self._places = [in_one_piece(mix.heads) for mix in self._mixes]
        self._cells = [mix.heads[:, None] + [emitters.index(one) * patch.heads for one in mix.mixer.names]
                       for mix in self._mixes]  # fmt: skip
        gains = [np.maximum(self._numbers.gains[mix.heads], 0.05) for mix in self._mixes]
        self._gains = [None if (one == 1.0).all() else one for one in gains]
        self._mixing = np.zeros(patch.heads, np.bool_)
        for mix in self._mixes:
            self._mixing[mix.heads] = True
        self._unmixed = np.tile(np.array(LAMP_COLOUR, np.float32), (patch.heads, 1))
        self._unmixed[self._mixing] = 0.0
        self._wheels = _Tables(driven["wheel"], _wheel_table, (3,))
        self._shutters = _Tables([one for one in patch.lanes if isinstance(one.channel, Shutter)], _shutter_table, ())
        self._strobes = _Tables([lane for lane in patch.lanes if _strobes(lane.channel)], _strobe_table, ())
        self._pan, self._tilt = (_Direction(patch, kind, name) for kind, name in ((Pan, "pan"), (Tilt, "tilt")))
        self._shines = self._lamps().astype(np.float32)

    def _lamps(self) -> npt.NDArray[np.bool_]:
        """Heads that give light at all: something dims them, colours them, or lets their light through."""
        shines = np.zeros(self._patch.heads, np.bool_)
        for lane in self._patch.lanes:
            if lane.control in ("intensity", *EMITTERS, *FLAGS, "hue", "cct", "wheel", "gate"):
                shines[list(lane.heads)] = True
        return shines & np.array([role != "hazer" for role in self._patch.roles], np.bool_)

    def observe(self, frames: Mapping[int, ByteArray]) -> Stage:
        """What the rig shows for these slots by universe; a universe that is missing keeps what it showed."""
        pan_deg, tilt_deg = self.turned(frames)
        strobing = np.zeros(self._patch.heads, np.bool_)
        np.logical_or.at(strobing, self._strobes.heads, self._strobes.read(self._slots))
        light, _ = self.light(self._slots)
        return Stage(light, pan_deg, tilt_deg, strobing)

    def turned(self, frames: Mapping[int, ByteArray]) -> tuple[Float32Array, Float32Array]:
        """Pan and tilt alone, as `observe` has them, for who knows the light already."""
        for row, universe in enumerate(self._patch.universes):
            if universe in frames:
                self._slots[row * SLOTS : (row + 1) * SLOTS] = frames[universe]
        return self._pan.degrees(self._slots), self._tilt.degrees(self._slots)

    def light(self, slots: ByteArray) -> tuple[Float32Array, Float32Array]:
        """The light alone, (N, 3) float32 linear RGB as in `Stage`, and (N,) how many times as bright it really is.

        A fixture whose emitters together give more than its full white is shown in its hue at full; an eye sees more.

        Args:
            slots: of all universes in the order of the patch, one behind the other, and one more.
        """
        power = self._shines.copy()
        for dimmer in self._dimmers:
            power *= dimmer.brightest(slots, otherwise=1.0)
        if self._shutters.own:
            power[self._shutters.place] *= self._shutters.read(slots)
        elif len(self._shutters.heads):
            np.minimum.at(power, self._shutters.heads, self._shutters.read(slots))
        colour, beyond = self._mixed(slots)
        return np.asarray(colour * power[:, None], np.float32), beyond

    def _mixed(self, slots: ByteArray) -> tuple[Float32Array, Float32Array]:
        colour = self._unmixed.copy()
        beyond = np.ones(self._patch.heads, np.float32)
        levels = self._emitters.brightest(slots, otherwise=0.0)
        for mix, cells, place, gains in zip(self._mixes, self._cells, self._places, self._gains, strict=True):
            light = mix.mixer.light(levels[cells])
            full = np.maximum(strongest(light), np.float32(1.0))
            beyond[place] = full
            light = np.asarray(light / full[:, None], np.float32)  # more than full keeps its hue
            colour[place] = light if gains is None else np.minimum(light / gains, 1.0)
        for column, (name, lanes) in enumerate(self._flags.items()):
            if column == 0:
                colour[lanes.heads] = 1.0
            colour[:, FLAGS.index(name)] *= 1.0 - lanes.brightest(slots, otherwise=0.0)
        if len(self._hue.heads):
            heads = self._hue.heads
            pure = encoded_from_hue(360.0 * self._hue.brightest(slots, otherwise=0.0)[heads])
            saturation = self._saturation.brightest(slots, otherwise=0.0)[heads, None]
            colour[heads] = 1.0 - saturation + saturation * pure
        if len(self._cct.heads):
            cold = self._cct.brightest(slots, otherwise=0.0)[self._cct.heads, None]
            colour[self._cct.heads] = (1.0 - cold) * np.array(WARM, np.float32) + cold * np.array(COLD, np.float32)
        if len(self._wheels.heads):
            colour[self._wheels.heads] = self._wheels.read(slots)
        return colour, beyond


class _Levels:
    """Lanes of one control, decoded: bytes in, amounts of heads out.

    Many attributes: a table for each step from bytes to an amount, made once.

    Args:
        lanes: of the control. patch: the rig.
        controls: of several at once, whose heads come one control after the other.
    """

    def __init__(self, lanes: Sequence[Lane], patch: Patch, controls: tuple[str, ...] = ()) -> None:
        self._count = patch.heads * max(1, len(controls))
        self._coarse, self._fine, self._finest = bytes_of(lanes, patch.nowhere)
        before = [patch.heads * controls.index(lane.control) if controls else 0 for lane in lanes]
        self.heads, _ = numbered([[first + head for head in lane.heads]
                                  for first, lane in zip(before, lanes, strict=True)])  # fmt: skip
        self._row = np.repeat(np.arange(len(lanes)), [len(lane.heads) for lane in lanes])
        self._width = np.array([len(lane.slots) for lane in lanes], np.int64)
        found = np.array([ends(lane) for lane in lanes], np.float64).reshape(-1, 3)
        self._low, self._span = found[:, 0], found[:, 1] - found[:, 0]
        self._span[self._span == 0.0] = 1.0
        self._outside = np.array([_outside(lane) for lane in lanes], np.float32).reshape(-1, LEVELS)
        has_dimmer = patch.has("intensity")
        dims = [lane.control == "intensity" or not has_dimmer[list(lane.heads)].any() for lane in lanes]
        dims = [dim and lane.control in ("intensity", *EMITTERS) for dim, lane in zip(dims, lanes, strict=True)]
        minimum = [patch.fixtures[lane.fixture].config.minimum for lane in lanes]
        self._minimum = np.array([low if dim else 0.0 for low, dim in zip(minimum, dims, strict=True)], np.float64)
        curves = [curve_of(patch, lane) if dim else "linear" for lane, dim in zip(lanes, dims, strict=True)]
        self._curves = [
            (curve, np.array([row for row, one in enumerate(curves) if one == curve]))
            for curve in {*curves} - {"linear"}
        ]
        self._rows, self._wide = np.arange(len(lanes)), np.flatnonzero(self._width > 1)
        every = np.arange(LEVELS)
        # most channels have one byte: what each of its 256 levels means is looked up, not computed
        meaning = np.stack([self._decode(np.full(len(lanes), one), np.full(len(lanes), one)) for one in every], 1)
        # lanes of one profile mean the same: kept once, a large rig's table stays in the processor's cache
        kept: dict[bytes, int] = {}
        first = np.array([kept.setdefault(row.tobytes(), len(kept)) for row in meaning], np.intp)
        tables = [np.frombuffer(one, np.float32) for one in kept]
        self._meaning: Float32Array = np.concatenate(tables) if tables else np.zeros(0, np.float32)
        self._first = first * LEVELS
        self._own = len(self.heads) == len({*self.heads.tolist()})
        self._all = self._own and np.array_equal(self.heads, np.arange(self._count))
        self._amounts: Float32Array = np.zeros(len(lanes) + 1, np.float32)
        self._lane_of = np.full(self._count, len(lanes), np.intp)
        self._lane_of[self.heads] = self._row

    def amounts(self, slots: ByteArray) -> Float32Array:
        """(L,) 0..1."""
        coarse = slots[self._coarse]
        found: Float32Array = self._meaning[self._first + coarse]
        if len(self._wide):
            number = coarse.astype(np.int64)
            number = np.where(self._width == 1, number, number * 256 + slots[self._fine])
            number = np.where(self._width == 3, number * 256 + slots[self._finest], number)
            found[self._wide] = self._decode(coarse, number)[self._wide]
        return found

    def _decode(self, coarse: npt.NDArray[np.integer], number: npt.NDArray[np.int64]) -> Float32Array:
        """Coarse bytes and whole numbers (L,) to amounts 0..1."""
        level = np.clip((number - self._low) / self._span, 0.0, 1.0)
        outside = self._outside[self._rows, coarse]
        level = np.where(np.isnan(outside), level, outside)
        level = below_minimum(level, self._minimum)
        for curve, rows in self._curves:
            level[rows] = light_of(level[rows], curve)
        return level.astype(np.float32)

    def brightest(self, slots: ByteArray, otherwise: float) -> Float32Array:
        """(N,) the largest amount of each head's lanes, of each control in turn; `otherwise` for heads without."""
        amounts = self.amounts(slots)
        if self._all:
            return amounts[self._lane_of]
        if self._own:
            self._amounts[:-1], self._amounts[-1] = amounts, otherwise
            return self._amounts[self._lane_of]
        found = np.full(self._count, otherwise, np.float32)
        found[self.heads] = 0.0
        np.maximum.at(found, self.heads, amounts[self._row])
        return found


def _outside(lane: Lane) -> Float32Array:
    """Amount at each level of the coarse byte that lies outside the lane's range; NaN inside.

    A dimmer beyond its full end is open or flashes, which counts as full; short of its dark end it is dark.
    """
    levels = np.arange(LEVELS)
    low, high = coarse_ends(lane)
    table = np.full(LEVELS, np.nan, np.float32)
    beyond = levels > max(low, high)
    table[beyond] = 1.0 if high >= low or isinstance(lane.channel, Intensity) else 0.0
    table[levels < min(low, high)] = 0.0 if high >= low else 1.0
    off = getattr(lane.channel, "zero", None)
    if off is not None:
        table[off] = 0.0
    if isinstance(lane.channel, Intensity):
        for one in lane.channel.strobe:
            table[one.dmx[0] : one.dmx[1] + 1] = 1.0
    return table


class _Tables:
    """Lanes whose every level means something of its own: the meaning of each lane's level, for each of its heads.

    Attributes:
        heads: of all lanes. own: whether each has one lane. place: the same heads, as a slice where that can be.
    """

    def __init__(
        self, lanes: Sequence[Lane], table_of: Callable[[Channel], Float32Array], shape: tuple[int, ...]
    ) -> None:
        self.heads, _ = numbered([lane.heads for lane in lanes])
        slots = [lane.slots[0] for lane in lanes for _ in lane.heads]
        self._slots: IndexArray = np.array(slots, np.intp)
        distinct: dict[int, int] = {}
        tables: list[Float32Array] = []
        for lane in lanes:
            if id(lane.channel) not in distinct:
                distinct[id(lane.channel)] = len(tables)
                tables.append(table_of(lane.channel))
        self._table = np.array(tables, np.float32).reshape(-1, *shape)
        self._first = LEVELS * np.array([distinct[id(lane.channel)] for lane in lanes for _ in lane.heads], np.intp)
        self.own, self.place = 0 < len(self.heads) == len({*self.heads.tolist()}), in_one_piece(self.heads)

    def read(self, slots: ByteArray) -> Float32Array:
        """One row for each of `heads`."""
        return np.asarray(self._table[self._first + slots[self._slots]])


def _wheel_table(channel: Channel) -> Float32Array:
    table = np.zeros((LEVELS, 3), np.float32)
    for one in channel.slots if isinstance(channel, Wheel) else ():
        table[one.dmx[0] : one.dmx[1] + 1] = to_linear(parse_colour(one.colour or "#ffffff"))
    for split in channel.splits if isinstance(channel, Wheel) else ():
        halves = [to_linear(parse_colour(colour)) for colour in split.colours]
        table[split.dmx[0] : split.dmx[1] + 1] = 0.5 * (halves[0] + halves[1])
    return table


def _shutter_table(channel: Channel) -> Float32Array:
    """Whether light passes steadily."""
    table = np.zeros(LEVELS, np.float32)
    for one in channel.ranges if isinstance(channel, Shutter) else ():
        table[one.dmx[0] : one.dmx[1] + 1] = float(one.shutter == "open")
    return table


def _strobes(channel: Channel) -> bool:
    return bool(channel.strobe) or (
        isinstance(channel, Shutter) and any(one.shutter == "strobe" for one in channel.ranges)
    )


def _strobe_table(channel: Channel) -> Float32Array:
    table = np.zeros(LEVELS, np.float32)
    ranges = [one.dmx for one in channel.strobe]
    ranges += [one.dmx for one in channel.ranges if one.shutter == "strobe"] if isinstance(channel, Shutter) else []
    for first, last in ranges:
        table[first : last + 1] = 1.0
    return table


class _Direction:
    """Where heads point on one axis, in degrees from home."""

    def __init__(self, patch: Patch, kind: type[Pan] | type[Tilt], name: str) -> None:
        lanes = [lane for lane in patch.lanes if lane.control == name]
        self._levels = _Levels(lanes, patch)
        self._axis = Axis(patch, name)
        self._degrees = patch.degrees(kind, 0.0)

    def degrees(self, slots: ByteArray) -> Float32Array:
        """(N,); 0 for heads that do not turn."""
        place = self._levels.brightest(slots, otherwise=0.0)
        turned = (place - self._axis.home) * self._axis.sign * self._degrees
        return np.asarray(turned, np.float32)
