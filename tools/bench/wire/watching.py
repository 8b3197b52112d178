"""What output machines get: every packet as it reaches their cards, and the levels as their olads tell a client.

Reads packets by the standards (E1.31 section 4, Art-Net 4) and shares no code with the sender. Edge: sockets, a thread.
"""

import contextlib
import itertools
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tools.bench.run.hosts import Host
from tools.bench.run.olad import Olad, OladClient
from tools.bench.run.wire import SO_TIMESTAMPNS, arrived_s, parse_artdmx

ETH_P_IP = 0x0800
UDP = 17
OTHERS = 3
"""PACKET_OTHERHOST: a switch sends what is for a machine that is gone to every port; no program ever sees it."""
SO_RCVBUFFORCE = 33
"""Linux; Python's socket module does not name it."""
BUFFER_BYTES = 32 << 20
AT_ONCE = 64
SACN_ID, SACN_DATA, SACN_SLOTS_AT = b"ASC-E1.17\0\0\0", b"\0\0\0\x04", 126
WAIT_S = 0.1
NICENESS = -15


class Got(NamedTuple):
    """Levels of one universe: when they came, their number on the wire (-1: none), and when their cycle began."""

    t_s: float
    universe: int
    sequence: int
    cycle_s: float


class Machine:
    """What one output machine got.

    Attributes:
        packets: at its card. updates: at a client of its olad. levels: the newest of these, by universe of that olad.
    """

    def __init__(self, host: Host, olad: Olad) -> None:
        self.host, self.olad = host, olad
        self.packets: list[Got] = []
        self.updates: list[Got] = []
        self.levels: dict[int, bytes] = {}
        with host.here():
            self.card = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
            self.card.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
            self.card.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self.card.bind((host.card, ETH_P_IP))
        self.card.setblocking(False)

    def read_card(self) -> None:
        """Take some of what came."""
        for _ in range(AT_ONCE):
            try:
                payload, extras, _, (_, _, kind, *_) = self.card.recvmsg(2048, 128)
            except OSError:
                return  # nothing more; or the cable is out
            found = parsed(payload)
            if found is not None and kind != OTHERS:
                universe, sequence, slots = found
                self.packets.append(Got(arrived_s(extras), universe, sequence, cycle_s(slots)))


class Watch:
    """Watches machines in a thread until `close`.

    Args:
        machines: hosts with their olads. followed: how many universes of each a client asks for, first and last ones.
    """

    def __init__(self, machines: Iterable[tuple[Host, Olad]], followed: int = 2) -> None:
        self.machines = [Machine(host, olad) for host, olad in machines]
        self._followed = followed
        self._selector = selectors.DefaultSelector()
        self._clients: list[OladClient] = []
        for one in self.machines:
            self._selector.register(one.card, selectors.EVENT_READ, one)
            self.follow(one)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def follow(self, machine: Machine) -> None:
        """Ask its olad for levels; again after it was started again."""
        universes = machine.olad.universes
        client = OladClient(machine.olad, sorted({universes[0], *universes[len(universes) - self._followed + 1 :]}))
        self._clients.append(client)
        self._selector.register(client.socket, selectors.EVENT_READ, (machine, client))

    def _run(self) -> None:
        with contextlib.suppress(PermissionError):  # who looks at the clock must not be late itself
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._over.is_set():
            ready = [key for key, _ in self._selector.select(WAIT_S)]
            for key in ready:  # clients first: the kernel has stamped the packets already
                if isinstance(key.data, tuple):
                    self._told(*key.data)
            for key in ready:
                if isinstance(key.data, Machine):
                    key.data.read_card()

    def _told(self, machine: Machine, client: OladClient) -> None:
        now_s = time.monotonic()
        try:
            for universe, slots in client.read():
                machine.updates.append(Got(now_s, universe, -1, cycle_s(slots)))
                machine.levels[universe] = slots
        except OSError:
            self._selector.unregister(client.socket)

    def close(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()
        self._selector.close()
        for client in self._clients:
            client.socket.close()
        for one in self.machines:
            one.card.close()


def parsed(packet: bytes) -> tuple[int, int, bytes] | None:
    """Universe, sequence and slots of an IP packet with levels by sACN or Art-Net; None if it is another."""
    if len(packet) < 28 or packet[9] != UDP:
        return None
    payload = packet[4 * (packet[0] & 15) + 8 :]
    if payload[4:16] == SACN_ID and payload[18:22] == SACN_DATA and len(payload) > SACN_SLOTS_AT:
        (universe,) = struct.unpack_from(">H", payload, 113)
        return universe, payload[111], payload[SACN_SLOTS_AT:]
    found = parse_artdmx(payload)
    return None if found is None else (found[0], payload[12], found[1])


def stamp(now_s: float) -> bytes:
    """Eight slots that hold a moment of the monotonic clock."""
    return struct.pack("<d", now_s)


def cycle_s(slots: bytes) -> float:
    """The moment that these slots begin with; 0 where there are fewer (a light that is no stamp gives nonsense)."""
    return float(struct.unpack_from("<d", slots)[0]) if len(slots) >= 8 else 0.0


def longest_gap_s(got: Sequence[Got], from_s: float = float("-inf"), to_s: float = float("inf")) -> float:
    """The longest time in which any one universe got nothing, between two moments; 0 where there is nothing at all."""
    times: dict[int, list[float]] = {}
    for one in got:
        if from_s <= one.t_s <= to_s:
            times.setdefault(one.universe, []).append(one.t_s)
    gaps = [after - before for each in times.values() for before, after in itertools.pairwise(each)]
    return max(gaps, default=0.0)
