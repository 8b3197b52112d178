"""A datagram socket towards the other machine, which survives a pulled cable. Edge: the network.

A main sends from any port to the backup's; a backup listens on its own, by the card that leads to the main, and hears
that one address only: the kernel drops all others and, where it cannot, they count for nothing. Neither waits for
anything.
"""

import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterator

from controller.lighting.kernel_filter import drop_strangers

log = logging.getLogger(__name__)

PeerAddress = tuple[str, int]
MOST_IN_A_CYCLE = 32
MOST_STRANGERS = 2_000
"""Datagrams of others that are thrown away in one turn, some four milliseconds of work."""
BUFFER_BYTES = 1 << 20
RETRY_S = 0.5
QUIET_S = 5.0
"""After so long without a word the socket is opened again: the card may have got another address."""


class PartnerLink:
    """One end.

    Args:
        peer: address of the other machine. port: the backup's. listens: whether this is the backup's end.
    """

    def __init__(self, peer: str, port: int, *, listens: bool) -> None:
        self._peer, self._port, self._listens = peer, port, listens
        self._family = socket.AF_INET6 if ipaddress.ip_address(peer).version == 6 else socket.AF_INET
        self._socket: socket.socket | None = None
        self._retry_at_s = self._heard_s = float("-inf")
        self._failing = False

    def receive(self, now_s: float) -> Iterator[tuple[bytes, PeerAddress]]:
        """What arrived from the other machine, at most so many; with the address to answer to."""
        sock = self._ready(now_s)
        if sock is None:
            return
        try:
            own = strangers = 0
            while own < MOST_IN_A_CYCLE and strangers < MOST_STRANGERS:
                payload, address = sock.recvfrom(2048)
                if address[0] != self._peer:
                    strangers += 1
                    continue
                own += 1
                self._heard_s = now_s
                yield payload, address[:2]
        except BlockingIOError:
            if self._listens and now_s - self._heard_s > QUIET_S:
                self.close()
        except ConnectionRefusedError:
            return  # nobody listens there yet
        except OSError as error:
            self._break(error, now_s)

    def send(self, payload: bytes, now_s: float, address: PeerAddress | None = None) -> None:
        """Send one datagram, or lose it. Without `address`: to the backup's port."""
        sock = self._ready(now_s)
        if sock is None:
            return
        try:
            sock.sendto(payload, address or (self._peer, self._port))
        except (BlockingIOError, ConnectionRefusedError):
            return
        except OSError as error:
            self._break(error, now_s)
        else:
            self._works()

    def _ready(self, now_s: float) -> socket.socket | None:
        if self._socket is None and now_s >= self._retry_at_s:
            try:
                self._socket = self._open()
            except OSError as error:
                self._break(error, now_s)
            else:
                self._heard_s = now_s
        return self._socket

    def _open(self) -> socket.socket:
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if self._listens:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # our spare process may have to listen, too
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
                sock.bind((self._own_address(), self._port))
            drop_strangers(sock, [ipaddress.ip_network(self._peer)])
        except OSError:
            sock.close()
            raise
        return sock

    def _own_address(self) -> str:
        """Of the card that leads to the other machine."""
        with socket.socket(self._family, socket.SOCK_DGRAM) as probe:
            probe.connect((self._peer, self._port))  # of a datagram socket: sends nothing, looks the route up
            return str(probe.getsockname()[0])

    def _works(self) -> None:
        if self._failing:
            log.warning("the way to %s works again", self._peer)
        self._failing = False

    def _break(self, error: OSError, now_s: float) -> None:
        self.close()
        self._retry_at_s = now_s + RETRY_S
        if not self._failing:
            log.warning("the way to the other machine, %s, failed: %s; trying again", self._peer, error)
        self._failing = True

    def close(self) -> None:
        """Close the socket; the next word opens it again."""
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.close()
        self._socket = None
