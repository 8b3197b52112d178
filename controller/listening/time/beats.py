"""Beats as the band plays them: where the last one was, when the next ones come, how sure that is. Pure.

likelihoods of a frame ──► BeatFilter (tempo, phase) ──► BarFilter (number, metre) ──► Beat

A beat is told ahead: the filter knows the phase, so the next beat is written down `AHEAD_S` before it sounds.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array
from controller.listening.time.bar_filter import BarFilter
from controller.listening.time.beat_filter import BeatFilter
from controller.listening.time.front import FRAME_S
from controller.listening.time.ones import NEAR, evidence

AHEAD_S = 0.2
"""Before the sound that is heard when a beat is told."""
FLUX_SHARE = 0.25
"""Of what counts as a beat: sudden growth anywhere in the spectrum, beside what the networks say."""
FLUX_FADES = 0.999
EVEN = 0.5
"""An activation that speaks for no phase and against none."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat.

    Attributes:
        t_s: when it sounds. known_s: time of the sound from which it was known.
        beat_s: seconds to the next one. number: in the bar, from 1. metre: beats of the bar.
        confidence: 0..1 of the beat. bar_confidence: 0..1 of number and metre.
    """

    t_s: float
    known_s: float
    beat_s: float
    number: int
    metre: int
    confidence: float
    bar_confidence: float


class BeatWatch:
    """Takes what is heard in one frame after the other, tells beats.

    Attributes:
        newest: the beat told last, None before the first.
    """

    def __init__(self) -> None:
        self.newest: Beat | None = None
        self._filter, self._bar = BeatFilter(), BarFilter()
        self._heard: deque[Float32Array] = deque(maxlen=2 * NEAR + 1)
        self._waiting_s: float | None = None
        self._peak = 1e-6

    def hear(
        self, likely: float, said: Float32Array, flux: float, t_s: float, known_s: float, *, still: bool = False
    ) -> Beat | None:
        """The beat that a frame makes known, if it does.

        Args:
            likely: 0..1 of a beat, ones included. said: (3,) of ones, see `ones.evidence`.
            flux: how much the spectrum grew. t_s: the moment of the frame. known_s: now.
            still: the band has stopped: what is left tells nothing, and the beat goes on by itself.
        """
        if still:
            likely, flux, said = EVEN, EVEN * self._peak, np.full(3, np.nan, np.float32)
        self._peak = max(flux, self._peak * FLUX_FADES)
        self._filter.step((1.0 - FLUX_SHARE) * min(1.0, likely) + FLUX_SHARE * flux / self._peak)
        self._heard.append(said)
        self._weigh(t_s)
        bpm, phase, confidence = self._filter.best()
        beat_s = 60.0 / bpm
        next_s = t_s + (1.0 - phase) * beat_s
        last_s = -np.inf if self.newest is None else self.newest.t_s
        if next_s - t_s > AHEAD_S or next_s - last_s <= 0.5 * beat_s:
            return None
        self._waiting_s = next_s
        number, metre, sure = self._bar.next()
        self.newest = Beat(next_s, known_s, beat_s, number, metre, confidence, sure)
        return self.newest

    def told_tempo(self, beat_s: float) -> None:
        """A person tapped, or a clock told, how long a beat is."""
        self._filter.told(60.0 / beat_s)

    def told_octave(self, octaves: int) -> None:
        """A person counts so many times twice as fast; negative: half as fast."""
        self._filter.scale(2.0**octaves)

    def told_one(self, t_s: float) -> None:
        """A person says that the beat nearest to this moment was a one."""
        if self.newest is not None:
            last = self.newest.t_s - (self._waiting_s is not None) * self.newest.beat_s
            self._bar.know(1 + round((last - t_s) / self.newest.beat_s))

    def _weigh(self, t_s: float) -> None:
        """Once what was heard around the last beat is there, the bar is weighed with it."""
        if self._waiting_s is not None and t_s >= self._waiting_s + NEAR * FRAME_S:
            self._bar.step(evidence(np.stack(self._heard)))
            self._waiting_s = None
