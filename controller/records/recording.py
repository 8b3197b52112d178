"""The log of a show: every input of every output cycle, so that the same code makes the same bytes again.

A file is a line that names the format, then blocks: length and CRC-32 (little-endian, four bytes each), then zlib of
msgpack. The first block is the header (configuration, profiles, identity), each later one a second of cycles. A block
is written whole or not at all: what a crash, a full disk or a bad sector leaves behind costs the damaged tail, never
what stands before it. What arrives while the disk is full waits in memory and is written when there is room again.

Edge: `Recorder` writes a file and `Log` reads one; `cycles.py` says what is in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controller.errors import RecordingError
from controller.records.appending import Appender
from controller.records.cycles import Block, Cycle, blocks, cycle_of, encode_block, plain
from controller.records.kinds import LOG_MAGIC as MAGIC

VERSION = 1
KEPT_BLOCKS = 3_600
"""An hour of a full disk stays in memory: some ten megabytes."""


class Log:
    """A log opened for reading.

    Args:
        path: the file.

    Attributes:
        header: configuration, profiles, identity. damage: what is wrong with its end, "" if nothing, once read.

    Raises:
        RecordingError: no such file, or no log.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.damage = path, ""
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
        if self._file.read(len(MAGIC)) != MAGIC:
            self._file.close()
            raise RecordingError(f"{path}: no show log of format {VERSION}")
        self._blocks = blocks(self._file)
        first = next(self._blocks, Block(None, "nothing after its first line"))
        if not isinstance(first.content, dict):
            self._file.close()
            raise RecordingError(
                f"{path}: its header is damaged ({first.damage or 'no header'}); nothing can be replayed"
            )
        self.header: dict[str, Any] = first.content

    @property
    def size_bytes(self) -> int:
        """Of the whole file."""
        return self._path.stat().st_size

    @property
    def read_bytes(self) -> int:
        """As much of it has been read."""
        return self.size_bytes if self._file.closed else self._file.tell()

    def close(self) -> None:
        """Close the file, where nobody wants its cycles."""
        self._file.close()

    def cycles(self) -> Iterator[Cycle]:
        """Every cycle up to the end or to the first damage."""
        with self._file:
            for block in self._blocks:
                if block.damage:
                    self.damage = block.damage
                    return
                try:
                    second = [cycle_of(one) for one in block.content]
                except (RecordingError, TypeError) as error:
                    self.damage = str(error)
                    return
                yield from second


class Recorder:
    """Writes a log, a block a second.

    Args:
        path: the file, in a folder that exists. header: plain data.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self.path = path
        self._second: list[list[Any]] = []
        self._began_s: float | None = None
        first = MAGIC + encode_block({"version": VERSION, **header})
        self._file = Appender(path, first, what="the show log", most_kept=KEPT_BLOCKS)

    def add(self, cycle: Cycle) -> None:
        """Keep a cycle; returns at once."""
        self._second.append(plain(cycle))
        self._began_s = cycle.now_s if self._began_s is None else self._began_s
        if cycle.now_s - self._began_s >= 1.0:
            self.flush()

    @property
    def failing(self) -> bool:
        """Whether the disk takes nothing now."""
        return self._file.failing

    @property
    def lost_seconds(self) -> int:
        """Seconds that could not be kept."""
        return self._file.lost

    def flush(self) -> None:
        """Hand over what was kept."""
        if self._second:
            self._file.put(encode_block(self._second))
        self._second, self._began_s = [], None

    def close(self, *, keep: bool = True) -> None:
        """Write what is left and end; `keep` False: the log of a process that never lit anything is nobody's."""
        self.flush()
        self._file.close(keep=keep)
