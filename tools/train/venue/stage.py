"""The stage in linear light, as one camera position sees it: fixtures, haze, surfaces, crowd, wall and house lights.

A picture is a sum of lamps, each with its own map of what it lights (irradiance times what the surface gives back, or
haze along the beam). Linear, 1.0 is where the camera clips at normal exposure. Pure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array

Generator = np.random.Generator

WIDTH, HEIGHT = 384, 216
MONITOR_GAMMA = 2.2


@dataclass(frozen=True, slots=True)
class State:
    """What the rig does at one moment; hues 0..179, levels 0..1 linear."""

    hue: int
    level: float
    accent_hue: int
    accent_level: float
    white_tint: float
    flash: float
    house: float
    wall: float
    t_s: float


def lamp_colour(hue: float, white_tint: float) -> Float32Array:
    """Linear RGB (3,) of an LED lamp that should look like HSV(hue, 1, 1) on a screen."""
    sector = hue / 30.0
    ramp = 1.0 - abs(sector % 2.0 - 1.0)
    table = [(1, ramp, 0), (ramp, 1, 0), (0, 1, ramp), (0, ramp, 1), (ramp, 0, 1), (1, 0, ramp)]
    screen = np.array(table[int(sector) % 6], np.float32)
    return (1.0 - white_tint) * screen**MONITOR_GAMMA + np.float32(white_tint)


def _grid() -> tuple[Float32Array, Float32Array]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return x / WIDTH, y / HEIGHT


def _blob(x: Float32Array, y: Float32Array, at: tuple[float, float], size: tuple[float, float]) -> Float32Array:
    return np.exp(-0.5 * (((x - at[0]) / size[0]) ** 2 + ((y - at[1]) / size[1]) ** 2)).astype(np.float32)


def _cone(x: Float32Array, y: Float32Array, lamp: tuple[float, float], angle: float, spread: float) -> Float32Array:
    """Haze lit by a beam that points down at `angle` (0: straight down), thinner far away."""
    dx, dy = x - lamp[0], (y - lamp[1]) * (HEIGHT / WIDTH)
    along = dx * np.sin(angle) + dy * np.cos(angle)
    across = dx * np.cos(angle) - dy * np.sin(angle)
    width = 0.006 + spread * np.maximum(along, 0.0)
    lit = np.exp(-0.5 * (across / width) ** 2) / (1.0 + 3.0 * np.maximum(along, 0.0))
    return np.where(along > 0, lit, 0.0).astype(np.float32)


def _smooth_noise(rng: Generator, cells: tuple[int, int]) -> Float32Array:
    """(HEIGHT, WIDTH) 0..1, blotches."""
    coarse = rng.random((cells[0] + 1, cells[1] + 1))
    ys, xs = np.linspace(0, cells[0] - 1e-3, HEIGHT), np.linspace(0, cells[1] - 1e-3, WIDTH)
    y0, x0 = ys.astype(int), xs.astype(int)
    fy, fx = (ys - y0)[:, None], (xs - x0)[None, :]
    top = coarse[y0][:, x0] * (1 - fx) + coarse[y0][:, x0 + 1] * fx
    low = coarse[y0 + 1][:, x0] * (1 - fx) + coarse[y0 + 1][:, x0 + 1] * fx
    return (top * (1 - fy) + low * fy).astype(np.float32)


class View:
    """One camera position: what each lamp lights there.

    Args:
        close: 1 shows the whole stage, 2 half of it.
        aim: where on the stage it looks, 0..1 from left to right.
    """

    def __init__(self, rng: Generator, close: float, aim: float) -> None:
        self.rng = rng
        self.close, self.aim = close, aim
        self.x, self.y = _grid()
        self.albedo = self._surfaces()
        self.maps = self._maps()
        self.heads = [(self._place(at), 0.12, float(rng.uniform(0, 6.3)), float(rng.uniform(0.1, 0.35)))
                      for at in (0.2, 0.5, 0.8)]  # fmt: skip
        coarse = np.s_[::2, ::2]
        self.small_x, self.small_y = self.x[coarse], self.y[coarse]
        self.wall_box = self._wall_box()
        self.wall_phase = rng.uniform(0, 6.3, 6)
        self.columns = np.arange(WIDTH, dtype=np.float32) / WIDTH
        self.heights = 0.16 + 0.06 * _smooth_noise(rng, (2, 40))[0] + 0.03 * rng.random()
        self.bob = rng.uniform(0, 6.3, 24)
        self.crowd_look = (0.25 + 0.6 * _smooth_noise(rng, (60, 100)))[..., None] * rng.uniform(0.5, 1.0, (1, 1, 3))

    def _place(self, at: float) -> float:
        return 0.5 + (at - self.aim) * self.close

    def _surfaces(self) -> Float32Array:
        """What surfaces give back (HEIGHT, WIDTH, 3): backdrop, floor, band, gear, a banner."""
        rng, x, y = self.rng, self.x, self.y
        grey = 0.12 + 0.20 * _smooth_noise(rng, (6, 9)) + 0.10 * _smooth_noise(rng, (30, 48))
        albedo = np.repeat(grey[..., None], 3, axis=2)
        albedo[y > 0.62] *= 0.6
        for _ in range(7):  # amplifiers, drums, risers
            at, size = (rng.uniform(0, 1), rng.uniform(0.4, 0.75)), rng.uniform(0.02, 0.07, 2) * self.close
            box = (abs(x - at[0]) < size[0]) & (abs(y - at[1]) < size[1])
            albedo[box] = rng.uniform(0.02, 0.4) * rng.uniform(0.6, 1.0, 3)
        for member in (0.25, 0.5, 0.75):
            at = self._place(member)
            body = (abs(x - at) < 0.022 * self.close) & (y > 0.68 - 0.22 * self.close) & (y < 0.72)
            head = ((x - at) / 0.018) ** 2 + ((y - 0.68 + 0.24 * self.close) / 0.032) ** 2 < self.close**2
            albedo[body] = rng.uniform(0.03, 0.3) * rng.uniform(0.5, 1.0, 3)
            albedo[head] = (0.42, 0.30, 0.24)
        return albedo.astype(np.float32)

    def _maps(self) -> Float32Array:
        """(3, lamps, pixels): light per unit of each lamp."""
        rng, x, y = self.rng, self.x, self.y
        flood = np.zeros_like(x)
        haze, lens = np.zeros_like(x), np.zeros_like(x)
        for at in np.linspace(0.08, 0.92, 6):
            where = self._place(float(at))
            flood += 1.5 * _blob(x, y, (where, rng.uniform(0.4, 0.6)), (0.16 * self.close, 0.28))
            haze += 0.28 * _cone(x, y, (where, 0.08), rng.uniform(-0.2, 0.2), 0.16)
            lens += 6.0 * _blob(x, y, (where, 0.08), (0.006 * self.close, 0.010 * self.close))
            lens += 0.25 * _blob(x, y, (where, 0.08), (0.03, 0.05))
        wash = flood[..., None] * self.albedo + 0.05 * np.exp(-((y - 0.4) ** 2) / 0.15)[..., None]
        beams = np.repeat((haze + lens)[..., None], 3, axis=2)
        side = self._place(0.97) if rng.random() < 0.5 else self._place(0.03)
        accent = 0.25 * _cone(x, y, (side, 0.15), 0.9 if side < 0.5 else -0.9, 0.12)[..., None] * np.ones(3)
        accent = accent + 0.8 * _blob(x, y, (side, 0.6), (0.12, 0.2))[..., None] * self.albedo
        blinders = 1.3 * self.albedo * np.exp(-((y - 0.5) ** 2) / 0.18)[..., None] + 0.06
        blinders = blinders + 5.0 * _blob(x, y, (self._place(0.5), 0.12), (0.05, 0.03))[..., None]
        house = (0.55 + 0.35 * y)[..., None] * (0.3 + self.albedo)
        lamps = (wash, beams, accent, blinders, house, self._practicals())
        stacked = np.stack([lamp.astype(np.float32).reshape(-1, 3) for lamp in lamps])
        return np.ascontiguousarray(stacked.transpose(2, 0, 1))

    def _practicals(self) -> Float32Array:
        """What is always on: exit sign, bar glow, lamps of amplifiers, a little spill."""
        rng, x, y = self.rng, self.x, self.y
        glow = 0.0025 * self.albedo / 0.2 + 0.001
        edge = 0.0 if rng.random() < 0.5 else 1.0
        glow = glow + 0.03 * _blob(x, y, (edge, 0.75), (0.07, 0.16))[..., None] * np.array([1.0, 0.65, 0.3])
        sign = (abs(x - abs(edge - 0.06)) < 0.02) & (abs(y - 0.3) < 0.02)
        glow[sign] = (0.04, 0.35, 0.10)
        for _ in range(6):
            at = (rng.uniform(0.1, 0.9), rng.uniform(0.5, 0.72))
            glow = glow + 0.25 * _blob(x, y, at, (0.006, 0.008))[..., None] * rng.uniform(0.1, 1.0, 3)
        return glow.astype(np.float32)

    def _wall_box(self) -> tuple[slice, slice]:
        left, right = (int(np.clip(self._place(at) * WIDTH, 0, WIDTH)) for at in (0.08, 0.92))
        return slice(int(0.12 * HEIGHT), int(0.62 * HEIGHT)), slice(left, max(right, left + 24))

    def _wall(self, t_s: float) -> Float32Array:
        """What the LED wall plays: patches of many colours that move, (rows, columns, 3) linear."""
        rows, columns = self.wall_box
        n_y, n_x = rows.stop - rows.start, columns.stop - columns.start
        y, x = np.mgrid[0:n_y:4, 0:n_x:4].astype(np.float32) / HEIGHT
        p = self.wall_phase
        tone = np.sin(9 * x + p[0] + 0.9 * t_s) + np.sin(13 * y - 0.7 * t_s + p[1]) + np.sin(11 * (x + y) + p[2] + t_s)
        bright = 0.55 + 0.45 * np.sin(17 * x - 5 * y + p[3] + 1.3 * t_s)
        rgb = np.stack([0.5 + 0.5 * np.sin(2.2 * tone + shift) for shift in (0.0, 2.1, 4.2)], axis=-1) ** 2
        picture = (rgb * bright[..., None]).repeat(4, axis=0).repeat(4, axis=1)[:n_y, :n_x]
        return picture.astype(np.float32)

    def _sweeping(self, t_s: float) -> Float32Array:
        total = np.zeros_like(self.small_x)
        for at, top, phase, rate in self.heads:
            angle = 0.8 * np.sin(2 * np.pi * rate * t_s + phase)
            total += 0.35 * _cone(self.small_x, self.small_y, (at, top), float(angle), 0.07)
        return total.repeat(2, axis=0).repeat(2, axis=1)

    def _before_the_crowd(self, t_s: float) -> npt.NDArray[np.bool_]:
        n = len(self.bob)
        jump = np.abs(np.sin(2 * np.pi * 1.1 * t_s + self.bob)) * 0.02
        heads = self.heights + np.interp(self.columns * n, np.arange(n), jump)
        return self.y < (1.0 - heads)[None, :]

    def draw(self, state: State, *, heads: bool, crowd: bool, phones: Float32Array) -> Float32Array:
        """The view in linear light, (HEIGHT, WIDTH, 3).

        Args:
            phones: (n, 2) places of raised phones, 0..1.
        """
        main = lamp_colour(state.hue, state.white_tint) * state.level
        second = lamp_colour(state.accent_hue, state.white_tint) * state.accent_level
        warm = np.array([1.0, 0.86, 0.68], np.float32)
        light = np.stack([main, main, second, state.flash * np.ones(3), state.house * warm, np.ones(3)])
        on = np.flatnonzero(light.max(axis=1) > 0)
        channels = [light[on, c].astype(np.float32) @ self.maps[c][on] for c in range(3)]
        picture = np.stack(channels, axis=-1).reshape(HEIGHT, WIDTH, 3)
        if heads and state.level > 0:
            picture += self._sweeping(state.t_s)[..., None] * main
        if state.wall > 0:
            picture[self.wall_box] = 0.2 * picture[self.wall_box] + state.wall * self._wall(state.t_s)
        if crowd:
            front = ~self._before_the_crowd(state.t_s)
            own = 0.05 * picture[front] + state.house * 0.6 * self.crowd_look[front]
            picture[front] = own
        for place_x, place_y in phones:
            i, j = int(place_y * HEIGHT), int(place_x * WIDTH)
            picture[i : i + 5, j : j + 3] = (0.5, 0.62, 0.8)
        return picture
