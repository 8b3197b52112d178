"""Beats as the band plays them: where the last one was, when the next ones come, how sure that is. Pure.

likelihoods ──► BeatFilter (tempo, phase) ──► Beat ──► (once it is over) OneSense ──► BarFilter (number, metre)

A beat is told ahead: the filter knows the phase, so the next beat is written down `AHEAD_S` before it sounds.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.listening.time.bar_filter import BarFilter
from controller.listening.time.beat_filter import EVEN, BeatFilter
from controller.listening.time.drums import DrumHit
from controller.listening.time.energy import STILL_FRAMES
from controller.listening.time.front import BANDS
from controller.listening.time.ones import NEAR_S, OneSense, evidence
from controller.listening.time.outputs import DELAY

AHEAD_S = 0.2
"""Before the sound that is heard when a beat is told."""
FLUX_SHARE = 0.25
"""Of what counts as a beat: sudden growth anywhere in the spectrum, beside what the networks say."""
FLUX_FADES = 0.999
UNHEARD = STILL_FRAMES - DELAY + 4
"""Frames that had gone by unheard when the stop was known, with what faded away before them."""
NOTHING = np.full(3, np.nan, np.float32)


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


@dataclass
class OpenBeat:
    """What was heard of a beat that is not yet weighed: (3,) the most near it, hits near it, sum of its bands."""

    t_s: float
    said: Float32Array = field(default_factory=NOTHING.copy)
    hits: list[DrumHit] = field(default_factory=list)
    bands: Float64Array = field(default_factory=lambda: np.zeros(BANDS))
    frames: int = 0


class BeatWatch:
    """Takes what is heard in one frame after the other, tells beats.

    Attributes:
        newest: the beat told last, None before the first.
        weighed: moment and traits of the beat weighed last (`ones.TRAITS`; None: nothing was heard), None before it.
    """

    def __init__(self) -> None:
        self.newest: Beat | None = None
        self.weighed: tuple[float, Float64Array | None] | None = None
        self._filter, self._bar, self._sense = BeatFilter(), BarFilter(), OneSense()
        self._open: deque[OpenBeat] = deque()
        self._peak = 1e-6
        self._still = False

    def hear(
        self, likely: float, said: Float32Array, flux: float, t_s: float, known_s: float, *, still: bool = False
    ) -> Beat | None:
        """The beat that a frame makes known, if it does.

        Args:
            likely: 0..1 of a beat, ones included. said: (3,) of ones, see `OneSense.traits`.
            flux: how much the spectrum grew. t_s: the moment of the frame. known_s: now.
            still: the band has stopped: what is left tells nothing, and the beat goes on by itself.
        """
        if still and not self._still:
            self._filter.unhear(UNHEARD)
        self._still = still
        if still:
            likely, flux, said = EVEN, EVEN * self._peak, NOTHING
        self._peak = max(flux, self._peak * FLUX_FADES)
        self._filter.step((1.0 - FLUX_SHARE) * min(1.0, likely) + FLUX_SHARE * flux / self._peak)
        for one in self._open:
            if abs(t_s - one.t_s) <= NEAR_S:
                one.said = np.fmax(one.said, said)
        bpm, phase, confidence = self._filter.best()
        beat_s = 60.0 / bpm
        next_s = t_s + (1.0 - phase) * beat_s
        last_s = -np.inf if self.newest is None else self.newest.t_s
        if next_s - t_s > AHEAD_S or next_s - last_s <= 0.5 * beat_s:
            return None
        self._open.append(OpenBeat(next_s))
        number, metre, sure = self._bar.after(len(self._open))
        self.newest = Beat(next_s, known_s, beat_s, number, metre, confidence, sure)
        return self.newest

    def sounds(self, bands: Float32Array, hits: Sequence[DrumHit], t_s: float) -> None:
        """What a frame sounded like: the beats that are over by now are weighed, and the bar with them.

        Args:
            bands: (136,) of the frame. hits: of drums that it made known. t_s: its moment.
        """
        for one in self._open:
            one.hits += [hit for hit in hits if abs(hit.t_s - one.t_s) <= NEAR_S]
        while len(self._open) > 1 and t_s >= self._open[1].t_s:
            over = self._open.popleft()
            traits = self._sense.traits(over.said, over.hits, over.bands / max(1, over.frames))
            self._bar.step(evidence(traits))
            self.weighed = over.t_s, traits
        if self._open and t_s >= self._open[0].t_s:
            self._open[0].bands += bands
            self._open[0].frames += 1

    def told_tempo(self, beat_s: float) -> None:
        """A person tapped, or a clock told, how long a beat is."""
        self._filter.told(60.0 / beat_s)

    def told_octave(self, octaves: int) -> None:
        """A person counts so many times twice as fast; negative: half as fast."""
        self._filter.scale(2.0**octaves)

    def told_one(self, t_s: float) -> None:
        """A person says that the beat nearest to this moment was a one."""
        if self.newest is not None:
            last_s = self.newest.t_s - len(self._open) * self.newest.beat_s
            self._bar.know(1 + round((last_s - t_s) / self.newest.beat_s))
