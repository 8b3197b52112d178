"""Everything people steer with besides the page, joined: ports and sockets in, commands out. Edge: asyncio."""

import asyncio
import contextlib
import ipaddress
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from controller.clock import Clock
from controller.config import ControlsConfig
from controller.errors import ConfigError
from controller.messages import Command, Operator
from controller.state_folder import set_aside
from controller.watching.controls.mapping import Binding, Event, Mapping, binding_from, read_mapping, write_mapping
from controller.watching.controls.midi import CLOCK_KINDS, Arrived, Clocks, MidiPorts, MidiReader, backend
from controller.watching.controls.osc import read_datagram
from controller.watching.controls.outside_clocks import TIMECODE_KINDS, OutsideClocks

log = logging.getLogger(__name__)

POLL_S = 0.005
LIGHTS_S = 0.1
RETRY_S = 5.0
MOST_SAID = 50


class Surface:
    """All controllers of a show.

    Args:
        config: what is connected. file: the mapping's. clock: time.
        send: takes a command, and who gave it. standing: how the show stands.

    Attributes:
        refused: OSC from strangers, or in a shape that is not understood.
    """

    def __init__(
        self,
        config: ControlsConfig,
        file: Path,
        clock: Clock,
        send: Callable[[Command, str], None],
        standing: Callable[[], Operator],
    ) -> None:
        self._config, self._file, self._clock = config, file, clock
        self._send, self._standing = send, standing
        self._mapping, self._spoilt = _mapping(file)
        self._kept_before = False
        self._ports = MidiPorts(config.midi, backend(), clock.now_s) if config.midi else None
        self._clocks, self._reader = Clocks(), MidiReader()
        self._outside = OutsideClocks(clock, send)
        self._lit_s = float("-inf")
        self._said: set[str] = set()
        self.refused = 0

    @property
    def names(self) -> list[str]:
        """Of connected controllers."""
        osc = [f"OSC {self._config.osc.host}:{self._config.osc.port}"] if self._config.osc else []
        return [*(self._ports.names if self._ports else []), *osc]

    @property
    def learning(self) -> str:
        """What waits for a knob to be moved, "" if nothing does."""
        one = self._mapping.learning
        return "" if one is None else ":".join(part for part in (one.do, one.target) if part)

    def learn(self, wanted: str) -> None:
        """Bind the next thing that moves: `DO`, `hand:TARGET:intensity`, `scene:NAME`; anything else stops learning."""
        do, _, rest = wanted.partition(":")
        target, _, part = rest.rpartition(":") if do == "hand" else (rest, "", "intensity")
        self._mapping.learning = binding_from(do, target, part or "intensity")

    async def run(self) -> None:
        """Until cancelled."""
        osc = asyncio.create_task(self._listen()) if self._config.osc else None
        host = self._config.artnet_timecode
        timecode = asyncio.create_task(self._outside.listen(host)) if host else None
        if self._ports is not None:
            self._ports.watch()
        try:
            while True:
                self.step(self._clock.now_s())
                await asyncio.sleep(POLL_S if self._ports else 10 * POLL_S)
        finally:
            for one in (osc, timecode):
                if one is not None:
                    one.cancel()
            if self._ports is not None:
                self._ports.close()

    def step(self, now_s: float) -> None:
        """Take what arrived by MIDI, say again what is held, set the LEDs."""
        if self._ports is not None:
            for one in self._ports.arrived(now_s):
                self._take(one)
            for event in self._reader.late(now_s):
                self.hear(event, "midi", now_s)
            if self._ports.lost:
                self._ports.lost = False
                self._give(self._mapping.release(), "midi")
            if now_s - self._lit_s >= LIGHTS_S:
                self._lit_s = now_s
                self._ports.show(self._mapping.lights(self._standing()), now_s)
        self._give(self._mapping.repeats(now_s), "held")

    def _take(self, one: Arrived) -> None:
        if one.message.type in TIMECODE_KINDS:
            self._outside.timecode(one.port, one.message, one.at_s)
            return
        if one.message.type in CLOCK_KINDS:
            self._outside.song_position(one.message, one.at_s, self._standing().beat_s)
            beat_s = self._clocks.hear(one.port, one.message, one.at_s)
            if beat_s is not None:
                self._give([Command("tempo", 1.0, "midi", (beat_s,))], "midi clock")
            return
        for event in self._reader.events(one.port, one.message, one.at_s):
            self.hear(event, "midi", one.at_s)

    def hear(self, event: Event, whose: str, now_s: float) -> None:
        """One event, by whatever way it came."""
        learned = self._mapping.learn(event)
        if learned is not None:
            self._keep(learned)
            return
        self._give(self._mapping.commands(event, self._standing(), now_s), whose)
        if self._mapping.found_out is not None:
            self._keep(self._mapping.found_out)
            self._mapping.found_out = None

    def _keep(self, learned: Binding) -> None:
        log.info("learned: %s", learned.written)
        try:
            self._keep_what_was_there()
            write_mapping(self._mapping.bindings, self._file)
        except OSError as error:
            log.warning("%s cannot be written: %s; what was learned lasts as long as this show", self._file, error)

    def _keep_what_was_there(self) -> None:
        """Once in a show, before the first writing: what people wrote by hand has comments that we do not keep.

        Raises:
            OSError: it cannot be kept.
        """
        if self._spoilt and self._file.exists():
            log.info("what could not be read is kept as %s", set_aside(self._file))
        elif not self._kept_before and self._file.exists():
            shutil.copy2(self._file, self._file.with_name(f"{self._file.name}.before"))
        self._spoilt, self._kept_before = False, True

    def _give(self, commands: list[Command], whose: str) -> None:
        for command in commands:
            self._send(command, whose)

    async def _listen(self) -> None:
        osc = self._config.osc
        if osc is None:
            return
        told = False
        while True:
            try:
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Osc(self), local_addr=(osc.host, osc.port)
                )
            except OSError as error:
                if not told:
                    told = True
                    log.warning("OSC: cannot listen on %s:%d: %s; trying again", osc.host, osc.port, error.strerror)
                await asyncio.sleep(RETRY_S)
                continue
            with contextlib.closing(transport):
                await asyncio.Event().wait()

    def datagram(self, payload: bytes, ip: str) -> None:
        """One datagram of OSC; from strangers, nothing."""
        osc = self._config.osc
        if osc is None or not _believed(ip, osc.allow):
            self.refused += 1
            return
        found = read_datagram(payload)
        for why in found.refused:
            self.refused += 1
            self._say_once(f"OSC from {ip} is refused: {why}")
        self._give(found.commands, f"osc {ip}")
        for event in found.events:
            self.hear(event, f"osc {ip}", self._clock.now_s())

    def _say_once(self, text: str) -> None:
        if text not in self._said and len(self._said) < MOST_SAID:
            self._said.add(text)
            log.info("%s", text)


def _mapping(file: Path) -> tuple[Mapping, bool]:
    """The mapping in a file; an empty one, and True, if that was spoilt since the show was checked."""
    try:
        return read_mapping(file), False
    except ConfigError as error:
        log.warning("%s; no knob does anything until that is mended and the page started again", error)
        return Mapping([]), True


class _Osc(asyncio.DatagramProtocol):
    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._surface.datagram(data, addr[0])


def _believed(ip: str, allow: list[str]) -> bool:
    """Whether an address is this machine's, or one of those that may."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return address.is_loopback or any(address in ipaddress.ip_network(one, strict=False) for one in allow)
