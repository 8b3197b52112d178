"""Where in the music the light is: beats counted on the engine's own clock, for steps and for movements.

Steps fall on the beats that are heard, as soon as these are known better. Movements only keep their tempo: a head that
jumped with each correction would shake, so its beats run on smoothly and are never set right.
"""

import numpy as np

from controller.messages import Cue

FREE_BEAT_S = 1.2
"""A beat while nobody is sure of one: slow enough not to look wrong."""
SMOOTH_S = 1.0
"""Time constant with which movements take up a new tempo."""


class Counting:
    """Counts beats.

    Attributes:
        at: beats until now, in bars of the metre: a multiple of it is a one. Never runs back.
        turns: beats until now for movements. beat_s, turn_s: seconds of a beat for either.
        sure: whether somebody hears beats.
    """

    def __init__(self) -> None:
        self.at = self.turns = 0.0
        self.beat_s = self.turn_s = FREE_BEAT_S
        self.sure = False
        self._ahead = 0.0
        self._now_s: float | None = None

    def hear(self, cue: Cue, now_s: float) -> None:
        """Take the newest word about beats."""
        self.advance(now_s)
        self.sure = cue.beat_s > 0.0
        if not self.sure:
            self.beat_s = FREE_BEAT_S
            return
        self.beat_s = cue.beat_s
        heard = (now_s - cue.beat_t_s) / cue.beat_s + max(cue.number - 1, 0)
        bar = float(cue.metre if cue.number > 0 else 1)
        apart = (heard - self._ahead + 0.5) % bar - 0.5
        # what lies behind by less than half a beat waits; everything else jumps on to its place in the bar
        self._ahead += apart
        self.at = max(self.at, self._ahead)

    def advance(self, now_s: float) -> None:
        """Let time pass."""
        elapsed_s = 0.0 if self._now_s is None else max(0.0, now_s - self._now_s)
        self._now_s = now_s
        self._ahead += elapsed_s / self.beat_s
        self.at = max(self.at, self._ahead)
        share = 1.0 - float(np.exp(-elapsed_s / SMOOTH_S))
        self.turn_s *= (self.beat_s / self.turn_s) ** share
        self.turns += elapsed_s / self.turn_s
