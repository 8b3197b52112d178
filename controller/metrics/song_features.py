"""A song as a library hears it, offline: what `controller.metrics.correspondence` compares light with.

Chroma, onset envelope and root mean square are librosa's (McFee et al., SciPy 2015), at 30 frames a second; beats and
bars those of `song_beats`. Sections are guesses: peaks in the novelty of harmony, timbre and loudness from bar to bar.
Sections of one kind are those that sound alike as wholes:
clusters of their means (Ward; SciPy). Both libraries are loaded when a song is heard and not before: a venue
has neither.
"""

import numpy as np
import soxr

from controller.arrays import Float32Array, FloatingArray, IntArray
from controller.errors import EvaluationError
from controller.metrics import song_beats, stops
from controller.metrics.correspondence import RATE_HZ, MusicFeatures
from controller.metrics.song_beats import BEATS_PER_BAR
from controller.sound_format import SAMPLE_RATE_HZ

LIBRARY_RATE_HZ = 22_050
STEP = LIBRARY_RATE_HZ // RATE_HZ
SECTION_S = 7.0
KERNEL_S = 12.0
LEAST_BARS = 4
PROMINENT = 0.4
LOUD_WEIGHT = 4
TIMBRES = 13
SECTIONS_A_KIND = (1.6, 3.0)
"""How often a part of a song comes, at the least and at the most; between them the clearest number of kinds."""


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
    beats = hear_beats(sound)
    downbeats = beats[::BEATS_PER_BAR]
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=magnitude**2, sr=LIBRARY_RATE_HZ, n_mels=40), amin=1e-7)
    timbre = librosa.feature.mfcc(S=mel, n_mfcc=TIMBRES)[1:].T
    loud = librosa.amplitude_to_db(rms, ref=np.max)[:, None]
    frames = np.hstack([_standard(chroma), _standard(timbre), np.repeat(_standard(loud), LOUD_WEIGHT, axis=1)])
    starts = guess_sections(frames, downbeats)
    kinds = guess_kinds(frames, starts)
    return MusicFeatures(
        chroma, onsets, rms, beats, downbeats, starts, kinds, tuple(stops.stops(stops.levels_db(samples)))
    )


def hear_beats(sound: FloatingArray) -> IntArray:
    """Frames of the beats, the first of them a downbeat; sound: (n,) at 22,050 Hz."""
    import librosa  # noqa: PLC0415 - absent at venues, and slow to load

    spectrum = np.abs(librosa.stft(sound, hop_length=song_beats.STEP)) ** 2
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=spectrum, sr=LIBRARY_RATE_HZ, n_mels=80), amin=1e-7)
    flux = librosa.onset.onset_strength(S=mel, sr=LIBRARY_RATE_HZ, hop_length=song_beats.STEP)
    found = song_beats.find_beats(flux, mel, librosa.feature.chroma_stft(S=spectrum, sr=LIBRARY_RATE_HZ))
    return np.asarray(np.rint(found * (RATE_HZ / song_beats.FRAMES_PER_S)), np.int64)


def guess_sections(frames: FloatingArray, downbeats: IntArray) -> IntArray:
    """Downbeats at which another section seems to start, four bars and 7 s apart or more; the song's start is one.

    Peaks in the novelty of bars (Foote, ICME 2000), over some 12 s to either side.

    Args:
        frames: (frames, d) features. downbeats: frames.
    """
    from scipy.signal import find_peaks  # noqa: PLC0415 - absent at venues, as librosa is

    if len(downbeats) < 2 * LEAST_BARS:
        return downbeats[:1]
    bars = _standard(_means(frames, downbeats))
    bar_s = max(float(np.median(np.diff(downbeats))) / RATE_HZ, 0.1)
    half = int(np.clip(round(KERNEL_S / bar_s), LEAST_BARS, len(bars) // 2))
    shortest = max(LEAST_BARS, round(SECTION_S / bar_s))
    unit = bars / np.maximum(np.linalg.norm(bars, axis=1, keepdims=True), 1e-6)
    axis = (np.arange(-half, half) + 0.5) / half
    taper = np.sign(axis) * np.exp(-2.0 * np.square(axis))
    padded = np.pad(unit @ unit.T, half, mode="edge")
    curve = np.array([taper @ padded[at : at + 2 * half, at : at + 2 * half] @ taper for at in range(len(bars))])
    tops, _ = find_peaks(curve, distance=shortest, prominence=PROMINENT * float(curve.std()))
    inside = [int(at) for at in tops if shortest <= at <= len(bars) - LEAST_BARS]
    return np.asarray(downbeats[[0, *inside]])


def guess_kinds(frames: FloatingArray, starts: IntArray) -> IntArray:
    """Which sections sound alike: (sections,) kinds, numbered as they come.

    Args:
        frames: (frames, d) features. starts: (sections,) frames.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - absent at venues, as librosa is

    count = len(starts)
    if count < 3:
        return np.arange(count, dtype=np.int64)
    tree = linkage(_means(_standard(frames), starts), "ward")
    most, fewest = (max(2, round(count / each)) for each in SECTIONS_A_KIND)
    gaps = {kinds: tree[count - kinds, 2] / max(tree[count - kinds - 1, 2], 1e-9) for kinds in range(fewest, most + 1)}
    found = fcluster(tree, max(gaps, key=lambda kinds: gaps[kinds]), criterion="maxclust")
    order: dict[int, int] = {}
    return np.array([order.setdefault(int(one), len(order)) for one in found], np.int64)


def _standard(table: FloatingArray) -> FloatingArray:
    """Each column around 0, with a standard deviation of 1."""
    return np.asarray((table - table.mean(axis=0)) / (table.std(axis=0) + 1e-6))


def _means(frames: FloatingArray, starts: IntArray) -> FloatingArray:
    """Mean of the frames of each stretch from one start to the next: (starts, d)."""
    parts = np.split(frames, starts)[1:]
    rows = [part.mean(axis=0) if len(part) else np.zeros(frames.shape[1]) for part in parts]
    return np.array(rows).reshape(-1, frames.shape[1])
