"""Files that only grow, written in a thread of their own: neither a slow nor a full disk delays a show.

What cannot be written waits in memory and is written when there is room again. Each piece is written whole or, after a
crash, cut off at the file's end: nothing that stands before it is touched. Edge: a file, a thread.
"""

import contextlib
import logging
import os
import queue
import threading
from collections import deque
from pathlib import Path

from controller.state_folder import PRIVATE
from controller.system import hold, make_private, write_through

log = logging.getLogger(__name__)

RETRY_S = 1.0
END_S = 5.0


class Appender:
    """Writes pieces of bytes, one after the other.

    Args:
        path: the file, in a folder that exists; what was there goes. first: what it begins with.
        what: the file's name for people. most_kept: pieces that wait in memory while the disk is full.

    Attributes:
        failing: the disk takes nothing now. lost: pieces that memory had no room for.
    """

    def __init__(self, path: Path, first: bytes, *, what: str, most_kept: int) -> None:
        self._path, self._what, self._most = path, what, most_kept
        self._first, self._lock = first, -1
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pieces.put(first)
        self._stop = threading.Event()
        self.failing = False
        self.lost = 0
        self._thread = threading.Thread(target=self._run, name=f"writes {path.suffix}", daemon=True)
        self._thread.start()

    def put(self, piece: bytes) -> None:
        """Leave a piece to be written; returns at once."""
        if self._pieces.qsize() >= self._most:  # the disk does not refuse, it stalls
            with contextlib.suppress(queue.Empty):
                self._pieces.get_nowait()
                self.lost += 1
        self._pieces.put(piece)

    def close(self, *, keep: bool = True) -> None:
        """Write what is left and end, unless that takes too long; `keep` False: remove the file."""
        self._stop.set()
        self._pieces.put(None)
        self._thread.join(END_S)
        if not self._thread.is_alive():
            self._let_go()
        if not keep:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        waiting: deque[bytes] = deque(maxlen=self._most)
        good = 0
        while True:
            piece = self._next(waiting)
            if piece is not None:
                self.lost += len(waiting) == self._most
                waiting.append(piece)
            good = self._write(waiting, good)
            if self._stop.is_set() and self._pieces.empty() and (not waiting or piece is None):
                return

    def _next(self, waiting: "deque[bytes]") -> bytes | None:
        try:
            return self._pieces.get(timeout=RETRY_S if waiting else None)
        except queue.Empty:
            return None

    def _write(self, waiting: "deque[bytes]", good: int) -> int:
        """Write what waits after the `good` first bytes; returns how many are good now."""
        try:
            if good and not self._path.exists():
                log.warning("%s %s was removed; it begins anew", self._what, self._path)
                self._path.parent.mkdir(parents=True, exist_ok=True)
                waiting.appendleft(self._first)
                good = 0
            with self._path.open("r+b" if good else "wb") as file:
                self._hold(file.fileno(), anew=not good)
                file.truncate(good)
                file.seek(good)
                while waiting:
                    file.write(waiting[0])
                    file.flush()
                    write_through(file.fileno())
                    good += len(waiting.popleft())
        except OSError as error:
            if not self.failing:
                log.warning("%s %s cannot be written: %s; it is kept in memory", self._what, self._path, error.strerror)
            self.failing = True
            return good
        if self.failing:
            log.warning("%s %s is written again; %s", self._what, self._path, self._missing())
        self.failing = False
        return good

    def _hold(self, descriptor: int, *, anew: bool) -> None:
        """Let others see that this file is being written: `controller/records/retention.py`."""
        if anew:
            self._let_go()
            make_private(descriptor, PRIVATE)
            self._lock = os.dup(descriptor)
            hold(self._lock, shared=True)

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def _missing(self) -> str:
        return f"{self.lost} pieces are missing" if self.lost else "nothing is missing"
