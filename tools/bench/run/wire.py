"""ArtDmx as it arrives, stamped by the kernel: a reader that is late itself still knows when a packet came.

Reads the packets by the Art-Net 4 specification and shares no code with the controller's sender. Edge: a UDP socket.
"""

import contextlib
import socket
import struct
import time
from typing import NamedTuple

HEADER_BYTES = 18
OP_DMX = 0x5000
SO_TIMESTAMPNS = 35
"""Linux; Python's socket module does not name it."""
BUFFER_BYTES = 4 << 20


class Arrival(NamedTuple):
    """One packet: monotonic time it reached this machine's socket, its port address, its slots."""

    t_s: float
    port_address: int
    slots: bytes


class Wire:
    """A free port on the loopback and what arrives there.

    Attributes:
        socket: for a poller. port: where to send to. arrivals: all packets so far. strange: datagrams that were none.
    """

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port: int = self.socket.getsockname()[1]
        self.arrivals: list[Arrival] = []
        self.strange = 0

    def read(self) -> None:
        """Take all that is there."""
        with contextlib.suppress(BlockingIOError):
            while True:
                payload, extras, _, _ = self.socket.recvmsg(2048, 128)
                packet = parse_artdmx(payload)
                if packet is None:
                    self.strange += 1
                else:
                    self.arrivals.append(Arrival(arrived_s(extras), *packet))

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


def parse_artdmx(payload: bytes) -> tuple[int, bytes] | None:
    """Port address (0..32767) and slots of a packet, or None if it is not a whole ArtDmx."""
    if len(payload) < HEADER_BYTES or not payload.startswith(b"Art-Net\0"):
        return None
    (opcode,) = struct.unpack_from("<H", payload, 8)
    (port_address,) = struct.unpack_from("<H", payload, 14)
    (length,) = struct.unpack_from(">H", payload, 16)
    if opcode != OP_DMX or len(payload) < HEADER_BYTES + length:
        return None
    return port_address, payload[HEADER_BYTES : HEADER_BYTES + length]


def arrived_s(extras: list[tuple[int, int, bytes]]) -> float:
    """When a packet came, monotonic: the kernel stamps with the wall clock; what counts is how long ago that was."""
    for level, kind, stamp in extras:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack_from("@qq", stamp)
            age_ns = time.clock_gettime_ns(time.CLOCK_REALTIME) - (seconds * 1_000_000_000 + nanoseconds)
            return time.monotonic() - max(0.0, float(age_ns)) / 1e9
    return time.monotonic()
