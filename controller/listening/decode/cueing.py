"""When a new colour may come: with the next hit, as a hand on the desk would bring it.

The decoder says every 0.1 s which colour it wants and draws a change at some moment within a bar. People place cues on
what is hit: 62 % of theirs fall on a beat, 35 % on a downbeat (`metrics/craft.py`). So a wish for another colour waits:
first for a strong hit only, then for weaker ones, and in the end it comes anyway. Small steps of hue do not wait.
"""

from dataclasses import dataclass

from controller.listening.decode.vocabulary import hue_distance
from controller.sound_format import HOP_S

SMALL_STEP = 10
"""In steps of two degrees: the same 20 degrees from which on a change of hue counts as a cue."""
STRONG, WEAK = 0.95, 0.4
"""Strength of the hit that a fresh wish waits for, and of the one that is good enough at the end."""


TEMPO_LASTS_S = 120.0
"""Beats that somebody tapped are believed for so long; a tapped tempo is a percent wrong, and the band moves, too."""


BEAT, ONE = 0.62, 1.0
"""Strength of a hit that a beat is, and the first one of a bar, where both are sure."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats that people tapped, a clock told or the ear hears.

    Attributes:
        beat_s: seconds between two, 0 for none. beat_t_s: time of one of them.
        number: its place in the bar, from 1; 0 where nobody knows. metre: beats of a bar.
        heard: by the ear, which tells them ahead: the hop whose end is nearest to a beat is its hop.
    """

    beat_s: float = 0.0
    beat_t_s: float = 0.0
    number: int = 0
    metre: int = 4
    heard: bool = False

    def hit(self, end_s: float, heard: float) -> float:
        """Strength 0..1 of the hit of a hop that ends at `end_s`: with a tempo, beats are hits and little else is.

        Args:
            heard: what the fast path heard in this hop.
        """
        ahead_s = 1.0 if self.heard else 0.0
        if self.beat_s <= 0.0 or not -ahead_s <= end_s - self.beat_t_s <= TEMPO_LASTS_S:
            return heard
        if self.heard:
            return self._near(end_s, heard)
        since_s = (end_s - self.beat_t_s) % self.beat_s
        return max(heard, 0.9) if since_s < HOP_S else 0.3 * heard

    def _near(self, end_s: float, heard: float) -> float:
        beats, since_s = divmod(end_s + 0.5 * HOP_S - self.beat_t_s, self.beat_s)
        if since_s >= HOP_S:
            return 0.3 * heard
        one = self.number > 0 and (self.number - 1 + int(beats)) % self.metre == 0
        return ONE if one else BEAT


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
