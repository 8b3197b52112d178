"""Signs of life of a show's processes, and who of two leads, in memory that all of them see. Edge: shared memory.

Each number is eight aligned bytes, which are read and written whole on every processor this runs on, and each has one
writer at a time. No lock, so nobody can die holding one.
"""

import mmap
import struct
from pathlib import Path

FILE = "beats"
SLOTS = ("lighting", "spare", "listening", "watching")
NUMBER, TIME = struct.Struct("<q"), struct.Struct("<d")
LEADER_AT, CYCLES_AT, BEATS_AT, PIDS_AT, SIZE = 0, 8, 16, 48, 64


class Beats:
    """When each process last said that it is alive, in monotonic seconds; 0 before it did.

    Args:
        folder: the run's private folder.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        with path.open("a+b") as file:
            if file.tell() < SIZE:
                file.truncate(SIZE)
            self._memory = mmap.mmap(file.fileno(), SIZE)

    def beat(self, name: str, now_s: float) -> None:
        """The process of this name is alive."""
        TIME.pack_into(self._memory, BEATS_AT + 8 * SLOTS.index(name), now_s)

    def beaten_s(self, name: str) -> float:
        """When it last was."""
        return float(TIME.unpack_from(self._memory, BEATS_AT + 8 * SLOTS.index(name))[0])

    def read(self, at: int) -> int:
        """A number."""
        return int(NUMBER.unpack_from(self._memory, at)[0])

    def write(self, at: int, number: int) -> None:
        """Set a number."""
        NUMBER.pack_into(self._memory, at, number)

    def close(self) -> None:
        """Let the memory go."""
        self._memory.close()
