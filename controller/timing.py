"""How long things take: the numbers behind "why was it late"."""

from collections import deque

import numpy as np

Percentiles = tuple[float, float, float]
"""Milliseconds: median, 95th and 99th percentile."""

NEWS = 16
"""Percentiles are found again when so small a part of what is remembered is new."""


class Timings:
    """The last durations of each stage, and their percentiles.

    Args:
        keep: how many durations of a stage are remembered (600 hops are a minute).
    """

    def __init__(self, keep: int = 600) -> None:
        self._keep = keep
        self._durations_s: dict[str, deque[float]] = {}
        self._added: dict[str, int] = {}
        self._said: dict[str, tuple[int, Percentiles]] = {}

    def add(self, stage: str, duration_s: float) -> None:
        """Remember one duration."""
        if stage not in self._durations_s:
            self._added[stage], self._durations_s[stage] = 0, deque(maxlen=self._keep)
        self._durations_s[stage].append(duration_s)
        self._added[stage] += 1

    def percentiles_ms(self) -> dict[str, Percentiles]:
        """Median, 95th and 99th percentile of each stage's remembered durations, in milliseconds, to a microsecond.

        Sorted anew once a sixteenth of them is new: who asks with every beat would else sort half of his time.
        """
        stages = list(self._durations_s.items())  # another thread may add one
        for stage, durations_s in stages:
            said = self._said.get(stage)
            if said is not None and self._added[stage] - said[0] < len(durations_s) // NEWS:
                continue
            p50, p95, p99 = (round(float(p) * 1e3, 3) for p in np.percentile(np.array(durations_s), (50, 95, 99)))
            self._said[stage] = self._added[stage], (p50, p95, p99)
        return {stage: self._said[stage][1] for stage, _ in stages}
