"""A designer who holds looks as people do, for a decoder that is told where in the song it is.

Fitted by hand to aggregates of 69 cue tracks that people wrote (`human_looks.json` of the design notes): held looks
fall on beats in 95 % (median), on downbeats in 74 %; 58 % of section starts bring a new one; within a section a new one
comes on a downbeat with a chance of .12, .18 and .16 where the last was 4, 8 and 16 bars ago, .03 elsewhere; nine looks
a song. Accents are another matter and leave the colour alone.
"""

import numpy as np

from controller.colour import apart_deg
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.looks.gels import GELS, WHITE, Gel, palette_of
from tools.train.designer.analysis import Analysis
from tools.train.designer.designer import Composer, Family, Generator, Show, Taste

NEW_ON_SECTION = 0.75
NEW_AFTER_BARS = {4: 0.12, 8: 0.18, 16: 0.16}
NEW_ELSEWHERE = 0.04
INSIDE, OFF_BEAT = 0.1, 0.2
"""Looks a bar of a designer of pace 1 that come on another beat, and the share of those that come beside one."""
CRASH = (0.7, 1.5)
"""How much rarer a look is on a soft downbeat, and more frequent on a hard one."""
ACCENTS = 0.33
"""Flares and blackouts a bar, of a designer of pace 1; most are slower."""
APART_DEG = 55.0
SIDES = 3
LOUD = 0.55
"""How much of a level is the loudness of the moment; the rest is the section's."""


class HeldComposer(Composer):
    """Writes one show; see `Composer` for its layers."""

    def __init__(self, song: Analysis, rng: Generator, taste: Taste | None = None) -> None:
        super().__init__(song, rng, taste)
        self.sides = [_sides(gel) for gel in draw_gels(self.labels, rng)]
        self.families = [Family((hues[0], hues[1]), one.level, 0) for hues, one in
                         zip(self.sides, self.families, strict=True)]  # fmt: skip
        self.palette = tuple(sorted({hue for hues in self.sides for hue in hues}))

    def _colours(self) -> None:
        """Each label has a look and comes back to it; what else happens, happens where people do it."""
        rng, current = self.rng, self.sides[self.song.sections[0].label][0]
        self.hue[:], since, before = current, 0, -1
        for section in self.song.sections:
            sides = self.sides[section.label]
            for bar in range(section.first, section.last):
                if bar == section.first:
                    new = rng.random() < (NEW_ON_SECTION if section.label != before else NEW_ON_SECTION / 2.0)
                    wanted = sides[0]
                else:
                    new = rng.random() < self._chance(bar, since)
                    wanted = sides[0] if current != sides[0] and rng.random() < 0.5 else int(rng.choice(sides))
                if new and wanted != current:
                    current, since = self._turn(bar, wanted), 0
                if rng.random() < INSIDE * self.taste.pace:
                    current, since = self._beside(bar, sides, current), 0
                if rng.random() < ACCENTS * self.taste.pace:
                    self.accents.append((int(rng.choice(self.beats_of(bar))), bool(rng.random() < 1 / 3)))
                since += 1
            before = section.label

    def _chance(self, bar: int, since: int) -> float:
        hard = self.song.onsets[self.bar(bar)] > 0.6 if self.bar(bar) < self.song.hops else False
        return NEW_AFTER_BARS.get(since, NEW_ELSEWHERE) * CRASH[int(hard)]

    def _beside(self, bar: int, sides: tuple[int, ...], current: int) -> int:
        beats = self.beats_of(bar)[1:]
        others = [hue for hue in sides if hue != current]
        if not len(beats) or not others:
            return current
        hop = int(self.rng.choice(beats)) + (2 if self.rng.random() < OFF_BEAT else 0)
        hue = int(self.rng.choice(others))
        self.hue[hop:] = hue
        return hue

    def _levels(self) -> None:
        """As `Composer`, and as loud as it is at the moment: people ride the master with the band."""
        super()._levels()
        loud = np.convolve(self.song.loudness, np.full(5, 0.2))[: self.song.hops]  # the last half second
        self.value *= (1.0 - LOUD) + LOUD * 1.6 * loud


def draw_gels(labels: int, rng: Generator) -> list[Gel]:
    """A main gel for each label, far from those of its neighbours as long as there is room."""
    chosen: list[Gel] = []
    coloured = [gel for gel in GELS if gel.saturation > WHITE]
    for _ in range(labels):
        for least in (APART_DEG, APART_DEG / 2.0, 0.0):
            free = [gel for gel in coloured if all(apart_deg(gel.hue_deg, one.hue_deg) >= least for one in chosen[-4:])]
            if free:
                break
        chosen.append(free[int(rng.integers(len(free)))])
    return chosen


def _sides(main: Gel) -> tuple[int, ...]:
    """Hue ids of a label's looks: its own, its other side, a neighbour."""
    others = [palette_of("complement", main)[-1], palette_of("analogous", main)[-1]]
    return tuple(hue_from_degrees(gel.hue_deg) for gel in (main, *others))[:SIDES]


def design_held(song: Analysis, rng: Generator) -> Show:
    """Compose a show that holds looks: light (hops, 2) int64, hue 0..179 and value 0..255."""
    return HeldComposer(song, rng).compose()
