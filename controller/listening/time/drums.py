"""From how likely each drum is in a frame to hits: what stands out, once, with its time and strength. Pure."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array
from controller.listening.time.outputs import DRUMS, Drum

THRESHOLDS = (0.6, 0.7, 0.5, 0.65)
"""Of kick, snare, cymbal and tom, from which on one counts."""
WEIGHTS = (1.0, 2.0, 2.0, 0.5)
ENOUGH, GOES_ON, LATELY_S = 7.0, 3.0, 5.0
"""Hits of so much weight in so many seconds: somebody drums; and goes on to, while there are some. The low strings of a
piano sound like kicks and toms now and then, and like snares or cymbals hardly ever; a kit at 60 beats a minute has 7.5
with a kick and a snare alone."""
GAP_S = 0.06
"""Two hits of one drum are never closer."""


@dataclass(frozen=True, slots=True)
class DrumHit:
    """One hit.

    Attributes:
        t_s: when it sounds. known_s: time of the sound from which it was known.
        strength: 0..1, how clearly it is heard.
    """

    t_s: float
    known_s: float
    drum: Drum
    strength: float


class Drums:
    """Takes the likelihoods of one frame after the other; a hit is told a frame after its peak.

    Attributes:
        played: whether somebody drums at this moment.
    """

    def __init__(self) -> None:
        self._before = self._now = np.zeros(len(DRUMS), np.float32)
        self._now_s = 0.0
        self._told_s = np.full(len(DRUMS), -np.inf)
        self._lately: deque[tuple[float, float]] = deque()
        self._weight = 0.0
        self.played = False

    @property
    def newest_s(self) -> tuple[float, ...]:
        """When each drum of `DRUMS` was hit last; -inf: not yet."""
        return tuple(self._told_s.tolist())

    def hear(self, likely: Float32Array, t_s: float, known_s: float) -> list[DrumHit]:
        """The hits that a frame makes known.

        Args:
            likely: (4,) 0..1 for the drums in the order of `DRUMS`. t_s: the moment they are of. known_s: now.
        """
        peak = (self._now >= THRESHOLDS) & (self._now > self._before) & (self._now >= likely)
        found = []
        for drum in np.flatnonzero(peak & (self._now_s - self._told_s >= GAP_S)):
            self._told_s[drum] = self._now_s
            self._lately.append((self._now_s, WEIGHTS[drum]))
            self._weight += WEIGHTS[drum]
            found.append(DrumHit(self._now_s, known_s, DRUMS[drum], float(self._now[drum])))
        while self._lately and t_s - self._lately[0][0] >= LATELY_S:
            self._weight -= self._lately.popleft()[1]
        self.played = self._weight >= (GOES_ON if self.played else ENOUGH)
        self._before, self._now, self._now_s = self._now, likely, t_s
        return found
