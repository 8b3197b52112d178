"""Raw fixture files as slots with tagged ranges: the judge's own reading of QLC+ definitions, OFL and GDTF.

What it cannot place (geometry references of GDTF, switching channels) it leaves out and counts
as not judged; it claims less than the importers, never more.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from tools.rigs.words import tags_of

EMITTERS = ("red", "green", "blue", "white", "amber", "uv", "lime", "cyan", "magenta", "yellow", "indigo")


@dataclass(frozen=True, slots=True)
class Range:
    """Levels of the coarse byte, what is said beside them, and what that makes of them."""

    first: int
    last: int
    said: str
    tags: frozenset[str]


@dataclass(slots=True)
class Slot:
    """One slot of a mode; `kind` is `emitter`, `dimmer`, `gobo`, `colour` or `other`."""

    index: int
    name: str
    kind: str = "other"
    ranges: list[Range] = field(default_factory=list)

    def at(self, level: int) -> Range | None:
        """The range a level is in; None where nothing is said."""
        return next((one for one in self.ranges if one.first <= level <= one.last), None)


def modes_of(file: Path) -> Iterator[tuple[str, list[Slot] | None]]:
    """Name and slots of each mode of a file; None for the slots of a mode that it cannot place."""
    match file.suffix.lower():
        case ".qxf":
            yield from _qxf(Xml.fromstring(file.read_bytes()))  # noqa: S314 - libraries of one's own
        case ".json":
            yield from _ofl(json.loads(file.read_bytes()))
        case ".gdtf":
            with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
                yield from _gdtf(Xml.fromstring(archive.read("description.xml")))  # noqa: S314


def _qxf(root: Xml.Element) -> Iterator[tuple[str, list[Slot]]]:
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
    known = {(one.get("Name") or "").strip(): one for one in root.findall("Channel")}
    for mode in root.findall("Mode"):
        slots = []
        for entry in mode.findall("Channel"):
            channel = known.get((entry.text or "").strip())
            if channel is not None and not _is_fine(channel):
                slots.append(_qxf_slot(int(entry.get("Number") or 0), channel))
        yield mode.get("Name") or "", slots


def _is_fine(channel: Xml.Element) -> bool:
    group = channel.find("Group")
    return (channel.get("Preset") or "").endswith("Fine") or (group is not None and group.get("Byte") == "1")


def _qxf_slot(index: int, channel: Xml.Element) -> Slot:
    name, preset = (channel.get("Name") or "").strip(), channel.get("Preset") or ""
    group = (channel.findtext("Group") or "").strip()
    ranges = []
    for one in channel.findall("Capability"):
        said, its = (one.text or "").strip(), one.get("Preset") or ""
        tags = tags_of(said)
        tags |= {"strobe"} if its.startswith(("Strobe", "Pulse", "Ramp")) else set()
        tags |= {"reset"} if its.startswith("Reset") or (its == "LampOff" and "lamp" in said.lower()) else set()
        tags |= {"stop"} if its == "RotationStop" and "open" not in tags else set()
        tags |= {"colour"} if its.startswith("Color") and not tags & {"off", "open", "dark"} else set()
        tags |= {"gobo"} if its.startswith("Gobo") and not tags & {"off", "open"} else set()
        tags |= {"open"} if its == "ShutterOpen" and not tags & {"dark"} else set()
        tags |= {"dark"} if its == "ShutterClose" and not tags & {"off", "open"} else set()
        ranges.append(Range(int(one.get("Min") or 0), int(one.get("Max") or 0), said, frozenset(tags)))
    whole = f"{preset} {name}".lower()
    kind = "other"
    named = group == "Intensity" and sum(word in name.lower().split() for word in EMITTERS) == 1
    if named or (preset.startswith("Intensity") and preset[9:].lower() in EMITTERS):
        kind = "emitter"
    elif "dimmer" in whole and group in ("Intensity", ""):
        kind = "dimmer"
    elif group == "Gobo" or any("gobo" in one.tags for one in ranges):
        kind = "gobo"
    elif sum("colour" in one.tags for one in ranges) >= 2:
        kind = "colour"
    return Slot(index, name, kind, ranges)


def _ofl(data: dict[str, Any]) -> Iterator[tuple[str, list[Slot] | None]]:
    wheels = data.get("wheels") or {}
    for mode in data.get("modes") or []:
        title = str(mode.get("shortName") or mode["name"])
        names = _expanded(mode["channels"], data.get("matrix") or {})
        if names is None:
            yield title, None
        else:
            found = [(index, name, _ofl_channel(name, data)) for index, name in enumerate(names) if name]
            yield title, [_ofl_slot(index, name, known, wheels) for index, name, known in found if known]


def _expanded(channels: list[Any], matrix: dict[str, Any]) -> list[str | None] | None:
    """The slots of a mode by name, with `TEMPLATE/PIXEL` for what an insert repeats; None where the shape is unknown.

    Which pixel comes first does not matter here: a template means the same at every pixel.
    """
    names: list[str | None] = []
    for one in channels:
        if one is None or isinstance(one, str):
            names.append(one)
            continue
        repeat = one["repeatFor"]
        count = len(repeat) if isinstance(repeat, list) else _pixels(matrix, groups=repeat == "eachPixelGroup")
        if not count:
            return None
        templates, pixels = one["templateChannels"], range(count)
        by_pixel = one.get("channelOrder", "perPixel") == "perPixel"
        pairs = ((t, p) for p in pixels for t in templates) if by_pixel else ((t, p) for t in templates for p in pixels)
        names += [f"{template}/{pixel}" if template else None for template, pixel in pairs]
    return names


def _pixels(matrix: dict[str, Any], *, groups: bool) -> int:
    if groups:
        return len(matrix.get("pixelGroups") or {})
    if "pixelCount" in matrix:
        x, y, z = matrix["pixelCount"]
        return int(x * y * z)
    return sum(key is not None for plane in matrix.get("pixelKeys") or [] for row in plane for key in row)


def _ofl_channel(name: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """A channel, or the template that it stands for, fine bytes left out."""
    available, templates = data.get("availableChannels") or {}, data.get("templateChannels") or {}
    if name in available:
        return dict(available[name])
    template, _, pixel = name.rpartition("/")
    if template in templates and pixel.isdigit():
        return dict(templates[template])
    known = (one for one in templates if _names(one, name))
    return next((dict(templates[one]) for one in known), None)


def _names(template: str, name: str) -> bool:
    """Whether a name is the template with some pixel's key in it."""
    before, key, after = template.partition("$pixelKey")
    return bool(key) and len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)


def _ofl_slot(index: int, key: str, channel: dict[str, Any], wheels: dict[str, Any]) -> Slot:
    name = str(channel.get("name") or key)
    size = 1 + len(channel.get("fineChannelAliases") or [])
    size = int(channel["dmxValueResolution"][:-3]) // 8 if "dmxValueResolution" in channel else size
    ranges, types = [], []
    for one in channel.get("capabilities") or [channel["capability"]]:
        first, last = one.get("dmxRange") or (0, 256**size - 1)
        said = str(one.get("comment") or one.get("effectName") or one.get("shutterEffect") or "")
        types.append(one["type"])
        ranges.append(Range(first >> 8 * (size - 1), last >> 8 * (size - 1), said, _ofl_tags(one, said, name, wheels)))
    emitter = all(one in ("ColorIntensity", "NoFunction") for one in types)
    kinds = (("emitter", emitter), ("dimmer", "Intensity" in types),
             ("gobo", any("gobo" in one.tags for one in ranges)),
             ("colour", types.count("ColorPreset") > 1))  # fmt: skip
    return Slot(index, name, next((kind for kind, holds in kinds if holds), "other"), ranges)


def _ofl_tags(one: dict[str, Any], said: str, name: str, wheels: dict[str, Any]) -> frozenset[str]:
    kind = one["type"]
    tags = tags_of(said) if said else set()
    if kind == "ShutterStrobe":
        effect = one.get("shutterEffect")
        steady = effect in ("Open", "Closed") or one.get("speed") in ("stop", "0Hz")
        tags = (tags - {"strobe"}) | ({"open"} if effect == "Open" else {"dark"} if effect == "Closed" else set())
        tags |= set() if steady else {"strobe"}
    elif kind == "NoFunction":
        tags = {"off"}
    elif kind == "ColorPreset":
        tags |= set() if tags & {"off", "open", "dark"} else {"colour"}
    elif kind == "WheelSlot":
        slots = (
            (wheels.get(one.get("wheel", name)) or {}).get("slots", [])
            if isinstance(one.get("wheel", name), str)
            else []
        )
        number = one.get("slotNumber")
        type_ = slots[int(number) - 1]["type"] if number and int(number) == number and number <= len(slots) else ""
        tags |= {"Gobo": {"gobo"}, "Open": {"open"}, "Color": {"colour"}, "Closed": {"dark"}}.get(type_, set())
    return frozenset(tags)


def _gdtf(root: Xml.Element) -> Iterator[tuple[str, list[Slot] | None]]:
    for mode in root.iterfind("FixtureType/DMXModes/DMXMode"):
        channels = mode.findall("DMXChannels/DMXChannel")
        if root.find(".//GeometryReference") is None and len({one.get("DMXBreak", "1") for one in channels}) < 2:
            slots = [_gdtf_slot(one) for one in channels if (one.get("Offset") or "None") not in ("None", "")]
            yield mode.get("Name") or "", slots
        else:
            yield mode.get("Name") or "", None


def _gdtf_slot(channel: Xml.Element) -> Slot:
    functions = [one for one in channel.iterfind("LogicalChannel/ChannelFunction") if not one.get("ModeMaster")]
    marks: list[tuple[int, str, str, str | None]] = []
    for one in functions:
        attribute = one.get("Attribute") or ""
        marks.append((_level(one.get("DMXFrom")), one.get("Name") or "", attribute, None))
        for part in one.findall("ChannelSet"):
            amount = part.get("PhysicalFrom") if part.get("PhysicalFrom") == part.get("PhysicalTo") else None
            marks.append((_level(part.get("DMXFrom")), part.get("Name") or "", attribute, amount))
    marks.sort(key=lambda one: one[0])
    ends = [*(one[0] for one in marks[1:]), 256]
    ranges = [Range(first, end - 1, said, _gdtf_tags(said, attribute, amount))
              for (first, said, attribute, amount), end in zip(marks, ends, strict=True) if end > first]  # fmt: skip
    logical = channel.find("LogicalChannel")
    main = (logical.get("Attribute") if logical is not None else None) or ""
    kind = (
        "emitter"
        if main.startswith(("ColorAdd", "ColorSub", "ColorRGB"))
        else "dimmer"
        if main == "Dimmer"
        else "other"
    )
    kind = "gobo" if main.startswith("Gobo") and main[4:].isdigit() else kind
    return Slot(int((channel.get("Offset") or "1").split(",")[0]) - 1, main, kind, ranges)


def _level(written: str | None) -> int:
    number, _, size = (written or "0/1").partition("/")
    return -(-int(number) // (1 << 8 * (int(size.rstrip("s") or 1) - 1)))


def _gdtf_tags(said: str, attribute: str, amount: str | None) -> frozenset[str]:
    tags = tags_of(said) if said else set()
    if attribute.endswith("Reset") or attribute == "LampControl":
        tags.add("reset")
    if "Strobe" in attribute and "open" not in tags and attribute.startswith("Shutter"):
        tags.add("strobe")
    if attribute.startswith("Shutter") and attribute[7:].isdigit() and amount is not None:
        tags = (tags - {"open", "dark"}) | {"dark" if float(amount) == 0.0 else "open"}
    if attribute.startswith("Gobo") and "open" not in tags and (attribute[4:].isdigit() or "Wheel" in attribute):
        tags.add("gobo")
    return frozenset(tags)
