"""Movements in beats: what heads do around the point that they are aimed at, mirrored, with a phase across the line.

A round takes whole beats. Where a real head could not follow, the movement gets smaller, never slower: what is late
looks wrong, what is small looks calm. Nobody in the audience is looked at from the height of a truss.
"""

import numpy as np

from controller.arrays import Float32Array
from controller.config import LookConfig, marked_places
from controller.lighting.look.duties import Duties
from controller.lighting.look.figures import AIMS, Aim, aim_angles, at
from controller.looks.look import MovementOf
from controller.rig.heads import Rig

PAN_DEG, TILT_DEG = 50.0, 35.0
"""Of a movement of size 1, to either side."""
LAG = 1.4
"""Phase in radians between the middle of a line and its ends."""
WITHIN = 0.75
"""Of its speed and acceleration a head uses so much: the rest is for getting to its aim."""
FACING_DEG = 75.0
BLINDING_DEG = (58.0, 87.0)
"""A beam at the audience with a tilt between these hits eyes: below it lands on the stage, above it goes over heads."""


class Movements:
    """Poses of one rig.

    Args:
        rig: places and ranges. duties: who is where in its line. config: how fast heads may turn.
    """

    def __init__(self, rig: Rig, duties: Duties, config: LookConfig) -> None:
        self._rig, self._duties = rig, duties
        self._fastest = np.array([config.pan_deg_per_s, config.tilt_deg_per_s]) * WITHIN
        self._hardest = config.move_deg_per_s2 * WITHIN
        self._side = np.where(duties.across > 0.5, 1.0, np.where(duties.across < 0.5, -1.0, 0.0)).astype(np.float32)
        aims = AIMS | marked(config)
        self._aims = {name: aim_angles(rig.positions_m, aim(rig.positions_m)) for name, aim in aims.items()}

    def pose(self, movement: MovementOf, turns: float, turn_s: float) -> tuple[Float32Array, Float32Array]:
        """Pan and tilt (N,) 0..1 of the range.

        Args:
            movement: of the look. turns: beats so far. turn_s: seconds of a beat.
        """
        pan_deg, tilt_deg = self._aims[movement.aim]
        if movement.name == "still":
            tilt_deg = _over_heads(pan_deg, tilt_deg, 0.0, 0.0)
        else:
            pan, tilt, harmonics = self._offsets(movement.name, 2.0 * np.pi * (turns / movement.beats % 1.0))
            wide_deg, high_deg = self._reach_deg(movement, movement.beats * turn_s, harmonics)
            tilt_deg = _over_heads(pan_deg, tilt_deg, wide_deg, high_deg) + np.float32(high_deg) * tilt
            pan_deg = pan_deg + np.float32(wide_deg) * pan
        return _share_of(pan_deg, self._rig.pan_deg), _share_of(tilt_deg, self._rig.tilt_deg)

    def _offsets(self, name: str, phase: float) -> tuple[Float32Array, Float32Array, tuple[float, float]]:
        """Pan and tilt (N,) -1..1, and the highest harmonic in either."""
        wave = phase - LAG * self._duties.spread
        still = np.zeros_like(wave)
        match name:
            case "circle":
                return self._side * np.sin(wave), np.cos(wave), (1.0, 1.0)
            case "figure-eight":
                return self._side * np.sin(wave), np.sin(2.0 * wave), (1.0, 2.0)
            case "fan":
                return (2.0 * self._duties.across - 1.0) * np.float32(np.sin(phase)), still, (1.0, 1.0)
            case "bounce":
                return still, np.cos(phase + np.pi * self._duties.odd), (1.0, 1.0)
            case "ballyhoo":
                apart = 2.4 * self._duties.odd + 1.1 * self._duties.spread
                return self._side * np.sin(phase + apart), np.sin(2.0 * phase - apart), (1.0, 2.0)
        return self._side * np.sin(wave), still, (1.0, 1.0)

    def _reach_deg(self, movement: MovementOf, round_s: float, harmonics: tuple[float, float]) -> tuple[float, float]:
        """How far it goes to either side: as far as was asked, or as a head can in that time."""
        found = []
        for asked_deg, harmonic, fastest in zip((PAN_DEG, TILT_DEG), harmonics, self._fastest, strict=True):
            quick = 2.0 * np.pi * harmonic / round_s
            found.append(float(min(asked_deg * movement.size, fastest / quick, self._hardest / quick**2)))
        return found[0], found[1]


def marked(config: LookConfig) -> dict[str, Aim]:
    """Aims at the places that somebody marked."""
    return {name: at(place) for name, place in marked_places(config).items()}


def _over_heads(pan_deg: Float32Array, tilt_deg: Float32Array, wide_deg: float, high_deg: float) -> Float32Array:
    """Tilts (N,) around which heads may swing and never look at the audience's eyes: below them, or above.

    Args:
        pan_deg, tilt_deg: (N,) as wished. wide_deg, high_deg: how far they swing to either side.
    """
    lowest, highest = BLINDING_DEG[0] - high_deg, BLINDING_DEG[1] + high_deg
    # a tilt the other way round looks upstage
    at_people = (np.abs(pan_deg) < FACING_DEG + wide_deg) & (tilt_deg > lowest) & (tilt_deg < highest)
    nearer = np.where(tilt_deg < 0.5 * (lowest + highest), lowest, highest)
    return np.where(at_people, nearer, tilt_deg).astype(np.float32)


def _share_of(angle_deg: Float32Array, range_deg: Float32Array) -> Float32Array:
    """Degrees from the middle to 0..1 of a range."""
    return np.asarray(np.clip(0.5 + angle_deg / range_deg, 0.0, 1.0), np.float32)
