"""The loudness that a look breathes with: slow, and deaf to what is no more than the beat."""

import numpy as np

UP_S, DOWN_S = 0.35, 1.2
DEAD = 0.05
"""Ups and downs within twice this much are the music's own grain, and the light stands still."""
FASTEST = 0.7
"""It changes by no more than this in a second."""


class Breath:
    """Follows loudness.

    Attributes:
        now: 0..1.
    """

    def __init__(self) -> None:
        self.now = 0.5
        self._smooth = 0.5

    def step(self, loudness: float, elapsed_s: float) -> float:
        """0..1 after this time."""
        constant_s = UP_S if loudness > self._smooth else DOWN_S
        self._smooth += (loudness - self._smooth) * (1.0 - float(np.exp(-elapsed_s / constant_s)))
        goal = min(max(self.now, self._smooth - DEAD), self._smooth + DEAD)
        # the ends are reached: loudest is all of it, silence nothing
        goal += (goal - 0.5) * 2.0 * DEAD
        most = FASTEST * elapsed_s
        self.now = float(np.clip(self.now + np.clip(goal - self.now, -most, most), 0.0, 1.0))
        return self.now
