"""Beams of a look on a rig: who gets a zoom, a pattern or a prism, and which pattern is whose section's. Pure.

Heads that are aimed take part, but for those that light faces. Heads that are dark now take the beam of the look that
is announced, so that they come up with it and nobody sees a wheel turn.
"""

from dataclasses import replace

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.lighting.look.duties import Duties
from controller.lighting.look.hanging import Hanging
from controller.looks.look import BeamOf
from controller.messages import Beam, Cue

AHEAD_S = 2.0
"""So long before a look dark heads prepare for it: a wheel and a zoom take about one second."""
PATTERNS = 4
"""As many patterns of a wheel are used: a small set that an audience knows again."""

Wish = tuple[BeamOf, int]
"""A beam, and which pattern its section has, from 1."""


class BeamWishes:
    """Beams of one rig.

    Args:
        duties: who is aimed, and who lights faces.
    """

    def __init__(self, duties: Duties) -> None:
        self._heads: BoolArray = duties.turning & ~duties.key
        self._any = bool(self._heads.any())
        self._wishes: tuple[Wish, Wish] | None = None
        self._beam: Beam | None = None

    def shaped(self, hanging: Hanging, strength: Float32Array, now_s: float, *, begins: bool) -> Beam | None:
        """The beams of this cycle; None on a rig that has nothing to shape.

        Args:
            hanging: the look, and the one that is announced. strength: (N,) how strongly heads are lit in it.
            now_s: time. begins: the look has just come.
        """
        if not self._any:
            return None
        now = wish_of(hanging.look.beam, hanging.cue)
        ahead = hanging.ahead
        soon = ahead is not None and hanging.until_next_s(now_s) <= AHEAD_S
        coming = wish_of(hanging.look_of(ahead).beam, ahead) if soon and ahead is not None else now
        if begins or self._beam is None or (now, coming) != self._wishes:
            self._wishes = (now, coming)
            self._beam = self._made(now, coming, strength)
        return replace(self._beam, changes=True) if begins else self._beam

    def _made(self, now: Wish, coming: Wish, strength: Float32Array) -> Beam:
        prepares = self._heads & (strength <= 0.0)
        plays = self._heads & ~prepares
        zoom, iris, focus, frost = np.full((4, len(plays)), np.nan, np.float32)
        gobo, prism = np.zeros((2, len(plays)), np.int8)
        for heads, (beam, pattern) in ((plays, now), (prepares, coming)):
            for values, asked in ((zoom, beam.zoom), (iris, beam.iris), (focus, beam.focus), (frost, beam.frost)):
                values[heads] = np.nan if asked is None else asked
            gobo[heads], prism[heads] = pattern, bool(beam.prism)
        return Beam(zoom, iris, focus, frost, gobo, prism)


def wish_of(beam: BeamOf, cue: Cue) -> Wish:
    """A beam with the pattern of the section it is for: with the section its pattern comes back."""
    if beam.gobo == "each":
        return beam, 1 + sum(map(ord, cue.label)) % PATTERNS
    return beam, beam.gobo or 0
