"""The patch as a QLC+ workspace, with definitions of fixtures that QLC+ does not have. Pure.

Source: files as QLC+ 4.12 writes them. A role becomes a fixture group, and so does each group. What QLC+ has no place
for stands in an element `Followspot`, which it passes over.
"""

import math
import re
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from controller.rig.exchange.qxw import KEPT
from controller.rig.exchange.rows import kept_text
from controller.rig.patch.patch import Fixture
from controller.rig.profiles.profile import (
    ColourChannel,
    Flag,
    Intensity,
    Pan,
    Profile,
    Shutter,
    Slot,
    Tilt,
    Wheel,
)

QXF = "qxf:"
WRITER, VERSION = "Q Light Controller Plus", "4.12.6"
TYPES = {"par": "Color Changer", "bar": "LED Bar (Pixels)", "panel": "Color Changer", "mover": "Moving Head",
         "scanner": "Scanner", "blinder": "Dimmer", "strobe": "Strobe", "dimmer": "Dimmer", "effect": "Effect",
         "hazer": "Hazer", "fan": "Fan", "laser": "Laser", "other": "Other"}  # fmt: skip
LIGHTS = {"warm_white": "White", "cold_white": "White", "uv": "UV"}
"""Emitters that QLC+ calls otherwise than with their capital letter."""
GROUPS = {"pan": "Pan", "tilt": "Tilt", "shutter": "Shutter", "wheel": "Colour", "haze": "Effect"}


def workspace_of(venue: str, fixtures: Sequence[Fixture]) -> bytes:
    """The workspace as a file."""
    root = Element("Workspace", {"xmlns": "http://www.qlcplus.org/Workspace", "CurrentWindow": "FixtureManager"})
    creator = _creator(root)
    SubElement(creator, KEPT).text = venue
    engine = SubElement(root, "Engine")
    universes = SubElement(engine, "InputOutputMap")
    for number in range(max(one.config.universe for one in fixtures)):
        SubElement(universes, "Universe", {"Name": f"Universe {number + 1}", "ID": str(number)})
    edge_m = max(0.0, *(-one.config.position_m[1] for one in fixtures))
    for number, one in enumerate(fixtures):
        _fixture(engine, number, one, edge_m)
    _groups(engine, fixtures)
    _monitor(engine, fixtures, edge_m)
    return _file(root, "Workspace")


def _creator(root: Element) -> Element:
    creator = SubElement(root, "Creator")
    for name, text in (("Name", WRITER), ("Version", VERSION), ("Author", "Followspot")):
        SubElement(creator, name).text = text
    return creator


def _file(root: Element, kind: str) -> bytes:
    indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {kind}>\n'.encode() + tostring(root) + b"\n"


def _fixture(engine: Element, number: int, fixture: Fixture, edge_m: float) -> None:
    config, profile = fixture.config, fixture.profile
    element = SubElement(engine, "Fixture")
    for name, value in (
        ("Manufacturer", profile.maker), ("Model", profile.model), ("Mode", config.mode), ("ID", number),
        ("Name", config.id), ("Universe", config.universe - 1), ("Address", config.address - 1),
        ("Channels", fixture.footprint), (KEPT, kept_text(fixture, edge_m=edge_m)),
    ):  # fmt: skip
        SubElement(element, name).text = str(value)


def _groups(engine: Element, fixtures: Sequence[Fixture]) -> None:
    names = dict.fromkeys(name for one in fixtures for name in (one.config.role, *one.config.groups))
    for number, name in enumerate(names):
        heads = [
            (at, head)
            for at, one in enumerate(fixtures)
            if name in (one.config.role, *one.config.groups)
            for head in range(one.heads)
        ]
        group = SubElement(engine, "FixtureGroup", {"ID": str(number)})
        SubElement(group, "Name").text = name
        SubElement(group, "Size", {"X": str(len(heads)), "Y": "1"})
        for x, (at, head) in enumerate(heads):
            SubElement(group, "Head", {"X": str(x), "Y": "0", "Fixture": str(at)}).text = str(head)


def _monitor(engine: Element, fixtures: Sequence[Fixture], edge_m: float) -> None:
    """Places seen from above, in millimetres from the left back corner of a grid that holds all of them.

    As QLC+ 4 draws them; QLC+ 5 asks once from where the plan is seen, which is from above.
    """
    places = [one.config.position_m for one in fixtures]
    width = 2 * math.ceil(max(abs(x) for x, _, _ in places) + 0.5)
    depth = math.ceil(max(y for _, y, _ in places) + edge_m + 0.5)
    monitor = SubElement(engine, "Monitor", {"DisplayMode": "1", "ShowLabels": "1"})
    for name, text in (("Font", "Arial,12,-1,5,50,0,0,0,0,0"), ("ChannelStyle", "0"), ("ValueStyle", "0")):
        SubElement(monitor, name).text = text
    grid = {"Width": width, "Height": depth, "Depth": depth, "Units": 0}
    SubElement(monitor, "Grid", {name: str(value) for name, value in grid.items()})
    for number, (x, y, _) in enumerate(places):
        at = {"XPos": x + width / 2, "YPos": depth - (y + edge_m)}
        item = {"ID": str(number)} | {name: f"{metres * 1_000:.3f}" for name, metres in at.items()}
        SubElement(monitor, "FxItem", item)


def definitions_for(fixtures: Iterable[Fixture]) -> dict[str, bytes]:
    """Definitions of fixtures that are not QLC+'s own, by the names of their files."""
    profiles = {one.config.profile: one.profile for one in fixtures if not one.config.profile.startswith(QXF)}
    return {definition_name(profile): definition_of(profile) for profile in profiles.values()}


def definition_name(profile: Profile) -> str:
    """`Maker-Model.qxf`, with hyphens for spaces: so QLC+ looks for it beside a workspace."""
    return re.sub(r"[ /\\]", "-", f"{profile.maker}-{profile.model}") + ".qxf"


def definition_of(profile: Profile) -> bytes:
    """A profile as a QLC+ fixture definition: all its modes, each channel with what it is for."""
    root = Element("FixtureDefinition", {"xmlns": "http://www.qlcplus.org/FixtureDefinition"})
    _creator(root)
    for name, text in (
        ("Manufacturer", profile.maker),
        ("Model", profile.model),
        ("Type", TYPES.get(profile.kind, "Other")),
    ):
        SubElement(root, name).text = text
    modes = {mode: _slots(profile.layout(mode)) for mode in (*profile.modes, *profile.if_held)}
    named = {name: slot for slots in modes.values() for name, slot in slots}
    for name, slot in named.items():
        _channel(root, name, slot, profile)
    for mode, slots in modes.items():
        _mode(root, mode, slots)
    return _file(root, "FixtureDefinition")


def _slots(layout: list[Slot]) -> list[tuple[str, Slot]]:
    """A name for each slot that no other slot of the mode has."""
    found: list[tuple[str, Slot]] = []
    for number, slot in enumerate(layout, start=1):
        heads = f" {'+'.join(str(head + 1) for head in slot.heads)}" if slot.heads else ""
        name = f"unused {number}" if slot.name is None else f"{slot.name}{heads}{' fine' * slot.byte}"
        found.append((name, slot))
    return found


def _channel(root: Element, name: str, slot: Slot, profile: Profile) -> None:
    element = SubElement(root, "Channel", {"Name": name})
    does = profile.channels[slot.name] if slot.name else None
    colour = ""
    match does:
        case Intensity():
            group = "Intensity"
        case ColourChannel(emitter=emitter):
            group, colour = "Intensity", LIGHTS.get(emitter, emitter.capitalize())
        case Flag(filter=emitter):
            group, colour = "Intensity", emitter.capitalize()
        case Pan():
            group = "Pan"
        case Tilt():
            group = "Tilt"
        case Shutter():
            group = "Shutter"
        case Wheel():
            group = "Colour"
        case _:
            group = "Nothing" if does is None else "Maintenance"
    SubElement(element, "Group", {"Byte": str(min(slot.byte, 1))}).text = group
    if colour:
        SubElement(element, "Colour").text = colour
    _ranges(element, does)


def _ranges(element: Element, does: object) -> None:
    """Levels that have a meaning; one range over all where none has."""
    if isinstance(does, Shutter):
        found = [(one.dmx, one.shutter.capitalize()) for one in does.ranges]
    elif isinstance(does, Wheel):
        found = [(one.dmx, one.name or one.colour or "Slot") for one in does.slots]
    else:
        found = []
    for (first, last), text in sorted(found) or [((0, 255), "0 to 100%")]:
        SubElement(element, "Capability", {"Min": str(first), "Max": str(last)}).text = text


def _mode(root: Element, name: str, slots: list[tuple[str, Slot]]) -> None:
    mode = SubElement(root, "Mode", {"Name": name})
    for number, (channel, _) in enumerate(slots):
        SubElement(mode, "Channel", {"Number": str(number)}).text = channel
    heads = sorted({head for _, slot in slots for head in slot.heads})
    for head in heads:
        element = SubElement(mode, "Head")
        for number, (_, slot) in enumerate(slots):
            if head in slot.heads:
                SubElement(element, "Channel").text = str(number)
