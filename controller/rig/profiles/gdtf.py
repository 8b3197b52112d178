"""GDTF files to our profiles. Pure: the file's bytes in, a profile out.

Source: DIN SPEC 15800:2022-02 and its list of attributes. Geometry references become heads; emitters keep their
measured CIE xyY. The file is a ZIP, so it is opened within limits. Every mode is read with its own functions, and modes
share a channel only where it is equal in every level. A function that depends on another channel (mode master) counts
where that channel rests in the levels it names. Channels of several DMX breaks become modes of their own.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from controller.colour import to_encoded
from controller.errors import ProfileError
from controller.rig.profiles.assembly import Cell, ModeRow, assemble
from controller.rig.profiles.beam_words import animation_stands, prism_stands, way
from controller.rig.profiles.colour_names import colour_named
from controller.rig.profiles.gdtf_tree import ChannelSet, Definition, Function, Placed, Tree
from controller.rig.profiles.meaning import channel_of, is_worse
from controller.rig.profiles.profile import BLACK, PLACES, Profile
from controller.rig.profiles.rest_words import (
    CLOSES,
    FLASHES,
    HARM,
    NO_FLASH,
    NOTHING,
    OWN_SHOW,
    STOP,
    found,
    says_dark,
    says_laser,
    says_open_slot,
    says_rest,
    says_steady,
)
from controller.rig.profiles.spans import Meaning, Span
from controller.rig.profiles.turn_words import TURNED_BY, speeds, turns
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
    (r"Reset\d*$|^LampControl|Calibrat(e|ion)$", "maintenance"),
    (
        r"(?<!Zoom)(?<!Focus)Mode\d*$|Curve\d*$|^Control\d*$|^DisplayIntensity|^DMXInput|^Fixture|^Function\d*$|Lamp",
        "level",
    ),
    (r"Macros?\d*$(?<!^ColorMacro)(?<!^ColorMacro\d)|Random\d*$|Audio\d*$|Effects?\d*$|Function\d*$", "effect"),
    (r"^Shutter\d*$|^StrobeModeShutter$", "open"),
    (r"Strobe(?!Duration|Rate|Mode)|Pulse|Lightning", "strobe"),
    (r"^(Fog|Haze)\d*", "haze"),
    (r"^Dimmer\d*$", "intensity"),
    (r"^(Color|Gobo|AnimationWheel)\w*(Spin|Shake|Index)$", "effect"),
    (r"^(Pan|Tilt)Rotate|Spin$|Rotate$", "spin"),
    (r"^Pan$", "pan"),
    (r"^Tilt$", "tilt"),
    (r"MSpeed$|PanTiltSpeed", "speed"),
    (r"^(Color\d+|ColorMacro\d*)$", "colour"),
    (r"^(Gobo|AnimationWheel|AnimationSystem)\d*$", "gobo"),
    (r"^CT[OCB]$", "cct"),
    (r"Pos$|^(Zoom|Focus\d*|Iris|Blade|Shaper|Intensity|Color\w*|CRI|Tint|Frost)", "level"),
)
BEAM_ATTRIBUTES = (
    ("zoom", r"^Zoom$"), ("iris", r"^Iris$"), ("focus", r"^Focus1?$"), ("frost", r"^Frost1?$"),
    ("prism", r"^Prism\d*$"), ("gobo", r"^Gobo\d*$"), ("animation", r"^AnimationWheel\d*$"),
    ("gobo_turn", r"^Gobo\d*PosRotate$"), ("prism_turn", r"^Prism\d*PosRotate$"),
    ("animation_turn", r"^AnimationWheel\d*PosRotate$"),
)  # fmt: skip
RGB_FROM_XYZ = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def profile_of(content: bytes, source: str) -> Profile:
    """The profile of one file.

    Raises:
        ProfileError: this is no GDTF file, or no mode of it can be used.
    """
    tree = Tree(xml_tree(description_of(content)))
    try:
        return _Fixture(tree).profile(source)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
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
    """One fixture type."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._fields: dict[str, dict[str, Any] | ProfileError] = {}
        self._geometries: dict[str, str] = {}

    def profile(self, source: str) -> Profile:
        rows: dict[str, ModeRow | ProfileError] = {}
        attributes: set[str] = set()
        for mode in self._tree.modes():
            title = mode.get("Name") or "unnamed"
            try:
                placed = self._tree.channels(mode)
                attributes |= {one.definition.attribute for one in placed}
                described = _Mode(self._tree, placed)
                for name, part in _parts(title, placed).items():
                    rows[name] = self._row(title, part, described) if isinstance(part, list) else part
            except ProfileError as error:
                rows[title] = error
        fixture = self._tree.fixture
        maker = fixture.get("Manufacturer") or "unknown"
        model = fixture.get("LongName") or fixture.get("Name") or "unnamed"
        header = {"maker": maker, "model": model, "kind": self._kind(attributes), "source": source}
        return assemble(header, rows, self._described)

    def _kind(self, attributes: set[str]) -> str:
        whole = " ".join(sorted(attributes))
        laser = self._tree.has_geometry("Laser") or re.search(r"\bLaser", whole)
        if laser and not self._tree.has_geometry("Beam"):
            return "laser"
        kinds = ((r"\b(Fog|Haze)", "hazer"), (r"\b(Pan|Tilt)\b", "mover"), (r"\bColor", "par"))
        return next((kind for pattern, kind in kinds if re.search(pattern, whole)), "dimmer")

    def _row(self, mode: str, placed: list[Placed], described: "_Mode") -> ModeRow:
        places = sorted({offset for one in placed for offset in one.offsets})
        if not places or places[0] < 1 or places[-1] > 512:
            raise ProfileError("its channels are not at 1 to 512")
        pixels = _pixels(placed)
        row: list[Cell | None] = [None] * places[-1]
        for one in placed:
            name = self._name(one.definition, described.fields(one.definition), mode)
            mine = frozenset((pixels[one.pixel],)) if one.pixel in pixels else frozenset[int]()
            for byte, offset in enumerate(one.offsets[:3]):
                row[offset - 1] = Cell(name, byte, mine)
        return row

    def _name(self, definition: Definition, fields: dict[str, Any] | ProfileError, mode: str) -> str:
        """The attribute, with the geometry or the mode where another channel has that name; equal ones share it."""
        attribute, place = definition.attribute, definition.geometry
        laser = " (laser)" if definition.laser and not says_laser(attribute) else ""
        tries = [attribute + laser, f"{attribute}{laser} {place}", f"{attribute}{laser} {place} ({mode})"]
        for name in [*tries, *(f"{tries[-1]} {number}" for number in range(2, 99))]:
            other = self._geometries.setdefault(name, place)
            if other == place and _same(self._fields.setdefault(name, fields), fields):
                return name
        raise ProfileError(f"too many channels are called {attribute}")

    def _described(self, name: str) -> Mapping[str, Any]:
        found = self._fields[name]
        if isinstance(found, ProfileError):
            raise found
        return found


def _same(one: dict[str, Any] | ProfileError, other: dict[str, Any] | ProfileError) -> bool:
    return one == other or (isinstance(one, ProfileError) and str(one) == str(other))


def _parts(title: str, placed: list[Placed]) -> dict[str, "list[Placed] | ProfileError"]:
    """A mode whose channels have several start addresses (DMX breaks) is patched as fixtures of their own."""
    breaks = sorted({one.dmx_break for one in placed})
    if len(breaks) < 2:
        return {title: placed}
    names = {number: f"{title}, break {number}" for number in breaks}
    several = ProfileError(
        "it has several start addresses (DMX breaks); patch its parts as fixtures of their own: "
        + "; ".join(f"'{name}'" for name in names.values())
    )
    return {title: several} | {
        name: [one for one in placed if one.dmx_break == number] for number, name in names.items()
    }


def _pixels(placed: list[Placed]) -> dict[str, int]:
    """References that carry the same channels as others: the cells of a fixture, in their order."""
    repeated: dict[str, list[str]] = {}
    for one in placed:
        if one.pixel:
            repeated.setdefault(one.definition.key, []).append(one.pixel)
    cells = [pixel for found_in in repeated.values() if len(set(found_in)) > 1 for pixel in found_in]
    return {pixel: number for number, pixel in enumerate(dict.fromkeys(cells))}


class _Mode:
    """What the channels of one mode amount to, each worked out once."""

    def __init__(self, tree: Tree, placed: list[Placed]) -> None:
        self._tree = tree
        self._by_key = {one.definition.key: one.definition for one in placed}
        self._mixed = len({one.definition.attribute for one in placed
                           if re.match(r"Color(Add|RGB|Sub)_", one.definition.attribute)}) >= 2  # fmt: skip
        # more than how a pattern or a prism in the beam stands hangs on these
        self._switching = {
            function.master.split(".")[0]
            for one in self._by_key.values()
            for function in one.functions
            if function.master and not re.match(r"(Gobo|Prism)\d", function.attribute)
        }
        self._known: dict[int, dict[str, Any] | ProfileError] = {}
        self._open: set[int] = set()

    def fields(self, definition: Definition) -> dict[str, Any] | ProfileError:
        """Fields of a channel of our profile, or why there are none."""
        if id(definition) not in self._known:
            self._open.add(id(definition))
            try:
                self._known[id(definition)] = self._describe(definition)
            except ProfileError as error:
                self._known[id(definition)] = error
        return self._known[id(definition)]

    def _describe(self, definition: Definition) -> dict[str, Any]:
        active = [one for one in definition.functions if self._is_active(one)]
        spans = [span for one in active or definition.functions for span in _Reading(self._tree, one).spans()]
        spans = [span for span in spans if span.first <= span.last] or [Span(0, 255, "none", name="no function")]
        note = definition.attribute + (" (laser)" if definition.laser else "")
        fields = channel_of(spans, definition.default, note, mixed=self._mixed)
        if definition.key in self._switching:
            fields.pop("shapes", None)
        elif fields["does"] == "hold" and "shapes" not in fields:
            fields |= self._turning(definition, fields)
        if fields["does"] == "colour":
            emitter = next((one.emitter for one in active if one.emitter in self._tree.emitters), "")
            measured = _xyY(self._tree.emitters.get(emitter, ""))
            if measured is not None:
                fields["xyY"] = measured
        return fields

    def _turning(self, definition: Definition, fields: Mapping[str, Any]) -> dict[str, Any]:
        """How it turns a pattern while its wheel is at a place where it is to turn; it rests before."""
        never = [*fields.get("forbidden", ()), *(one["dmx"] for one in fields.get("strobe", ()))]
        for one in definition.functions:
            part = next((part for part, pattern in BEAM_ATTRIBUTES if re.search(pattern, one.attribute)), "")
            if part == "gobo_turn" and re.search(r"Gobo\d*SelectSpin$|Gobo\d*$", one.master):
                spans = sorted(_Reading(self._tree, one).spans(), key=lambda span: span.first)
                levels = [
                    way
                    for way in turns(spans, part)
                    if not any(min(way) <= last and first <= max(way) for first, last in never)
                ]
                if levels:
                    return {"shapes": {"part": part, "turns": levels}}
        return {}

    def _is_active(self, function: Function) -> bool:
        """Whether its mode master rests in the levels that it names; unknown masters count as if they did."""
        key = function.master.split(".")[0]
        if not key:
            return True
        master = self._by_key.get(key)
        if master is None or id(master) in self._open - set(self._known):
            return True
        level = _rest_of(self.fields(master))
        return level is None or function.when[0] <= level <= function.when[1]


def _rest_of(fields: "dict[str, Any] | ProfileError") -> int | None:
    """The level a channel is kept at; None where looks move it."""
    if isinstance(fields, ProfileError):
        return None
    if fields["does"] == "shutter":
        low, high = next(one for one in fields["ranges"] if one["shutter"] == "open")["dmx"]
        return int(low + high) // 2
    return int(fields["at"]) if fields["does"] in ("hold", "wheel", "cct") and "at" in fields else None


class _Reading:
    """The spans of one function."""

    def __init__(self, tree: Tree, function: Function) -> None:
        self._tree, self._function = tree, function

    def spans(self) -> Iterator[Span]:
        one = self._function
        added = re.match(r"^Color(Add|RGB|Sub)_(\w+)$", one.attribute)
        if added:
            table = FLAGS if added[1] == "Sub" else ADDED
            meaning: Meaning = "flag" if added[1] == "Sub" else "emitter"
            name = table.get(added[2])
            yield Span(
                one.first, one.last, meaning if name else "level", *_rising(one.start, one.end), name or one.name
            )
            return
        meaning = next((meaning for pattern, meaning in ATTRIBUTES if re.search(pattern, one.attribute)), "effect")
        if meaning == "open":
            yield from self._shutter()
        elif meaning in ("intensity", "pan", "tilt", "haze", "speed", "none"):
            yield Span(one.first, one.last, meaning, *_amounts(meaning, one.start, one.end), one.name)
        elif meaning == "cct" and min(one.start, one.end) > 500:
            yield Span(one.first, one.last, meaning, one.start, one.end, one.name)
        else:
            for part in self._sets():
                yield self._with_part(self._of_set(part, "level" if meaning == "cct" else meaning))

    def _with_part(self, span: Span) -> Span:
        """The range with what it does to the beam, where looks may do it."""
        one = self._function
        part = next((part for part, pattern in BEAM_ATTRIBUTES if re.search(pattern, one.attribute)), "")
        if part in TURNED_BY.values() and span.meaning == "spin":
            return _turning(span, part, one)
        if re.search(r"^Gobo\d*SelectSpin$", one.attribute) and not found("shak", span.name):
            return replace(span, part="gobo", meaning="spin")
        if part in PLACES:
            return replace(span, part=part) if _stands(span, part) else span
        if not part or span.meaning != "level":
            return span
        # a zoom of 0 to 1 degrees is one whose maker wrote none
        told = (one.start, one.end) if part != "zoom" or max(one.start, one.end) > 1.0 else (0.0, 0.0)
        start, end = way(part, " to ".join(each.name for each in one.sets)) or told
        return replace(span, part=part, start=start, end=end)

    def _sets(self) -> Iterator[ChannelSet]:
        """The function's sets, with what is before the first of them; the whole function where it has none."""
        one = self._function
        if not one.sets or one.sets[0].first > one.first:
            last = one.sets[0].first - 1 if one.sets else one.last
            yield ChannelSet("", one.first, last, None, None, 0)
        yield from one.sets

    def _of_set(self, part: ChannelSet, meaning: Meaning) -> Span:
        one = self._function
        named = part.name or ("" if one.sets else one.name)
        start = one.at(part.first) if part.start is None else part.start
        end = one.at(part.last) if part.end is None else part.end
        plain = Span(part.first, part.last, meaning, start, end, part.name or one.name)
        match meaning:
            case "colour":
                return self._colour(part, plain)
            case "gobo":
                return self._gobo(part, plain)
            case "spin":
                still = found(STOP, part.name) or (part.start is not None and part.start == part.end == 0.0)
                return Span(part.first, part.last, "stop", name=plain.name) if still else plain
            case "strobe":
                steady = found(NO_FLASH, named) or (says_steady(part.name) and not found(FLASHES, part.name))
                steady = steady or (part.start is not None and part.start == part.end == 0.0)
                return Span(part.first, part.last, "open" if steady else "strobe", start, end, named)
            case "maintenance":
                calm = found(rf"{NOTHING}|normal|safe|idle", named) and not found(r"\breset\b|lamp", named)
                return Span(part.first, part.last, "none" if calm else "maintenance", name=plain.name, worse=not calm)
        return Span(part.first, part.last, _said(meaning, named, one), start, end, plain.name,
                    worse=is_worse(f"{named} {_apart(one.attribute)}"))  # fmt: skip

    def _colour(self, part: ChannelSet, plain: Span) -> Span:
        slots = self._tree.wheels.get(self._function.wheel, [])
        name, colour = slots[part.slot - 1] if 0 < part.slot <= len(slots) else ("", "")
        said = part.name or name
        shown = Span(part.first, part.last, "colour", name=said)
        if found(STOP, said) or (says_rest(said) and not says_open_slot(said)):
            return Span(part.first, part.last, "stop" if found(STOP, said) else "none", name=said)
        if says_open_slot(said) and not found(r"\+|->", said):
            return Span(part.first, part.last, "colour", name=said, colour=_hex(colour) or "#ffffff")
        known = colour_named(said)
        halves = "/" in said and all(colour_named(half) for half in said.split("/"))
        if found(r"\+|->|split|spin|rainbow|random|scroll|half", said) or halves or not (known or colour):
            split = Span(
                part.first, part.last, "effect" if said or not part.slot else "colour", name=said or plain.name
            )
            return replace(split, halves=self._halves(said))
        return Span(shown.first, shown.last, "colour", name=said, colour=_hex(colour) or known)

    def _halves(self, said: str) -> tuple[str, str] | None:
        """Both colours of "Red + Blue", as the wheel has them or as their names say."""
        names = [one.strip() for one in re.split(r"[+/&]", said)]
        known = {name.lower(): _hex(colour) for name, colour in self._tree.wheels.get(self._function.wheel, [])}
        found_colours = [known.get(one.lower()) or colour_named(one) for one in names]
        if len(found_colours) != 2:
            return None
        one, other = found_colours
        return (one, other) if one and other and one != other and BLACK not in (one, other) else None

    def _gobo(self, part: ChannelSet, plain: Span) -> Span:
        slots = self._tree.wheels.get(self._function.wheel, [])
        name = slots[part.slot - 1][0] if 0 < part.slot <= len(slots) else ""
        said = part.name or name
        if found(STOP, said):
            meaning: Meaning = "stop"
        elif says_open_slot(said) or (said and says_rest(said)):
            meaning = "neutral"
        else:
            meaning = "gobo" if said and not found(r"shak|spin|scroll|rotat|random|audio|->", said) else "effect"
        return Span(part.first, part.last, meaning, plain.start, plain.end, said or plain.name)

    def _shutter(self) -> Iterator[Span]:
        """What passes light is open, whatever it is called; where no value is given for a set, its name decides."""
        one = self._function
        if not one.sets and one.start == one.end:
            yield Span(one.first, one.last, "open" if one.start > 0 else "closed", name=one.name)
        elif not one.sets:
            yield Span(one.first, one.first, "open" if one.start > 0 else "closed")
            yield Span(one.last, one.last, "open" if one.end > 0 else "closed")
        for part in one.sets:
            yield Span(part.first, part.last, self._shut(part), name=part.name)

    def _shut(self, part: ChannelSet) -> Meaning:
        if found(rf"{FLASHES}|random|ramp", part.name) and not found(NO_FLASH, part.name):
            return "strobe"
        if part.start is not None and part.start == part.end and part.start in (0.0, 1.0):
            return "open" if part.start else "closed"
        if part.name:
            return (
                "closed"
                if says_dark(part.name) or (found(CLOSES, part.name) and not says_steady(part.name))
                else "open"
            )
        return "open" if self._function.at((part.first + part.last) // 2) > 0 else "closed"


def _stands(span: Span, part: str) -> bool:
    """Whether a pattern, a prism or an animation wheel is in the beam there."""
    if part == "prism":
        return span.meaning == "effect" and prism_stands(span.name)
    return span.meaning == "gobo" and (part == "gobo" or animation_stands(span.name))


def _turning(span: Span, part: str, one: Function) -> Span:
    """The range with its speeds: the attribute's unit is degrees a second, and 0 to 1 is what no maker wrote."""
    if max(abs(one.start), abs(one.end)) > 1.0:
        return replace(span, part=part, start=span.start / 360.0, end=span.end / 360.0, told=True)
    ends = speeds(span.name)
    return span if ends is None else replace(span, part=part, start=ends[0], end=ends[1])


def _said(meaning: Meaning, said: str, function: Function) -> Meaning:
    """What words make of a level or an effect: harm and programs are never sent, rests are rests."""
    choice = meaning == "level" and found(r"control|mode|function|curve|fixture|lamp", function.attribute)
    if found(HARM, said):
        calm = found(rf"{NOTHING}|normal|\bno\b|standard|default", said) and not found(r"lamp ?off", said)
        starts = choice or meaning == "effect"
        return (
            "none" if calm else "maintenance" if starts and not _is_choice_of_calibration(function, said) else meaning
        )
    if found(FLASHES, said) and not found(NO_FLASH, said):
        return "strobe" if meaning == "effect" else "maintenance" if choice else meaning
    if (choice or meaning == "effect") and (says_rest(said) or found("normal|safe|idle|standard|default", said)):
        return "none"
    if function.attribute.startswith(("Control", "Function")) and found(rf"{OWN_SHOW}|intern|pro\b|run", said):
        return "maintenance"
    return meaning


def _is_choice_of_calibration(function: Function, said: str) -> bool:
    """Whether a table of calibrated colours is chosen, which does nothing that shows, and not a calibration begun."""
    return function.attribute.endswith("Mode") and found("calibrat", said) and not found("start|reset|run", said)


def _apart(attribute: str) -> str:
    """`GoboWheelReset` as words."""
    return re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", attribute)


def _rising(start: float, end: float) -> tuple[float, float]:
    return (start, end) if start != end else (0.0, 1.0)


def _amounts(meaning: Meaning, start: float, end: float) -> tuple[float, float]:
    if meaning == "speed":
        return (0.9, 0.1)  # times and speeds look alike here; most makers begin with the fastest
    if meaning in ("intensity", "haze"):
        return _rising(start, end)
    return start, end


def _xyY(written: str) -> tuple[float, float, float] | None:  # noqa: N802
    """Three numbers of CIE xyY, where they are a colour."""
    try:
        x, y, light = (float(one) for one in written.split(","))
    except ValueError:
        return None
    return (x, y, max(0.0, light)) if 0 < y <= 1 and 0 <= x <= 1 else None


def _hex(written: str) -> str | None:
    """CIE xyY as `#rrggbb`, as bright as it can be."""
    measured = _xyY(written)
    if measured is None:
        return None
    x, y, _ = measured
    linear = RGB_FROM_XYZ @ np.array([x / y, 1.0, (1.0 - x - y) / y])
    linear = np.clip(linear, 0.0, None)
    encoded = np.clip(to_encoded(np.asarray(linear / max(float(linear.max()), 1e-9), np.float32)), 0.0, 1.0)
    return "#" + "".join(f"{round(float(part) * 255):02x}" for part in encoded)
