"""Many verdicts as one table: means over songs with 95 % intervals, likeness from medians over songs."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from controller.metrics.criteria import Criterion, grouped, written
from controller.metrics.professionals import IN_LIKENESS, interval_95, likeness, medians

DRAWS = 4_000
Song = Mapping[str, float | None]
"""Figures of one song, a mean over its seeds."""


def over_seeds(verdicts: Sequence[Song]) -> dict[str, float]:
    """One song's mean of every figure; what a seed does not have is left out of it."""
    names = {name for one in verdicts for name in one}
    rows = {name: [value for one in verdicts if (value := one.get(name)) is not None] for name in sorted(names)}
    return {name: float(np.mean(values)) if values else math.nan for name, values in rows.items()}


def over_songs(criterion: Criterion, songs: Sequence[Mapping[str, float]]) -> tuple[float, float, float]:
    """Mean and 95 % interval over the songs that have this figure; NaN without any."""
    rng = np.random.default_rng(24)
    if criterion.name == "likeness":
        return _likeness(songs, rng)
    values = [one[criterion.name] for one in songs if not math.isnan(one.get(criterion.name, math.nan))]
    if not values:
        return math.nan, math.nan, math.nan
    return float(np.mean(values)), *interval_95(values, rng, DRAWS)


def _likeness(songs: Sequence[Mapping[str, float]], rng: np.random.Generator) -> tuple[float, float, float]:
    """Of the medians over songs, as it is defined; the interval by drawing songs anew."""
    known = [one for one in songs if not any(math.isnan(one.get(name, math.nan)) for name in IN_LIKENESS)]
    if not known:
        return math.nan, math.nan, math.nan
    table = np.array([[one[name] for name in IN_LIKENESS] for one in known])
    drawn = np.median(table[rng.integers(0, len(table), (DRAWS, len(table)))], axis=1)
    far = [likeness(dict(zip(IN_LIKENESS, row, strict=True)))["mean"] for row in drawn]
    low, high = np.percentile(far, [2.5, 97.5]) if len(known) > 1 else (math.nan, math.nan)
    return likeness(medians(known))["mean"], float(low), float(high)


def cell(criterion: Criterion, songs: Sequence[Mapping[str, float]]) -> str:
    """Mean, and the interval in brackets."""
    mean, low, high = over_songs(criterion, songs)
    if math.isnan(mean):
        return "–"
    shown = written(criterion, mean)
    return shown if math.isnan(low) else f"{shown} [{written(criterion, low)}, {written(criterion, high)}]"


def markdown(columns: Mapping[str, Sequence[Mapping[str, float]]], title: str) -> str:
    """The table.

    Args:
        columns: name of a light to the figures of each song.
    """
    lines = [f"# {title}", ""]
    for heading, rows in grouped():
        lines += [f"| {heading} | {' | '.join(columns)} | people | aim |", "|---" * (len(columns) + 3) + "|"]
        for criterion in rows:
            cells = " | ".join(cell(criterion, songs) for songs in columns.values())
            lines.append(f"| {criterion.words.replace('  ', '… ')} | {cells} | {criterion.people} | {criterion.aim} |")
        lines.append("")
    lines.append(
        "Means over songs with 95 % intervals (bootstrap over songs); likeness is that of the medians over songs. One "
        "colour: the same fixtures, as bright as the song is loud. Shuffled: the first light on its song shifted by "
        "20 s or more. A dash: nothing to measure."
    )
    return "\n".join(lines) + "\n"
