"""Onsets to flashes of light that rise at once and decay: the part of the show that does not wait for the model."""

import numpy as np

from controller.messages import Pulse

WEAK_GAP_S = 0.6


class Accents:
    """An envelope 0..1 that jumps at onsets.

    Accents are at least `gap_s` apart, which keeps them below three in any second (WCAG 2.3.1); weak ones keep a longer
    distance, so that a double kick does not shake the room. Onsets in between are left out rather than added up.

    Args:
        release_s: time constant of the decay. gap_s: least time between accents.
    """

    def __init__(self, release_s: float, gap_s: float) -> None:
        self._release_s = release_s
        self._gap_s = gap_s
        self._heard_s = -np.inf
        self._lit_s = -np.inf
        self._strength = 0.0
        self._grows = False
        self.count = 0

    def would_light(self, pulse: Pulse) -> bool:
        """Whether this pulse carries an onset that would start an accent."""
        gap_s = self._gap_s + WEAK_GAP_S * (1.0 - pulse.onset_strength)
        return pulse.onset_t_s > self._heard_s and pulse.onset_t_s - self._lit_s >= gap_s

    def hear(self, pulse: Pulse, now_s: float) -> None:
        """Take the newest pulse; light an accent if it carries a new onset, or let one grow that just began."""
        if pulse.onset_t_s == self._heard_s and self._grows:
            self._strength = max(self._strength, pulse.onset_strength)
        if pulse.onset_t_s <= self._heard_s:
            return
        self._grows = self.would_light(pulse)
        self._heard_s = pulse.onset_t_s
        if self._grows:
            self._lit_s = max(pulse.onset_t_s, now_s)
            self._strength = pulse.onset_strength
            self.count += 1

    def level(self, now_s: float) -> float:
        """Envelope 0..1 at this moment."""
        return self._strength * float(np.exp(-max(0.0, now_s - self._lit_s) / self._release_s))
