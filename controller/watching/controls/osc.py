"""OSC 1.0 over UDP: `/followspot/COMMAND [TARGET] AMOUNT [VALUES...]`, and whatever addresses a mapping binds.

    /followspot/grand_master 0.8            /followspot/blackout 1
    /followspot/hand wash 1 0.5 240 1       target, take (0: give back), intensity, hue in degrees, saturation
    /followspot/scene Chorus 1              /followspot/hues 0 120     (hues in degrees)
    /followspot/tap                         /followspot/tempo 128

Whoever may send is named in `controls.osc.allow`; the protocol itself knows no passwords. Pure: bytes in.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pythonosc.osc_bundle import ParseError as BundleError
from pythonosc.osc_message import ParseError as MessageError
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketError

from controller.messages import Command
from controller.people.commands import Takes, row_of
from controller.watching.controls.mapping import Event

PREFIX = "/followspot/"
MOST_BYTES = 65_507
"""As much as one datagram can carry: a tablet's sensors and a button may come in one bundle."""
MOST_MESSAGES = 500
ROUNDING = 1e-3
"""A fader at its end may be a little beyond it."""


@dataclass(frozen=True, slots=True)
class OscHeard:
    """What a datagram holds: `refused` says of each message that asks for something in a wrong shape what is wrong."""

    commands: list[Command] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_datagram(payload: bytes) -> OscHeard:
    """Commands and events in a datagram, and what is refused. A bundle's time is not waited for: a wish is for now.

    Args:
        payload: one datagram.
    """
    found = OscHeard()
    try:
        messages = [timed.message for timed in OscPacket(payload[:MOST_BYTES]).messages]
    except (PacketError, BundleError, MessageError, ValueError, TypeError, IndexError, OverflowError, RecursionError):
        found.refused.append("no OSC")
        return found
    for message in messages[:MOST_MESSAGES]:
        arguments = list(message.params)
        try:
            command = command_of(message.address, arguments)
        except ValueError as error:
            found.refused.append(f"{message.address[:60]}: {error}")
            continue
        if command is not None:
            found.commands.append(command)
        amount = number_of(arguments[0]) if arguments else None
        if amount is not None and -ROUNDING <= amount <= 1.0 + ROUNDING:
            found.events.append(Event(f"osc {message.address}", 0, min(1.0, max(0.0, amount))))
    return found


def number_of(argument: object) -> float | None:
    """An argument as a number, T and F and an impulse included; None where it is none."""
    if isinstance(argument, bool):
        return float(argument)
    if isinstance(argument, int | float) and math.isfinite(argument):
        return float(argument)
    return None


def command_of(address: str, arguments: Sequence[Any]) -> Command | None:
    """What a message of ours asks for; None if it asks for nothing.

    Raises:
        ValueError: it asks for something in a shape that is not understood; says what is right.
    """
    if not address.startswith(PREFIX):
        return None
    row = row_of(address.removeprefix(PREFIX))
    if row is None or row.osc is None:
        raise ValueError("there is no such command here")
    return _read(row.name, row.osc, arguments)


def _read(name: str, takes: Takes, arguments: Sequence[Any]) -> Command | None:
    """A command with what a message brought for it."""
    target = str(arguments[0])[:60] if arguments and isinstance(arguments[0], str) else ""
    given = arguments[1:] if target else arguments
    numbers = [number for one in given if (number := number_of(one)) is not None][:13]
    if len(numbers) < len(given[:13]):
        raise ValueError("an argument is no number")
    first = numbers[0] if numbers else None
    match takes:
        case "target" if target:
            if first not in (None, 0.0, 1.0) and name != "mark":
                raise ValueError("behind the name stands 1 (take, call) or 0 (give back), then the values")
            return Command(name, 1.0 if first is None else first, target, tuple(numbers[1:]))
        case "hues":
            return Command(name, 1.0, "", tuple(one % 360.0 // 2.0 for one in numbers))
        case "tempo" if first is not None and 30.0 <= first <= 240.0:
            return Command(name, 1.0, "osc", (60.0 / first,))
        case "nothing":
            return Command(name, 1.0) if first is None or first > 0.5 else None
        case "amount" if first is not None and -ROUNDING <= first <= 1.0 + ROUNDING:
            return Command(name, min(1.0, max(0.0, first)))
    raise ValueError(SHAPES[takes])


SHAPES: dict[Takes, str] = {
    "amount": "an amount from 0 to 1 is wanted",
    "target": "a name is wanted first",
    "hues": "hues in degrees are wanted",
    "tempo": "beats a minute are wanted, 30 to 240",
    "nothing": "nothing is wanted",
}
