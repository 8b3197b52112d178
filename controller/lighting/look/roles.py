"""One token, many fixtures: what each role makes of the same hue and value, so that a rig never looks like one fixture.

key     faces: warm white, steady
wash    the token itself, spread over the fixtures as a figure: mirrored, or running across the stage
back    the token of a moment ago, turned along the wheel; every accent lights the other half of them
pixel   the last tokens, travelling outwards cell by cell
beam, mover   the opposite colour, only when the music is up; a new aim with each change of colour
blinder, strobe   seldom, on strong accents at full energy
hazer   never: people, or the clock (haze.py)

White is a policy and not the model's: its saturation is fixed. Blinders are warm white; with `look.white: peaks` the
fixtures that answer an accent lean to white at full energy (docs/decisions/0015).
"""

from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.colour import encoded_from_hue, parse_colour, to_linear
from controller.config import LookConfig
from controller.lighting.look.figures import AIMS, BUSY_AIMS, BUSY_ENERGY, CALM_AIMS, SWAY_HZ, FigureChoice, aim_angles
from controller.lighting.look.formation import form
from controller.lighting.look.history import History
from controller.messages import Beam
from controller.rig.heads import Rig

CROSS_S = 0.5
"""Time in which a token crosses the washes."""
ANSWER_S = 0.4
PIXELS_S = 1.6
BLINDER_GAP_S = 8.0
STROBE_GAP_S = 16.0
BUTTON_STROBE_HZ, BUTTON_STROBE_ON = 2.8, 0.3
ENERGY_FOR_BLINDERS = 0.72
ENERGY_FOR_WHITE = 0.8
WARM_WHITE = "#ffd2a0"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the stage should go: N heads; fades decide how fast.

    Attributes:
        intensity: (N,) 0..1 held level. flash: (N,) 0..1, added on top at once.
        colour: (N, 3) linear RGB. pan, tilt: (N,) 0..1. beam: how the light is shaped; None: as at rest.
    """

    intensity: Float32Array
    flash: Float32Array
    colour: Float32Array
    pan: Float32Array
    tilt: Float32Array
    beam: Beam | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """Buttons that a person holds down now."""

    blinder: bool = False
    strobe: bool = False


class Roles:
    """Designs targets for one rig.

    Args:
        rig: heads, roles and places. config: levels and times.
    """

    def __init__(self, rig: Rig, config: LookConfig) -> None:
        self._rig, self._config, self._count = rig, config, rig.heads
        self._form = form(rig)
        self._choice = FigureChoice(self._form)
        self._white = to_linear(parse_colour(WARM_WHITE))
        self._house = to_linear(parse_colour(config.house_colour))
        self._lamps = self._form.of["blinder"] | self._form.of["strobe"]
        self._blinder_s = self._strobe_s = -np.inf
        self._aim, self._aimed = "band", 0

    def live(self, history: History, accent: float, accents: int, strength: float, now_s: float) -> Target:
        """What the tokens ask for.

        Args:
            history: the last tokens. accent: envelope 0..1. accents: how many so far.
            strength: 0..1 of the accent that is lit, for what only strong ones do.
            now_s: time of this tick.
        """
        figure = self._choice.follow(history.changes, history.energy)
        hue_deg, value = history.at(self._delays_s())
        level = self._config.floor + (self._config.ceiling - self._config.floor) * value
        flash = self._flash(accent, accents, float(level.max()), strength, now_s)
        colour = to_linear(encoded_from_hue(hue_deg + self._turn_deg(history.energy)))
        colour = self._whitened(colour, accent, float(level.max()), np.equal(figure.turn, accents % 2))
        pan, tilt = self._pose(history, now_s)
        return Target((level * self._share(level)).astype(np.float32), flash, colour, pan, tilt)

    def _delays_s(self) -> Float32Array:
        form, figure = self._form, self._choice.now
        delays_s = np.zeros(self._count, np.float32)
        delays_s[form.lead] = CROSS_S * figure.delay[form.lead]
        delays_s[form.answer] = ANSWER_S + CROSS_S * figure.delay[form.answer]
        delays_s[form.of["pixel"]] = PIXELS_S * form.spread[form.of["pixel"]]
        return delays_s

    def _turn_deg(self, energy: float) -> Float32Array:
        """Degrees along the colour wheel that each head is away from the token; more when more is going on."""
        form, side = self._form, self._choice.now.side
        turn = np.zeros(self._count, np.float32)
        turn[form.lead] = (8.0 + 16.0 * energy) * side[form.lead]
        turn[form.answer] = 28.0
        turn[form.of["pixel"]] = -14.0
        turn[form.turning] = 165.0
        return turn

    def _whitened(self, colour: Float32Array, accent: float, energy: float, turn: BoolArray) -> Float32Array:
        colour[self._lamps] = self._white
        colour[self._form.of["key"]] = self._house
        if self._config.white == "peaks":
            lean = 0.7 * accent * max(0.0, (energy - ENERGY_FOR_WHITE) / (1.0 - ENERGY_FOR_WHITE))
            heads = self._form.answer & turn
            colour[heads] += np.float32(lean) * (self._white - colour[heads])
        return colour

    def _share(self, level: Float32Array) -> Float32Array:
        """How much of the level each head takes as its held brightness."""
        form = self._form
        share = np.zeros(self._count, np.float32)
        share[form.lead] = 1.0 - 0.18 * form.odd[form.lead]
        share[form.answer] = 0.8
        share[form.of["pixel"]] = 0.85
        share[form.turning] = np.clip((level[form.turning] - 0.22) / 0.4, 0.0, 1.0)
        share[form.of["key"]] = self._config.talk_intensity / np.maximum(level[form.of["key"]], self._config.floor)
        return share

    def _flash(self, accent: float, accents: int, energy: float, strength: float, now_s: float) -> Float32Array:
        form = self._form
        depth = self._config.accent_depth * accent * (0.6 + 0.4 * energy)
        flash = np.zeros(self._count, np.float32)
        flash[form.answer & (self._choice.now.turn == accents % 2)] = depth
        flash[form.of["pixel"]] = 0.8 * depth
        flash[form.lead] = 0.6 * depth
        flash[form.turning] = 0.35 * depth
        self._fire_lamps(flash, accent, energy, strength, now_s)
        return flash

    def _fire_lamps(self, flash: Float32Array, accent: float, energy: float, strength: float, now_s: float) -> None:
        rising = accent > 0.9 * strength > 0.0
        if rising and strength > 0.7 and energy > ENERGY_FOR_BLINDERS and now_s - self._blinder_s >= BLINDER_GAP_S:
            self._blinder_s = now_s
            if now_s - self._strobe_s >= STROBE_GAP_S:
                self._strobe_s = now_s
        flash[self._form.of["blinder"]] = 0.9 * float(np.exp(-max(0.0, now_s - self._blinder_s) / 0.5))
        flash[self._form.of["strobe"]] = 0.8 * float(np.exp(-max(0.0, now_s - self._strobe_s) / 0.12))

    def _pose(self, history: History, now_s: float) -> tuple[Float32Array, Float32Array]:
        """Where heads look: an aim that changes with the colour, and around it a sway, mirrored, running outwards."""
        if history.changes != self._aimed:
            self._aimed = history.changes
            aims = BUSY_AIMS if history.energy > BUSY_ENERGY else CALM_AIMS
            self._aim = aims[self._aimed % len(aims)]
        place = self._rig.positions_m
        pan_deg, tilt_deg = aim_angles(place, AIMS[self._aim](place))
        wave = 2.0 * np.pi * SWAY_HZ * now_s * (1.0 + history.energy) - 1.5 * self._form.spread
        reach_deg = 2.0 + 9.0 * history.energy
        pan_deg = pan_deg + reach_deg * self._form.side * np.sin(wave)
        tilt_deg = tilt_deg + 0.6 * reach_deg * np.cos(wave)
        return _share_of(pan_deg, self._rig.pan_deg), _share_of(tilt_deg, self._rig.tilt_deg)

    def with_buttons(self, target: Target, pressed: Pressed, now_s: float) -> Target:
        """A target with the blinders and the strobe that a person holds; a rig without them uses what it has.

        Strobing stays below what the limiter lets through, and it goes through the limiter as everything does.
        """
        if not (pressed.blinder or pressed.strobe):
            return target
        flash, colour = target.flash.copy(), target.colour.copy()
        if pressed.blinder:
            heads = self._form.of["blinder"] if self._form.of["blinder"].any() else self._form.answer
            flash[heads], colour[heads] = 1.0, self._white
        if pressed.strobe:
            heads = self._form.of["strobe"] if self._form.of["strobe"].any() else self._form.lead | self._form.answer
            flash[heads] = float(now_s * BUTTON_STROBE_HZ % 1.0 < BUTTON_STROBE_ON)
            colour[heads] = self._white
        return replace(target, flash=flash, colour=colour)

    def fallback(self, history: History, loudness: float, accent: float, accents: int, now_s: float) -> Target:
        """Brightness by the audio level, colours as they were last: the model is late."""
        target = self.live(history, accent, accents, 0.0, now_s)
        level = np.float32(self._config.floor + (0.75 - self._config.floor) * loudness)
        levels = np.full(self._count, level, np.float32)
        return Target(levels * self._share(levels), target.flash, target.colour, target.pan, target.tilt)

    def quiet(self, history: History) -> Target:
        """Nobody plays: the last colour, low, no movement to speak of, beams out."""
        calm = self.live(history, 0.0, 0, 0.0, 0.0)
        form, level = self._form, np.zeros(self._count, np.float32)
        level[form.of["wash"] | form.of["key"]] = self._config.quiet_intensity
        level[form.of["back"] | form.of["pixel"]] = 0.6 * self._config.quiet_intensity
        return Target(level, np.zeros(self._count, np.float32), calm.colour, calm.pan, calm.tilt)

    def talk(self, history: History) -> Target:
        """Somebody talks, or hands clap: faces lit warm and steady, the last colour low behind them, nothing moves."""
        calm, form = self.quiet(history), self._form
        calm.intensity[form.lead | form.of["key"]] = self._config.talk_intensity
        calm.colour[form.lead | form.of["key"]] = self._house
        return calm

    def house(self) -> Target:
        """Nothing arrives: a steady warm stage that people can work by."""
        form, level = self._form, np.zeros(self._count, np.float32)
        level[form.of["key"] | form.of["wash"] | form.of["back"] | form.of["pixel"]] = self._config.house_intensity
        if not level.any():  # a rig of movers or blinders only still has to show people the way out
            level[~form.of["hazer"]] = self._config.house_intensity
        colour = np.tile(self._house, (self._count, 1))
        middle = np.full(self._count, 0.5, np.float32)
        return Target(level, np.zeros(self._count, np.float32), colour, middle, middle + 30.0 / self._rig.tilt_deg)


def _share_of(angle_deg: Float32Array, range_deg: Float32Array) -> Float32Array:
    """Degrees from the middle to 0..1 of a range."""
    return np.asarray(np.clip(0.5 + angle_deg / range_deg, 0.0, 1.0), np.float32)
