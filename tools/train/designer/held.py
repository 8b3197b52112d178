"""A designer who holds looks as people do and keeps the look book that the show's director keeps.

The colours are those of the book: a new part brings its own, a part that returns has it back, a long one is varied.
What is left to the designer is whether to follow, and what else happens on bar lines, by aggregates of 69 cue tracks
that people wrote (`human_looks.json` of the design notes): held looks fall on beats in 95 % (median), on downbeats in
74 %; within a section a new one comes on a downbeat with a chance of .12, .18 and .16 where the last was 4, 8 and 16
bars ago, .03 elsewhere. Half as often here, since the book varies, too. Accents are another matter and leave the colour
alone. Levels are those of a designer who knows the whole song.
"""

import numpy as np
import numpy.typing as npt

from controller.arrays import Float64Array, IntArray
from controller.listening.bearings import NAMES
from controller.listening.decode.vocabulary import HUES, hue_distance
from tools.train.designer.analysis import Analysis
from tools.train.designer.designer import Composer, Generator, Show, Taste

FOLLOWS = 0.9
"""Chance that a new colour of the book is taken at once; else the light stays as it is until the next."""
NEW_AFTER_BARS = {4: 0.06, 8: 0.09, 16: 0.08}
NEW_ELSEWHERE = 0.015
BACK = 0.5
"""Chance, at a bar line, that a look that was stepped away from comes back."""
INSIDE = 0.005
"""Chance of a new look on any other beat."""
SIDES = (90, 16, -16)
"""What a look steps to: its other side, or a neighbour, in hue ids."""
SAME = 2
"""Hue ids that are no other colour."""
ACCENTS = 0.33
"""Flares and blackouts a bar, of a designer of pace 1; most are slower."""
LOUD, HITS = 0.8, 0.5
"""How much of a level is the loudness of the moment, and of a designer's hits: people ride the master with the band."""

Bearings = npt.NDArray[np.floating]


class HeldComposer(Composer):
    """Writes one show; see `Composer` for its layers.

    Args:
        bearings: (hops, N) of the song, in the light of the book.
    """

    def __init__(self, song: Analysis, bearings: Bearings, rng: Generator, taste: Taste | None = None) -> None:
        super().__init__(song, rng, taste)
        self._bearings = bearings

    def _colours(self) -> None:
        self.hue[:] = held_hues(self._bearings, self.rng)[: self.song.hops]
        self.palette = tuple(sorted({int(hue) for hue in self.hue}))
        for bar in range(self.song.sections[-1].last):
            if self.rng.random() < ACCENTS * self.taste.pace and len(beats := self.beats_of(bar)):
                self.accents.append((int(self.rng.choice(beats)), bool(self.rng.random() < 1 / 3)))

    def _levels(self) -> None:
        """As `Composer`, and as loud as it was in the last half second."""
        super()._levels()
        loud = np.convolve(self.song.loudness, np.full(5, 0.2))[: self.song.hops]
        self.value *= (1.0 - LOUD) + LOUD * 1.5 * loud
        self.hit_share *= HITS


def held_hues(bearings: Bearings, rng: Generator) -> IntArray:
    """The hue of each hop, (hops,) 0..179: what the book says, as somebody follows it who also plays.

    Args:
        bearings: (hops, N); the colour of a look that has not come yet is not taken.
    """
    book, fresh = hung_hues(bearings), bearings[:, NAMES.index("fresh")].astype(np.float64)
    comes = np.flatnonzero((np.diff(fresh, prepend=0.0) > 0.0) & (bearings[:, NAMES.index("ahead")] <= 0.0))
    lines, beats = _wraps(bearings, "bar"), _wraps(bearings, "beat")
    starts = set(comes.tolist())
    now = own = int(book[comes[0]]) if starts else 0
    hues, bars = np.empty(len(bearings), np.int64), 0
    for hop in range(len(bearings)):
        bars += bool(lines[hop])
        if hop in starts and hue_distance(int(book[hop]), own) > SAME:
            own = int(book[hop])
            if rng.random() < FOLLOWS:
                now, bars = own, 0
        elif lines[hop]:
            if hue_distance(now, own) > SAME and rng.random() < BACK:
                now, bars = own, 0
            elif rng.random() < NEW_AFTER_BARS.get(bars, NEW_ELSEWHERE):
                now, bars = _side(own, rng), 0
        elif beats[hop] and rng.random() < INSIDE:
            now, bars = _side(own, rng), 0
        hues[hop] = now
    return hues


def hung_hues(bearings: Bearings) -> IntArray:
    """The hue 0..179 of the look book in each hop, (hops,); 0 where there is none."""
    sin, cos = (bearings[:, NAMES.index(f"hue_1_{of}")].astype(np.float64) for of in ("sin", "cos"))
    return np.round(np.degrees(np.arctan2(sin, cos)) / 2.0).astype(np.int64) % HUES


def _wraps(bearings: Bearings, name: str) -> npt.NDArray[np.bool_]:
    """(hops,) whether a bar or beat began within the hop."""
    sin, cos = (bearings[:, NAMES.index(f"{name}_{of}")].astype(np.float64) for of in ("sin", "cos"))
    phase: Float64Array = np.arctan2(sin, cos) % (2.0 * np.pi)
    known = np.hypot(sin, cos) > 0.5
    return (np.diff(phase, prepend=phase[:1]) < -np.pi) & known


def _side(hue: int, rng: Generator) -> int:
    return (hue + int(rng.choice(SIDES))) % HUES


def design_held(song: Analysis, bearings: Bearings, rng: Generator) -> Show:
    """Compose a show that holds looks: light (hops, 2) int64, hue 0..179 and value 0..255."""
    return HeldComposer(song, bearings, rng).compose()
