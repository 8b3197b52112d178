"""Whose show is this? Statistics of a show, and a plain classifier over them.

Linear discriminant analysis (Fisher, Annals of Eugenics 1936) with the pooled covariance shrunk towards its diagonal,
equal priors. What it looks at: which hues are lit, how bright, how often things change, and how fast. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from controller.arrays import Float64Array, IntArray
from controller.listening.decode.vocabulary import HUES
from controller.metrics.against_reference import changes
from controller.metrics.craft import accents, cues, hue_changes, hue_dwell_s, per_minute

HUE_BINS = 12
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
MOVES = (0, 1, 17, 64, 256)
"""A value that rests, fades, steps, is thrown: from..below, in a hop."""
GLIDE = 5
SHRINK = 0.2


def statistics(light: IntArray) -> Float64Array:
    """(28,) statistics of a show (hops, 2) of at least two hops."""
    hue_moved, value_moved = changes(light)
    hues = np.bincount(light[:, 0] * HUE_BINS // HUES, light[:, 1] + 1.0, HUE_BINS)
    rates = [per_minute(found, light) for found in (hue_changes(light), cues(light), accents(light))]
    moves = [((value_moved >= a) & (value_moved < b)).mean() for a, b in pairwise(MOVES)]
    fading = value_moved[(value_moved > 0) & (value_moved < MOVES[3])]
    return np.array(
        [
            *(hues / hues.sum()),
            *(np.quantile(light[:, 1], QUANTILES) / 255.0),
            *np.log1p(rates),
            np.log(hue_dwell_s(light)),
            *moves,
            np.log1p(fading.mean() if len(fading) else 0.0),
            ((hue_moved > 0) & (hue_moved <= GLIDE)).mean(),
            value_moved.mean() / 255.0,
        ]
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """A classifier that has read some shows.

    Attributes:
        names: (K,) of the hands. centre, scale: (D,) to standardise by. means: (K, D). inverse: (D, D) of the shrunk
            pooled covariance.
    """

    names: tuple[str, ...]
    centre: Float64Array
    scale: Float64Array
    means: Float64Array
    inverse: Float64Array

    def probabilities(self, light: IntArray) -> dict[str, float]:
        """How likely a show (hops, 2) is each hand's."""
        away = (statistics(light) - self.centre) / self.scale - self.means
        score = -0.5 * np.einsum("kd,de,ke->k", away, self.inverse, away)
        weight = np.exp(score - score.max())
        return dict(zip(self.names, (weight / weight.sum()).tolist(), strict=True))

    def read(self, light: IntArray) -> str:
        """The likeliest hand."""
        found = self.probabilities(light)
        return max(found, key=lambda name: found[name])


def learn_to_read(shows: dict[str, Sequence[IntArray]], shrink: float = SHRINK) -> Reader:
    """A reader of some people's shows, at least two each."""
    names = tuple(shows)
    rows = {name: np.stack([statistics(light) for light in shows[name]]) for name in names}
    every = np.concatenate(list(rows.values()))
    centre, scale = every.mean(axis=0), every.std(axis=0) + 1e-3
    standard = {name: (part - centre) / scale for name, part in rows.items()}
    means = np.stack([part.mean(axis=0) for part in standard.values()])
    rest = np.concatenate([part - mean for part, mean in zip(standard.values(), means, strict=True)])
    pooled = rest.T @ rest / max(len(rest) - len(names), 1)
    shrunk = (1.0 - shrink) * pooled + shrink * np.diag(np.diag(pooled) + 0.1)
    return Reader(names, centre, scale, means, np.linalg.inv(shrunk))
