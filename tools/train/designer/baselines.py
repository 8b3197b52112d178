"""Lights to compare a model with: the loudness, and rules that read an emotion off each segment.

The rule-based light is the talk's baseline: every ten seconds an emotion, and for each emotion one colour at one
brightness. Emotion: a quadrant of valence (major or minor, after the key profiles of Krumhansl and Kessler,
Psychological Review 1982) and arousal (loudness and onsets, above or below the song's middle). Colours: yellow for joy,
red for anger, blue for sadness, green for contentment (Jonauskaite et al., Psychological Science 2020, 30 nations);
aroused music is lighter (Palmer et al., PNAS 2013: faster goes with lighter and more saturated).
"""

import numpy as np

from controller.arrays import Float32Array, IntArray
from controller.metrics.correspondence import MusicFeatures

HOPS_PER_S = 10
FRAMES_PER_S = 30
SEGMENT_S = 10
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
EMOTIONS = {  # (pleasant, aroused): hue 0..179, value 0..255
    (True, True): (28, 230),  # joy, yellow
    (False, True): (0, 230),  # anger, red
    (False, False): (115, 110),  # sadness, blue
    (True, False): (60, 110),  # contentment, green
}


def rms_follower(rms: Float32Array, hops: int) -> IntArray:
    """One colour, as bright as it is loud at each hop: (hops, 2). rms: (frames,) at 30 a second."""
    frame = np.minimum(np.arange(1, hops + 1) * FRAMES_PER_S // HOPS_PER_S, len(rms) - 1)
    loud = rms[frame] / (np.percentile(rms, 99) + 1e-9)
    return np.stack([np.full(hops, 15), np.round(255 * np.clip(loud, 0.0, 1.0)).astype(np.int64)], axis=1)


def is_major(chroma: Float32Array) -> bool:
    """Whether the best of 24 keys for a mean chroma vector (12,) is a major one."""
    best = [max(np.corrcoef(np.roll(profile, key), chroma)[0, 1] for key in range(12)) for profile in (MAJOR, MINOR)]
    return bool(best[0] > best[1])


def rule_based(music: MusicFeatures, hops: int) -> IntArray:
    """Emotion of each segment to its colour: (hops, 2)."""
    chroma, onsets, rms = music.chroma, music.onsets, music.rms
    size = SEGMENT_S * FRAMES_PER_S
    starts = range(0, max(len(rms) - size // 2, 1), size)
    loud = np.array([rms[a : a + size].mean() for a in starts])
    busy = np.array([onsets[a : a + size].mean() for a in starts])
    arousal = loud / (np.median(loud) + 1e-9) + busy / (np.median(busy) + 1e-9)
    middle = float(np.median(arousal))
    colours = [
        EMOTIONS[is_major(chroma[a : a + size].mean(axis=0)), bool(level >= middle)]
        for a, level in zip(starts, arousal, strict=True)
    ]
    segment = np.minimum(np.arange(hops) // (SEGMENT_S * HOPS_PER_S), len(colours) - 1)
    return np.array(colours, np.int64)[segment]
