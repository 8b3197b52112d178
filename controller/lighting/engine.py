"""Tokens and pulses to DMX frames: health, look, fade, masters, render. Pure: time and inputs are passed in.

The output process calls `tick` on the machine's clock, rehearsal calls it on a virtual one; the bytes are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from controller.colour import hue_degrees, parse_colour
from controller.config import Config
from controller.lighting.health import Health, Limits, health
from controller.lighting.look.accents import Accents
from controller.lighting.look.drawing import CueDrawing, Drawn, Moment
from controller.lighting.look.fade import Fade
from controller.lighting.look.forbidding import Forbidding
from controller.lighting.look.hanging import Hanging
from controller.lighting.look.haze import HazePlan
from controller.lighting.look.history import History
from controller.lighting.look.manual import Manual
from controller.lighting.look.master import Master
from controller.lighting.look.moments import ALONE, Moments, NightLights
from controller.lighting.look.roles import Pressed, Roles, Target
from controller.looks.pack import Pack, pack_of
from controller.messages import Command, Cue, DmxFrame, LightToken, Operator, Picture, Pulse
from controller.people.operator import OperatorState
from controller.people.wishes import in_force
from controller.rig.patch.configured import targets_of
from controller.rig.patch.patch import Patch
from controller.rig.patch.render import Renderer

PAUSES = ("silence", "")
"""Kinds of sound that are none: somebody who takes a breath still talks."""
REST_S = 0.3
"""When the band stops for this long there is nothing to follow: the light waits with them."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one output cycle made: frames in the order of universe numbers, the state it was in, and the look it showed.

    `moment`, `moment_by`: what the night is at, and who said so.

    `asked` are the frames of the look alone, before a person's desk and the limiter.
    """

    frames: list[DmxFrame]
    health: Health
    look: Picture | None = None
    moment: str = "band"
    moment_by: str = "hearing"
    asked: Sequence[DmxFrame] = ()


class LookEngine:
    """The output half of the show.

    Many attributes: what was heard last, and one part for each thing that is done with it.

    Args:
        config: look, rates and palette. patch: the rig.
        pack: the looks; without it, the pack that the configuration names is read.
        ahead_s: so much before it is to be seen a look is drawn, as far as it is known ahead.
    """

    def __init__(self, config: Config, patch: Patch, pack: Pack | None = None, *, ahead_s: float = 0.0) -> None:
        look, rates = config.look, config.rates
        self._limits = Limits(rates.token_stale_s, rates.token_dead_s, rates.pulse_dead_s, config.audio.silence_after_s)
        self._quiet_fade_s = look.quiet_fade_s
        self._end, self._end_fade_s = look.end, look.end_fade_s
        self._history = History(hue_degrees(parse_colour(config.palette[0])), 0.4)
        self._accents = Accents(look.accent_release_s, look.accent_gap_s)
        self._roles = Roles(patch.rig, look)
        self._drawing = CueDrawing(patch.rig, look, pack or pack_of(config))
        self._moments, self._night = Moments(), NightLights(patch.rig, look)
        self._forbidding = Forbidding(patch.rig)
        self._fade = Fade(patch.rig, look)
        self._master, self._haze = Master(), HazePlan(look.haze)
        self._renderer = Renderer(patch)
        self._ahead_s = ahead_s
        self._token: LightToken | None = None
        self._cued: Cue | None = None
        self._pulse: Pulse | None = None
        self._manual = Manual(targets_of(patch), patch.heads)
        self.state = OperatorState()
        self._ticked_s: float | None = None

    def hear_token(self, token: LightToken) -> None:
        """Take the newest token; one that was taken already is ignored, and in a rest the whole picture is held."""
        if self._token is not None and token.t_s <= self._token.t_s:
            return
        self._token = token
        self._cued = token.cue
        if self._pulse is None or self._pulse.silent_s < REST_S:
            self._history.add(token)
        else:
            self._history.hold()

    def hear_pulse(self, pulse: Pulse, now_s: float) -> bool:
        """Take the newest pulse; True if it starts an accent, which should not wait for the next tick."""
        before, self._pulse = self._pulse, pulse
        if before is not None and pulse.kind in PAUSES:
            self._pulse = replace(pulse, kind=before.kind)
        self._drawing.hear_pulse(self._pulse)
        accented = self._accents.would_light(pulse)
        self._accents.hear(pulse, now_s)
        return accented

    @property
    def operator(self) -> Operator:
        """What people have set."""
        return self.state.operator

    def obey(self, command: Command, now_s: float = 0.0) -> None:
        """Do what somebody wishes."""
        self.state.obey(command, now_s)

    def tick(self, now_s: float) -> Tick:
        """One output cycle."""
        self.state.expire(now_s)
        elapsed_s = 0.0 if self._ticked_s is None else max(0.0, now_s - self._ticked_s)
        self._ticked_s = now_s
        state, moment = self._settled(now_s, elapsed_s)
        wish = in_force(self.operator)
        self._drawing.bind(wish)
        slowly = state in ("quiet", "talk") or self.operator.quiet or moment in ALONE
        drawn = None if moment in ALONE else self._drawn(state, now_s)
        target = self._target(state, now_s) if drawn is None else self._with_buttons(drawn.target, now_s)
        target = self._manual.scene(target, self.operator.scene, elapsed_s)
        if drawn is None:
            look = self._fade.step(target, now_s, self._quiet_fade_s if slowly else None)
        else:
            look = self._fade.follow(target, now_s, drawn.release_s)
        look = self._manual.apply(look, self.operator.hands, elapsed_s)
        look = self._forbidding.apply(self._master.apply(look, self.operator), wish)
        lit = self._night.with_house(look.intensity, moment, elapsed_s)
        look = look if lit is look.intensity else replace(look, intensity=lit)
        hazes = wish.haze and not self.operator.blackout
        planned = self._haze.step(elapsed_s, plays=hazes and state in ("live", "fallback") and moment == "band")
        haze = max(self.operator.haze, planned) if hazes else 0.0
        return Tick(self._renderer.render(look, haze), state, look, moment, self._moments.by)

    def farewell(self, now_s: float) -> Tick:
        """One cycle towards the configured end look: everything dark, or a stage people can work by."""
        target = self._roles.house()
        if self._end == "dark":
            target = replace(target, intensity=np.zeros_like(target.intensity))
        look = self._fade.step(target, now_s, self._end_fade_s / 4.0)
        return Tick(self._renderer.render(self._master.apply(look, replace(self.operator, hold=False))), "house")

    def _settled(self, now_s: float, elapsed_s: float) -> tuple[Health, str]:
        """The state, and what the night is at; who says that somebody talks, or plays, is believed before hearing."""
        heard = self._health(now_s)
        moment = self._moments.settle(self.operator, heard, elapsed_s)
        if moment == "talk" and heard in ("live", "fallback", "quiet"):
            return "talk", moment
        return heard, moment

    def _health(self, now_s: float) -> Health:
        token_age_s = now_s - self._token.t_s if self._token else float("inf")
        pulse_age_s = now_s - self._pulse.t_s if self._pulse else float("inf")
        silent_s = self._pulse.silent_s if self._pulse else 0.0
        kind = self._pulse.kind if self._pulse and self.operator.moment != "band" else ""
        return health(token_age_s, pulse_age_s, silent_s, self._limits, kind)

    @property
    def hanging(self) -> Hanging:
        """Which look hangs, where the newest token says one."""
        return self._drawing.hanging

    def _drawn(self, state: Health, now_s: float) -> Drawn | None:
        """The look that a cue says, while a band plays; None: nobody says one, or it is no time for it."""
        token, pulse, people = self._token, self._pulse, self.operator
        if self._cued is not None:
            self._drawing.hear_cue(self._cued, now_s + self._ahead_s)
            self._cued = None
        if token is None or token.cue is None or people.quiet or state not in ("live", "fallback"):
            return None
        value = token.value / 255.0 if state == "live" else -1.0
        level_db, silent_s = (pulse.level_db, pulse.silent_s) if pulse else (None, 0.0)
        heard = Moment(level_db, value, silent_s, self._accent(now_s), self._accents.count, people.steering.intensity)
        return self._drawing.draw(heard, *self._fade.held, now_s + self._ahead_s)

    def _accent(self, now_s: float) -> float:
        return min(1.0, self._accents.level(now_s) * 2.0 * self.operator.steering.energy)

    def _with_buttons(self, target: Target, now_s: float) -> Target:
        wish = in_force(self.operator)
        pressed = Pressed(self.operator.blinder and wish.blinder, self.operator.strobe and wish.strobe)
        return self._roles.with_buttons(target, pressed, now_s)

    def _target(self, state: Health, now_s: float) -> Target:
        if self._moments.now in ALONE:
            alone = self._roles.house() if self._moments.now == "end" else self._night.own(self._moments.now, now_s)
            return self._with_buttons(alone, now_s)
        if self.operator.quiet and state != "house":
            return self._with_buttons(self._of_state("quiet", 0.0, now_s), now_s)
        return self._with_buttons(self._of_state(state, self._accent(now_s), now_s), now_s)

    def _of_state(self, state: Health, accent: float, now_s: float) -> Target:
        if self._token is not None and self._token.cue is not None and state in ("talk", "quiet"):
            calm = self._drawing.talk if state == "talk" else self._drawing.quiet
            return calm(self._fade.held[0], now_s + self._ahead_s)
        match state:
            case "live":
                strength = self._pulse.onset_strength if self._pulse else 0.0
                return self._roles.live(self._history, accent, self._accents.count, strength, now_s)
            case "fallback":
                loudness = self._pulse.loudness if self._pulse else 0.0
                return self._roles.fallback(self._history, loudness, accent, self._accents.count, now_s)
            case "talk":
                return self._roles.talk(self._history)
            case "quiet":
                return self._roles.quiet(self._history)
            case "house":
                return self._roles.house()
