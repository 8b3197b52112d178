"""What professionally lit songs score, and how near a light comes: its likeness.

More is not better: a light that merely follows loudness lies above every professional median, and is a dull show.
Quartiles are those of 161 professionally lit songs and 51 songs of the best published generator, from the published
outputs of Kohl, Wursthorn and Weiss, ACM MM 2025 (Wursthorn et al., PETRAE 2025). Their light features are richer than
ours, so the ranges are a target zone, not a record to beat.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np


class Quartiles(NamedTuple):
    """25, 50 and 75 % over songs."""

    low: float
    median: float
    high: float


PROFESSIONALS = {
    "structure": Quartiles(0.115, 0.215, 0.333),
    "novelty": Quartiles(0.158, 0.345, 0.521),
    "loudness_brightness": Quartiles(0.261, 0.521, 0.704),
    "onset_change": Quartiles(-0.262, 0.086, 0.374),
    "beat_peak": Quartiles(0.000, 0.014, 0.064),
    "beat_valley": Quartiles(0.000, 0.024, 0.070),
    "intensity_variation": Quartiles(0.169, 0.220, 0.274),
    "colour_variation": Quartiles(0.025, 0.067, 0.112),
}
PUBLISHED_GENERATOR = {
    "structure": Quartiles(0.076, 0.126, 0.257),
    "novelty": Quartiles(-0.134, 0.010, 0.240),
    "loudness_brightness": Quartiles(-0.141, 0.055, 0.258),
    "onset_change": Quartiles(-0.042, 0.085, 0.240),
    "beat_peak": Quartiles(0.000, 0.018, 0.098),
    "beat_valley": Quartiles(0.000, 0.019, 0.083),
    "intensity_variation": Quartiles(0.266, 0.301, 0.337),
    "colour_variation": Quartiles(0.243, 0.288, 0.318),
}
IN_LIKENESS = tuple(name for name in PROFESSIONALS if not name.startswith("beat_"))
"""Chance alone scores 0.1 to 0.2 on the beat metrics, so their published values were computed in another way."""


def medians(songs: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Median over songs of every metric."""
    rows = list(songs)
    return {name: float(np.median([row[name] for row in rows])) for name in rows[0]}


def likeness(scores: Mapping[str, float]) -> dict[str, float]:
    """How far medians over songs are from people's, in people's quartile ranges: 0 is theirs, lower is more human.

    Args:
        scores: medians by metric (of a single song: its scores), at least those of `IN_LIKENESS`.

    Returns:
        |median - professional median| / (professional 75 % - 25 %) of each metric, and their `mean`.
    """
    far = {
        name: abs(scores[name] - PROFESSIONALS[name].median) / (PROFESSIONALS[name].high - PROFESSIONALS[name].low)
        for name in IN_LIKENESS
    }
    return {**far, "mean": float(np.mean(list(far.values())))}


def interval_95(values: Iterable[float], rng: np.random.Generator, draws: int = 10_000) -> tuple[float, float]:
    """95 % confidence interval of a mean over songs: bootstrap, percentiles; NaN with fewer than two songs."""
    songs = np.array(list(values), np.float64)
    if len(songs) < 2:
        return float("nan"), float("nan")
    means = songs[rng.integers(0, len(songs), (draws, len(songs)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
