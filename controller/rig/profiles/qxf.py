"""QLC+ fixture definitions (.qxf) to our profiles. Pure: a parsed tree in, a profile out.

Source: the definitions that come with QLC+ 4 (Apache-2.0) and its manual, "Fixture definition editor". `Preset` says
what a channel or a range is; where it is missing, the group and the words of people decide, and what nobody can tell is
held still at its first level.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from xml.etree.ElementTree import Element

from controller.errors import ProfileError
from controller.rig.profiles.assembly import Cell, ModeRow, assemble
from controller.rig.profiles.beam_words import animation_stands, part_named, prism_stands, way
from controller.rig.profiles.colour_names import colour_named
from controller.rig.profiles.hazard_words import is_atmosphere, is_fan, is_pyrotechnic
from controller.rig.profiles.meaning import EMITTERS, FEW_LEVELS, channel_of, is_worse
from controller.rig.profiles.profile import BLACK, Profile
from controller.rig.profiles.qxf_words import Words, judged
from controller.rig.profiles.rest_words import (
    BY_HAND,
    FLASHES,
    NO_FLASH,
    SLOT_MOVES,
    found,
    has_purpose_after,
    says_dark,
    says_laser,
    says_open_slot,
    says_rest,
)
from controller.rig.profiles.spans import Meaning, Span
from controller.rig.profiles.turn_words import speeds, turn_named

KINDS = {
    "Color Changer": "par", "Moving Head": "mover", "Scanner": "scanner", "Flower": "effect", "LED Bar (Beams)": "bar",
    "LED Bar (Pixels)": "bar", "Laser": "laser", "Smoke": "hazer", "Hazer": "hazer", "Strobe": "strobe",
    "Effect": "effect", "Dimmer": "dimmer", "Fan": "fan",
}  # fmt: skip
LIGHTS = ("Red", "Green", "Blue", "White", "Amber", "UV", "Lime", "Cyan", "Magenta", "Yellow", "Indigo")
LIGHT_NAMES = tuple(name.lower() for name in LIGHTS)
EMITTER_PRESETS = {f"Intensity{name}": name.lower() for name in LIGHTS}
DIMMERS = ("IntensityDimmer", "IntensityMasterDimmer", "IntensityValue", "IntensityLightness")
SPEEDS = {"SpeedPanTiltSlowFast": (0.1, 1.0), "SpeedPanTiltFastSlow": (1.0, 0.1), "SpeedPanSlowFast": (0.1, 1.0),
          "SpeedPanFastSlow": (1.0, 0.1), "SpeedTiltSlowFast": (0.1, 1.0), "SpeedTiltFastSlow": (1.0, 0.1)}  # fmt: skip
PAN = ("PositionPan", "PositionXAxis")
TILT = ("PositionTilt", "PositionYAxis")
BEAM_PRESETS = {
    "BeamZoomSmallBig": ("zoom", 0.0, 1.0), "BeamZoomBigSmall": ("zoom", 1.0, 0.0),
    "BeamFocusNearFar": ("focus", 0.0, 1.0), "BeamFocusFarNear": ("focus", 1.0, 0.0),
    "ShutterIrisMinToMax": ("iris", 0.0, 1.0), "ShutterIrisMaxToMin": ("iris", 1.0, 0.0),
}  # fmt: skip
WAYS = {"SmallToBig": (0.0, 1.0), "NearToFar": (0.0, 1.0), "BigToSmall": (1.0, 0.0), "FarToNear": (1.0, 0.0)}
SILENT = re.compile(
    r"\boff\b|standby|stand-by|\bidle|no output|zero|^\W*0 ?%|^\W*0 sec|no (fog|haze|smoke|output)", re.I
)
LIGHT = re.compile(r"dimmer|led|light|red|green|blue|white|colou?r", re.I)
FINE_WORDS = re.compile(r"\(?\b(fine|lsb|16 ?-?bit|least significant byte|low byte|coarse|msb)\b\)?", re.I)


def profile_of(root: Element, source: str) -> Profile:
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


def modes_of(root: Element) -> list[str]:
    """Names of the modes of a definition, whether they can be used or not."""
    return [mode.get("Name", "") for mode in root.findall("Mode")]


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
        self._mixed = len(colours & {*LIGHT_NAMES} - {"white", "uv"}) >= 2
        self._subtractive = len(colours & {"cyan", "magenta", "yellow"}) >= 2 and not colours & {"red", "green", "blue"}
        self._dimmers = {one.preset for one in found} >= {"IntensityDimmer", "IntensityMasterDimmer"}
        self._degrees = {"pan": 540.0, "tilt": 270.0}
        self._still: set[str] = set()

    def profile(self, source: str) -> Profile:
        maker = (self._root.findtext("Manufacturer") or "").strip()
        model = (self._root.findtext("Model") or "").strip()
        if not maker or not model:
            raise ProfileError("it has no manufacturer or no model")
        if is_pyrotechnic(model):
            raise ProfileError(f"{model} makes fire, sparks or throws things; such machines are never driven from here")
        self._read_degrees()
        rows: dict[str, ModeRow | ProfileError] = {}
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

    def _row(self, mode: Element) -> ModeRow:
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
                return int(opened[0] + opened[1]) // 2
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
        fields = channel_of(list(self._spans(channel)), channel.default, channel.name, mixed=self._mixed)
        if fields["does"] == "intensity" and channel.preset == "IntensityMasterDimmer" and self._dimmers:
            fields["master"] = True
        if channel.name in self._still:
            fields.pop("shapes", None)
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
            yield _with_part(self._span(channel, element, first, last), channel, element)
        if not channel.ranges:
            yield self._span(channel, Element("Capability"), 0, 255)

    def _whole(self, channel: _Definition) -> list[Span] | None:
        """A channel whose preset says everything."""
        preset, name = channel.preset, channel.name
        if preset in EMITTER_PRESETS:
            return [self._emitter(EMITTER_PRESETS[preset], _warmth(name), 0, 255)]
        known = {
            **{one: [Span(0, 255, "intensity")] for one in DIMMERS},
            **{one: [Span(0, 255, "pan", 0.0, self._degrees["pan"])] for one in PAN},
            **{one: [Span(0, 255, "tilt", 0.0, self._degrees["tilt"])] for one in TILT},
            **{speed: [Span(0, 255, "speed", *ends, name=name)] for speed, ends in SPEEDS.items()},
            "ShutterStrobeSlowFast": [Span(0, 255, "strobe", -1.0, -1.0)],
            "ShutterStrobeFastSlow": [Span(0, 255, "strobe", 1.0, -1.0)],
            "ShutterIrisMinToMax": [
                Span(0, 254, "effect", part="iris"),
                Span(255, 255, "neutral", name="open iris"),
            ],
            "NoFunction": [Span(0, 255, "none")],
            "IntensityHue": [Span(0, 255, "hue", name=name)],
            "IntensitySaturation": [Span(0, 255, "saturation", name=name)],
        }
        if preset in known:
            return [self._as_output(span, name) for span in known[preset]]
        part, start, end = BEAM_PRESETS.get(preset, ("", 0.0, 1.0))
        return [Span(0, 255, "level", start, end, name, part=part)] if preset and not channel.ranges else None

    def _emitter(self, name: str, warmth: str, first: int, last: int) -> Span:
        name = f"{warmth} white" if name == "white" and warmth else name
        flag = self._subtractive and name in ("cyan", "magenta", "yellow")
        return Span(first, last, "flag" if flag else "emitter", name=EMITTERS[name])

    def _span(self, channel: _Definition, element: Element, first: int, last: int) -> Span:
        preset, said = element.get("Preset", ""), (element.text or "").strip()
        dims = preset == "ShutterOpen" and found(DIMS, said) and last - first >= FEW_LEVELS
        known = None if dims else _preset_span(preset, element, said, first, last)
        if known is not None and preset == "ColorDoubleMacro" and self._kind in ("mover", "scanner"):
            known = replace(known, halves=None if self._mixed else _halves(element))
        if known is not None:
            return self._as_output(known, channel.name)
        emitter = _emitter_of(channel)
        several = len(channel.ranges) > 1
        words = Words(channel.group, channel.name, said, len(channel.ranges), bool(emitter))
        meaning, start, end = judged(words)
        named = colour_named(said)
        if meaning == "colour" or (channel.group == "Colour" and several and named):
            return Span(first, last, "colour", name=said, colour=named)
        if meaning == "emitter" and emitter:
            return self._emitter(emitter, _warmth(channel.name), first, last)
        if meaning in ("pan", "tilt"):
            axis: Meaning = "effect" if several and last - first < FEW_LEVELS else meaning
            return Span(first, last, axis, 0.0, self._degrees[meaning], "" if axis == meaning else said)
        span = Span(first, last, meaning, start, end, said, worse=is_worse(said or channel.name))
        return self._as_output(span, channel.name)

    def _as_output(self, span: Span, name: str) -> Span:
        """In a machine that makes haze, what is not said to be a light is haze or a fan."""
        if self._kind not in ("hazer", "fan"):
            return span
        if span.first == 0 and SILENT.search(span.name):
            return Span(span.first, span.last, "none", name=span.name)
        if span.meaning not in ("intensity", "level", "speed", "effect") or LIGHT.search(name):
            return span
        if is_fan(name):
            return Span(span.first, span.last, "fan", 0.0, 1.0, name)
        if is_atmosphere(name) or span.meaning == "intensity":
            return Span(span.first, span.last, "haze", 0.0 if span.first == 0 and span.last == 255 else 1.0, 1.0, name)
        return span


def _with_part(span: Span, channel: _Definition, element: Element) -> Span:
    """The range with what it does to the beam, where that is said and looks may do it."""
    said, preset = (element.text or "").strip(), element.get("Preset", "")
    part, low, high = BEAM_PRESETS.get(channel.preset, ("", 0.0, 0.0))
    pictures = any(one.get("Preset") in ("GoboMacro", "GoboShakeMacro") for one in channel.ranges)
    turned = None if part or pictures else turn_named(channel.name, [one.text or "" for one in channel.ranges])
    part = part or part_named(channel.name) or ("gobo" if pictures and found(WHEEL, channel.name) else "")
    if turned is not None:
        return _turning(span, turned, said, preset)
    if part == "gobo" and found(REVOLVES, said) and span.meaning in ("gobo", "effect"):
        return replace(span, part=part, meaning="spin")
    if part == "gobo":
        picture = span.meaning == "gobo" and (preset == "GoboMacro" or found(r"gobo|pattern|picture", said))
        return replace(span, part=part) if picture else span
    if part in ("prism", "animation"):
        return _in_the_beam(span, part, said, preset)
    if not part or span.meaning not in ("level", "effect"):
        return span
    start, end = WAYS.get(preset) or way(part, said) or (low, high)
    return replace(span, part=part, start=start, end=end)


def _in_the_beam(span: Span, part: str, said: str, preset: str) -> Span:
    """A place at which a prism or an animation wheel is in the beam, still or turning, or out of it."""
    turned = _turning(span, part, said, preset)
    if turned is not span:
        return replace(turned, meaning="spin")
    if part == "animation" and found(r"^\W*(clos|out\b|open)", said):
        return replace(span, meaning="neutral")
    stands = prism_stands(said) if part == "prism" else animation_stands(said)
    named = preset == "PrismEffectOn" or found(r"prism|facet|\bon\b|\bin\b|insert|animation|whole", said)
    return replace(span, part=part) if span.meaning in ("effect", "level") and stands and named else span


def _turning(span: Span, part: str, said: str, preset: str) -> Span:
    """The range with how fast it turns something, where that is said."""
    ends = speeds(said, preset) if span.meaning in ("spin", "effect", "level") else None
    return span if ends is None else replace(span, part=part, start=ends[0], end=ends[1])


def _halves(element: Element) -> tuple[str, str] | None:
    """Both colours of a place of a colour wheel that lies between two; None where they are not told, or are one."""
    one, other = (element.get(name, "").lower() for name in ("Res1", "Res2"))
    told = all(re.fullmatch("#[0-9a-f]{6}", colour) and colour != BLACK for colour in (one, other))
    moves = found(rf"{FLASHES}|shak|rotat|scroll|spin|random|audio|sound|auto|macro|gobo|program", element.text or "")
    return (one, other) if told and one != other and not moves else None


REVOLVES = r"^(?!.*(shak|bounc|slow|fast|audio|sound|auto))(?=.*\bgobos?\b)(?=.*\d).*(rotat|continuous|\brot\b|>\W*$)"
"""Words of places of a gobo wheel at which another channel turns the pattern; the same patterns stand elsewhere."""
WHEEL = r"^(?!.*(animation|macro|speed|shake|function|mode)).*\bgobos?\b.*(rotation|wheel|index|select)"
"""Names of gobo wheels that say more than that; what is a picture the presets of their ranges tell."""
MEANINGS: dict[str, Meaning] = {
    "ShutterOpen": "open",
    "ShutterClose": "closed",
    "NoFunction": "none",
    "RotationStop": "stop",
    "PrismEffectOff": "neutral",
    "PrismEffectOn": "effect",
    "ColorDoubleMacro": "effect",
    "ColorWheelIndex": "effect",
    "GoboShakeMacro": "effect",
    "RotationIndexed": "level",
    "SlowToFast": "level",
    "FastToSlow": "level",
    "NearToFar": "level",
    "FarToNear": "level",
    "SmallToBig": "level",
    "BigToSmall": "level",
    "SilentModeOn": "maintenance",
    "SilentModeOff": "maintenance",
    "GenericPicture": "effect",
}


DIMS = r"\bdimm\w*|\b0 ?%? ?(-|to|\.\.+) ?100 ?%"
"""Words that overrule "open": the range dims."""


def _preset_span(preset: str, element: Element, said: str, first: int, last: int) -> Span | None:
    """A range whose preset says what it is; None where only words can tell."""
    plain = Span(first, last, MEANINGS.get(preset, "level"), name=said)
    if preset == "ColorMacro":
        return _macro(element, plain)
    if preset == "GoboMacro":
        return replace(plain, meaning=_gobo(element, said))
    if preset.startswith(("Strobe", "Pulse", "RampUp", "RampDown")):
        start, end = _hz(preset, element)
        return replace(plain, meaning="strobe", start=start, end=end)
    meaning = _overruled(preset, said)
    if meaning is None and preset.startswith("Rotation") and preset not in MEANINGS:
        return _rotation(preset, plain)
    if meaning is None:
        return plain if preset in MEANINGS else None
    return replace(plain, meaning=meaning, worse=meaning == "maintenance")


def _overruled(preset: str, said: str) -> Meaning | None:
    """What words make of a preset that says the contrary, and of presets that say nothing without words."""
    if preset in ("ShutterOpen", "ShutterClose"):
        return _shut(preset, said)
    if preset == "RotationStop" and found("open|off", said) and not found("stop", said):
        return "none"
    if MEANINGS.get(preset) == "effect" and found(r"^\W*(open|off|no function|none)\b", said):
        return "none"
    lamp = preset.startswith("Lamp") and (not said or "lamp" in said.lower())
    if preset == "LampOn" and lamp:
        return "effect"
    return "maintenance" if lamp or preset.startswith("Reset") else None


def _shut(preset: str, said: str) -> Meaning:
    """What words make of a shutter's preset: they win where they say the contrary."""
    if preset == "ShutterClose":
        return "open" if found(rf"{NO_FLASH}|no function|\bopen\b|full on", said) and not says_dark(said) else "closed"
    return "open"


def _gobo(element: Element, said: str) -> Meaning:
    """A picture of a gobo wheel, or a place at which there is none."""
    if found(r"\breset|lamps? ?off|shut ?down|reboot", said):
        return "maintenance"
    if says_open_slot(said) or (says_rest(said) and not found("stop", said)):
        return "neutral"
    if found(FLASHES, said) and not found(NO_FLASH, said):
        return "strobe"
    if found(r"stop", said):
        return "stop"
    if found(SLOT_MOVES, re.sub(r"^\W*rotating (?=gobos? ?\d+\W*$)", "", said, flags=re.I)):
        return "effect"
    return "neutral" if "open" in element.get("Res1", "") and not found(r"black ?out|clos|gobo", said) else "gobo"


def _macro(element: Element, plain: Span) -> Span:
    """A colour preset, as far as its words do not say that it is none."""
    if found(FLASHES, plain.name) and not found(NO_FLASH, plain.name):
        return replace(plain, meaning="strobe", start=-1.0, end=-1.0)
    meaning, _, _ = judged(Words("Colour", "", plain.name, 2, emitter=False))
    if meaning == "none" and says_open_slot(plain.name) and not found(BY_HAND, plain.name):
        return replace(plain, meaning="colour", colour=colour_named("open"))
    if meaning in ("none", "stop", "closed", "maintenance") or found(r"\b(auto\w*|sound|music)\b", plain.name):
        kept: Meaning = meaning if meaning in ("none", "stop", "closed", "maintenance") else "effect"
        return replace(plain, meaning=kept, worse=meaning == "maintenance")
    colour = element.get("Res1", "").lower()
    known = colour if re.fullmatch("#[0-9a-f]{6}", colour) else colour_named(plain.name)
    return replace(plain, meaning="colour", colour=known)


def _rotation(preset: str, plain: Span) -> Span:
    start, end = (0.1, 1.0) if "SlowToFast" in preset else (1.0, 0.1)
    sign = -1.0 if "CounterClockwise" in preset else 1.0
    meaning: Meaning = "effect" if "olor" in plain.name else "spin"
    return replace(plain, meaning=meaning, start=sign * start, end=sign * end)


def _hz(preset: str, element: Element) -> tuple[float, float]:
    """How fast it flashes at both ends; -1 where it is not said."""
    if preset.endswith("FreqRange"):
        return float(element.get("Res1") or 0), float(element.get("Res2") or 0)
    if preset.endswith("Frequency"):
        return (float(element.get("Res1") or 0),) * 2
    return -1.0, -1.0


def _emitter_of(channel: _Definition) -> str | None:
    if says_laser(channel.name):
        return None
    if channel.preset in EMITTER_PRESETS:
        return EMITTER_PRESETS[channel.preset]
    if channel.group != "Intensity" or channel.low:
        return None
    if channel.colour.lower() in EMITTERS and channel.colour:
        return channel.colour.lower()
    words = re.findall("[a-z]+", channel.name.lower())
    named = [word for word in words if word in EMITTERS]
    return named[0] if len(named) == 1 and not has_purpose_after(named[0], channel.name) else None


def _warmth(name: str) -> str:
    match = re.search(r"\b(warm|cold|cool|ww|cw)\b", name, re.I)
    return {"w": "warm", "c": "cold"}[match[1][0].lower()] if match else ""


def _bare(name: str) -> str:
    """A name without the words for high and low bytes."""
    return re.sub(r"[\W_]+", "", FINE_WORDS.sub("", name)).lower()
