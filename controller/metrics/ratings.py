"""What people's ratings of several lights say: means, differences, whether they are any, or none worth the name. Pure.

Questions and scale are those of the human study of Skip-BART (Zhao et al., ICLR 2026): six dimensions and overall,
1 to 7. A person is one observation: the mean over the songs that they rated in both lights. Differences: paired t
tests; corrected for many pairs and questions together after Holm (Scandinavian Journal of Statistics, 1979). "Not
different" is no proof of "the same": that is the equivalence test's (two one-sided tests; Schuirmann, 1987), corrected
alike. Effects are Cohen's d of the differences. SciPy does the tests; it is loaded when a report is made, not before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from controller.arrays import Float64Array
from controller.errors import EvaluationError

QUESTIONS = {
    "emotion": "The light fits the emotion of the music.",
    "impact": "The light makes an impact.",
    "rhythm": "The light goes with the rhythm.",
    "smoothness": "The light's changes are smooth where they should be.",
    "atmosphere": "The light makes an atmosphere.",
    "surprise": "The light surprises in a good way.",
    "overall": "Overall, I like this light for this music.",
}
LOWEST, HIGHEST = 1, 7
LEVEL = 0.05
MARGIN = 0.5
"""Lights whose means lie within this much of a point are as good as each other."""
POWER = 0.8
MOST_PEOPLE = 5_000


Row = tuple[float, float, float, float, float, float, float]


class Rating(NamedTuple):
    """What one person said of one clip: scores in the order of the questions, 1 to 7."""

    rater: str
    song: str
    light: str
    scores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two lights in one question.

    Attributes:
        people: who rated both. mean: of one less other, points. low, high: its 95 % interval. sd: over people.
        p, same_p: of the difference and of the equivalence test, corrected. effect: Cohen's d.
    """

    one: str
    other: str
    question: str
    people: int
    mean: float
    low: float
    high: float
    sd: float
    p: float
    same_p: float
    effect: float

    @property
    def verdict(self) -> str:
        """In a word: different, the same, or unknown."""
        return "different" if self.p < LEVEL else "the same" if self.same_p < LEVEL else "not known"

    @property
    def needed(self) -> int | None:
        """People with whom such an effect is found in four of five studies; None: over 5,000, or unknown."""
        return needed_people(self.effect)


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Everything that was said, (people, lights, songs, questions); NaN where nothing was.

    Attributes:
        lights, songs: names along the axes.
    """

    lights: tuple[str, ...]
    songs: tuple[str, ...]
    scores: Float64Array

    @classmethod
    def of(cls, said: Sequence[Rating]) -> "Ratings":
        """From single ratings; of two of one clip by one person the later counts."""
        raters, songs, lights = (sorted({getattr(one, name) for one in said}) for name in ("rater", "song", "light"))
        scores = np.full((len(raters), len(lights), len(songs), len(QUESTIONS)), np.nan)
        for one in said:
            scores[raters.index(one.rater), lights.index(one.light), songs.index(one.song)] = one.scores
        return cls(tuple(lights), tuple(songs), scores)

    @property
    def people(self) -> int:
        """How many said anything."""
        return len(self.scores)

    def means(self) -> dict[str, dict[str, tuple[float, float]]]:
        """Mean and standard deviation over people of each light in each question."""
        own = _over_songs(self.scores)
        return {
            light: {name: _mean_sd(own[:, place, number]) for number, name in enumerate(QUESTIONS)}
            for place, light in enumerate(self.lights)
        }

    def order(self) -> list[str]:
        """Lights from the best to the worst, by the mean of `overall`."""
        overall = {light: rows["overall"][0] for light, rows in self.means().items()}
        return sorted(overall, key=lambda light: -overall[light])

    def differences(self, margin: float = MARGIN) -> list[Difference]:
        """Every pair of lights in every question.

        Args:
            margin: points within which two lights are as good as each other.

        Raises:
            EvaluationError: SciPy is not installed.
        """
        found = [one for pair in combinations(range(len(self.lights)), 2) for one in self._pair(*pair, margin)]
        p, same_p = (holm(np.array([getattr(one, name) for one in found])) for name in ("p", "same_p"))
        return [replace(one, p=float(a), same_p=float(b)) for one, a, b in zip(found, p, same_p, strict=True)]

    def _pair(self, a: int, b: int, margin: float) -> list[Difference]:
        """Uncorrected."""
        away = _over_songs(self.scores[:, a] - self.scores[:, b])
        away = away[~np.isnan(away).any(axis=1)]
        people, names = len(away), (self.lights[a], self.lights[b])
        if people < 2:
            mean = away.mean(axis=0) if people else np.full(len(QUESTIONS), math.nan)
            unknown = (math.nan, math.nan, math.nan, 1.0, 1.0, math.nan)
            rows = [(float(one), *unknown) for one in mean]
        else:
            rows = _tested(away, margin)
        return [Difference(*names, name, people, *row) for name, row in zip(QUESTIONS, rows, strict=True)]


def holm(p: Float64Array) -> Float64Array:
    """Corrected so that the chance of a single false finding among all of them stays at the level."""
    if len(p) == 0:
        return p
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def needed_people(effect: float, level: float = LEVEL, power: float = POWER) -> int | None:
    """Fewest people with whom a paired t test finds an effect with this chance; None: over 5,000."""
    if not math.isfinite(effect) or abs(effect) < 1e-6:
        return None
    stats = _scipy_stats()
    n = np.arange(2, MOST_PEOPLE + 1)
    border, off = stats.t.isf(level / 2.0, n - 1), abs(effect) * np.sqrt(n)
    found = np.nan_to_num(stats.nct.sf(border, n - 1, off), nan=1.0)
    enough = np.flatnonzero(found >= power)
    return int(n[enough[0]]) if len(enough) else None


def _scipy_stats() -> Any:  # noqa: ANN401 - SciPy has no types
    try:
        from scipy import stats  # noqa: PLC0415 - absent at venues, and slow to load
    except ImportError as error:
        raise EvaluationError(
            f"the report needs SciPy, which is not installed ({error}); pip install 'followspot[evaluate]'"
        ) from error
    return stats


def _over_songs(scores: Float64Array) -> Float64Array:
    """Mean over songs, the last axis but one, of what there is."""
    known = ~np.isnan(scores)
    total, count = np.where(known, scores, 0.0).sum(axis=-2), known.sum(axis=-2)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)


def _mean_sd(values: Float64Array) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return math.nan, math.nan
    return float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else math.nan


def _tested(away: Float64Array, margin: float) -> list[Row]:
    """Mean, interval, sd, p of difference and of equivalence, and effect of each question: (people, questions) in."""
    stats, (people, questions) = _scipy_stats(), away.shape
    mean, sd = away.mean(axis=0), away.std(axis=0, ddof=1)
    chance, rows = 2.0 * 0.5**people, list[Row]()
    varied = np.flatnonzero(sd > 1e-9)
    found = {
        side: stats.ttest_1samp(away[:, varied], at, alternative=side)
        for side, at in (("two-sided", 0.0), ("greater", -margin), ("less", margin))
    }
    interval = found["two-sided"].confidence_interval(0.95)
    for number in range(questions):
        place = np.flatnonzero(varied == number)
        points = float(mean[number])
        if not len(place):  # all said the same: a t test would be sure of anything, a sign test is not
            p, same_p = (chance if abs(points) > 1e-9 else 1.0), (chance if abs(points) < margin else 1.0)
            rows.append((points, points, points, 0.0, p, same_p, math.nan))
            continue
        at = int(place[0])
        p, over, under = (float(one.pvalue[at]) for one in found.values())
        edges = float(interval.low[at]), float(interval.high[at])
        rows.append((points, *edges, float(sd[number]), p, max(over, under), points / float(sd[number])))
    return rows
