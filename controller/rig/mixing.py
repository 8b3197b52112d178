"""Additive mixing: a colour of light to the levels of a head's emitters, as bright as the head can make that colour.

A head with emitters m_1..m_E, each a colour of light at full level, can show every sum of l_i m_i with levels l_i from
0 to 1: a convex body whose faces lie across pairs of emitters. The brightest light of a wished colour is where the ray
of that colour leaves the body, which is found exactly, without a solver, by trying the face of every pair. What lies
outside (no mix of these emitters has that colour) goes to the nearest they do have: non-negative least squares.

Colours are linear-light sRGB coordinates. Measured emitters come as CIE xyY; the others are taken as typical LEDs.
Sources: GDTF (DIN SPEC 15800) for emitters as xyY; IEC 61966-2-1 for the matrix; zonotopes as intersections of their
faces' half-spaces: Ziegler, "Lectures on Polytopes", 1995, chapter 7.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.colour import strongest, weakest

TYPICAL: dict[str, tuple[float, float, float]] = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "white": (1.0, 0.93, 0.82),
    "warm_white": (1.0, 0.72, 0.38),
    "cold_white": (0.86, 0.95, 1.1),
    "amber": (1.0, 0.42, 0.0),
    "lime": (0.62, 1.0, 0.05),
    "yellow": (1.0, 0.8, 0.0),
    "cyan": (0.0, 0.75, 0.85),
    "magenta": (0.9, 0.0, 0.7),
    "indigo": (0.22, 0.0, 0.9),
    "uv": (0.12, 0.0, 0.35),
}
"""Linear sRGB of each emitter at full level, where a red LED is (1, 0, 0). Between makers they differ by a fifth."""

HUES, SATURATIONS = 360, 33
UV_HUES_DEG = (250.0, 290.0)
UV_BELOW = 0.5
UV_CAP = 0.6
APART = 1e-7
"""Emitters are moved apart by this much, so that no three of them lie in one plane."""
INWARDS = 2e-3
"""Wishes are moved this far inwards: pure orange lies on the very edge, in one plane with red, amber and green."""
NEARLY_WHITE = 0.25
"""A mix whose weakest component is below this part of its strongest is no white."""
LEAST = 6e-3
"""Levels below this are what INWARDS adds, and are left out."""

_FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


@dataclass(frozen=True, slots=True)
class EmitterColour:
    """One kind of LED in a head.

    Attributes:
        name: one of `TYPICAL`.
        xyY: measured CIE 1931 chromaticity and flux at full level, in any one unit for all emitters of a head.
    """

    name: str
    xyY: tuple[float, float, float] | None = None  # noqa: N815 - that is what it is called


class Mixer:
    """Mixes for one set of emitters.

    Args:
        emitters: in the order of the columns of `levels`; UV is no colour and joins in for deep, dim violets only.
            Where it is all a head has, it is that head's light source and follows the brightness in every colour.
    """

    def __init__(self, emitters: tuple[EmitterColour, ...]) -> None:
        self.names = tuple(emitter.name for emitter in emitters)
        self._emitted = in_parts_of_white(emitted_colours(emitters), emitters)
        self._table = _table(emitters)
        beside = set(self.names) - {"uv"}
        self._uv = [index for index, name in enumerate(self.names) if name == "uv" and beside]

    def levels(self, colour: Float32Array, brightness: Float32Array) -> Float32Array:
        """Levels 0..1 of the emitters at full brightness, (n, E) float32.

        Args:
            colour: (n, 3) linear RGB, largest component 1. brightness: (n,) 0..1, what UV depends on.
        """
        hue, saturation = hue_and_saturation(colour)
        return self.with_uv(self.without_uv(hue, saturation), hue, saturation, brightness)

    def without_uv(self, hue: Float64Array, saturation: Float64Array) -> Float64Array:
        """What does not depend on the brightness: levels (n, E) for hues in degrees (n,), saturations 0..1 (n,)."""
        return _between(self._table, hue * (HUES / 360.0), saturation * (SATURATIONS - 1))

    def with_uv(
        self, levels: Float64Array, hue: Float64Array, saturation: Float64Array, brightness: Float32Array
    ) -> Float32Array:
        """The same (n, E) with the emitters of ultraviolet, which join in where it is dim; `levels` is written to."""
        for index in self._uv:
            violet = (hue >= UV_HUES_DEG[0]) & (hue <= UV_HUES_DEG[1]) & (brightness < UV_BELOW)
            levels[:, index] = np.where(violet, UV_CAP * saturation * (1.0 - brightness / UV_BELOW), 0.0)
        return levels.astype(np.float32)

    @property
    def heeds_brightness(self) -> bool:
        """Whether levels at full depend on the brightness."""
        return bool(self._uv)

    def light(self, levels: Float32Array) -> Float32Array:
        """What levels (n, E) look like: linear RGB (n, 3).

        A red LED at full is (1, 0, 0); with measured emitters the brightest white of the set is (1, 1, 1), so that a
        tenth is a tenth of what the fixture can do, whatever its deepest blue measures.
        """
        return np.asarray(np.maximum(levels @ self._emitted, 0.0), np.float32)


@cache
def mixer(emitters: tuple[EmitterColour, ...]) -> Mixer:
    """The mixer of a set of emitters, made once."""
    return Mixer(emitters)


def emitted_colours(emitters: tuple[EmitterColour, ...]) -> Float64Array:
    """(E, 3) linear RGB at full level. Measured sets are scaled so that the brightest component of any is 1."""
    rows = np.array([_from_xyY(one.xyY) if one.xyY else TYPICAL[one.name] for one in emitters], np.float64)
    if any(one.xyY for one in emitters):
        rows = rows / max(float(rows.max()), 1e-9)
    return rows


def in_parts_of_white(emitted: Float64Array, emitters: tuple[EmitterColour, ...]) -> Float64Array:
    """Measured colours (E, 3) in parts of the brightest white they can mix; without a white they stay."""
    if not any(one.xyY for one in emitters):
        return emitted
    white = (brightest(np.ones((1, 3)), emitted) @ emitted)[0]
    return emitted / white.max() if white.min() > NEARLY_WHITE * white.max() else emitted


def _from_xyY(measured: tuple[float, float, float]) -> Float64Array:  # noqa: N802
    x, y, flux = measured
    xyz = np.array([x, y, 1.0 - x - y]) * (flux / max(y, 1e-6))
    return np.asarray(_FROM_XYZ @ xyz)


def hue_and_saturation(colour: Float32Array) -> tuple[Float64Array, Float64Array]:
    """HSV hue in degrees and saturation 0..1 of colours (n, 3), without leaving linear light."""
    high, low = strongest(colour).astype(np.float64), weakest(colour).astype(np.float64)
    range_ = high - low
    span = np.maximum(range_, 1e-9)
    red, green, blue = colour.T.astype(np.float64)
    sextant = np.where(
        high == red, (green - blue) / span, np.where(high == green, 2 + (blue - red) / span, 4 + (red - green) / span)
    )
    hue = np.where(range_ < 1e-9, 0.0, (60.0 * sextant) % 360.0)
    return hue, np.where(high > 0, range_ / np.maximum(high, 1e-9), 0.0)


def _grid() -> Float64Array:
    """Every colour of the table, (HUES * SATURATIONS, 3) linear RGB, largest component 1."""
    sextant = (np.arange(HUES)[:, None] * (6.0 / HUES) + np.array([0.0, 4.0, 2.0])) % 6.0
    pure = np.clip(np.abs(sextant - 3.0) - 1.0, 0.0, 1.0)
    saturation = np.linspace(0.0, 1.0, SATURATIONS)[None, :, None]
    return np.asarray((1.0 - saturation + saturation * pure[:, None, :]).reshape(-1, 3))


def _table(emitters: tuple[EmitterColour, ...]) -> Float64Array:
    """Levels for every colour of the grid, (HUES, SATURATIONS, E)."""
    mixed = [index for index, one in enumerate(emitters) if one.name != "uv"] or list(range(len(emitters)))
    levels = np.zeros((HUES * SATURATIONS, len(emitters)))
    if mixed:
        levels[:, mixed] = brightest(_grid(), emitted_colours(tuple(emitters[index] for index in mixed)))
    return levels.reshape(HUES, SATURATIONS, len(emitters))


def brightest(wished: Float64Array, emitted: Float64Array) -> Float64Array:
    """Levels of the brightest light of each wished colour, or of the nearest colour there is.

    Args:
        wished: (n, 3) linear RGB, not all zero. emitted: (E, 3) at full level, E >= 1.

    Returns:
        (n, E) 0..1; the largest level of each row is 1.
    """
    if len(emitted) == 1:
        return np.ones((len(wished), 1))
    rng = np.random.default_rng(1)
    spread = emitted + rng.uniform(-APART, APART, emitted.shape)
    target = nearest(wished, spread)
    if len(emitted) == 2:
        levels = _of_two(target, spread)
    else:
        middle = spread.sum(axis=0) / np.linalg.norm(spread.sum(axis=0))
        levels = _leave_body(target + INWARDS * middle, spread)
        levels[levels < LEAST] = 0.0
    return np.asarray(np.clip(levels / np.maximum(levels.max(axis=1, keepdims=True), 1e-9), 0.0, 1.0))


def _leave_body(target: Float64Array, emitted: Float64Array) -> Float64Array:
    """Where rays (n, 3) inside the cone of the emitters leave the body of all mixes, as levels (n, E)."""
    pairs = list(combinations(range(len(emitted)), 2))
    normals = np.array([np.cross(emitted[i], emitted[j]) for i, j in pairs])
    normals = np.concatenate([normals, -normals])  # (F, 3), two faces for each pair
    beyond = normals @ emitted.T  # (F, E): how far each emitter carries towards each face
    both = np.array([*pairs, *pairs])
    np.put_along_axis(beyond, both, 0.0, axis=1)
    support = np.maximum(beyond, 0.0).sum(axis=1)
    towards = target @ normals.T  # (n, F)
    size = np.linalg.norm(normals, axis=1) * np.linalg.norm(target, axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(towards > 1e-9 * size, support / towards, np.inf)
    face = reach.argmin(axis=1)
    stretch = reach[np.arange(len(target)), face]
    levels = (beyond[face] > 0.0).astype(np.float64)
    rest = target * stretch[:, None] - levels @ emitted
    for number, pair in enumerate(both):
        rows = np.flatnonzero(face == number)
        levels[np.ix_(rows, pair)] = rest[rows] @ np.linalg.pinv(emitted[pair])
    return np.asarray(levels)


def _of_two(target: Float64Array, emitted: Float64Array) -> Float64Array:
    """Two emitters: the ray's shares of both."""
    return np.asarray(np.maximum(np.linalg.lstsq(emitted.T, target.T, rcond=None)[0].T, 0.0))


def nearest(wished: Float64Array, emitted: Float64Array) -> Float64Array:
    """The point of the emitters' cone that is nearest to each wish, (n, 3): the wish itself where it lies inside.

    Non-negative least squares in three dimensions: the nearest point uses at most three emitters, so all are tried.
    """
    best, distance = np.zeros_like(wished), np.full(len(wished), np.inf)
    for count in range(1, min(3, len(emitted)) + 1):
        for chosen in combinations(range(len(emitted)), count):
            basis = emitted[list(chosen)]
            shares = wished @ np.linalg.pinv(basis)
            point = shares @ basis
            off = np.where((shares >= -1e-9).all(axis=1), np.square(point - wished).sum(axis=1), np.inf)
            better = off < distance - 1e-12
            best[better], distance[better] = point[better], off[better]
    return best


def _between(table: Float64Array, hue: Float64Array, saturation: Float64Array) -> Float64Array:
    """Bilinear: (HUES, SATURATIONS, E) at fractional places, hue going round."""
    at = np.array((hue, saturation))
    low = np.floor(at)
    part_hue, part_saturation = (at - low)[:, :, None]
    row, column = low.astype(np.intp)
    rows = np.array((row, row + 1)) % HUES
    columns = np.minimum((column, column + 1), SATURATIONS - 1)
    corners = table.reshape(-1, table.shape[2])[(rows * SATURATIONS)[:, None] + columns]  # (2, 2, n, E)
    near, far = corners[:, 0] * (1 - part_saturation) + corners[:, 1] * part_saturation
    return np.asarray(near * (1 - part_hue) + far * part_hue)
