"""What a moment of music sounds like, so that it is known again: played louder, in another room, a little faster.

Log energies of 44 bands, six an octave from 60 Hz, in the last fifth of a second; how they stand to each other and how
they changed since three tenths of a second ago. Levels do not count. Pure: NumPy only.
"""

from functools import cache

import numpy as np

from controller.arrays import Float32Array
from controller.sound_format import SAMPLE_RATE_HZ

SPAN = 9_600
BANDS, BANDS_PER_OCTAVE, LOWEST_HZ = 44, 6, 60.0
BEFORE_HOPS = 3
CHANGE_WEIGHT, LEAST_CHANGE = 0.7, 3.0
"""Below this length a change of all bands is a rustle, and counts for less."""
FLOOR = 1e-3
SIZE = 2 * BANDS


@cache
def filterbank() -> Float32Array:
    """(44, 4801) triangles on a logarithmic axis, each of sum 1."""
    frequency = np.maximum(np.fft.rfftfreq(SPAN, 1.0 / SAMPLE_RATE_HZ), 1.0)
    centre = LOWEST_HZ * 2.0 ** (np.arange(BANDS) / BANDS_PER_OCTAVE)
    octaves = np.abs(np.log2(frequency[None, :] / centre[:, None]))
    weight = np.clip(1.0 - octaves * BANDS_PER_OCTAVE, 0.0, 1.0)
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-9), np.float32)


@cache
def window() -> Float32Array:
    """(9600,) what a fifth of a second is weighed with."""
    return np.hanning(SPAN).astype(np.float32)


def energies(samples: Float32Array) -> Float32Array:
    """(44,) log band energies of the last fifth of a second of (n,) float32 samples at 48 kHz, n >= 9600."""
    spectrum = np.abs(np.fft.rfft(samples[-SPAN:] * window())) ** 2
    return np.asarray(np.log(filterbank() @ spectrum.astype(np.float32) + np.float32(FLOOR)), np.float32)


class Fingerprints:
    """Fingerprints hop after hop, ten a second."""

    def __init__(self) -> None:
        self._past: list[Float32Array] = []

    def step(self, samples: Float32Array) -> Float32Array:
        """(88,) float32 of the hop that ends with these samples (n,), n >= 9600."""
        now = energies(samples)
        self._past = [*self._past[-BEFORE_HOPS:], now]
        shape = now - now.mean()
        shape /= max(float(np.linalg.norm(shape)), 1e-6)
        change = now - self._past[0]
        change /= max(float(np.linalg.norm(change)), LEAST_CHANGE)
        return np.concatenate([shape, CHANGE_WEIGHT * change]).astype(np.float32)
