"""What a benchmark is given and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config.yaml"

Figures = dict[str, Any]
"""Numbers by name, in groups; units stand in the names. A group of p50, p95, ... is one row of the table."""


class SkippedError(Exception):
    """Something this benchmark needs is not on this machine; the text says what, and how to get it."""


class FailedError(Exception):
    """The programs ran and did not do their part; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run asks for.

    Attributes:
        quick: smaller runs, three minutes for all instead of fifteen.
        hops: stages only: how many hops; None for the usual number.
        soak_minutes: soak only: how long the show runs. night_minutes: night only: how much of a night is simulated.
    """

    quick: bool = False
    hops: int | None = None
    soak_minutes: float = 20.0
    night_minutes: float = 180.0

    def pick(self, full: int, quick: int) -> int:
        """The size of a run: the full one, or the quick one."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One entry of the catalogue.

    Attributes:
        name: on the command line and in the JSON. question: the heading in the table. measure: does it.
        aims: what we promise, by dotted name of the figure; shown, never enforced.
        on_request: too long for a run of everything; `--only` names it.
    """

    name: str
    question: str
    measure: Callable[[Options], Figures]
    aims: dict[str, str] = field(default_factory=dict)
    on_request: bool = False


def percentiles(durations: Sequence[float] | npt.NDArray[np.float64], *percent: int, scale: float = 1e3) -> Figures:
    """`{"p50": ..., "max": ...}` of some durations; seconds become milliseconds unless `scale` says otherwise.

    Args:
        durations: any number of them; none gives an empty group.
        percent: 0 is named min and 100 max.
        scale: factor from the durations' unit to the reported one.
    """
    if len(durations) == 0:
        return {}
    names = {0: "min", 100: "max"}
    found = np.percentile(np.asarray(durations, np.float64) * scale, percent)
    return {names.get(one, f"p{one}"): round(float(number), 3) for one, number in zip(percent, found, strict=True)}
