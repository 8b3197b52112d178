"""One token, many lamps: what each role makes of the same hue and value, so that a rig never looks like one lamp.

wash   the token itself, reaching the sides a little later than the centre
back   the token of a moment ago, turned along the wheel; every accent lights the other half of them
pixel  the last tokens, travelling outwards cell by cell
beam   the opposite colour, only when the music is up; a pose for each change of colour, mirrored left and right
blinder, strobe   seldom, on strong accents at full energy
hazer  never: it belongs to people
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.colour import encoded_from_hue, parse_colour, to_linear
from controller.config import LookConfig
from controller.look.history import History
from controller.messages import FloatArray
from controller.rig import Rig

POSES_DEG = ((18.0, 38.0), (-28.0, 46.0), (6.0, 62.0), (38.0, 26.0), (-12.0, 30.0), (0.0, 52.0))
"""Pan inwards and tilt from straight down, for a beam on the left; the right mirrors it."""
BLINDER_GAP_S = 8.0
STROBE_GAP_S = 16.0
ENERGY_FOR_BLINDERS = 0.72
WARM_WHITE = "#ffd2a0"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the stage should go: N heads; fades decide how fast.

    Attributes:
        intensity: (N,) 0..1 held level. flash: (N,) 0..1, added on top at once.
        colour: (N, 3) linear RGB. pan, tilt: (N,) 0..1.
    """

    intensity: FloatArray
    flash: FloatArray
    colour: FloatArray
    pan: FloatArray
    tilt: FloatArray


class Roles:
    """Designs targets for one rig.

    Args:
        rig: heads, roles and places. config: levels and times.
    """

    def __init__(self, rig: Rig, config: LookConfig) -> None:
        self._config = config
        self._count = rig.heads
        self._mask = {
            role: np.array([one == role for one in rig.roles])
            for role in ("wash", "back", "beam", "mover", "pixel", "blinder", "strobe", "hazer")
        }
        x = rig.positions_m[:, 0]
        self._side = np.sign(np.where(np.abs(x) < 0.05, 0.0, x)).astype(np.float32)
        self._spread = (np.abs(x) / max(float(np.abs(x).max()), 0.5)).astype(np.float32)
        self._odd = _alternate(rig, self._mask)
        self._delays_s = self._reach_delays()
        self._pan_deg, self._tilt_deg = rig.pan_deg, rig.tilt_deg
        self._white = to_linear(parse_colour(WARM_WHITE))
        self._house = to_linear(parse_colour(config.house_colour))
        self._blinder_s = self._strobe_s = -np.inf

    def _reach_delays(self) -> FloatArray:
        delays_s = np.zeros(self._count, np.float32)
        delays_s[self._mask["wash"]] = 0.3 * self._spread[self._mask["wash"]]
        delays_s[self._mask["back"]] = 0.6 + 0.4 * self._spread[self._mask["back"]]
        pixel = self._mask["pixel"]
        if pixel.any():
            centre = self._spread[pixel].min()
            delays_s[pixel] = 1.6 * (self._spread[pixel] - centre) / max(float(np.ptp(self._spread[pixel])), 1e-3)
        return delays_s

    def live(self, history: History, accent: float, accents: int, strength: float, now_s: float) -> Target:
        """What the tokens ask for.

        Args:
            history: the last tokens. accent: envelope 0..1. accents: how many so far.
            strength: 0..1 of the accent that is lit, for what only strong ones do.
            now_s: time of this tick.
        """
        hue_deg, value = history.at(self._delays_s)
        hue_deg = hue_deg + self._turn_deg()
        colour = to_linear(encoded_from_hue(hue_deg))
        level = self._config.floor + (self._config.ceiling - self._config.floor) * value
        intensity = level * self._share(level)
        flash = self._flash(accent, accents, float(level.max()), strength, now_s)
        lamps = self._mask["blinder"] | self._mask["strobe"]
        colour[lamps] = self._white
        pan, tilt = self._pose(history.changes, now_s, float(level.mean()))
        return Target(intensity.astype(np.float32), flash, colour, pan, tilt)

    def _turn_deg(self) -> FloatArray:
        """Degrees along the colour wheel that each head is away from the token."""
        turn = np.zeros(self._count, np.float32)
        turn[self._mask["wash"]] = 10.0 * (self._odd[self._mask["wash"]] - 0.5)
        turn[self._mask["back"]] = 28.0
        turn[self._mask["pixel"]] = -14.0
        turn[self._mask["beam"]] = 165.0
        return turn

    def _share(self, level: FloatArray) -> FloatArray:
        """How much of the level each head takes as its held brightness."""
        share = np.zeros(self._count, np.float32)
        share[self._mask["wash"]] = 1.0 - 0.18 * self._odd[self._mask["wash"]]
        share[self._mask["back"]] = 0.8
        share[self._mask["pixel"]] = 0.85
        beam = self._mask["beam"]
        share[beam] = np.clip((level[beam] - 0.22) / 0.4, 0.0, 1.0)
        return share

    def _flash(self, accent: float, accents: int, energy: float, strength: float, now_s: float) -> FloatArray:
        depth = self._config.accent_depth * accent * (0.6 + 0.4 * energy)
        flash = np.zeros(self._count, np.float32)
        turn = self._odd == (accents % 2)
        flash[self._mask["back"] & turn] = depth
        flash[self._mask["pixel"]] = 0.8 * depth
        flash[self._mask["wash"]] = 0.6 * depth
        flash[self._mask["beam"]] = 0.35 * depth
        self._fire_lamps(flash, accent, energy, strength, now_s)
        return flash

    def _fire_lamps(self, flash: FloatArray, accent: float, energy: float, strength: float, now_s: float) -> None:
        rising = accent > 0.9 * strength > 0.0
        if rising and strength > 0.7 and energy > ENERGY_FOR_BLINDERS and now_s - self._blinder_s >= BLINDER_GAP_S:
            self._blinder_s = now_s
            if now_s - self._strobe_s >= STROBE_GAP_S:
                self._strobe_s = now_s
        flash[self._mask["blinder"]] = 0.9 * float(np.exp(-max(0.0, now_s - self._blinder_s) / 0.5))
        flash[self._mask["strobe"]] = 0.8 * float(np.exp(-max(0.0, now_s - self._strobe_s) / 0.12))

    def _pose(self, changes: int, now_s: float, energy: float) -> tuple[FloatArray, FloatArray]:
        pan_deg, tilt_deg = POSES_DEG[changes % len(POSES_DEG)]
        sway = (3.0 + 9.0 * energy) * np.sin(0.5 * now_s)
        nod = 5.0 * np.sin(0.37 * now_s + self._spread)
        # a lamp on the left (negative side) turns right to point inwards, so the sign is mirrored
        pan = 0.5 - self._side * (pan_deg + sway) / self._pan_deg
        tilt = 0.5 + (tilt_deg + nod) / self._tilt_deg
        return pan.astype(np.float32), tilt.astype(np.float32)

    def following(self, history: History, loudness: float, accent: float, accents: int, now_s: float) -> Target:
        """Brightness by the audio level, colours as they were last: the model is late."""
        target = self.live(history, accent, accents, 0.0, now_s)
        level = np.float32(self._config.floor + (0.75 - self._config.floor) * loudness)
        levels = np.full(self._count, level, np.float32)
        return Target(levels * self._share(levels), target.flash, target.colour, target.pan, target.tilt)

    def quiet(self, history: History) -> Target:
        """Nobody plays: the last colour, low, no movement to speak of, beams out."""
        calm = self.live(history, 0.0, 0, 0.0, 0.0)
        level = np.zeros(self._count, np.float32)
        level[self._mask["wash"]] = self._config.quiet_intensity
        level[self._mask["back"] | self._mask["pixel"]] = 0.6 * self._config.quiet_intensity
        none = np.zeros(self._count, np.float32)
        return Target(level, none, calm.colour, calm.pan, calm.tilt)

    def house(self) -> Target:
        """Nothing arrives: a steady warm stage that people can work by."""
        level = np.zeros(self._count, np.float32)
        level[self._mask["wash"] | self._mask["back"] | self._mask["pixel"]] = self._config.house_intensity
        none = np.zeros(self._count, np.float32)
        colour = np.tile(self._house, (self._count, 1))
        middle = np.full(self._count, 0.5, np.float32)
        return Target(level, none, colour, middle, middle + 30.0 / self._tilt_deg)


def _alternate(rig: Rig, masks: dict[str, npt.NDArray[np.bool_]]) -> FloatArray:
    """(N,) 0 or 1: every second head of a role, counted from the centre outwards."""
    odd = np.zeros(rig.heads, np.float32)
    for mask in masks.values():
        heads = np.flatnonzero(mask)
        outwards = heads[np.argsort(np.abs(rig.positions_m[heads, 0]), kind="stable")]
        # two at a time: a mirrored pair belongs together
        odd[outwards] = (np.arange(len(outwards)) // 2) % 2
    return odd
