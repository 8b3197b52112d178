"""Where packets go: a UDP socket that survives a pulled cable. Edge: the network."""

import logging
import socket
from typing import Protocol

from controller.output.sender import Packet

log = logging.getLogger(__name__)

RETRY_S = 1.0


class Sink(Protocol):
    """Takes packets; never raises."""

    errors: int

    def send(self, packet: Packet, now_s: float) -> None:
        """Send one packet, or count an error."""
        ...


class UdpSink:
    """One UDP socket for all destinations, never bound to a protocol's port (that is the receivers').

    An error is counted and said once for each destination; that destination rests for a second, the others go on.
    """

    def __init__(self) -> None:
        self.errors = 0
        self._failed_s: dict[tuple[str, int], float] = {}
        self._socket = _new_socket()

    def send(self, packet: Packet, now_s: float) -> None:
        """Send, unless this destination failed within the last second."""
        failed_s = self._failed_s.get(packet.address)
        if failed_s is not None and now_s - failed_s < RETRY_S:
            return
        try:
            self._socket.sendto(packet.payload, packet.address)
        except OSError as error:
            self._note_failure(packet, error, now_s)
        else:
            if failed_s is not None:
                del self._failed_s[packet.address]
                log.warning("output to %s:%d works again", *packet.address)

    def _note_failure(self, packet: Packet, error: OSError, now_s: float) -> None:
        self.errors += 1
        if packet.address not in self._failed_s:
            log.warning("output to %s:%d failed: %s; trying again every second", *packet.address, error)
        self._failed_s[packet.address] = now_s
        self._socket.close()
        self._socket = _new_socket()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _new_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return sock
