"""Process 2 of 3: lights the rig. Tokens and pulses in; DMX on the wire, forty times a second, whatever happens
elsewhere.

There are two of this process: one leads and sends, its spare does the same in silence and steps in when it must.
Imports no ML and no audio, waits for nobody, and keeps sending when the others are gone. A cycle: take the newest of
each input, tick the desk, let a person's desk have what it took over, send. An accent may pull the next cycle forward;
the rate stays within what DMX512 can carry.
"""

import contextlib
import gc
import logging
import os
import sys
from collections import deque
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
import zmq

from controller.bus.run import Run
from controller.bus.sockets import SPARE, Commands, Newest, Publisher, revive
from controller.clock import Clock, Deadlines, MonotonicClock
from controller.config import Config
from controller.lighting.engine import Tick
from controller.lighting.failover.election import Election
from controller.lighting.failover.lead import PAIR, LeaderRecord
from controller.lighting.input.listener import Listener
from controller.lighting.look.manual import rows_of
from controller.lighting.network_cards import broadcast_addresses
from controller.lighting.output.sender import NOBODY, SendBudget, Sender
from controller.lighting.output.sinks import Outputs, Sink
from controller.lighting.output_cycle import AGES_S, OutputCycle, checksum
from controller.lighting.standby.instances import below_main, own_cid, partner_of
from controller.lighting.standby.partner import Partner
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.messages import Command, LightToken, Pulse
from controller.people.operator import plain_operator
from controller.people.replicate import operator_of, replicate
from controller.records.cycles import Cycle, Heard
from controller.records.journal import Journal
from controller.records.recording import Recorder
from controller.records.show_log import open_log
from controller.rig.patch.configured import patch_of
from controller.state_folder import state_folder
from controller.timing import Timings

log = logging.getLogger(__name__)

ACCENT_GAP_S = 0.008
"""A cycle pulled forward leaves at least this long after the one before."""
NICENESS = -10
LOG_S = 10.0
STATUS_S = 0.5
HAND_OVER_S = 0.15
"""As long as both machines light when one hands over to the other."""
RECENT_S = 0.3
"""Commands that a leader may have taken with it."""


@dataclass(frozen=True, slots=True)
class LightingNetwork:
    """This process on the lighting network: what it is known by, where it polls, what it hears, what it writes down."""

    cid: UUID = NOBODY
    poll_to: tuple[str, ...] = ()
    listener: Listener | None = None
    journal: Journal | None = None
    partner: Partner | None = None

    @staticmethod
    def of(config: Config) -> "LightingNetwork":
        """As configured."""
        folder, interface = state_folder(), config.network.interface
        discovers = Sender(config.universes).discovers
        listens = discovers or bool(config.desk.inputs)
        return LightingNetwork(
            cid=own_cid(config),
            poll_to=tuple(broadcast_addresses(interface)) if discovers else (),
            listener=Listener(config.desk, discover=discovers, output_interface=interface) if listens else None,
            journal=Journal(folder / "takeovers.jsonl") if config.desk.inputs else None,
            partner=partner_of(config, MonotonicClock().now_s()),
        )

    def close(self) -> None:
        """Close sockets and file."""
        for one in (self.listener, self.journal):
            if one is not None:
                one.close()
        if self.partner is not None:
            self.partner.let_go()


class Lighting:
    """The process's parts, joined.

    Args:
        run: configuration, folder and stop signal. clock: time. sink: where packets go. network: what is heard.
        recorder: where the show is written down. lead: who speaks, where there is a spare.
    """

    def __init__(
        self,
        run: Run,
        clock: Clock,
        sink: Sink,
        network: LightingNetwork | None = None,
        *,
        recorder: Recorder | None = None,
        lead: LeaderRecord | None = None,
    ) -> None:
        config, network = run.config, network or LightingNetwork()
        self._run, self._clock, self._sink = run, clock, sink
        patch = patch_of(config)
        self._console = ConsoleMerge(config, patch, network.cid, network.listener, network.journal)
        self._made = OutputCycle(config, patch, self._console)
        self._taken: list[tuple[float, Pulse]] = []
        self._recorder = recorder
        self._sender = Sender(below_main(config), config.network, network.cid, network.poll_to)
        self._partner = network.partner
        self._quiet, self._lift = False, 0
        self._budget = SendBudget(config.rates.output_max_hz, ACCENT_GAP_S)
        self._deadlines = Deadlines(1.0 / config.rates.output_hz, clock.now_s())
        self._tokens = Newest(run.context, run.folder, "tokens")
        self._pulses = Newest(run.context, run.folder, "pulses")
        end = SPARE if lead is not None and lead.name == PAIR[1] else ""
        self._commands = Commands(run.context, run.folder, end)
        self._stage = Publisher(run.context, run.folder, f"stage{end}")
        self._lead = lead
        self._standing = Election(lead, clock.now_s())
        self._leaders = Newest(run.context, run.folder, "stage", spare=True) if lead is not None else None
        self._lately: deque[tuple[float, Command]] = deque(maxlen=50)
        self._poller = zmq.Poller()
        self._poller.register(self._pulses.socket, zmq.POLLIN)
        self._timings = Timings(keep=2_400)
        self._sent_s: deque[float] = deque(maxlen=2_400)
        self._cycles = self._pulled = 0
        self._longest_gap_s = 0.0
        self._show_s = -np.inf
        self._last = Tick([], "house")
        self._faults = 0
        self._counted_s = -np.inf
        self._counted: dict[str, Any] = {}
        self._was = ""

    @property
    def led(self) -> bool:
        """Whether it ever was the one that sends."""
        return self._standing.led

    def light(self) -> None:
        """Run until told to stop, then fade to the end look."""
        next_log_s = self._clock.now_s() + LOG_S
        while not self._run.stopping.is_set():
            self._safe_cycle()
            if self._clock.now_s() >= next_log_s:
                next_log_s += LOG_S
                log.info("%s", self._log_line())
        self._leave()

    def _wait(self) -> bool:
        """Until the next deadline, which an accent may pull forward (True if it did)."""
        pulled = False
        while (remaining_s := self._deadlines.next_s - self._clock.now_s()) > 0:
            if self._standing.must_step_in(self._clock.now_s()):
                self._deadlines.next_s = self._clock.now_s()
            elif remaining_s < 0.001:
                self._clock.sleep_until(self._deadlines.next_s)
            elif self._poller.poll(int(1e3 * self._standing.patience_s(remaining_s))) and self._hear_pulse():
                earliest_s = self._budget.earliest_s(self._clock.now_s())
                if earliest_s is not None and earliest_s < self._deadlines.next_s:
                    self._deadlines.next_s = earliest_s
                    pulled = True
        return pulled

    def _stand(self, now_s: float) -> None:
        """Lead, follow, or change from one to the other."""
        match self._standing.change(now_s):
            case "took the lead":
                self._sender.go_on_after(self._standing.sent_cycles)
            case "lost the lead":
                self._sink.release()
                self._console.let_go()
                if self._partner is not None:
                    self._partner.let_go()

    def _wishes(self, now_s: float) -> tuple[Command, ...]:
        """Commands of this cycle: what people sent or, in a spare, what makes it stand as its leader does."""
        given = self._commands.take_all()
        stage = self._leaders.take() if self._leaders is not None else None  # who leads hears itself: see `Newest`
        if self._standing.leading:
            late = [command for at_s, command in self._lately if now_s - at_s < RECENT_S]
            self._lately.clear()
            wishes = (*late, *given)
            return wishes if self._partner is None else self._partner.wishes(wishes, self._made.engine.operator)
        self._lately.extend((now_s, command) for command in given)
        if self._partner is not None and isinstance(stage, dict):
            self._partner.stand_as(stage.get("standby"), now_s)
        if isinstance(stage, dict):
            self._console.relay(stage.get("held"))
        seen = operator_of(stage)
        return replicate(seen, self._made.engine.operator) if seen is not None else ()

    def _hear_pulse(self) -> bool:
        pulse = revive(Pulse, self._pulses.take())
        if pulse is None:
            return False
        now_s = self._clock.now_s()
        self._taken.append((now_s, pulse))
        return self._made.hear_pulse(pulse, now_s)

    def _safe_cycle(self) -> None:
        """Wait and do a cycle that always sends: what was sent last, if anything goes wrong."""
        try:
            self._cycle(pulled=self._wait())
        except Exception:
            # nothing may stop the light: this is the top of the loop
            self._faults += 1
            if self._faults == 1:
                log.exception("a cycle failed; the last frames are repeated until it works again")
            self._clock.sleep_until(self._deadlines.next_s)
            now_s = self._clock.now_s()
            self._deadlines.advance(now_s)
            with contextlib.suppress(Exception):  # sending may be what fails
                self._send(self._last, now_s, well=False)

    def _cycle(self, *, pulled: bool) -> None:
        now_s = self._clock.now_s()
        self._pulled += pulled
        self._timings.add("lateness", self._deadlines.advance(now_s))
        self._stand(now_s)
        self._hear_pulse()
        if self._standing.leading:
            for ip, reply in self._console.listen(now_s, self._sink.ports()):
                self._sender.hear(reply, ip, now_s)
        token = revive(LightToken, self._tokens.take())
        if self._standing.leading and self._partner is not None:
            self._partner.listen(now_s)
            token = self._partner.token(token, now_s)
        tick = self._make(now_s, Heard(token=token, commands=self._wishes(now_s)))
        self._timings.add("look", self._clock.now_s() - now_s)
        self._send(tick, now_s)
        self._timings.add("tick", self._clock.now_s() - now_s)
        self._show(tick, now_s)

    def _make(self, now_s: float, heard: Heard) -> Tick:
        """The frames of this cycle, written down with everything that led to them."""
        heard = replace(heard, pulses=tuple(self._taken))
        self._taken.clear()
        tick = self._made.run(now_s, heard)
        if self._recorder is not None:
            news = self._console.news
            heard = replace(heard, desk=news.desk, turned=news.turned, held=news.held)
            self._recorder.add(Cycle(now_s, heard, checksum(tick.frames)))
        return tick

    def _send(self, tick: Tick, now_s: float, *, well: bool = True) -> None:
        """Let the frames leave; a process that only repeats itself does not tell another machine that it is well."""
        self._last = tick
        if self._standing.speaks():
            if well:
                self._yield_to_main()
            for packet in self._sender.packets(tick.frames, now_s, quiet=self._quiet):
                self._sink.send(packet, now_s)
            if well and self._partner is not None:
                self._partner.speak(now_s, self._made.token, self._made.engine.operator)
        self._budget.note(now_s)
        if self._sent_s:
            self._longest_gap_s = max(self._longest_gap_s, now_s - self._sent_s[-1])
        self._sent_s.append(now_s)
        self._cycles += 1
        if tick.health != self._was:
            self._was = tick.health
            log.info("the show is %s", tick.health)

    def _yield_to_main(self) -> None:
        """Where another machine lights: what only one may hold is let go of; where none does: sACN above its last."""
        if self._partner is None:
            return
        if self._partner.quiet and not self._quiet:
            self._sink.release()
        if self._partner.lift != self._lift:
            self._sender.lift(self._partner.lift)
        self._quiet, self._lift = self._partner.quiet, self._partner.lift

    def _show(self, tick: Tick, now_s: float) -> None:
        """Tell the page what just left, at the page's own rate."""
        if not self._standing.leading or now_s < self._show_s - 0.002:
            return
        period_s = 1.0 / self._run.config.rates.page_hz
        self._show_s = max(self._show_s, now_s - period_s) + period_s  # on the average, though cycles are longer apart
        self._stage.send(
            {
                "t_s": now_s,
                "frames": {str(frame.universe): frame.slots.tobytes() for frame in tick.frames},
                "health": tick.health,
                "operator": plain_operator(self._made.engine.operator),
                "standby": None if self._partner is None else self._partner.status(),
                "held": self._console.held(),
                "rows": b"" if tick.look is None else rows_of(tick.look).tobytes(),
                "asked": {
                    str(asked.universe): asked.slots.tobytes()
                    for asked, sent in zip(tick.asked, tick.frames, strict=False)
                    if not np.array_equal(asked.slots, sent.slots)
                },
                "marks": list(self._made.engine.state.marks),
                "status": self._status_now(now_s),
            }
        )

    def _status_now(self, now_s: float) -> dict[str, Any]:
        """The status, counted twice a second and not at every cycle."""
        if now_s - self._counted_s >= STATUS_S:
            self._counted_s, self._counted = now_s, self.status()
        return self._counted

    def _leave(self) -> None:
        if self._partner is not None and self._partner.takes_over:
            self._hand_over()
        else:
            self._fade_out()
        for packet in self._sender.farewell() if self._standing.speaks() else ():
            self._sink.send(packet, self._clock.now_s())

    def _hand_over(self) -> None:
        """Another machine goes on: light until it does, and leave nothing behind that nodes would merge with it."""
        log.warning("handing over to the backup")
        self._partner_goodbye()
        end_s = self._clock.now_s() + HAND_OVER_S
        while self._clock.now_s() < end_s:
            self._clock.sleep_until(self._deadlines.next_s)
            now_s = self._clock.now_s()
            self._deadlines.advance(now_s)
            self._send(self._last, now_s)
        now_s = self._clock.now_s()
        dark = [replace(one, slots=np.zeros_like(one.slots)) for one in self._last.frames]
        for packet in self._sender.packets(dark, now_s) if self._standing.speaks() else ():
            if packet.output.split(", ")[-1].startswith("Art-Net"):
                self._sink.send(packet, now_s)

    def _partner_goodbye(self) -> None:
        if self._partner is not None and self._standing.leading:
            self._partner.goodbye(self._clock.now_s(), self._made.engine.operator)

    def _fade_out(self) -> None:
        """To the configured end look."""
        end_s = self._clock.now_s() + self._run.config.look.end_fade_s
        while self._clock.now_s() < end_s:
            self._clock.sleep_until(self._deadlines.next_s)
            now_s = self._clock.now_s()
            self._deadlines.advance(now_s)
            self._send(self._make(now_s, Heard(leaving=True)), now_s)
        # the fade only comes near its end: the last frames are the end look itself
        for _ in range(3):
            now_s = self._clock.now_s()
            self._send(self._make(now_s + AGES_S, Heard(leaving=True)), now_s)
        self._partner_goodbye()

    def status(self) -> dict[str, Any]:
        """Numbers for the page, the log and the summary."""
        span_s = self._sent_s[-1] - self._sent_s[0] if len(self._sent_s) > 1 else 0.0
        return {
            "leads": self._standing.leading,
            "cycles": self._cycles,
            "pulled_cycles": self._pulled,
            "skipped_cycles": self._deadlines.skipped,
            "output_hz": round((len(self._sent_s) - 1) / span_s, 2) if span_s > 0 else 0.0,
            "longest_gap_ms": round(self._longest_gap_s * 1e3, 2),
            "send_errors": self._sink.errors,
            "outputs": self._sink.status(),
            "takeovers": self._console.status(),
            "standby": None if self._partner is None else self._partner.status(),
            "limiter": {**self._made.limiter.status(), "overridden": self._made.engine.state.overrides},
            "log": None if self._recorder is None else self._recorder.status(),
            "faults": self._faults,
            "timings_ms": self._timings.percentiles_ms(50, 95, 99),
        }

    def _log_line(self) -> str:
        status = self.status()
        stages = ", ".join(f"{stage} {p[0]:.1f}/{p[2]:.1f} ms" for stage, p in status["timings_ms"].items())
        return f"{status['output_hz']:.1f} Hz, p50/p99: {stages}; {status['send_errors']} send errors"

    def close(self) -> None:
        """Close the sockets."""
        for one in (self._tokens, self._pulses, self._commands, self._stage, self._leaders, self._lead):
            if one is not None:
                one.close()


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder and which of the two this is."""
    name = argv[1] if len(argv) > 1 else PAIR[0]
    run = Run(name, argv)
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)  # where the system lets us: the light comes first
    network = LightingNetwork.of(run.config)
    sink = Outputs(run.config.universes, run.config.network.interface)
    recorder = open_log(run.config, name)
    lighting = Lighting(run, MonotonicClock(), sink, network, recorder=recorder, lead=LeaderRecord(run.folder, name))
    gc.freeze()  # what was loaded stays; a full collection would cost a tick
    try:
        lighting.light()
        run.say(lighting.status())
    finally:
        lighting.close()
        sink.close()
        network.close()
        if recorder is not None:
            recorder.close(keep=lighting.led)
        run.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
