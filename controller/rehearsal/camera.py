"""The stage from the front as a small picture: every fixture a glow and a cone of haze at its place. Pure.

It is for showing people what they get, not for measuring it.
"""

import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array
from controller.colour import to_encoded

WIDTH, HEIGHT = 320, 180
HALF_M, TOP_M = 5.0, 5.0
EXPOSURE = 2.2
FLOOR_LIGHT = 0.01


def stage_row(light: Float32Array, pan_deg: Float32Array, tilt_deg: Float32Array) -> ByteArray:
    """One stage as five bytes a head: encoded red, green, blue, and pan and tilt as shares of 360 and 180 degrees.

    Args:
        light: (N, 3) linear. pan_deg, tilt_deg: (N,).
    """
    place = np.column_stack([(pan_deg % 360.0) / 360.0, np.clip(tilt_deg / 180.0, 0.0, 1.0)])
    return np.asarray(np.rint(np.hstack([to_encoded(light), place]) * 255.0), np.uint8)


class Camera:
    """Where fixtures are in the picture, and what each lights at full.

    Args:
        place: (N, 3) metres. moves: (N,) which fixtures turn.
    """

    def __init__(self, place: Float32Array, moves: BoolArray) -> None:
        self._y, self._x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        depth = 1.0 + 0.06 * np.maximum(place[:, 1], 0.0)
        self._left = WIDTH / 2 + place[:, 0] / depth / HALF_M * WIDTH / 2
        self._top = HEIGHT * (0.86 - 0.78 * np.clip(place[:, 2] / TOP_M, 0.0, 1.0) / depth)
        self._moves = np.array(moves)
        self._still = [int(head) for head in np.flatnonzero(~self._moves)]
        masks = [np.add(self._glow(head), self._cone(head, 0.0, 20.0, 0.16)) for head in self._still]
        self._masks = np.array(masks, np.float32).reshape(len(masks), WIDTH * HEIGHT)

    def picture(self, rows: ByteArray) -> ByteArray:
        """(180, 320, 3) uint8 of one stage (N, 5) uint8, as in `Studio.rows`."""
        light = np.square(rows[:, :3].astype(np.float32) / 255.0)
        image = (light[self._still].T @ self._masks).T.reshape(HEIGHT, WIDTH, 3) + np.float32(FLOOR_LIGHT)
        for head in (int(one) for one in np.flatnonzero(self._moves)):
            if light[head].max() > 0.003:
                pan = (float(rows[head, 3]) / 255.0 * 360.0 + 180.0) % 360.0 - 180.0
                beam = self._glow(head) + 1.6 * self._cone(head, np.sin(np.radians(pan)) * 0.8, 7.0, 0.35)
                image += beam[:, :, None] * light[head]
        shown = 1.0 - np.exp(-EXPOSURE * image)
        return np.asarray(np.rint(np.sqrt(shown) * 255.0), np.uint8)

    def _glow(self, head: int) -> Float32Array:
        """The lens, and what it does to the air around it."""
        away = np.square(self._x - self._left[head]) + np.square(self._y - self._top[head])
        return np.asarray(np.exp(-away / 8.0) + 0.12 * np.exp(-away / 240.0), np.float32)

    def _cone(self, head: int, lean: float, half_deg: float, strength: float) -> Float32Array:
        """Haze below a fixture, leaning to a side."""
        below = np.maximum(self._y - self._top[head], 0.0)
        middle = self._left[head] + lean * below
        wide = 2.0 + below * np.tan(np.radians(half_deg))
        haze = strength * np.exp(-np.square((self._x - middle) / wide)) * np.exp(-below / 130.0)
        return np.asarray(haze * (below > 0), np.float32)
