"""QLC+ fixture definitions (.qxf) to our profiles. Pure: a parsed tree in, a profile out.

Source: the definitions that come with QLC+ 4 (Apache-2.0) and its manual, "Fixture definition editor". `Preset` says what
a channel or a range is; where it is missing, the group and the words of people decide, and what nobody can tell is held
still at its first level.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from controller.errors import ProfileError
from controller.profiles.assembly import Cell, Row, assemble
from controller.profiles.colour_names import colour_named
from controller.profiles.hazard_words import is_atmosphere, is_fan, is_pyrotechnic
from controller.profiles.meaning import EMITTERS, Meaning, Span, channel_of, is_worse

KINDS = {
    "Color Changer": "par", "Moving Head": "mover", "Scanner": "scanner", "Flower": "effect", "LED Bar (Beams)": "bar",
    "LED Bar (Pixels)": "bar", "Laser": "laser", "Smoke": "hazer", "Hazer": "hazer", "Strobe": "strobe",
    "Effect": "effect", "Dimmer": "dimmer", "Fan": "fan",
}  # fmt: skip
EMITTER_PRESETS = {"Intensity" + name: name.lower() for name in
                   ("Red", "Green", "Blue", "White", "Amber", "UV", "Lime", "Cyan", "Magenta", "Yellow", "Indigo")}  # fmt: skip
DIMMERS = ("IntensityDimmer", "IntensityMasterDimmer", "IntensityValue", "IntensityLightness")
SPEEDS = {"SpeedPanTiltSlowFast": (0.1, 1.0), "SpeedPanTiltFastSlow": (1.0, 0.1), "SpeedPanSlowFast": (0.1, 1.0),
          "SpeedPanFastSlow": (1.0, 0.1), "SpeedTiltSlowFast": (0.1, 1.0), "SpeedTiltFastSlow": (1.0, 0.1)}  # fmt: skip
PAN = ("PositionPan", "PositionXAxis")
TILT = ("PositionTilt", "PositionYAxis")
NO_FLASH = re.compile(
    r"\b(no|without) (strob|flash|shutter)|(strob\w*|flash|shutter) (effect )?(off|open|opened|disabled)|^\W*strobe function off",
    re.I,
)
NONE = re.compile(
    r"^\W*(no function|unused|not used|nothing|reserved|no effects?|no rotation|stop\w*|none|n/?a|off|disabled?|idle|inactive"
    r"|no (strobe|colou?r|macro|program|prism|gobo|frost|change|macros|programs)\w*)\b|no function|(?:program|macro|effect)s? off",
    re.I,
)  # fmt: skip
STROBES = re.compile(
    r"stro+b|flash|puls|ramp|lightning|thunder|blink|random|twinkle|flicker|explosion|sound|speed|hz\b|slow|fast", re.I
)
FLASHES = re.compile(r"stro+b|flash|puls|lightning|thunder|blink|flicker|explosion", re.I)
OPENS = re.compile(r"open|steady|constant|\bon\b|full|no strobe|without strobe|strobe off|turn on", re.I)
CLOSES = re.compile(r"clos|black ?-?out|dark|\boff\b", re.I)
MOVES = re.compile(
    r"rotat|scroll|cycl|rainbow|chase|auto|fade|chang|program|sound|->|→|speed|\+|/|led group|shake|split|jump|music",
    re.I,
)
SILENT = re.compile(r"\boff\b|^\W*0 ?%|^\W*0 sec|no (fog|haze|smoke|output)", re.I)
FINE_WORDS = re.compile(r"\(?\b(fine|lsb|16 ?-?bit|least significant byte|low byte|coarse|msb)\b\)?", re.I)


def profile_of(root: Element, source: str) -> "Any":
    """The profile of one fixture definition.

    Args:
        root: its `FixtureDefinition` element.
        source: the reference people use, `qxf:Maker/File`.

    Raises:
        ProfileError: not a fixture definition, or no mode of it can be used.
    """
    if root.tag.rpartition("}")[2].rpartition(":")[2] != "FixtureDefinition":
        raise ProfileError(f"not a QLC+ fixture definition: it begins with '{root.tag}'")
    try:
        return _Fixture(root).profile(source)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ProfileError(f"not a QLC+ fixture definition: {type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Definition:
    """One channel element."""

    name: str
    preset: str
    group: str
    low: bool
    colour: str
    default: int | None
    ranges: tuple[Element, ...]

    @property
    def base(self) -> str:
        """What its coarse byte does, for finding that."""
        return self.preset.removesuffix("Fine") or self.group

    @property
    def is_fine(self) -> bool:
        """Whether it is the low byte of another."""
        return self.low or self.preset.endswith("Fine")


def _definition(element: Element) -> _Definition:
    group = element.find("Group")
    default = element.get("Default")
    return _Definition(
        name=element.attrib["Name"].strip(),
        preset=element.get("Preset", ""),
        group=(group.text or "").strip() if group is not None else "",
        low=group is not None and group.get("Byte") == "1",
        colour=(element.findtext("Colour") or "").strip(),
        default=max(0, min(255, int(default))) if default else None,
        ranges=tuple(element.findall("Capability")),
    )


class _Fixture:
    """One file."""

    def __init__(self, root: Element) -> None:
        self._root = root
        found = [_definition(one) for one in root.findall("Channel") if one.get("Name") is not None]
        self._channels = {one.name: one for one in found}
        self._kind = KINDS.get(root.findtext("Type") or "", "other")
        colours = {_emitter_of(one) for one in found}
        self._subtractive = len(colours & {"cyan", "magenta", "yellow"}) >= 2 and not colours & {"red", "green", "blue"}
        self._dimmers = {one.preset for one in found} >= {"IntensityDimmer", "IntensityMasterDimmer"}
        self._degrees = {"pan": 540.0, "tilt": 270.0}
        self._still: set[str] = set()

    def profile(self, source: str) -> "Any":
        maker = (self._root.findtext("Manufacturer") or "").strip()
        model = (self._root.findtext("Model") or "").strip()
        if not maker or not model:
            raise ProfileError("it has no manufacturer or no model")
        if is_pyrotechnic(model):
            raise ProfileError(f"{model} makes fire, sparks or throws things; such machines are never driven from here")
        self._read_degrees()
        rows: dict[str, Row | ProfileError] = {}
        for mode in self._root.findall("Mode"):
            try:
                rows[mode.attrib["Name"]] = self._row(mode)
            except ProfileError as error:
                rows[mode.attrib["Name"]] = error
        header = {"maker": maker, "model": model, "kind": self._kind, "source": source}
        return assemble(header, rows, lambda name: self._describe(self._channels[name]))

    def _read_degrees(self) -> None:
        for focus in self._root.iter("Focus"):
            for axis, name in (("pan", "PanMax"), ("tilt", "TiltMax")):
                degrees = float(focus.get(name) or 0)
                if 0 < degrees <= 3600:
                    self._degrees[axis] = degrees

    def _row(self, mode: Element) -> Row:
        names = self._names(mode)
        heads: dict[int, set[int]] = {}
        for number, head in enumerate(mode.findall("Head")):
            for channel in head.findall("Channel"):
                heads.setdefault(int(channel.text or -1), set()).add(number)
        pixels = [frozenset(heads.get(index, ())) for index in range(len(names))]
        coarse = [index for index, name in enumerate(names) if not self._channels[name].is_fine]
        row: list[Cell | None] = [None] * len(names)
        for index in coarse:
            row[index] = Cell(names[index], 0, pixels[index])
        taken: set[int] = set()
        for index, name in enumerate(names):
            if self._channels[name].is_fine:
                owner = self._owner(index, names, [one for one in coarse if one not in taken])
                if owner is not None:
                    taken.add(owner)
                    row[index] = Cell(names[owner], 1, pixels[owner])
        return row

    def _names(self, mode: Element) -> list[str]:
        """Channel names in the order of their numbers, other meanings of a slot resolved."""
        numbered = {int(one.attrib["Number"]): (one.text or "").strip() for one in mode.findall("Channel")}
        if sorted(numbered) != list(range(len(numbered))) or len(numbered) > 512:
            raise ProfileError("its channels are not numbered from 0 without gaps")
        names = [numbered[number] for number in range(len(numbered))]
        for name in names:
            if name not in self._channels:
                raise ProfileError(f"'{name}' is no channel of this fixture")
        switched = dict(self._switched(mode.attrib["Name"], names))
        return [switched.get(name, name) for name in names]

    def _switched(self, mode: str, names: list[str]) -> Iterator[tuple[str, str]]:
        """What slots mean at the level that their trigger rests at."""
        for name in names:
            aliases = [(one, alias) for one in self._channels[name].ranges for alias in one.findall("Alias")
                       if alias.get("Mode") == mode]  # fmt: skip
            if not aliases:
                continue
            level = self._hold_still(name)
            for element, alias in aliases:
                replaced = alias.get("With", "")
                if int(element.attrib["Min"]) <= level <= int(element.attrib["Max"]) and replaced in self._channels:
                    yield alias.get("Channel", ""), replaced

    def _hold_still(self, name: str) -> int:
        fields = self._describe(self._channels[name])
        match fields["does"]:
            case "intensity" | "colour" | "flag" | "pan" | "tilt":
                raise ProfileError(f"'{name}' has to move and switches what other slots mean")
            case "shutter":
                opened = next(one for one in fields["ranges"] if one["shutter"] == "open")["dmx"]
                return (opened[0] + opened[1]) // 2
        self._still.add(name)
        return int(self._describe(self._channels[name])["at"])

    def _owner(self, index: int, names: list[str], coarse: list[int]) -> int | None:
        """The slot whose low byte this is: same kind and same name, else the one before, else the only one."""
        fine = self._channels[names[index]]
        same = [one for one in coarse if self._channels[names[one]].base == fine.base]
        named = [one for one in same if _bare(names[one]) == _bare(fine.name)]
        if len(named) == 1:
            return named[0]
        if index - 1 in same:
            return index - 1
        return same[0] if len(same) == 1 else None

    def _describe(self, channel: _Definition) -> dict[str, Any]:
        fields = channel_of(list(self._spans(channel)), channel.default, channel.name)
        if fields["does"] == "intensity" and channel.preset == "IntensityMasterDimmer" and self._dimmers:
            fields["master"] = True
        if channel.name in self._still and fields["does"] != "hold":
            kept = {key: fields[key] for key in ("forbidden", "strobe") if key in fields}
            at = fields.get("at", fields.get("range", (0, 255))[0])
            return {"does": "hold", "at": at, "note": f"{channel.name}: switches other slots"} | kept
        return fields

    def _spans(self, channel: _Definition) -> Iterator[Span]:
        whole = self._whole(channel)
        if whole is not None:
            yield from whole
            return
        for element in channel.ranges:
            first, last = int(element.attrib["Min"]), int(element.attrib["Max"])
            yield self._span(channel, element, first, last)
        if not channel.ranges:
            yield self._span(channel, Element("Capability"), 0, 255)

    def _whole(self, channel: _Definition) -> list[Span] | None:
        """A channel whose preset says everything."""
        preset, name = channel.preset, channel.name
        if preset in EMITTER_PRESETS:
            return [self._emitter(EMITTER_PRESETS[preset], _warmth(name), 0, 255)]
        if preset in DIMMERS:
            return [self._as_output(Span(0, 255, "intensity"), name)]
        if preset in PAN:
            return [Span(0, 255, "pan", 0.0, self._degrees["pan"])]
        if preset in TILT:
            return [Span(0, 255, "tilt", 0.0, self._degrees["tilt"])]
        if preset in SPEEDS:
            return [Span(0, 255, "speed", *SPEEDS[preset], name=name)]
        if preset in ("ShutterStrobeSlowFast", "ShutterStrobeFastSlow"):
            return [Span(0, 255, "strobe", -1.0 if preset.endswith("SlowFast") else 1.0, -1.0)]
        if preset == "ShutterIrisMinToMax":
            return [Span(0, 254, "effect"), Span(255, 255, "neutral", name="open iris")]
        if preset == "NoFunction":
            return [Span(0, 255, "none")]
        return [Span(0, 255, "level", name=name)] if preset and not channel.ranges else None

    def _emitter(self, name: str, warmth: str, first: int, last: int) -> Span:
        name = f"{warmth} white" if name == "white" and warmth else name
        flag = self._subtractive and name in ("cyan", "magenta", "yellow")
        return Span(first, last, "flag" if flag else "emitter", name=EMITTERS[name])

    def _span(self, channel: _Definition, element: Element, first: int, last: int) -> Span:
        preset, said = element.get("Preset", ""), (element.text or "").strip()
        known = _preset_span(preset, element, said, first, last)
        if known is not None:
            return self._as_output(known, channel.name)
        judge = getattr(self, f"_in_{channel.group.lower()}", None) if channel.group else None
        span = judge(channel, said, first, last) if judge else _in_other(said, first, last)
        return self._as_output(span, channel.name)

    def _as_output(self, span: Span, name: str) -> Span:
        """In a machine that makes haze, what is not said to be a light is haze or a fan."""
        if self._kind in ("hazer", "fan") and span.first == 0 and SILENT.search(span.name):
            return Span(span.first, span.last, "none", name=span.name)
        light = re.search(r"dimmer|led|light|red|green|blue|white|colou?r", name, re.I)
        if span.meaning not in ("intensity", "level", "speed", "effect") or self._kind not in ("hazer", "fan") or light:
            return span
        if is_fan(name):
            return Span(span.first, span.last, "fan", 0.0, 1.0, name)
        if is_atmosphere(name) or span.meaning == "intensity":
            return Span(span.first, span.last, "haze", 0.0 if span.first == 0 and span.last == 255 else 1.0, 1.0, name)
        return span

    def _in_intensity(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        emitter = _emitter_of(channel)
        if re.search(r"reset|lamp ?off|lamp ?on", said, re.I):
            return Span(first, last, "maintenance", name=said, worse=is_worse(said))
        if NO_FLASH.search(said):
            return Span(first, last, "open", name=said)
        if FLASHES.search(said) and not re.search("intensity|dimmer", said, re.I):
            return Span(first, last, "strobe", -1.0, -1.0, name=said)
        if re.search(r"program|auto|sound|chase|macro|fade|effect|speed|mode|curve|custom", said, re.I):
            return Span(first, last, "none" if NONE.search(said) else "effect", name=said)
        if emitter:
            return self._emitter(emitter, _warmth(channel.name), first, last)
        if re.search(r"no function|unused|nothing", said, re.I):
            return Span(first, last, "none", name=said)
        if re.search(r"\d *%? *(-|to|>|<-->) *\d+ *%", said, re.I):
            return Span(first, last, "intensity", *_percent(said), name=said)
        if OPENS.search(said) and len(channel.ranges) > 1:
            return Span(first, last, "open", 1.0, 1.0, name=said)
        if CLOSES.search(said) and len(channel.ranges) > 1:
            return Span(first, last, "closed", name=said)
        if FLASHES.search(channel.name) and not re.search("dim|intens", f"{channel.name} {said}", re.I):
            return Span(first, last, "strobe", -1.0, -1.0, name=said)
        if len(channel.ranges) <= 3 or re.search(
            r"dim|intens|%|led|bright|light|output|master", f"{said} {channel.name}", re.I
        ):
            return Span(first, last, "intensity", *_percent(said), name=said)
        return Span(first, last, "effect", name=said)

    def _in_shutter(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        if re.search(
            "iris|blade|insert|swivel|frost|zoom|duration|frame|framing|rotat", f"{channel.name} {said}", re.I
        ) and not (FLASHES.search(said)):
            return Span(first, last, "effect" if CLOSES.search(said) or "puls" in said.lower() else "level", name=said)
        if re.search("reset|lamp", said, re.I):
            return Span(first, last, "maintenance", name=said, worse=True)
        if NO_FLASH.search(said):
            return Span(first, last, "open", name=said)
        if re.search(
            r"^\W*(no function|no strobe|no effect|none|off|no shutter|strobe off|unused|nothing|without)", said, re.I
        ):
            return Span(first, last, "none", name=said)
        if OPENS.search(said) and not re.search(r"stro+b\w* (effect|speed)|puls|slow|random|ramp|speed", said, re.I):
            return Span(first, last, "open", name=said)
        if CLOSES.search(said) and not STROBES.search(said):
            return Span(first, last, "closed", name=said)
        if re.search("dim|intens", said, re.I) and not re.search("speed|rate", said, re.I):
            return Span(first, last, "intensity", *_percent(said), name=said)
        return Span(first, last, "strobe", -1.0, -1.0, name=said)

    def _in_colour(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        if FLASHES.search(said):
            return Span(first, last, "strobe", -1.0, -1.0, name=said)
        if not said or len(channel.ranges) == 1:
            return Span(first, last, "level", name=said)
        if NONE.search(said) or re.search("manual|rgb|dimming|static colou?r", said, re.I):
            return Span(first, last, "none", name=said)
        colour = colour_named(said)
        if MOVES.search(said) and colour is None:
            return Span(first, last, "effect", name=said)
        if CLOSES.search(said):
            return Span(first, last, "closed", name=said)
        return Span(first, last, "colour", name=said, colour=colour)

    def _in_gobo(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        if NONE.search(said) or re.fullmatch(r"\W*(open|no gobo|white|hole)\W*", said, re.I):
            return Span(first, last, "neutral", name=said)
        if CLOSES.search(said):
            return Span(first, last, "closed", name=said)
        return Span(first, last, "strobe" if FLASHES.search(said) else "effect", -1.0, -1.0, name=said)

    def _in_speed(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        whole = f"{channel.name} {said}"
        if NO_FLASH.search(said):
            return Span(first, last, "open", name=said)
        if FLASHES.search(said) and len(channel.ranges) > 1:
            return Span(first, last, "strobe", -1.0, -1.0, name=said)
        if not re.search(r"pan|tilt|p/?t\b|x/?y|position|movement|vector|motor|head", whole, re.I):
            return _in_other(said, first, last) if len(channel.ranges) > 1 else Span(first, last, "level", name=said)
        if re.search(r"blackout|black out|\bbo\b", said, re.I):
            return Span(first, last, "effect", name=said)
        if re.search(r"slow\W+(to\W+)?fast|min\W+(to\W+)?max", said, re.I):
            return Span(first, last, "speed", 0.1, 0.9, name=said)
        if re.search(r"tracking|maximum|max\.? speed|^fast$|fastest", said, re.I):
            return Span(first, last, "speed", 1.0, 1.0, name=said)
        if re.search(r"fast\W+(to\W+)?slow|max\W+(to\W+)?min", said, re.I) or len(channel.ranges) <= 1:
            return Span(first, last, "speed", 0.9, 0.1, name=said)
        return _in_other(said, first, last)

    def _in_pan(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        return self._position("pan", channel, said, first, last)

    def _in_tilt(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        return self._position("tilt", channel, said, first, last)

    def _position(self, axis: str, channel: _Definition, said: str, first: int, last: int) -> Span:
        turns = re.search(
            r"rotat|clockwise|shake|macro|music|auto|speed|roll|continuous|infinit|sound|slow|fast|mode|range",
            said,
            re.I,
        )
        if NONE.search(said):
            return Span(first, last, "none", name=said)
        if turns or re.search(
            r"speed|continuous|infinit|rotation|macro|mode|time|shortcut|endless", channel.name, re.I
        ):
            return Span(first, last, "effect", name=said)
        if len(channel.ranges) <= 1 or last - first >= 40:
            meaning: Meaning = "pan" if axis == "pan" else "tilt"
            return Span(first, last, meaning, 0.0, self._degrees[axis])
        return Span(first, last, "effect", name=said)

    def _in_maintenance(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        if (NONE.search(said) or re.search(r"\boff$", said, re.I)) and not re.search("lamp|reset|display", said, re.I):
            return Span(first, last, "none", name=said)
        return Span(first, last, "maintenance", name=said, worse=is_worse(f"{said} {channel.name if not said else ''}"))

    def _in_effect(self, channel: _Definition, said: str, first: int, last: int) -> Span:
        span = _in_other(said, first, last)
        if span.meaning == "level" and len(channel.ranges) > 1:
            return Span(first, last, "effect", name=said)
        return span


def _in_other(said: str, first: int, last: int) -> Span:
    if re.search(r"\breset|lamp ?off|lamp off|shut ?down|reboot", said, re.I):
        return Span(first, last, "maintenance", name=said, worse=True)
    if NONE.search(said):
        return Span(first, last, "none", name=said)
    if FLASHES.search(said):
        return Span(first, last, "strobe", -1.0, -1.0, name=said)
    if re.search(r"^\W*(open|no |linear|parallel|normal|standard|default)", said, re.I):
        return Span(first, last, "neutral", name=said)
    if re.search(r"auto|sound|macro|program|chase|effect|shake|rotat|show|rainbow|clos", said, re.I):
        return Span(first, last, "effect", name=said)
    return Span(first, last, "level", name=said)


def _preset_span(preset: str, element: Element, said: str, first: int, last: int) -> Span | None:
    """A range whose preset says what it is."""
    meanings: dict[str, Meaning] = {
        "ShutterOpen": "open", "ShutterClose": "closed", "NoFunction": "none", "RotationStop": "none",
        "PrismEffectOff": "neutral", "PrismEffectOn": "effect", "ColorDoubleMacro": "effect", "ColorWheelIndex": "effect",
        "GoboShakeMacro": "effect", "RotationIndexed": "level", "SlowToFast": "level", "FastToSlow": "level",
        "NearToFar": "level", "FarToNear": "level", "SmallToBig": "level", "BigToSmall": "level",
        "SilentModeOn": "maintenance", "SilentModeOff": "maintenance", "GenericPicture": "effect",
    }  # fmt: skip
    if preset == "ColorMacro":
        if FLASHES.search(said):
            return Span(first, last, "strobe", -1.0, -1.0, name=said)
        colour = element.get("Res1", "").lower()
        known = colour if re.fullmatch("#[0-9a-f]{6}", colour) else colour_named(said)
        return Span(first, last, "colour", name=said, colour=known)
    if preset == "GoboMacro":
        opened = "open" in element.get("Res1", "") or re.search(r"open|no gobo", said, re.I)
        return Span(first, last, "neutral" if opened else "effect", name=said)
    if preset.startswith(("Strobe", "Pulse", "RampUp", "RampDown")):
        return _strobe(preset, element, said, first, last)
    if preset == "ShutterClose" and (NO_FLASH.search(said) or re.search("no function|no flash", said, re.I)):
        return Span(first, last, "open", name=said)
    if preset.startswith("Lamp") and said and "lamp" not in said.lower():
        return None
    if preset.startswith(("Reset", "Lamp")):
        return Span(first, last, "maintenance", name=said, worse=True)
    if preset.startswith("Rotation") and preset not in meanings:
        start, end = (0.1, 1.0) if "SlowToFast" in preset else (1.0, 0.1)
        sign = -1.0 if "CounterClockwise" in preset else 1.0
        return Span(first, last, "effect" if "olor" in said else "spin", sign * start, sign * end, said)
    return Span(first, last, meanings[preset], name=said) if preset in meanings else None


def _strobe(preset: str, element: Element, said: str, first: int, last: int) -> Span:
    if preset.endswith("FreqRange"):
        start, end = float(element.get("Res1") or 0), float(element.get("Res2") or 0)
        return Span(first, last, "strobe", start, end, said)
    if preset.endswith("Frequency"):
        hz = float(element.get("Res1") or 0)
        return Span(first, last, "strobe", hz, hz, said)
    return Span(first, last, "strobe", -1.0, -1.0, said)


def _emitter_of(channel: _Definition) -> str | None:
    if channel.preset in EMITTER_PRESETS:
        return EMITTER_PRESETS[channel.preset]
    if channel.group != "Intensity" or channel.low:
        return None
    if channel.colour.lower() in EMITTERS and channel.colour:
        return channel.colour.lower()
    words = re.findall("[a-z]+", channel.name.lower())
    found = [word for word in words if word in EMITTERS]
    return found[0] if len(found) == 1 else None


def _warmth(name: str) -> str:
    match = re.search(r"\b(warm|cold|cool|ww|cw)\b", name, re.I)
    return {"w": "warm", "c": "cold"}[match[1][0].lower()] if match else ""


def _percent(said: str) -> tuple[float, float]:
    numbers = [float(one) for one in re.findall(r"(\d+(?:\.\d+)?)", said)][:2]
    if len(numbers) == 2 and "%" in said and max(numbers) <= 100 and numbers[0] != numbers[1]:
        return numbers[0] / 100.0, numbers[1] / 100.0
    return (1.0, 0.0) if re.search(r"(bright|full|100%?|open)\W+(to\W+)?(dark|0|off|clos)", said, re.I) else (0.0, 1.0)


def _bare(name: str) -> str:
    """A name without the words for high and low bytes."""
    return re.sub(r"[\W_]+", "", FINE_WORDS.sub("", name)).lower()
