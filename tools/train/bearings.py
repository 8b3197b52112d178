"""Bearings of songs whose light is known: the ear hears one once, the director follows each light. Edge: networks.

In a show the look book gives a new part the gel that the decoder would like most. Of footage that decoder is whoever
lit it: the book likes what was lit half a second later. Of a song that nobody lit, gels are liked by lot, and a
designer keeps to the book (`designer/held.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IntArray
from controller.config import Config, read_config
from controller.listening.bearings import bearings
from controller.listening.decode.vocabulary import BEARINGS, hue_distance, hue_from_degrees
from controller.listening.form.director import Band, Director, Wish
from controller.listening.networks import band_of, open_ear
from controller.listening.time.leading import tempo_of
from controller.looks.gels import Gel
from controller.looks.pack import read_pack
from controller.messages import AudioBlock
from controller.sound_format import HOP_S, HOP_SAMPLES

CONFIG = Path(__file__).parents[2] / "config.yaml"
PACK = "rock"
SILENCE_DB = -60.0
LATER_HOPS = 5
LIKED = 8.0
"""Hue ids within which a gel is liked nearly as much as the very hue."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One hop as the ear heard it: what it knows of the band, 0..1 how loud at its end, 0..1 its hardest hit."""

    band: Band | None
    loudness: float
    hit: float


@cache
def _config() -> Config:
    return read_config(CONFIG)


class SongEar:
    """A show's ear, hop by hop.

    Args:
        silence_db: sound below this level counts as silence.
    """

    def __init__(self, silence_db: float = SILENCE_DB) -> None:
        config = _config()
        quiet = config.audio.model_copy(update={"silence_db": silence_db})
        self._ear = open_ear(config.model_copy(update={"audio": quiet}).at(config.file, config.lines), ())
        self._hops = 0

    def hop(self, samples: Float32Array) -> Heard:
        """What is heard of one hop (4800,) of sound."""
        self._hops += 1
        _, window = self._ear.hop(AudioBlock(self._hops * HOP_S, self._hops - 1, samples[:, None]))
        self._ear.tempo = tempo_of(self._ear.hearing)
        return Heard(band_of(self._ear), window.loudness, window.hit)

    def hear(self, samples: Float32Array) -> list[Heard]:
        """The whole hops of samples (n,)."""
        firsts = range(0, len(samples) - HOP_SAMPLES + 1, HOP_SAMPLES)
        return [self.hop(samples[first : first + HOP_SAMPLES]) for first in firsts]


def hits_of(song: Sequence[Heard]) -> Float32Array:
    """Strongest onset of each hop, (hops,) 0..1, as the show's fast path hears them."""
    return np.array([one.hit for one in song], np.float32)


def followed(song: list[Heard], light: IntArray) -> npt.NDArray[np.float16]:
    """Bearings (hops, BEARINGS) of a song in a light that somebody decided.

    Args:
        light: (hops, 2) hue and value; the song's hops, or fewer.
    """
    return _directed(song[: len(light)], lambda hop: _near(int(light[min(hop + LATER_HOPS, len(light) - 1), 0])))


def by_lot(song: list[Heard], rng: np.random.Generator) -> npt.NDArray[np.float16]:
    """Bearings (hops, BEARINGS) of a song in which each part has a gel by lot."""
    lots: dict[str, float] = {}
    return _directed(song, lambda _: lambda gel: lots.setdefault(gel.name, float(rng.uniform(0.1, 1.0))))


def _directed(song: list[Heard], wish_of: Callable[[int], Wish]) -> npt.NDArray[np.float16]:
    director, cue = Director(read_pack(PACK)), None
    told = np.zeros((len(song), BEARINGS), np.float16)
    for hop, (heard, row) in enumerate(zip(song, told, strict=True)):
        t_s = (hop + 1) * HOP_S
        row[:] = bearings(heard.band, cue, t_s, heard.loudness, heard.hit)
        cue = None if heard.band is None else director.step(heard.band, t_s, wish_of(hop))
    return told


def _near(hue: int) -> Wish:
    def likes(gel: Gel) -> float:
        apart = hue_distance(hue_from_degrees(gel.hue_deg), hue)
        return float(np.exp(-np.square(apart / LIKED))) + 1e-6

    return likes
