"""What the camera sees when each colour of a fixture shines alone: another order, or colours that are dark. Pure."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from controller.arrays import BoolArray, Float64Array, IndexArray, IntArray
from controller.survey.adding import SeenSources
from controller.survey.clocks import FilmClock, means_of_steps
from controller.survey.film import Film
from controller.survey.levels import picked_blocks
from controller.survey.programme import PRIMARIES, Programme

RIDGE = 1e-3
RELATIVE_ERROR = 0.02
DARK = 0.04
"""A colour that gives less than such a share of the fixture's brightest colour is dark; red, green, blue alone are
judged: what a camera sees of ultraviolet or amber differs."""
CLEAR = 0.25
"""So much better must another order fit, as a share of the light."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What a fixture's colours are.

    Attributes:
        seen: the camera's linear red, green and blue of each emitter, the brightest component of all 1.
        order: for red, green and blue as they were sent, which of them was seen. dark: emitters that give no light.
    """

    seen: dict[str, tuple[float, float, float]]
    order: tuple[str, ...]
    dark: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether red is red, green is green and blue is blue."""
        return not self.dark and self.order in ((), PRIMARIES)


def colours_seen(film: Film, programme: Programme, clock: FilmClock, sources: SeenSources) -> dict[str, Colours]:
    """By fixture, for those that mix colours; none where that part was not filmed."""
    t_s = clock.programme_s(film.t_s)
    codes, told = means_of_steps(t_s, film.shown(slice(None)), programme, "colour")
    if not len(told):
        return {}
    rows = programme.rows("colour")[told]
    names = list(dict.fromkeys(one.fixture for one in programme.sources))
    of = np.array([names.index(one.fixture) for one in programme.sources])
    shown = np.array([programme.colours[row] for row in rows])
    lit = np.array([programme.levels[row] for row in rows]) > 0.0
    picked = picked_blocks(sources)
    light = sources.response.light(codes[:, picked]).astype(np.float64)
    parts = np.stack([_parts(light[..., one], sources, picked, (shown, lit, of), one) for one in range(3)], axis=-1)
    whites = sources.gives[:, picked].sum(axis=1)
    found = {}
    for number, name in enumerate(names):
        mine = [row for row, source in enumerate(programme.sources) if source.fixture == name]
        emitters = programme.sources[mine[0]].emitters
        if emitters:
            white = np.maximum(whites[mine].sum(axis=0), 0.0)
            found[name] = _judged(emitters, np.maximum(parts[number, : len(emitters)], 0.0) * white)
    return found


def _parts(
    light: Float64Array,
    sources: SeenSources,
    picked: IndexArray,
    played: tuple[IntArray, BoolArray, IndexArray],
    channel: int,
) -> Float64Array:
    """(f, E) what each emitter gives, as a share of the fixture's white, in one of the camera's colours."""
    shown, lit, of = played
    always = sources.always[picked, channel].astype(np.float64)
    gives = sources.gives[:, picked, channel].astype(np.float64)
    noise = np.square(sources.noise[picked].astype(np.float64))
    fixtures, widest = int(of.max()) + 1, int(shown.max()) + 1
    size = fixtures * widest
    normal, aim = np.zeros((size, size)), np.zeros(size)
    for step, seen in enumerate(light):
        weight = 1.0 / (noise + np.square(RELATIVE_ERROR * seen) + 1e-12)
        spread = np.zeros((len(of), fixtures, widest))
        spread[np.arange(len(of)), of, np.maximum(shown[step], 0)] = lit[step]
        flat = spread.reshape(len(of), -1)
        normal += flat.T @ ((gives * weight) @ gives.T) @ flat
        aim += flat.T @ ((gives * weight) @ (seen - always))
    normal += RIDGE * np.diag(np.diag(normal) + 1e-9)
    return np.asarray(np.linalg.solve(normal, aim).reshape(fixtures, widest), np.float64)


def _judged(emitters: tuple[str, ...], seen: Float64Array) -> Colours:
    """Which colour each emitter is."""
    seen = seen / max(float(seen.max()), 1e-9)
    told = {name: (float(row[0]), float(row[1]), float(row[2])) for name, row in zip(emitters, seen, strict=True)}
    places = [emitters.index(name) for name in PRIMARIES if name in emitters]
    dark = tuple(name for name in PRIMARIES if name in emitters and max(told[name]) < DARK)
    if len(places) < len(PRIMARIES) or dark:
        return Colours(told, (), dark)
    shares = seen[places] / np.maximum(seen[places].sum(axis=1, keepdims=True), 1e-9)
    fits = {one: float(sum(shares[row, to] for row, to in enumerate(one))) for one in permutations(range(3))}
    best = max(fits, key=lambda one: fits[one])
    if fits[best] - fits[0, 1, 2] < CLEAR:
        best = (0, 1, 2)
    return Colours(told, tuple(PRIMARIES[to] for to in best), dark)
