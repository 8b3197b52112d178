"""The sound for the latency benchmark: noise bursts at known samples, and where they are found again. Pure."""

import numpy as np

from controller.arrays import Float32Array, IntArray
from controller.sound_format import SAMPLE_RATE_HZ

LEVEL = 0.5
BURST_S = 0.05
SPACING_S = 1.0
SPREAD_S = 0.15
"""Spacing is drawn evenly from 1 ± 0.15 s, so that bursts fall anywhere between two output cycles."""
LEAD_S = 1.5
TAIL_S = 0.7
HEARD_LEVEL = 0.1
APART_S = 0.3


def make_bursts(count: int, seed: int) -> tuple[Float32Array, IntArray]:
    """Bursts of white noise in silence, each starting with a sample at full level.

    Args:
        count: at least 1. seed: the same seed gives the same samples.

    Returns:
        Samples (n,) float32 at 48 kHz within ±0.5, and the index of each burst's first sample.
    """
    rng = np.random.default_rng(seed)
    spacings_s = SPACING_S + rng.uniform(-SPREAD_S, SPREAD_S, count - 1)
    onsets = np.rint(np.cumsum(np.concatenate([[LEAD_S], spacings_s])) * SAMPLE_RATE_HZ).astype(np.int64)
    burst_samples = round(BURST_S * SAMPLE_RATE_HZ)
    samples = np.zeros(onsets[-1] + burst_samples + round(TAIL_S * SAMPLE_RATE_HZ), np.float32)
    for onset in onsets:
        samples[onset : onset + burst_samples] = rng.uniform(-LEVEL, LEVEL, burst_samples)
        samples[onset] = LEVEL
    return samples, onsets


def find_bursts(samples: Float32Array) -> IntArray:
    """Index of the first loud sample after each silence of at least 0.3 s, in what was heard."""
    loud = np.flatnonzero(np.abs(samples) >= HEARD_LEVEL)
    if len(loud) == 0:
        return loud
    after_silence = np.diff(loud) > APART_S * SAMPLE_RATE_HZ
    return np.asarray(loud[np.concatenate([[True], after_silence])])
