"""When a datagram arrived, as the kernel stamped it: a listener that got no processor for a while tells no gap.

A sender that leaves no gap must not be judged by how quick the test is. SO_TIMESTAMPNS: socket(7) of Linux.
"""

import itertools
import socket
import struct
import time
from collections.abc import Sequence

AT_ONCE_S = 0.002
STAMP = 35
"""SO_TIMESTAMPNS, which Python does not name."""


def stamped(one: socket.socket) -> socket.socket:
    """Have the kernel stamp what arrives."""
    one.setsockopt(socket.SOL_SOCKET, STAMP, 1)
    return one


def receive(one: socket.socket, most: int = 2048) -> tuple[float, bytes]:
    """When the next datagram arrived, on the clock of `time.monotonic`, and the datagram.

    Raises:
        TimeoutError: none came in time.
        AssertionError: the kernel did not say when.
    """
    packet, told, *_ = one.recvmsg(most, 64)
    stamps = [data for level, kind, data in told if (level, kind) == (socket.SOL_SOCKET, STAMP)]
    assert stamps, "the socket is not stamped"
    seconds, nanoseconds = struct.unpack("qq", stamps[0][:16])
    now_s, wall_s = both_clocks()
    return now_s - (wall_s - seconds - 1e-9 * nanoseconds), packet


def both_clocks() -> tuple[float, float]:
    """The clock of `time.monotonic` and the wall clock at one moment: whoever is stopped between them looks again."""
    while True:
        before_s = time.monotonic()
        wall_s = time.time()  # noqa: TID251 - the kernel stamps by the wall clock
        if time.monotonic() - before_s < AT_ONCE_S:
            return before_s, wall_s


def longest_gap_s(times_s: Sequence[float]) -> float:
    """The longest time between two of these, which are in order."""
    return max((after - before for before, after in itertools.pairwise(times_s)), default=0.0)
