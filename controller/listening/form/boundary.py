"""How likely a bar line opens a section: a weighed sum of what speaks for it. Pure.

The weights are those of logistic regressions on real and made songs (`tools/train/form/fit.py`). A line is taken for a
boundary as soon as one of the four says so; the earlier ones must be surer, since what they take cannot be taken back.
"""

from collections.abc import Sequence

import numpy as np

TABLE: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "ahead": (
        0.23,
        -2.822,
        (-0.063, 0.763, 0.877, -0.261, -0.036, 0.578, -1.847, -0.135, 1.869, 0.712, 0.120, 0.316, 0.876, -0.150, 0.308),
    ),
    "hit": (
        0.2,
        -2.884,
        (
            -0.133,
            0.814,
            0.883,
            -0.255,
            -0.048,
            0.622,
            -1.833,
            -0.115,
            1.973,
            0.617,
            0.021,
            0.435,
            0.986,
            -0.260,
            0.289,
            0.581,
            -0.460,
            0.755,
            -0.082,
        ),
    ),
    "two": (
        0.18,
        -4.870,
        (
            0.051,
            0.785,
            0.604,
            -0.106,
            0.027,
            0.456,
            -1.810,
            -0.154,
            1.732,
            0.464,
            -0.037,
            0.512,
            0.501,
            -0.307,
            0.267,
            0.481,
            -0.280,
            0.231,
            -0.085,
            0.473,
            0.458,
            0.281,
            0.241,
            0.192,
            0.944,
            0.936,
        ),
    ),
    "bar": (
        0.16,
        -5.338,
        (
            0.047,
            0.772,
            0.485,
            -0.113,
            0.048,
            0.479,
            -1.811,
            -0.133,
            1.588,
            0.270,
            -0.018,
            0.473,
            0.695,
            -0.266,
            0.342,
            0.559,
            -0.238,
            0.419,
            -0.270,
            0.412,
            1.103,
            0.253,
            0.326,
            0.278,
            0.588,
            1.067,
        ),
    ),
}
"""By stage: least probability, intercept, and a weight for each number that is known by then."""


def score(stage: str, numbers: Sequence[float]) -> float:
    """Probability 0..1 that the line opens a section."""
    _, intercept, weights = TABLE[stage]
    return float(1.0 / (1.0 + np.exp(-(intercept + np.dot(weights, numbers)))))


def boundary(stage: str, numbers: Sequence[float], line_s: float) -> float:  # noqa: ARG001 - as `form.Judge` has it
    """How surely the line is taken for one, 0: it is not; see `form.Judge`."""
    found = score(stage, numbers)
    return found if found >= TABLE[stage][0] else 0.0
