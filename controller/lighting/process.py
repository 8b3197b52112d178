"""The process that lights the rig, whatever happens elsewhere. Tokens and pulses in; DMX out, forty times a second.

There are two of this process: one leads and sends, its spare does the same in silence, in every fourth cycle, and steps
in when it must.
Imports no ML and no audio, waits for nobody, and keeps sending when the others are gone. A cycle: take the newest of
each input, tick the look engine, let a person's console have what it took over, send. An accent may pull the next cycle
forward; the rate stays within what DMX512 can carry. Edge: the weight that the system gives this process.
"""

import contextlib
import gc
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import numpy as np

from controller.bus.news import LightingStatus, LogStatus
from controller.bus.run import Run
from controller.bus.topics import SPARE
from controller.clock import Clock, MonotonicClock
from controller.config import Config
from controller.lighting.announcer import Announcer
from controller.lighting.engine import Tick
from controller.lighting.failover.election import Election
from controller.lighting.failover.lead import PAIR, LeaderRecord
from controller.lighting.inbox import Inbox
from controller.lighting.input.listener import Listener
from controller.lighting.network_cards import broadcast_addresses
from controller.lighting.output.sender import NOBODY, Sender
from controller.lighting.output.sinks import Outputs, Sink
from controller.lighting.output_cycle import AGES_S, OutputCycle, checksum
from controller.lighting.pace import Pace
from controller.lighting.speaker import Speaker
from controller.lighting.standby.instances import below_main, own_cid, partner_of
from controller.lighting.standby.partner import Partner
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.messages import Command
from controller.people.replicate import replicate
from controller.records.cycles import Cycle, Heard
from controller.records.journal import Journal
from controller.records.recording import Recorder
from controller.records.show_log import open_log
from controller.rig.patch.configured import patch_of
from controller.state_folder import state_folder
from controller.system import come_first, give_back, put_first
from controller.timing import Timings

log = logging.getLogger(__name__)

NICENESS = -10
AUTOGROUP = Path("/proc/self/autogroup")
LOG_S = 10.0
HAND_OVER_S = 0.15
"""As long as both machines light when one hands over to the other."""


@dataclass(frozen=True, slots=True)
class LightingNetwork:
    """This process on the lighting network: what it is known by, where it polls, what it hears, what it writes down."""

    cid: UUID = NOBODY
    poll_to: tuple[str, ...] = ()
    listener: Listener | None = None
    journal: Journal | None = None
    partner: Partner = field(default_factory=Partner)

    @staticmethod
    def of(config: Config) -> "LightingNetwork":
        """As configured. Edge: sockets, files."""
        folder, interface = state_folder(), config.network.interface
        discovers = Speaker.discovers(config)
        listens = discovers or bool(config.desk.inputs)
        return LightingNetwork(
            cid=own_cid(config),
            poll_to=tuple(broadcast_addresses(interface)) if discovers else (),
            listener=Listener(config.desk, discover=discovers, output_interface=interface, nodes=config.network.nodes)
            if listens
            else None,
            journal=Journal(folder / "takeovers.jsonl") if config.desk.inputs else None,
            partner=partner_of(config, MonotonicClock().now_s()),
        )

    def close(self) -> None:
        """Close sockets and file."""
        for one in (self.listener, self.journal):
            if one is not None:
                one.close()
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
        config, network, patch = run.config, network or LightingNetwork(), patch_of(run.config)
        end = SPARE if lead is not None and lead.name == PAIR[1] else ""
        self._run, self._clock, self._recorder, self._partner = run, clock, recorder, network.partner
        self.console = ConsoleMerge(config, patch, network.cid, network.listener, network.journal)
        self.made = OutputCycle(config, patch, self.console)
        self.inbox = Inbox(run, end, follows=lead is not None)
        self._election = Election(lead, clock.now_s(), run.stopping.is_set)
        sender = Sender(below_main(config), config.network, network.cid, network.poll_to, patch.used)
        self._speaker = Speaker(sender, sink, self._election, self._partner)
        self._pace = Pace(clock, config.rates.output_hz, config.rates.output_max_hz)
        self._announcer = Announcer(run, end, self.status)
        self._lead = lead
        self._timings = Timings(keep=2_400)
        self._last = Tick([], "house")
        self._faults = 0

    @property
    def led(self) -> bool:
        """Whether it ever was the one that sends."""
        return self._election.led

    def light(self) -> None:
        """Run until told to stop, then fade to the end look."""
        next_log_s = self._clock.now_s() + LOG_S
        while not self._run.stopping.is_set():
            self.safe_cycle()
            if self._clock.now_s() >= next_log_s:
                next_log_s += LOG_S
                log.info("%s", self._log_line())
        self._leave()

    def safe_cycle(self) -> None:
        """Wait and do a cycle that always sends: what was sent last, if anything goes wrong."""
        self._guarded(lambda: self._cycle(pulled=self._wait()))

    def _guarded(self, cycle: Callable[[], None]) -> None:
        try:
            cycle()
        except Exception:
            # nothing may stop the light: this is the top of the loop
            self._faults += 1
            if self._faults == 1:
                log.exception("a cycle failed; the last frames are repeated until it works again")
            now_s = self._pace.wait()
            with contextlib.suppress(Exception):  # sending may be what fails
                self._send(self._last, now_s, well=False)

    def _wait(self) -> bool:
        """Until the next deadline, which an accent may pull forward (True if it did)."""
        pulled = False
        while (remaining_s := self._pace.remaining_s) > 0:
            if self._election.must_step_in(self._clock.now_s()):
                self._pace.now()
            elif remaining_s < 0.001:
                self._clock.sleep_until(self._pace.deadlines.next_s)
            elif not self._election.leading:
                self._election.watch(self._clock.now_s(), remaining_s)
            elif self.inbox.wait(remaining_s) and self._hear_pulse():
                pulled = self._pace.pull() or pulled
        return pulled

    def _hear_pulse(self) -> bool:
        """Take a pulse; True if it starts an accent."""
        now_s = self._clock.now_s()
        pulse = self.inbox.pulse(now_s)
        return pulse is not None and self.made.hear_pulse(pulse, now_s)

    def _cycle(self, *, pulled: bool) -> None:
        now_s = self._clock.now_s()
        self._pace.pulled += pulled
        self._timings.add("lateness", self._pace.deadlines.advance(now_s))
        shown = self._stand(now_s)
        self._hear_pulse()
        if self._election.leading:
            for ip, reply in self.console.listen(now_s, self._speaker.sink.ports()):
                self._speaker.hear(reply, ip, now_s)
        token = self.inbox.token()
        if self._election.leading:
            self._partner.listen(now_s)
            token = self._partner.token(token, now_s)
            shown = self._partner.standing() if shown is None else shown
        tick = self._make(now_s, Heard(token=token, commands=self._wishes(now_s), shown=shown))
        self._timings.add("look", self._clock.now_s() - now_s)
        self._send(tick, now_s)
        self._timings.add("tick", self._clock.now_s() - now_s)
        if self._election.leading:
            self._announcer.tell(tick, now_s, self.made.engine.state, self.console.held())
        else:
            self._pace.rest()

    def _stand(self, now_s: float) -> bytes | None:
        """Lead, follow, or change from one to the other; what the process showed whose place this one takes, if any."""
        shown = self.inbox.shown(now_s)  # read in every cycle: see `Newest`
        match self._election.change(now_s):
            case "took the lead":
                self._speaker.take_over()
                return shown if self._election.sent_cycles else None
            case "lost the lead":
                self._speaker.release()
                self.console.let_go()
                self._partner.let_go()
        return None

    def _wishes(self, now_s: float) -> tuple[Command, ...]:
        """Commands of this cycle: what people sent or, in a spare, what makes it stand as its leader does."""
        given = self.inbox.commands(now_s, leading=self._election.leading)
        leader, operator = self.inbox.leader(), self.made.engine.operator
        if self._election.leading:
            return self._partner.wishes(given, operator)
        if leader is None:
            return ()
        self._partner.stand_as(leader.status.standby, now_s)
        self.console.relay(leader.held)
        return replicate(leader.operator, operator)

    def _make(self, now_s: float, heard: Heard) -> Tick:
        """The frames of this cycle, written down with everything that led to them."""
        heard = replace(heard, pulses=self.inbox.pulses())
        before, tick = self._last.health, self.made.run(now_s, heard)
        if self._recorder is not None:
            news = self.console.news
            heard = replace(heard, desk=news.desk, turned=news.turned, held=news.held)
            self._recorder.add(Cycle(now_s, heard, checksum(tick.frames)))
        if tick.health != before or not self._pace.cycles:
            log.info("the show is %s", tick.health)
        return tick

    def _send(self, tick: Tick, now_s: float, *, well: bool = True) -> None:
        """Let the frames leave; a process that only repeats itself does not tell another machine that it is well."""
        self._last = tick
        if self._election.leading:
            self._foretell(now_s, well=well)
        if self._speaker.send(tick.frames, now_s, well=well) and well:
            self._partner.speak(now_s, self.made.token, self.made.engine.operator)
        self._pace.sent(now_s)

    def _foretell(self, now_s: float, *, well: bool) -> None:
        """Say how the light will stand, to whoever would have to go on from there."""
        limiter = self.made.limiter
        standing = limiter.standing
        if self._lead is not None:
            self._announcer.foretell(standing, now_s)
        if well:
            self._partner.foretell(standing, limiter.shown, now_s)

    def _leave(self) -> None:
        if self._partner.takes_over:
            self._hand_over()
        else:
            self._fade_out()
        self._speaker.farewell(self._clock.now_s())

    def _hand_over(self) -> None:
        """Another machine goes on: light until it does, and leave nothing behind that nodes would merge with it."""
        log.warning("handing over to the backup")
        self._partner_goodbye()
        end_s = self._clock.now_s() + HAND_OVER_S
        while self._clock.now_s() < end_s:
            self._send(self._last, self._pace.wait())
        dark = [replace(one, slots=np.zeros_like(one.slots)) for one in self._last.frames]
        self._speaker.leave_artnet_dark(dark, self._clock.now_s())

    def _partner_goodbye(self) -> None:
        if self._election.leading:
            self._partner.goodbye(self._clock.now_s(), self.made.engine.operator)

    def _fade_out(self) -> None:
        """To the configured end look."""
        end_s = self._clock.now_s() + self._run.config.look.end_fade_s
        while self._clock.now_s() < end_s:
            self._guarded(lambda: self._leaving_cycle(self._pace.wait()))
        # the fade only comes near its end: the last frames are the end look itself
        for _ in range(3):
            self._guarded(lambda: self._leaving_cycle(self._clock.now_s(), later_s=AGES_S))
        self._partner_goodbye()

    def _leaving_cycle(self, now_s: float, later_s: float = 0.0) -> None:
        self._send(self._make(now_s + later_s, Heard(leaving=True)), now_s)

    def status(self) -> LightingStatus:
        """Numbers for the page, the log and the summary."""
        limiter = replace(self.made.limiter.status(), overridden=self.made.engine.state.overrides)
        return LightingStatus(
            leads=self._election.leading,
            cycles=self._pace.cycles,
            pulled_cycles=self._pace.pulled,
            skipped_cycles=self._pace.deadlines.skipped,
            output_hz=round(self._pace.output_hz, 2),
            longest_gap_ms=round(self._pace.longest_gap_s * 1e3, 2),
            send_errors=self._speaker.sink.errors,
            outputs=self._speaker.sink.status(),
            takeovers=self.console.status(),
            standby=self._partner.status(),
            limiter=limiter,
            log=_log_status(self._recorder),
            faults=self._faults,
            timings_ms=self._timings.percentiles_ms(),
        )

    def _log_line(self) -> str:
        status = self.status()
        stages = ", ".join(f"{stage} {p[0]:.1f}/{p[2]:.1f} ms" for stage, p in status.timings_ms.items())
        return f"{status.output_hz:.1f} Hz, p50/p99: {stages}; {status.send_errors} send errors"

    def close(self) -> None:
        """Close the sockets."""
        self.inbox.close()
        self._announcer.close()
        if self._lead is not None:
            self._lead.close()


def _log_status(recorder: Recorder | None) -> LogStatus | None:
    return None if recorder is None else LogStatus(str(recorder.path), recorder.failing, recorder.lost_seconds)


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder and which of the two this is."""
    name = argv[1] if len(argv) > 1 else PAIR[0]
    run = Run(name, argv)
    put_first(NICENESS)
    with contextlib.suppress(OSError):  # Linux weighs whole login sessions first, and processes only within one
        AUTOGROUP.write_text(str(NICENESS), encoding="ascii")
    network = LightingNetwork.of(run.config)
    sink = Outputs(run.config.universes, run.config.network.interface)
    recorder = open_log(run.config, name, run.folder.name)
    lighting = Lighting(run, MonotonicClock(), sink, network, recorder=recorder, lead=LeaderRecord(run.folder, name))
    give_back()
    gc.freeze()  # what was loaded stays; a full collection would cost a tick
    come_first()
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
