"""Where packets go: sockets that survive a pulled cable, and who takes which packet. Edge: the network."""

import contextlib
import ipaddress
import logging
import socket
from collections.abc import Mapping
from errno import ECONNREFUSED, ENOBUFS
from typing import Protocol

from controller.bus.news import OutputStatus
from controller.config import EnttecProConfig, OlaConfig, OpenDmxConfig, UniverseConfig
from controller.lighting.output.ledger import Ledger
from controller.lighting.output.names import Names
from controller.lighting.output.ola_sink import OlaSink
from controller.lighting.output.routes import routes
from controller.lighting.output.serial_sinks import SerialSinks
from controller.lighting.output.streams import Packet
from controller.lighting.output.unreached import Unreached

log = logging.getLogger(__name__)

RETRY_S = 1.0
MULTICAST_TTL = 20
"""Enough for any venue's routers (E1.31 section 9.3.2 leaves it open)."""


class Sink(Protocol):
    """Takes packets; never raises and never waits."""

    @property
    def errors(self) -> int:
        """How many packets did not leave."""
        ...

    def send(self, packet: Packet, now_s: float) -> None:
        """Send one packet, or count an error."""
        ...

    def status(self) -> dict[str, OutputStatus]:
        """Sent, errors and state of each output by name."""
        ...

    def ports(self) -> frozenset[int]:
        """UDP ports that our own packets come from: who hears itself must know."""
        ...

    def release(self) -> None:
        """Let go of every socket and device until the next packet: another process sends now."""
        ...


class Outputs:
    """All outputs of a configuration: the network ones here, serial devices each in a thread of its own.

    Args:
        universes: as configured. interface: address of the card that lighting leaves by, or None.
    """

    def __init__(self, universes: Mapping[int, UniverseConfig], interface: str | None = None) -> None:
        self._ledger, self._names = Ledger(), Names()
        self._udp = UdpSink(interface, self._ledger, self._names)
        self._ola = OlaSink(self._ledger, self._names)
        self._serial: SerialSinks | None = None
        self._of_olad: set[str] = set()
        self._devices: dict[str, EnttecProConfig | OpenDmxConfig] = {}
        for route in routes(universes):
            match route.output:
                case OlaConfig():
                    self._of_olad.add(route.name)
                case EnttecProConfig() | OpenDmxConfig() as output:
                    self._devices[route.name] = output

    @property
    def errors(self) -> int:
        """How many packets of any output did not leave."""
        return self._ledger.errors

    def send(self, packet: Packet, now_s: float) -> None:
        """Hand one packet to whom it belongs."""
        if packet.output in self._devices:
            self._opened().send(packet, now_s)
        elif packet.output in self._of_olad:
            self._ola.send(packet, now_s)
        else:
            self._udp.send(packet, now_s)

    def _opened(self) -> SerialSinks:
        """The serial devices; opened with the first packet, because a device belongs to one process at a time."""
        if self._serial is None:
            self._serial = SerialSinks(self._ledger)
            for output in self._devices.values():
                self._serial.add(output)
        return self._serial

    def release(self) -> None:
        """Let go of every socket and device; the next packet opens them again."""
        self._udp.close()
        self._ola.close()
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def status(self) -> dict[str, OutputStatus]:
        """Sent, errors and state of each output by name."""
        return self._ledger.status()

    def ports(self) -> frozenset[int]:
        """UDP ports that our own packets come from."""
        return self._udp.ports()

    def close(self) -> None:
        """Close sockets and devices."""
        self.release()
        self._names.close()


class UdpSink:
    """UDP sockets, never bound to a protocol's port (that is the receivers').

    Each host has a socket of its own: packets to hosts that do not answer ARP wait in the kernel and count against the
    socket's buffer, and would fill it for all others. Multicast and broadcast need no ARP and share one.

    An error is counted and said once for each output; that destination rests for a second, the others go on. So is a
    host that is not reached, but it does not rest: it has its light again as soon as it listens.
    """

    def __init__(self, interface: str | None = None, ledger: Ledger | None = None, names: Names | None = None) -> None:
        self._interface = interface
        self._ledger = ledger or Ledger()
        self._names = names or Names()
        self._resting: dict[tuple[str, int], float] = {}
        self._unreached = Unreached()
        self._sockets: dict[str, socket.socket] = {}
        self._shared: dict[str, str] = {}

    @property
    def errors(self) -> int:
        """How many packets did not leave."""
        return self._ledger.errors

    def send(self, packet: Packet, now_s: float) -> None:
        """Send, unless this destination failed within the last second."""
        address = packet.address
        failed_s = self._resting.get(address)
        if failed_s is not None and now_s - failed_s < RETRY_S:
            return
        account = self._ledger.account(packet.output or f"{address[0]}:{address[1]}")
        host = self._names.address(address[0])
        try:
            if host is None:
                raise OSError(f"host {address[0]} is not known")
            self._hand_over(packet.payload, (host, address[1]), now_s)
        except OSError as error:
            account.bad(error)
            self._resting[address] = now_s
            self._drop(host)
            return
        if failed_s is not None:
            del self._resting[address]
        if reason := self._unreached.reason((host, address[1]), now_s):
            account.bad(f"nobody takes it there ({reason})")
        else:
            account.good()

    def _hand_over(self, payload: bytes, place: tuple[str, int], now_s: float) -> None:
        """Give a packet to the system. An error that is only news of earlier packets is noted, and this one leaves.

        Raises:
            OSError: it cannot leave.
        """
        sock = self._socket(place[0])
        for tries_left in (2, 1, 0):  # more news may come in between
            try:
                sock.sendto(payload, place)
            except OSError as error:
                # a queue that was read a moment too early is empty, and the refusal is reported all the same
                is_news = self._unreached.hear(sock, now_s) or error.errno == ECONNREFUSED
                if error.errno == ENOBUFS and not is_news:
                    return  # the card's queue is full: a packet is lost, which is no reason to rest
                if not (is_news and tries_left):
                    raise
            else:
                return

    def _socket(self, host: str) -> socket.socket:
        key = self._shared.get(host)
        if key is None:
            key = self._shared[host] = "all" if _reaches_many(host) else host
        found = self._sockets.get(key)
        if found is None:
            found = self._sockets[key] = sending_socket(self._interface)
            if key != "all" and not ipaddress.IPv4Address(host).is_loopback:  # a visualiser that is closed is no news
                self._unreached.watch(found)
        return found

    def _drop(self, host: str | None) -> None:
        """The next try opens a new socket: one that was bound to an address which went away never works again."""
        sock = self._sockets.pop(self._shared.get(host or "", ""), None)
        if sock is not None:
            sock.close()

    def status(self) -> dict[str, OutputStatus]:
        """Sent, errors and state of each output by name."""
        return self._ledger.status()

    def ports(self) -> frozenset[int]:
        """UDP ports that our own packets come from."""
        found = set()
        for sock in self._sockets.values():
            with contextlib.suppress(OSError):
                found.add(sock.getsockname()[1])
        return frozenset(found)

    def close(self) -> None:
        """Close the sockets."""
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()


def sending_socket(interface: str | None) -> socket.socket:
    """A socket for sending, by one card if its address is given.

    Raises:
        OSError: the card does not have this address (now).
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, MULTICAST_TTL)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)  # a visualiser on this machine may listen
        if interface is not None:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            sock.bind((interface, 0))
    except OSError:
        sock.close()
        raise
    return sock


def _reaches_many(host: str) -> bool:
    """Multicast or broadcast; a last number 255 is taken for a directed one, at worst a host shares a socket."""
    return ipaddress.IPv4Address(host).is_multicast or host.endswith(".255")
