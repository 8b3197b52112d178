"""What the page asks for, out of what the processes say. Edge: the bus."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from controller.bus.news import ListeningStatus, StageNews
from controller.bus.run import Run
from controller.bus.sockets import Commander, Newest
from controller.bus.topics import LISTENING, PULSES, STAGE, TOKENS
from controller.clock import Clock
from controller.config import marked_places
from controller.evening.set_lists import set_list_from
from controller.lighting.reasons import Now, why
from controller.looks.pack import pack_of
from controller.messages import Command, LightToken, Operator, Pulse
from controller.people.commands import is_audited
from controller.people.scenes import Scenes
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of, targets_of
from controller.rig.patch.patch import SLOTS
from controller.watching.controls.osc_out import OscOut
from controller.watching.controls.surface import Surface
from controller.watching.evening import evening_of, read_lines
from controller.watching.night_report import NightReport
from controller.watching.page.feed import NOTHING_HEARD, Hello, LevelPoint, Live, TokenPoint
from controller.watching.snapshot import band_words, counters, place_words, rig_heads, timing_rows, timings, troubles
from controller.watching.telling import Told, Value, openapi, told_of

log = logging.getLogger(__name__)

HISTORY_S = 60.0
WATCHED_S, UNWATCHED_S = 1.0, 0.04
"""Who asked for a snapshot so lately wants the next one, too; else the bus is read 25 times a second."""
MOST_PULSES_HZ = 100.0
"""As many levels a second are kept at most: onsets come besides the regular ones."""


class Readings:
    """The newest word of each process.

    Args:
        run: context and folder.

    Attributes:
        lit, heard, token: None until there was one.
    """

    def __init__(self, run: Run) -> None:
        self._stage = Newest(run.context, run.folder, STAGE)
        self._tokens = Newest(run.context, run.folder, TOKENS)
        self._pulses = Newest(run.context, run.folder, PULSES)
        self._listening = Newest(run.context, run.folder, LISTENING)
        self.lit: StageNews | None = None
        self.heard: ListeningStatus | None = None
        self.token: LightToken | None = None

    def take(self) -> tuple[LightToken | None, Pulse | None, bool]:
        """What is new: a token, a pulse, and whether the stage said anything."""
        token, pulse, lit = self._tokens.take(), self._pulses.take(), self._stage.take()
        self.token = token or self.token
        self.heard = self._listening.take() or self.heard
        self.lit = lit or self.lit
        return token, pulse, lit is not None

    @property
    def operator(self) -> Operator:
        """What people have set."""
        return Operator() if self.lit is None else self.lit.operator

    def close(self) -> None:
        """Close the sockets."""
        for one in (self._stage, self._tokens, self._pulses, self._listening):
            one.close()


class Minute:
    """The last minute of tokens and levels, for pages that open later."""

    def __init__(self) -> None:
        self.tokens: deque[TokenPoint] = deque(maxlen=round(HISTORY_S * 10))
        self._levels: deque[LevelPoint] = deque(maxlen=round(MOST_PULSES_HZ * HISTORY_S))
        self.loudness = 0.0
        self._onsets = -1

    def add(self, token: LightToken | None, pulse: Pulse | None) -> None:
        """Keep what is new."""
        if token is not None:
            self.tokens.append(TokenPoint(token.t_s, token.hue, token.value, token.hue_p))
        if pulse is not None:
            struck = pulse.onset_strength if pulse.onsets != self._onsets and self._onsets >= 0 else 0.0
            self._onsets, self.loudness = pulse.onsets, pulse.loudness
            self._levels.append(LevelPoint(pulse.t_s, pulse.level_db, struck))

    @property
    def level(self) -> LevelPoint | None:
        """The newest."""
        return self._levels[-1] if self._levels else None

    @property
    def levels(self) -> list[LevelPoint]:
        """Oldest first."""
        return [one for one in self._levels if one[0] > self._levels[-1][0] - HISTORY_S]


class BusFeed:
    """What the page asks for, from the bus; see `page.feed.PageFeed`.

    Many attributes: what the page asks for comes from as many places.

    Args:
        run: configuration and folder. clock: time. audit: told of what controllers do.
    """

    def __init__(self, run: Run, clock: Clock, audit: Callable[[dict[str, Any]], None] = lambda _entry: None) -> None:
        self._config, self._clock, self._beat, self._audit = run.config, clock, run.beat, audit
        self._patch, self._looks = patch_of(run.config), pack_of(run.config).looks
        self._observer = Observer(self._patch)
        self._said, self._minute = Readings(run), Minute()
        self._commander = Commander(run.context, run.folder)
        self._live: Live | None = None
        self._drawn, self._asked_s = False, float("-inf")
        self._taken, self.lost_commands = True, 0
        self._scenes = Scenes.of(run.config)
        self._started_s = clock.now_s()
        self.evening, self._report = evening_of(run.config), NightReport(run.folder)
        controls = run.config.controls
        self._osc_out = OscOut(controls.receivers())
        self._surface = Surface(
            controls, run.config.path(controls.mapping), clock, self._steer, lambda: self._said.operator
        )

    async def control(self) -> None:
        """Heed controllers."""
        await self._surface.run()

    def _steer(self, command: Command, whose: str) -> None:
        """A controller's wish; faders and held buttons would fill the audit log, so they are not in it."""
        if is_audited(command.name) and whose != "held":
            self._audit({"from": whose, "command": command.name, "amount": command.amount})
        self.command(command)

    async def gather(self) -> None:
        """Keep up with the bus, whether a page is open or not; costs little where none is."""
        while True:
            now_s = self._clock.now_s()
            self._beat(now_s)
            self._gather()
            watched = now_s - self._asked_s < WATCHED_S or self._osc_out.listened_to
            await asyncio.sleep(0.5 / self._config.rates.page_hz if watched else UNWATCHED_S)

    def _gather(self) -> None:
        token, pulse, lit = self._said.take()
        self._minute.add(token, pulse)
        if lit and self._said.lit is not None:
            self._follow(self._said.lit)
            self._drawn = False
            if self._osc_out.listened_to:
                self._osc_out.tell(self.told() or {}, self._clock.now_s())

    def _follow(self, lit: StageNews) -> None:
        """Move through the set list as far as hearing does so by itself."""
        heard = self._said.heard
        kind, known = ("", "") if heard is None else (heard.band.kind, heard.known)
        moved = self.evening.hear(kind, known, lit.operator.wish.number, self._clock.now_s())
        if moved is not None:
            self._audit({"from": "hearing", "command": "wish", "target": moved.wish.title if moved.wish else ""})
            self._send(moved)

    def hello(self) -> Hello:
        """Rig, names and the last minute."""
        heard = self._said.heard
        return Hello(
            venue=self._config.venue,
            source=heard.source if heard else self._config.audio.source,
            models={
                "embedder": heard.embedder if heard else "…",
                "decoder": heard.decoder if heard else "…",
            },
            stages=timing_rows(self._config.rates),
            heads=rig_heads(self._patch),
            tokens=list(self._minute.tokens),
            levels=self._minute.levels,
            history_s=HISTORY_S,
            targets=list(targets_of(self._patch)),
            scenes=self._scenes.names,
            haze=any(one.config.armed for one in self._patch.fixtures),
            set_list=self.evening.set_list,
            places=marked_places(self._config.look),
        )

    def live(self) -> Live | None:
        """The newest snapshot, which is made once somebody asks for it."""
        self._asked_s = self._clock.now_s()
        if not self._drawn and self._said.lit is not None:
            self._live, self._drawn = self._snapshot(self._said.lit), True
        return self._live

    def _snapshot(self, lit: StageNews) -> Live:
        frames = {universe: np.frombuffer(slots, np.uint8) for universe, slots in lit.frames.items()}
        stage, heard, now_s = self._observer.observe(frames), self._said.heard, self._clock.now_s()
        heard_s = -np.inf if heard is None else heard.t_s
        return Live(
            t_s=lit.t_s,
            elapsed_s=now_s - self._started_s,
            heads=np.column_stack([stage.light, stage.pan_deg, stage.tilt_deg]),
            operator=lit.operator,
            health=lit.health,
            token=self._minute.tokens[-1] if self._minute.tokens else None,
            level=self._minute.level,
            loudness=self._minute.loudness,
            timings=timings(heard, lit.status),
            counters=dict(counters(heard, lit.status)) | self._own_counters(),
            processes={
                "listening": "down" if LISTENING.stale(now_s - heard_s) else "up",
                "lighting": "down" if STAGE.stale(now_s - lit.t_s) else "up",
            },
            troubles=troubles(heard, lit.status),
            controllers=self._surface.names,
            learning=self._surface.learning,
            plan=place_words(heard.plan if heard else None),
            sections=list(heard.sections) if heard else [],
            marks=list(lit.marks),
            band=NOTHING_HEARD if heard is None else heard.band,
            evening=self.evening.view(lit.moment, lit.moment_by),
            sound=self._sound(),
        )

    def _own_counters(self) -> dict[str, float]:
        """What this process counts itself."""
        return {"osc_refused": self._surface.refused, "lost_commands": self.lost_commands}

    def why(self, universe: int, slot: int) -> list[tuple[str, str]]:
        """From the level of a slot back to what led to it."""
        patch, lit, token = self._patch, self._said.lit, self._said.token
        if lit is None or universe not in patch.universes or not 1 <= slot <= SLOTS or not lit.rows:
            return []
        sent = np.concatenate([np.frombuffer(lit.frames[one], np.uint8) for one in patch.universes])
        asked = np.concatenate(
            [np.frombuffer(lit.asked.get(one, lit.frames[one]), np.uint8) for one in patch.universes]
        )
        now = Now(
            sent,
            asked,
            np.frombuffer(lit.rows, "<f2").astype(np.float32).reshape(-1, 6),
            lit.health,
            lit.operator,
            token,
            0.0 if token is None else self._clock.now_s() - token.t_s,
            self._decider(),
            "" if self._said.heard is None else band_words(self._said.heard.band),
            [(one.fixture, one.attribute) for one in lit.status.takeovers.active],
            None if token is None or token.cue is None else self._looks.get(token.cue.look),
        )
        return why(patch, patch.universes.index(universe) * SLOTS + slot - 1, now)

    def _sound(self) -> tuple[float, float] | None:
        """Where in its file the source is, for pages that play it."""
        heard = self._said.heard
        if heard is None or heard.place_s < 0.0 or heard.audible or self.sound_file() is None:
            return None
        return heard.place_s, heard.t_s

    def sound_file(self) -> Path | None:
        """The file that is the source."""
        kind, _, place = self._config.audio.source.partition(":")
        return self._config.path(place) if kind == "file" else None

    def told(self) -> Mapping[str, Value] | None:
        """How the show is, for other programs; None before it began."""
        token, live = self._said.token, self.live()
        cue = None if token is None else token.cue
        return None if live is None else told_of(Told(live, cue, self.evening.set_list))

    def openapi(self) -> Mapping[str, Any]:
        """What `told` holds."""
        return openapi()

    def start_report(self) -> None:
        """Make the report of the night so far."""
        self._report.start(None if self._said.lit is None else self._said.lit.status.log)

    def report(self) -> tuple[str, str | None]:
        """Its state, and the page once it is ready."""
        return self._report.state, self._report.page()

    def tonights_list(self) -> Mapping[str, Any] | None:
        """The set list of the night."""
        return None if self.evening.set_list is None else asdict(self.evening.set_list)

    def set_lists(self) -> Sequence[str]:
        """Names of those that are kept."""
        return self.evening.names

    def read_sheet(self, sheet: bytes, *, pictured: bool) -> Mapping[str, Any]:
        """The lines of a sheet as they were understood, and the entries that they make."""
        return read_lines(sheet, pictured=pictured)

    def keep_set_list(self, plain: Mapping[str, Any]) -> str:
        """Keep a set list and make it tonight's."""
        return str(self.evening.keep(set_list_from(plain)))

    def open_set_list(self, name: str) -> None:
        """Make a kept list tonight's."""
        self.evening.open(name)

    def _decider(self) -> str:
        """Who decides: what was rehearsed, or the model."""
        heard = self._said.heard
        if heard is None:
            return "?, generation 0"
        if heard.plan is not None:
            return f"what was rehearsed decides: {place_words(heard.plan)}"
        return f"{heard.decoder}, generation {heard.generation}"

    def command(self, command: Command) -> None:
        """Pass an operator's wish on; scenes are kept here."""
        match command.name:
            case "learn":
                self._surface.learn(command.target if command.amount > 0.5 else "")
                return
            case "save_scene":
                self._keep_scene(command.target.strip())
                return
            case "forget_scene":
                self._scenes.forget(command.target)
                return
            case "scene":
                command = replace(command, values=self._scenes.rows(command.target) or ())
            case "next_song" | "previous_song" | "song":
                moved = self.evening.obey(command, self._clock.now_s())
                if moved is None:
                    return
                command = moved
        self._send(command)

    def _send(self, command: Command) -> None:
        taken = self._commander.send(command)
        if not taken:
            self.lost_commands += 1
        if taken != self._taken:
            self._taken = taken
            if taken:
                log.warning("the output process takes commands again; %d were lost", self.lost_commands)
            else:
                log.warning("the output process takes no commands; '%s' is lost", command.name)

    def _keep_scene(self, name: str) -> None:
        rows = np.frombuffer(b"" if self._said.lit is None else self._said.lit.rows, "<f2")
        if len(rows) and name:
            self._scenes.keep(name, tuple(round(float(one), 4) for one in rows))

    def close(self) -> None:
        """Close the sockets."""
        self._said.close()
        self._osc_out.close()
        self._report.close()
        self._commander.close()
