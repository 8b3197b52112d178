"""When a new colour may come: with the next hit, as a hand on the desk would bring it.

The decoder says every 0.1 s which colour it wants and draws a change at some moment within a bar. People place cues on
what is hit: 62 % of theirs fall on a beat, 35 % on a downbeat (`metrics/craft.py`). So a wish for another colour waits:
first for a strong hit only, then for weaker ones, and in the end it comes anyway. Small steps of hue do not wait.
"""

from dataclasses import dataclass

from controller.listening.decode.vocabulary import hue_distance

SMALL_STEP = 10
"""In steps of two degrees: the same 20 degrees from which on a change of hue counts as a cue."""
STRONG, WEAK = 0.95, 0.4
"""Strength of the hit that a fresh wish waits for, and of the one that is good enough at the end."""


LEAP, CREEP = 48, 8
"""In steps of value: a rise that needs a cause, and how far it goes in a hop without one."""
CAUSE = 0.3
"""Strength of a hit that is cause enough."""


def caused(drawn: int, previous: int, hit: float) -> int:
    """The brightness 0..255 of this hop: one that leaps up comes with a hit; dice alone do not light the room.

    Args:
        drawn: what the sampler drew. previous: of the hop before. hit: 0..1, strongest onset of this hop.
    """
    return previous + CREEP if drawn - previous > LEAP and hit < CAUSE else drawn


@dataclass(frozen=True, slots=True)
class Wish:
    """A colour the decoder asked for, and how many hops ago."""

    hue: int
    waited: int


class Cueing:
    """Holds back changes of hue until a hit.

    Args:
        wait_hops: longest wait; 0 lets every change through at once.
    """

    def __init__(self, wait_hops: int) -> None:
        self._wait_hops = wait_hops
        self._wish: Wish | None = None

    def step(self, drawn: int, previous: int | None, hit: float) -> int:
        """The hue of this hop.

        Args:
            drawn: what the sampler drew, 0..179. previous: hue of the hop before, None before the first.
            hit: 0..1, strength of the strongest onset of this hop, 0 without one.
        """
        if previous is None or self._wait_hops == 0:
            return drawn
        if self._wish is None and hue_distance(drawn, previous) <= SMALL_STEP:
            return drawn
        wish = self._wish or Wish(drawn, 0)
        gone = wish.waited / self._wait_hops
        if hit >= STRONG + (WEAK - STRONG) * gone or gone >= 1.0:
            self._wish = None
            return wish.hue
        self._wish = Wish(wish.hue, wish.waited + 1)
        return previous
