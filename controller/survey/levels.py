"""The dimmer curve of each fixture: its light at each level, while all others are at levels of their own. Pure.

All fixtures go through all levels at once, each in an order of its own. What every source gives at full is known
(`adding.py`); the curves under which all steps come out right are found together, by least squares. The camera's
exposure, the haze and the curves are found in turns.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array, IndexArray
from controller.survey.adding import MOST_AIR, SeenSources
from controller.survey.clocks import FilmClock, means_of_steps
from controller.survey.film import Film
from controller.survey.programme import Programme

TURNS = 6
RELATIVE_ERROR = 0.02
"""Of a block's light: what is wrong with the response that was found, and with the compression of films."""
KNOTS = np.array([0.0, 0.03, 0.06, 0.1, 0.15, 0.21, 0.29, 0.4, 0.52, 0.66, 0.82, 1.0])
"""Between them a curve is straight; at 0 it is 0 and at 1 it is 1."""
SMOOTH = 0.004
"""How much, of all that is known about a curve, goes against bends in it."""
MOST_BLOCKS = 1500
THIN = 1.0
"""How sure one is beforehand that the haze is as it was, in standard errors."""


@dataclass(frozen=True, slots=True)
class Curves:
    """Dimmer curves of f fixtures.

    Attributes:
        light: (f, knots) light at `KNOTS`, 1 at full; rising. errors: (f, knots) half of what two halves differ by.
        of: (n,) which fixture each source belongs to.
    """

    light: Float64Array
    errors: Float64Array
    of: IndexArray

    def at(self, source: int, level: Float64Array) -> Float64Array:
        """Light of a source at any level, any shape."""
        return np.asarray(np.interp(level, KNOTS, self.light[self.of[source]]))


def curves_seen(film: Film, programme: Programme, clock: FilmClock, sources: SeenSources) -> Curves:
    """Measure the curves."""
    t_s = clock.programme_s(film.t_s)
    codes, told = means_of_steps(t_s, film.shown(slice(None)), programme, "level")
    played = programme.table[programme.rows("level")[told]].astype(np.float64)
    names = list(dict.fromkeys(one.fixture for one in programme.sources))
    of = np.array([names.index(one.fixture) for one in programme.sources])
    picked = picked_blocks(sources)
    view = _View(
        sources.response.light(codes[:, picked]).mean(axis=2).astype(np.float64),
        sources.always[picked].mean(axis=1).astype(np.float64),
        sources.gives[:, picked].mean(axis=2).astype(np.float64),
        np.square(sources.noise[picked].astype(np.float64)),
        sources.air[picked].astype(np.float64),
        _hats(played),
        np.zeros(len(played)),
    )
    light = np.tile(np.square(KNOTS), (len(names), 1))
    for _ in range(TURNS):
        light, halves = view.solved(light, of)
    full = np.maximum(light[:, -1:], 1e-6)
    one, other = (half / np.maximum(half[:, -1:], 1e-6) for half in halves)
    return Curves(np.clip(light / full, 0.0, 1.0), 0.5 * np.abs(one - other), of)


def picked_blocks(sources: SeenSources) -> IndexArray:
    """The blocks that say most about each source."""
    share = np.abs(sources.gives.mean(axis=2)) / np.maximum(sources.noise, 1e-6)[None, :]
    share = np.where(sources.usable[None, :], share, 0.0)
    each = max(20, MOST_BLOCKS // len(share))
    return np.unique(np.argsort(-share, axis=1)[:, :each])


def _hats(played: Float64Array) -> Float64Array:
    """(steps, n, knots) share of each knot in a level."""
    return np.stack([np.interp(played, KNOTS, one) for one in np.eye(len(KNOTS))], axis=-1)


@dataclass(slots=True)
class _View:
    """Light of picked blocks (steps, P); what always shines (P,) and sources give (n, P); noise, haze (P,); levels.

    `thickness` (steps,): how thick the haze was.
    """

    light: Float64Array
    always: Float64Array
    gives: Float64Array
    noise: Float64Array
    air: Float64Array
    hats: Float64Array
    thickness: Float64Array

    def solved(self, curves: Float64Array, of: IndexArray) -> tuple[Float64Array, tuple[Float64Array, ...]]:
        """Better curves (f, knots), of all fixtures at once by weighted least squares; and those of two halves."""
        fixtures, free = len(curves), len(KNOTS) - 1
        normals, aims = np.zeros((2, fixtures * free, fixtures * free)), np.zeros((2, fixtures * free))
        for step, seen in enumerate(self.light):
            shares = (self.hats[step] * curves[of]).sum(axis=1)
            sources, haze = shares @ self.gives, 1.0 + self.thickness[step] * self.air
            told = self.always + sources * haze
            weight = 1.0 / (self.noise + np.square(RELATIVE_ERROR * told) + 1e-12)
            gain = (weight * seen * told).sum() / max((weight * told**2).sum(), 1e-12)
            bent = sources * self.air
            more = (weight * bent * (seen / gain - told)).sum() / ((weight * bent**2).sum() + THIN)
            self.thickness[step] = np.clip(self.thickness[step] + more, -MOST_AIR, MOST_AIR)
            gives = self.gives * (1.0 + self.thickness[step] * self.air)
            spread = np.zeros((len(of), fixtures, free))
            spread[np.arange(len(of)), of] = self.hats[step][:, 1:]
            flat = spread.reshape(len(of), -1)
            normals[step % 2] += flat.T @ ((gives * weight) @ gives.T) @ flat
            aims[step % 2] += flat.T @ ((gives * weight) @ (seen / gain - self.always))
        parts = ((normals.sum(axis=0), aims.sum(axis=0)), *zip(normals, aims, strict=True))
        found = [np.linalg.solve(one + _bends(fixtures, one), aim).reshape(fixtures, free) for one, aim in parts]
        whole, *halves = (np.stack([smoothed(np.append(0.0, row)) for row in one]) for one in found)
        return whole, tuple(halves)


def _second() -> Float64Array:
    """(knots - 2, knots) differences of slopes between neighbouring stretches."""
    found = np.zeros((len(KNOTS) - 2, len(KNOTS)))
    for row in range(len(found)):
        before, after = KNOTS[row + 1] - KNOTS[row], KNOTS[row + 2] - KNOTS[row + 1]
        found[row, row : row + 3] = 1.0 / before, -1.0 / before - 1.0 / after, 1.0 / after
    return np.asarray(found * np.sqrt(np.diff(KNOTS)[1:, None] * np.diff(KNOTS)[:-1, None]))


def _bends(fixtures: int, normal: Float64Array) -> Float64Array:
    """What bends cost, in the same measure as `normal`."""
    inner = _second()[:, 1:]
    free = inner.shape[1]
    cost = np.zeros_like(normal)
    for one in range(fixtures):
        mine = slice(one * free, (one + 1) * free)
        cost[mine, mine] = SMOOTH * (np.trace(normal[mine, mine]) / free + 1e-9) * (inner.T @ inner)
    return cost


def smoothed(light: Float64Array) -> Float64Array:
    """A curve that only rises, as near to `light` (k,) as can be (pool adjacent violators)."""
    values, counts = [], []
    for one in light:
        values.append(float(one))
        counts.append(1)
        while len(values) > 1 and values[-2] > values[-1]:
            total = counts[-2] + counts[-1]
            values[-2:] = [(values[-2] * counts[-2] + values[-1] * counts[-1]) / total]
            counts[-2:] = [total]
    return np.repeat(values, counts)
