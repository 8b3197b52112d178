"""How much a beat sounded like the first of a bar: what two networks say, its drums, and whether something new begins.

A beat is weighed when it is over, since only then its harmony and its sound can be compared with those of the beat
before. What is new is told by what is usual in the song. The weights are those of a logistic regression on made songs
and charted ones (`tools/train/hearing/fit_ones.py`). Pure.
"""

from collections.abc import Sequence

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.listening.time.drums import DrumHit
from controller.listening.time.harmony import chord

NEAR_S = 0.07
"""Before and after a beat, what the networks and the drummer may have meant for it."""
EVEN = 0.02
"""Added to each probability, so that none is a certainty."""
TRAITS = ("beatnet", "own", "snare", "cymbal", "harmony", "sound")
SAID = 2
"""The first of them are what networks say; the others are told by what is usual."""
WEIGHTS = np.array([0.23, 0.48, -0.51, 0.59, 0.41, 0.45])
BIAS = -0.06
MOST = 3.0
"""One beat never says more than this (a factor of twenty)."""
USUAL_BEATS = 48
LEAST, BY_MEAN = 1e-3, 1.25
"""The spread of a trait: at least so much, and so many times the mean distance from the mean."""
FLAT = 0.05
"""Of harmony: added to its length, so that what has none is not made to have one."""


class OneSense:
    """Weighs one beat after the other; knows the beat before, and what is usual."""

    def __init__(self) -> None:
        count = len(TRAITS) - SAID
        self._mean, self._off, self._beats = np.zeros(count), np.full(count, LEAST), 0
        self._before: tuple[Float64Array, Float64Array] | None = None

    def traits(self, said: Float32Array, hits: Sequence[DrumHit], bands: Float64Array) -> Float64Array | None:
        """(6,) `TRAITS` of a beat that is over; None where nothing was heard.

        Args:
            said: (3,) the most around the beat: BeatNet's probability of a beat that is no one, of a one, and that of
                our own network; the last NaN where there is none, all where the band was still.
            hits: of drums near the beat. bands: (136,) means until the next beat.
        """
        harmony = chord(bands)
        harmony /= np.linalg.norm(harmony) + FLAT
        before, self._before = self._before or (harmony, bands), (harmony, bands)
        struck = [max((one.strength for one in hits if one.drum == drum), default=0.0) for drum in ("snare", "cymbal")]
        new = [float(np.linalg.norm(now - then)) for now, then in zip((harmony, bands), before, strict=True)]
        unusual = self._unusual(np.array([*struck, *new]))
        beat, one, own = (float(number) for number in said)
        if np.isnan(beat):
            return None
        by_own = 0.0 if np.isnan(own) else np.log((own + EVEN) / (1.0 - own + EVEN))
        return np.array([np.log((one + EVEN) / (beat + EVEN)), by_own, *unusual])

    def _unusual(self, numbers: Float64Array) -> Float64Array:
        """How far each is from the song's mean of late, as a multiple of its usual distance."""
        self._beats = min(self._beats + 1, USUAL_BEATS)
        self._mean += (numbers - self._mean) / self._beats
        self._off += (np.abs(numbers - self._mean) - self._off) / self._beats
        return np.clip((numbers - self._mean) / (BY_MEAN * self._off + LEAST), -MOST, MOST)


def evidence(traits: Float64Array | None) -> float:
    """Logarithm of how much likelier it is that the beat was a one than that it was none; 0: nothing was heard."""
    return 0.0 if traits is None else float(np.clip(WEIGHTS @ traits + BIAS, -MOST, MOST))
