"""Look + patch to DMX slots.

Intensity is perceived brightness; lamps take power, and half the brightness needs about a quarter of it: a square law.
Where a fixture has a dimmer, intensity goes there and the colour keeps its full chroma, for resolution at the low end;
where it has none, the colour channels are scaled. All levels are computed at 16 bits and then cut for 8-bit channels.
"""

import numpy as np

from controller.colour import hue_degrees, parse_colour, to_encoded
from controller.messages import ByteArray, DmxFrame, FloatArray, Look
from controller.patch.patch import SLOTS, Patch
from controller.profiles.profile import Wheel

WHEEL_DWELL_S = 1.5
WHEEL_HYSTERESIS_DEG = 15.0


class Renderer:
    """Renders looks for one patch.

    Args:
        patch: the rig.
    """

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._buffer = np.zeros(patch.nowhere + 1, np.uint8)
        for slot, level in patch.constants.items():
            self._buffer[slot] = level
        self._has_dimmer = patch.has("intensity")
        self._starts = np.array([fixture.first_head for fixture in patch.fixtures], np.intp)
        self._heads_of = np.array([fixture.heads for fixture in patch.fixtures], np.intp)
        self._limit = _per_head(patch, [fixture.config.max_intensity for fixture in patch.fixtures])
        self._pan_limits = [_per_head(patch, [fixture.config.pan[end] for fixture in patch.fixtures]) for end in (0, 1)]
        self._tilt_limits = [
            _per_head(patch, [fixture.config.tilt[end] for fixture in patch.fixtures]) for end in (0, 1)
        ]
        self._wide = {name: np.flatnonzero(fine != patch.nowhere) for name, fine in patch.fine.items()}
        self._wheels = [ColourWheel(patch, int(head)) for head in np.flatnonzero(patch.has("wheel"))]

    def render(self, look: Look) -> list[DmxFrame]:
        """One frame for each universe; slots nobody is patched to stay 0."""
        power = np.square(np.clip(look.intensity, 0.0, 1.0)) * self._limit
        brightest = np.maximum.reduceat(power, self._starts).repeat(self._heads_of)
        # a dimmer shared by several heads follows the brightest; each head keeps its share of it
        share = np.where(self._has_dimmer, power / np.maximum(brightest, 1e-9), power)
        emitters = mix(look.colour, self._patch)
        self._put("intensity", brightest)
        for name, level in emitters.items():
            self._put(name, level * share)
        self._put("pan", np.clip(look.pan, *self._pan_limits))
        self._put("tilt", np.clip(look.tilt, *self._tilt_limits))
        for wheel in self._wheels:
            self._buffer[wheel.slot] = wheel.step(look.colour[wheel.head], look.t_s)
        return [
            DmxFrame(look.t_s, look.seq, universe, self._buffer[row * SLOTS : (row + 1) * SLOTS].copy())
            for row, universe in enumerate(self._patch.universes)
        ]

    def _put(self, control: str, level: FloatArray) -> None:
        self._buffer[self._patch.coarse[control]] = nearest_byte(level)
        wide = self._wide[control]
        if len(wide):  # a 16-bit channel carries the rest in its fine byte, so its coarse byte is not rounded
            coarse, fine = split(level[wide])
            self._buffer[self._patch.coarse[control][wide]] = coarse
            self._buffer[self._patch.fine[control][wide]] = fine


def split(level: FloatArray) -> tuple[ByteArray, ByteArray]:
    """0..1 to high and low byte of round(65535 x), any shape."""
    wide = np.rint(np.clip(level, 0.0, 1.0) * 65535.0).astype(np.uint16)
    return (wide >> 8).astype(np.uint8), (wide & 0xFF).astype(np.uint8)


def nearest_byte(level: FloatArray) -> ByteArray:
    """0..1 to round(255 x), any shape."""
    return np.asarray(np.rint(np.clip(level, 0.0, 1.0) * 255.0), np.uint8)


def mix(colour: FloatArray, patch: Patch) -> dict[str, FloatArray]:
    """Linear RGB (N, 3) to emitter levels (N,), for the emitters each head has.

    White takes what red, green and blue have in common; amber takes orange's share of red and green (one part red with
    half a part green). UV stays dark: it is an effect, not a colour. Measured emitters come with the issue "Any rig".
    """
    none = np.float32(0.0)
    white = np.where(patch.has("white"), colour.min(axis=1), none)
    red, green, blue = (colour - white[:, None]).T
    amber = np.where(patch.has("amber"), np.minimum(red, 2.0 * green), none)
    red, green = red - amber, green - amber / 2.0
    return {"red": red, "green": green, "blue": blue, "white": white, "amber": amber}


class ColourWheel:
    """Nearest slot of one head's colour wheel, with hysteresis and a dwell: a wheel is slow and loud.

    Args:
        patch: the rig. head: the head that has the wheel.
    """

    def __init__(self, patch: Patch, head: int) -> None:
        channel = patch.channel_of(head, Wheel)
        if not isinstance(channel, Wheel):
            raise TypeError(f"head {head} has no colour wheel")
        self.head = head
        self.slot = int(patch.coarse["wheel"][head])
        encoded = [parse_colour(one.colour) for one in channel.slots]
        self._grey = np.array([float(np.ptp(colour)) < 0.15 for colour in encoded])
        self._hues = np.array([hue_degrees(colour) for colour in encoded])
        self._levels = [one.middle for one in channel.slots]
        self._chosen = 0
        self._since_s = -np.inf

    def step(self, colour: FloatArray, now_s: float) -> int:
        """DMX level for a linear RGB colour (3,)."""
        distances = self._distances(to_encoded(colour))
        best = int(np.argmin(distances))
        better = distances[best] < distances[self._chosen] - WHEEL_HYSTERESIS_DEG
        if better and now_s - self._since_s >= WHEEL_DWELL_S:
            self._chosen, self._since_s = best, now_s
        return self._levels[self._chosen]

    def _distances(self, encoded: FloatArray) -> FloatArray:
        """Degrees of hue from the wished colour to each slot; a grey wish takes a grey slot and no other."""
        if float(np.ptp(encoded)) < 0.15:
            return np.asarray(np.where(self._grey, 0.0, 180.0), np.float32)
        around = np.abs(self._hues - hue_degrees(encoded)) % 360.0
        return np.asarray(np.where(self._grey, 180.0, np.minimum(around, 360.0 - around)), np.float32)


def _per_head(patch: Patch, numbers: list[float]) -> FloatArray:
    return np.array(numbers, np.float32)[patch.fixture_of]
