"""What each beat of the song sounded like: timbre, harmony, drums, voice, level. Bars are made of them. Pure.

Beats are those that the ear tells, sure or not. All numbers come from what the networks read.
"""

from collections.abc import Sequence

import numpy as np

from controller.arrays import Float64Array
from controller.listening.time.drums import DrumHit
from controller.listening.time.front import BANDS_AN_OCTAVE, LOWEST_HZ, RATE_HZ, WINDOW, filters
from controller.listening.time.hearing import HeardFrame
from controller.listening.time.outputs import DRUMS

SHAPE, CHORD = 17, 12
"""Numbers of timbre, eight bands each, and of harmony."""
CHORD_HZ = (180.0, 2_200.0)
"""Between these a band tells of harmony: below, its neighbours are one to it; above, it is overtones."""
LEVEL, GROWTH, VOICE, DRUM = SHAPE + CHORD, SHAPE + CHORD + 1, SHAPE + CHORD + 2, SHAPE + CHORD + 3
NUMBERS = DRUM + len(DRUMS)


def _chord_bands() -> Float64Array:
    """(136, 12) which bands are of which pitch class, each class adding up to one."""
    weights = filters()
    centre_hz = weights.argmax(axis=0) * RATE_HZ / (WINDOW // 2 * 2)
    table = np.zeros((weights.shape[1], CHORD))
    inside = (centre_hz >= CHORD_HZ[0]) & (centre_hz <= CHORD_HZ[1])
    pitch = np.rint(np.log2(np.maximum(centre_hz, LOWEST_HZ) / 440.0) * BANDS_AN_OCTAVE / 2).astype(int) % CHORD
    table[np.flatnonzero(inside), pitch[inside]] = 1.0
    return np.asarray(table / np.maximum(table.sum(axis=0), 1.0))


CHORDS = _chord_bands()


class BeatSummer:
    """Adds up frames and hits until a beat is over."""

    def __init__(self) -> None:
        self._sum = np.zeros(len(CHORDS))
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
        harmony = bands @ CHORDS
        return np.array([*(shape - level), *(harmony - harmony.mean()), level, *rest, *drums])

    def take(self, hits: Sequence[DrumHit]) -> Float64Array:
        """The beat's numbers, and begin anew."""
        sound = self.peek(hits)
        self._sum, self._rest, self._frames = np.zeros_like(self._sum), np.zeros(2), 0
        return sound
