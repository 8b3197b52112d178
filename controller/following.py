"""How a spare output process keeps standing where its leader stands. Pure."""

from controller.messages import Command, Operator

NEAR = 1e-6


def operator_of(stage: object) -> Operator | None:
    """What the leader's last word says people have set; None if it says nothing of that."""
    if not isinstance(stage, dict):
        return None
    master, switches = stage.get("grand_master"), [stage.get(name) for name in ("blackout", "hold", "flash_override")]
    if not isinstance(master, float | int) or not all(isinstance(one, bool) for one in switches):
        return None
    return Operator(float(master), *(bool(one) for one in switches))


def commands_towards(wanted: Operator, now: Operator) -> tuple[Command, ...]:
    """The commands that bring one state of the desk to another; the flash override is held anew, never inherited."""
    commands = []
    if abs(wanted.grand_master - now.grand_master) > NEAR:
        commands.append(Command("grand_master", wanted.grand_master))
    if wanted.blackout != now.blackout:
        commands.append(Command("blackout", float(wanted.blackout)))
    if wanted.hold != now.hold:
        commands.append(Command("hold", float(wanted.hold)))
    return tuple(commands)
