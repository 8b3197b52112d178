"""Process 3 of 3: shows the operator what the rig does and passes on what they wish. Serves the page.

What it draws is read back from the very slots that were sent. It may die and come back without anyone in the room
noticing.
"""

import asyncio
import contextlib
import json
import logging
import ssl
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from controller.bus.run import Run
from controller.bus.sockets import Commander, Newest, revive
from controller.clock import Clock, MonotonicClock
from controller.config import Config
from controller.errors import PageError
from controller.lighting.reasons import Now, why
from controller.messages import Command, LightToken, Operator, Pulse
from controller.people.operator import SWITCHES
from controller.people.replicate import operator_of
from controller.people.scenes import Scenes
from controller.records.journal import Journal
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of, targets_of
from controller.rig.patch.patch import SLOTS, Patch
from controller.state_folder import state_folder
from controller.watching.controls.surface import Surface
from controller.watching.page.access import Access
from controller.watching.page.feed import Hello, LevelPoint, Live, RigHead, Timing, TimingRow, TokenPoint
from controller.watching.page.server import Page

log = logging.getLogger(__name__)

HISTORY_S = 60.0
MOST_PULSES_HZ = 100.0
"""As many levels a second are kept at most: onsets come besides the regular ones."""
ALIVE_S = 2.0
EXIT_PORT_IN_USE = 3


class BusFeed:
    """What the page asks for, from the bus.

    Args:
        run: configuration and folder. clock: time. audit: told of what controllers do.
    """

    def __init__(self, run: Run, clock: Clock, audit: Callable[[dict[str, Any]], None] = lambda _entry: None) -> None:
        self._config = run.config
        self._clock, self._beat = clock, run.beat
        self._patch = patch_of(run.config)
        self._observer = Observer(self._patch)
        self._stage = Newest(run.context, run.folder, "stage", spare=True)
        self._tokens = Newest(run.context, run.folder, "tokens")
        self._pulses = Newest(run.context, run.folder, "pulses")
        self._listening = Newest(run.context, run.folder, "listening")
        self._commander = Commander(run.context, run.folder)
        self._minute: deque[TokenPoint] = deque(maxlen=round(HISTORY_S * 10))
        self._levels: deque[LevelPoint] = deque(maxlen=round(MOST_PULSES_HZ * HISTORY_S))
        self._loudness = 0.0
        self._onsets = -1
        self._heard: dict[str, Any] = {}
        self._lit: dict[str, Any] = {}
        self._live: Live | None = None
        self._token: LightToken | None = None
        self._scenes = Scenes.of(run.config)
        self._started_s = clock.now_s()
        controls = run.config.controls
        self._surface = Surface(controls, run.config.path(controls.mapping), clock, self._steer, self._standing)
        self._audit = audit

    async def control(self) -> None:
        """Heed controllers."""
        await self._surface.run()

    def _standing(self) -> Operator:
        return operator_of(self._lit) or Operator()

    def _steer(self, command: Command, whose: str) -> None:
        """A controller's wish; faders and held buttons would fill the audit log, so they are not in it."""
        if command.name in (*SWITCHES, "hand", "scene", "mark", "undo", "flash_override") and whose != "held":
            self._audit({"from": whose, "command": command.name, "amount": command.amount})
        self.command(command)

    async def gather(self) -> None:
        """Keep up with the bus, whether a page is open or not; costs little."""
        while True:
            self._beat(self._clock.now_s())
            self._gather()
            await asyncio.sleep(0.5 / self._config.rates.page_hz)

    def _gather(self) -> None:
        token = revive(LightToken, self._tokens.take())
        if token is not None:
            self._token = token
            self._minute.append(TokenPoint(token.t_s, token.hue, token.value, token.hue_p))
        pulse = revive(Pulse, self._pulses.take())
        if pulse is not None:
            struck = pulse.onset_strength if pulse.onsets != self._onsets and self._onsets >= 0 else 0.0
            self._onsets = pulse.onsets
            self._loudness = pulse.loudness
            self._levels.append(LevelPoint(pulse.t_s, pulse.level_db, struck))
        self._heard = self._listening.take() or self._heard
        lit = self._stage.take()
        if isinstance(lit, dict) and "frames" in lit:
            self._lit = lit
            self._live = self._snapshot()

    def hello(self) -> Hello:
        """Rig, names and the last minute."""
        rates = self._config.rates
        stages = [
            TimingRow("embed", rates.analysis_budget_ms / 2),
            TimingRow("decode", rates.analysis_budget_ms / 2),
            TimingRow("analysis", rates.analysis_budget_ms),
            TimingRow("accent", rates.accent_budget_ms),
            TimingRow("look", rates.tick_budget_ms / 2),
            TimingRow("tick", rates.tick_budget_ms),
            TimingRow("lateness", rates.tick_budget_ms),
        ]
        return Hello(
            venue=self._config.venue,
            source=str(self._heard.get("source", self._config.audio.source)),
            models={"embedder": str(self._heard.get("embedder", "…")), "decoder": str(self._heard.get("decoder", "…"))},
            stages=stages,
            heads=rig_heads(self._patch),
            tokens=list(self._minute),
            levels=[one for one in self._levels if one[0] > self._levels[-1][0] - HISTORY_S],
            history_s=HISTORY_S,
            targets=list(targets_of(self._patch)),
            scenes=self._scenes.names,
            haze=any(one.config.armed for one in self._patch.fixtures),
        )

    def live(self) -> Live | None:
        """The newest snapshot."""
        return self._live

    def _snapshot(self) -> Live:
        lit = self._lit
        frames = {int(universe): np.frombuffer(slots, np.uint8) for universe, slots in lit["frames"].items()}
        stage = self._observer.observe(frames)
        now_s = self._clock.now_s()
        heard_s = float(self._heard.get("t_s", -1e9))
        return Live(
            t_s=lit["t_s"],
            elapsed_s=now_s - self._started_s,
            heads=np.column_stack([stage.light, stage.pan_deg, stage.tilt_deg]),
            operator=self._standing(),
            health=lit["health"],
            token=self._minute[-1] if self._minute else None,
            level=self._levels[-1] if self._levels else None,
            loudness=self._loudness,
            timings=_timings(self._heard, lit["status"]),
            counters=_counters(self._heard, lit["status"], lit.get("standby")),
            processes={
                "listening": "up" if now_s - heard_s < ALIVE_S else "down",
                "lighting": "up" if now_s - lit["t_s"] < ALIVE_S else "down",
            },
            controllers=self._surface.names,
            learning=self._surface.learning,
            plan=_place(self._heard.get("plan")),
            sections=[float(t_s) for t_s in self._heard.get("sections", ())],
            marks=[(float(t_s), str(label)) for t_s, label in lit.get("marks", ())],
        )

    def why(self, universe: int, slot: int) -> list[tuple[str, str]]:
        """From the level of a slot back to what led to it."""
        patch, lit = self._patch, self._lit
        if universe not in patch.universes or not 1 <= slot <= SLOTS or not lit.get("rows"):
            return []
        sent = np.concatenate([np.frombuffer(lit["frames"][str(one)], np.uint8) for one in patch.universes])
        asked = np.concatenate(
            [np.frombuffer(lit["asked"].get(str(one), lit["frames"][str(one)]), np.uint8) for one in patch.universes]
        )
        active = lit["status"].get("takeovers", {}).get("active", ())
        now = Now(
            sent,
            asked,
            np.frombuffer(lit["rows"], "<f2").astype(np.float32).reshape(-1, 6),
            str(lit["health"]),
            self._standing(),
            self._token,
            0.0 if self._token is None else self._clock.now_s() - self._token.t_s,
            self._decider(),
            [(str(one["fixture"]), str(one["attribute"])) for one in active],
        )
        return why(patch, patch.universes.index(universe) * SLOTS + slot - 1, now)

    def _decider(self) -> str:
        """Who decides: what was rehearsed, or the model."""
        place = _place(self._heard.get("plan"))
        if place:
            return f"what was rehearsed decides: {place}"
        return f"{self._heard.get('decoder', '?')}, generation {self._heard.get('generation', 0)}"

    def command(self, command: Command) -> None:
        """Pass an operator's wish on; scenes are kept here."""
        if command.name == "learn":
            self._surface.learn(command.target if command.amount > 0.5 else "")
            return
        if command.name == "save_scene":
            rows = np.frombuffer(self._lit.get("rows", b""), "<f2")
            if len(rows) and command.target.strip():
                self._scenes.keep(command.target.strip(), tuple(round(float(one), 4) for one in rows))
            return
        if command.name == "forget_scene":
            self._scenes.forget(command.target)
            return
        if command.name == "scene":
            command = replace(command, values=self._scenes.rows(command.target) or ())
        if not self._commander.send(command):
            log.warning("the output process takes no commands; '%s' is lost", command.name)

    def close(self) -> None:
        """Close the sockets."""
        for one in (self._stage, self._tokens, self._pulses, self._listening, self._commander):
            one.close()


def _place(plan: object) -> str:
    """Where the band is in what was rehearsed, as people read it."""
    if not isinstance(plan, dict):
        return ""
    seconds = max(0, int(plan.get("t_s", 0.0)))
    return f"{plan.get('title', '')} {seconds // 60}:{seconds % 60:02d}"


def rig_heads(patch: Patch) -> list[RigHead]:
    """The patch as the page draws it."""
    heads = []
    for index in range(patch.heads):
        fixture = patch.fixtures[patch.fixture_of[index]]
        x, y, z = (float(metres) for metres in patch.positions_m[index])
        heads.append(
            RigHead(
                id=patch.head_name(index),
                fixture=fixture.config.id,
                label=fixture.profile.model,
                role=fixture.config.role,
                x=x,
                y=y,
                z=z,
                universe=fixture.config.universe,
                address=fixture.config.address,
                footprint=fixture.footprint,
                moves=bool(patch.has("pan")[index]),
                emits=fixture.config.role != "hazer",
            )
        )
    return heads


def _timings(heard: Mapping[str, Any], lit: Mapping[str, Any]) -> dict[str, Timing]:
    both = {**heard.get("timings_ms", {}), **lit.get("timings_ms", {})}
    return {stage: Timing(percent[0], percent[2]) for stage, percent in both.items()}


def _counters(heard: Mapping[str, Any], lit: Mapping[str, Any], standby: object) -> dict[str, float]:
    late = lit.get("timings_ms", {}).get("lateness", (0.0, 0.0, 0.0))
    return {
        "output_hz": float(lit.get("output_hz", 0.0)),
        "lateness_p99_ms": float(late[2]),
        "overruns": float(heard.get("overruns", 0)),
        "late_hops": float(heard.get("late_hops", 0)),
        "send_errors": float(lit.get("send_errors", 0)),
        "flashes_limited": float(lit.get("limiter", {}).get("interventions", 0)),
        "taken_over": float(len(lit.get("takeovers", {}).get("active", ()))),
        "generation": float(heard.get("generation", 0)),
        **_standby_counters(standby),
    }


def _standby_counters(standby: object) -> dict[str, float]:
    """Whether the other machine is there, and whether this one is in charge; nothing where there is only one."""
    if not isinstance(standby, dict):
        return {}
    if standby.get("role") == "backup":
        return {"in_charge": float(standby.get("state") == "in charge")}
    return {"backup_follows": float(bool(standby.get("followed")))}


def tls_of(config: Config) -> ssl.SSLContext | None:
    """What the page is served with.

    Raises:
        PageError: certificate or key cannot be used.
    """
    if config.page.certificate is None or config.page.key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(config.path(config.page.certificate), config.path(config.page.key))
    except (OSError, ssl.SSLError) as error:
        place = config.where(("page", "certificate"))
        raise PageError(f"{place}: certificate and key cannot be used: {error}") from error
    return context


async def watch(run: Run, config: Config, clock: Clock) -> dict[str, Any]:
    """Serve the page until told to stop; returns the summary."""
    audit = Journal(state_folder() / "audit.jsonl")
    feed = BusFeed(run, clock, audit.add)
    page = Page(config.rates.page_hz, Access(config.page.access), tls_of(config), audit.add)
    tasks = [
        asyncio.create_task(feed.gather()),
        asyncio.create_task(feed.control()),
        asyncio.create_task(page.serve(feed, config.page.host, config.page.port)),
    ]
    try:
        while not run.stopping.is_set():
            done, _ = await asyncio.wait(tasks, timeout=0.2, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, PageError):
            await asyncio.gather(*tasks)
        feed.close()
        audit.close()
    return {"ignored_messages": page.ignored, "refused_requests": page.refused}


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder."""
    run = Run("watching", argv)
    try:
        run.say(asyncio.run(watch(run, run.config, MonotonicClock())))
    except PageError as error:
        sys.stdout.write(json.dumps({"refused": str(error)}) + "\n")
        return EXIT_PORT_IN_USE
    finally:
        run.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
