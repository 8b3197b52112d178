"""Figures: how one token spreads over many fixtures, mirrored or travelling. A new one comes with a new colour.

A figure is a delay for each head (it shows the token of a moment ago) and a side that it takes when neighbours wear
slightly different colours. Calm music gets the mirrored ones, busy music also those that run across the stage.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array
from controller.lighting.look.formation import Formation

CALM = ("together", "outwards", "inwards")
BUSY = ("outwards", "rightwards", "inwards", "halves", "leftwards", "upstage")
BUSY_ENERGY = 0.42


@dataclass(frozen=True, slots=True)
class Figure:
    """N heads in patch order.

    Attributes:
        delay: (N,) 0..1 of the time a token needs to cross. side: (N,) -0.5..0.5, which way its colour leans.
        turn: (N,) 0 or 1, which accents light it, the even or the odd ones.
    """

    name: str
    delay: Float32Array
    side: Float32Array
    turn: Float32Array


def figures(formation: Formation) -> dict[str, Figure]:
    """Every figure for a formation, by name."""
    alternate = formation.odd - 0.5
    gradient = formation.across - 0.5
    right = (formation.across > 0.5).astype(np.float32)
    outer = (formation.spread > 0.5).astype(np.float32)
    still = np.zeros_like(formation.across)
    made = (
        Figure("together", still, alternate, formation.odd),
        Figure("outwards", formation.spread, alternate, outer),
        Figure("inwards", 1.0 - formation.spread, -alternate, outer),
        Figure("rightwards", formation.across, gradient, right),
        Figure("leftwards", 1.0 - formation.across, -gradient, right),
        Figure("upstage", formation.upstage, formation.upstage - 0.5, formation.odd),
        Figure("halves", 0.6 * right, right - 0.5, right),
    )
    return {figure.name: figure for figure in made}


class FigureChoice:
    """Which figure is on. Keeps it from one change of colour to the next.

    Args:
        formation: the rig's.
    """

    def __init__(self, formation: Formation) -> None:
        self._all = figures(formation)
        self._seen = 0
        self.now = self._all[CALM[0]]

    def follow(self, changes: int, energy: float) -> Figure:
        """The figure after so many changes of colour; energy 0..1 decides which kind a new one is of."""
        if changes != self._seen:
            self._seen = changes
            names = BUSY if energy > BUSY_ENERGY else CALM
            self.now = self._all[names[changes % len(names)]]
        return self.now


Aim = Callable[[Float32Array], Float32Array]
"""Place of a head (N, 3) in metres to the point it looks at."""


def _towards(x_share: float, x_m: float, y_m: float, z_m: float) -> Aim:
    def aim(place: Float32Array) -> Float32Array:
        x = x_share * place[:, 0] + x_m * np.sign(place[:, 0])
        return np.stack([x, np.full(len(place), y_m), np.full(len(place), z_m)], axis=1).astype(np.float32)

    return aim


def at(place_m: tuple[float, float, float]) -> Aim:
    """All at one point of the stage."""

    def aim(place: Float32Array) -> Float32Array:
        return np.broadcast_to(np.asarray(place_m, np.float32), place.shape)

    return aim


AIMS: dict[str, Aim] = {
    "centre": _towards(0.0, 0.2, 0.8, 1.1),
    "crossed": _towards(-0.9, 0.0, -1.5, 0.0),
    "parallel": _towards(1.0, 0.0, -2.0, 0.0),
    "fan": _towards(2.4, 0.4, -2.5, 0.3),
    "band": _towards(0.5, 0.0, 0.6, 1.2),
    "crowd": _towards(1.4, 0.0, -5.0, 1.6),
    "singer": _towards(0.0, 0.0, 0.6, 1.6),
    "drums": _towards(0.0, 0.2, 2.0, 1.0),
    "sky": _towards(1.2, 0.2, -2.0, 8.0),
    "cross": _towards(-0.9, 0.0, -1.5, 0.0),
}
CALM_AIMS = ("band", "parallel", "centre", "crossed")
BUSY_AIMS = ("crossed", "fan", "centre", "crowd", "parallel")
SWAY_HZ = 0.08


def aim_angles(place: Float32Array, point: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Pan and tilt in degrees, each (N,), that make hanging heads look at points (N, 3).

    Pan 0 faces the audience and grows towards its right; tilt 0 is straight down and grows towards where pan faces. Of
    the two ways there are to look at a point, the one with less pan.
    """
    way = point - place
    pan = np.degrees(np.arctan2(way[:, 0], -way[:, 1]))
    tilt = np.degrees(np.arctan2(np.hypot(way[:, 0], way[:, 1]), -way[:, 2]))
    behind = np.abs(pan) > 90.0
    pan = np.where(behind, pan - np.sign(pan) * 180.0, pan)
    return pan.astype(np.float32), np.where(behind, -tilt, tilt).astype(np.float32)
