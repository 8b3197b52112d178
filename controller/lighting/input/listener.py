"""Sockets that hear a person's desk: bounded work in each cycle, and nothing that arrives can stop the light.

Both protocols are without authentication: `desk.allow` names whom to believe, `desk.interface` by which card. Edge: the
network.
"""

import contextlib
import ipaddress
import logging
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from controller.config import DeskArtNetConfig, DeskConfig, DeskSacnConfig
from controller.lighting.input.feed import Datagram
from controller.lighting.kernel_filter import IPNetwork, drop_strangers
from controller.lighting.network_cards import card_with, networks_of
from controller.lighting.protocol import artnet, sacn

log = logging.getLogger(__name__)

MOST_IN_A_CYCLE = 256
MOST_REFUSED = 2_000
"""Datagrams of strangers that are thrown away in one cycle, some four milliseconds of work."""
FLOOD = 200
"""Refused in one cycle, beyond what a wrong configuration on a quiet network could send."""
OP_POLL_REPLY = b"\x00\x21"
RETRY_S = (0.5, 1.0, 2.0, 5.0)
QUIET_S = 10.0
"""A socket that heard nothing for so long is opened again: a card that was unplugged and plugged in is another card to
the kernel, and a switch may have forgotten who wanted which group."""
GROUPS_OF_A_SOCKET = 20
"""Linux lets a socket join so many (net.ipv4.igmp_max_memberships)."""
IP_MULTICAST_ALL = 49
"""Linux; Python's socket module does not name it."""
ANY = "0.0.0.0"  # noqa: S104 - the name of "every card", and what is configured decides
BUFFER_BYTES = 1 << 20


class ConsoleSocket:
    """One socket on one well-known port, opened again when it breaks.

    Args:
        port: 6454 or 5568. interface: address of the card, or 0.0.0.0. groups: multicast groups to join.
    """

    def __init__(self, port: int, interface: str, groups: list[str]) -> None:
        self.port = port
        self._interface, self._groups = interface, groups
        self._socket: socket.socket | None = None
        self._retry_at_s = self._heard_s = float("-inf")
        self._failures = 0
        self.flooded = self._filtered = False

    def drop_strangers(self, allowed: Sequence[IPNetwork]) -> None:
        """From now on the kernel drops what would be refused here; not before a flood, since it counts nothing."""
        if self._socket is not None and not self._filtered:
            self._filtered = drop_strangers(self._socket, allowed, poll_replies=self.port == artnet.PORT)
            if self._filtered:
                log.warning(
                    "port %d is flooded by addresses that desk.allow does not name; they are dropped", self.port
                )

    def receive(
        self, now_s: float, most: int, believes: Callable[[bytes, str, int], bool]
    ) -> Iterator[tuple[bytes, str]]:
        """What is there from whom we believe, at most so many; who is not believed uses up nobody's turn.

        Args:
            now_s: time. most: datagrams. believes: told the payload, and the address and port it came from.
        """
        if not self._ready(now_s) or self._socket is None:
            return
        believed = refused = 0
        try:
            while believed < most and refused < MOST_REFUSED and self._socket is not None:
                payload, (ip, port) = self._socket.recvfrom(2048)
                self._heard_s = now_s
                if believes(payload, ip, port):
                    believed += 1
                    yield payload, ip
                else:
                    refused += 1
        except BlockingIOError:
            if (self._groups or self._interface != ANY) and now_s - self._heard_s > QUIET_S:
                self.close()
        except OSError as error:
            self._break(error, now_s)
        self.flooded = refused >= FLOOD

    def answer(self, payload: bytes, address: tuple[str, int]) -> None:
        """Answer a question from the port that it came to; one that cannot be answered is asked again."""
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.sendto(payload, address)

    def _ready(self, now_s: float) -> bool:
        if self._socket is None and now_s >= self._retry_at_s:
            try:
                self._socket = listening_socket(self.port, self._interface, self._groups)
            except OSError as error:
                self._break(error, now_s)
            else:
                self._heard_s = now_s
                if self._failures:
                    log.warning("listening on port %d works again", self.port)
                self._failures = 0
        return self._socket is not None

    def _break(self, error: OSError, now_s: float) -> None:
        self.close()
        if not self._failures:
            log.warning("listening on port %d failed: %s; trying again", self.port, error)
        self._retry_at_s = now_s + RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._filtered = None, False

    @property
    def state(self) -> str:
        """For people."""
        return "ok" if self._socket is not None else "failed" if self._failures else "idle"


class Listener:
    """All sockets that listen for lighting data; none where nothing is to be heard.

    Args:
        desk: what is to be heard, by which card and from whom. discover: answers of Art-Net nodes are wanted, too.
        output_interface: the card that polls leave by. nodes: addresses and networks of nodes; none: that card's.
    """

    def __init__(
        self,
        desk: DeskConfig,
        *,
        discover: bool = False,
        output_interface: str | None = None,
        nodes: Sequence[str] = (),
    ) -> None:
        named = [ipaddress.ip_network(one, strict=False) for one in nodes]
        self._nodes = named or networks_of(output_interface)
        self._allowed = [ipaddress.ip_network(one, strict=False) for one in desk.allow]
        hears_artnet = any(isinstance(one, DeskArtNetConfig) for one in desk.inputs)
        self._ears: list[ConsoleSocket] = []
        if hears_artnet or discover:
            wanted = {desk.interface} if hears_artnet else set()
            wanted |= {output_interface or ANY} if discover else set()
            self._ears.append(ConsoleSocket(artnet.PORT, wanted.pop() if len(wanted) == 1 else ANY, []))
        universes = {one.sacn_universe for one in desk.inputs if isinstance(one, DeskSacnConfig)}
        groups = [sacn.multicast_address(universe) for universe in sorted(universes)]
        for at in range(0, len(groups), GROUPS_OF_A_SOCKET):
            self._ears.append(ConsoleSocket(sacn.PORT, desk.interface, groups[at : at + GROUPS_OF_A_SOCKET]))
        self._local: dict[str, bool] = {}
        self.refused = 0

    def receive(self, now_s: float, own_ports: frozenset[int]) -> Iterator[Datagram]:
        """Datagrams that arrived from whom we believe, except our own; a flood waits for the next cycle.

        Args:
            now_s: for opening sockets again. own_ports: that our own packets come from.
        """
        for ear in self._ears:
            believes = partial(self._takes, ear.port, own_ports)
            for payload, ip in ear.receive(now_s, MOST_IN_A_CYCLE // len(self._ears), believes):
                yield Datagram(ear.port, ip, payload)
            if ear.flooded and self._allowed:
                ear.drop_strangers(self._allowed)

    def answer(self, payload: bytes, ip: str) -> None:
        """Answer an ArtPoll: unicast, from port 6454 to port 6454 (Art-Net 4)."""
        for ear in self._ears:
            if ear.port == artnet.PORT:
                ear.answer(payload, (ip, artnet.PORT))

    def address_towards(self, ip: str) -> str:
        """Our own address as the other sees it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with contextlib.suppress(OSError):
                sock.connect((ip, artnet.PORT))  # of a datagram socket: sends nothing, looks the route up
            return str(sock.getsockname()[0])

    def _takes(self, port: int, own_ports: frozenset[int], payload: bytes, ip: str, from_port: int) -> bool:
        """Whether a datagram is for us: not our own, and from whom we believe. Nodes are no desks."""
        if from_port in own_ports and self._is_local(ip):
            return False
        taken = self._was_asked(ip) if payload[8:10] == OP_POLL_REPLY and port == artnet.PORT else self._believes(ip)
        self.refused += not taken
        return taken

    def _was_asked(self, ip: str) -> bool:
        """Whether our question could reach a node of this address."""
        return not self._nodes or any(ipaddress.ip_address(ip) in one for one in self._nodes)

    def _believes(self, ip: str) -> bool:
        return not self._allowed or any(ipaddress.ip_address(ip) in one for one in self._allowed)

    def _is_local(self, ip: str) -> bool:
        """Whether an address is this machine's: the kernel lets nobody bind another's."""
        if ip not in self._local:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                try:
                    sock.bind((ip, 0))
                    self._local[ip] = True
                except OSError:
                    self._local[ip] = False
        return self._local[ip]

    def status(self) -> dict[str, str]:
        """State of each socket by port."""
        return {str(ear.port): ear.state for ear in self._ears}

    def close(self) -> None:
        """Close the sockets."""
        for ear in self._ears:
            ear.close()


def listening_socket(port: int, interface: str, groups: list[str]) -> socket.socket:
    """A socket on a well-known port that other programs may listen on, too.

    Bound to every address, because one that is bound to a card's address gets neither broadcast nor multicast; where
    a card is named, it is bound to that card's device instead.

    Raises:
        OSError: the port is taken for good, or the card is not there.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "darwin":  # on Linux it would deal unicast out among programs like cards
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        if interface != ANY:
            _bind_to_device(sock, interface)
        sock.bind(("", port))
        for group in groups:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(group, interface))
        if groups:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
    except OSError:
        sock.close()
        raise
    return sock


def _membership(group: str, interface: str) -> bytes:
    return socket.inet_aton(group) + socket.inet_aton(interface)


def _bind_to_device(sock: socket.socket, interface: str) -> None:
    """Hear one card only. Where the system cannot do that, all cards are heard and `desk.allow` is what is left."""
    name = card_with(interface)
    if name is None:
        raise OSError(f"no network card has the address {interface}")
    if hasattr(socket, "SO_BINDTODEVICE"):
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode() + b"\0")
