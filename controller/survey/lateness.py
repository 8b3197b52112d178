"""How late each fixture is beside the others, from every change of its codes, frame by frame. Pure.

First all fixtures are taken for quick ones. A change that comes a little later leaves its slope behind: light s(t - d)
is about s(t) - d s'(t), so a share of s' says how late a fixture is, finer than a frame, since each source changes
dozens of times. Then what each source does is put together from all blocks that show it, and compared with what it
played, so much later and with so much inertia; late by both is what an eye sees as late. A rolling shutter exposes
lower rows later; what one fixture lights in several rows says how much. How late everything is together cannot be
seen: it is when the camera was started.
"""

from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, IndexArray
from controller.survey.adding import SeenSources
from controller.survey.clocks import FilmClock, frames_of
from controller.survey.film import COLUMNS, ROWS, Film
from controller.survey.levels import Curves
from controller.survey.programme import Programme

QUICK_TURNS, TURNS = 3, 3
GRID_S, SLOPE_S = 0.01, 0.01
MOST_STEP_S, MOST_LATE_S = 0.1, 0.2
SLOWNESS_S = (0.0, 0.01, 0.02, 0.035, 0.05, 0.07, 0.09, 0.12, 0.16, 0.22)
SEARCHES = ((0.02, 10), (0.004, 6), (0.001, 4))
"""Steps in seconds and how many of them to each side, from coarse to fine."""
PARTS, PART_STEP_S, PART_REACH = 4, 0.002, 16
SURE = 8.0
GLARE = 0.05
"""What a block says of a fixture in the glare of others is wrong by such a share of the glare."""
HEIGHTS = (np.arange(ROWS) + 0.5) / ROWS - 0.5
ROLLING_PRIOR_S = 0.02


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late fixtures are, f of them.

    Attributes:
        late_s: (f,) beside the median of those that are seen, inertia included; nan where nothing is seen.
        errors_s: (f,) standard error. slow_s: (f,) inertia alone, as a time constant.
        rolling_s: from the exposure of the picture's top row to that of its bottom row. clock: better than before.
    """

    late_s: Float64Array
    errors_s: Float64Array
    slow_s: Float64Array
    rolling_s: float
    clock: FilmClock


def lateness(film: Film, programme: Programme, clock: FilmClock, sources: SeenSources, curves: Curves) -> Lateness:
    """Measure it.

    Args:
        clock: as it was found before; made better on the way.
    """
    seen = sources.sure > SURE
    blocks = np.where((seen & sources.usable).any(axis=1, keepdims=True), seen & sources.usable, seen)
    begin_s = float(programme.edges_s[programme.rows("code")[0]])
    end_s = float(programme.edges_s[programme.rows("code")[-1]] + programme.step_s)
    grouping = np.equal.outer(np.arange(curves.of.max() + 1), curves.of).astype(np.float64)
    dark = grouping @ blocks.any(axis=1) == 0
    late_s, slow_s = np.zeros(len(grouping)), np.zeros(len(grouping))
    errors_s, rolling_s, drift = np.full(len(grouping), np.inf), 0.0, 0.0
    played = _Played(programme, curves, begin_s, end_s)
    for number in range(QUICK_TURNS + TURNS):
        rows = frames_of(film, clock, begin_s + 0.1, end_s)
        t_s = clock.programme_s(film.t_s[rows])
        turn = _Turn(sources.even(film.shown(rows), t_s), played.at(t_s, late_s[curves.of], slow_s[curves.of]), blocks)
        step_s, rolling_s = turn.later(grouping)
        if number < QUICK_TURNS:
            late_s = late_s + np.clip(step_s, -MOST_STEP_S, MOST_STEP_S)
        else:
            alone = turn.alone()
            late_s, slow_s = _searched(alone, t_s, played, late_s, curves.of)
            shifts_s = _shifts_s(alone, t_s, played, (late_s, slow_s), curves.of)
            errors_s, drift = _errors_s(shifts_s), _drift(shifts_s, t_s)
            late_s = late_s - rolling_s * turn.middles(grouping)
        whole_s = np.where(dark, np.nan, late_s + slow_s)
        middle_s = 0.0 if dark.all() else float(np.nanmedian(whole_s))
        clock = _better(clock, t_s, drift, middle_s)
        late_s = np.where(dark, 0.0, late_s - middle_s)
    return Lateness(
        np.where(dark, np.nan, late_s + slow_s), np.where(dark, np.inf, errors_s), slow_s, -rolling_s, clock
    )


class _Played:
    """What sources play, with their curves and with inertia, on a grid of time."""

    def __init__(self, programme: Programme, curves: Curves, begin_s: float, end_s: float) -> None:
        self._grid_s = np.arange(begin_s - 1.0, end_s + 1.0, GRID_S)
        light = _lit(programme, programme.played(self._grid_s).astype(np.float64), curves)
        self._tables = np.stack([_followed(light, slow_s) for slow_s in SLOWNESS_S])

    def one(self, source: int, t_s: Float64Array, slowness: int) -> Float64Array:
        """Light of one source at times, with an inertia of `SLOWNESS_S`."""
        return np.interp(t_s, self._grid_s, self._tables[slowness, :, source])

    def at(self, t_s: Float64Array, late_s: Float64Array, slow_s: Float64Array) -> tuple[Float64Array, Float64Array]:
        """(T, n) light, and what it loses for each second later."""
        which = np.abs(np.subtract.outer(slow_s, SLOWNESS_S)).argmin(axis=1)
        light, before, after = (
            np.stack([self.one(row, t_s - late + shift, which[row]) for row, late in enumerate(late_s)], axis=1)
            for shift in (0.0, -SLOPE_S, SLOPE_S)
        )
        return light, (before - after) / (2 * SLOPE_S)


def _lit(programme: Programme, levels: Float64Array, curves: Curves) -> Float64Array:
    """(G, n) light at levels: by the dimmer of each source; heads that share one have it at the highest of them."""
    light = np.empty_like(levels)
    for one, source in enumerate(programme.sources):
        mine = np.flatnonzero(curves.of == curves.of[one]) if source.shares else np.array([one])
        highest = levels[:, mine].max(axis=1)
        light[:, one] = curves.at(one, highest) * levels[:, one] / np.maximum(highest, 1e-6)
    return light


def _followed(light: Float64Array, slow_s: float) -> Float64Array:
    """(G, n) light that follows with inertia."""
    if slow_s <= 0.0:
        return light
    share = 1.0 - np.exp(-GRID_S / slow_s)
    found, now = np.empty_like(light), light[0]
    between = 0.5 * (light + np.concatenate([light[:1], light[:-1]]))
    for row, wanted in enumerate(between):
        now = now + share * (wanted - now)
        found[row] = now
    return found


def _searched(
    alone: Float64Array, t_s: Float64Array, played: _Played, late_s: Float64Array, of: IndexArray
) -> tuple[Float64Array, Float64Array]:
    """(f,) lateness and inertia under which what was played looks most like what each fixture did, (T, n)."""
    found_s, slow_s = late_s.copy(), np.zeros_like(late_s)
    alone = alone - alone.mean(axis=0)
    for fixture in range(len(late_s)):
        mine: IndexArray = np.flatnonzero((of == fixture) & (np.abs(alone).sum(axis=0) > 0.0))
        best = (-np.inf, 0.0, 0)
        for width_s, reach in SEARCHES if len(mine) else ():
            middle_s, slowness = best[1] if np.isfinite(best[0]) else 0.0, best[2]
            tried = range(len(SLOWNESS_S)) if width_s > SEARCHES[-1][0] else (slowness,)
            for shift_s in middle_s + width_s * np.arange(-reach, reach + 1):
                for slow in tried:
                    like = sum(_alike(alone[:, one], played.one(int(one), t_s - shift_s, slow)) for one in mine)
                    best = max(best, (like, float(shift_s), slow))
        if np.isfinite(best[0]):
            found_s[fixture], slow_s[fixture] = np.clip(best[1], -MOST_LATE_S, MOST_LATE_S), SLOWNESS_S[best[2]]
    return found_s, slow_s


def _shifts_s(
    alone: Float64Array,
    t_s: Float64Array,
    played: _Played,
    found_s: tuple[Float64Array, Float64Array],
    of: IndexArray,
) -> Float64Array:
    """(f, parts) how much later than found each fixture is in parts of the film; nan where it is not seen."""
    late_s, slow_s = found_s
    found = np.full((len(late_s), PARTS), np.nan)
    tried_s = PART_STEP_S * np.arange(-PART_REACH, PART_REACH + 1)
    for fixture in range(len(late_s)):
        mine = np.flatnonzero((of == fixture) & (np.abs(alone).sum(axis=0) > 0.0))
        slow = SLOWNESS_S.index(slow_s[fixture])
        for number, part in enumerate(np.array_split(np.arange(len(t_s)), PARTS) if len(mine) else ()):
            seen, own_s = alone[part] - alone[part].mean(axis=0), t_s[part] - late_s[fixture]
            like = [
                sum(_alike(seen[:, one], played.one(int(one), own_s - shift_s, slow)) for one in mine)
                for shift_s in tried_s
            ]
            found[fixture, number] = tried_s[int(np.argmax(like))]
    return found


def _errors_s(shifts_s: Float64Array) -> Float64Array:
    """(f,) standard error of the lateness: by how much parts of the film differ about it, beyond what all have."""
    if np.isnan(shifts_s).all():
        return np.full(len(shifts_s), np.inf)
    own_s = shifts_s - np.nanmedian(shifts_s, axis=0)
    spread_s = np.std(own_s, axis=1) / np.sqrt(PARTS - 1)
    return np.where(np.isnan(spread_s), np.inf, np.hypot(spread_s, PART_STEP_S / np.sqrt(12 * PARTS)))


def _drift(shifts_s: Float64Array, t_s: Float64Array) -> float:
    """How much later everything comes for each second of the programme."""
    if np.isnan(shifts_s).all():
        return 0.0
    middles_s = [float(part.mean()) for part in np.array_split(t_s, PARTS)]
    return float(np.polyfit(middles_s, np.nanmedian(shifts_s, axis=0), 1)[0])


def _alike(seen: Float64Array, told: Float64Array) -> float:
    """How much of what was seen is explained, in its own square."""
    told = told - told.mean()
    return float(seen @ told) ** 2 / max(float(told @ told), 1e-12)


class _Turn:
    """One fit of frames: shares of light and of its slope of every source in every block.

    Args:
        light: (T, P) of the sources alone. shapes: of the sources, (T, n) each. blocks: (n, P) where a source is seen.
    """

    def __init__(self, light: Float32Array, shapes: tuple[Float64Array, Float64Array], blocks: BoolArray) -> None:
        n = len(blocks)
        matrix = np.concatenate([np.ones((len(light), 1)), *shapes], axis=1)
        inverse = np.linalg.pinv(matrix)
        found = inverse.astype(np.float32) @ light
        self._rest = light - matrix.astype(np.float32) @ found
        self._light, self._gives, self._late = shapes[0], found[1 : 1 + n], found[1 + n :]
        self._slope = shapes[1].astype(np.float32)
        noise = np.square(self._rest).mean(axis=0) * np.square(inverse[1 + n :]).sum(axis=1).mean()
        glare = np.square(GLARE * SLOPE_S) * np.square(self._gives).sum(axis=0)
        self._weight = np.where(blocks, 1.0 / (noise + glare + 1e-12), 0.0)

    def alone(self) -> Float64Array:
        """(T, n) what each source did: all blocks that show it, without what the others did there."""
        weight = self._gives * self._weight
        weight /= np.maximum((weight * self._gives).sum(axis=1, keepdims=True), 1e-12)
        kept = self._rest @ weight.T.astype(np.float32)
        own = self._light + self._slope * (weight * self._late).sum(axis=1)
        return np.where(weight.any(axis=1), kept + own, 0.0)

    def middles(self, grouping: Float64Array) -> Float64Array:
        """(f,) at which height each fixture is seen on the whole, -0.5 at the top to 0.5."""
        weight = (np.square(self._gives) * self._weight).reshape(len(self._gives), ROWS, COLUMNS).sum(axis=2)
        rows = grouping @ weight
        return np.asarray(rows @ HEIGHTS / np.maximum(rows.sum(axis=1), 1e-12))

    def later(self, grouping: Float64Array) -> tuple[Float64Array, float]:
        """(f,) seconds later than thought, and the shutter's readout, by least squares over rows."""
        shape = (len(self._gives), ROWS, COLUMNS)
        up = grouping @ (self._gives * self._late * self._weight).reshape(shape).sum(axis=2, dtype=np.float64)
        down = grouping @ (np.square(self._gives) * self._weight).reshape(shape).sum(axis=2, dtype=np.float64)
        whole = np.maximum(down.sum(axis=1), 1e-12)
        middle, mean_s = (down @ HEIGHTS) / whole, up.sum(axis=1) / whole
        off = HEIGHTS[None, :] - middle[:, None]
        rises, spread = ((up - down * mean_s[:, None]) * off).sum(), (down * np.square(off)).sum()
        readout_s = float(rises / (spread + 1.0 / ROLLING_PRIOR_S**2))
        return np.where(down.sum(axis=1) > 0.0, mean_s - readout_s * middle, 0.0), readout_s


def _better(clock: FilmClock, t_s: Float64Array, drift: float, later_s: float) -> FilmClock:
    """The clock with what all sources are late together, and later towards the end."""
    rate = clock.rate * (1.0 - float(np.clip(drift, -1e-3, 1e-3)))
    middle_s = float(t_s.mean())
    return replace(clock, begin_s=clock.begin_s + middle_s / clock.rate - middle_s / rate + later_s, rate=rate)
