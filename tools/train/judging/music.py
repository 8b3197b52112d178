"""What the judge hears of a song, kept in a file: it takes seconds, and every light needs it. Edge: files."""

from dataclasses import fields
from pathlib import Path

import numpy as np

from controller.metrics.correspondence import MusicFeatures
from controller.metrics.song_features import music_features
from controller.metrics.stops import Stop
from controller.sound_format import SAMPLE_RATE_HZ
from tools.train.songs import read_audio


def heard(song: Path, kept: Path) -> tuple[MusicFeatures, float]:
    """Features of a song and its length in seconds, from `kept` if it is there."""
    if not kept.is_file():
        samples = read_audio(song)
        found = music_features(samples)
        arrays = {one.name: np.asarray(getattr(found, one.name)) for one in fields(found)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        coming = kept.with_name(f"{kept.stem}.coming.npz")
        np.savez_compressed(coming, **arrays, music_s=len(samples) / SAMPLE_RATE_HZ)
        coming.replace(kept)
    with np.load(kept) as file:
        parts = {one.name: file[one.name] for one in fields(MusicFeatures)}
        stops = tuple(Stop(*row) for row in parts.pop("stops").reshape(-1, 2).tolist())
        return MusicFeatures(**parts, stops=stops), float(file["music_s"])
