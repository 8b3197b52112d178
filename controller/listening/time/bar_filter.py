"""Which beat of the bar this is, and how many a bar has: a forward filter that moves once a beat. Pure.

Belief is held for every place in bars of three, four, six and seven. A beat moves it on by one; it is then weighed with
how much this beat sounded like a one. A band may leave out a beat, or change the metre, seldom.
"""

import numpy as np

from controller.arrays import Float64Array

METRES = {4: 0.86, 3: 0.08, 6: 0.04, 7: 0.02}
"""Beats of a bar, and how likely they are before anything was heard."""
SLIP = 0.003
TRUST = 0.8
"""In what a beat says: neighbouring bars are much alike, and so are the mistakes made in them."""


class BarFilter:
    """The belief about one place in the bar."""

    def __init__(self) -> None:
        self._metre = np.repeat(list(METRES), list(METRES))
        self._place = np.concatenate([np.arange(metre) for metre in METRES])
        starts = np.cumsum([0, *list(METRES)[:-1]])
        self._before = np.concatenate([start + (np.arange(m) - 1) % m for start, m in zip(starts, METRES, strict=True)])
        self._prior = np.array([METRES[metre] / metre for metre in self._metre])
        self.belief: Float64Array = self._prior.copy()

    def reset(self) -> None:
        """Know nothing."""
        self.belief = self._prior.copy()

    def step(self, evidence: float) -> None:
        """A beat came.

        Args:
            evidence: logarithm of how much likelier it was a one than none (`ones.py`).
        """
        moved = (1.0 - SLIP) * self.belief[self._before] + SLIP * self._prior
        moved *= np.where(self._place == 0, np.exp(TRUST * evidence), 1.0)
        self.belief = moved / moved.sum()

    def know(self, number: int) -> None:
        """Somebody who knows says which beat the last one was, from 1; the metre stays as it was believed."""
        metres = np.array([self.belief[self._metre == metre].sum() for metre in METRES])
        self.belief = np.zeros_like(self.belief)
        for metre, share in zip(METRES, metres, strict=True):
            self.belief[(self._metre == metre) & (self._place == (number - 1) % metre)] = share

    def after(self, beats: int) -> tuple[int, int, float]:
        """As `best`, of the beat that comes so many later."""
        number, metre, sure = self.best()
        return (number - 1 + beats) % metre + 1, metre, sure

    def best(self) -> tuple[int, int, float]:
        """Number of the beat that came last, counted from 1; beats in the bar; how much belief stands by both."""
        at = int(self.belief.argmax())
        return int(self._place[at]) + 1, int(self._metre[at]), float(self.belief[at])
