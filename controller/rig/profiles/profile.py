"""Fixture profiles: what each channel of a fixture does, and in which order a mode lays them out.

The one model that everything downstream knows; our YAML is its written form, and the importers of other libraries end
here. What must never be entered (strobe, reset, lamp off, programs) has no name a look could ask for: such levels are
`forbidden` or `strobe` ranges, and a profile that would send one does not validate.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from controller.config import HexColour
from controller.rig.profiles.rest_words import CLOSES, found

Byte = Annotated[int, Field(ge=0, le=255)]
LevelSpan = tuple[Byte, Byte]
Emitter = Literal[
    "red", "green", "blue", "white", "amber", "uv",
    "lime", "cyan", "magenta", "yellow", "indigo", "warm_white", "cold_white",
]  # fmt: skip
FixtureKind = Literal[
    "par", "bar", "panel", "mover", "scanner", "blinder", "strobe", "dimmer", "effect", "hazer", "fan", "laser", "other"
]
BeamPart = Literal[
    "zoom", "iris", "focus", "frost", "gobo", "prism", "animation", "gobo_turn", "prism_turn", "animation_turn"
]  # fmt: skip
PLACES: tuple[BeamPart, ...] = ("gobo", "prism", "animation")
"""What stands in the beam or does not; each has a part of its own that turns it."""
MAX_HEADS = 512
BLACK = "#000000"
"""The colour of a wheel's place that lets no light through."""
ENTRY = re.compile(r"^(?P<name>.+?)(?:@(?P<heads>\d+(?:[-,]\d+)*))?(?P<fine>\.fine2?)?$")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _upwards(levels: LevelSpan) -> LevelSpan:
    if levels[0] > levels[1]:
        raise ValueError(f"{levels[0]} to {levels[1]} runs backwards")
    return levels


class Range(_Data):
    """A span of DMX levels, both ends inside. Channels of two or three bytes are described by their coarse byte."""

    dmx: LevelSpan

    @model_validator(mode="after")
    def _runs_upwards(self) -> "Range":
        _upwards(self.dmx)
        return self

    @property
    def middle(self) -> int:
        """The safest level: furthest from both neighbours."""
        return (self.dmx[0] + self.dmx[1]) // 2

    def holds(self, level: int) -> bool:
        """Whether a level is inside."""
        return self.dmx[0] <= level <= self.dmx[1]


class StrobeRange(Range):
    """Levels at which the fixture flashes by itself."""

    hz: tuple[float, float] | None = None


class ShutterRange(Range):
    """One meaning of a shutter channel."""

    shutter: Literal["open", "closed", "strobe"]
    hz: tuple[float, float] | None = None


class WheelSlot(Range):
    """One colour of a wheel or of a channel of colour presets; without `colour` it is never chosen."""

    colour: HexColour | None = None
    name: str = ""

    @property
    def is_dark(self) -> bool:
        """Whether it is said to let no light through; glass of a deep blue is written as black too."""
        return self.colour == BLACK and (not self.name or found(CLOSES, self.name))


class SplitSlot(Range):
    """A place of a colour wheel at which the beam has two colours, half and half."""

    colours: tuple[HexColour, HexColour]


class _Channel(_Data):
    """What all channels have: levels that are never sent, and levels at which the fixture flashes."""

    forbidden: list[LevelSpan] = []
    strobe: list[StrobeRange] = []

    @model_validator(mode="after")
    def _never_sends_what_it_must_not(self) -> "_Channel":
        for levels in self.forbidden:
            _upwards(levels)
        for first, last in self.sends():
            for low, high in self.never():
                if first <= high and low <= last:
                    raise ValueError(
                        f"it would send {first}{f' to {last}' if last > first else ''}, "
                        f"and {low} to {high} is forbidden or strobes"
                    )
        return self

    def sends(self) -> Iterator[LevelSpan]:
        """All levels that any look may bring it to."""
        return iter(())

    def never(self) -> Iterator[LevelSpan]:
        """All levels that nothing may bring it to."""
        yield from self.forbidden
        for one in self.strobe:
            yield one.dmx


class _Ranged(_Channel):
    """Moves between two levels; `range` may run backwards, and `zero` is what nothing at all is sent as."""

    range: LevelSpan = (0, 255)
    zero: Byte | None = None

    def sends(self) -> Iterator[LevelSpan]:
        """The range, and the level for nothing."""
        yield (min(self.range), max(self.range))
        if self.zero is not None:
            yield (self.zero, self.zero)


class Intensity(_Ranged):
    """Dimmer: dark at the first level of `range`, full at the second. A `master` dims what other dimmers dim too."""

    does: Literal["intensity"]
    master: bool = False


class ColourChannel(_Ranged):
    """One emitter of an additive mix, with its measured colour at full (CIE 1931 xy and luminance) where known."""

    does: Literal["colour"]
    emitter: Emitter
    xyY: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(gt=0, le=1)], float] | None = None  # noqa: N815


class Flag(_Ranged):
    """One filter of a subtractive mix, clear at the first level of `range`."""

    does: Literal["flag"]
    filter: Literal["cyan", "magenta", "yellow"]


class Hue(_Ranged):
    """Hue as an angle: 0 to 360 degrees from one end of the range to the other, red first."""

    does: Literal["hue"]


class Saturation(_Ranged):
    """White at the first level of `range`, the full colour of the hue at the second."""

    does: Literal["saturation"]


class Temperature(_Ranged):
    """White from the first number of Kelvin to the second; rests `at` a level where the fixture mixes colours."""

    does: Literal["cct"]
    kelvin: tuple[Annotated[float, Field(gt=0, le=30_000)], Annotated[float, Field(gt=0, le=30_000)]] = (2700, 6500)
    at: Byte | None = None

    def sends(self) -> Iterator[LevelSpan]:
        """The range and the level of rest."""
        yield from super().sends()
        yield (self.rest, self.rest)

    @property
    def rest(self) -> int:
        """Where it stays if something else makes the colour."""
        return self.range[0] if self.at is None else self.at


class Shutter(_Channel):
    """Shutter or strobe: driven to the middle of its open range, always."""

    does: Literal["shutter"]
    ranges: Annotated[list[ShutterRange], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_open(self) -> "Shutter":
        _no_overlap(self.ranges)
        if not any(one.shutter == "open" for one in self.ranges):
            raise ValueError("ranges: none is 'open'; the fixture would stay dark or flash")
        return self

    @property
    def open_level(self) -> int:
        """Level at which light passes steadily."""
        return next((one.middle for one in self.ranges if one.shutter == "open"), 0)

    def sends(self) -> Iterator[LevelSpan]:
        """The one level at which it is open."""
        if any(one.shutter == "open" for one in self.ranges):
            yield (self.open_level, self.open_level)

    def never(self) -> Iterator[LevelSpan]:
        """What is not open."""
        yield from super().never()
        for one in self.ranges:
            if one.shutter != "open":
                yield one.dmx


class Shaping(_Data):
    """What a look may do to the beam with a channel that is held otherwise.

    `range` of a zoom runs from narrow to wide, of an iris from small to open, of a focus from near to far, of a frost
    from clear to soft, and may run backwards. `slots` are the patterns of a gobo wheel, the prisms, animation wheels or
    frosts, in order: only such as stand still. `revolving` are the same patterns once more, at places of the wheel at
    which another channel turns them. `turns` are levels at which the part turns in the beam, each from slow to fast,
    which may run backwards: the one way round, then the other. `sharp` are levels of a focus at evenly spaced zooms,
    from narrow to wide: it follows the zoom along them.
    """

    part: BeamPart
    range: LevelSpan | None = None
    slots: list[Range] = []
    revolving: list[Range] = []
    turns: Annotated[list[LevelSpan], Field(max_length=2)] = []
    sharp: list[Byte] = []

    @model_validator(mode="after")
    def _slides_or_chooses(self) -> "Shaping":
        found = tuple(name for name in ("range", "slots", "revolving", "turns") if getattr(self, name))
        allowed = WAYS_TO_SHAPE.get(self.part, (("range",),))
        if found not in allowed:
            ways = " or ".join(" and ".join(f"`{name}`" for name in one) for one in allowed)
            raise ValueError(f"shapes: a {self.part} has {ways} and nothing else")
        if self.sharp and self.part != "focus":
            raise ValueError(f"shapes: `sharp` is for a focus; this is a {self.part}")
        return self

    def sends(self) -> Iterator[LevelSpan]:
        """The range, the middle of each place, and all levels that turn it."""
        for one in (*([self.range] if self.range else []), *self.turns):
            yield (min(one), max(one))
        if self.sharp:
            yield (min(self.sharp), max(self.sharp))
        for slot in (*self.slots, *self.revolving):
            yield (slot.middle, slot.middle)


WAYS_TO_SHAPE: dict[BeamPart, tuple[tuple[str, ...], ...]] = {
    "frost": (("range",), ("slots",)),
    "gobo": (("slots",), ("slots", "revolving")),
    "prism": (("slots",), ("turns",), ("slots", "turns")),
    "animation": (("slots",), ("turns",), ("slots", "turns")),
    "gobo_turn": (("turns",),),
    "prism_turn": (("turns",),),
    "animation_turn": (("turns",),),
}
"""Which fields of a `Shaping` go together, for parts that do not only slide."""


class Hold(_Channel):
    """Programs, resets, speeds: held at one level. `note` tells people what it is.

    Gobos, prisms and zooms are held too; with `shapes`, looks may move them, and at rest they are held `at`.
    """

    does: Literal["hold"]
    at: Byte
    note: str = ""
    shapes: Shaping | None = None

    def sends(self) -> Iterator[LevelSpan]:
        """The level of rest, and those of what it shapes."""
        yield (self.at, self.at)
        if self.shapes is not None:
            yield from self.shapes.sends()


class Pan(_Ranged):
    """Left and right; `degrees` from one end of the range to the other."""

    does: Literal["pan"]
    degrees: Annotated[float, Field(gt=0, le=3600)]


class Tilt(_Ranged):
    """Up and down; `degrees` from one end of the range to the other."""

    does: Literal["tilt"]
    degrees: Annotated[float, Field(gt=0, le=3600)]


class Wheel(_Channel):
    """Colour wheel or colour presets: whole colours, changed seldom; rests `at` where colours are mixed.

    `splits` are places between two colours, for looks that want both in one beam.
    """

    does: Literal["wheel"]
    slots: Annotated[list[WheelSlot], Field(min_length=2)]
    splits: list[SplitSlot] = []
    at: Byte | None = None

    @model_validator(mode="after")
    def _distinct(self) -> "Wheel":
        _no_overlap([*self.slots, *self.splits])
        return self

    @property
    def rest(self) -> int:
        """Where it stays if something else makes the colour: `at`, the first white slot, or the first."""
        if self.at is not None:
            return self.at
        white = next((one for one in self.slots if one.colour and one.colour.lower() == "#ffffff"), self.slots[0])
        return white.middle

    @property
    def has_dark(self) -> bool:
        """Whether it is a choice of presets that can be dark: a light of its own, and no glass before another one."""
        return any(one.is_dark for one in self.slots)

    @property
    def choices(self) -> list[WheelSlot]:
        """The slots whose colour is known."""
        return [one for one in self.slots if one.colour]

    def sends(self) -> Iterator[LevelSpan]:
        """The middle of each slot and each split that may be chosen, and the level of rest."""
        yield (self.rest, self.rest)
        for one in (*self.choices, *self.splits):
            yield (one.middle, one.middle)


class Unknown(_Channel):
    """No harmless level of it is written down, `why`: a mode that has it is usable where a patch holds it."""

    does: Literal["unknown"]
    why: str


class Haze(_Channel):
    """Haze, fog or fan of an atmosphere machine: at `at`, where nothing comes out, and never the model's business."""

    does: Literal["haze"]
    output: Literal["haze", "fan"] = "haze"
    at: Byte = 0

    def sends(self) -> Iterator[LevelSpan]:
        """The one level at which nothing comes out."""
        yield (self.at, self.at)


Channel = Annotated[
    Intensity
    | ColourChannel
    | Flag
    | Hue
    | Saturation
    | Temperature
    | Shutter
    | Hold
    | Pan
    | Tilt
    | Wheel
    | Haze
    | Unknown,
    Field(discriminator="does"),
]


class Repeat(_Data):
    """The same channels for each head in turn, as in a pixel bar."""

    repeat: Annotated[int, Field(ge=2, le=MAX_HEADS)]
    channels: Annotated[list[str], Field(min_length=1)]


Modes = dict[str, Annotated[list[str | Repeat | None], Field(min_length=1, max_length=512)]]


class Slot(NamedTuple):
    """One slot of a mode: the channel's name (None: unused), 0 for its coarse byte, 1 and 2 for its fine bytes, and
    the heads it belongs to, counted from 0 (none: all).
    """

    name: str | None
    byte: int
    heads: tuple[int, ...]


class Profile(_Data):
    """One type of fixture.

    Entries of `modes` are names of `channels`. `NAME@3` belongs to the third head alone, `NAME@1-4` and `NAME@1,3` to
    several; `NAME.fine` and `NAME.fine2` are the low bytes of a channel of 16 and 24 bits; null is a slot that does
    nothing. `repeat` gives each head in turn its own copy. `refused` tells why a mode of the source cannot be used, and
    `also` gives other names of modes. `if_held` has those refused modes that a patch may use all the same, because it
    holds their `Unknown` channels.
    """

    format: Literal[1]
    maker: str
    model: str
    kind: FixtureKind
    source: str = ""
    channels: Annotated[dict[str, Channel], Field(min_length=1)]
    modes: Modes
    if_held: Modes = {}
    refused: dict[str, str] = {}
    also: dict[str, str] = {}

    @model_validator(mode="after")
    def _modes_use_known_channels(self) -> "Profile":
        used: set[str | None] = set()
        if not self.modes and not self.if_held:
            raise ValueError("modes: there is none")
        for mode in self.modes:
            used |= self._check_mode(mode)
            if self.unknown(mode):
                raise ValueError(f"modes.{mode}: a channel of it is unknown; such modes stand in if_held")
        for mode in self.if_held:
            used |= self._check_mode(mode)
        unused = set(self.channels) - used
        if unused:
            raise ValueError(f"channels: {', '.join(sorted(unused))}: in no mode")
        return self

    def _check_mode(self, mode: str) -> set[str | None]:
        layout = self.layout(mode)
        seen: set[Slot] = set()
        for slot in layout:
            if slot.name is None:
                continue
            if slot.name not in self.channels:
                raise ValueError(f"modes.{mode}: '{slot.name}' is no channel; channels are {', '.join(self.channels)}")
            if slot in seen:
                raise ValueError(f"modes.{mode}: '{slot.name}' stands twice")
            seen.add(slot)
        for name, byte, heads in seen:
            if byte and Slot(name, byte - 1, heads) not in seen:
                raise ValueError(f"modes.{mode}: '{name}{FINE[byte]}' needs '{name}{FINE[byte - 1]}' in the same mode")
        if len(layout) > 512:
            raise ValueError(f"modes.{mode}: takes {len(layout)} slots; a universe has 512")
        return {slot.name for slot in layout}

    def layout(self, mode: str) -> list[Slot]:
        """Slots of a mode in order."""
        slots: list[Slot] = []
        for entry in self.modes.get(mode) or self.if_held[mode]:
            if isinstance(entry, Repeat):
                for head in range(entry.repeat):
                    slots += [_slot(name)._replace(heads=(head,)) for name in entry.channels]
            else:
                slots.append(_slot(entry))
        return slots

    def unknown(self, mode: str) -> list[str]:
        """Channels of a mode of which nobody knows a harmless level, in the order of their slots."""
        names = dict.fromkeys(slot.name for slot in self.layout(mode) if slot.name and not slot.byte)
        return [name for name in names if isinstance(self.channels[name], Unknown)]

    def heads(self, mode: str) -> int:
        """How many heads a mode drives one by one."""
        return 1 + max((max(slot.heads) for slot in self.layout(mode) if slot.heads), default=0)

    def footprint(self, mode: str) -> int:
        """Slots a mode takes."""
        return len(self.layout(mode))


FINE = ("", ".fine", ".fine2")


def _slot(entry: str | None) -> Slot:
    if entry is None:
        return Slot(None, 0, ())
    match = ENTRY.match(entry)
    if match is None:
        raise ValueError(f"'{entry}' is no name of a channel")
    return Slot(match["name"], FINE.index(match["fine"] or ""), _heads(match["heads"] or ""))


def _heads(written: str) -> tuple[int, ...]:
    """`3`, `1-4` or `1,3` to heads counted from 0."""
    heads: list[int] = []
    for part in filter(None, written.split(",")):
        first, _, last = part.partition("-")
        numbers = (int(first[:6]), int((last or first).split("-")[-1][:6]))
        if not 1 <= numbers[0] <= numbers[1] <= MAX_HEADS:
            raise ValueError(f"heads '{written}': heads are counted from 1 to {MAX_HEADS}, upwards")
        heads += range(numbers[0] - 1, numbers[1])
    return tuple(heads)


def entry_of(slot: Slot) -> str | None:
    """A slot as it is written in a mode."""
    if slot.name is None:
        return None
    heads = "@" + written_heads(slot.heads) if slot.heads else ""
    return f"{slot.name}{heads}{FINE[slot.byte]}"


def written_heads(heads: tuple[int, ...]) -> str:
    """Heads counted from 0 as `3`, `1-4` or `1,3`."""
    runs: list[list[int]] = []
    for head in sorted(heads):
        if runs and head == runs[-1][-1] + 1:
            runs[-1].append(head)
        else:
            runs.append([head])
    return ",".join(f"{run[0] + 1}" if len(run) == 1 else f"{run[0] + 1}-{run[-1] + 1}" for run in runs)


def _no_overlap(ranges: Sequence[Range]) -> None:
    ordered = sorted(one.dmx for one in ranges)
    for (_, end), (start, _) in pairwise(ordered):
        if start <= end:
            raise ValueError(f"ranges overlap at dmx level {start}")
