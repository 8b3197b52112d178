"""One output cycle: what was heard goes in, what may be sent comes out. Pure: the show runs it, and a replay again.

heard ► look engine (health, looks, masters, render) ► offsets ► the person's desk ► flash limiter ► frames
"""

import zlib
from uuid import UUID

from controller.config import Config
from controller.lighting.engine import LookEngine, Tick
from controller.lighting.limiter import Limiter
from controller.lighting.offsets import Offsets
from controller.lighting.takeover.console_merge import ConsoleMerge, News, Situation
from controller.looks.pack import Pack, pack_of
from controller.messages import Cue, DmxFrame, LightToken, Pulse
from controller.records.cycles import Heard
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch

AGES_S = 3_600.0
"""Long enough for any fade to have ended."""
FIRST_CYCLES, FIRST_PERIOD_S = 40, 0.025


class OutputCycle:
    """Everything between what is heard and what is sent.

    Args:
        config: of the show. patch: the rig. console: what a person at a desk took over.
        pack: the looks; without it, the pack that the configuration names is read.
    """

    def __init__(self, config: Config, patch: Patch, console: ConsoleMerge, pack: Pack | None = None) -> None:
        self._offsets = Offsets(config, patch)
        self.engine, self.console = LookEngine(config, patch, pack, ahead_s=self._offsets.ahead_s), console
        self.limiter = Limiter(patch, config.safety.flashes)
        self._end_fade_s = config.look.end_fade_s
        self._token: LightToken | None = None
        self._pulse: Pulse | None = None
        self._leaving = False

    @property
    def token(self) -> LightToken | None:
        """The newest."""
        return self._token

    def hear_pulse(self, pulse: Pulse, at_s: float) -> bool:
        """Take a pulse the moment it arrives; True if it starts an accent, which should not wait."""
        self._pulse = pulse
        return self.engine.hear_pulse(pulse, at_s)

    def run(self, now_s: float, heard: Heard, news: News | None = None) -> Tick:
        """The cycle at this moment; the pulses of `heard` have been taken already.

        Args:
            now_s: time. heard: tokens and commands since the cycle before.
            news: of the person's desk, in a replay; None: ask it.
        """
        if heard.token is not None:
            self._token = heard.token
            self.engine.hear_token(heard.token)
        for command in heard.commands:
            self.engine.obey(command, now_s)
        if heard.leaving and not self._leaving:
            self._leaving = True
            self.console.leave(now_s, self._end_fade_s)
        tick = self.engine.farewell(now_s) if heard.leaving else self.engine.tick(now_s)
        situation = Situation(tick.health, self._token, self._pulse)
        people = self.engine.operator
        dark = people.blackout or people.grand_master == 0.0
        made = self._offsets.delay(tick.frames, now_s, dark=dark)
        frames = self.console.merge(made, now_s, situation, blackout=self.engine.operator.blackout, news=news)
        if heard.shown is not None:
            self.limiter.adopt(heard.shown, now_s)
        limited = self.limiter.limit(frames, now_s, override=people.flash_override, dark=dark)
        return Tick(limited, tick.health, tick.look, tick.moment, tick.moment_by, made)

    def replay(self, now_s: float, heard: Heard) -> Tick:
        """The cycle again, from what a log says was heard."""
        for at_s, pulse in heard.pulses:
            self.hear_pulse(pulse, at_s)
        return self.run(now_s, heard, News(heard.desk, heard.turned, heard.held))


def first_cycles(config: Config) -> None:
    """Light that nobody sees: a second of a band that plays, so that tables are made and code has run once.

    Raises:
        ControllerError: the rig or its looks cannot be used.
    """
    patch = patch_of(config)
    cycle = OutputCycle(config, patch, ConsoleMerge(config, patch, UUID(int=0)))
    look = next(iter(pack_of(config).looks), "")
    for number in range(FIRST_CYCLES):
        t_s, cue = number * FIRST_PERIOD_S, Cue(look, 0.0, palette=(0.0, 1.0), beat_s=0.5)
        cycle.hear_pulse(Pulse(t_s, number, -20.0, 0.5, 0.0, number // 10, t_s, 0.8, (), "band"), t_s)
        cycle.run(t_s, Heard(token=LightToken(t_s, number, number, 128, 1.0, 1.0, cue if look else None)))


def checksum(frames: list[DmxFrame]) -> int:
    """CRC-32 of all slots, in the order of the frames."""
    crc = 0
    for frame in frames:
        crc = zlib.crc32(frame.slots.tobytes(), crc)
    return crc
