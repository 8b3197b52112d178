"""What a backend says about a picture; one shape for all of them, and which one it was is part of it. Pure.

Wording rule: colours and objects suggest, a picture never "is" sad; every statement can be checked with the numbers.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from controller.arrays import Float32Array
from tools.train.image2music.colours import Colour, Light
from tools.train.image2music.picture import Picture
from tools.train.image2music.sentences import Sentences

WORD_SHARE = 0.6
"""Of valence and arousal, where somebody wrote a mood: what they wrote counts for more than colours."""
HAPPY = ("joyful", "happy", "cheerful", "bright", "sunny", "triumphant", "playful", "warm", "festive", "hopeful")
SAD = ("sad", "mournful", "gloomy", "dark", "lonely", "grieving", "bleak", "melancholy", "sombre", "haunted")
EXCITED = ("energetic", "exciting", "wild", "fast", "lively", "stormy", "furious", "dancing", "loud", "restless")
CALM = ("calm", "peaceful", "quiet", "slow", "gentle", "still", "sleepy", "tender", "soft", "dreamy")
GAIN = 4.0
"""From differences of cosines, which are small, to -1..1."""


@dataclass(frozen=True, slots=True)
class Map:
    """Where something was seen: `values` (h, w) 0..1 over the picture; `method`: how it came about; `says`: what it
    is."""

    name: str
    method: str
    says: str
    values: Float32Array


@dataclass(frozen=True, slots=True)
class Reading:
    """A picture, read.

    Attributes:
        backend: which one read it, with its model. text: what retrieval searches for. valence, arousal: -1..1.
        statements: what was found, each with its number. maps: explanations, each with its method.
    """

    backend: str
    text: str
    valence: float
    arousal: float
    light: Light
    palette: tuple[Colour, ...]
    statements: tuple[str, ...]
    maps: tuple[Map, ...] = field(default=())


class Reader(Protocol):
    """A backend that reads pictures."""

    name: str

    def read(self, picture: Picture, mood: str) -> Reading:
        """Read a picture; `mood`: what its owner says of it, or nothing.

        Raises:
            OpeningError: it cannot, and why.
        """
        ...


def mood_of_words(text: str, sentences: Sentences) -> tuple[float, float]:
    """Valence and arousal, -1..1, of a text: nearness to ten anchor words on each side of each axis."""
    vectors = sentences.embed([text, *HAPPY, *SAD, *EXCITED, *CALM])
    near = (vectors[1:] @ vectors[0]).reshape(4, -1).mean(axis=1)
    valence, arousal = GAIN * (near[0] - near[1]), GAIN * (near[2] - near[3])
    return float(np.clip(valence, -1, 1)), float(np.clip(arousal, -1, 1))


def mixed(picture: tuple[float, float], words: tuple[float, float]) -> tuple[float, float]:
    """Valence and arousal of a picture and what was written about it."""
    valence, arousal = (WORD_SHARE * w + (1 - WORD_SHARE) * p for p, w in zip(picture, words, strict=True))
    return valence, arousal
