"""A dimmer in the words of the patch: `curve` and `minimum`, from light that was measured at some levels. Pure.

Above the lowest level that gives light a dimmer is smooth: the nearest cubic is taken, and a usual curve (`linear`,
`square`, `s`) where that is as near.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array
from controller.rig.patch.curves import Curve, light_of

MINIMA = np.arange(0.0, 0.205, 0.005)
LEAST_MINIMUM, MINIMUM_GAIN = 0.02, 1.15
"""A lowest level is said where without it the fit is worse by such a factor."""
USUAL = ("linear", "square", "s")
NEAR = 0.035
POINTS = 11
LEAST_ERROR = 0.01
SURE_WITHIN = 0.02


@dataclass(frozen=True, slots=True)
class Dimmer:
    """What was found of one fixture's dimmer.

    Attributes:
        curve, minimum: as in the patch. error: of the light, 0..1 of full, as two halves of the film differ.
        sure: whether it may be written.
    """

    curve: Curve
    minimum: float
    error: float
    sure: bool

    def light(self, level: Float64Array) -> Float64Array:
        """Light at levels of the wire, any shape."""
        above = np.clip((level - self.minimum) / (1.0 - self.minimum), 0.0, 1.0)
        return np.where(level > self.minimum, light_of(above, self.curve), 0.0)


def dimmer_from(levels: Float64Array, light: Float64Array, errors: Float64Array, *, clear: bool) -> Dimmer:
    """The dimmer that gave this light.

    Args:
        levels, light, errors: (k,) rising levels from 0 to 1, light 0..1, and what is unsure of it.
        clear: whether it is seen beside the light of the others.
    """
    error = float(np.sqrt(np.mean(np.square(errors))))
    weight = 1.0 / np.square(np.maximum(errors, LEAST_ERROR))
    fits = [_cubic(levels, light, weight, float(one)) for one in MINIMA]
    costs = np.array([cost for _, cost in fits])
    best = int(np.argmax(costs <= MINIMUM_GAIN * costs.min() + 1.0))  # the smallest that fits as well as any
    if MINIMA[best] < LEAST_MINIMUM:
        best = 0
    grid = np.linspace(0.0, 1.0, POINTS)
    table = np.maximum.accumulate(np.clip(_polynomial(grid, fits[best][0]), 0.0, 1.0))
    table /= max(float(table[-1]), 1e-6)
    curve: Curve = tuple(float(one) for one in np.round(table, 3))
    away = {name: float(np.abs(light_of(grid, name) - table).max()) for name in USUAL}
    nearest = min(away, key=lambda name: away[name])
    sure = bool(clear and np.isfinite(error) and error <= SURE_WITHIN)
    return Dimmer(nearest if away[nearest] <= NEAR + error else curve, round(float(MINIMA[best]), 3), error, sure)


def _polynomial(above: Float64Array, bends: Float64Array) -> Float64Array:
    """A cubic from (0, 0) to (1, 1)."""
    return np.asarray(above + bends[0] * (above**2 - above) + bends[1] * (above**3 - above))


def _cubic(
    levels: Float64Array, light: Float64Array, weight: Float64Array, minimum: float
) -> tuple[Float64Array, float]:
    """The two bends of the best cubic above a lowest level, and its weighted square error."""
    above = np.clip((levels - minimum) / (1.0 - minimum), 0.0, 1.0)
    rows = np.stack([above**2 - above, above**3 - above], axis=1)
    normal = rows.T @ (rows * weight[:, None]) + 1e-6 * np.eye(2) * weight.mean()
    bends = np.linalg.solve(normal, rows.T @ (weight * (light - above)))
    return bends, float((weight * np.square(light - _polynomial(above, bends))).sum())
