"""The lasers of a patch, as sentences for people: `check` and `doctor` name them."""

from controller.rig.patch.patch import SLOTS, Patch


def lasers(patch: Patch) -> list[str]:
    """A sentence for each fixture that has a laser, alone or among other things."""
    found = []
    for number, fixture in enumerate(patch.fixtures):
        one = fixture.config
        slots = [lane.slots[0] % SLOTS + 1 for lane in patch.lanes if lane.fixture == number and lane.laser]
        if slots or fixture.profile.kind == "laser":
            where = f" at {', '.join(f'{one.universe}.{slot}' for slot in slots)}" if slots else ""
            who = "a person may raise it" if one.allow_laser else "nobody can raise it without `allow_laser: true`"
            found.append(f"{one.id} has a laser{where}: held off in every look; {who}")
    return found
