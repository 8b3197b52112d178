"""From one look to the next, forty times a second: fast up, slow down, colours cross-fading, heads at their own
speed."""

import numpy as np

from controller.arrays import Float32Array
from controller.colour import strongest
from controller.config import LookConfig
from controller.lighting.look.rises import Rises
from controller.lighting.look.roles import Target
from controller.messages import Picture
from controller.rig.heads import Rig

ARRIVED_DEG = 0.02
BREATH_S = 0.3
HIT = 0.12


class Fade:
    """Moves the stage towards its target.

    Colours cross-fade in linear light and so never sweep through the rainbow: from red to blue by purple. Near hues
    turn the short way round, for which a straight line in linear light is as good as an arc.

    Args:
        rig: how far heads turn. config: time constants.
    """

    def __init__(self, rig: Rig, config: LookConfig) -> None:
        self._config = config
        self._intensity = np.zeros(rig.heads, np.float32)
        self._colour = np.ones((rig.heads, 3), np.float32)
        fastest = np.array([[config.pan_deg_per_s], [config.tilt_deg_per_s]], np.float32)
        self._turning = Turning(np.stack([rig.pan_deg, rig.tilt_deg]), fastest, config.move_deg_per_s2)
        self._rises = Rises(rig.heads, config.accent_gap_s)
        self._chroma = self._colour, b""
        self._seq = 0
        self._t_s: float | None = None

    @property
    def held(self) -> tuple[Float32Array, Float32Array]:
        """Brightness (N,) without what flashes, and colours (N, 3), as they are now."""
        return self._intensity, self._colour

    def step(self, target: Target, now_s: float, release_s: float | None = None) -> Picture:
        """The look at this tick.

        Args:
            target: where to go. now_s: time of this tick.
            release_s: time constant of falling brightness, where it differs from the configured one.
        """
        elapsed_s = 0.0 if self._t_s is None else max(0.0, now_s - self._t_s)
        first = self._t_s is None
        way = target.intensity - self._intensity
        # a real hit rises at once; the small ups and downs of one token after another are breathed, not flickered
        attack_s = self._config.attack_s + BREATH_S * np.exp(-np.maximum(way, 0.0) / HIT)
        constant_s = np.where(way > 0, attack_s, release_s or self._config.release_s)
        share = np.where(self._rises.wait(way, target.flash, now_s), 0.0, 1.0 - np.exp(-elapsed_s / constant_s))
        self._intensity += way * share.astype(np.float32)
        # a dark head takes its colour at once: nobody sees the change, and no old colour flashes up
        turn = 1.0 if first else _share(elapsed_s, self._config.hue_fade_s / 3.0)
        turns = np.where(self._intensity < 0.01, 1.0, turn).astype(np.float32)[:, None]
        self._colour += (target.colour - self._colour) * turns
        return self._picture(target, now_s, elapsed_s)

    def follow(self, target: Target, now_s: float, release_s: float) -> Picture:
        """The look at this tick where the target comes in its own time: it is there at once, and heads turn to it.

        Args:
            target: where to be. now_s: time of this tick. release_s: time constant of falling brightness; 0: none.
        """
        elapsed_s = 0.0 if self._t_s is None else max(0.0, now_s - self._t_s)
        way = target.intensity - self._intensity
        falls = _share(elapsed_s, release_s) if release_s > 0.0 else 1.0
        self._intensity = self._intensity + np.where(way < 0.0, way * np.float32(falls), way)
        self._colour = target.colour.copy()
        return self._picture(target, now_s, elapsed_s)

    def _picture(self, target: Target, now_s: float, elapsed_s: float) -> Picture:
        self._t_s = now_s
        pan, tilt = self._turning.step(np.array((target.pan, target.tilt)), elapsed_s)
        self._seq += 1
        lit = self._intensity + target.flash * (1.0 - self._intensity)
        lit = np.minimum(np.maximum(lit, 0.0), 1.0).astype(np.float32, copy=False)
        return Picture(now_s, self._seq - 1, lit, self._at_full(), pan, tilt, target.beam)

    def _at_full(self) -> Float32Array:
        """Colours (N, 3) with a largest component of 1; made anew where they have changed."""
        now = self._colour.tobytes()
        if now != self._chroma[1]:
            self._chroma = _full_chroma(self._colour), now
        return self._chroma[0]


class Turning:
    """Axes of all heads: turn to their goals with a limited speed and a limited acceleration, and brake in time.

    A head that is asked to jump shakes its truss and loses steps; one that is asked to glide looks expensive.

    Args:
        range_deg: any shape, degrees from 0 to 1. deg_per_s: fastest, of a shape that goes with it.
        deg_per_s2: hardest.
    """

    def __init__(self, range_deg: Float32Array, deg_per_s: float | Float32Array, deg_per_s2: float) -> None:
        self._range_deg, self._fastest, self._hardest = range_deg, deg_per_s, deg_per_s2
        self._at_deg = 0.5 * range_deg
        self._deg_per_s = np.zeros_like(range_deg)
        self._places = self._in_range()
        self._rests_at: Float32Array | None = None

    def step(self, goal: Float32Array, elapsed_s: float) -> Float32Array:
        """Place 0..1 of each head after this time."""
        if self._rests_at is None or not np.array_equal(goal, self._rests_at):
            self._turn(goal, elapsed_s)
            arrived = not self._deg_per_s.any() and np.array_equal(self._at_deg, goal * self._range_deg)
            self._rests_at, self._places = goal.copy() if arrived else None, self._in_range()
        return self._places

    def _in_range(self) -> Float32Array:
        return np.asarray(np.minimum(np.maximum(self._at_deg / self._range_deg, 0.0), 1.0), np.float32)

    def _turn(self, goal: Float32Array, elapsed_s: float) -> None:
        change = self._hardest * elapsed_s
        way = goal * self._range_deg - self._at_deg
        # the speed from which one more such step still leaves room to stop at the goal
        braking = np.sqrt(change * change + 2.0 * self._hardest * np.abs(way)) - change
        wished = np.sign(way) * np.minimum(self._fastest, braking)
        self._deg_per_s = self._deg_per_s + np.clip(wished - self._deg_per_s, -change, change)
        before_deg, self._at_deg = self._at_deg, self._at_deg + self._deg_per_s * elapsed_s
        there = (np.abs(goal * self._range_deg - self._at_deg) < ARRIVED_DEG) & (np.abs(self._deg_per_s) <= change)
        self._at_deg = np.where(there, goal * self._range_deg, self._at_deg)
        # what it did in this step is what the next one starts from, though it has arrived
        done = (self._at_deg - before_deg) / max(elapsed_s, 1e-6)
        self._deg_per_s = np.where(there, done, self._deg_per_s)


def _share(elapsed_s: float, constant_s: float) -> float:
    """How much of the way an exponential approach goes in this time."""
    return 1.0 - float(np.exp(-elapsed_s / constant_s))


def _full_chroma(colour: Float32Array) -> Float32Array:
    return np.asarray(colour / np.maximum(strongest(colour), np.float32(1e-6))[:, None], np.float32)
