"""What each beat of the song sounded like: timbre, harmony, drums, voice, level. Bars are made of them. Pure.

Beats are those that the ear tells, sure or not. All numbers come from what the networks read.
"""

from collections.abc import Sequence

import numpy as np

from controller.arrays import Float64Array
from controller.listening.time.drums import DrumHit
from controller.listening.time.front import BANDS
from controller.listening.time.harmony import CHORD, chord
from controller.listening.time.hearing import HeardFrame
from controller.listening.time.outputs import DRUMS

SHAPE = 17
"""Numbers of timbre, eight bands each."""
LEVEL, GROWTH, VOICE, DRUM = SHAPE + CHORD, SHAPE + CHORD + 1, SHAPE + CHORD + 2, SHAPE + CHORD + 3
NUMBERS = DRUM + len(DRUMS)


class BeatSummer:
    """Adds up frames and hits until a beat is over."""

    def __init__(self) -> None:
        self._sum = np.zeros(BANDS)
        self._rest = np.zeros(2)
        self._frames = 0

    def add(self, frame: HeardFrame) -> None:
        """One more frame of the beat."""
        self._sum += frame.bands
        self._rest += (frame.growth, frame.voice)
        self._frames += 1

    def peek(self, hits: Sequence[DrumHit]) -> Float64Array:
        """The numbers (NUMBERS,) of the beat so far.

        Args:
            hits: of drums within it.
        """
        frames = max(1, self._frames)
        bands, rest = self._sum / frames, self._rest / frames
        drums = [sum(one.drum == drum for one in hits) for drum in DRUMS]
        shape, level = bands.reshape(SHAPE, -1).mean(axis=1), float(bands.mean())
        return np.array([*(shape - level), *chord(bands), level, *rest, *drums])

    def take(self, hits: Sequence[DrumHit]) -> Float64Array:
        """The beat's numbers, and begin anew."""
        sound = self.peek(hits)
        self._sum, self._rest, self._frames = np.zeros_like(self._sum), np.zeros(2), 0
        return sound
