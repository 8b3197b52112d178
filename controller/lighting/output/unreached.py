"""Hosts that packets do not reach: nobody is there, or nobody listens. Edge: the system's tables and error queues.

UDP itself tells a sender nothing. Linux knows who of this network does not answer its question for an address (the ARP
table: arp(7), proc(5)), and keeps what a host says of a socket's packets, "port unreachable" above all, in a queue
beside that socket (ip(7), IP_RECVERR). Elsewhere, and of hosts behind a router, nothing is known.

What is told changes words only: packets go on leaving, because it may be forged, and because a machine that was started
again is to have its light with the next cycle.
"""

import contextlib
import errno
import os
import socket
import struct
import sys
from pathlib import Path

IP_RECVERR = 11
"""Linux; Python's socket module does not name it."""
ERROR = struct.Struct("=I")
"""The first field of a `sock_extended_err`: its errno."""
NEIGHBOURS = Path("/proc/thread-self/net/arp")
COMPLETE = 0x2
LOOK_S = 1.0
TOLD_FOR_S = 5.0
"""A host refuses packets aloud once a second at most (Linux: icmp_ratelimit)."""
MOST_AT_ONCE = 256
MOST_BYTES = 64
"""Of a packet that came back: only where it was sent to is looked at."""


class Unreached:
    """Who is not reached, and why."""

    def __init__(self) -> None:
        self._refused_s: dict[tuple[str, int], float] = {}
        self._silent: frozenset[str] = frozenset()
        self._missing: frozenset[str] = frozenset()
        self._looked_s = float("-inf")

    def watch(self, sock: socket.socket) -> None:
        """Have the system keep what it is told about this socket's packets, where it can."""
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)

    def hear(self, sock: socket.socket, now_s: float) -> bool:
        """Take all that a socket's queue holds; whether there was anything. Never waits, never raises."""
        heard = False
        if sys.platform != "linux":
            return heard
        for _ in range(MOST_AT_ONCE):
            try:
                _, extras, _, place = sock.recvmsg(MOST_BYTES, 512, socket.MSG_ERRQUEUE)
            except OSError:
                break
            heard = True
            codes = [ERROR.unpack_from(told)[0] for *kind, told in extras if kind == [socket.IPPROTO_IP, IP_RECVERR]]
            if errno.ECONNREFUSED in codes:
                self._refused_s[place] = now_s
        return heard

    def reason(self, place: tuple[str, int], now_s: float) -> str:
        """Why packets to an address and port do not arrive; empty if nothing says so (any more)."""
        if not 0.0 <= now_s - self._looked_s < LOOK_S:
            self._looked_s = now_s
            self._look()
        if place[0] in self._missing:
            return os.strerror(errno.EHOSTUNREACH)
        refused_s = self._refused_s.get(place)
        if refused_s is None:
            return ""
        if now_s - refused_s > TOLD_FOR_S:
            del self._refused_s[place]
            return ""
        return os.strerror(errno.ECONNREFUSED)

    def _look(self) -> None:
        """Missing is who did not answer at two looks: one may fall between a question and its answer."""
        before, self._silent = self._silent, silent_neighbours()
        self._missing = before & self._silent


def silent_neighbours() -> frozenset[str]:
    """Addresses of this machine's networks that were asked for and did not answer (yet); none where that is unknown."""
    known: dict[str, bool] = {}
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in NEIGHBOURS.read_text(encoding="ascii").splitlines()[1:]:
            address, _, flags, *_ = line.split()
            known[address] = known.get(address, False) or bool(int(flags, 16) & COMPLETE)
    return frozenset(address for address, answers in known.items() if not answers)
