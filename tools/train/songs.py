"""The training songs: reading the audio folder, splitting it by artist, and the log-mel frames of a song.

Edge: reads files. A song enters training as the frames of `controller.listening.embed.mel.small_frames` over its whole
length, behind one window of zeros: the patch of hop k is rows 10 k .. 10 k + 95, exactly what the live path computes.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from controller.listening.embed.mel import SMALL_FFT, SMALL_FRAMES, SMALL_STEP, small_frames
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES

Split = Literal["train", "validation", "test"]

FRAMES_PER_HOP = HOP_SAMPLES // SMALL_STEP
LEADING_ZEROS = WINDOW_SAMPLES - HOP_SAMPLES  # the window of hop 0 holds one hop of sound behind silence
FRAMES_AT_ONCE = 6_000

# Whole artists, so that no band is heard in two splits. The bundled demo songs are Sectoid's: the demo is unseen music.
TEST_ARTISTS = ("Sectoid", "Kenta Cho")
VALIDATION_ARTISTS = ("Marine (UFO:AI)", "Claude Werner")


@dataclass(frozen=True, slots=True)
class Song:
    """One row of `tracks.csv`."""

    name: str
    path: Path
    title: str
    artist: str
    licence: str
    split: Split


def split_of(artist: str) -> Split:
    """Which split an artist's songs belong to."""
    if any(name in artist for name in TEST_ARTISTS):
        return "test"
    if any(name in artist for name in VALIDATION_ARTISTS):
        return "validation"
    return "train"


def list_songs(folder: Path) -> list[Song]:
    """The songs of an audio folder in the order of its `tracks.csv` (columns file, title, artist, license).

    Raises:
        FileNotFoundError: there is no `tracks.csv`, or it names a file that is not there.
    """
    table = folder / "tracks.csv"
    if not table.is_file():
        raise FileNotFoundError(f"{table}: no such file; --data must name a folder with tracks.csv and its audio files")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    songs = []
    for row in rows:
        path = folder / row["file"]
        if not path.is_file():
            raise FileNotFoundError(f"{path}: named by tracks.csv but missing")
        songs.append(Song(path.stem, path, row["title"], row["artist"], row["license"], split_of(row["artist"])))
    return songs


def read_audio(path: Path) -> Float32Array:
    """A file as (n,) float32 mono at 48 kHz.

    PyAV, because libsndfile 1.2 stops in the middle of many valid Opus files ("file is malformed").
    """
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    with av.open(str(path.absolute())) as container:
        decoded = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    decoded += resampler.resample(None)
    return np.concatenate([part.to_ndarray()[0] for part in decoded])


def hops_in(samples: Float32Array) -> int:
    """Whole hops of 0.1 s in a song."""
    return len(samples) // HOP_SAMPLES


def song_frames(samples: Float32Array) -> Float32Array:
    """Log-mel frames of a song behind its leading zeros.

    Args:
        samples: (n,) float32, 48 kHz mono, at least one hop.

    Returns:
        (10 (hops - 1) + 96, 64) float32; rows 10 k .. 10 k + 95 are the patch of hop k.
    """
    padded = np.concatenate([np.zeros(LEADING_ZEROS, np.float32), samples])
    n_frames = FRAMES_PER_HOP * (hops_in(samples) - 1) + SMALL_FRAMES
    chunks = []
    for first in range(0, n_frames, FRAMES_AT_ONCE):
        last = min(first + FRAMES_AT_ONCE, n_frames) - 1
        chunks.append(small_frames(padded[SMALL_STEP * first : SMALL_STEP * last + SMALL_FFT]))
    return np.concatenate(chunks)


def patches(frames: Float32Array, hops: npt.NDArray[np.int64]) -> Float32Array:
    """The patches of some hops of a song: (len(hops), 96, 64), a copy."""
    rows = FRAMES_PER_HOP * hops[:, None] + np.arange(SMALL_FRAMES)[None, :]
    return frames[rows]


def cached_frames(song: Song, cache: Path) -> Float32Array:
    """`song_frames` of a song as float16, computed once and kept in `cache/<name>.npy`.

    Half precision is 0.05 dB here, far below what any listener or network could use.
    """
    path = cache / f"{song.name}.npy"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, song_frames(read_audio(song.path)).astype(np.float16))
        partial.replace(path)
    return np.load(path, mmap_mode="r")
