"""How another output process, here or on another machine, comes to stand where this one stands. Pure."""

import json

from controller.messages import Command, Operator
from controller.people.commands import COMMANDS
from controller.people.operator import plain_operator, with_setting

NEAR = 1e-6


def lasting(operator: Operator) -> Operator:
    """Without the buttons that are held: those are held anew, never inherited."""
    for row in COMMANDS.values():
        if row.kind == "held":
            operator = with_setting(operator, row, 0.0)
    return operator


def replicate(wanted: Operator, now: Operator) -> tuple[Command, ...]:
    """What brings a spare to stand as its leader does."""
    if lasting(wanted) == lasting(now):
        return ()
    return (Command("stand_as", 1.0, json.dumps(plain_operator(lasting(wanted)))),)


def commands_towards(wanted: Operator, now: Operator) -> tuple[Command, ...]:
    """What brings another machine's desk to stand as this one does: what must not be lost.

    Master, switches, and what the set list wishes: what is forbidden to one machine is forbidden to the other.
    """
    commands = []
    if abs(wanted.grand_master - now.grand_master) > NEAR:
        commands.append(Command("grand_master", wanted.grand_master))
    if wanted.blackout != now.blackout:
        commands.append(Command("blackout", float(wanted.blackout)))
    if wanted.hold != now.hold:
        commands.append(Command("hold", float(wanted.hold)))
    if wanted.wish.number >= 0 and wanted.wish != now.wish:
        commands.append(Command("wish", 1.0, wish=wanted.wish))
    return tuple(commands)
