"""A camera: framing, shake and zoom, exposure, white balance, sensor noise, response curve and clipping.

Linear light in, 8-bit RGB out. Each film has a camera of its own: gamma, contrast and knee are drawn. Pure but for the
state of its automatic exposure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array

Picture = npt.NDArray[np.uint8]
Generator = np.random.Generator

WIDTH, HEIGHT = 320, 180
LEVELS = 4096
TOP = 1.6


@dataclass(frozen=True, slots=True)
class Framing:
    """Where in the drawn view the picture lies: centre -1..1 of the free room, magnification >= 1."""

    x: float
    y: float
    zoom: float


def response(gamma: float, contrast: float, knee: float) -> Picture:
    """Code values (LEVELS,) uint8 of linear light 0..TOP: gamma, a little S, soft shoulder, clip."""
    light = np.linspace(0.0, TOP, LEVELS)
    code = light ** (1.0 / gamma)
    code = code + contrast * np.sin(2 * np.pi * (np.clip(code, 0, 1) - 0.5)) / (2 * np.pi)
    code = np.where(code > knee, knee + (1.0 - knee) * (1.0 - np.exp(-(code - knee) / (1.0 - knee) * 1.3)), code)
    return np.clip(np.round(255 * code / code[int(LEVELS / TOP) - 1]), 0, 255).astype(np.uint8)


class Camera:
    """Turns views into pictures.

    Args:
        automatic: strength 0..1 with which exposure follows the mean brightness.
    """

    def __init__(self, rng: Generator, *, automatic: float, noise: float) -> None:
        self.curve = response(rng.uniform(2.0, 2.4), rng.uniform(0.0, 0.12), rng.uniform(0.75, 0.9))
        self.automatic = automatic
        self.mean = -1.0
        self.rng = rng
        self.bank = (noise * rng.normal(size=(6, HEIGHT + 64, WIDTH + 64, 3))).astype(np.float32)

    def frame(self, view: Float32Array, framing: Framing) -> Float32Array:
        """Cut the picture (HEIGHT, WIDTH, 3) out of a view, bilinear."""
        rows, columns = view.shape[:2]
        high, wide = HEIGHT * 1.15 / framing.zoom, WIDTH * 1.15 / framing.zoom
        top = (rows - 1 - high) * (0.5 + 0.5 * framing.y)
        left = (columns - 1 - wide) * (0.5 + 0.5 * framing.x)
        part = _stretch(view, top, high, HEIGHT, axis=0)
        return _stretch(part, left, wide, WIDTH, axis=1)

    def expose(self, light: Float32Array, stops: float, warmth: float) -> Picture:
        """Linear light to 8 bits (HEIGHT, WIDTH, 3)."""
        mean = float(light[::4, ::4].mean())
        self.mean = mean if self.mean < 0 else self.mean + (mean - self.mean) / 100.0  # four seconds at 25 fps
        gain = 2.0**stops * (0.06 / (0.02 + self.mean)) ** self.automatic
        balance = np.array([1.0 + warmth, 1.0, 1.0 - warmth], np.float32) * np.float32(gain * LEVELS / TOP)
        exposed = light * balance
        i, j, k = self.rng.integers(0, [len(self.bank), 64, 64])
        grain = self.bank[i, j : j + HEIGHT, k : k + WIDTH]
        exposed += grain * np.float32(LEVELS / TOP)
        return self.curve[np.clip(exposed, 0, LEVELS - 1).astype(np.int32)]


def _stretch(view: Float32Array, first: float, length: float, n: int, axis: int) -> Float32Array:
    at = first + (np.arange(n) + 0.5) * (length / n)
    at = np.clip(at, 0, view.shape[axis] - 1.001)
    low = at.astype(int)
    share = (at - low).astype(np.float32)
    share = share[:, None, None] if axis == 0 else share[None, :, None]
    return np.take(view, low, axis) * (1 - share) + np.take(view, low + 1, axis) * share
