"""Where a limiter stands, in pieces that each fit into one datagram, and put together again. Pure.

A standing is the slots that are shown and where each field stands in its change (`Limiter.standing`); packed, it is
some hundred bytes for a small rig and six thousand for 512 heads of which none does what another does.
"""

import zlib
from typing import Any

from controller.lighting.standby.heartbeat import Heartbeat

PIECE_BYTES = 1_000
MOST_PIECES = 16
"""More is not told: a cycle's words have to be read in a cycle."""
MOST_BYTES = 1 << 20


def in_pieces(standing: bytes, shown: bytes, number: int) -> list[dict[str, Any]]:
    """What to say, one datagram each; nothing where even the slots alone are too much.

    Args:
        standing, shown: of the limiter; where the standing is too large its slots alone are told.
        number: no two standings of one speaker have the same.
    """
    packed = next((one for one in map(_packed, (standing, shown)) if len(one) <= PIECE_BYTES * MOST_PIECES), b"")
    parts = [packed[first : first + PIECE_BYTES] for first in range(0, len(packed), PIECE_BYTES)]
    return [{"standing": [number, place, len(parts), part]} for place, part in enumerate(parts)]


def _packed(told: bytes) -> bytes:
    return zlib.compress(told, 1)


class Gathering:
    """Puts the other machine's standings together; one of which a piece is lost is left out.

    Attributes:
        whole: the last one of which all has arrived; empty before the first.
    """

    def __init__(self) -> None:
        self.whole = b""
        self._whose: tuple[bytes, int, int] | None = None
        self._parts: dict[int, bytes] = {}

    def take(self, one: Heartbeat) -> bool:
        """Take a piece; True if one is whole now."""
        match one.said.get("standing"):
            case [int() as number, int() as at, int() as count, bytes() as part] if 0 <= at < count <= MOST_PIECES:
                whose = (one.speaker, number, count)
                if whose != self._whose:
                    self._whose, self._parts = whose, {}
                self._parts[at] = part
                if len(self._parts) == count:
                    self.whole = _unpacked(b"".join(self._parts[n] for n in range(count)))
                    return True
        return False


def _unpacked(packed: bytes) -> bytes:
    """Empty, and so nothing that is known, if it was damaged before it was signed."""
    try:
        return zlib.decompressobj().decompress(packed, MOST_BYTES)
    except zlib.error:
        return b""
