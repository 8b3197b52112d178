"""What one output cycle heard and made, as a value and as bytes in a file. Pure.

A block is length and CRC-32 (little-endian, four bytes each), then zlib of msgpack. `recording.py` writes and reads the
files that are made of them.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import MISSING, astuple, dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, BinaryIO

import msgpack

from controller.errors import RecordingError
from controller.messages import Command, Cue, HeldRow, LightToken, Pulse, SongWish

FRAME = struct.Struct("<II")
MAX_BLOCK_BYTES = 8_000_000
MAX_UNPACKED_BYTES = 64_000_000
CUE_AT = 6
"""Place of the cue among the values of a token."""

PULSE, TOKEN, CUE = (attrgetter(*(one.name for one in fields(kind))) for kind in (Pulse, LightToken, Cue))
"""The values of each as they stand: `dataclasses.astuple` copies them one by one, a twentieth of a cycle's work."""
COMMAND_PLAIN = 4
"""Fields of a command that every row of one has: name, amount, target, values."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What reached the output process in one cycle, in the order in which it is used.

    Attributes:
        pulses: all that were taken, each with the moment at which it was. token: the newest, if there is a new one.
        commands: in order.
        desk: levels of a person's desk by universe, (512,) bytes each, where they changed; None: that desk fell silent.
        turned: universes whose desk is another one now. leaving: the show fades to its end look.
        held: what another output process says a person holds; None: nothing new.
        shown: what another output process showed last, where this one goes on from there in this cycle (see
            `Limiter.adopt`); empty: nobody knows.
    """

    pulses: tuple[tuple[float, Pulse], ...] = ()
    token: LightToken | None = None
    commands: tuple[Command, ...] = ()
    desk: dict[int, bytes | None] = field(default_factory=dict)
    turned: tuple[int, ...] = ()
    leaving: bool = False
    held: tuple[HeldRow, ...] | None = None
    shown: bytes | None = None

    @property
    def nothing(self) -> bool:
        """Whether this cycle only had the time."""
        return self == Heard()


@dataclass(frozen=True, slots=True)
class Cycle:
    """One output cycle: its time, what was heard before it, and the CRC-32 of all slots it made."""

    now_s: float
    heard: Heard
    crc: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file, or what is wrong with the rest of it."""

    content: Any
    damage: str = ""


def encode_block(content: object) -> bytes:
    """Plain data as one block."""
    packed = zlib.compress(msgpack.packb(content, use_bin_type=True), 1)
    return FRAME.pack(len(packed), zlib.crc32(packed)) + packed


def plain(cycle: Cycle) -> list[Any]:
    """A cycle as plain data: two numbers when nothing was heard."""
    if cycle.heard.nothing:
        return [cycle.now_s, cycle.crc]
    heard = cycle.heard
    return [
        cycle.now_s,
        cycle.crc,
        [[at_s, *PULSE(pulse)] for at_s, pulse in heard.pulses],
        _written(heard.token) if heard.token else None,
        [_command_row(command) for command in heard.commands],
        list(heard.desk.items()),
        list(heard.turned),
        heard.leaving,
        *_rare(heard),
    ]


def cycle_of(data: Any) -> Cycle:  # noqa: ANN401 - plain data of any shape
    """The cycle that `plain` wrote.

    Raises:
        RecordingError: it is none.
    """
    try:
        now_s, crc, *rest = data
        if not isinstance(now_s, float) or not isinstance(crc, int):
            raise TypeError("time and checksum are numbers")
        if not rest:
            return Cycle(now_s, Heard(), crc)
        pulses, token, commands, desk, turned, leaving, *rare = rest
        held, shown = (*rare, None, None)[:2]
        heard = Heard(
            tuple((float(at_s), _revived(Pulse, one)) for at_s, *one in pulses),
            None if token is None else _token(token),
            tuple(_command(one) for one in commands),
            {int(universe): None if levels is None else _levels(levels) for universe, levels in desk},
            tuple(int(universe) for universe in turned),
            bool(leaving),
            None if held is None else held_rows(held),
            None if shown is None else _shown(shown),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordingError(f"not a cycle of this format: {error}") from error
    return Cycle(now_s, heard, crc)


def _rare(heard: Heard) -> list[Any]:
    """What stands at the end of a cycle that has it, and is left out elsewhere."""
    held = None if heard.held is None else [list(row) for row in heard.held]
    return [held, heard.shown] if heard.shown is not None else [] if held is None else [held]


def _shown(shown: Any) -> bytes:  # noqa: ANN401
    if not isinstance(shown, bytes):
        raise TypeError("slots are bytes")
    return shown


def _written(token: LightToken) -> list[Any]:
    """Its own numbers; those of its cue, where it has one, as a list at the end."""
    *numbers, cue = TOKEN(token)
    return numbers if cue is None else [*numbers, list(CUE(cue))]


def _token(values: Any) -> LightToken:  # noqa: ANN401 - plain data of any shape
    if not isinstance(values, list) or len(values) < CUE_AT:
        raise TypeError("LightToken has six numbers")
    cue = _revived(Cue, values[CUE_AT]) if len(values) > CUE_AT else None
    token: LightToken = _revived(LightToken, values[:CUE_AT])
    return replace(token, cue=cue)


def _revived(kind: type, values: Any) -> Any:  # noqa: ANN401
    most, least = len(fields(kind)), sum(one.default is MISSING for one in fields(kind))
    if not isinstance(values, list) or not least <= len(values) <= most:  # older logs know fewer fields
        raise TypeError(f"{kind.__name__} has {most} fields")
    for part in values:
        if not isinstance(part, str | int | float | list) or (
            isinstance(part, list) and not all(isinstance(one, int | float) for one in part)
        ):
            raise TypeError(f"{kind.__name__} holds numbers and words")
    return kind(*(tuple(part) if isinstance(part, list) else part for part in values))


def _command_row(command: Command) -> list[Any]:
    """A command as plain data; a wish stands at the end of those few that have one."""
    row = [command.name, command.amount, command.target, command.values]
    return row if command.wish is None else [*row, list(astuple(command.wish))]


def _command(row: Any) -> Command:  # noqa: ANN401
    wish = _revived(SongWish, row[COMMAND_PLAIN]) if isinstance(row, list) and len(row) > COMMAND_PLAIN else None
    return replace(_revived(Command, row[:COMMAND_PLAIN]), wish=wish)  # type: ignore[no-any-return]  # as asked for


def held_rows(rows: Any) -> tuple[HeldRow, ...]:  # noqa: ANN401 - plain data of any shape
    """What a person holds, from plain data.

    Raises:
        TypeError, ValueError, OverflowError: it is none.
    """
    return tuple(
        (int(index), float(since_s), float(moved_s), tuple(int(one) for one in levels), float(back_s), float(over_s))
        for index, since_s, moved_s, levels, back_s, over_s in rows
    )


def _levels(levels: Any) -> bytes:  # noqa: ANN401
    if not isinstance(levels, bytes) or len(levels) != 512:
        raise TypeError("a universe has 512 slots")
    return levels


def blocks(file: BinaryIO) -> Iterator[Block]:
    """Every whole block after the first line; the last one tells what is damaged, if anything is."""
    while head := file.read(FRAME.size):
        if len(head) < FRAME.size:
            yield Block(None, f"{len(head)} bytes of a block's head")
            return
        length, crc = FRAME.unpack(head)
        packed = file.read(length) if length <= MAX_BLOCK_BYTES else b""
        if len(packed) < length or zlib.crc32(packed) != crc:
            yield Block(None, "a block that is cut off or changed")
            return
        try:
            reader = zlib.decompressobj()
            unpacked = reader.decompress(packed, MAX_UNPACKED_BYTES)
            if not reader.eof:
                raise ValueError("too large")
            content = msgpack.unpackb(unpacked, raw=False, strict_map_key=False)
        except (zlib.error, ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
            yield Block(None, f"a block that cannot be read: {error}")
            return
        yield Block(content)
