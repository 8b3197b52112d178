"""Picture + patch to DMX slots.

Intensity is perceived brightness; fixtures take power, and half the brightness needs about a quarter of it.
Where a fixture has a dimmer, intensity goes there and the colour keeps its full chroma, for resolution at the low end;
where it has none, the colour channels are scaled. Shared and own dimmers multiply: a shared one follows the brightest
of its heads, and each head keeps its share of that. All levels are computed at full depth and then cut to 8, 16 or 24
bits; a channel of several bytes carries the rest in its fine bytes, so its coarse byte is not rounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, ByteArray, Float32Array, Float64Array, IndexArray
from controller.colour import strongest
from controller.messages import DmxFrame, Picture
from controller.rig.mixing import EmitterColour, Mixer, hue_and_saturation, mixer
from controller.rig.patch.beams import Beams
from controller.rig.patch.curves import Curve, above_minimum, level_for
from controller.rig.patch.lanes import BEAM, EMITTERS, FLAGS, HELD, RESTING, Lane, bytes_of, in_one_piece, numbered
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.patch.wheels import Wheels
from controller.rig.profiles.profile import ColourChannel, Shutter, Temperature

LEAST_POWER = 1e-9
ZERO, ONE = np.float32(0.0), np.float32(1.0)
TINTS = (*FLAGS, "hue", "saturation", "cct")
"""What depends on the colour and is no emitter."""
CONTROLS = (*EMITTERS, *FLAGS, "hue", "saturation", "cct", "pan", "tilt", "gate")
ROWS = {name: row for row, name in enumerate(CONTROLS)}
"""Of each control in the table of what every head is asked for."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Per head, what its fixture's configuration says."""

    limit: Float32Array
    minimum: Float32Array
    gains: Float32Array

    @classmethod
    def of(cls, patch: Patch) -> "Numbers":
        """Read from a patch."""
        configs = [fixture.config for fixture in patch.fixtures]
        return cls(
            np.array([one.max_intensity for one in configs], np.float32)[patch.fixture_of],
            np.array([one.minimum for one in configs], np.float32)[patch.fixture_of],
            np.array([one.gains for one in configs], np.float32).reshape(-1, 3)[patch.fixture_of],
        )


class Axis:
    """Where heads point: the part of their range that may be used, the home position, and the direction.

    Args:
        patch: the rig. name: `pan` or `tilt`.
    """

    def __init__(self, patch: Patch, name: str) -> None:
        configs = [fixture.config for fixture in patch.fixtures]
        rows = [
            (*getattr(one, name), getattr(one, f"{name}_home"), -1.0 if getattr(one, f"invert_{name}") else 1.0)
            for one in configs
        ]
        table = np.array(rows, np.float32).reshape(-1, 4)[patch.fixture_of]
        self._low, self._high, self.home, self.sign = table.T

    def place(self, position: Float32Array) -> Float32Array:
        """(N,) look positions, 0.5 at home, to places in the range of the channel."""
        place = self.home + self.sign * (position - np.float32(0.5))
        return np.asarray(np.minimum(np.maximum(place, self._low), self._high))


class Renderer:
    """Renders looks for one patch.

    Many attributes: the lanes by what moves them, and a table for each step of the way.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._buffer = np.zeros(patch.nowhere + 1, np.uint8)
        for slot, level in patch.constants.items():
            self._buffer[slot] = level
        self._numbers = Numbers.of(patch)
        self._pan, self._tilt = Axis(patch, "pan"), Axis(patch, "tilt")
        driven = [lane for lane in patch.lanes if lane.control not in (*RESTING, "wheel")]
        self._dimmers = list(_dimmers([lane for lane in driven if lane.control == "intensity"], patch))
        self._mixes = list(mixes_of(patch))
        self._mixed = [_part_of_table(mix) for mix in self._mixes]
        self._controls = np.zeros((len(CONTROLS), patch.heads), np.float32)
        self._uses = {lane.control for lane in driven}
        self._alone, self._shared = _moves(driven, patch)
        self._coloured = _Coloured(self._mixes, self._numbers.gains)
        self._haze = [
            (slot, lane.at)
            for lane in patch.lanes
            if lane.control == "haze" and patch.fixtures[lane.fixture].config.armed
            for slot in lane.slots[:1]
        ]
        self._wheels = Wheels([lane for lane in patch.lanes if lane.control == "wheel"], patch.dimmable)
        shaping = [lane for lane in patch.lanes if lane.control in BEAM]
        self._beams = Beams(shaping, patch.nowhere) if shaping else None

    def render(self, look: Picture, haze: float = 0.0) -> list[DmxFrame]:
        """One frame for each universe; slots nobody is patched to stay 0. What is no number is dark, and at home.

        Args:
            look: what to show. haze: 0..1, only ever a person's wish, and only for hazers that are armed.
        """
        for slot, nothing in self._haze:
            self._buffer[slot] = round(nothing + haze * (255 - nothing))
        look = _finite(look)
        power = np.square(np.minimum(np.maximum(look.intensity, ZERO), ONE)) * self._numbers.limit
        rest = self._dim(power)
        self._control(rest, look)
        if self._alone.lanes:
            self._alone.put(self._buffer, self._alone.own(self._controls))
        if self._shared.lanes:
            weight = power + np.float32(LEAST_POWER)
            self._shared.put(self._buffer, self._shared.mean(self._controls, weight))
        if len(self._wheels.slots):
            beam = look.beam
            other, changes = (None, False) if beam is None else (beam.split, beam.changes)
            self._wheels.split(other, power, changes=changes)
            self._buffer[self._wheels.slots] = self._wheels.step(look.colour, power, look.t_s)
        if self._beams is not None:
            self._beams.put(self._buffer, look.beam, power, look.t_s)
        slots = self._buffer[:-1].copy()
        return [
            DmxFrame(look.t_s, look.seq, universe, slots[row * SLOTS : (row + 1) * SLOTS])
            for row, universe in enumerate(self._patch.universes)
        ]

    def _dim(self, power: Float32Array) -> Float32Array:
        """Send dimmers their levels; what is left of the power for the next stage and the emitters, (N,)."""
        rest = power
        for lanes in self._dimmers:
            brightest = lanes.most(rest)
            lanes.put(self._buffer, brightest)
            rest = np.minimum(rest / lanes.of_heads(np.maximum(brightest, LEAST_POWER)), 1.0)
        return rest

    def _control(self, rest: Float32Array, look: Picture) -> None:
        """Fill the table of controls that the rig has, a row each; what depends on colours alone where they changed."""
        table, coloured = self._controls, self._coloured
        if coloured.take(look.colour) and not self._uses.isdisjoint(TINTS):
            self._tint(coloured.colour[coloured.alike], coloured.hue_deg, coloured.saturation)
        light = rest * coloured.bright
        for (rows, heads, place), levels in zip(self._mixed, coloured.levels(light), strict=True):
            table[rows, heads] = levels * light[place]
        if "gate" in self._uses:
            table[ROWS["gate"]] = light > 0.0
        if not self._uses.isdisjoint(("pan", "tilt")):
            table[ROWS["pan"]], table[ROWS["tilt"]] = self._pan.place(look.pan), self._tilt.place(look.tilt)

    def _tint(self, colour: Float32Array, hue_deg: Float64Array, saturation: Float64Array) -> None:
        table = self._controls
        table[ROWS[FLAGS[0]] : ROWS[FLAGS[-1]] + 1] = 1.0 - colour.T
        table[ROWS["hue"]], table[ROWS["saturation"]] = hue_deg / 360.0, saturation
        cold = 0.5 + 0.5 * (colour[:, 2] - colour[:, 0])
        table[ROWS["cct"]] = np.minimum(np.maximum(cold, ZERO), ONE)


class _Coloured:
    """What a colour becomes, for every head: kept until the colours change.

    Heads side by side often have one colour, the cells of a bar most of all: it is mixed once for all of them.

    Args:
        mixes: heads by their emitters. gains: (N, 3) of each head's white.

    Attributes:
        alike: (N,) which of R colours a head has. colour: (R, 3) with the white set right.
        bright: (N,) the brightness that took. hue_deg, saturation: (N,).
    """

    def __init__(self, mixes: "Sequence[Mix]", gains: Float32Array) -> None:
        self._mixes, self._gains = mixes, gains
        self._mix_of = np.full(len(gains), -1, np.intp)
        for number, mix in enumerate(mixes):
            self._mix_of[mix.heads] = number
        self._begins = np.ones(len(gains), np.bool_)
        self._begins[1:] = _differ(gains) | (self._mix_of[1:] != self._mix_of[:-1])
        self._wished = b""
        self._full: list[tuple[Float64Array, IndexArray]] = []
        self._levels: list[Float32Array] = []

    def take(self, wished: Float32Array) -> bool:
        """Take the colours (N, 3) of a look; False: they are those of before."""
        asked = wished.tobytes()
        if asked == self._wished:
            return False
        self._wished = asked
        begins = self._begins.copy()
        begins[1:] |= _differ(wished)
        first, alike = begins.nonzero()[0], begins.cumsum() - 1
        self.colour, bright = _gained(wished[first], self._gains[first])
        hue_deg, saturation = hue_and_saturation(self.colour)
        self.alike, self.bright = alike, bright[alike]
        self.hue_deg, self.saturation = hue_deg[alike], saturation[alike]
        mix_of, row = self._mix_of[first], np.zeros(len(first), np.intp)
        self._full = []
        for number, mix in enumerate(self._mixes):
            own = (mix_of == number).nonzero()[0]
            row[own] = np.arange(len(own))
            self._full.append((mix.mixer.without_uv(hue_deg[own], saturation[own]), row[alike[mix.heads]]))
        self._levels = [full.T.astype(np.float32, "C").take(places, axis=1) for full, places in self._full]
        return True

    def levels(self, light: Float32Array) -> Iterator[Float32Array]:
        """(emitters, heads) of each mix at full brightness.

        Args:
            light: (N,) how bright each head is to be, which emitters of ultraviolet heed.
        """
        for mix, (full, row), levels in zip(self._mixes, self._full, self._levels, strict=True):
            if mix.mixer.heeds_brightness:
                heads = mix.heads
                yield mix.mixer.with_uv(full[row], self.hue_deg[heads], self.saturation[heads], light[heads]).T
            else:
                yield levels


def _differ(rows: Float32Array) -> BoolArray:
    """(n - 1,) whether a row of (n, 3) differs from the one before."""
    found = rows[1:] != rows[:-1]
    return np.asarray(found[:, 0] | found[:, 1] | found[:, 2])


def _part_of_table(mix: "Mix") -> tuple[IndexArray | slice, IndexArray | slice, IndexArray | slice]:
    """Rows and columns of the controls of a mix in the table, and its heads."""
    rows = in_one_piece(np.array([ROWS[name] for name in mix.mixer.names], np.intp))
    heads = in_one_piece(mix.heads)
    if isinstance(rows, slice) and isinstance(heads, slice):
        return rows, heads, heads
    return np.array([[ROWS[name]] for name in mix.mixer.names], np.intp), mix.heads, heads


@dataclass(frozen=True, slots=True)
class Mix:
    """Heads that have the same emitters."""

    mixer: Mixer
    heads: IndexArray


def mixes_of(patch: Patch) -> Iterator[Mix]:
    """The patch's heads by their emitters."""
    emitters: dict[int, dict[str, EmitterColour]] = {}
    for lane in patch.lanes:
        if isinstance(lane.channel, ColourChannel) and lane.control != HELD:
            for head in lane.heads:
                name = lane.channel.emitter
                emitters.setdefault(head, {}).setdefault(name, EmitterColour(name, lane.channel.xyY))
    alike: dict[tuple[EmitterColour, ...], list[int]] = {}
    for head, found in emitters.items():
        ordered = tuple(found[name] for name in EMITTERS if name in found)
        # measured and unmeasured emitters have no unit in common
        whole = ordered if all(one.xyY for one in ordered) else tuple(EmitterColour(one.name) for one in ordered)
        alike.setdefault(whole, []).append(head)
    for whole, heads in alike.items():
        yield Mix(mixer(whole), np.array(heads, np.intp))


def _finite(look: Picture) -> Picture:
    """The look without NaN and infinity: a level that is no number would be any byte, and so any hazard."""
    numbers = (look.intensity, look.colour, look.pan, look.tilt)
    if isfinite(sum(float(np.add.reduce(one, axis=None)) for one in numbers)):
        return look
    intensity, colour, pan, tilt = (
        np.where(np.isfinite(one), one, np.float32(instead))
        for one, instead in zip(numbers, (0.0, 0.0, 0.5, 0.5), strict=True)
    )
    return replace(look, intensity=intensity, colour=colour, pan=pan, tilt=tilt)


def _gained(colour: Float32Array, gains: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Colours with a fixture's white set right, largest component 1 again, and the brightness that took."""
    set_right = np.minimum(np.maximum(colour, ZERO), ONE) * gains
    largest = np.maximum(strongest(set_right), np.float32(LEAST_POWER))
    return np.asarray(set_right / largest[:, None], np.float32), np.minimum(largest, np.float32(1.0))


def _dimmers(lanes: Sequence[Lane], patch: Patch) -> Iterator["_Lanes"]:
    for stage in sorted({lane.stage for lane in lanes}):
        yield _Lanes([lane for lane in lanes if lane.stage == stage], patch)


def _moves(driven: Sequence[Lane], patch: Patch) -> tuple["_Lanes", "_Lanes"]:
    """All lanes but dimmers: those of controls that every head has a channel of its own for, and the others."""
    by_control = [[lane for lane in driven if lane.control == name] for name in CONTROLS]
    alone = [all(len(lane.heads) == 1 for lane in lanes) for lanes in by_control]
    both = [[lane for lanes, own in zip(by_control, alone, strict=True) if own is which for lane in lanes]
            for which in (True, False)]  # fmt: skip
    return _Lanes(both[0], patch), _Lanes(both[1], patch)


class _Lanes:
    """Lanes: amounts for heads in, bytes out.

    Many attributes: a table for each step from an amount to bytes, made once.

    Args:
        lanes: of any controls, or dimmers of one stage. patch: the rig.
    """

    def __init__(self, lanes: Sequence[Lane], patch: Patch) -> None:
        self.lanes = lanes
        self.heads, self._starts = numbered([lane.heads for lane in lanes])
        rows = [ROWS.get(lane.control, 0) for lane in lanes for _ in lane.heads]
        self._cells: IndexArray = np.array(rows, np.intp) * patch.heads + self.heads
        self._amounts: Float32Array = np.ones(len(lanes) + 1, np.float32)
        self._lane_of = np.full(patch.heads, len(lanes), np.intp)
        self._lane_of[self.heads] = np.repeat(np.arange(len(lanes)), [len(lane.heads) for lane in lanes])
        self._alone = len(self.heads) == len(lanes)
        self._coarse, self._fine, self._finest = bytes_of(lanes, patch.nowhere)
        scale = np.array([256 ** (len(lane.slots) - 1) for lane in lanes], np.int64)
        self._scale = scale if (scale > 1).any() else None
        found = np.array([ends(lane) for lane in lanes], np.float64).reshape(-1, 3)
        self._low, self._span = found[:, 0], found[:, 1] - found[:, 0]
        self._off, self._turns_off = found[:, 2], (found[:, 2] >= 0) if (found[:, 2] >= 0).any() else None
        has_dimmer = patch.has("intensity")
        self._curves = [
            (curve, np.array(rows, np.intp))
            for curve, rows in _curves(lanes, patch, has_dimmer).items()
            if curve != "linear"
        ]
        dims = np.array([_dims(lane, has_dimmer) for lane in lanes], np.bool_)
        minimum = np.array([patch.fixtures[lane.fixture].config.minimum for lane in lanes], np.float64)
        least = np.where(dims, minimum, 0.0)
        self._minimum = least if least.any() else None

    def most(self, amount: Float32Array) -> Float32Array:
        """(L,) largest of each lane's heads, of (N,)."""
        return amount[self.heads] if self._alone else np.maximum.reduceat(amount[self.heads], self._starts)

    def of_heads(self, amount: Float32Array) -> Float32Array:
        """(N,) of each head's lane, of (L,); 1 for heads that have none."""
        self._amounts[:-1] = amount
        return self._amounts[self._lane_of]

    def own(self, table: Float32Array) -> Float32Array:
        """(L,) of a table of controls (C, N), where each lane has one head."""
        return np.asarray(table.reshape(-1)[self._cells])

    def mean(self, table: Float32Array, weight: Float32Array) -> Float32Array:
        """(L,) mean over each lane's heads of a table of controls (C, N), by weight (N,): what is dark has no say."""
        weights = weight[self.heads]
        total = np.add.reduceat(weights, self._starts)
        return np.asarray(np.add.reduceat(table.reshape(-1)[self._cells] * weights, self._starts) / total)

    def put(self, buffer: ByteArray, amount: Float32Array) -> None:
        """Write levels for amounts (L,) 0..1."""
        level: Float64Array = np.minimum(np.maximum(amount, ZERO), ONE).astype(np.float64)
        for curve, rows in self._curves:
            level[rows] = level_for(level[rows], curve)
        if self._minimum is not None:
            level = above_minimum(level, self._minimum)
        wide = np.rint(self._low + level * self._span)
        if self._turns_off is not None:
            wide = np.where((level <= 0.0) & self._turns_off, self._off, wide)
        if self._scale is None:
            buffer[self._coarse] = wide.astype(np.uint8)
            return
        number, scale = wide.astype(np.int64), self._scale
        coarse, rest = np.divmod(number, scale)
        buffer[self._coarse] = coarse
        buffer[self._fine] = np.where(scale > 256, rest // 256, rest)
        buffer[self._finest] = rest % 256
        buffer[-1] = 0


def ends(lane: Lane) -> tuple[float, float, float]:
    """Full-depth levels of a lane for nothing and for everything, and the one that replaces nothing, or -1."""
    scale = 256 ** (len(lane.slots) - 1)
    low, high = coarse_ends(lane)
    up = high >= low
    off = getattr(lane.channel, "zero", None)
    return (
        low * scale + (0 if up else scale - 1),
        high * scale + (scale - 1 if up else 0),
        -1 if off is None else off * scale,
    )


def coarse_ends(lane: Lane) -> tuple[int, int]:
    """Levels of a lane's coarse byte for nothing and for everything."""
    match lane.channel:
        case Shutter() as shutter:
            return next(one.middle for one in shutter.ranges if one.shutter == "closed"), shutter.open_level
        case Temperature(range=(low, high), kelvin=(first, last)):
            return (low, high) if last >= first else (high, low)
    low, high = getattr(lane.channel, "range", (0, 255))
    return low, high


def curve_of(patch: Patch, lane: Lane) -> Curve:
    """What the lane's fixture makes of its levels."""
    curve = patch.fixtures[lane.fixture].config.curve
    return tuple(curve) if isinstance(curve, list) else curve


def _dims(lane: Lane, has_dimmer: npt.NDArray[np.bool_]) -> bool:
    """Whether a lane carries brightness: dimmers do, and emitters where there is none."""
    return lane.control == "intensity" or (lane.control in EMITTERS and not has_dimmer[list(lane.heads)].any())


def _curves(lanes: Sequence[Lane], patch: Patch, has_dimmer: npt.NDArray[np.bool_]) -> dict[Curve, list[int]]:
    found: dict[Curve, list[int]] = {}
    for row, lane in enumerate(lanes):
        found.setdefault(curve_of(patch, lane) if _dims(lane, has_dimmer) else "linear", []).append(row)
    return found
