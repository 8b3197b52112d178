"""A song as a library hears it, offline: what `controller.metrics.correspondence` compares light with.

Chroma, onset envelope, root mean square and beats are librosa's (McFee et al., SciPy 2015; beats after Ellis, 2007),
at 30 frames a second. Downbeats and sections are guesses: the beat of four with the strongest onsets, and peaks in the
novelty of harmony and loudness. librosa is loaded when a song is heard and not before: a venue has none.
"""

import numpy as np
import soxr

from controller.arrays import Float32Array, FloatingArray, IntArray
from controller.errors import EvaluationError
from controller.metrics.correspondence import EVERY, KERNEL_HALF, RATE_HZ, MusicFeatures, novelty_curve, self_similarity
from controller.sound_format import SAMPLE_RATE_HZ

LIBRARY_RATE_HZ = 22_050
STEP = LIBRARY_RATE_HZ // RATE_HZ
BEATS_PER_BAR = 4
SECTION_S = 8.0


def music_features(samples: Float32Array) -> MusicFeatures:
    """Hear a song.

    Args:
        samples: (n,) float32, 48 kHz mono, at least a second.

    Raises:
        EvaluationError: librosa is not installed.
    """
    try:
        import librosa  # noqa: PLC0415 - absent at venues, and slow to load
    except ImportError as error:
        raise EvaluationError(
            f"hearing a song needs librosa, which is not installed ({error}); pip install 'followspot[evaluate]'"
        ) from error
    sound = soxr.resample(samples, SAMPLE_RATE_HZ, LIBRARY_RATE_HZ, quality="MQ")
    magnitude = np.abs(librosa.stft(sound, hop_length=STEP))
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=LIBRARY_RATE_HZ).T
    onsets = librosa.onset.onset_strength(y=sound, sr=LIBRARY_RATE_HZ, hop_length=STEP)
    rms = librosa.feature.rms(S=magnitude)[0]
    _, beats = librosa.beat.beat_track(onset_envelope=onsets, sr=LIBRARY_RATE_HZ, hop_length=STEP, trim=False)
    beats = np.asarray(beats, np.int64)
    downbeats = guess_downbeats(beats, onsets)
    return MusicFeatures(chroma, onsets, rms, beats, downbeats, guess_sections(chroma, rms, downbeats))


def guess_downbeats(beats: IntArray, onsets: FloatingArray) -> IntArray:
    """Every fourth beat, from the one of the first four on which the onsets are strongest."""
    if len(beats) < BEATS_PER_BAR:
        return beats[:1]
    strength = [float(onsets[beats[phase::BEATS_PER_BAR]].mean()) for phase in range(BEATS_PER_BAR)]
    return beats[int(np.argmax(strength)) :: BEATS_PER_BAR]


def guess_sections(chroma: FloatingArray, rms: FloatingArray, downbeats: IntArray) -> IntArray:
    """Downbeats at which another section seems to start, 8 s apart or more; the song's start is one.

    Args:
        chroma: (frames, 12). rms: (frames,). downbeats: frames.
    """
    loud = np.repeat((rms / max(float(rms.max()), 1e-9))[:, None], 6, axis=1)  # half the weight of harmony
    curve = novelty_curve(self_similarity(np.concatenate([chroma, loud], axis=1)))
    if len(curve) < 3 or len(downbeats) == 0:
        return downbeats[:1]
    reach = round(SECTION_S * RATE_HZ / EVERY)
    strong = np.flatnonzero(curve > curve.mean() + curve.std())
    tops = [at for at in strong if curve[at] >= curve[max(at - reach, 0) : at + reach + 1].max()]
    frames = (np.array(tops, np.int64) + KERNEL_HALF) * EVERY
    nearest = downbeats[np.abs(frames[:, None] - downbeats[None, :]).argmin(axis=1)] if len(frames) else frames
    return np.unique(np.concatenate([downbeats[:1], nearest]))
