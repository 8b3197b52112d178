"""Reads several sources in one thread, each as soon as it has something. Edge: a thread."""

import sys
import threading
from collections.abc import Sequence
from typing import Any, Protocol

import zmq

SWITCH_S = 0.0005
"""A progress bar that is being drawn may keep the recorder waiting no longer than this (Python's own: 5 ms)."""


class Readable(Protocol):
    """Something to poll: `socket` is a socket, a ZeroMQ socket or a file descriptor."""

    @property
    def socket(self) -> Any:  # noqa: ANN401 - three kinds that share no type
        """What becomes readable."""
        ...

    def read(self) -> None:
        """Take what is there, without waiting."""
        ...


class Recorder:
    """The thread that reads; a context manager.

    Args:
        sources: in the order in which they are read when several are ready.
    """

    def __init__(self, sources: Sequence[Readable]) -> None:
        self._sources = sources
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._record, name="recorder")

    def __enter__(self) -> "Recorder":
        self._usual_switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        sys.setswitchinterval(self._usual_switch_s)

    def _record(self) -> None:
        poller = zmq.Poller()
        for source in self._sources:
            poller.register(source.socket, zmq.POLLIN)
        while not self._stopping.is_set():
            if poller.poll(100):
                for source in self._sources:
                    source.read()
