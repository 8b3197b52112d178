"""What each system does in its own way, once: locks, open files, rights, priority, signals. Edge: the system.

Linux is where shows were played. On Windows and macOS nothing was tried: what is written for them follows their
documents, and mypy checks it for their platforms.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import resource

log = logging.getLogger(__name__)

PRIORITY = 1
"""The least of real time: sound (JACK, PipeWire) comes before the light."""
MOST_S = 0.5
FAR = 1 << 30
"""Windows locks bytes, not files: one that no file of ours has."""
START = "FOLLOWSPOT_START"
"""In the environment: `spawn` starts and ends processes as Windows does, on any system."""
FILES_OF_WINDOWS = 8_192


def hold(descriptor: int, *, shared: bool = False) -> None:
    """Lock an open file until it is closed, or its process is gone.

    Args:
        shared: others may do so, too (Windows knows no such lock: the first holds it), and it is waited for.

    Raises:
        OSError: somebody else holds it.
    """
    if sys.platform == "win32":
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, at, os.SEEK_SET)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)


def open_files() -> int:
    """How many files and sockets this process may have open."""
    if sys.platform != "win32":
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return FILES_OF_WINDOWS


def allow_open_files(wished: int | None = None) -> int:
    """Take as many open files as this user may have, `wished` at most; returns how many there are now."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        few = most if wished is None else min(most, wished) if most > 0 else wished
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    return open_files()


@contextlib.contextmanager
def memory_limit(most_bytes: int) -> Iterator[None]:
    """Let this process have no more address space than that; Windows has no such limit."""
    if sys.platform == "win32":
        yield
    else:
        before = resource.getrlimit(resource.RLIMIT_AS)
        hard = before[1]
        soft = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)


def make_private(descriptor: int, mode: int) -> None:
    """Give an open file these rights; Windows keeps a user's files from others by itself."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def write_through(descriptor: int) -> None:
    """Wait until an open file's bytes are on the disk."""
    if sys.platform in ("win32", "darwin"):
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def put_first(niceness: int) -> None:
    """Come before other programs, where the system lets this user: the light must not stutter."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - only here

        above_normal = 0x8000
        ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), above_normal)
    else:
        with contextlib.suppress(PermissionError):
            os.nice(niceness)


def may_put_first(niceness: int) -> bool:
    """Whether `put_first` would do anything."""
    if sys.platform == "win32":
        return True
    if os.geteuid() == 0:
        return True
    return sys.platform == "linux" and 20 - resource.getrlimit(resource.RLIMIT_NICE)[0] <= niceness


def come_first() -> bool:
    """Put the calling thread before all programs, and not those that it starts; False: the system does not let us.

    A fair share is not enough: beside seven busy programs on two cores an output cycle waited for up to 80 ms. Linux
    runs a real-time thread at once (sched(7)), as it does for sound; who may is root, or whoever has a `rtprio` limit.
    A thread that takes `MOST_S` of the processor without waiting gives the privilege up, and Linux itself leaves a
    twentieth of a core to the others.
    """
    if sys.platform == "linux":
        try:
            signal.signal(signal.SIGXCPU, _stand_back)
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
            _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
            resource.setrlimit(resource.RLIMIT_RTTIME, (round(MOST_S * 1e6), most))
        except (OSError, ValueError):  # no right to it, in some containers not even to ask
            return False
        return True
    return False


def may_come_first() -> bool:
    """Whether `come_first` would be let; elsewhere than on Linux nobody asks."""
    if sys.platform == "linux":
        return os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_RTPRIO)[0] >= PRIORITY
    return True


def _stand_back(_signal: int, _frame: FrameType | None) -> None:
    """What came first did not end: from now on it is one program among others.

    Said by a thread: what this signal interrupts may itself be just saying something, and hold the lock of that.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    words = "a cycle took over %.1f s of the processor; the light no longer comes before other programs"
    threading.Thread(target=log.warning, args=(words, MOST_S), daemon=True).start()


def spawns() -> bool:
    """Whether processes begin with nothing of their parent, and are asked to end by closing what they read: Windows.

    Elsewhere `FOLLOWSPOT_START=spawn` chooses it, so that this way is tried where tests run.
    """
    return os.environ.get(START, "spawn" if sys.platform == "win32" else "") == "spawn"


def start_method() -> str | None:
    """How a pool of processes starts its workers, for `multiprocessing.get_context`; None: as the system does."""
    return "spawn" if spawns() else None


def give_back() -> None:
    """Give memory that is free back to the system, where the C library keeps it (glibc): loading leaves much of it."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only here

        with contextlib.suppress(OSError, AttributeError):  # another C library (musl) has no such call
            ctypes.CDLL(None).malloc_trim(0)


def ending_signals() -> tuple[signal.Signals, ...]:
    """What ends a show: Ctrl-C, somebody's `kill`, a terminal that was closed."""
    if sys.platform == "win32":
        return (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
    return (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
