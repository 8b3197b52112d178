"""OSC 1.0 over UDP: `/followspot/COMMAND [TARGET] AMOUNT [VALUES...]`, and whatever addresses a mapping binds.

    /followspot/grand_master 0.8            /followspot/blackout 1
    /followspot/hand wash 1 0.5 240 1       target, take (0: give back), intensity, hue in degrees, saturation
    /followspot/scene Chorus 1              /followspot/hues 0 120     (hues in degrees)
    /followspot/tap                         /followspot/tempo 128

Whoever may send is named in `controls.osc.allow`; the protocol itself knows no passwords. Pure: bytes in.
"""

import math
from collections.abc import Sequence
from typing import Any

from pythonosc.osc_bundle import ParseError as BundleError
from pythonosc.osc_message import ParseError as MessageError
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketError

from controller.messages import Command
from controller.people.commands import Takes, row_of
from controller.watching.controls.mapping import Event

PREFIX = "/followspot/"
MOST_BYTES = 2_048


def heard(payload: bytes) -> tuple[list[Command], list[Event]]:
    """Commands and events in a datagram; none of either where it is no OSC.

    Args:
        payload: one datagram.
    """
    commands, events = [], []
    if len(payload) > MOST_BYTES:
        return [], []
    try:
        messages = [timed.message for timed in OscPacket(payload).messages]
    except (PacketError, BundleError, MessageError, ValueError, TypeError, IndexError, OverflowError, RecursionError):
        return [], []
    for message in messages:
        arguments = list(message.params)
        command = command_of(message.address, arguments)
        commands += [command] if command is not None else []
        if arguments and _is_number(arguments[0]):
            events.append(Event(f"osc {message.address}", 0, min(1.0, max(0.0, float(arguments[0])))))
    return commands, events


def command_of(address: str, arguments: Sequence[Any]) -> Command | None:
    """What a message of ours asks for; None if it asks for nothing."""
    if not address.startswith(PREFIX):
        return None
    row = row_of(address.removeprefix(PREFIX))
    return None if row is None or row.osc is None else _read(row.name, row.osc, arguments)


def _read(name: str, takes: Takes, arguments: Sequence[Any]) -> Command | None:
    """A command with what a message brought for it; None if that is too little."""
    target = str(arguments[0])[:60] if arguments and isinstance(arguments[0], str) else ""
    numbers = [float(one) for one in arguments if _is_number(one)][:13]
    first = numbers[0] if numbers else None
    match takes:
        case "target" if target:
            return Command(name, 1.0 if first is None else first, target, tuple(numbers[1:]))
        case "hues":
            return Command(name, 1.0, "", tuple(one % 360.0 // 2.0 for one in numbers))
        case "tempo" if first is not None and 30.0 <= first <= 240.0:
            return Command(name, 1.0, "osc", (60.0 / first,))
        case "nothing" if first is None or first > 0.5:
            return Command(name, 1.0)
        case "amount" if first is not None:
            return Command(name, min(1.0, max(0.0, first)))
    return None


def _is_number(one: object) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
