"""Messages between the processes: ZeroMQ over sockets that only they reach (`doors.py`), newest value wins.

Each topic (`topics.py`) has a publisher and any number of readers. A reader's queue holds one message (ZeroMQ's
CONFLATE), so a backlog cannot exist: who was late sees the newest state and its age. One that arrives while the one
before it is being read can be dropped (its double buffer gives up rather than waits): states are therefore published
again and again, and what happens is counted in them, never a message of its own. Commands go the other way, through a
queue that keeps their order. Every message is a frozen dataclass, checked when it is read: what does not fit its type
counts as nothing. Nothing listens on the network. Edge: sockets.
"""

from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import zmq

from controller.bus.doors import bind, connect
from controller.bus.topics import COMMANDS, SPARE, Topic
from controller.messages import Command

T = TypeVar("T")
COMMANDS_KEPT = 100
ENCODER = msgspec.msgpack.Encoder()


class Publisher(Generic[T]):
    """Sends the newest state of one topic.

    Args:
        context: of this process. folder: the run's private folder. topic: what is sent. end: `SPARE` for a spare.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, topic: Topic[T], *, end: str = ""
    ) -> None:
        self._socket = context.socket(zmq.PUB)
        # towards a reader that is stuck, too, only the newest is kept: a full queue would keep the oldest
        self._socket.setsockopt(zmq.CONFLATE, 1)
        self._socket.setsockopt(zmq.LINGER, 0)
        bind(self._socket, folder, topic.name + end)

    def send(self, message: T) -> None:
        """Publish one message; never blocks."""
        self._socket.send(pack(message), zmq.NOBLOCK)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _has_come(socket: "zmq.Socket[bytes]") -> bool:
    """Whether there is a message: most of the time none is, and an exception that says so costs ten times as much."""
    return bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)


class Newest(Generic[T]):
    """Reads the newest state of one topic, from the spare of its publisher as well: only one of the two speaks.

    Whoever opens one reads it, again and again, wanted or not: ZeroMQ keeps one message, but also a note of each that
    came since somebody looked, some forty bytes (zeromq/libzmq#3171). In a night that would be tens of megabytes.

    Args:
        context: of this process. folder: the run's private folder. topic: what is read.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, topic: Topic[T]) -> None:
        self._reader = Reader(topic.carries)
        self.socket = context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.CONFLATE, 1)
        self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.socket.setsockopt(zmq.LINGER, 0)
        for end in ("", SPARE) if topic.spare else ("",):
            connect(self.socket, folder, topic.name + end)

    def take(self) -> T | None:
        """The newest state if one came since the last call, else None. Garbage counts as nothing."""
        if not _has_come(self.socket):
            return None
        try:
            return self._reader.read(self.socket.recv(zmq.NOBLOCK))
        except zmq.Again:
            return None

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class Commands:
    """The receiving end of commands: all of them, in order.

    Args:
        context: of this process. folder: the run's private folder. end: of the socket's name, `SPARE` for a spare.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, end: str = "") -> None:
        self._reader = Reader(Command)
        self.socket = context.socket(zmq.PULL)
        self.socket.setsockopt(zmq.RCVHWM, COMMANDS_KEPT)
        self.socket.setsockopt(zmq.LINGER, 0)
        bind(self.socket, folder, COMMANDS.name + end)

    def take_all(self) -> list[Command]:
        """What came since the last call, at most a hundred."""
        commands: list[Command] = []
        if not _has_come(self.socket):
            return commands
        for _ in range(COMMANDS_KEPT):
            try:
                command = self._reader.read(self.socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                break
            if command is not None:
                commands.append(command)
        return commands

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class Commander:
    """The sending end of commands: to the output process and to its spare, which heeds them if it has to step in."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path) -> None:
        self._sockets = []
        for end in ("", SPARE):
            push = context.socket(zmq.PUSH)
            push.setsockopt(zmq.SNDHWM, COMMANDS_KEPT)
            push.setsockopt(zmq.LINGER, 0)
            connect(push, folder, COMMANDS.name + end)
            self._sockets.append(push)

    def send(self, command: Command) -> bool:
        """Queue one command; False if nobody takes any."""
        taken = False
        for push in self._sockets:
            try:
                push.send(pack(command), zmq.NOBLOCK)
            except zmq.Again:
                continue
            taken = True
        return taken

    def close(self) -> None:
        """Close the sockets."""
        for push in self._sockets:
            push.close()


class Reader(Generic[T]):
    """Messages of one type out of bytes.

    Args:
        carries: a frozen dataclass.
    """

    def __init__(self, carries: type[T]) -> None:
        self._decoder = msgspec.msgpack.Decoder(carries)

    def read(self, payload: bytes) -> T | None:
        """The message, or None: no msgpack, a field too few, or one of another type."""
        try:
            return self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError):
            return None


def pack(message: object) -> bytes:
    """A message as msgpack."""
    return ENCODER.encode(message)
