"""Clocks of others that come by MIDI and by Art-Net, told to the show. Edge: a socket."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from controller.clock import Clock
from controller.evening.timecode import Source
from controller.messages import Command
from controller.watching.controls.timecode import ClockTeller, MidiTimecode, artnet_timecode, late_s

log = logging.getLogger(__name__)

TIMECODE_KINDS = ("quarter_frame", "sysex")
"""Kinds of MIDI messages that may be timecode."""
ARTNET_PORT = 6454
RETRY_S = 5.0


class OutsideClocks:
    """Hears them.

    Args:
        clock: time. send: takes a command, and who gave it.
    """

    def __init__(self, clock: Clock, send: Callable[[Command, str], None]) -> None:
        self._clock, self._send = clock, send
        self._mtc: dict[str, MidiTimecode] = {}
        self._teller, self._sixteenths = ClockTeller(), 0

    def timecode(self, port: str, message: Any, at_s: float) -> None:  # noqa: ANN401 - a mido message
        """A quarter frame or a system exclusive message."""
        found = self._mtc.setdefault(port, MidiTimecode()).hear(message)
        if found is not None:
            self._stands("MTC", found.at_s, at_s - late_s(message, found))

    def song_position(self, message: Any, at_s: float, beat_s: float) -> None:  # noqa: ANN401 - a mido message
        """Start, Continue and a position in sixteenths say where the song is, as far as its tempo is known.

        Args:
            beat_s: seconds of a beat, 0: not known.
        """
        if message.type == "songpos":
            self._sixteenths = message.pos
        elif message.type == "start":
            self._sixteenths = 0
        if message.type in ("start", "continue") and beat_s > 0.0:
            self._stands("song position", self._sixteenths * beat_s / 4.0, at_s)

    def packet(self, packet: bytes) -> None:
        """One datagram on Art-Net's port."""
        found = artnet_timecode(packet)
        if found is not None:
            self._stands("Art-Net timecode", found.at_s, self._clock.now_s())

    def _stands(self, by: Source, place_s: float, at_s: float) -> None:
        told = self._teller.hear(by, place_s, at_s)
        if told is not None:
            self._send(told, by)

    async def listen(self, host: str) -> None:
        """Wait for Art-Net timecode until cancelled.

        Args:
            host: address of this machine; "0.0.0.0" hears broadcasts on every card.
        """
        told = False
        while True:
            try:
                opened = _opened(host)
            except OSError as error:
                if not told:
                    told = True
                    log.warning("Art-Net timecode: cannot listen on %s: %s; trying again", host, error.strerror)
                await asyncio.sleep(RETRY_S)
                continue
            with contextlib.closing(opened):
                transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Packets(self), sock=opened
                )
                with contextlib.closing(transport):
                    await asyncio.Event().wait()


def _opened(host: str) -> socket.socket:
    """A socket beside others that hear the same port, among them this program's own desk input."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setblocking(False)
        opened.bind((host, ARTNET_PORT))
    except OSError:
        opened.close()
        raise
    return opened


class _Packets(asyncio.DatagramProtocol):
    def __init__(self, clocks: OutsideClocks) -> None:
        self._clocks = clocks

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 - the protocol's own
        self._clocks.packet(data)
