"""Open Fixture Library JSON to our profiles. Pure: parsed data in, a profile out.

Source: the library's documentation, `fixture-format.md` and `fixture.json` among its schemas (12.3 to 12.5), MIT.
Switching channels (one slot, another meaning for each level of a trigger) are resolved by the level that we send on the
trigger, which never moves then; see docs/decisions/0016.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from controller.errors import ProfileError
from controller.rig.profiles.assembly import Cell, ModeRow, assemble
from controller.rig.profiles.beam_words import animation_stands, prism_stands
from controller.rig.profiles.colour_names import colour_named
from controller.rig.profiles.hazard_words import is_atmosphere, is_fan, is_pyrotechnic
from controller.rig.profiles.meaning import EMITTERS, channel_of, is_worse
from controller.rig.profiles.profile import BLACK, BeamPart, Profile
from controller.rig.profiles.rest_words import (
    BY_HAND,
    CLOSES,
    FLASHES,
    HARM,
    NO_FLASH,
    OWN_SHOW,
    STOP,
    found,
    says_laser,
    says_open_slot,
    says_rest,
)
from controller.rig.profiles.spans import Meaning, Span
from controller.rig.profiles.turn_words import NO_SPEED, TURNED_BY, TURNS

Json = Mapping[str, Any]
MOST_PATTERN, MOST_REPEATS = 200, 2
"""Of a pattern and a key in letters, and how much of a pattern may repeat: what takes long to match has more."""
MAX_PIXELS = 2048
PIXEL_KEY = "$pixelKey"
KINDS = (
    ("Hazer", "hazer"), ("Smoke", "hazer"), ("Fan", "fan"), ("Pixel Bar", "bar"), ("Matrix", "bar"),
    ("Moving Head", "mover"), ("Scanner", "scanner"), ("Barrel Scanner", "scanner"), ("Blinder", "blinder"),
    ("Color Changer", "par"), ("Strobe", "strobe"), ("Dimmer", "dimmer"), ("Effect", "effect"), ("Flower", "effect"),
)  # fmt: skip
WORDS = {
    "off": 0.0, "dark": 0.0, "stop": 0.0, "none": 0.0, "closed": 0.0, "instant": 0.0,
    "low": 0.25, "weak": 0.25, "slow": 0.1, "short": 0.1, "narrow": 0.0, "near": 0.0, "small": 0.0,
    "high": 1.0, "bright": 1.0, "strong": 1.0, "fast": 1.0, "long": 1.0, "wide": 1.0, "far": 1.0, "big": 1.0,
    "open": 1.0,
}  # fmt: skip
KELVIN = {"warm": 2700.0, "cto": 2700.0, "default": 4500.0, "cold": 8000.0, "ctb": 8000.0}
EFFECTS = ("Effect", "WheelShake", "WheelSlotRotation", "WheelRotation", "PrismRotation", "Rotation", "IrisEffect",
           "FrostEffect", "SoundSensitivity", "EffectSpeed", "EffectDuration", "EffectParameter")  # fmt: skip
LEVELS = ("Zoom", "Focus", "Iris", "Frost", "BeamAngle", "BeamPosition", "BladeInsertion", "BladeRotation",
          "BladeSystemRotation", "Speed", "Time", "StrobeSpeed", "StrobeDuration", "FogType")  # fmt: skip
SLIDES = {
    "Zoom": ("zoom", "angle"), "BeamAngle": ("zoom", "angle"), "Focus": ("focus", "distance"),
    "Iris": ("iris", "openPercent"), "Frost": ("frost", "frostIntensity"),
}  # fmt: skip
"""What slides from one end to the other, and the words of a capability that tell its ends."""
AXES = re.compile(r"^(=|<=|>=)?(\d+)$|^(even|odd)$|^(\d+)n(?:\+(\d+))?$")


def profile_of(data: Json, maker: str, source: str) -> Profile:
    """The profile of one fixture.

    Args:
        data: the parsed file.
        maker: the folder it lies in.
        source: the reference people use, `ofl:maker/model`.

    Raises:
        ProfileError: not a fixture of this format, or no mode of it can be used.
    """
    try:
        return _Fixture(data).profile(maker, source)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise ProfileError(f"not a fixture of the Open Fixture Library: {type(error).__name__}: {error}") from error


def redirect_of(data: object) -> str | None:
    """`maker/model` that a file only points to."""
    target = data.get("redirectTo") if isinstance(data, Mapping) else None
    return target if isinstance(target, str) else None


class _Key(NamedTuple):
    """What a channel key of a mode means: a channel, which byte of it, and the pixels it lights."""

    name: str
    byte: int
    pixels: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Switch:
    """A key that means another channel at each range of levels of its trigger."""

    trigger: str
    pixel_key: str | None


class _Fixture:
    """One file, its keys resolved."""

    def __init__(self, data: Json) -> None:
        self._data = data
        self._matrix = _Matrix(data.get("matrix") or {})
        self._channels: dict[str, Json] = {}
        self._keys: dict[str, _Key] = {}
        self._switches: dict[str, _Switch] = {}
        self._still: set[str] = set()
        emitters = self._emitters()
        self._mixed = len(emitters - {"White", "Warm White", "Cold White", "UV"}) >= 2
        subtractive = len(emitters & {"Cyan", "Magenta", "Yellow"}) >= 2
        self._subtractive = subtractive and not emitters & {"Red", "Green", "Blue"}
        for key, channel in (data.get("availableChannels") or {}).items():
            self._add(key, key, channel, None)
        for key, channel in (data.get("templateChannels") or {}).items():
            name = " ".join(key.replace(PIXEL_KEY, " ").split())
            name = f"{name} of cell" if name in self._channels or not name else name
            for pixel_key in self._matrix.keys:
                apart = says_laser(pixel_key) and not says_laser(name)
                self._add(
                    key.replace(PIXEL_KEY, pixel_key), f"{name} {pixel_key}" if apart else name, channel, pixel_key
                )

    def _add(self, key: str, name: str, channel: Json, pixel_key: str | None) -> None:
        pixels = self._matrix.pixels(pixel_key) if pixel_key else frozenset()
        self._channels[name] = channel
        self._keys.setdefault(key, _Key(name, 0, pixels))
        for byte, alias in enumerate(channel.get("fineChannelAliases") or [], start=1):
            self._keys.setdefault(_for_pixel(alias, pixel_key), _Key(name, byte, pixels))
        for capability in _capabilities(channel):
            for alias in capability.get("switchChannels") or {}:
                self._switches.setdefault(_for_pixel(alias, pixel_key), _Switch(name, pixel_key))

    def _emitters(self) -> set[Any]:
        """Cyan, magenta and yellow are filters unless red, green or blue emitters stand beside them."""
        channels = {**(self._data.get("availableChannels") or {}), **(self._data.get("templateChannels") or {})}
        return {
            capability.get("color")
            for channel in channels.values()
            for capability in _capabilities(channel)
            if capability.get("type") == "ColorIntensity"
        }

    def profile(self, maker: str, source: str) -> Profile:
        name = str(self._data["name"])
        categories = [str(one) for one in self._data.get("categories") or []]
        if is_pyrotechnic(name):
            raise ProfileError(f"{name} makes fire, sparks or throws things; such machines are never driven from here")
        rows: dict[str, ModeRow | ProfileError] = {}
        also: dict[str, str] = {}
        for mode in self._data["modes"]:
            title = str(mode.get("shortName") or mode["name"])
            title = title if title not in rows else str(mode["name"])
            also |= {str(mode["name"]): title} if str(mode["name"]) != title else {}
            try:
                rows[title] = [self._cell(key) for key in self._flat(mode["channels"])]
            except ProfileError as error:
                rows[title] = error
        kind = next((kind for category, kind in KINDS if category in categories), "other")
        if categories[:1] == ["Laser"] or (kind == "other" and "Laser" in categories):
            kind = "laser"  # the most important category comes first; other lasers are dealt with channel by channel
        header = {"maker": maker, "model": name, "kind": kind, "source": source, "also": also}
        self._kind = kind
        return assemble(header, rows, self._describe)

    def _flat(self, channels: Iterable[Any]) -> Iterator[str | None]:
        """Keys of a mode in order, matrix inserts written out."""
        for entry in channels:
            if isinstance(entry, Mapping):
                pixel_keys = self._matrix.repeated(entry["repeatFor"])
                templates = entry["templateChannels"]
                if entry.get("channelOrder") == "perChannel":
                    pairs = [(template, pixel) for template in templates for pixel in pixel_keys]
                else:
                    pairs = [(template, pixel) for pixel in pixel_keys for template in templates]
                for template, pixel in pairs:
                    yield None if template is None else template.replace(PIXEL_KEY, pixel)
            else:
                yield entry

    def _cell(self, key: str | None, depth: int = 0) -> Cell | None:
        if key is None:
            return None
        if key in self._keys:
            found = self._keys[key]
            return Cell(found.name, found.byte, found.pixels)
        if key in self._switches and depth < 4:
            return self._cell(self._target(key, self._switches[key]), depth + 1)
        raise ProfileError(f"'{key}' is no channel of this fixture")

    def _target(self, key: str, switch: _Switch) -> str | None:
        """What a switching channel means at the level that its trigger is at."""
        channel = self._channels[switch.trigger]
        alias = next(a for c in _capabilities(channel) for a in c.get("switchChannels") or {}
                     if _for_pixel(a, switch.pixel_key) == key)  # fmt: skip
        ranges = [(span.levels, capability) for span, capability in self._ranges(channel)]
        level = self._hold_still(switch.trigger)
        for (first, last), capability in ranges:
            if first <= level <= last:
                target = (capability.get("switchChannels") or {}).get(alias)
                return None if target is None else _for_pixel(target, switch.pixel_key)
        return None

    def _hold_still(self, name: str) -> int:
        """Keep a trigger at its level of rest, so that what it switches never changes under us."""
        fields = self._describe(name)
        match fields["does"]:
            case "intensity" | "colour" | "flag":
                raise ProfileError(f"'{name}' has to move and switches what other slots mean")
            case "shutter":
                opened = next(one for one in fields["ranges"] if one["shutter"] == "open")["dmx"]
                return int(opened[0] + opened[1]) // 2
        self._still.add(name)
        return int(self._describe(name)["at"])

    def _describe(self, name: str) -> dict[str, Any]:
        channel = self._channels[name]
        said = str(channel.get("name") or name).replace(PIXEL_KEY, "").strip()
        said = said if says_laser(said) or not says_laser(name) else name
        default = _default(channel)
        spans = [span for span, _ in self._ranges(channel, said)]
        if channel.get("constant") and default is not None and not says_laser(said):
            return {"does": "hold", "at": default, "note": said}
        if default is None and spans and spans[0].meaning == "closed" and spans[0].first == 0:
            default = 0  # what the format says of a channel that gives none
        fields = channel_of(spans, default, said, mixed=self._mixed)
        if name in self._still:
            fields.pop("shapes", None)
        if name in self._still and fields["does"] != "hold":
            kept = {key: fields[key] for key in ("forbidden", "strobe") if key in fields}
            at = fields.get("at", fields.get("range", (0, 255))[0])
            return {"does": "hold", "at": at, "note": f"{said}: switches other slots"} | kept
        return fields

    def _ranges(self, channel: Json, said: str = "") -> list[tuple[Span, Json]]:
        """Spans of a channel in levels of its coarse byte, with the capabilities they come from."""
        found: list[tuple[Span, Json]] = []
        shift = 8 * (_bytes(channel) - 1)
        atmosphere = getattr(self, "_kind", "") in ("hazer", "fan")
        for capability in _capabilities(channel):
            first, last = capability.get("dmxRange") or (0, (256 << shift) - 1)
            spans = [
                _with_part(span, capability, said)
                for span in self._spans(capability, int(first) >> shift, int(last) >> shift, said)
            ]
            found += [(_as_atmosphere(span, said) if atmosphere else span, capability) for span in spans]
        return found

    def _spans(self, capability: Json, first: int, last: int, said: str) -> list[Span]:
        kind = str(capability["type"])
        comment = str(capability.get("comment") or capability.get("effectName") or "")
        make = _MAKERS.get(kind)
        if make is not None:
            return [make(capability, first, last, comment or said)]
        if kind == "ColorIntensity":
            return [self._emitter(capability, first, last)]
        if kind == "WheelSlot":
            return self._wheel_slots(capability, first, last, said)
        if kind in EFFECTS:
            return [Span(first, last, _effect(capability, comment, said), name=comment or kind)]
        meaning: Meaning = "level" if kind in LEVELS else "neutral"
        return [Span(first, last, meaning, name=comment or kind)]

    def _emitter(self, capability: Json, first: int, last: int) -> Span:
        name = EMITTERS.get(str(capability["color"]).lower())
        if name is None:
            raise ProfileError(f"emitter '{capability['color']}' is not known")
        start, end = _both(capability, "brightness", (0.0, 1.0))
        return Span(first, last, "flag" if self._subtractive and name in ("cyan", "magenta", "yellow") else "emitter",
                    start, end, name)  # fmt: skip

    def _wheel_slots(self, capability: Json, first: int, last: int, said: str) -> list[Span]:
        wheels = self._data.get("wheels") or {}
        named = capability.get("wheel", said)
        wheel = wheels.get(named[0] if isinstance(named, list) else named)
        wheel = wheel or next((one for key, one in wheels.items() if key.lower() == said.lower()), None)
        slots = wheel["slots"] if wheel else []
        start = float(capability.get("slotNumber", capability.get("slotNumberStart", 0)))
        end = float(capability.get("slotNumber", capability.get("slotNumberEnd", 0)))
        if start == end:
            return [_wheel_slot(slots, start, first, last, capability)]
        return list(_swept(slots, start, end, first, last))


def _with_part(span: Span, capability: Json, said: str) -> Span:
    """The range with what it does to the beam, where looks may do it."""
    kind, comment = str(capability["type"]), str(capability.get("comment") or "")
    if kind in SLIDES and span.meaning == "level":
        part, amount = SLIDES[kind]
        start, end = _both(capability, amount, (0.0, 0.0))
        return replace(span, part=part, start=start, end=end)
    if "speedStart" in capability and kind in TURNING:
        return _turning(span, capability, said)
    revolves = kind == "WheelSlotRotation" and "slotNumber" in capability and not comment
    if revolves and not any(key.startswith(("speed", "angle")) for key in capability):
        return replace(span, part="gobo", meaning="spin")
    if kind == "Prism" and not any(key.startswith(("speed", "angle")) for key in capability) and prism_stands(comment):
        return replace(span, part="prism")
    if (
        kind == "Effect"
        and found(r"\banimation (wheel|dis[ck])", f"{said} {span.name}")
        and animation_stands(span.name)
    ):
        slides = " 0-100%" if "parameterStart" in capability else ""
        return replace(span, part="animation", name=span.name + slides)
    return replace(span, part="gobo") if kind == "WheelSlot" and span.meaning == "gobo" else span


TURNING: dict[str, BeamPart] = {
    "WheelSlotRotation": "gobo", "PrismRotation": "prism", "Prism": "prism", "WheelRotation": "animation",
}  # fmt: skip
"""What turns with these capabilities; of a wheel that turns as a whole only an animation wheel may."""


def _turning(span: Span, capability: Json, said: str) -> Span:
    """The range with how fast it turns something, in revolutions a second where the file says so.

    A channel that is not named after turning has the part itself: it is in the beam while it turns.
    """
    part = TURNING[str(capability["type"])]
    wheel = f"{said} {capability.get('wheel', '')}"
    other = (part == "animation" and not found("animation", wheel)) or (part == "gobo" and found("colou?r", wheel))
    comment = str(capability.get("comment") or "")
    start, end = _both(capability, "speed", (0.0, 0.0))
    if other or found(NO_SPEED, comment) or span.meaning in ("stop", "none", "strobe", "maintenance"):
        return span
    told = found(r"\d ?(Hz|rpm|bpm)", str(capability["speedStart"]))
    itself = part != "gobo" and (capability["type"] == "Prism" or not found(rf"{TURNS}|speed", said))
    turned = replace(span, part=part if itself else TURNED_BY[part], start=start, end=end, told=told)
    return replace(turned, meaning="spin") if itself else turned


def _effect(capability: Json, comment: str, said: str) -> Meaning:
    """An effect, as far as its words and its speed do not say that it is none."""
    if found("strob|flash|lightning", comment) and not found(NO_FLASH, comment):
        return "strobe"
    if is_fan(said):
        return "effect"  # a fan that stands still cools nothing
    if found(STOP, comment) or capability.get("speed") in ("stop", "0%", "0Hz", "0rpm"):
        return "stop"
    return "none" if found(r"^\W*(off|open|none|no (function|effect)s?)\W*$|effects? off", comment) else "effect"


def _wheel_slot(slots: list[Any], number: float, first: int, last: int, capability: Json) -> Span:
    """One slot of a wheel, or the place half way between two."""
    if number != int(number) or not 1 <= number <= len(slots):
        name = str(capability.get("comment") or "between two slots")
        return Span(first, last, "effect", name=name, halves=_halves(slots, number))
    slot = slots[int(number) - 1]
    name = str(slot.get("name") or capability.get("comment") or slot["type"])
    coloured = any(one.get("type") == "Color" for one in slots)
    if slot["type"] == "Closed":
        return Span(first, last, "closed", name=name)
    if slot["type"] == "Open":
        return Span(first, last, "colour", name="open", colour="#ffffff") if coloured else (
            Span(first, last, "neutral", name="open"))  # fmt: skip
    if slot["type"] == "Color":
        return Span(first, last, "colour", name=name, colour=_one_colour(slot.get("colors"), name))
    if slot["type"] == "Gobo":
        return Span(first, last, "neutral" if says_open_slot(name) else "gobo", name=name)
    return Span(first, last, "effect", name=name)


def _halves(slots: list[Any], number: float) -> tuple[str, str] | None:
    """Both colours of the place half way between two slots; behind the last one comes the first."""
    if number % 1.0 != 0.5 or not 0 < number < len(slots) + 1:
        return None
    both = (slots[(int(number) - 1) % len(slots)], slots[int(number) % len(slots)])
    one, other = ("#ffffff" if slot["type"] == "Open" else _one_colour(slot.get("colors"), str(slot.get("name", "")))
                  for slot in both)  # fmt: skip
    return (one, other) if one and other and one != other and BLACK not in (one, other) else None


def _swept(slots: list[Any], start: float, end: float, first: int, last: int) -> Iterator[Span]:
    """A wheel that is turned by levels: the one level at which each slot is in the middle, or two of them half and
    half, and what is between.
    """
    taken: set[int] = set()
    low, high = sorted((start, end))
    numbers = range(max(1, int(-(-low // 1))), min(len(slots), int(high)) + 1)
    halves = [number + 0.5 for number in range(int(low), int(high) + 1) if low <= number + 0.5 <= high]
    for number in (*numbers, *halves):
        level = round(first + (number - start) / (end - start) * (last - first))
        if level not in taken and first <= level <= last:
            taken.add(level)
            yield _wheel_slot(slots, number, level, level, {})
    free = [level for level in range(first, last + 1) if level not in taken]
    for level in free:
        yield Span(level, level, "effect", name="between two slots")


def _shutter(capability: Json, first: int, last: int, said: str) -> Span:
    effect = str(capability.get("shutterEffect"))
    if effect == "Open":
        return Span(first, last, "open", name="open")
    if effect == "Closed":
        return Span(first, last, "closed", name="closed")
    if capability.get("speed") in ("stop", "0Hz"):
        return Span(first, last, "open", name="no strobe")
    start, end = _both(capability, "speed", (-1.0, -1.0))
    hz = "Hz" in str(capability.get("speedStart", capability.get("speed", ""))) or "bpm" in str(capability)
    if not hz:
        start, end = (1.0, -1.0) if start > end else (-1.0, -1.0)  # only words: which end is the slow one
    return Span(first, last, "strobe", start, end, name=said)


def _intensity(capability: Json, first: int, last: int, _said: str) -> Span:
    return Span(first, last, "intensity", *_both(capability, "brightness", (0.0, 1.0)))


def _preset(capability: Json, first: int, last: int, said: str) -> Span:
    """A colour of its own, as far as its words do not say that it is none."""
    if "colorsStart" in capability or "colorsEnd" in capability:
        return Span(first, last, "effect", name=said)
    comment = str(capability.get("comment") or "")
    if found(FLASHES, said) and not found(NO_FLASH, said):
        return Span(first, last, "strobe", -1.0, -1.0, name=said)
    if comment and says_rest(comment) and (not says_open_slot(comment) or found(BY_HAND, comment)):
        return Span(first, last, "none", name=comment)
    colour = _one_colour(capability.get("colors"), said)
    if colour == "#000000" or (colour is None and found(CLOSES, comment)):
        return Span(first, last, "closed", name=said)
    return Span(first, last, "colour", name=said, colour=colour)


def _temperature(capability: Json, first: int, last: int, said: str) -> Span:
    written = capability.get("colorTemperature")
    ends = (written, written) if written is not None else (
        capability.get("colorTemperatureStart"), capability.get("colorTemperatureEnd"))  # fmt: skip
    low, high = (_kelvin(str(end)) for end in ends)
    if low == high:
        return Span(first, last, "neutral", name=said)
    return Span(first, last, "cct", low, high, name=said)


def _turn(does: Meaning) -> Callable[[Json, int, int, str], Span]:
    def made(capability: Json, first: int, last: int, _said: str) -> Span:
        start, end = _both(capability, "angle", (0.0, 0.0))
        scale = 1.0 if "deg" in str(capability.get("angleEnd", "")) else (540.0 if does == "pan" else 270.0)
        return Span(first, last, does, start * scale, end * scale)

    return made


def _spin(capability: Json, first: int, last: int, said: str) -> Span:
    return Span(first, last, "spin", *_both(capability, "speed", (0.1, 1.0)), name=said)


def _speed(capability: Json, first: int, last: int, said: str) -> Span:
    if "duration" in capability or "durationStart" in capability:
        start, end = _both(capability, "duration", (0.0, 1.0))
        return Span(first, last, "speed", 1.0 / (1.0 + start), 1.0 / (1.0 + end), name=said)
    return Span(first, last, "speed", *_both(capability, "speed", (0.1, 1.0)), name=said)


def _maintenance(_capability: Json, first: int, last: int, said: str) -> Span:
    if found(r"lamps? ?(switch(ed)? |turn(ed)? )?on\b", said) and not found(r"\boff\b", said):
        return Span(first, last, "effect", name=said)
    return Span(first, last, "maintenance", name=said, worse=is_worse(said))


def _fog(capability: Json, first: int, last: int, said: str) -> Span:
    return Span(first, last, "haze", *_both(capability, "fogOutput", (0.0 if last > first else 1.0, 1.0)), name=said)


def _nothing(capability: Json, first: int, last: int, _said: str) -> Span:
    return Span(first, last, "none", name=str(capability.get("comment") or "no function"))


def _prism(_capability: Json, first: int, last: int, said: str) -> Span:
    return Span(first, last, "effect", name=said)


def _generic(_capability: Json, first: int, last: int, said: str) -> Span:
    mixes: dict[str, Meaning] = {"hue": "hue", "saturation": "saturation", "value": "intensity"}
    if said.lower() in mixes and last > first:
        return Span(first, last, mixes[said.lower()], name=said)
    if found(HARM, said):
        return Span(first, last, "maintenance", name=said, worse=True)
    if found(r"strob|flash", said) and not found(NO_FLASH, said):
        return Span(first, last, "strobe", -1.0, -1.0, name=said)
    return Span(first, last, "effect" if found(OWN_SHOW, said) else "level", name=said)


_MAKERS = {
    "ShutterStrobe": _shutter, "Intensity": _intensity, "ColorPreset": _preset, "ColorTemperature": _temperature,
    "Pan": _turn("pan"), "Tilt": _turn("tilt"), "PanContinuous": _spin, "TiltContinuous": _spin, "PanTiltSpeed": _speed,
    "Maintenance": _maintenance, "Fog": _fog, "FogOutput": _fog, "NoFunction": _nothing, "Prism": _prism,
    "Generic": _generic,
}  # fmt: skip


def _as_atmosphere(span: Span, said: str) -> Span:
    """In a machine that makes haze, what is not said to be a light is haze or a fan."""
    if span.meaning not in ("intensity", "level", "speed", "spin"):
        return span
    if is_fan(said):
        return Span(span.first, span.last, "fan", 0.0, 1.0, said)
    if is_atmosphere(said) or (span.meaning == "intensity" and not re.search("dimmer|led|light", said, re.I)):
        return Span(span.first, span.last, "haze", 0.0, 1.0, said)
    return span


class _Matrix:
    """Pixels of a fixture in reading order, and the groups they are called by."""

    def __init__(self, data: Json) -> None:
        self._places: dict[str, tuple[int, int, int]] = dict(_places(data))
        if len(self._places) > MAX_PIXELS:
            raise ProfileError(f"{len(self._places)} pixels; more than {MAX_PIXELS} are no fixture")
        self._number = {key: index for index, key in enumerate(self._places)}
        groups = data.get("pixelGroups") or {}
        self._groups = {key: frozenset(self._members(group)) for key, group in groups.items()}
        self.keys = [*self._places, *self._groups]

    def pixels(self, key: str) -> frozenset[int]:
        """Numbers of the pixels a key or a group's name stands for."""
        return self._groups[key] if key in self._groups else frozenset((self._number[key],))

    def repeated(self, repeat_for: object) -> list[str]:
        """Keys that a matrix insert repeats for, in order."""
        if isinstance(repeat_for, list):
            return [str(one) for one in repeat_for]
        if repeat_for == "eachPixelABC":
            return sorted(self._places, key=_natural)
        if repeat_for == "eachPixelGroup":
            return list(self._groups)
        axes = str(repeat_for).removeprefix("eachPixel")
        if sorted(axes) != ["X", "Y", "Z"]:
            raise ProfileError(f"repeatFor '{repeat_for}' is not known")
        order = ["XYZ".index(axis) for axis in reversed(axes)]  # the first axis runs fastest
        return sorted(self._places, key=lambda key: tuple(self._places[key][axis] for axis in order))

    def _members(self, group: object) -> Iterator[int]:
        if group == "all":
            yield from self._number.values()
        elif isinstance(group, list):
            yield from (self._number[str(key)] for key in group)
        elif isinstance(group, Mapping):
            for key, place in self._places.items():
                sides = zip("xyz", place, strict=True)
                named = all(_matches(pattern, key) for pattern in group.get("name", []))
                if named and all(_fits(place, rule) for axis, place in sides for rule in group.get(axis, [])):
                    yield self._number[key]


def _matches(pattern: object, key: str) -> bool:
    """Whether a pixel's key has a pattern of the file, which is code of others: only those that end soon are run.

    Raises:
        ProfileError: a repeated group, many repeats, a reference back, or no pattern at all.
    """
    text = pattern if isinstance(pattern, str) else ""
    plain = re.sub(r"\\[^1-9]|\[[^\]]*\]", "x", text)  # escapes and classes are one letter each
    repeats = len(re.findall(r"[*+]|\{", plain))
    if not text or len(text) > MOST_PATTERN or repeats > MOST_REPEATS or re.search(r"\)[*+{]|\\|\(\?", plain):
        raise ProfileError(
            f"pixelGroups: the pattern {str(pattern)[:60]!r} is not run; name the pixels, or a simple one"
        )
    try:
        return re.search(text, key[:MOST_PATTERN]) is not None
    except (re.error, RecursionError, OverflowError) as error:
        raise ProfileError(f"pixelGroups: {text[:60]!r} is no pattern: {error}") from error


def _places(data: Json) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Key and place (x, y, z from 1) of each pixel, in reading order."""
    if "pixelKeys" in data:
        for z, layer in enumerate(data["pixelKeys"], start=1):
            for y, row in enumerate(layer, start=1):
                for x, key in enumerate(row, start=1):
                    if key is not None:
                        yield str(key), (x, y, z)
    elif "pixelCount" in data:
        counts = [int(count) for count in data["pixelCount"]]
        if len(counts) != 3 or not 1 <= counts[0] * counts[1] * counts[2] <= MAX_PIXELS or min(counts) < 1:
            raise ProfileError(f"pixelCount {counts} is no size of a matrix")
        shown = [axis for axis in range(3) if counts[axis] > 1] or [0]
        for z in range(1, counts[2] + 1):
            for y in range(1, counts[1] + 1):
                for x in range(1, counts[0] + 1):
                    numbers = [str((x, y, z)[axis]) for axis in shown]
                    yield numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})", (x, y, z)


def _fits(place: int, rule: object) -> bool:
    match = AXES.match(str(rule))
    if match is None:
        raise ProfileError(f"pixel group rule '{rule}' is not known")
    sign, number, parity, step, offset = match.groups()
    if parity:
        return place % 2 == (parity == "odd")
    if step:
        return int(step) > 0 and place % int(step) == int(offset or 0) % int(step)
    compared = {"<=": place <= int(number), ">=": place >= int(number)}
    return compared.get(sign or "=", place == int(number))


def _natural(key: str) -> list[tuple[int, int | str]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", key)]


def _for_pixel(key: str, pixel_key: str | None) -> str:
    return key.replace(PIXEL_KEY, pixel_key) if pixel_key else key


def _capabilities(channel: Json) -> list[Json]:
    return list(channel["capabilities"]) if "capabilities" in channel else [channel["capability"]]


def _bytes(channel: Json) -> int:
    """How many bytes the channel's ranges are written in."""
    written = channel.get("dmxValueResolution")
    size = int(str(written).removesuffix("bit")) // 8 if written else 1 + len(channel.get("fineChannelAliases") or [])
    if not 1 <= size <= 8:
        raise ProfileError(f"a channel of {size} bytes is not known")
    return size


def _default(channel: Json) -> int | None:
    written = channel.get("defaultValue")
    if written is None:
        return None
    if isinstance(written, str) and written.endswith("%"):
        return max(0, min(255, round(float(written[:-1]) * 2.55)))
    return max(0, min(255, int(written) >> 8 * (_bytes(channel) - 1)))


def _both(capability: Json, name: str, otherwise: tuple[float, float]) -> tuple[float, float]:
    if name in capability:
        return (_amount(capability[name]),) * 2
    if f"{name}Start" in capability:
        return _amount(capability[f"{name}Start"]), _amount(capability[f"{name}End"])
    return otherwise


def _amount(written: object) -> float:
    """`50%`, `10Hz`, `600rpm`, `540deg`, `fast CCW` and so on; rotation the other way is negative."""
    if isinstance(written, int | float):
        return float(written)
    text = str(written)
    match = re.match(r"^(-?\d+(?:\.\d+)?)\s*(%|Hz|bpm|rpm|deg|ms|s|K|lm|m\^3/min)?$", text)
    if match:
        scale = {"%": 0.01, "bpm": 1 / 60, "rpm": 1 / 60, "ms": 0.001}.get(match[2] or "", 1.0)
        return float(match[1]) * scale
    words = text.split()
    sign = -1.0 if len(words) > 1 and words[1] in ("CCW", "reverse") else 1.0
    if not words or words[0] not in WORDS:
        return 0.5
    return sign * WORDS[words[0]]


def _kelvin(written: str) -> float:
    if written.lower() in KELVIN:
        return KELVIN[written.lower()]
    if written.endswith("%"):
        return 5350.0 + float(written[:-1]) * 26.5
    return float(written.removesuffix("K"))


def _one_colour(colours: object, name: str) -> str | None:
    """The colour if there is exactly one, or what its name says."""
    distinct = {str(one).lower() for one in colours} if isinstance(colours, list) else set()
    if len(distinct) == 1:
        (colour,) = distinct
        return colour if re.fullmatch("#[0-9a-f]{6}", colour) else None
    return None if distinct else colour_named(name)
