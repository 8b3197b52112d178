"""The light of an opening: every beat is known, so nothing is heard and nothing is guessed. Pure.

A beat is an onset that the fast path tells at once, and a token with the colour and brightness of that beat. Colours
are the picture's: another one with every section, and a neighbour every second bar. Brightness counts the bar.

The desk takes a new colour when two of the last three tokens agree on it, so that what a model says once does not
repaint the stage. Here nothing is guessed: a new colour is said a moment before its beat, and again on it, when it
turns.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.opening.opening import Opening
from controller.listening.plan.leading import Planned
from controller.messages import LightToken, Pulse

TOKEN_EVERY_S = 0.1
DOWNBEAT, BEAT = 1.0, 0.85
"""Strengths of the onsets."""
TURN_BARS = 2
AHEAD_S = 0.05
"""A new colour is said so long before its beat: two cycles of the output, which takes one token in each."""
LOW, HIGH = 90.0, 160.0
"""Brightness of a beat in the middle of a bar, 0..255, at the ends of arousal."""
ON_DOWNBEAT, ON_EVEN_BEAT = 60, 22
NEAR_S = 1e-6


HOUSE_HUES = (hue_from_degrees(28.0),)
"""That of a warm lamp, where a venue says nothing either: white light, and never red by default."""


class Conductor:
    """Follows the sound of an opening by the time of its blocks: one that was lost on the way puts no later beat off.

    Args:
        opening: what is played. house: hue ids 0..179 of the venue's palette, which a picture without colour is lit in.
    """

    def __init__(self, opening: Opening, house: Sequence[int] = HOUSE_HUES) -> None:
        self._opening = opening
        self._own = [hue_from_degrees(one.hue_deg) for one in opening.colours if one.hue_deg is not None]
        self._hues = self._own or list(house) or list(HOUSE_HUES)
        self._beats = opening.bars * opening.beats_a_bar
        self._told = self._announced = -1
        self._spoke_s = -math.inf
        self._began_s: float | None = None
        self._seq = 0

    @property
    def over(self) -> bool:
        """Whether the last beat has been told and its bar is over."""
        return self._told >= self._beats

    @property
    def hues(self) -> tuple[int, ...]:
        """The night's palette as hue ids; () for a picture without colours."""
        return tuple(dict.fromkeys(self._own))

    def placed(self, t_s: float, at_s: float) -> float:
        """Seconds of the tune at a moment: since its beginning, which the first call tells.

        Args:
            t_s: that moment. at_s: the same, counted in the blocks that came; too little where some were lost.
        """
        if self._began_s is None:
            self._began_s = t_s - at_s
        return t_s - self._began_s

    def pulse(self, heard: Pulse, at_s: float) -> Pulse:
        """A pulse of the sound that ends at `at_s` of the tune: its onsets are the beats, whatever was heard."""
        at_s = self.placed(heard.t_s, at_s)
        beat = min(self._beat(at_s), self._beats - 1)
        downbeat = beat % self._opening.beats_a_bar == 0
        sounded_s = heard.t_s - (at_s - beat * self._opening.beat_s)
        return replace(heard, onsets=beat + 1, onset_t_s=sounded_s, onset_strength=DOWNBEAT if downbeat else BEAT)

    def token(self, t_s: float, at_s: float) -> LightToken | None:
        """The token to send now: at every beat, a moment before one that brings another colour, and ten times a second,
        so that nobody thinks the engine has died.

        Args:
            t_s: time of the sound that ends here. at_s: the same, counted in the blocks that came.
        """
        at_s = self.placed(t_s, at_s)
        ahead_s = at_s + AHEAD_S
        beat, coming = self._beat(at_s), min(self._beat(ahead_s), self._beats - 1)
        announcing = coming > max(beat, self._announced) and self.light(ahead_s).hue != self.light(at_s).hue
        if self.over or not (beat > self._told or announcing or t_s - self._spoke_s >= TOKEN_EVERY_S):
            return None
        self._told, self._spoke_s, self._seq = max(beat, self._told), t_s, self._seq + 1
        if announcing:
            self._announced = coming
        light, hue = self.light(at_s), self.light(ahead_s if announcing else at_s).hue
        return LightToken(t_s, self._seq, hue, light.value, 1.0, 1.0)

    def light(self, at_s: float) -> Planned:
        """Hue and value at a moment of the tune."""
        opening = self._opening
        beat = min(self._beat(at_s), self._beats - 1)
        bar, within = divmod(beat, opening.beats_a_bar)
        section = max((at for at, one in enumerate(opening.sections) if one.bar <= bar), default=0)
        turn = section + (bar - opening.sections[section].bar) // TURN_BARS
        hue = self._hues[turn % len(self._hues)]
        value = LOW + (HIGH - LOW) * (opening.arousal + 1.0) / 2.0
        value += ON_DOWNBEAT if within == 0 else ON_EVEN_BEAT if within % 2 == 0 else 0
        return Planned(hue, min(round(value), 255), opening.title, at_s, 1.0)

    def _beat(self, at_s: float) -> int:
        return max(math.floor((at_s + NEAR_S) / self._opening.beat_s), 0)
