"""Where in the picture each source shines, whether that is certain, and whether the fixture is seen there. Pure."""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array
from controller.survey.adding import SeenSources
from controller.survey.film import COLUMNS, ROWS

SURE, ABOVE_CHANCE = 10.0, 2.5
"""Standard errors of a source's best block; and how many times the deepest one below nothing, which is chance."""
NEAR, RING = 2, (3, 6)
ITSELF, POOL = 6.0, 0.25
"""A fixture is so many times as bright as what is around it; a pool of light is not."""


@dataclass(frozen=True, slots=True)
class Spots:
    """For n sources.

    Attributes:
        at: (n, 2) 0..1 from the picture's left and top; nan where nothing is found. sureness: (n,) standard errors.
        found: (n,). itself: (n,) whether the fixture is seen, not only what it lights.
    """

    at: Float64Array
    sureness: Float64Array
    found: BoolArray
    itself: BoolArray


def spots_of(sources: SeenSources) -> Spots:
    """Where each source is brightest."""
    sure = sources.sure
    best, worst = sure.max(axis=1), -sure.min(axis=1)
    found = (best > SURE) & (best > ABOVE_CHANCE * worst)
    at, itself = np.full((len(sure), 2), np.nan), np.zeros(len(sure), np.bool_)
    for source in np.flatnonzero(found):
        light = np.where(sure[source] > SURE / 2, sources.gives[source].mean(axis=1), 0.0).reshape(ROWS, COLUMNS)
        at[source], itself[source] = _brightest(light.astype(np.float32))
    return Spots(at, best.astype(np.float64), found, itself)


def _brightest(light: Float32Array) -> tuple[Float64Array, bool]:
    """Middle of the brightest spot, and whether it stands out from what is around it."""
    row, column = divmod(int(light.argmax()), COLUMNS)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    far = np.maximum(np.abs(y - row), np.abs(x - column))
    near = np.where(far <= NEAR, np.maximum(light - 0.3 * light.max(), 0.0), 0.0)
    middle = np.array([(near * (x + 0.5)).sum() / COLUMNS, (near * (y + 0.5)).sum() / ROWS]) / near.sum()
    ring = light[(far >= RING[0]) & (far <= RING[1])]
    if light.max() > ITSELF * max(float(ring.mean()), 1e-9):
        return middle, True
    pool = np.where(light > POOL * light.max(), light, 0.0)  # what is brightest in it is a white shirt
    return np.array([(pool * (x + 0.5)).sum() / COLUMNS, (pool * (y + 0.5)).sum() / ROWS]) / pool.sum(), False
