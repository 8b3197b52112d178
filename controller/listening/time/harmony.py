"""Which of the front's bands tell of which pitch class. Pure."""

import numpy as np

from controller.arrays import Float64Array
from controller.listening.time.front import BANDS_AN_OCTAVE, LOWEST_HZ, RATE_HZ, WINDOW, filters

CHORD = 12
CHORD_HZ = (180.0, 2_200.0)
"""Between these a band tells of harmony: below, its neighbours are one to it; above, it is overtones."""


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


def chord(bands: Float64Array) -> Float64Array:
    """(12,) how much each pitch class is heard in bands (136,), beside their mean."""
    heard = bands @ CHORDS
    return np.asarray(heard - heard.mean())
