"""Accents and the model's own hits are one to an eye: a fixture rises at most once in the time that accents keep. Pure.

Each kind alone stays about three in a second; in turns they are more, and the limiter has to cut some of them off.
"""

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array

SEEN = 0.08
"""Rises by less are no hits, whatever comes of them."""
WITH_S = 0.1
"""What rises so soon after an accent rises with it."""


class Rises:
    """Says when a head's held brightness has to wait.

    A rise that comes too soon after another waits, unless it goes with an accent or is one that goes on; and what has
    risen stays for as long, so that an accent on top of it is no second rise.

    Args:
        heads: N. gap_s: least time between two rises.
    """

    def __init__(self, heads: int, gap_s: float) -> None:
        self._gap_s = gap_s
        self._flash: Float32Array = np.zeros(heads, np.float32)
        self._rising: BoolArray = np.zeros(heads, np.bool_)
        self._rose_s: Float64Array = np.full(heads, -np.inf)
        self._held_s: Float64Array = np.full(heads, -np.inf)

    def wait(self, way: Float32Array, flash: Float32Array, now_s: float) -> BoolArray:
        """Which heads stay where they are in this tick, (N,).

        Args:
            way: (N,) how far each is to go, down is negative. flash: (N,) 0..1 of the accents. now_s: time.
        """
        self._rose_s[flash > self._flash + SEEN] = now_s
        self._flash = flash.copy()
        since_s = now_s - self._rose_s
        rises = way > SEEN
        self._rising = rises & (self._rising | (since_s >= self._gap_s) | (since_s < WITH_S))
        self._rose_s[self._rising] = self._held_s[self._rising] = now_s
        stays = (way < 0.0) & (now_s - self._held_s < self._gap_s)
        return np.asarray(stays | (rises & ~self._rising))
