"""Stages of a rehearsal beside each other, each in a copy of this process, joined by pipes. Edge: processes.

What one stage makes waits in a pipe until the next one takes it, and who is ahead waits when that is full: no song is
held in memory. Everything goes one way and in order, so the same comes out as where one process does it all; that is
what happens where there is one processor, or where no copy can be made (`controller/copies.py`).
"""

import contextlib
import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Generic, Protocol, TypeVar

from controller.copies import can_copy
from controller.errors import ControllerError

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")
Taken_contra = TypeVar("Taken_contra", contravariant=True)
Made_co = TypeVar("Made_co", covariant=True)
ITEM, END, ERROR = "item", "end", "error"
PIPE_BYTES = 1 << 20
"""As much as Linux lets everybody have; some forty hops."""


class Taking(Protocol[Taken_contra, Made_co]):
    """Takes one thing after the other, and has a result in the end."""

    def take(self, item: Taken_contra) -> None:
        """The next one."""
        ...

    def result(self) -> Made_co:
        """What came of them all."""
        ...


def cores() -> int:
    """Processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worthwhile() -> bool:
    """Whether stages can run beside each other here and now."""
    return cores() > 1 and can_copy()


@contextlib.contextmanager
def ahead(make: Callable[[], Iterator[T]]) -> Iterator[Iterator[T]]:
    """What an iterator makes, made by a copy of this process, which goes ahead.

    Args:
        make: begins it, there: what has threads of its own, as FFmpeg has, is no use in a copy.

    Raises:
        Exception: what was raised there.
    """
    if not worthwhile():
        yield make()
        return

    def work(copy: _Copy) -> None:
        for one in make():
            copy.say(ITEM, one)

    with _copied(work) as copy:
        yield copy.items()


@contextlib.contextmanager
def beside(make: Callable[[], Taking[Item, Result]]) -> Iterator[Taking[Item, Result]]:
    """A stage that takes its things in a copy of this process, while this one goes on.

    Args:
        make: makes it, there.

    Raises:
        Exception: what was raised there.
    """
    if not worthwhile():
        yield make()
        return

    def work(copy: _Copy) -> Result:
        stage = make()
        for one in copy.told():
            stage.take(one)
        return stage.result()

    with _copied(work) as copy:
        yield _Beside(copy)


@contextlib.contextmanager
def _copied(work: "Callable[[_Copy], Any]") -> "Iterator[_Copy]":
    copy = _Copy(work)
    try:
        yield copy
    except BaseException:
        copy.kill()
        raise
    finally:
        copy.close()


class _Beside(Generic[Item, Result]):
    """A stage that is elsewhere."""

    def __init__(self, copy: "_Copy") -> None:
        self._copy = copy

    def take(self, item: Item) -> None:
        """Hand it over; waits while there are many."""
        self._copy.tell(item)

    def result(self) -> Result:
        """Wait for the end."""
        result: Result = self._copy.end()
        return result


class _Copy:
    """A copy of this process that does one thing, and two pipes.

    Args:
        work: done there, with this object; what it returns is its end.
    """

    _pid: int
    _in: BinaryIO
    _out: BinaryIO

    def __init__(self, work: "Callable[[_Copy], Any]") -> None:
        if sys.platform == "win32":
            raise OSError("a process of Windows has no copies")
        (theirs_in, our_out), (our_in, theirs_out) = _pipe(), _pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()  # in the copy what is there stays: no need to look through it again, nor to write to what is shared
        self._pid = os.fork()
        if self._pid:
            gc.unfreeze()
        ends = (our_in, our_out) if self._pid else (theirs_in, theirs_out)
        for other in (theirs_in, theirs_out) if self._pid else (our_in, our_out):
            os.close(other)
        self._in, self._out = os.fdopen(ends[0], "rb"), os.fdopen(ends[1], "wb")
        if self._pid == 0:
            self._live(work)

    def _live(self, work: "Callable[[_Copy], Any]") -> None:
        """In the copy, all of it."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # who pressed Ctrl-C meant the parent, which ends this
            self.say(END, work(self))
        except BrokenPipeError:
            pass  # the parent is gone
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent raises it
            with contextlib.suppress(Exception):
                self.say(ERROR, error)
        finally:
            os._exit(0)  # never back into what the parent is in the middle of

    def say(self, kind: str, thing: Any) -> None:  # noqa: ANN401 - anything that can be pickled
        """To the parent."""
        pickle.dump((kind, thing), self._out, pickle.HIGHEST_PROTOCOL)
        self._out.flush()

    def told(self) -> Iterator[Any]:
        """What the parent tells, to its end."""
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(self._in)  # noqa: S301 - our own words, through our own pipe

    def tell(self, thing: Any) -> None:  # noqa: ANN401
        """To the copy; if it has ended, this raises why."""
        try:
            pickle.dump(thing, self._out, pickle.HIGHEST_PROTOCOL)
            self._out.flush()
        except BrokenPipeError:
            self.end()

    def items(self) -> Iterator[Any]:
        """What the copy says, to its end; raises what was raised there."""
        while True:
            try:
                kind, thing = pickle.load(self._in)  # noqa: S301 - as above
            except EOFError as error:
                raise ControllerError("a part of the rehearsal has ended without a word; try it again") from error
            if kind == ERROR:
                raise thing
            if kind == END:
                self._ended = thing
                return
            yield thing

    def end(self) -> Any:  # noqa: ANN401
        """Tell no more, and wait for what the copy has made of it all."""
        with contextlib.suppress(BrokenPipeError):
            self._out.close()
        for _ in self.items():
            pass
        return self._ended

    def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)

    def close(self) -> None:
        """Let go of the pipes, and of the process once it has ended."""
        self._in.close()
        with contextlib.suppress(BrokenPipeError):
            self._out.close()
        os.waitpid(self._pid, 0)


def _pipe() -> tuple[int, int]:
    reads, writes = os.pipe()
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # more than this user may have
            fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reads, writes
