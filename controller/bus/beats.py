"""Signs of life of a show's processes, and who of two leads, in memory that all of them see. Edge: shared memory.

Each number is eight aligned bytes, which are read and written whole on every processor this runs on, and each has one
writer at a time. No lock, so nobody can die holding one. Through typed views of the memory: `struct.pack_into` clears
the place before it writes, and whoever read that moment's zero took the process for one that never was alive; a spare
took the lead for it.
"""

import mmap
import os
from pathlib import Path

FILE = "beats"
BEATS_FILE = "FOLLOWSPOT_BEATS"
"""In the environment of a show's processes: the supervisor's own descriptor of the file."""
SLOTS = ("lighting", "spare", "listening", "watching")
LEADER_AT, CYCLES_AT, BEATS_AT, PIDS_AT, SIZE = 0, 8, 16, 48, 64


class Beats:
    """When each process last said that it is alive, in monotonic seconds; 0 before it did.

    Args:
        folder: the run's private folder.
    """

    def __init__(self, folder: Path) -> None:
        kept = Path(os.environ.get(BEATS_FILE, ""))
        # where the supervisor lets others have its own descriptor, the file's name may go
        path = kept if kept.name.isdigit() and not (folder / FILE).exists() else folder / FILE
        with path.open("a+b") as file:
            if file.tell() < SIZE:
                file.truncate(SIZE)
            self._memory = mmap.mmap(file.fileno(), SIZE)
            self._descriptor = os.dup(file.fileno())
        self._bytes = memoryview(self._memory)
        self._numbers, self._times = self._bytes.cast("q"), self._bytes.cast("d")

    @property
    def elsewhere(self) -> str:
        """Where other processes of this user find the same memory though its file is gone; "" where they cannot."""
        path = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        return path if os.path.exists(path) else ""  # noqa: PTH110 - a link to what has no name

    def beat(self, name: str, now_s: float) -> None:
        """The process of this name is alive."""
        self._times[BEATS_AT // 8 + SLOTS.index(name)] = now_s

    def beaten_s(self, name: str) -> float:
        """When it last was."""
        return self._times[BEATS_AT // 8 + SLOTS.index(name)]

    def read(self, at: int) -> int:
        """A number."""
        return self._numbers[at // 8]

    def write(self, at: int, number: int) -> None:
        """Set a number."""
        self._numbers[at // 8] = number

    def close(self) -> None:
        """Let the memory go."""
        for view in (self._times, self._numbers, self._bytes):
            view.release()
        self._memory.close()
        os.close(self._descriptor)
