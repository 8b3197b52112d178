"""What every process of a show has in common: its run folder, when to stop, and its last word.

The supervisor starts each process with the run's private folder as its only argument and holds the other end of its
standard input: when that closes, the supervisor is gone and the process ends by itself. The folder of a supervisor that
was killed is removed by those it leaves behind. Edge: signals, threads, files.
"""

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import zmq

from controller.bus.beats import Beats
from controller.bus.doors import RUN_FILE
from controller.config import Config, thaw, with_key
from controller.text_out import STDERR, TextOut, log_through

KEY = "FOLLOWSPOT_STANDBY_KEY"
"""In the environment of a show's processes, which is gone when they are; a file may stay behind."""
STDIN = 0


class Run:
    """One process's part of a run.

    Args:
        name: of the process, in front of what it logs. argv: the run's folder.

    Attributes:
        folder: private folder with the sockets; its name is the show's, which no other has.
        config: the whole configuration. stopping: set when it is time to end.
        context: this process's ZeroMQ context.
    """

    def __init__(self, name: str, argv: list[str]) -> None:
        self.folder = Path(argv[0])
        self.config: Config = with_key(
            thaw((self.folder / RUN_FILE).read_text(encoding="utf-8")), os.environ.get(KEY, "")
        )
        self.stopping = threading.Event()
        self._supervisor = os.getppid()
        self._part, self._beats = name, Beats(self.folder)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        log_through(TextOut(STDERR), f"{name}: %(message)s")
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
        # a signal interrupts whatever runs, an event's own methods, too, and they are not made for that: it only writes
        told, tells = os.pipe()
        signal.signal(signal.SIGTERM, lambda *_: os.write(tells, b"."))
        threading.Thread(target=self._stop_after, args=(lambda: os.read(told, 1),), daemon=True).start()
        threading.Thread(target=self._stop_after, args=(_supervisor_is_gone,), daemon=True).start()

    def _stop_after(self, wait: Callable[[], object]) -> None:
        wait()
        self.stopping.set()

    def beat(self, now_s: float) -> None:
        """This process is alive; one that does not say so for a while is started again."""
        self._beats.beat(self._part, now_s)

    def say(self, summary: object) -> None:
        """The last word: one line of JSON on standard output, of plain data or of one of `news`."""
        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Close the ZeroMQ context; sockets must be closed before. What nobody else will remove goes, too."""
        self.context.term()
        self._beats.close()
        if os.getppid() != self._supervisor:  # on Windows a process never learns that; what is left is small
            shutil.rmtree(self.folder, ignore_errors=True)


def _supervisor_is_gone() -> None:
    """Wait for it."""
    with contextlib.suppress(OSError):
        while os.read(STDIN, 1024):  # unbuffered: a buffer's lock would trip the interpreter's shutdown
            pass
