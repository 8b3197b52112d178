"""Why a slot has its level: which fixture, which channel, what drives it, and where it is in the house look."""

import re

from controller.commands.paper import paper
from controller.config import Config
from controller.errors import PatchError
from controller.lighting.engine import LookEngine
from controller.lighting.reasons import about, at
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import SLOTS, Patch

ADDRESS = re.compile(r"^(\d{1,5})[./](\d{1,3})$")
HOUSE_AFTER_S = 60.0


def explained(config: Config, address: str) -> list[str]:
    """Lines about one slot.

    Args:
        address: `universe.slot`, counted from 1, as on the patch sheet; a slash is understood, too.

    Raises:
        PatchError: no such universe or slot.
    """
    patch = patch_of(config)
    universe, slot = _parsed(address, patch)
    flat = patch.universes.index(universe) * SLOTS + slot - 1
    fixture, lane = at(patch, flat)
    if fixture is None:
        return [f"{universe}.{slot}: nothing is patched here; it is sent as 0"]
    number = slot - fixture.config.address + 1
    where = f"{universe}.{slot}: {fixture.config.id} ({fixture.config.profile} {fixture.config.mode}), slot {number}"
    if lane is None:
        return [f"{where} of {fixture.footprint}: the mode does not use it; it is sent as 0"]
    return [f"{where} of {fixture.footprint}", *about(lane, flat, patch, fixture), *_at_house(config, patch, flat)]


def _at_house(config: Config, patch: Patch, flat: int) -> list[str]:
    engine = LookEngine(config, patch)
    engine.tick(0.0)
    frames = engine.tick(HOUSE_AFTER_S).frames
    level = int(frames[flat // SLOTS].slots[flat % SLOTS])
    stage = Observer(patch).observe({frame.universe: frame.slots for frame in frames})
    lane = next(one for one in patch.lanes if flat in one.slots)
    power = float(stage.power[list(lane.heads)].max())
    return [f"  in the house look: {level} ({level / 2.55:.0f} %); its brightest head gives {power:.0%} of its light"]


def _parsed(address: str, patch: Patch) -> tuple[int, int]:
    match = ADDRESS.match(address)
    if match is None:
        raise PatchError(f"'{address}' is no address; write universe.slot, for example 1.17")
    universe, slot = int(match[1]), int(match[2])
    if universe not in patch.universes:
        known = ", ".join(str(one) for one in patch.universes)
        raise PatchError(f"universe {universe} has no outputs; there are: {known}")
    if not 1 <= slot <= SLOTS:
        raise PatchError(f"slot {slot} is not in 1 to {SLOTS}")
    return universe, slot


def print_explanation(config: Config, address: str) -> None:
    """Tell."""
    console = paper()
    for line in explained(config, address):
        console.print(line, markup=False, soft_wrap=True)
