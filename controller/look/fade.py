"""From one look to the next, forty times a second: fast up, slow down, colours cross-fading, heads at their own
speed."""

import numpy as np

from controller.config import LookConfig
from controller.look.roles import Target
from controller.messages import FloatArray, Look
from controller.rig import Rig

PAN_DEG_PER_S = 110.0
TILT_DEG_PER_S = 80.0
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
        self._pan = np.full(rig.heads, 0.5, np.float32)
        self._tilt = np.full(rig.heads, 0.5, np.float32)
        self._pan_per_s = PAN_DEG_PER_S / rig.pan_deg
        self._tilt_per_s = TILT_DEG_PER_S / rig.tilt_deg
        self._seq = 0
        self._t_s: float | None = None

    def step(self, target: Target, now_s: float, release_s: float | None = None) -> Look:
        """The look at this tick.

        Args:
            target: where to go. now_s: time of this tick.
            release_s: time constant of falling brightness, where it differs from the configured one.
        """
        elapsed_s = 0.0 if self._t_s is None else max(0.0, now_s - self._t_s)
        first = self._t_s is None
        self._t_s = now_s
        way = target.intensity - self._intensity
        # a real hit rises at once; the small ups and downs of one token after another are breathed, not flickered
        attack_s = self._config.attack_s + BREATH_S * np.exp(-np.maximum(way, 0.0) / HIT)
        constant_s = np.where(way > 0, attack_s, release_s or self._config.release_s)
        self._intensity += way * (1.0 - np.exp(-elapsed_s / constant_s)).astype(np.float32)
        # a dark head takes its colour at once: nobody sees the change, and no old colour flashes up
        turn = 1.0 if first else _share(elapsed_s, self._config.hue_fade_s / 3.0)
        turns = np.where(self._intensity < 0.01, 1.0, turn).astype(np.float32)[:, None]
        self._colour += (target.colour - self._colour) * turns
        self._pan += np.clip(target.pan - self._pan, -self._pan_per_s * elapsed_s, self._pan_per_s * elapsed_s)
        self._tilt += np.clip(target.tilt - self._tilt, -self._tilt_per_s * elapsed_s, self._tilt_per_s * elapsed_s)
        self._seq += 1
        lit = np.clip(self._intensity + target.flash * (1.0 - self._intensity), 0.0, 1.0).astype(np.float32)
        return Look(now_s, self._seq - 1, lit, _full_chroma(self._colour), self._pan.copy(), self._tilt.copy())


def _share(elapsed_s: float, constant_s: float) -> float:
    """How much of the way an exponential approach goes in this time."""
    return 1.0 - float(np.exp(-elapsed_s / constant_s))


def _full_chroma(colour: FloatArray) -> FloatArray:
    full: FloatArray = (colour / np.maximum(colour.max(axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return full
