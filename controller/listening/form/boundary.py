"""How likely a bar line opens a section: a weighed sum of what speaks for it. Pure.

The weights are those of logistic regressions on real and made songs (`tools/train/form/fit.py`). A line is taken for a
boundary as soon as one of the four says so; the earlier ones must be surer, since what they take cannot be taken back.
"""

from collections.abc import Sequence

import numpy as np

TABLE: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "ahead": (
        0.25,
        -2.648,
        (-0.137, 0.920, 0.918, -0.379, -0.239, 0.542, -0.979, -0.130, 2.003, 0.988, 0.193, 0.453, 0.649, 0.034, 0.152),
    ),
    "hit": (
        0.22,
        -2.766,
        (
            -0.206,
            0.912,
            0.924,
            -0.381,
            -0.195,
            0.568,
            -0.992,
            -0.170,
            2.137,
            0.841,
            0.068,
            0.573,
            0.895,
            -0.036,
            0.225,
            0.752,
            -0.480,
            0.848,
            -0.111,
        ),
    ),
    "two": (
        0.16,
        -5.173,
        (
            -0.086,
            0.880,
            0.642,
            -0.279,
            -0.085,
            0.423,
            -1.305,
            -0.212,
            1.956,
            0.670,
            -0.076,
            0.636,
            0.489,
            -0.012,
            0.169,
            0.686,
            -0.377,
            0.334,
            -0.155,
            0.578,
            0.542,
            0.377,
            0.270,
            0.148,
            0.580,
            0.932,
        ),
    ),
    "bar": (
        0.14,
        -5.270,
        (
            -0.040,
            0.860,
            0.549,
            -0.295,
            -0.083,
            0.415,
            -1.224,
            -0.196,
            1.787,
            0.579,
            -0.062,
            0.580,
            0.770,
            0.007,
            0.276,
            0.695,
            -0.280,
            0.519,
            -0.289,
            0.426,
            1.130,
            0.358,
            0.269,
            0.238,
            0.383,
            1.000,
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
