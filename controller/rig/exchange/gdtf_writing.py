"""A profile as a GDTF file (DIN SPEC 15800:2022), so that a scene tells other programs which fixtures it has. Pure.

As little as the standard asks for: modes, channels at their offsets, what each does, ranges of shutters and wheels, one
geometry for each head. No models and no photometry: nothing of that stands in a profile.
"""

import io
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from controller.rig.profiles.profile import (
    Channel,
    ColourChannel,
    Flag,
    Haze,
    Hold,
    Hue,
    Intensity,
    Pan,
    Profile,
    Saturation,
    Shutter,
    Temperature,
    Tilt,
    Wheel,
    written_heads,
)

SPACE = uuid.UUID("0e4c9d4e-7f0b-4b0e-8a58-5f1f7f8f2f6b")
"""Fixture types of ours have their names in it."""
WRITTEN = (2020, 1, 1, 0, 0, 0)
EMITTERS = {"red": "R", "green": "G", "blue": "B", "white": "W", "amber": "RY", "lime": "GY", "cyan": "C",
            "magenta": "M", "yellow": "Y", "uv": "UV", "warm_white": "WW", "cold_white": "CW",
            "indigo": "BM"}  # fmt: skip
NAMED = {Intensity: "Dimmer", Pan: "Pan", Tilt: "Tilt", Wheel: "Color1", Shutter: "Shutter1", Hue: "HSB_Hue",
         Saturation: "HSB_Saturation", Temperature: "CTC"}  # fmt: skip
"""Attribute of each kind of channel; any other is a control."""
FILTERS = {"cyan": "C", "magenta": "M", "yellow": "Y"}
FEATURES = {"Dimmer": "Dimmer.Dimmer", "Pan": "Position.PanTilt", "Tilt": "Position.PanTilt", "Color": "Color.Color",
            "HSB": "Color.HSB", "CTC": "Color.CIE", "Shutter": "Beam.Beam"}  # fmt: skip
"""Feature of an attribute by what it begins with; any other is a control."""
WHITE = "0.3127,0.3290,100.0"
PLACE = "{1,0,0,0}{0,1,0,0}{0,0,1,0}{0,0,0,1}"
BASE = "Base"


def gdtf_name(profile: Profile) -> str:
    """`Maker@Model@Followspot.gdtf`, as files of the GDTF share are called."""
    plain = (
        one.replace("@", " ").replace("/", "-").replace("\\", "-").strip() for one in (profile.maker, profile.model)
    )
    return "@".join((*plain, "Followspot")) + ".gdtf"


def gdtf_of(profile: Profile) -> bytes:
    """The file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("description.xml", WRITTEN), _description(profile), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _description(profile: Profile) -> bytes:
    root = Element("GDTF", {"DataVersion": "1.2"})
    name = f"{profile.maker} {profile.model}"
    fixture = SubElement(root, "FixtureType", {
        "Name": profile.model, "ShortName": profile.model[:10], "LongName": name, "Manufacturer": profile.maker,
        "Description": "Written by Followspot", "FixtureTypeID": str(uuid.uuid5(SPACE, name)).upper(), "Thumbnail": "",
        "RefFT": "", "CanHaveChildren": "No",
    })  # fmt: skip
    modes = {mode: list(_placed(profile, mode)) for mode in (*profile.modes, *profile.if_held)}
    placed = [one for channels in modes.values() for one in channels]
    _attributes(fixture, sorted({attribute for _, _, attribute, _ in placed}))
    _wheels(fixture, profile)
    SubElement(fixture, "PhysicalDescriptions")
    SubElement(fixture, "Models")
    top = SubElement(SubElement(fixture, "Geometries"), "Geometry", {"Name": BASE, "Model": "", "Position": PLACE})
    for geometry in dict.fromkeys(geometry for _, geometry, _, _ in placed if geometry != BASE):
        SubElement(top, "Beam", {"Name": geometry, "Model": "", "Position": PLACE})
    every = SubElement(fixture, "DMXModes")
    for mode, channels in modes.items():
        _mode(every, mode, channels)
    indent(root, " ")
    return b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + tostring(root) + b"\n"


def _placed(profile: Profile, mode: str) -> Iterator[tuple[list[int], str, str, Channel | None]]:
    """Offsets from 1 (coarse first), geometry, attribute and channel of each channel of a mode."""
    offsets: dict[tuple[str, tuple[int, ...]], dict[int, int]] = {}
    taken: set[tuple[str, str]] = set()
    for number, slot in enumerate(profile.layout(mode), start=1):
        if slot.name is None:
            yield [number], *_free(BASE, "NoFeature", taken), None
        else:
            offsets.setdefault((slot.name, slot.heads), {})[slot.byte] = number
    for (name, heads), by_byte in offsets.items():
        channel = profile.channels[name]
        slots = [by_byte[byte] for byte in sorted(by_byte)]
        yield slots, *_free(_geometry(heads), _attribute(channel), taken), channel


def _geometry(heads: Sequence[int]) -> str:
    return f"Head {written_heads(tuple(heads))}" if heads else BASE


def _free(geometry: str, attribute: str, taken: set[tuple[str, str]]) -> tuple[str, str]:
    """A geometry on which the attribute stands once: a channel is called by both."""
    place, count = geometry, 1
    while (place, attribute) in taken:
        count += 1
        place = f"{geometry} part {count}"
    taken.add((place, attribute))
    return place, attribute


def _attribute(channel: Channel) -> str:
    match channel:
        case ColourChannel(emitter=emitter):
            return f"ColorAdd_{EMITTERS[emitter]}"
        case Flag(filter=emitter):
            return f"ColorSub_{FILTERS[emitter]}"
        case Haze(output=output):
            return "Fan1" if output == "fan" else "Haze1"
    return NAMED.get(type(channel), "Control1")


def _attributes(fixture: Element, attributes: list[str]) -> None:
    definitions = SubElement(fixture, "AttributeDefinitions")
    SubElement(definitions, "ActivationGroups")
    every = SubElement(definitions, "FeatureGroups")
    features = {
        one: next((f for word, f in FEATURES.items() if one.startswith(word)), "Control.Control") for one in attributes
    }
    for group in dict.fromkeys(one.partition(".")[0] for one in features.values()):
        element = SubElement(every, "FeatureGroup", {"Name": group, "Pretty": group})
        for name in dict.fromkeys(one.partition(".")[2] for one in features.values() if one.startswith(f"{group}.")):
            SubElement(element, "Feature", {"Name": name})
    listed = SubElement(definitions, "Attributes")
    for attribute, feature in features.items():
        unit = "Angle" if attribute in ("Pan", "Tilt") else "None"
        SubElement(
            listed, "Attribute", {"Name": attribute, "Pretty": attribute, "Feature": feature, "PhysicalUnit": unit}
        )


def _wheels(fixture: Element, profile: Profile) -> None:
    wheels = SubElement(fixture, "Wheels")
    for name, channel in profile.channels.items():
        if isinstance(channel, Wheel):
            wheel = SubElement(wheels, "Wheel", {"Name": _word(name)})
            for slot in channel.slots:
                SubElement(wheel, "Slot", {"Name": slot.name or slot.colour or "Slot", "Color": WHITE})


def _mode(modes: Element, name: str, channels: list[tuple[list[int], str, str, Channel | None]]) -> None:
    mode = SubElement(modes, "DMXMode", {"Name": name, "Description": "", "Geometry": BASE})
    listed = SubElement(mode, "DMXChannels")
    for offsets, geometry, attribute, channel in channels:
        written = {"DMXBreak": "1", "Offset": ",".join(map(str, offsets)), "Highlight": "None", "Geometry": geometry,
                   "InitialFunction": f"{geometry}_{attribute}.{attribute}.1"}  # fmt: skip
        element = SubElement(listed, "DMXChannel", written)
        logical = SubElement(element, "LogicalChannel", {"Attribute": attribute, "Snap": "No", "Master": "None"})
        for number, (one, first, physical, sets) in enumerate(_functions(attribute, channel), start=1):
            function = SubElement(logical, "ChannelFunction", {
                "Name": str(number), "Attribute": one, "DMXFrom": f"{first}/1", "Default": f"{_rest(channel, first)}/1",
                "PhysicalFrom": f"{physical[0]:g}", "PhysicalTo": f"{physical[1]:g}",
            })  # fmt: skip
            for at, text, slot in sets:
                more = {"WheelSlotIndex": str(slot)} if slot else {}
                SubElement(function, "ChannelSet", {"Name": text, "DMXFrom": f"{at}/1", **more})
    SubElement(mode, "Relations")
    SubElement(mode, "FTMacros")


def _functions(
    attribute: str, channel: Channel | None
) -> Iterator[tuple[str, int, tuple[float, float], list[tuple[int, str, int]]]]:
    """Attribute, first level, physical range and named parts of each stretch of a channel."""
    match channel:
        case Shutter(ranges=ranges):
            for one in sorted(ranges, key=lambda one: one.dmx):
                strobes = one.shutter == "strobe"
                is_open = float(one.shutter == "open")
                physical = (one.hz or (1.0, 20.0)) if strobes else (is_open, is_open)
                yield "Shutter1Strobe" if strobes else attribute, one.dmx[0], physical, [(one.dmx[0], one.shutter, 0)]
        case Wheel(slots=slots):
            sets = [(one.dmx[0], one.name or one.colour or "Slot", at) for at, one in enumerate(slots, start=1)]
            yield attribute, 0, (0.0, 1.0), sorted(sets)
        case Pan(degrees=degrees) | Tilt(degrees=degrees):
            yield attribute, 0, (-degrees / 2, degrees / 2), []
        case _:
            yield attribute, 0, (0.0, 1.0), []


def _rest(channel: Channel | None, first: int) -> int:
    match channel:
        case Hold(at=level) | Haze(at=level):
            return level
        case Pan() | Tilt():
            return 128
        case Wheel():
            return channel.rest
    return first


def _word(name: str) -> str:
    return "".join(one if one.isalnum() or one in " -_" else "_" for one in name)
