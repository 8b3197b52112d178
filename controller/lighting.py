"""Process 2 of 3: lights the rig. Tokens and pulses in; DMX on the wire, forty times a second, whatever happens
elsewhere.

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

from controller.bus import Commands, Newest, Publisher, revive
from controller.clock import Clock, Deadlines, MonotonicClock
from controller.config import Config
from controller.cycle import AGES_S, OutputCycle, checksum
from controller.desk import Tick, patch_of
from controller.input.listener import Listener
from controller.journal import Journal
from controller.messages import LightToken, Pulse
from controller.network_cards import broadcast_addresses
from controller.output.cid import source_cid
from controller.output.sender import NOBODY, SendBudget, Sender
from controller.output.sinks import Outputs, Sink
from controller.process import Run
from controller.recording import Cycle, Heard, Recorder
from controller.show_log import open_log
from controller.state_folder import state_folder
from controller.takeover.person import Person
from controller.timing import Timings

log = logging.getLogger(__name__)

ACCENT_GAP_S = 0.008
"""A cycle pulled forward leaves at least this long after the one before."""
NICENESS = -10
LOG_S = 10.0
STATUS_S = 0.5


@dataclass(frozen=True, slots=True)
class Network:
    """This process on the lighting network: what it is known by, where it polls, what it hears, what it writes down."""

    cid: UUID = NOBODY
    poll_to: tuple[str, ...] = ()
    listener: Listener | None = None
    journal: Journal | None = None

    @staticmethod
    def of(config: Config) -> "Network":
        """As configured."""
        folder, interface = state_folder(), config.network.interface
        discovers = Sender(config.universes).discovers
        listens = discovers or bool(config.desk.inputs)
        return Network(
            cid=source_cid(config.network.cid, config.venue, folder),
            poll_to=tuple(broadcast_addresses(interface)) if discovers else (),
            listener=Listener(config.desk, discover=discovers, output_interface=interface) if listens else None,
            journal=Journal(folder / "takeovers.jsonl") if config.desk.inputs else None,
        )

    def close(self) -> None:
        """Close sockets and file."""
        for one in (self.listener, self.journal):
            if one is not None:
                one.close()


class Lighting:
    """The process's parts, joined.

    Args:
        run: configuration, folder and stop signal. clock: time. sink: where packets go. network: what is heard.
        recorder: where the show is written down.
    """

    def __init__(
        self, run: Run, clock: Clock, sink: Sink, network: Network | None = None, recorder: Recorder | None = None
    ) -> None:
        config, network = run.config, network or Network()
        self._run, self._clock, self._sink = run, clock, sink
        patch = patch_of(config)
        self._person = Person(config, patch, network.cid, network.listener, network.journal)
        self._made = OutputCycle(config, patch, self._person)
        self._taken: list[tuple[float, Pulse]] = []
        self._recorder = recorder
        self._sender = Sender(config.universes, config.network, network.cid, network.poll_to)
        self._budget = SendBudget(config.rates.output_max_hz, ACCENT_GAP_S)
        self._deadlines = Deadlines(1.0 / config.rates.output_hz, clock.now_s())
        self._tokens = Newest(run.context, run.folder, "tokens")
        self._pulses = Newest(run.context, run.folder, "pulses")
        self._commands = Commands(run.context, run.folder)
        self._stage = Publisher(run.context, run.folder, "stage")
        self._poller = zmq.Poller()
        self._poller.register(self._pulses.socket, zmq.POLLIN)
        self._timings = Timings(keep=2_400)
        self._sent_s: deque[float] = deque(maxlen=2_400)
        self._cycles = self._pulled = 0
        self._longest_gap_s = 0.0
        self._shown_s = -np.inf
        self._last = Tick([], "house")
        self._faults = 0
        self._counted_s = -np.inf
        self._counted: dict[str, Any] = {}
        self._was = ""

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
            if remaining_s < 0.001:
                self._clock.sleep_until(self._deadlines.next_s)
            elif self._poller.poll(int(remaining_s * 1e3)) and self._hear_pulse():
                earliest_s = self._budget.earliest_s(self._clock.now_s())
                if earliest_s is not None and earliest_s < self._deadlines.next_s:
                    self._deadlines.next_s = earliest_s
                    pulled = True
        return pulled

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
            self._send(self._last, now_s)

    def _cycle(self, *, pulled: bool) -> None:
        now_s = self._clock.now_s()
        self._pulled += pulled
        self._timings.add("lateness", self._deadlines.advance(now_s))
        self._hear_pulse()
        for ip, reply in self._person.listen(now_s, self._sink.ports()):
            self._sender.hear(reply, ip, now_s)
        token = revive(LightToken, self._tokens.take())
        tick = self._make(now_s, Heard(token=token, commands=tuple(self._commands.take_all())))
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
            news = self._person.news
            heard = replace(heard, desk=news.desk, turned=news.turned)
            self._recorder.add(Cycle(now_s, heard, checksum(tick.frames)))
        return tick

    def _send(self, tick: Tick, now_s: float) -> None:
        self._last = tick
        for packet in self._sender.packets(tick.frames, now_s):
            self._sink.send(packet, now_s)
        self._budget.note(now_s)
        if self._sent_s:
            self._longest_gap_s = max(self._longest_gap_s, now_s - self._sent_s[-1])
        self._sent_s.append(now_s)
        self._cycles += 1
        if tick.health != self._was:
            self._was = tick.health
            log.info("the show is %s", tick.health)

    def _show(self, tick: Tick, now_s: float) -> None:
        """Tell the page what just left, at the page's own rate."""
        if now_s - self._shown_s < 1.0 / self._run.config.rates.page_hz - 0.002:
            return
        self._shown_s = now_s
        operator = self._made.desk.operator
        self._stage.send(
            {
                "t_s": now_s,
                "frames": {str(frame.universe): frame.slots.tobytes() for frame in tick.frames},
                "health": tick.health,
                "grand_master": operator.grand_master,
                "blackout": operator.blackout,
                "hold": operator.hold,
                "flash_override": operator.flash_override,
                "status": self._status_now(now_s),
            }
        )

    def _status_now(self, now_s: float) -> dict[str, Any]:
        """The status, counted twice a second and not at every cycle."""
        if now_s - self._counted_s >= STATUS_S:
            self._counted_s, self._counted = now_s, self.status()
        return self._counted

    def _leave(self) -> None:
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
        for packet in self._sender.farewell():
            self._sink.send(packet, self._clock.now_s())

    def status(self) -> dict[str, Any]:
        """Numbers for the page, the log and the summary."""
        span_s = self._sent_s[-1] - self._sent_s[0] if len(self._sent_s) > 1 else 0.0
        return {
            "cycles": self._cycles,
            "pulled_cycles": self._pulled,
            "skipped_cycles": self._deadlines.skipped,
            "output_hz": round((len(self._sent_s) - 1) / span_s, 2) if span_s > 0 else 0.0,
            "longest_gap_ms": round(self._longest_gap_s * 1e3, 2),
            "send_errors": self._sink.errors,
            "outputs": self._sink.status(),
            "takeovers": self._person.status(),
            "limiter": {**self._made.limiter.status(), "overridden": self._made.overridden},
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
        for one in (self._tokens, self._pulses, self._commands, self._stage):
            one.close()


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder."""
    run = Run("lighting", argv)
    with contextlib.suppress(PermissionError):
        os.nice(NICENESS)  # where the system lets us: the light comes first
    network = Network.of(run.config)
    sink = Outputs(run.config.universes, run.config.network.interface)
    recorder = open_log(run.config)
    lighting = Lighting(run, MonotonicClock(), sink, network, recorder)
    gc.freeze()  # what was loaded stays; a full collection would cost a tick
    try:
        lighting.light()
        run.say(lighting.status())
    finally:
        lighting.close()
        sink.close()
        network.close()
        if recorder is not None:
            recorder.close()
        run.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
