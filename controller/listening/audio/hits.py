"""How hard each hop was hit: the fast path's onsets, sorted into the hops of 0.1 s that the decoder lives in."""

from controller.messages import Pulse

AUDIBLE_AFTER_S = 0.03
"""A sound belongs to the first hop that ends this long after it began: the newest spectrogram frame needs as much to
show it, so that is the hop at which a decoder can answer (`metrics/craft.py` counts in the same way)."""


class Hits:
    """Collects onsets from pulses and gives each hop its strongest."""

    def __init__(self) -> None:
        self._heard: list[tuple[float, float]] = []
        self._newest_s = float("-inf")

    def hear(self, pulse: Pulse) -> None:
        """Take the next pulse; an onset that is still growing is counted with its latest strength."""
        if pulse.onset_t_s == self._newest_s:
            if self._heard and self._heard[-1][0] == self._newest_s:
                self._heard[-1] = (self._newest_s, max(self._heard[-1][1], pulse.onset_strength))
        elif pulse.onset_t_s > self._newest_s:
            self._newest_s = pulse.onset_t_s
            self._heard.append((pulse.onset_t_s, pulse.onset_strength))

    def take(self, t_s: float) -> float:
        """Strength 0..1 of the strongest onset that belongs to the hop ending at `t_s`, 0 without one."""
        due = [strength for onset_t_s, strength in self._heard if onset_t_s <= t_s - AUDIBLE_AFTER_S + 1e-6]
        self._heard = [(at, strength) for at, strength in self._heard if at > t_s - AUDIBLE_AFTER_S + 1e-6]
        return max(due, default=0.0)
