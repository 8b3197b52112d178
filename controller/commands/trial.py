"""Limits for code of others while it is tried: a model's graph is a program. Edge: a timer, the process's own limits.

A graph that loops holds the thread that runs it, and one that wants all memory takes the machine with it; both end the
command with one line instead.
"""

import contextlib
import mmap
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from controller.errors import ModelError, first_line
from controller.system import memory_limit

MOST_S = 120.0
"""Loading and a warm-up take a few seconds, on a slow and busy machine half a minute."""
MOST_BYTES = 6 << 30
"""Address space on top of what the process has; the largest official model needs a third of it."""
LOOK_S = 1.0


@contextlib.contextmanager
def bounded(what: str, seconds: float = MOST_S, most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Try something of others: after `seconds` the process ends with exit code 1 and one line.

    Args:
        what: is tried, for the line. most_bytes: of address space on top of what is in use.

    Raises:
        ModelError: it wants more memory than that, or ends in an error of its own.
    """
    timer = threading.Timer(seconds, _end, (what, seconds))
    timer.daemon = True
    timer.start()
    try:
        with memory_limit(_used_bytes() + most_bytes):
            yield
    except MemoryError as error:
        raise ModelError(f"{what}: wants more than {most_bytes >> 30} GB of memory; such a model is not run") from error
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise ModelError(f"{what}: cannot be run: {first_line(error)[:200]}") from error
    finally:
        timer.cancel()


def end_with_parent() -> None:
    """From now on this process ends when the one that started it does; nobody would read what it says."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            ended.wait(LOOK_S)
        os._exit(1)

    ended = threading.Event()
    threading.Thread(target=watch, name="parent", daemon=True).start()


def _end(what: str, seconds: float) -> None:
    sys.stderr.write(f"followspot: {what}: did not end within {seconds:.0f} s; such a model is not run\n")
    sys.stderr.flush()
    os._exit(1)


def _used_bytes() -> int:
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    return 1 << 40  # where nobody tells, no limit
