"""Which kind of sound it is: band, one alone, talk, applause, silence; and whether a voice sings. Pure.

A forward filter over the kinds: each lasts for seconds, and what a network says of neighbouring frames is nearly one
and the same evidence, so that each frame counts for a part of one. Talk and applause must be sure, because they calm
the light; that music is back must be fast.
"""

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.listening.time.front import FRAME_S
from controller.listening.time.outputs import SOUNDING, Kind, Unknown

WEIGHT = 0.06
"""Of one frame's evidence."""
STAY = 0.998
"""Probability that a kind goes on for another frame."""
FLOOR = 0.02
"""No frame is ever surer than this."""
SURE = (0.5, 0.7, 0.85, 0.8)
"""Belief in band, solo, talk, applause from which on another kind gives way to it."""
QUIET_FRAMES = 15
"""Frames below the level of silence until it is silence: 0.3 s, as long as the light waits with a band that stops."""
LATELY = 0.9
"""How much of the last frames counts in what it sounds like just now."""
SILENCE: Kind = "silence"
VOICE_ON, VOICE_OFF, VOICE_FADES = 0.6, 0.35, 0.93


class KindWatch:
    """What it is now.

    Many attributes: the running state of a filter and two smoothers, a number or an array each.

    Attributes:
        kind: the newest; "" where sound began and nobody knows yet what it is.
        since_s: when it began, which is before it was known.
        belief: (4,) of the kinds that sound. voice: whether somebody sings.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing, as before the first sound."""
        self.kind: Kind | Unknown = SILENCE
        self.belief: Float64Array = np.full(len(SOUNDING), 1.0 / len(SOUNDING))
        self.voice = False
        self.since_s = 0.0
        self._voiced = 0.0
        self._quiet = QUIET_FRAMES
        self._lately, self._leads, self._leads_s = np.zeros(len(SOUNDING)), -1, 0.0

    @property
    def sure(self) -> float:
        """How sure the newest kind is, 0..1."""
        return float(self.belief[SOUNDING.index(self.kind)]) if self.kind in SOUNDING else 1.0

    def hear(self, likely: Float32Array, voice: float, t_s: float, *, quiet: bool) -> Kind | Unknown:
        """The kind after one more frame.

        Args:
            likely: (4,) of the kinds that sound, adding up to 1. voice: 0..1, how likely somebody sings.
            t_s: the moment of the frame. quiet: it is below the level of silence.
        """
        self._quiet = self._quiet + 1 if quiet else 0
        if quiet:
            if self._quiet == QUIET_FRAMES:
                self._now(SILENCE, t_s - QUIET_FRAMES * FRAME_S)
                self.voice, self._voiced, self._leads = False, 0.0, -1
            if self._quiet >= QUIET_FRAMES:
                self.belief = 0.9 * self.belief + 0.1 / len(SOUNDING)  # what comes next may be anything
            return self.kind
        moved = STAY * self.belief + (1.0 - STAY) / len(SOUNDING)
        moved *= np.maximum(likely, FLOOR) ** WEIGHT
        self.belief = moved / moved.sum()
        best = int(self.belief.argmax())
        self._lead(likely, t_s)
        if self.belief[best] >= SURE[best]:
            self._now(SOUNDING[best], self._leads_s if self._leads == best else t_s)
        elif self.kind == SILENCE:
            self._now("", t_s)
        self._voiced = VOICE_FADES * self._voiced + (1.0 - VOICE_FADES) * voice
        sings = self.kind in ("band", "solo")
        self.voice = sings and self._voiced > (VOICE_OFF if self.voice else VOICE_ON)
        return self.kind

    def _lead(self, likely: Float32Array, t_s: float) -> None:
        """Which kind it sounds like just now, sure or not, and since when."""
        self._lately = LATELY * self._lately + (1.0 - LATELY) * likely
        leads = int(self._lately.argmax())
        if leads != self._leads:
            self._leads, self._leads_s = leads, t_s

    def _now(self, kind: Kind | Unknown, since_s: float) -> None:
        if kind != self.kind:
            self.kind, self.since_s = kind, max(since_s, self.since_s)
