"""Copies of this process that have loaded what all parts of a show need, and wait to be told which part they are.

A process that begins as a copy (fork) is there in milliseconds, where Python and NumPy take a third of a second, and it
shares the memory of what was loaded before until one of the two writes to it (docs/decisions/0054). On Linux alone:
elsewhere, and whatever is started again later, a process begins by itself.

Copies are made before there is any thread, socket or lock: of their parent they have nothing but what it has loaded.
Edge: processes.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from controller.system import give_back, spawns

STDIN, STDOUT, STDERR = 0, 1, 2
BEYOND = 1 << 20
"""No descriptor is as large."""
NOTHING_TO_DO = 0
if sys.platform == "win32":
    NO_WAIT, KILL = 0, signal.SIGTERM
else:
    NO_WAIT, KILL = os.WNOHANG, signal.SIGKILL


class Copy:
    """A copy as its parent sees it: as much of `subprocess.Popen` as a supervisor needs.

    Args:
        pid: of the process. stdin, stdout, stderr: descriptors of our ends of its standard streams.
    """

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self._pid = pid
        self._code: int | None = None
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb")
        self.stderr: IO[bytes] = os.fdopen(stderr, "rb")

    def become(self, module: str, argv: Sequence[str], told: Mapping[str, str]) -> bool:
        """Run `module`'s `main` with these arguments and these variables more; False: it was gone before."""
        order = json.dumps({"module": module, "argv": list(argv), "told": dict(told)})
        try:
            self.stdin.write(order.encode() + b"\n")
        except OSError:
            return False
        return True

    def poll(self) -> int | None:
        """Its exit code, minus the signal that ended it; None: it runs."""
        return self._ended(NO_WAIT)

    def _ended(self, how: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self._pid, how)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Args:
            timeout: seconds, or None.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        if timeout is not None and self.poll() is None and sys.platform == "linux":
            descriptor = os.pidfd_open(self._pid)
            ended = select.select([descriptor], [], [], timeout)[0]
            os.close(descriptor)
            if not ended:
                raise subprocess.TimeoutExpired("a copy", timeout)
        code = self._ended(0)
        return 0 if code is None else code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(KILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self._pid, number)

    def communicate(self, timeout: float) -> tuple[bytes, bytes]:
        """All that it says on standard output and error until it ends.

        Args:
            timeout: seconds.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        said: dict[int, bytes] = {}
        threads = [
            threading.Thread(target=lambda at=at, end=end: said.update({at: end.read()}), daemon=True)
            for at, end in ((STDOUT, self.stdout), (STDERR, self.stderr))
        ]
        self.stdin.close()
        for thread in threads:
            thread.start()
        self.wait(timeout)
        for thread in threads:
            thread.join()
        self.close()
        return said[STDOUT], said[STDERR]

    def close(self) -> None:
        """Close its streams: one that still waits ends with that."""
        for stream in (self.stdin, self.stdout, self.stderr):
            stream.close()


@contextlib.contextmanager
def copies(first: str, prepare: Callable[[], None], count: int) -> Iterator[list[Copy]]:
    """One copy that loads `first` while it waits, and so many more; none where this process cannot make them.

    A copy never gets into the block: it ends with what its part's `main` returns. Those that are left in the list end
    with the block.

    Args:
        first: the module that the first of them will run. prepare: loads, here, what the others share.
        count: of the others.
    """
    waiting: list[Copy] = []
    if can_copy():
        waiting.append(_copy(first))
        prepare()
        gc.collect()
        give_back()
        gc.freeze()  # a collection would write to what is shared
        waiting += [_copy() for _ in range(count)]
    try:
        yield waiting
    finally:
        for one in waiting:
            one.close()
        for one in waiting:
            one.wait()


def can_copy() -> bool:
    """Whether copies can be made here and now: a thread that a copy does not have may hold what it waits for."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and not spawns() and threading.active_count() == 1


def _copy(module: str = "") -> Copy:
    if sys.platform == "win32":
        raise OSError("a process of Windows has no copies")
    sys.stdout.flush()
    sys.stderr.flush()
    pipes = [os.pipe(), os.pipe(), os.pipe()]
    (theirs_in, stdin), (stdout, theirs_out), (stderr, theirs_err) = pipes
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            for number, end in enumerate((theirs_in, theirs_out, theirs_err)):
                os.dup2(end, number)
            os.closerange(STDERR + 1, BEYOND)
            code = _live(module)
        finally:
            os._exit(code)  # never back into what the parent is in the middle of: that is the parent's to end
    for end in (theirs_in, theirs_out, theirs_err):
        os.close(end)
    return Copy(pid, stdin, stdout, stderr)


def _live(module: str) -> int:
    """In the copy, all of it, to its exit code: its threads have ended, and what it said is on its way.

    As `multiprocessing` ends what it forks.
    """
    code = 1
    try:
        code = _take_part(module)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 - whatever it is, a program prints it and ends
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for threads and pools, as at any end
        with contextlib.suppress(OSError, ValueError):  # nobody reads any more
            sys.stdout.flush()
            sys.stderr.flush()
    return code


def _take_part(module: str) -> int:
    """In the copy: load a module, if one is named; wait for what to be, and be it."""
    if module:
        importlib.import_module(module)
    order = b""
    while not order.endswith(b"\n"):  # byte by byte: what comes after it is read by others
        read = os.read(STDIN, 1)
        if not read:
            return NOTHING_TO_DO
        order += read
    part = json.loads(order)
    os.environ.update(part["told"])
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    _call_it(" ".join([sys.executable, "-P", "-m", part["module"], *part["argv"]]))
    code: int = importlib.import_module(part["module"]).main(part["argv"])
    return code


def _call_it(title: str) -> None:
    """What `ps` and `top` say that this process is; a name is no reason to stay dark."""
    with contextlib.suppress(ImportError):
        import setproctitle  # noqa: PLC0415 - in a copy alone

        setproctitle.setproctitle(title)
