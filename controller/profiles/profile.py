"""Fixture profiles: what each channel of a fixture does, and in which order a mode lays them out.

The raw YAML is read nowhere but here and in `library.py`. Ranges that must never be entered by accident (strobe, reset,
programs, lamp off) have no name a look could ask for: such channels are held at the one level the profile gives.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Byte = Annotated[int, Field(ge=0, le=255)]
Emitter = Literal["red", "green", "blue", "white", "amber", "uv"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(_Data):
    """A span of DMX levels, both ends inside."""

    dmx: tuple[Byte, Byte]

    @model_validator(mode="after")
    def _upwards(self) -> "Range":
        if self.dmx[0] > self.dmx[1]:
            raise ValueError(f"dmx: {self.dmx[0]} to {self.dmx[1]} runs backwards")
        return self

    @property
    def middle(self) -> int:
        """The safest level: furthest from both neighbours."""
        return (self.dmx[0] + self.dmx[1]) // 2


class ShutterRange(Range):
    """One meaning of a shutter channel."""

    shutter: Literal["open", "closed", "strobe"]
    hz: tuple[float, float] | None = None


class WheelSlot(Range):
    """One colour of a colour wheel."""

    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class Intensity(_Data):
    """Dimmer: 0 dark, 255 full."""

    does: Literal["intensity"]


class ColourChannel(_Data):
    """One emitter of an additive mix."""

    does: Literal["colour"]
    emitter: Emitter


class Shutter(_Data):
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
        return next(one.middle for one in self.ranges if one.shutter == "open")


class Hold(_Data):
    """Programs, resets, speeds: held at one level and never moved."""

    does: Literal["hold"]
    at: Byte


class Pan(_Data):
    """Left and right; `degrees` from level 0 to full."""

    does: Literal["pan"]
    degrees: Annotated[float, Field(gt=0, le=1080)]


class Tilt(_Data):
    """Up and down; `degrees` from level 0 to full."""

    does: Literal["tilt"]
    degrees: Annotated[float, Field(gt=0, le=720)]


class Wheel(_Data):
    """Colour wheel: only whole colours, changed seldom."""

    does: Literal["wheel"]
    slots: Annotated[list[WheelSlot], Field(min_length=2)]

    @model_validator(mode="after")
    def _distinct(self) -> "Wheel":
        _no_overlap(self.slots)
        return self


class Haze(_Data):
    """Haze or fan output of an atmosphere machine: zero unless armed, and never the model's business."""

    does: Literal["haze"]


Channel = Annotated[Intensity | ColourChannel | Shutter | Hold | Pan | Tilt | Wheel | Haze, Field(discriminator="does")]


class Repeat(_Data):
    """The same channels for each head in turn, as in a pixel bar."""

    repeat: Annotated[int, Field(ge=2, le=170)]
    channels: Annotated[list[str], Field(min_length=1)]


class Profile(_Data):
    """One type of fixture.

    Channel names in `modes` are those of `channels`; `NAME.fine` is the low byte that follows a 16-bit channel's high
    byte. `heads` light on their own (cells of a bar); a mode either repeats channels for all of them or has one head.
    """

    format: Literal[1]
    maker: str
    model: str
    kind: Literal["par", "bar", "mover", "blinder", "strobe", "hazer", "dimmer"]
    channels: Annotated[dict[str, Channel], Field(min_length=1)]
    modes: Annotated[dict[str, Annotated[list[str | Repeat], Field(min_length=1)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _modes_use_known_channels(self) -> "Profile":
        for mode in self.modes:
            self._check_mode(mode)
        unused = set(self.channels) - {name for mode in self.modes for name, _, _ in self.layout(mode)}
        if unused:
            raise ValueError(f"channels: {', '.join(sorted(unused))}: in no mode")
        return self

    def _check_mode(self, mode: str) -> None:
        seen: set[tuple[str, bool, int]] = set()
        for name, fine, head in self.layout(mode):
            if name not in self.channels:
                raise ValueError(f"modes.{mode}: '{name}' is no channel; channels are {', '.join(self.channels)}")
            if (name, fine, head) in seen:
                raise ValueError(f"modes.{mode}: '{name}' stands twice")
            if fine and (name, False, head) not in seen:
                raise ValueError(f"modes.{mode}: '{name}.fine' needs '{name}' before it")
            seen.add((name, fine, head))

    def layout(self, mode: str) -> list[tuple[str, bool, int]]:
        """Slots of a mode in order: channel name, whether it is the fine byte, head (-1: shared by all heads)."""
        slots: list[tuple[str, bool, int]] = []
        for entry in self.modes[mode]:
            if isinstance(entry, Repeat):
                for head in range(entry.repeat):
                    slots += [(name.removesuffix(".fine"), name.endswith(".fine"), head) for name in entry.channels]
            else:
                slots.append((entry.removesuffix(".fine"), entry.endswith(".fine"), -1))
        return slots

    def heads(self, mode: str) -> int:
        """How many heads a mode drives one by one."""
        return 1 + max(0, *(head for _, _, head in self.layout(mode)))

    def footprint(self, mode: str) -> int:
        """Slots a mode takes."""
        return len(self.layout(mode))


def _no_overlap(ranges: list[ShutterRange] | list[WheelSlot]) -> None:
    ordered = sorted(one.dmx for one in ranges)
    for (_, end), (start, _) in pairwise(ordered):
        if start <= end:
            raise ValueError(f"ranges overlap at dmx level {start}")
