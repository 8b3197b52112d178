"""An audio folder to what the decoder trains on: embeddings as venues would give them, designed shows, what is told.

One `.npz` for each song and speed: `music` (views, hops, 512) float16, `light` (shows, hops, 2) int16, `told`
(hops, len(TOLD)) float16, `bearings` (shows, hops, N) float16 (`bearings.py`), and for scoring `hits`, `loudness`,
`beats`, `section_starts`, and `chroma`, `onsets` and `rms` at 30 frames a second. Training songs come at three speeds
(and pitches, as from a turntable), each in three views: as recorded, as another desk would mix it, and so again in a
room with a crowd. Edge: reads and writes files.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import soxr
from rich.progress import track

from controller.arrays import Float32Array
from controller.artefacts.artefact import sha256_of
from controller.metrics.song_features import music_features
from controller.sound_format import SAMPLE_RATE_HZ
from controller.system import start_method
from tools.train.bearings import SongEar, by_lot, hits_of
from tools.train.designer.analysis import BEATS_PER_BAR, Analysis, analyse
from tools.train.designer.held import design_held
from tools.train.embedder.augmentation import FLOOR, add_noise, recolour, reverberate
from tools.train.songs import Song, hops_in, list_songs, patches, read_audio, song_frames

Generator = np.random.Generator

SHOWS = 12
SPEEDS = (1.0, 0.88, 1.12)
MUSIC_AT_30 = ("chroma", "onsets", "rms")
JUST_HOPS = 10
RECENT_HOPS, BEFORE_HOPS = 10, 80

TOLD = ("beat", "downbeat", "beat_sin", "beat_cos", "bar_sin", "bar_cos", "section", "calm", "hot",
        "loudness", "onset", "bass", "novel")  # fmt: skip
"""What the encoder is asked besides: where in beat, bar and form the music is, and how loud, hop by hop."""
TOLD_YES = ("beat", "downbeat", "section", "calm", "hot")

EMBEDDER_NOTE = "embedder.sha256"
"""In the folder of prepared songs: checksum of the embedder that prepared them, which the export writes down."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be written."""

    song: Song
    number: int
    speed: float
    path: Path


def embed(session: onnxruntime.InferenceSession, frames: Float32Array, hops: int) -> Float32Array:
    """Embeddings (hops, 512) of a song's frames through the exported embedder, as the show computes them."""
    rows = []
    for hop in range(hops):
        patch = patches(frames, np.array([hop])).astype(np.float32)
        rows.append(session.run(None, {"patch": patch})[0][0])
    return np.stack(rows)


def crowded(frames: Float32Array, rng: Generator) -> Float32Array:
    """Another desk, a room and a crowd."""
    wet = reverberate(recolour(frames, rng), decay_s=rng.uniform(0.3, 1.2), wet=rng.uniform(0.1, 0.6))
    return add_noise(wet, rng, level=rng.uniform(-1.5, -0.6))


def bar_position(beats: npt.NDArray[np.int64], hops: int) -> tuple[Float32Array, Float32Array]:
    """Phase 0..1 in the beat and in the bar at each hop, each (hops,); the tempo of the edges goes on beyond them."""
    step = max(float(np.median(np.diff(beats))), 1.0)
    before, after = beats[0] - step * np.arange(8, 0, -1), beats[-1] + step * np.arange(1, 9)
    known = np.concatenate([before, beats, after])
    count = np.interp(np.arange(hops), known, np.arange(len(known)) - 8.0)
    return (count % 1.0).astype(np.float32), (count / BEATS_PER_BAR % 1.0).astype(np.float32)


def novelty(music: Float32Array) -> Float32Array:
    """How unlike the last second is to the eight before, (hops,) 0..1: what can be heard of a new section at once.

    Args:
        music: (hops, 512) embeddings.
    """
    total = np.cumsum(np.concatenate([np.zeros((1, music.shape[1])), music]), axis=0)
    now = np.arange(1, len(music) + 1)
    recent, before = np.maximum(now - RECENT_HOPS, 0), np.maximum(now - RECENT_HOPS - BEFORE_HOPS, 0)
    last = (total[now] - total[recent]) / (now - recent)[:, None]
    past = (total[recent] - total[before]) / np.maximum(recent - before, 1)[:, None]
    distance = np.linalg.norm(last - past, axis=1) * (recent - before >= BEFORE_HOPS // 4)
    return np.clip(distance / (np.percentile(distance, 98) + 1e-6), 0.0, 1.0).astype(np.float32)


def told(song: Analysis, music: Float32Array) -> npt.NDArray[np.float16]:
    """The answers to `TOLD`: (hops, len(TOLD)), yes or no as 1 and 0, the others -1..1; `music` as in `novelty`."""
    hops = song.hops
    flags = {name: np.zeros(hops, np.float32) for name in TOLD_YES}
    flags["beat"][song.beats] = 1.0
    flags["downbeat"][song.beats[::BEATS_PER_BAR]] = 1.0
    labels = 1 + max(section.label for section in song.sections)
    for section in song.sections:
        first = int(song.beats[section.first * BEATS_PER_BAR])
        last = section.last * BEATS_PER_BAR
        end = int(song.beats[last]) if last < len(song.beats) else hops
        flags["section"][first : first + JUST_HOPS] = float(section.first > 0)
        flags["hot"][first:end] = float(labels > 1 and section.label >= labels - max(1, labels // 3))
        flags["calm"][first:end] = float(section.label == 0)
    beat, bar = (2.0 * np.pi * phase for phase in bar_position(song.beats, hops))
    waves = {"beat_sin": np.sin(beat), "beat_cos": np.cos(beat), "bar_sin": np.sin(bar), "bar_cos": np.cos(bar)}
    heard = {"loudness": song.loudness, "onset": song.onsets, "bass": song.bass, "novel": novelty(music)}
    return np.stack([{**flags, **waves, **heard}[name] for name in TOLD], axis=1).astype(np.float16)


def music_at_30(samples: Float32Array) -> dict[str, Float32Array]:
    """What the metrics hear of a song, at 30 frames a second: see `controller.metrics.song_features`."""
    music = music_features(samples)
    return {name: getattr(music, name).astype(np.float32) for name in MUSIC_AT_30}


def prepare_one(job: Job, embedder: Path, seed: int, *, relight: bool = False) -> None:
    """Write one file, unless it is there; `relight`: compose and tell anew for the music that is there."""
    if job.path.is_file() and not relight:
        return
    rng = np.random.default_rng([seed, job.number, round(100 * job.speed)])
    samples = read_audio(job.song.path)
    if job.speed != 1.0:
        samples = soxr.resample(samples, SAMPLE_RATE_HZ * job.speed, SAMPLE_RATE_HZ).astype(np.float32)
    heard: dict[str, npt.NDArray[np.generic]]
    if job.path.is_file():
        with np.load(job.path) as arrays:
            heard = {name: arrays[name] for name in ("music", "hits", *MUSIC_AT_30) if name in arrays}
    else:
        heard = {"music": embed_views(samples, embedder, rng), **(music_at_30(samples) if job.speed == 1.0 else {})}
    song, knows = analyse(samples), SongEar().hear(samples)
    heard.setdefault("hits", hits_of(knows))
    there = [by_lot(knows[: song.hops], rng) for _ in range(SHOWS)]
    light = np.stack([design_held(song, one, rng).light for one in there])
    partial_path = job.path.with_suffix(".partial.npz")
    np.savez(
        partial_path,
        light=light.astype(np.int16),
        told=told(song, heard["music"][0].astype(np.float32)),
        bearings=np.stack(there),
        loudness=song.loudness,
        beats=song.beats,
        section_starts=song.beats[[BEATS_PER_BAR * section.first for section in song.sections]],
        **heard,
    )
    partial_path.replace(job.path)


def embed_views(samples: Float32Array, embedder: Path, rng: Generator) -> npt.NDArray[np.float16]:
    """The three views of a song, embedded: (3, hops, 512)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(embedder / "embedder.onnx", options, providers=["CPUExecutionProvider"])
    frames = song_frames(samples)
    views = [frames, np.maximum(recolour(frames, rng), FLOOR), np.maximum(crowded(frames, rng), FLOOR)]
    return np.stack([embed(session, view, hops_in(samples)) for view in views]).astype(np.float16)


def prepare(
    data: Path,
    embedder: Path,
    out: Path,
    seed: int,
    *,
    workers: int = 1,
    relight: bool = False,
    speeds: Sequence[float] = SPEEDS,
) -> None:
    """Write every file that is not there yet; `relight`: and new shows for those that are."""
    jobs = []
    for number, song in enumerate(list_songs(data)):
        for speed in speeds if song.split == "train" else (1.0,):
            suffix = "" if speed == 1.0 else f"@{speed:.2f}"
            jobs.append(Job(song, number, speed, out / song.split / f"{song.name}{suffix}.npz"))
    for folder in {job.path.parent for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    (out / EMBEDDER_NOTE).write_text(sha256_of(embedder / "embedder.onnx") + "\n", encoding="ascii")
    work = partial(prepare_one, embedder=embedder, seed=seed, relight=relight)
    if workers == 1:
        for job in track(jobs, "prepare"):
            work(job)
        return
    with ProcessPoolExecutor(workers, get_context(start_method())) as pool:
        for _ in track(pool.map(work, jobs), "prepare", total=len(jobs)):
            pass
