"""Changes to log-mel frames that a venue makes too: level, tone, noise, room. One unit is 25 dB (`small_frames`).

All of them work on frames, not on samples: an order of magnitude faster, and for level and tone nearly exact. The
reverberation is a model of energies (each band decays exponentially), without phase.

Sources: Saeed et al., "Contrastive Learning of General-Purpose Audio Representations" (COLA), ICASSP 2021, for the
idea; Park et al., "SpecAugment", Interspeech 2019, for the masks.
"""

import numpy as np

from controller.arrays import Float32Array

Generator = np.random.Generator

UNIT_DB = 25.0
FLOOR = np.float32(-2.0)
BANDS = 64


def tone_curve(rng: Generator, gain_db: float = 9.0, tilt_db: float = 6.0, bump_db: float = 5.0) -> Float32Array:
    """A random level change, tilt and one broad bump over the bands: (64,) float32 in units, to be added."""
    bands = np.linspace(-1.0, 1.0, BANDS)
    bump = np.exp(-0.5 * ((bands - rng.uniform(-1.0, 1.0)) / 0.3) ** 2)
    curve = (
        rng.uniform(-gain_db, gain_db) + rng.uniform(-tilt_db, tilt_db) * bands + rng.normal(0.0, bump_db / 2) * bump
    )
    return (curve / UNIT_DB).astype(np.float32)


def reverberate(frames: Float32Array, decay_s: float, wet: float) -> Float32Array:
    """Let the energy of every band ring on with the given 60 dB decay time.

    Args:
        frames: (..., n, 64), 10 ms apart.
        decay_s: time in which the tail falls by 60 dB.
        wet: share of a frame's energy that is handed to the tail, 0..1.
    """
    power = np.power(10.0, frames * (UNIT_DB / 10.0), dtype=np.float32)
    keep = np.float32(10.0 ** (-6.0 * 0.01 / decay_s))
    tail = np.zeros_like(power[..., 0, :])
    out = np.empty_like(power)
    for i in range(power.shape[-2]):
        out[..., i, :] = power[..., i, :] + wet * tail
        tail = keep * tail + (1.0 - keep) * power[..., i, :]
    return (10.0 / UNIT_DB * np.log10(out)).astype(np.float32)


def add_noise(frames: Float32Array, rng: Generator, level: float) -> Float32Array:
    """Add crowd-like noise, louder at the low end, in the energy domain; `level` in units (-2 is -100 dB)."""
    slope = np.linspace(0.3, -0.3, BANDS, dtype=np.float32)
    noise = level + slope + 0.1 * rng.standard_normal(frames.shape, dtype=np.float32)
    scale = np.float32(np.log(10.0) * UNIT_DB / 10.0)
    return (np.logaddexp(frames * scale, noise * scale) / scale).astype(np.float32)


def mask(patch: Float32Array, rng: Generator) -> Float32Array:
    """Silence one short run of frames and one run of bands in a patch (96, 64); returns a copy."""
    masked = patch.copy()
    frames, bands = int(rng.integers(0, 12)), int(rng.integers(0, 8))
    frame, band = int(rng.integers(0, len(patch) - frames)), int(rng.integers(0, BANDS - bands))
    masked[frame : frame + frames] = FLOOR
    masked[:, band : band + bands] = FLOOR
    return masked


def recolour(frames: Float32Array, rng: Generator) -> Float32Array:
    """Level and tone only: the song as another desk would mix it. Any (..., 64)."""
    return np.maximum(frames + tone_curve(rng), FLOOR)


def roughen(patch: Float32Array, rng: Generator) -> Float32Array:
    """Room, noise and masks, each now and then, on a patch (96, 64)."""
    if rng.random() < 0.3:
        patch = reverberate(patch, decay_s=rng.uniform(0.3, 1.5), wet=rng.uniform(0.1, 1.0))
    if rng.random() < 0.3:
        patch = add_noise(patch, rng, level=rng.uniform(-1.2, -0.2))
    if rng.random() < 0.5:
        patch = mask(patch, rng)
    return np.maximum(patch, FLOOR)
