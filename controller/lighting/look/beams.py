"""Beams of a look on a rig: who gets a zoom, a pattern, a prism, two colours, and which pattern is which section's.

Pure. Heads that are aimed take part, but for those that light faces. Heads that are dark now take the beam of the look
that is announced, so that they come up with it and nobody sees a wheel turn; before, they keep the one they had, which
may come back. What turns does so in mirrored pairs.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.lighting.look.dress import colour_of
from controller.lighting.look.duties import Duties
from controller.lighting.look.hanging import Hanging
from controller.looks.gels import Gel
from controller.looks.look import BeamOf, Look
from controller.messages import Beam, Cue

AHEAD_S = 2.0
"""So long before a look dark heads prepare for it: a wheel and a zoom take about one second."""
PATTERNS = 4
"""As many patterns of a wheel are used: a small set that an audience knows again."""


class BeamWish(NamedTuple):
    """A beam, which pattern its section has, from 1, and hue and saturation of its other half, where it has two."""

    beam: BeamOf
    pattern: int
    other: tuple[float, float] | None = None


class BeamWishes:
    """Beams of one rig.

    Args:
        duties: who is aimed, and who lights faces.
    """

    def __init__(self, duties: Duties) -> None:
        self._heads: BoolArray = duties.turning & ~duties.key
        self._any = bool(self._heads.any())
        self._sides = np.where(duties.across < 0.5, -1.0, 1.0).astype(np.float32)
        self._wishes: tuple[BeamWish, BeamWish] | None = None
        self._lit_last: BeamWish | None = None
        self._beam: Beam | None = None

    def shaped(self, hanging: Hanging, strength: Float32Array, now_s: float, *, begins: bool) -> Beam | None:
        """The beams of this cycle; None on a rig that has nothing to shape.

        Args:
            hanging: the look, and the one that is announced. strength: (N,) how strongly heads are lit in it.
            now_s: time. begins: the look has just come.
        """
        if not self._any:
            return None
        now = wish_of(hanging.look, hanging.cue)
        ahead = hanging.ahead
        soon = ahead is not None and hanging.until_next_s(now_s) <= AHEAD_S
        if (begins or self._beam is None) and (self._heads & (strength > 0.0)).any():
            self._lit_last = now
        coming = wish_of(hanging.look_of(ahead), ahead) if soon and ahead is not None else self._lit_last or now
        if begins or self._beam is None or (now, coming) != self._wishes:
            self._wishes = (now, coming)
            self._beam = self._made(now, coming, strength)
        return replace(self._beam, changes=True) if begins else self._beam

    def _made(self, now: BeamWish, coming: BeamWish, strength: Float32Array) -> Beam:
        prepares = self._heads & (strength <= 0.0)
        plays = self._heads & ~prepares
        zoom, iris, focus, frost = np.full((4, len(plays)), np.nan, np.float32)
        gobo, prism = np.zeros((2, len(plays)), np.int8)
        gobo_turn, prism_turn, animation = np.zeros((3, len(plays)), np.float32)
        split = np.full((len(plays), 3), np.nan, np.float32)
        for heads, (beam, pattern, other) in ((plays, now), (prepares, coming)):
            for values, asked in ((zoom, beam.zoom), (iris, beam.iris), (focus, beam.focus), (frost, beam.frost)):
                values[heads] = np.nan if asked is None else asked
            gobo[heads], prism[heads] = pattern, bool(beam.prism)
            sides = self._sides[heads]
            gobo_turn[heads], prism_turn[heads] = beam.gobo_turn * sides, beam.prism_turn * sides
            animation[heads] = beam.animation * sides
            if other is not None:
                split[heads] = colour_of(Gel("", *other))
        return Beam(zoom, iris, focus, frost, gobo, prism, False, gobo_turn, prism_turn, animation, split)


def wish_of(look: Look, cue: Cue) -> BeamWish:
    """The beam of a look, with the pattern of the section it is for: with the section its pattern comes back."""
    beam = look.beam
    other = _other_gel(look, cue.palette) if beam.split else None
    if beam.gobo == "each":
        return BeamWish(beam, 1 + sum(map(ord, cue.label)) % PATTERNS, other)
    return BeamWish(beam, beam.gobo or 0, other)


def _other_gel(look: Look, palette: tuple[float, ...]) -> tuple[float, float] | None:
    """The gel beside the one that heads which are aimed wear; None where the palette has no other."""
    gels = list(zip(palette[::2], palette[1::2], strict=False))
    if len(gels) < 2:
        return None
    return gels[1] if look.gel_of("mover", len(gels)) == 0 else gels[0]
