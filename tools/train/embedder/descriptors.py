"""What a lighting engineer hears in one second, as numbers computed from a log-mel patch.

The embedder has to be able to tell them from its embedding (regression head), which keeps it about loudness, tone,
rhythm and harmony instead of about whatever happens to separate one recording from another.
"""

import numpy as np

from controller.arrays import Float32Array
from controller.listening.embed.mel import SMALL_BANDS, SMALL_FRAMES, hz_to_mel, mel_to_hz

SLICES = 12  # of 8 frames: 80 ms
GROUPS = 8  # of 8 bands
PITCH_CLASSES = 12
RATES = 8  # modulation of the onset curve at about 1, 2 .. 8 Hz


def band_centres_hz() -> Float32Array:
    """Centre of each of the 64 mel bands of `small_frames`."""
    low, high = hz_to_mel(np.float32(30.0)), hz_to_mel(np.float32(16_000.0))
    return mel_to_hz(np.linspace(low, high, SMALL_BANDS + 2, dtype=np.float32)[1:-1])


def _pitch_classes() -> Float32Array:
    """(64, 12) soft membership; crude, because a mel band below 1 kHz is wider than a semitone."""
    centres = band_centres_hz()
    pitch = 12.0 * np.log2(centres / 440.0)
    distance = (pitch[:, None] - np.arange(PITCH_CLASSES)[None, :] + 6.0) % 12.0 - 6.0
    audible = (centres > 100.0) & (centres < 5_000.0)
    return (np.exp(-(distance**2)) * audible[:, None]).astype(np.float32)


PITCH_CLASS_OF_BAND = _pitch_classes()


def describe(batch: Float32Array) -> Float32Array:
    """Descriptors of patches.

    Args:
        batch: (n, 96, 64) float32 as `small_frames` makes them.

    Returns:
        (n, D) float32, not standardised: 96 slice-by-group levels, 24 onset strengths (all bands, low bands), 16
        modulation, 12 pitch classes, 8 level deviations and 6 scalars (loudness, loudness now, change of loudness
        over the second, centroid, flatness, onset density).
    """
    n = len(batch)
    slices = batch.reshape(n, SLICES, SMALL_FRAMES // SLICES, SMALL_BANDS)
    levels = slices.reshape(n, SLICES, -1, GROUPS, SMALL_BANDS // GROUPS).mean(axis=(2, 4))
    rises = np.maximum(np.diff(batch, axis=1, prepend=batch[:, :1]), 0.0)
    flux, low_flux = rises.mean(axis=2), rises[:, :, :12].mean(axis=2)
    onsets = np.concatenate([curve.reshape(n, SLICES, -1).sum(axis=2) for curve in (flux, low_flux)], axis=1)
    modulation = np.concatenate([np.abs(np.fft.rfft(c, axis=1))[:, 1 : RATES + 1] for c in (flux, low_flux)], axis=1)
    spectrum = np.power(10.0, 2.5 * batch).mean(axis=1)
    chroma = np.log10(spectrum @ PITCH_CLASS_OF_BAND + 1e-6)
    chroma -= chroma.mean(axis=1, keepdims=True)
    total = spectrum.sum(axis=1) + 1e-6
    frame_levels = batch.mean(axis=2)
    scalars = np.stack(
        [
            np.log10(total),
            frame_levels[:, -16:].mean(axis=1),
            frame_levels[:, 48:].mean(axis=1) - frame_levels[:, :48].mean(axis=1),
            (spectrum * np.arange(SMALL_BANDS)).sum(axis=1) / total,
            np.log10(spectrum + 1e-6).mean(axis=1) - np.log10(total),
            (flux > 0.08).mean(axis=1),
        ],
        axis=1,
    )
    parts = [levels.reshape(n, -1), onsets, modulation, chroma, levels.std(axis=1), scalars]
    return np.concatenate(parts, axis=1).astype(np.float32)
