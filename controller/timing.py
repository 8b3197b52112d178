"""How long things take: the numbers behind "why was it late"."""

from collections import deque

import numpy as np

Percentiles = tuple[float, float, float]
"""Milliseconds: median, 95th and 99th percentile."""


class Timings:
    """The last durations of each stage, and their percentiles.

    Args:
        keep: how many durations of a stage are remembered (600 hops are a minute).
    """

    def __init__(self, keep: int = 600) -> None:
        self._keep = keep
        self._durations_s: dict[str, deque[float]] = {}

    def add(self, stage: str, duration_s: float) -> None:
        """Remember one duration."""
        self._durations_s.setdefault(stage, deque(maxlen=self._keep)).append(duration_s)

    def percentiles_ms(self) -> dict[str, Percentiles]:
        """Median, 95th and 99th percentile of each stage's remembered durations, in milliseconds, to a microsecond."""
        found: dict[str, Percentiles] = {}
        for stage, durations_s in self._durations_s.items():
            if durations_s:
                p50, p95, p99 = (round(float(p) * 1e3, 3) for p in np.percentile(np.array(durations_s), (50, 95, 99)))
                found[stage] = (p50, p95, p99)
        return found
