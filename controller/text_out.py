"""Text for people, written by a thread of its own: who does not read (XOFF, a full pipe, a slow disk) stops nobody.

What waits is bounded; what has no room is left out and counted, and that is said when somebody reads again. Written is
straight to the descriptor: a thread that hangs in a buffer would hold its lock when the interpreter ends.

Edge: threads, standard output and error.
"""

import io
import logging
import os
import queue
import threading

MOST_PIECES = 1_000
MOST_DRAWN = 20
"""Pieces in front of a drawing beyond which it is left out: the next one is newer."""
END_S = 0.5
"""So long the last words may take when a process ends."""
STDOUT, STDERR = 1, 2


class TextOut:
    """One descriptor's writer.

    Args:
        descriptor: where to write.

    Attributes:
        lost: pieces that had no room.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pieces: queue.Queue[bytes] = queue.Queue(MOST_PIECES)
        self.lost = 0
        threading.Thread(target=self._run, name=f"writes to {descriptor}", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Pieces that nobody has taken yet."""
        return self._pieces.qsize()

    def put(self, text: str | bytes) -> None:
        """Leave something to be written; returns at once."""
        piece = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        try:
            self._pieces.put_nowait(piece)
        except queue.Full:
            self.lost += 1

    def flush(self, most_s: float = END_S) -> bool:
        """Wait until all is written, but not for long; whether it is."""
        done = self._pieces.all_tasks_done
        with done:
            return done.wait_for(lambda: not self._pieces.unfinished_tasks, most_s)

    def _run(self) -> None:
        told = 0
        while True:
            piece = self._pieces.get()
            self._write(piece)
            if self.lost > told and self._pieces.empty():
                missing, told = self.lost - told, self.lost
                self._write(f"({missing} lines are missing here: nobody read them)\n".encode())
            self._pieces.task_done()

    def _write(self, piece: bytes) -> None:
        while piece:
            try:
                piece = piece[os.write(self._descriptor, piece) :]
            except BlockingIOError:  # a descriptor that somebody made non-blocking: wait as if it were not
                threading.Event().wait(0.05)
            except OSError:
                return  # whoever read is gone


class LogOut(logging.Handler):
    """Log records to a `TextOut`."""

    def __init__(self, out: TextOut) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Leave a record to be written."""
        try:
            self._out.put(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - as every handler does: a line that cannot be formatted ends nothing
            self.handleError(record)

    def flush(self) -> None:
        """Give the last words a moment."""
        self._out.flush()


class Drawing(io.TextIOBase):
    """A terminal for drawings: one that finds others waiting is left out.

    Args:
        out: its writer. descriptor: the terminal.
    """

    def __init__(self, out: TextOut, descriptor: int) -> None:
        self._out, self._descriptor = out, descriptor

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of what is drawn: dots and bars."""
        return "utf-8"

    def write(self, text: str) -> int:
        """Draw, if nothing waits."""
        if self._out.waiting < MOST_DRAWN:
            self._out.put(text)
        return len(text)

    def fileno(self) -> int:
        """For the terminal's size."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Yes."""
        return True


def log_through(out: TextOut, form: str) -> None:
    """Let what this process logs leave by a `TextOut`.

    Args:
        out: where to. form: of a line, as `logging.Formatter` has it.
    """
    root = logging.getLogger()
    for one in list(root.handlers):
        if type(one) is logging.StreamHandler or isinstance(one, LogOut):
            root.removeHandler(one)
    if root.handlers:  # a test reads it
        return
    handler = LogOut(out)
    handler.setFormatter(logging.Formatter(form))
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def forward(source: int, out: TextOut) -> threading.Thread:
    """Pass on what another process says until it has ended; what one line says stays together.

    Args:
        source: descriptor of a pipe's end, closed here. out: where to.
    """

    def run() -> None:
        rest = b""
        with os.fdopen(source, "rb", buffering=0) as pipe:
            while chunk := pipe.read(65_536):
                whole, newline, rest = (rest + chunk).rpartition(b"\n")
                out.put(whole + newline)
                if len(rest) > 65_536:
                    out.put(rest)
                    rest = b""
        out.put(rest)

    thread = threading.Thread(target=run, name="passes on", daemon=True)
    thread.start()
    return thread
