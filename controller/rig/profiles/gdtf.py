"""GDTF files to our profiles, by `pygdtf` (the extra `gdtf`). Pure: the file's bytes in, a profile out.

Source: DIN SPEC 15800:2022-02 and its list of attributes. Geometry references become heads; emitters keep their
measured CIE xyY. The file is a ZIP, so it is opened within limits, and its XML is read once without declarations before
anything else looks at it. Functions that depend on another channel (mode masters) count where they are hazards, and
otherwise give way to what is always true.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from controller.colour import to_encoded
from controller.errors import ProfileError
from controller.rig.profiles.assembly import Cell, ModeRow, assemble
from controller.rig.profiles.meaning import Meaning, Span, channel_of, is_worse
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.xml_tree import xml_tree

MAX_DESCRIPTION_BYTES = 16_000_000
MAX_ENTRIES = 4_000
MAX_RATIO = 300
ADDED = {
    "R": "red", "G": "green", "B": "blue", "W": "white", "RY": "amber", "GY": "lime", "C": "cyan", "M": "magenta",
    "Y": "yellow", "UV": "uv", "WW": "warm_white", "CW": "cold_white", "BM": "indigo", "Red": "red", "Green": "green",
    "Blue": "blue",
}  # fmt: skip
FLAGS = {"C": "cyan", "M": "magenta", "Y": "yellow"}
ATTRIBUTES: tuple[tuple[str, Meaning], ...] = (
    (r"^NoFeature$", "none"),
    (r"Reset|^LampControl|LampPower|^Calibrat", "maintenance"),
    (r"^Control\d*|^DisplayIntensity|^Fixture|Mode$|Curve$", "maintenance"),
    (r"^Shutter\d*$", "open"),
    (r"Strobe(?!Duration|Rate|Mode)|Pulse|Lightning", "strobe"),
    (r"^(Fog|Haze)\d*", "haze"),
    (r"^Dimmer$", "intensity"),
    (r"^(Pan|Tilt)Rotate|Spin$|Rotate$|PosRotate$", "spin"),
    (r"^Pan$", "pan"),
    (r"^Tilt$", "tilt"),
    (r"MSpeed$|PanTiltSpeed", "speed"),
    (r"^(Color\d+|ColorMacro\d*)$", "colour"),
    (r"^CT[OCB]$", "cct"),
    (r"^(Zoom|Focus\d*|Iris|Blade|Shaper|Intensity|Color\w*|CRI|Tint)", "level"),
)
RGB_FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def profile_of(content: bytes, source: str) -> Profile:
    """The profile of one file.

    Raises:
        ProfileError: `pygdtf` is not installed, this is no GDTF file, or no mode of it can be used.
    """
    try:
        import pygdtf  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ProfileError("GDTF needs `pip install 'followspot[gdtf]'`") from error
    description = description_of(content)
    xml_tree(description)
    try:
        fixture = pygdtf.FixtureType(dsc_file=io.BytesIO(description))
        return _Fixture(fixture).profile(source)
    except ProfileError:
        raise
    except Exception as error:
        # what pygdtf raises on files that break the standard is not written down anywhere
        raise ProfileError(f"not a GDTF file that can be read: {type(error).__name__}: {error}") from error


def description_of(content: bytes) -> bytes:
    """The archive's description.xml.

    Raises:
        ProfileError: not an archive, no description in it, or one that unpacks to more than any fixture needs.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            entry = next((one for one in entries if one.filename == "description.xml"), None)
            if entry is None or len(entries) > MAX_ENTRIES:
                raise ProfileError(f"no GDTF file: no description.xml, or more than {MAX_ENTRIES} entries")
            if entry.file_size > min(MAX_DESCRIPTION_BYTES, MAX_RATIO * max(entry.compress_size, 1_000)):
                raise ProfileError(f"description.xml unpacks to {entry.file_size} bytes; no fixture needs that")
            with archive.open(entry) as packed:
                description = packed.read(MAX_DESCRIPTION_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ProfileError(f"no GDTF file: {error}") from error
    if len(description) > MAX_DESCRIPTION_BYTES:
        raise ProfileError("description.xml is larger than it says")
    return description


class _Fixture:
    """One fixture type, as pygdtf read it."""

    def __init__(self, fixture: Any) -> None:  # noqa: ANN401 - pygdtf has no types
        self._fixture = fixture
        self._wheels = {str(one.name): one for one in fixture.wheels}
        self._emitters = {str(one.name): one.color for one in fixture.emitters}
        self._channels: dict[str, Any] = {}

    def profile(self, source: str) -> Profile:
        rows: dict[str, ModeRow | ProfileError] = {}
        for mode in self._fixture.dmx_modes:
            try:
                rows[str(mode.name)] = self._row(mode)
            except ProfileError as error:
                rows[str(mode.name)] = error
        maker = str(self._fixture.manufacturer or "unknown")
        model = str(self._fixture.long_name or self._fixture.name or "unnamed")
        header = {"maker": maker, "model": model, "kind": self._kind(), "source": source}
        return assemble(header, rows, lambda name: self._describe(self._channels[name]))

    def _kind(self) -> str:
        attributes = {_attribute(channel) for channel in self._channels.values()}
        whole = " ".join(sorted(attributes))
        kinds = ((r"\bLaser", "laser"), (r"\b(Fog|Haze)", "hazer"), (r"\b(Pan|Tilt)\b", "mover"), (r"\bColor", "par"))
        return next((kind for pattern, kind in kinds if re.search(pattern, whole)), "dimmer")

    def _row(self, mode: Any) -> ModeRow:  # noqa: ANN401
        channels = [one for one in mode.dmx_channels if one.offset]
        if any(one.dmx_break != channels[0].dmx_break for one in channels):
            raise ProfileError("it has several start addresses (DMX breaks); patch its parts as fixtures of their own")
        places = sorted({offset for one in channels for offset in one.offset})
        if not places or places[0] < 1 or places[-1] > 512:
            raise ProfileError("its channels are not at 1 to 512")
        pixels = _pixels(channels)
        row: list[Cell | None] = [None] * places[-1]
        for channel in channels:
            name = self._name(channel, alone=channel.geometry not in pixels)
            mine = frozenset((pixels[channel.geometry],)) if channel.geometry in pixels else frozenset[int]()
            for byte, offset in enumerate(channel.offset[:3]):
                row[offset - 1] = Cell(name, byte, mine)
        return row

    def _name(self, channel: Any, *, alone: bool) -> str:  # noqa: ANN401
        """The attribute, with the geometry where several geometries have it; equal channels share a name."""
        attribute = _attribute(channel)
        known = self._channels.get(attribute)
        if known is None or (not alone and known.name == channel.name):
            self._channels.setdefault(attribute, channel)
            return attribute
        if alone and known.geometry == channel.geometry:
            return attribute
        name = f"{attribute} {channel.geometry if alone else channel.name}"
        self._channels.setdefault(name, channel)
        return name

    def _describe(self, channel: Any) -> dict[str, Any]:  # noqa: ANN401
        functions = [one for logical in channel.logical_channels for one in logical.channel_functions]
        always = [one for one in functions if one.mode_master is None or not one.mode_master.str_link]
        sometimes = [one for one in functions if one not in always]
        spans = [span for one in always for span in self._spans(one)]
        others = [span for one in sometimes for span in self._spans(one)]
        spans += [span for span in others if span.meaning in ("strobe", "maintenance") or not always]
        default = int(channel.default.get_value()) if channel.default is not None else None
        fields = channel_of(spans, default, _attribute(channel))
        emitters = (self._emitters.get(str(one.emitter)) for one in functions)
        measured = next((colour for colour in emitters if colour is not None), None)
        if fields["does"] == "colour" and measured is not None and 0 < measured.y <= 1 and 0 <= measured.x <= 1:
            fields["xyY"] = (measured.x, measured.y, max(0.0, measured.Y))
        return fields

    def _spans(self, function: Any) -> Iterator[Span]:  # noqa: ANN401
        first, last = _coarse(function.dmx_from), _coarse(function.dmx_to)
        attribute = str(function.attribute)
        start, end = (float(one.value or 0.0) for one in (function.physical_from, function.physical_to))
        said = str(function.name or attribute)
        added = re.match(r"^Color(Add|RGB|Sub)_(\w+)$", attribute)
        if added:
            table = FLAGS if added[1] == "Sub" else ADDED
            meaning: Meaning = "flag" if added[1] == "Sub" else "emitter"
            name = table.get(added[2])
            yield Span(first, last, meaning if name else "level", *_rising(start, end), name or said)
            return
        meaning = next((meaning for pattern, meaning in ATTRIBUTES if re.search(pattern, attribute)), "effect")
        if meaning in ("colour", "open") or "Gobo" in attribute:
            yield from self._sets(function, meaning, first, last)
            return
        if meaning == "cct" and not min(start, end) > 500:
            meaning = "level"
        if meaning == "maintenance" and re.search(r"no func|safe|idle|off$|unused|reserved|^none", said, re.I):
            meaning = "none"
        yield Span(first, last, meaning, *_amounts(meaning, start, end), said, worse=is_worse(f"{said} {attribute}"))

    def _sets(self, function: Any, meaning: Meaning, first: int, last: int) -> Iterator[Span]:  # noqa: ANN401
        """Wheels, shutters and gobos: each channel set has a meaning of its own."""
        sets = sorted(function.channel_sets, key=lambda one: one.dmx_from.value)
        starts = [max(first, _coarse(one.dmx_from)) for one in sets]
        wheel = self._wheels.get(str(function.wheel))
        for index, one in enumerate(sets):
            until = starts[index + 1] - 1 if index + 1 < len(sets) else last
            yield _of_set(one, meaning, starts[index], until, wheel)
        if not sets and meaning == "open":
            start, end = (float(one.value or 0.0) for one in (function.physical_from, function.physical_to))
            if start == end:
                yield Span(first, last, "open" if start > 0 else "closed")
            else:
                yield Span(first, first, "open" if start > 0 else "closed")
                yield Span(last, last, "open" if end > 0 else "closed")
        elif not sets:
            yield Span(first, last, "neutral" if meaning == "colour" else "effect", name=str(function.name))


def _of_set(one: Any, meaning: Meaning, first: int, last: int, wheel: Any) -> Span:  # noqa: ANN401
    name = str(one.name or "")
    if meaning == "open":
        shut = re.search("clos|dark|blackout", name, re.I) or (not name and one.physical_from.value == 0)
        flashes = re.search("strob|pulse|random|lightning|ramp", name, re.I)
        return Span(first, last, "strobe" if flashes else "closed" if shut else "open", name=name)
    if meaning == "effect":
        return Span(first, last, "neutral" if re.search("open|no gobo", name, re.I) else "effect", name=name)
    slots = wheel.wheel_slots if wheel is not None else []
    index = one.wheel_slot_index - 1
    if re.search(r"\+|/|->|split|spin|rainbow|random", name, re.I) or not 0 <= index < len(slots):
        return Span(first, last, "effect" if name else "neutral", name=name)
    return Span(first, last, "colour", name=name, colour=_hex(slots[index].color))


def _pixels(channels: list[Any]) -> dict[str, int]:
    """Geometries that carry the same channels as others: the cells of a fixture, in their order."""
    places: dict[str, list[str]] = {}
    for channel in channels:
        places.setdefault(str(channel.name), []).append(channel.geometry)
    cells = [geometry for found in places.values() if len(set(found)) > 1 for geometry in found]
    return {geometry: number for number, geometry in enumerate(dict.fromkeys(cells))}


def _attribute(channel: Any) -> str:  # noqa: ANN401
    return str(channel.attribute or "NoFeature")


def _coarse(value: Any) -> int:  # noqa: ANN401
    """The high byte of a DMX value of any width."""
    return max(0, min(255, int(value.value) >> 8 * (max(1, int(value.byte_count)) - 1)))


def _rising(start: float, end: float) -> tuple[float, float]:
    return (start, end) if start != end else (0.0, 1.0)


def _amounts(meaning: Meaning, start: float, end: float) -> tuple[float, float]:
    if meaning == "speed":
        return (0.9, 0.1)  # times and speeds look alike here; most makers begin with the fastest
    if meaning in ("intensity", "haze"):
        return _rising(start, end)
    return start, end


def _hex(colour: Any) -> str | None:  # noqa: ANN401
    """CIE xyY as `#rrggbb`, as bright as it can be."""
    if not 0 < colour.y <= 1:
        return None
    linear = RGB_FROM_XYZ @ np.array([colour.x / colour.y, 1.0, (1.0 - colour.x - colour.y) / colour.y])
    linear = np.clip(linear, 0.0, None)
    encoded = np.clip(to_encoded(np.asarray(linear / max(float(linear.max()), 1e-9), np.float32)), 0.0, 1.0)
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in encoded)
