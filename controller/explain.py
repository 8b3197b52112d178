"""Why a slot has its level: which fixture, which channel, what drives it, and where it is in the house look."""

import re

from controller.config import Config
from controller.desk import Desk, patch_of
from controller.errors import PatchError
from controller.observe import Observer
from controller.paper import paper
from controller.patch.lanes import EMITTERS, FLAGS, HELD, Lane
from controller.patch.patch import SLOTS, Fixture, Patch
from controller.profiles.profile import written_heads

ADDRESS = re.compile(r"^(\d{1,5})[./](\d{1,3})$")
HOUSE_AFTER_S = 60.0
DRIVERS = {
    "intensity": "the brightness of its heads",
    "pan": "where its heads point",
    "tilt": "where its heads point",
    "wheel": "the colour of its heads: the nearest slot, at most every 1.5 s",
    "hue": "the colour of its heads, as an angle",
    "saturation": "the colour of its heads: how far from white",
    "cct": "the colour of its heads: warm or cold",
    "gate": "whether light is wanted at all",
    "haze": "nobody: haze and fans belong to people",
    **dict.fromkeys(FLAGS, "the colour of its heads, as a filter"),
}
BYTES = ("coarse byte", "fine byte", "finest byte")


def explained(config: Config, address: str) -> list[str]:
    """Lines about one slot.

    Args:
        address: `universe.slot` or `universe/slot`, counted from 1, as on the patch sheet.

    Raises:
        PatchError: no such universe or slot.
    """
    patch = patch_of(config)
    universe, slot = _parsed(address, patch)
    flat = patch.universes.index(universe) * SLOTS + slot - 1
    fixture = next((one for one in patch.fixtures if _holds(one, universe, slot)), None)
    if fixture is None:
        return [f"{universe}/{slot}: nothing is patched here; it is sent as 0"]
    number = slot - fixture.config.address + 1
    where = f"{universe}/{slot}: {fixture.config.id} ({fixture.config.profile} {fixture.config.mode}), slot {number}"
    lane = next((one for one in patch.lanes if flat in one.slots), None)
    if lane is None:
        return [f"{where} of {fixture.footprint}: the mode does not use it; it is sent as 0"]
    return [f"{where} of {fixture.footprint}", *_about(lane, flat, patch, fixture), *_at_house(config, patch, flat)]


def _about(lane: Lane, flat: int, patch: Patch, fixture: Fixture) -> list[str]:
    heads = tuple(head - fixture.first_head for head in lane.heads)
    of = f", head {written_heads(heads)}" if len(heads) < fixture.heads else ""
    width = f"{8 * len(lane.slots)} bits, {BYTES[lane.slots.index(flat)]}" if len(lane.slots) > 1 else "8 bits"
    lines = [f"  channel: {lane.name}{of} ({lane.channel.does}, {width})"]
    if lane.control == HELD:
        lines.append(f"  held at {lane.at}: {lane.why}")
    else:
        by = f"the colour of its heads: their {lane.control}" if lane.control in EMITTERS else DRIVERS[lane.control]
        low, high = getattr(lane.channel, "range", (0, 255))
        ranged = (
            f", between {low} and {high}" if lane.control in ("intensity", "pan", "tilt", *EMITTERS, *FLAGS) else ""
        )
        lines.append(f"  driven by {by}{ranged}" + (f", stage {lane.stage + 1} of its dimmers" if lane.stage else ""))
    config = fixture.config
    if lane.control == "intensity" or (lane.control in EMITTERS and not patch.has("intensity")[list(lane.heads)].any()):
        curve = config.curve if isinstance(config.curve, str) else "by a table"
        lines.append(f"  response {curve}, lowest level {config.minimum:g}, limit {config.max_intensity:.0%}")
    if lane.name in config.override:
        lines.append("  overridden in config.yaml")
    never = ", ".join(f"{low}-{high}" if high > low else f"{low}" for low, high in sorted(lane.channel.never()))
    return [*lines, f"  never sent: {never}"] if never else lines


def _at_house(config: Config, patch: Patch, flat: int) -> list[str]:
    desk = Desk(config, patch)
    desk.tick(0.0)
    frames = desk.tick(HOUSE_AFTER_S).frames
    level = int(frames[flat // SLOTS].slots[flat % SLOTS])
    stage = Observer(patch).observe({frame.universe: frame.slots for frame in frames})
    lane = next(one for one in patch.lanes if flat in one.slots)
    power = float(stage.power[list(lane.heads)].max())
    return [f"  in the house look: {level} ({level / 2.55:.0f} %); its brightest head gives {power:.0%} of its light"]


def _parsed(address: str, patch: Patch) -> tuple[int, int]:
    match = ADDRESS.match(address)
    if match is None:
        raise PatchError(f"'{address}' is no address; write universe.slot, for example 1.17 or 1/17")
    universe, slot = int(match[1]), int(match[2])
    if universe not in patch.universes:
        known = ", ".join(str(one) for one in patch.universes)
        raise PatchError(f"universe {universe} has no outputs; there are: {known}")
    if not 1 <= slot <= SLOTS:
        raise PatchError(f"slot {slot} is not in 1 to {SLOTS}")
    return universe, slot


def _holds(fixture: Fixture, universe: int, slot: int) -> bool:
    first = fixture.config.address
    return fixture.config.universe == universe and first <= slot < first + fixture.footprint


def print_explanation(config: Config, address: str) -> None:
    """Tell."""
    console = paper()
    for line in explained(config, address):
        console.print(line, markup=False, soft_wrap=True)
