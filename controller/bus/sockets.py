"""Messages between the processes: ZeroMQ over Unix sockets in a private folder, newest value wins.

Each topic has a publisher and any number of readers. A reader's queue holds one message (ZeroMQ's CONFLATE), so a
backlog cannot exist: who was late sees the newest state and its age. Commands go the other way, through a queue that
keeps their order. Nothing listens on the network. Edge: sockets.
"""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar, get_origin

import msgpack
import zmq

from controller.messages import Command, LightToken, Pulse

T = TypeVar("T", LightToken, Pulse, Command)
COMMANDS_KEPT = 100
SPARE = ".spare"
"""What the names of a spare process's sockets end in."""


class Publisher:
    """Sends the newest state of one topic.

    Args:
        context: of this process. folder: the run's private folder. topic: file name of the socket.
    """

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, topic: str) -> None:
        self._socket = context.socket(zmq.PUB)
        # towards a reader that is stuck, too, only the newest is kept: a full queue would keep the oldest
        self._socket.setsockopt(zmq.CONFLATE, 1)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(f"ipc://{folder / topic}")

    def send(self, message: object) -> None:
        """Publish plain data or one message; never blocks."""
        self._socket.send(pack(message), zmq.NOBLOCK)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Newest:
    """Reads the newest state of one topic.

    Whoever opens one reads it, again and again, wanted or not: ZeroMQ keeps one message, but also a note of each that
    came since somebody looked, some forty bytes (zeromq/libzmq#3171). In a night that would be tens of megabytes.

    Args:
        context: of this process. folder: the run's private folder. topic: file name of the socket.
        spare: from the spare of its publisher as well; only one of the two speaks at a time.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", folder: Path, topic: str, *, spare: bool = False
    ) -> None:
        self.socket = context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.CONFLATE, 1)
        self.socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.socket.setsockopt(zmq.LINGER, 0)
        for end in ("", SPARE) if spare else ("",):
            self.socket.connect(f"ipc://{folder / topic}{end}")

    def take(self) -> Any:  # noqa: ANN401 - whatever plain data was published
        """The newest state if one came since the last call, else None. Garbage counts as nothing."""
        try:
            return unpack(self.socket.recv(zmq.NOBLOCK))
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
        self.socket = context.socket(zmq.PULL)
        self.socket.setsockopt(zmq.RCVHWM, COMMANDS_KEPT)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(f"ipc://{folder / 'commands'}{end}")

    def take_all(self) -> list[Command]:
        """What came since the last call, at most a hundred."""
        commands = []
        for _ in range(COMMANDS_KEPT):
            try:
                fields = unpack(self.socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                break
            command = revive(Command, fields)
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
            push.connect(f"ipc://{folder / 'commands'}{end}")
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


def pack(message: object) -> bytes:
    """A message of scalar fields, or plain data, as msgpack."""
    fields = dataclasses.asdict(message) if dataclasses.is_dataclass(message) else message  # type: ignore[arg-type]
    packed: bytes = msgpack.packb(fields, use_bin_type=True)
    return packed


def unpack(payload: bytes) -> Any:  # noqa: ANN401 - plain data of any shape
    """Plain data, or None if it is none."""
    try:
        return msgpack.unpackb(payload, raw=False)
    except (ValueError, msgpack.exceptions.UnpackException):
        return None


def revive(kind: type[T], fields: object) -> T | None:
    """The message that `fields` were packed from, or None if they are not one of its kind."""
    known = dataclasses.fields(kind)
    needed = {field.name for field in known if field.default is dataclasses.MISSING}
    if not isinstance(fields, dict) or not needed <= set(fields) <= {field.name for field in known}:
        return None
    if not all(_fits(fields[field.name], field.type) for field in known if field.name in fields):
        return None
    parts: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in fields.items()}
    return kind(**parts)


def _fits(part: object, wanted: object) -> bool:
    """Whether plain data is of a field's type: a number, a truth value, several numbers, or else a word."""
    if wanted is bool:
        return isinstance(part, bool)
    if wanted is int:
        return isinstance(part, int)
    if wanted is float:
        return isinstance(part, int | float)
    if get_origin(wanted) is tuple:
        return isinstance(part, list | tuple) and all(isinstance(one, int | float) for one in part)
    return isinstance(part, str)
