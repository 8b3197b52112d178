"""How likely a bar line opens a section: a weighed sum of what speaks for it. Pure.

The weights are those of logistic regressions on real and made songs (`tools/train/form/fit.py`). A line is taken for a
boundary as soon as one of the four says so; the earlier ones must be surer, since what they take cannot be taken back.
"""

from collections.abc import Sequence

import numpy as np

TABLE: dict[str, tuple[float, float, tuple[float, ...]]] = {}
"""By stage: least probability, intercept, and a weight for each number that is known by then."""


def score(stage: str, numbers: Sequence[float]) -> float:
    """Probability 0..1 that the line opens a section."""
    _, intercept, weights = TABLE[stage]
    return float(1.0 / (1.0 + np.exp(-(intercept + np.dot(weights, numbers)))))


def boundary(stage: str, numbers: Sequence[float], line_s: float) -> bool:  # noqa: ARG001 - as `form.Judge` has it
    """Whether the line is taken for one; see `form.Judge`."""
    return stage in TABLE and score(stage, numbers) >= TABLE[stage][0]
