"""Mel spectrograms in NumPy: the front ends of both embedders.

Everything here is a function of one window and nothing else, so a window gives the same spectrogram live, in
rehearsal and in training (`tools.train` imports this file).

Sources: Slaney, "Auditory Toolbox", 1998 (mel scale and area normalisation); Cramer et al., "Look, Listen and Learn
More", ICASSP 2019, and kapre 0.3.5 (the OpenL3 v0.4 front end).
"""

from functools import lru_cache

import numpy as np

from controller.arrays import Float32Array, FloatingArray
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES

SMALL_FFT = 2_048
SMALL_STEP = 480
SMALL_BANDS = 64
SMALL_FRAMES = 1 + (WINDOW_SAMPLES - SMALL_FFT) // SMALL_STEP  # 96: only frames that lie wholly inside the window

OPENL3_FFT = 2_048
OPENL3_STEP = 242
OPENL3_BANDS = 256
OPENL3_FRAMES = -(-WINDOW_SAMPLES // OPENL3_STEP)  # 199: the last ones run past the window into zeros


def hz_to_mel(hz: Float32Array | np.float32) -> Float32Array:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above. Any shape, float32."""
    linear = hz * np.float32(3.0 / 200.0)
    logarithmic = 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4)
    return np.where(hz < 1000.0, linear, logarithmic).astype(np.float32)


def mel_to_hz(mel: Float32Array) -> Float32Array:
    """Inverse of `hz_to_mel`."""
    linear = mel * (200.0 / 3.0)
    logarithmic = 1000.0 * np.exp(np.log(6.4) / 27.0 * (np.maximum(mel, 15.0) - 15.0))
    return np.where(mel < 15.0, linear, logarithmic).astype(np.float32)


def mel_filterbank(fft: int, bands: int, low_hz: float, high_hz: float) -> Float32Array:
    """Triangular filters of equal area.

    Returns:
        (fft // 2 + 1, bands) float32, to be multiplied from the right.
    """
    edges_mel = np.linspace(hz_to_mel(np.float32(low_hz)), hz_to_mel(np.float32(high_hz)), bands + 2, dtype=np.float64)
    edges_hz = mel_to_hz(edges_mel.astype(np.float32)).astype(np.float64)
    bins_hz = np.fft.rfftfreq(fft, 1.0 / SAMPLE_RATE_HZ)
    rising = (bins_hz[:, None] - edges_hz[None, :-2]) / np.diff(edges_hz)[None, :-1]
    falling = (edges_hz[None, 2:] - bins_hz[:, None]) / np.diff(edges_hz)[None, 1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    area = 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return np.ascontiguousarray((triangles * area[None, :]).astype(np.float32))


@lru_cache(maxsize=4)
def _hann(length: int) -> Float32Array:
    phase = 2.0 * np.pi * np.arange(length) / length  # periodic: the period is `length`, not `length - 1`
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


@lru_cache(maxsize=4)
def _filterbank(fft: int, bands: int, low_hz: float, high_hz: float) -> Float32Array:
    return mel_filterbank(fft, bands, low_hz, high_hz)


def small_frames(samples: Float32Array) -> Float32Array:
    """Log-mel frames of the bundled embedder, of a window or of a whole song.

    Frame i covers samples [480 i, 480 i + 2048). Level is kept (0 dB = full-scale sine), so loud stays loud: a show
    needs to know. A song's frames 10 k .. 10 k + 95 are exactly the frames of the window that starts at hop k.

    Args:
        samples: (n,) float32, 48 kHz mono, n >= 2048.

    Returns:
        (frames, 64) float32, about -2 (silence, -100 dB) .. 2 (0 dB).
    """
    blocks = np.lib.stride_tricks.sliding_window_view(samples, SMALL_FFT)[::SMALL_STEP]
    spectrum = np.fft.rfft(blocks * _hann(SMALL_FFT), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) * np.float32((4.0 / SMALL_FFT) ** 2)
    bands: Float32Array = _by_hops(power) @ _filterbank(SMALL_FFT, SMALL_BANDS, 30.0, 16_000.0)
    decibels = 10.0 * np.log10(np.maximum(bands.reshape(-1, SMALL_BANDS)[-len(power) :], 1e-10))
    return np.asarray((decibels + 50.0) / 25.0, np.float32)


def _by_hops(power: FloatingArray) -> Float32Array:
    """Ten frames to a product: how a product is rounded depends on how many rows it has."""
    frames = HOP_SAMPLES // SMALL_STEP
    whole = np.zeros((-(-len(power) // frames) * frames, power.shape[1]), np.float32)
    whole[len(whole) - len(power) :] = power
    return whole.reshape(-1, frames, power.shape[1])


def openl3_mel256(samples: Float32Array) -> Float32Array:
    """The OpenL3 v0.4 spectrogram of one window.

    Magnitude (not power) through 256 Slaney mel bands, in dB below the loudest cell of the window, floor -80 dB.
    Zeros are padded at the end only.

    Args:
        samples: (48000,) float32, 48 kHz mono.

    Returns:
        (256, 199) float32 in [-80, 0].
    """
    padded = np.zeros((OPENL3_FRAMES - 1) * OPENL3_STEP + OPENL3_FFT, np.float32)
    padded[:WINDOW_SAMPLES] = samples
    blocks = np.lib.stride_tricks.sliding_window_view(padded, OPENL3_FFT)[::OPENL3_STEP]
    magnitude = np.abs(np.fft.rfft(blocks * _hann(OPENL3_FFT), axis=1)).astype(np.float32)
    bands = magnitude @ _filterbank(OPENL3_FFT, OPENL3_BANDS, 0.0, SAMPLE_RATE_HZ / 2)
    decibels = 10.0 * np.log10(np.maximum(bands, 1e-10))
    decibels -= decibels.max()
    return np.ascontiguousarray(np.maximum(decibels, -80.0).T.astype(np.float32))
