"""Three invented engineers, each with a fixed taste on top of the designer's rules.

`python -m tools.train.engineers prove --songs SONGS --out DIR` proves with them that a room's hand is learnt (`proof`).
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array, IntArray
from controller.listening.decode.vocabulary import HUES
from tools.train.designer.analysis import Analysis, Section
from tools.train.designer.designer import VALUE_STEP, Composer, Palette, Taste

Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Engineer:
    """A hand.

    Attributes:
        calm, hot: two hues each, the main one first, for calm and for energetic sections.
        floor, ceiling: what the designer's 0..255 is laid into.
        travel_s: seconds from dark to full; 0 is a cut. glide: steps of hue in a hop on the way to another one; 0 cuts.
        flares: whether accents and flares are this one's thing.
    """

    taste: Taste
    palette: Palette
    floor: int
    ceiling: int
    travel_s: float
    glide: int
    flares: bool


ENGINEERS: dict[str, Engineer] = {
    "cold and still": Engineer(
        Taste(40, 235, hit=0.05, decay_s=0.4, on="bass", pace=0.08, warm_energy=False, drama=0.0, late=0.0),
        ((116, 108), (98, 104)),
        floor=8,
        ceiling=190,
        travel_s=2.0,
        glide=0,
        flares=False,
    ),
    "red and violent": Engineer(
        Taste(30, 245, hit=0.85, decay_s=0.15, on="onsets", pace=1.4, warm_energy=True, drama=0.9, late=0.0),
        ((0, 164), (176, 6)),
        floor=0,
        ceiling=255,
        travel_s=0.0,
        glide=0,
        flares=True,
    ),
    "pastel and slow": Engineer(
        Taste(40, 240, hit=0.1, decay_s=0.4, on="bass", pace=0.3, warm_energy=True, drama=0.0, late=0.0),
        ((142, 154), (22, 36)),
        floor=88,
        ceiling=224,
        travel_s=8.0,
        glide=1,
        flares=False,
    ),
}


class Commission(Composer):
    """A show by one of them."""

    def __init__(self, song: Analysis, engineer: Engineer, rng: Generator) -> None:
        super().__init__(song, rng, engineer.taste, engineer.palette)
        self._engineer = engineer

    def light(self) -> IntArray:
        """(hops, 2)."""
        one, composed = self._engineer, self.compose().light
        laid = one.floor + composed[:, 1] / 255.0 * (one.ceiling - one.floor)
        value = travelled(laid, 255.0 / (10.0 * one.travel_s)) if one.travel_s else laid
        steps = np.clip(np.round(value / VALUE_STEP) * VALUE_STEP, 0, 255).astype(np.int64)
        hue = glided(composed[:, 0], one.glide) if one.glide else composed[:, 0]
        return np.stack([hue, steps], axis=1)

    def _transition(self, before: Section, after: Section) -> None:
        if self._engineer.flares:
            super()._transition(before, after)

    def _accent(self, hop: int, *, dark: bool) -> None:
        if self._engineer.flares:
            super()._accent(hop, dark=dark)


def travelled(wanted: Float64Array, most: float) -> Float64Array:
    """A level that follows another by at most so much a hop: (hops,) to (hops,)."""
    out, level = np.empty_like(wanted), float(wanted[0])
    for hop, goal in enumerate(wanted):
        level += float(np.clip(goal - level, -most, most))
        out[hop] = level
    return out


def glided(wanted: IntArray, most: int) -> IntArray:
    """A hue that follows another by at most so many steps a hop, the short way round: (hops,) to (hops,)."""
    out, hue = np.empty_like(wanted), int(wanted[0])
    for hop, goal in enumerate(wanted):
        way = (int(goal) - hue + HUES // 2) % HUES - HUES // 2
        hue = (hue + int(np.clip(way, -most, most))) % HUES
        out[hop] = hue
    return out


def show_of(name: str, song: Analysis, rng: Generator) -> IntArray:
    """A show (hops, 2) by one of the engineers."""
    return Commission(song, ENGINEERS[name], rng).light()
