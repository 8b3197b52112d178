"""Prepared songs and the crops that the decoder trains on.

A prepared song is one `.npz`: `music` (views, hops, 512) float16, embeddings of the song as recorded and as other
desks would mix it; `light` (shows, hops, 2) int16, shows by different designers; `told` (hops, K) float16, what the
encoder is asked about the music (`prepare.TOLD`); `bearings` (shows, hops, N) float16, where each hop lies in the song
and in the show's look book, as the ear and the director knew it (`bearings.py`). Edge: reads files.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IntArray
from controller.listening.decode.vocabulary import BEARINGS, HUE_PAD, HUES, VALUE_PAD, VALUES

Generator = np.random.Generator

UNLIT = (HUE_PAD, VALUE_PAD)
FREEZE = 0.7  # share of crops in which the light told stands still for a while although the real one moved on
FORGET = 0.15  # share of crops that begin without knowing the light before them
CORRUPT = 0.12  # share of fed-back tokens that are not what was really shown
LOST = 0.1  # share of crops whose bearings nobody knows: footage of before, and a show without the ear's networks
BLIND = 0.1  # share of crops whose values are hidden: brightness then has to come from the music


@dataclass(frozen=True, slots=True)
class PreparedSong:
    """One song: music (views, hops, 512) float16, light (shows, hops, 2) int16, told (hops, K) float16, K may be 0.

    `levels`: whether its values are asked for; otherwise they are told only. `bearings`: (shows, hops, N) float16, or
    None: nobody knows them.
    """

    name: str
    music: npt.NDArray[np.float16]
    light: npt.NDArray[np.int16]
    told: npt.NDArray[np.float16] | None = None
    levels: bool = True
    bearings: npt.NDArray[np.float16] | None = None

    @property
    def hops(self) -> int:
        """Length in hops."""
        return self.light.shape[1]


@dataclass(frozen=True, slots=True)
class Crops:
    """A batch: music (B, L, 512) float32, light_in and light (B, L, 2) int64, told (B, L, K), bearings (B, L, N)."""

    music: Float32Array
    light_in: IntArray
    light: IntArray
    told: Float32Array
    bearings: Float32Array


def load_songs(folder: Path, split: str) -> list[PreparedSong]:
    """The prepared songs of a split, by name.

    Raises:
        FileNotFoundError: there is none.
    """
    paths = sorted((folder / split).glob("*.npz"))
    if not paths:
        raise FileNotFoundError(
            f"{folder / split}: no prepared songs; run `python -m tools.train.skipbart prepare` first"
        )
    songs = []
    for path in paths:
        with np.load(path) as arrays:
            told = arrays.get("told")
            songs.append(
                PreparedSong(path.stem, arrays["music"], arrays["light"], told, bearings=arrays.get("bearings"))
            )
    return songs


def first_light(light: IntArray, start: int, rng: Generator) -> tuple[int, int]:
    """What the decoder is told at the first position of a crop that begins at hop `start`.

    Upstream feeds position 0 its own target, which teaches the network to copy there; at the start of a generation it
    then repeats its random seed. Here it is the light of the hop before. Before the first hop there was none: then it
    is a seed colour, somewhere near the hue that the show begins with and of any value, or nothing (PAD).
    """
    if rng.random() < FORGET:
        return UNLIT
    if start > 0:
        return int(light[start - 1, 0]), int(light[start - 1, 1])
    return int(light[0, 0] + rng.integers(-15, 16)) % HUES, int(rng.integers(0, VALUES))


def corrupt(light_in: IntArray, rng: Generator, share: float = CORRUPT) -> IntArray:
    """Replace some fed-back tokens (L, 2) by near misses or PAD: in a show the model reads its own mistakes.

    Scheduled sampling without the sampling (Bengio et al., NeurIPS 2015): the errors are drawn, not generated.
    """
    n = len(light_in)
    out = light_in.copy()
    hit = rng.random(n) < share
    lost = hit & (rng.random(n) < 0.3)
    near = hit & ~lost & (light_in[:, 0] < HUE_PAD)
    hue_off = np.round(rng.normal(0.0, 10.0, n)).astype(np.int64)
    value_off = np.round(rng.normal(0.0, 35.0, n)).astype(np.int64)
    out[near, 0] = (out[near, 0] + hue_off[near]) % HUES
    out[near, 1] = np.clip(out[near, 1] + value_off[near], 0, VALUES - 1)
    out[lost] = UNLIT
    return out


def freeze(light_in: IntArray, rng: Generator, share: float = FREEZE) -> IntArray:
    """In some spans of a crop (L, 2), tell the light of the span's start instead of the real one.

    This is what a model that missed a cue sees in a show. Trained without it, the network takes a still light for a
    designer who likes stillness, keeps still as well, and never leaves that state again (LOG.md). Only values: a hue
    told frozen makes every hop of the span a hop at which the hue should change, and teaches changes at any time.
    """
    if rng.random() >= share:
        return light_in
    out, n = light_in.copy(), len(light_in)
    for _ in range(int(rng.integers(1, 4))):
        start, length = int(rng.integers(0, n)), int(np.exp(rng.uniform(np.log(8), np.log(250))))
        out[start : start + length, 1] = out[start, 1]
    return out


def blind(light_in: IntArray, rng: Generator, share: float = BLIND) -> IntArray:
    """Now and then hide every value of a crop (L, 2) behind PAD, hues stay.

    A network that always sees the last value copies it and learns the music late, if at all (LOG.md).
    """
    if rng.random() >= share:
        return light_in
    out = light_in.copy()
    out[:, 1] = VALUE_PAD
    return out


def crop(song: PreparedSong, start: int, length: int, *, view: int, show: int, rng: Generator | None) -> Crops:
    """One crop as a batch of one. Without a generator nothing is random: the light before is told, uncorrupted."""
    light = song.light[show].astype(np.int64)
    end = min(start + length, song.hops)
    before: tuple[int, ...] = UNLIT if start == 0 else tuple(light[start - 1])
    if rng is not None:
        before = first_light(light, start, rng)
    light_in = np.concatenate([np.array([before]), light[start : end - 1]])
    if rng is not None:
        light_in = blind(corrupt(freeze(light_in, rng), rng), rng)
    told = np.zeros((end - start, 0)) if song.told is None else song.told[start:end]
    music = song.music[view, start:end].astype(np.float32)
    asked_of, there = asked(light[start:end], song), bearings_of(song, show, start, end)
    if rng is not None and rng.random() < LOST:
        there = np.zeros_like(there)
    return Crops(music[None], light_in[None], asked_of[None], told.astype(np.float32)[None], there[None])


def bearings_of(song: PreparedSong, show: int, start: int, end: int) -> Float32Array:
    """Bearings (end - start, N) of a show; zeros where nobody knows them."""
    if song.bearings is None:
        return np.zeros((end - start, BEARINGS), np.float32)
    return song.bearings[show, start:end].astype(np.float32)


def asked(light: IntArray, song: PreparedSong) -> IntArray:
    """The light (L, 2) that a loss falls on: values that only count within their song are PAD."""
    return light if song.levels else np.stack([light[:, 0], np.full(len(light), VALUE_PAD)], axis=1)


def draw_batch(songs: list[PreparedSong], size: int, length: int, rng: Generator) -> Crops:
    """Random crops, songs as often as their length asks for, each with a random view and show.

    Shorter songs than `length` shorten the whole batch. One crop in eight starts at hop 0: shows have a beginning.
    """
    weights = np.array([song.hops for song in songs], np.float64)
    chosen = [songs[i] for i in rng.choice(len(songs), size, p=weights / weights.sum())]
    length = min(length, *(song.hops for song in chosen))
    parts = []
    for song in chosen:
        start = 0 if rng.random() < 1 / 8 else int(rng.integers(0, song.hops - length + 1))
        view, show = int(rng.integers(len(song.music))), int(rng.integers(len(song.light)))
        parts.append(crop(song, start, length, view=view, show=show, rng=rng))
    return Crops(*(np.concatenate([getattr(part, name) for part in parts]) for name in Crops.__slots__))
