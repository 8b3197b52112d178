"""What a lighting designer knows about a song before the show: beats, bars, sections and how loud each of them is.

Offline and with the whole song in view. Beats and onsets are librosa's (McFee et al., SciPy 2015; beat tracking after
Ellis, 2007). Sections: novelty of a self-similarity matrix over bars (Foote, ICME 2000), labelled by clustering.
The downbeat is a guess: the beat of four on which bass, cymbals, new chords and new sounds pile up.
"""

from dataclasses import dataclass

import librosa
import numpy as np
import numpy.typing as npt
import soxr
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from controller.arrays import Float32Array, IntArray
from controller.metrics.song_beats import BEATS_PER_BAR, FRAMES_PER_S, RATE_HZ, STEP, find_beats
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ

HOPS_PER_S = 10
KERNEL_BARS = 6
SHORTEST_SECTION_BARS = 4
AUDIBLE_AFTER_S = 0.03  # the newest spectrogram frame needs this much of an onset to show it


@dataclass(frozen=True, slots=True)
class Section:
    """A run of bars that belong together.

    Attributes:
        first, last: bars first..last-1.
        label: sections of one label sound alike; 0 is the quietest label of the song.
        energy: 0..1, loudness and onset density within the song.
    """

    first: int
    last: int
    label: int
    energy: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """One song; times are hops of 0.1 s.

    Attributes:
        hops: length of the song.
        beats: (n,) hop of each beat, the first being a downbeat; beat b is in bar b // 4.
        sections: in order, covering all bars.
        loudness: (hops,) 0..1 between the song's quiet and loud passages.
        onsets: (hops,) 0..1, strongest onset of each hop.
        bass: (hops,) 0..1, the same below 150 Hz.
    """

    hops: int
    beats: IntArray
    sections: tuple[Section, ...]
    loudness: Float32Array
    onsets: Float32Array
    bass: Float32Array


def hop_of(time_s: npt.ArrayLike) -> IntArray:
    """First hop at whose end a sound that starts at `time_s` can be heard: 0.03 to 0.13 s later."""
    return np.floor((np.asarray(time_s) + AUDIBLE_AFTER_S) * HOPS_PER_S).astype(np.int64)


def hop_loudness(samples: Float32Array) -> Float32Array:
    """Loudness of each hop (hops,), 0 at the song's 3rd and 1 at its 97th percentile of level in dB."""
    hops = len(samples) // HOP_SAMPLES
    power = np.square(samples[: hops * HOP_SAMPLES]).reshape(hops, HOP_SAMPLES).mean(axis=1)
    level_db = 10.0 * np.log10(power + 1e-7)
    low, high = np.percentile(level_db, [3, 97])
    return np.clip((level_db - low) / max(high - low, 12.0), 0.0, 1.0).astype(np.float32)


def per_hop(curve: Float32Array, hops: int) -> Float32Array:
    """Maximum of an onset curve (librosa frames) in each hop (hops,), 1 at its 98th percentile."""
    strongest = np.zeros(hops, np.float32)
    where = hop_of(np.arange(len(curve)) / FRAMES_PER_S)
    inside = where < hops
    np.maximum.at(strongest, where[inside], curve[inside])
    return np.clip(strongest / (np.percentile(strongest, 98) + 1e-6), 0.0, 1.0).astype(np.float32)


def bar_boundaries(features: Float32Array) -> list[int]:
    """Bars (n, F) to the first bar of each section, always starting with 0."""
    n = len(features)
    similar = (
        features @ features.T / (np.linalg.norm(features, axis=1)[:, None] * np.linalg.norm(features, axis=1) + 1e-6)
    )
    offsets = np.arange(-KERNEL_BARS, KERNEL_BARS) + 0.5
    taper = np.exp(-0.5 * (offsets / (0.5 * KERNEL_BARS)) ** 2)
    kernel = np.outer(np.sign(offsets) * taper, np.sign(offsets) * taper)
    padded = np.pad(similar, KERNEL_BARS, mode="edge")
    size = 2 * KERNEL_BARS
    novelty = np.array([(padded[i : i + size, i : i + size] * kernel).sum() for i in range(n)])
    novelty[:SHORTEST_SECTION_BARS] = novelty.min()
    peaks, _ = find_peaks(novelty, distance=SHORTEST_SECTION_BARS, prominence=0.4 * novelty.std())
    return [0, *(int(p) for p in peaks if n - p >= SHORTEST_SECTION_BARS)]


def label_sections(features: Float32Array, starts: list[int], energy: Float32Array) -> tuple[Section, ...]:
    """Cluster sections by their mean bar features; labels are ordered by energy."""
    ends = [*starts[1:], len(features)]
    means = np.stack([features[a:b].mean(axis=0) for a, b in zip(starts, ends, strict=True)])
    energies = np.array([energy[a:b].mean() for a, b in zip(starts, ends, strict=True)])
    clusters = np.zeros(len(starts), np.int64)
    if len(starts) > 1:
        wanted = int(np.clip(round(len(starts) / 2.2), 2, 6))
        clusters = fcluster(linkage(means, "average", metric="cosine"), wanted, criterion="maxclust")
    rank = {c: i for i, c in enumerate(sorted(set(clusters), key=lambda c: energies[clusters == c].mean()))}
    spread = max(energies.max() - energies.min(), 0.25)
    scaled = np.clip((energies - energies.max()) / spread + 1.0, 0.0, 1.0)
    return tuple(Section(a, b, rank[c], float(e)) for a, b, c, e in zip(starts, ends, clusters, scaled, strict=True))


def bar_features(frames: Float32Array, loudness: Float32Array, onsets: Float32Array, bars: IntArray) -> Float32Array:
    """Standardised features (bars, F) of timbre and harmony, loudness and onset density, lightly smoothed over bars."""
    ends = [*bars[1:], len(loudness)]
    hops_per_frame = HOPS_PER_S / FRAMES_PER_S
    rows = []
    for first, last in zip(bars, ends, strict=True):
        a, b = int(first / hops_per_frame), int(max(last, first + 1) / hops_per_frame) + 1
        part = frames[:, min(a, frames.shape[1] - 1) : b]
        hop = slice(min(first, len(loudness) - 1), max(last, first + 1))
        rows.append([*part.mean(axis=1), 3.0 * loudness[hop].mean(), 3.0 * onsets[hop].mean()])
    table = np.array(rows)
    table = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-6)
    table[:, -2:] *= 2.0
    return gaussian_filter1d(table, 0.7, axis=0).astype(np.float32)


def analyse(samples: Float32Array) -> Analysis:
    """Analyse a song.

    Args:
        samples: (n,) float32, 48 kHz mono, at least ten seconds.
    """
    hops = len(samples) // HOP_SAMPLES
    sound = soxr.resample(samples, SAMPLE_RATE_HZ, RATE_HZ, quality="MQ")
    spectrum = np.abs(librosa.stft(sound, hop_length=STEP)) ** 2
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=spectrum, sr=RATE_HZ, n_mels=80), amin=1e-7)
    flux = librosa.onset.onset_strength(S=mel, sr=RATE_HZ, hop_length=STEP)
    low_flux = librosa.onset.onset_strength(S=mel[:6], sr=RATE_HZ, hop_length=STEP)
    chroma = librosa.feature.chroma_stft(S=spectrum, sr=RATE_HZ)
    mfcc = librosa.feature.mfcc(S=mel, n_mfcc=13)[1:]
    beats = find_beats(flux, mel, chroma)
    beat_hops = hop_of(beats / FRAMES_PER_S)
    beat_hops = beat_hops[beat_hops < hops]
    loudness, onsets, bass = hop_loudness(samples), per_hop(flux, hops), per_hop(low_flux, hops)
    bars = beat_hops[::BEATS_PER_BAR]
    features = bar_features(np.concatenate([chroma, mfcc / 10.0]), loudness, onsets, bars)
    density = np.array([onsets[a:b].mean() for a, b in zip(bars, [*bars[1:], hops], strict=True)])
    level = np.array([loudness[a:b].mean() for a, b in zip(bars, [*bars[1:], hops], strict=True)])
    sections = label_sections(features, bar_boundaries(features), 0.7 * level + 0.6 * density)
    return Analysis(hops, beat_hops, sections, loudness, onsets, bass)
