"""A rig on that stage, lamp by lamp, that reads its DMX slots as hardware does: wrongly, late, and by its own curve.

Shares no code with `controller/survey`, nor with our own reading of slots (`controller/rig/observe`): what one assumes
about lamps the other must not know. Pure.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from controller.arrays import ByteArray, Float32Array, Float64Array
from tools.train.venue.camera import HEIGHT, WIDTH, Camera, Framing
from tools.train.venue.stage import View, _blob, _cone

Shape = Literal["linear", "square", "s", "bent"]
LED = {
    "red": (1.0, 0.04, 0.01),
    "green": (0.05, 1.0, 0.08),
    "blue": (0.01, 0.06, 1.0),
    "white": (1.0, 0.92, 0.75),
    "amber": (1.0, 0.5, 0.04),
}
LAMP, OTHER = (1.0, 0.72, 0.42), (0.5, 0.5, 0.5)
BANDS = 18
"""Rows of a picture that are exposed at one moment: a rolling shutter in steps of under 2 ms."""
OPEN_PARTS = (0.125, 0.375, 0.625, 0.875)


@dataclass(frozen=True, slots=True)
class Lamp:
    """One head as it hangs there.

    Attributes:
        name: of the head whose code it should play. at_m: where it hangs. seen: 0..1 from left and top, where it
            is in the picture. lens: whether it shines at the camera; else only its pool is seen.
        dimmer: flat slot, -1: none. emitters: colour and flat slot of each.
        shape, minimum: its dimmer's curve above the lowest level that gives light. late_s: how late it is.
    """

    name: str
    at_m: tuple[float, float, float]
    seen: tuple[float, float]
    lens: bool
    dimmer: int
    emitters: tuple[tuple[str, int], ...]
    shape: Shape
    minimum: float
    late_s: float
    smooth_s: float
    dead: bool


def curve(level: Float64Array, shape: Shape, minimum: float) -> Float64Array:
    """Light 0..1 at dimmer levels 0..1."""
    above = np.clip((level - minimum) / (1.0 - minimum), 0.0, 1.0)
    match shape:
        case "square":
            light = above**2
        case "s":
            light = 3.0 * above**2 - 2.0 * above**3
        case "bent":
            light = np.expm1(3.0 * above) / np.expm1(3.0)
        case _:
            light = above
    return np.asarray(np.where(level > minimum, light, 0.0))


def light_of(lamp: Lamp, slots: ByteArray, cycle_s: float) -> Float32Array:
    """(cycles, 3) linear light of a lamp for slots (cycles, universes x 512), without its lateness."""
    if lamp.dead:
        return np.zeros((len(slots), 3), np.float32)

    def through(slot: int) -> Float64Array:
        return curve(slots[:, slot] / 255.0, lamp.shape, lamp.minimum)

    if not lamp.emitters:
        light = through(lamp.dimmer)[:, None] * np.array(LAMP)
    elif lamp.dimmer >= 0:
        mixed = sum((slots[:, at] / 255.0)[:, None] * np.array(LED.get(name, OTHER)) for name, at in lamp.emitters)
        light = through(lamp.dimmer)[:, None] * mixed
    else:
        light = sum(through(at)[:, None] * np.array(LED.get(name, OTHER)) for name, at in lamp.emitters)
    if lamp.smooth_s <= 0.0:
        return light.astype(np.float32)
    share, smooth = 1.0 - np.exp(-cycle_s / lamp.smooth_s), np.empty_like(light)
    level = light[0]
    for row, wanted in enumerate(light):
        level = level + share * (wanted - level)
        smooth[row] = level
    return smooth.astype(np.float32)


def maps_of(lamps: list[Lamp], view: View, camera: Camera, rng: np.random.Generator, haze: float) -> tuple[
    Float32Array, Float32Array, Float32Array
]:  # fmt: skip
    """What each lamp lights in the picture, (lamps, HEIGHT, WIDTH, 3): surfaces, then haze; and what always shines."""
    surfaces, beams = [], []
    for lamp in lamps:
        (u, v), x, y = lamp.seen, view.x, view.y
        pool = (u + rng.uniform(-0.06, 0.06), rng.uniform(0.55, 0.75)) if lamp.lens else (u, v)
        wash = rng.uniform(0.3, 0.8) * _blob(x, y, pool, (rng.uniform(0.05, 0.13), rng.uniform(0.07, 0.16)))
        lit = wash[..., None] * view.albedo + 0.008 * view.albedo * np.exp(-((y - 0.5) ** 2) / 0.15)[..., None]
        air = haze * rng.uniform(0.05, 0.14) * _cone(x, y, (u, v if lamp.lens else 0.02), rng.uniform(-0.3, 0.3), 0.12)
        if lamp.lens:
            lit = lit + rng.uniform(1.5, 6.0) * _blob(x, y, (u, v), (0.004, 0.007))[..., None]
            air = air + haze * 0.15 * _blob(x, y, (u, v), (0.02, 0.035))
        surfaces.append(camera.frame(lit.astype(np.float32), Framing(0.0, 0.0, 1.0)))
        beams.append(camera.frame(np.repeat(air[..., None], 3, axis=2).astype(np.float32), Framing(0.0, 0.0, 1.0)))
    always = camera.frame(view.maps[:, 5].T.reshape(*view.x.shape, 3), Framing(0.0, 0.0, 1.0))
    return np.stack(surfaces), np.stack(beams), always


class Filmed:
    """Pictures of the rig with a rolling shutter.

    Args:
        light: (cycles, lamps, 3) of each lamp at each cycle, its lateness not counted. late_s: (lamps,).
        readout_s: from the picture's top to its bottom. open_s: how long a row is exposed.
    """

    def __init__(
        self,
        light: Float32Array,
        late_s: Float64Array,
        maps: tuple[Float32Array, Float32Array, Float32Array],
        *,
        cycle_s: float,
        readout_s: float,
        open_s: float,
    ) -> None:
        self._light, self._late_s, self._cycle_s = light, late_s, cycle_s
        self._readout_s, self._open_s = readout_s, open_s
        rows = np.linspace(0, HEIGHT, BANDS + 1).astype(int)
        surfaces, beams, self._always = maps
        self._bands = [
            (top, end, *(np.ascontiguousarray(one[:, top:end].transpose(3, 0, 1, 2).reshape(3, len(one), -1))
                         for one in (surfaces, beams)))
            for top, end in pairwise(rows)
        ]  # fmt: skip

    def picture(self, t_s: float, thick: float) -> Float32Array:
        """(HEIGHT, WIDTH, 3) linear light at a moment of the programme; thick: of the haze, 1 as a rule."""
        picture = self._always.copy()
        for number, (top, end, surfaces, beams) in enumerate(self._bands):
            at_s = t_s + self._readout_s * (number + 0.5) / BANDS
            shown = np.mean([self._at(at_s + self._open_s * part) for part in OPEN_PARTS], axis=0, dtype=np.float32)
            for channel in range(3):
                lit = shown[:, channel] @ surfaces[channel] + (np.float32(thick) * shown[:, channel]) @ beams[channel]
                picture[top:end, :, channel] += lit.reshape(end - top, WIDTH)
        return picture

    def _at(self, t_s: float) -> Float32Array:
        """(lamps, 3) what shines at a moment: the newest frame that each lamp obeys by then."""
        cycle = np.floor((t_s - self._late_s) / self._cycle_s).astype(int)
        shown = self._light[np.clip(cycle, 0, len(self._light) - 1), np.arange(len(self._late_s))]
        return np.where((cycle >= 0)[:, None], shown, np.float32(0.0))
