"""Sound to the numbers that the beat network reads: 272 of them, fifty times a second. Pure.

The front end is that of BeatNet (Heydari, Cwitkowitz, Duan, "BeatNet: CRNN and Particle Filtering for Online Joint
Beat, Downbeat and Meter Tracking", ISMIR 2021): 22,050 Hz, a Hann window of 1,411 samples (64 ms) every 441 (20 ms),
triangular filters at 24 to the octave from 30 Hz to 17 kHz, each with an area of one, log10(1 + x), and beside it how
much every band grew since the frame before. The filters are those that madmom describes (Böck et al., "madmom: a new
Python Audio and Music Signal Processing Library", ACM Multimedia 2016): bins nearest to the band's frequencies, each
bin once, a triangle over three neighbours.
"""

from collections.abc import Iterator

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ

RATE_HZ = 22_050
UP, DOWN = 147, 320
"""48 kHz to 22.05 kHz as a ratio."""
WINDOW, HOP = 1411, 441
FRAME_S = HOP / RATE_HZ
BANDS_AN_OCTAVE, LOWEST_HZ, HIGHEST_HZ, TUNED_HZ = 24, 30.0, 17_000.0, 440.0
FIRST_FRAMES = (HOP_SAMPLES // DOWN * UP + WINDOW // 2 - WINDOW) // HOP + 1
"""So many the first tenth of a second completes; each one after it, five."""
BANDS = 136
"""What the filters are in the end: low ones that share a bin are one."""
TAPS = 32
"""Input samples that each resampled one is made of."""
NOTHING = np.zeros(0)


class Resampler:
    """48 kHz to 22.05 kHz, block by block; what comes out does not depend on how the sound was cut.

    A windowed sinc at each of 147 phases, cut off at 0.45 of the lower rate; half of its length is its delay.
    """

    delay_s = TAPS / 2 / SAMPLE_RATE_HZ

    def __init__(self) -> None:
        self._taps = _taps()
        self._pending = np.zeros(TAPS - 1, np.float64)
        self._waiting, self._missing = list[Float32Array](), DOWN

    def feed(self, samples: Float32Array) -> Float64Array:
        """(n,) samples at 48 kHz to those at 22.05 kHz that they complete, 147 for every 320."""
        self._waiting.append(samples.copy())  # whoever captures sound may write there again
        self._missing -= len(samples)
        if self._missing > 0:
            return NOTHING
        self._pending = np.concatenate([self._pending, *self._waiting])
        self._waiting = []
        count = (len(self._pending) - TAPS + 1) // DOWN
        # one by one: a product of several rows at once may differ in its last bit from that of one row
        made = [self._taps @ self._pending[one * DOWN : one * DOWN + DOWN + TAPS - 1] for one in range(count)]
        self._pending = self._pending[count * DOWN :]
        self._missing = DOWN + TAPS - 1 - len(self._pending)
        return np.concatenate(made)


class Front:
    """Blocks in, frames out."""

    def __init__(self) -> None:
        self._resampler = Resampler()
        self._pending = np.zeros(WINDOW // 2, np.float64)  # the first frame stands at the first sample
        self._window = np.hanning(WINDOW)
        self._filters = filters()
        self._before: Float64Array | None = None

    def feed(self, samples: Float32Array) -> Iterator[Float32Array]:
        """A frame (272,) float32 for each 20 ms that the samples (n,) at 48 kHz complete."""
        made = self._resampler.feed(samples)
        if not len(made):
            return
        self._pending = np.concatenate([self._pending, made])
        while len(self._pending) >= WINDOW:
            spectrum = np.abs(np.fft.rfft(self._pending[:WINDOW] * self._window))[: WINDOW // 2]
            now = np.log10(1.0 + spectrum @ self._filters)
            grown = np.maximum(now - (now if self._before is None else self._before), 0.0)
            self._before, self._pending = now, self._pending[HOP:]
            yield np.concatenate([now, grown]).astype(np.float32)


def filters() -> Float64Array:
    """(705, 136) triangles over the spectrum's bins."""
    bins_hz = np.fft.fftfreq(WINDOW // 2 * 2, 1.0 / RATE_HZ)[: WINDOW // 2]
    low = np.floor(np.log2(LOWEST_HZ / TUNED_HZ) * BANDS_AN_OCTAVE)
    high = np.ceil(np.log2(HIGHEST_HZ / TUNED_HZ) * BANDS_AN_OCTAVE)
    wanted = TUNED_HZ * 2.0 ** (np.arange(low, high) / BANDS_AN_OCTAVE)
    wanted = wanted[(wanted >= LOWEST_HZ) & (wanted <= HIGHEST_HZ)]
    right = np.clip(np.searchsorted(bins_hz, wanted), 1, len(bins_hz) - 1)
    nearest = np.array(sorted(set((right - (wanted - bins_hz[right - 1] < bins_hz[right] - wanted)).tolist())))
    columns = []
    for start, centre, stop in zip(nearest, nearest[1:], nearest[2:], strict=False):
        middle, end = (start, start + 1) if stop - start < 2 else (centre, stop)
        column = np.zeros(len(bins_hz))
        column[start:middle] = np.linspace(0.0, 1.0, middle - start, endpoint=False)
        column[middle:end] = np.linspace(1.0, 0.0, end - middle, endpoint=False)
        columns.append(column / column.sum())
    return np.stack(columns, axis=1)


def _taps() -> Float64Array:
    """(147, 351): what each resampled sample of a group takes from the 320 it stands for and the 31 before them."""
    cut = 0.45 * RATE_HZ / SAMPLE_RATE_HZ
    taps = np.zeros((UP, DOWN + TAPS - 1))
    for row in range(UP):
        last, phase = divmod(row * DOWN, UP)
        offset = phase / UP + (TAPS - 1 - np.arange(TAPS)) - TAPS / 2
        bell = 2.0 * cut * np.sinc(2.0 * cut * offset) * np.cos(np.pi * offset / (TAPS + 1)) ** 2
        taps[row, last : last + TAPS] = bell / bell.sum()
    return taps
