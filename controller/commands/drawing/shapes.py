"""Several fixtures at once: places in a line, on an arc, in a grid. Pure.

Metres; x is negative on the audience's left, y upstage from the stage's edge.
"""

import math
from collections.abc import Sequence
from typing import Literal, get_args

Spot = tuple[float, float]
Shape = Literal["line", "arc", "grid"]
SHAPES: tuple[str, ...] = get_args(Shape)
BULGE = 0.25
"""How far the middle of an arc is from its chord, in parts of the chord."""


def spread(count: int, shape: str, one: Spot, other: Spot) -> list[Spot]:
    """Places for so many fixtures.

    Args:
        count: at least 1. shape: a `Shape`. one, other: the ends of a line or an arc (it bulges away from the
            audience), two opposite corners of a grid.
    """
    if count == 1:
        return [_between(one, other, 0.5)]
    if shape == "arc":
        return _arc(count, one, other)
    if shape == "grid":
        return _grid(count, one, other)
    return [_between(one, other, at / (count - 1)) for at in range(count)]


def ends(places: Sequence[Spot]) -> tuple[Spot, Spot]:
    """Where places that are there begin and end: the ends of a line through them, from the audience's left."""
    left, right = min(places), max(places)
    if right[0] - left[0] < 0.1:  # one above the other
        left, right = min(places, key=lambda one: one[1]), max(places, key=lambda one: one[1])
    return left, right


def _arc(count: int, one: Spot, other: Spot) -> list[Spot]:
    """Even angles on the circle through both ends whose middle is a quarter of the chord away from it."""
    chord = math.dist(one, other)
    if chord == 0.0:
        return [one] * count
    height = BULGE * chord
    radius = height / 2 + chord**2 / (8 * height)
    half = math.asin(min(1.0, chord / 2 / radius))
    along = ((other[0] - one[0]) / chord, (other[1] - one[1]) / chord)
    out = (-along[1], along[0]) if along[0] >= 0 else (along[1], -along[0])
    found = []
    for at in range(count):
        angle = half * (2 * at / (count - 1) - 1)
        across, up = radius * math.sin(angle), radius * math.cos(angle) - (radius - height)
        middle = _between(one, other, 0.5)
        found.append((middle[0] + across * along[0] + up * out[0], middle[1] + across * along[1] + up * out[1]))
    return found


def _grid(count: int, one: Spot, other: Spot) -> list[Spot]:
    """Rows of equal length, as nearly square as the corners are; the last row may be shorter."""
    width, depth = abs(other[0] - one[0]), abs(other[1] - one[1])
    ratio = width / depth if depth else float(count)
    columns = max(1, min(count, round(math.sqrt(count * ratio)) or 1))
    rows = math.ceil(count / columns)
    found = []
    for at in range(count):
        row, column = divmod(at, columns)
        x = 0.5 if columns == 1 else column / (columns - 1)
        y = 0.5 if rows == 1 else row / (rows - 1)
        found.append((one[0] + x * (other[0] - one[0]), one[1] + y * (other[1] - one[1])))
    return found


def _between(one: Spot, other: Spot, share: float) -> Spot:
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
