"""A QLC+ workspace (.qxw) to a rig list. Pure: bytes in, a list out.

Source: workspaces as QLC+ 4 and 5 write them. Universes and addresses count from 0 there. The monitor has places in
millimetres: with a point of view x, height and depth (which grows towards the audience), without one x and depth of the
plan as it is drawn; its grid is in metres or feet.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

from controller.errors import ProfileError, RigListError
from controller.rig.exchange.rig_list import MOST_FIXTURES, SLOTS, Listed, Place, RigList
from controller.rig.profiles.xml_tree import xml_tree

MOST_BYTES = 64_000_000
KEPT = "Followspot"
FEET = "1"
FEET_M = 0.3048
FURTHEST_M = 1_000.0
UNKNOWN_ID = "4294967295"


def workspace(content: bytes) -> RigList:
    """The fixtures of a workspace, with their groups and places.

    Raises:
        RigListError: not a workspace, or none that can be understood.
    """
    try:
        root = xml_tree(content, "workspace")
    except ProfileError as error:
        raise RigListError(str(error)) from error
    engine = root.find("Engine")
    if root.tag != "Workspace" or engine is None:
        raise RigListError(f"not a QLC+ workspace: it begins with '{root.tag[:40]}'")
    elements = [one for one in engine.findall("Fixture") if one.find("Address") is not None]
    if not elements:
        raise RigListError("this workspace has no fixtures")
    if len(elements) > MOST_FIXTURES:
        raise RigListError(f"{len(elements)} fixtures; no workspace has more than {MOST_FIXTURES}")
    groups, places = _groups(engine), _places(engine.find("Monitor"))
    fixtures = [part for one in elements for part in _dimmers(_fixture(one, groups, places))]
    return RigList(tuple(fixtures), venue=_text(root, f"Creator/{KEPT}"))


def _fixture(element: Element, groups: dict[str, list[str]], places: dict[str, Place]) -> Listed:
    number, name = _text(element, "ID"), _text(element, "Name")
    kept, place = _kept(element), places.get(number)
    address = _whole(element, "Address", name)
    edge_m = kept.get("edge_m")
    if place and isinstance(edge_m, int | float):
        place = (place[0], place[1] - edge_m, _kept_height(kept) if math.isnan(place[2]) else place[2])
    return Listed(
        name=name,
        maker=_text(element, "Manufacturer"),
        model=_text(element, "Model"),
        mode=_text(element, "Mode"),
        universe=_whole(element, "Universe", name) + address // SLOTS + 1,
        address=address % SLOTS + 1,
        slots=_whole(element, "Channels", name),
        place=place,
        groups=tuple(dict.fromkeys(groups.get(number, ()))),
        number=number,
        kept=kept,
        where=f"fixture {number} '{name}'",
    )


def _dimmers(one: Listed) -> list[Listed]:
    """QLC+'s generic fixture is a pack of dimmers, a lamp on each."""
    if (one.maker, one.model) != ("Generic", "Generic") or one.kept or one.slots < 1:
        return [one]
    parts = [replace(one, model="Dimmer", mode="1ch", address=one.address + at, slots=1) for at in range(one.slots)]
    if len(parts) == 1:
        return parts
    return [replace(part, name=f"{one.name} {at}", number="") for at, part in enumerate(parts, start=1)]


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _whole(element: Element, name: str, fixture: str) -> int:
    written = _text(element, name) or "0"
    if not (written.isascii() and written.isdecimal() and len(written) < 7):
        raise RigListError(f"fixture '{fixture}': {name} is '{written[:40]}', no whole number")
    return int(written)


def _kept(element: Element) -> dict[str, object]:
    try:
        kept = json.loads(_text(element, KEPT) or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _kept_height(kept: dict[str, object]) -> float:
    """What the plan has no place for."""
    place = kept.get("position_m")
    height = place[2] if isinstance(place, list) and len(place) == 3 else math.nan
    return float(height) if isinstance(height, int | float) else math.nan


def _groups(engine: Element) -> dict[str, list[str]]:
    """Names of the groups by the fixture's number."""
    found: dict[str, list[str]] = {}
    for group in engine.findall("FixtureGroup"):
        name = _text(group, "Name")
        for head in group.findall("Head"):
            if name and head.get("Fixture") not in (None, UNKNOWN_ID):
                found.setdefault(str(head.get("Fixture")), []).append(name)
    return found


def _places(monitor: Element | None) -> dict[str, Place]:
    """Places in metres by the fixture's number: x from the middle, y from the edge of the stage, z up."""
    grid = None if monitor is None else monitor.find("Grid")
    if monitor is None or grid is None:
        return {}
    unit = FEET_M if grid.get("Units") == FEET else 1.0
    width, height, depth = (_number(grid, one) * unit for one in ("Width", "Height", "Depth"))
    found = {}
    for item in monitor.findall("FxItem"):
        x, y, z = (_number(item, one) / 1_000 for one in ("XPos", "YPos", "ZPos"))
        is_solid = grid.get("POV") is not None or item.get("ZPos") is not None
        place = (x - width / 2, depth - z, y) if is_solid else (x - width / 2, height - y, math.nan)
        if all(math.isnan(one) or abs(one) <= FURTHEST_M for one in place):
            found[str(item.get("ID"))] = place
    return found


def _number(element: Element, name: str) -> float:
    try:
        number = float(element.get(name, "0"))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


def names_in(content: bytes) -> Iterator[tuple[str, str]]:
    """Maker and model of a QLC+ fixture definition; nothing where it is none."""
    try:
        root = xml_tree(content)
    except ProfileError:
        return
    maker, model = _text(root, "Manufacturer"), _text(root, "Model")
    if maker and model:
        yield maker, model
