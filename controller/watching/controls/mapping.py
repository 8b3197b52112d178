"""Which knob does what: events of a controller in, commands out, and what its lamps should show.

    - {on: cc 7, do: grand_master}                            a fader; `pickup: false` takes it at once
    - {on: note 36 ch 2, do: blackout, light: note 36 ch 2}   a switch: pressed on, pressed off
    - {on: note 40, do: blinder}                              held for as long as it is pressed
    - {on: cc 20, do: hand, target: wash, part: intensity}    a group or a fixture in hand
    - {on: note 50, do: scene, target: Chorus}
    - {on: osc /x/energy, do: energy}

A fader that stands elsewhere than the show does nothing until it has passed the place where the show stands ("pickup"):
nothing jumps because somebody touched a fader. Edge: reads and writes its file; everything else is pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from controller.errors import ConfigError
from controller.messages import Command, Operator
from controller.people.commands import bindable, row_of
from controller.people.operator import setting_of
from controller.yaml_places import NO_YAML

HandPart = Literal["intensity", "hue"]
EVENT = re.compile(
    r"^(cc|note) (\d{1,3})(?: ch (\d{1,2}))?$|^(pitch)(?: ch (\d{1,2}))?$|^osc (/[^\s#*,?\[\]{}]{1,100})$"
)
KEYS = {"on", "do", "target", "part", "light", "pickup"}
REPEAT_S = 0.4
"""Held buttons are said again so often: the show lets go a second after the last word."""
NEAR = 0.03
"""A fader this close to where the show stands has caught up with it."""
MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Event:
    """Something that moved: `what` as in a mapping's `on` without channel, `channel` 1..16 or 0, `value` 0..1."""

    what: str
    channel: int
    value: float


@dataclass(frozen=True, slots=True)
class Binding:
    """One line of a mapping. `on` and `light` are event and channel, 0 for any."""

    on: tuple[str, int]
    do: str
    target: str = ""
    part: HandPart = "intensity"
    light: tuple[str, int] | None = None
    pickup: bool = True

    def hears(self, event: Event) -> bool:
        """Whether an event is meant."""
        what, channel = self.on
        return event.what == what and channel in (0, event.channel)

    @property
    def from_network(self) -> bool:
        """Whether it hears datagrams, which need no password and may be lost."""
        return self.on[0].startswith("osc ")

    @property
    def forbidden(self) -> bool:
        """Whether it would let a network do what needs a password."""
        row = row_of(self.do)
        return self.from_network and (row is None or row.osc is None)

    @property
    def written(self) -> dict[str, Any]:
        """As it stands in a file."""
        plain: dict[str, Any] = {"on": _written(self.on), "do": self.do}
        plain |= {"target": self.target} if self.target else {}
        plain |= {"part": self.part} if self.do == "hand" else {}
        plain |= {"light": _written(self.light)} if self.light else {}
        return plain if self.pickup else {**plain, "pickup": False}


@dataclass(slots=True)
class Fader:
    """Where a bound fader stands, and whether it leads; `set_to` is what it set last."""

    at: float | None = None
    leads: bool = False
    set_to: float = -1.0


@dataclass
class Mapping:
    """Bindings at work.

    Attributes:
        bindings: in order; every one that hears an event acts. learning: what the next event will be bound to.
    """

    bindings: list[Binding]
    learning: Binding | None = None
    _faders: dict[Binding, Fader] = field(default_factory=dict)
    _held: dict[Binding, float] = field(default_factory=dict)

    def commands(self, event: Event, operator: Operator, now_s: float) -> list[Command]:
        """What an event asks for, given how the show stands."""
        found = (self._command(one, event, operator, now_s) for one in self.bindings if one.hears(event))
        return [one for one in found if one is not None]

    def learn(self, event: Event) -> Binding | None:
        """Bind what is being learned to this event, if anything is and the event is no release; the new binding."""
        if self.learning is None or event.value <= 0.0:
            return None
        on = (event.what, event.channel)
        lit = on if event.what.startswith("note") else None
        new = replace(self.learning, on=on, light=lit)
        if new.forbidden:
            return None
        self.learning = None
        self.bindings = [one for one in self.bindings if not (one.on == on or _same(one, new))] + [new]
        return new

    def repeats(self, now_s: float) -> list[Command]:
        """Held buttons, said again."""
        due = [one for one, at_s in self._held.items() if now_s - at_s >= REPEAT_S]
        for one in due:
            self._held[one] = now_s
        return [Command(one.do, 1.0) for one in due]

    def release(self) -> list[Command]:
        """Let go of everything: the controller is gone."""
        held, self._held = list(self._held), {}
        self._faders.clear()
        return [Command(one.do, 0.0) for one in held]

    def lights(self, operator: Operator) -> dict[tuple[str, int], bool]:
        """Which lamps of the controller should burn."""
        return {one.light: _setting(one, operator) > 0.5 for one in self.bindings if one.light is not None}

    def _command(self, one: Binding, event: Event, operator: Operator, now_s: float) -> Command | None:
        pressed, row = event.value > 0.0, row_of(one.do)
        if row is None:
            return None
        if row.kind == "held":
            if pressed and not one.from_network:  # a datagram's release may be lost: without a new word it lets go
                self._held[one] = now_s
            else:
                self._held.pop(one, None)
            return Command(one.do, event.value if row.graded else float(pressed))
        if row.kind == "press":
            return Command(one.do, 1.0, one.target) if pressed else None
        if row.kind == "switch" or one.do == "scene":
            return Command(one.do, float(_setting(one, operator) <= 0.5), one.target) if pressed else None
        return self._ride(one, event.value, operator)

    def _ride(self, one: Binding, value: float, operator: Operator) -> Command | None:
        """What a fader that moved asks for; nothing before it has caught up with the show."""
        fader, stands = self._faders.setdefault(one, Fader()), _setting(one, operator)
        before, fader.at = fader.at, value
        if fader.leads and abs(stands - fader.set_to) > NEAR:  # somebody else has set it meanwhile
            fader.leads = False
        crossed = before is not None and min(before, value) <= stands <= max(before, value)
        if not one.pickup or stands < 0.0 or crossed or abs(value - stands) <= NEAR:
            fader.leads = True
        if not fader.leads:
            return None
        fader.set_to = value
        if one.do != "hand":
            return Command(one.do, value)
        values = (value,) if one.part == "intensity" else (-1.0, 360.0 * value)
        return Command("hand", 1.0, one.target, values)


def _same(one: Binding, other: Binding) -> bool:
    """Whether both do the same thing."""
    return (one.do, one.target, one.part) == (other.do, other.target, other.part)


def _setting(one: Binding, operator: Operator) -> float:
    """Where the show stands in what a binding does, 0..1; -1 where nobody has set anything."""
    if one.do == "scene":
        return float(operator.scene is not None and operator.scene.name == one.target)
    if one.do == "hand":
        held = next((hand for hand in operator.hands if hand.target == one.target), None)
        if held is None:
            return -1.0
        return held.intensity if one.part == "intensity" else held.hue_deg / 360.0 if held.hue_deg >= 0 else -1.0
    row = row_of(one.do)
    return 0.0 if row is None else setting_of(operator, row)


def read_mapping(file: Path) -> Mapping:
    """The mapping in a file; an empty one where there is no file yet.

    Raises:
        ConfigError: with file, number of the binding, and what is wrong.
    """
    if not file.exists():
        return Mapping([])
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{file}: larger than {MOST_BYTES} bytes; this is no mapping")
        plain = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, *NO_YAML) as error:
        raise ConfigError(f"{file}: cannot be read as a mapping: {error}") from error
    if not isinstance(plain, list):
        raise ConfigError(f"{file}: a mapping is a list of bindings, such as `- {{on: cc 7, do: grand_master}}`")
    return Mapping([_binding(one, f"{file}: binding {number}") for number, one in enumerate(plain, start=1)])


def write_mapping(bindings: Iterable[Binding], file: Path) -> None:
    """Write a mapping, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    coming = file.with_suffix(".coming")
    coming.write_text(yaml.safe_dump([one.written for one in bindings], sort_keys=False), encoding="utf-8")
    coming.replace(file)


def binding_from(do: str, target: str = "", part: str = "intensity") -> Binding | None:
    """What a page asks to be learned; None if there is no such thing."""
    if do not in bindable() or part not in ("intensity", "hue") or (do in ("hand", "scene") and not target):
        return None
    return Binding(("", 0), do, target, cast("HandPart", part))


def _binding(plain: object, place: str) -> Binding:
    if isinstance(plain, dict):
        plain = {"on" if key is True else key: said for key, said in plain.items()}  # YAML 1.1 takes `on` for true
    if not isinstance(plain, dict) or not {"on", "do"} <= set(plain) <= KEYS:
        raise ConfigError(f"{place}: needs `on` and `do`, may have {', '.join(sorted(KEYS - {'on', 'do'}))}")
    one = binding_from(str(plain["do"]), str(plain.get("target", "")), str(plain.get("part", "intensity")))
    if one is None:
        raise ConfigError(
            f"{place}: do: {plain['do']!r} is none of {', '.join(bindable())}, or `hand` and `scene` lack a `target`"
        )
    light = _event(str(plain["light"]), f"{place}: light") if "light" in plain else None
    on, pickup = _event(str(plain["on"]), f"{place}: on"), plain.get("pickup", True)
    if not isinstance(pickup, bool):
        raise ConfigError(f"{place}: pickup is true or false, not {pickup!r}")
    made = replace(one, on=on, light=light, pickup=pickup)
    if made.forbidden:
        raise ConfigError(f"{place}: OSC knows no passwords, so {made.do} cannot come by it; use MIDI or the page")
    return made


def _event(written: str, place: str) -> tuple[str, int]:
    match = EVENT.match(written)
    if match is None:
        raise ConfigError(f"{place}: {written!r} is no event; write cc 7, note 36 ch 2, pitch ch 1 or osc /address")
    kind, number, channel, pitch, pitch_channel, address = match.groups()
    if address:
        return f"osc {address}", 0
    if pitch:
        return "pitch", _in(int(pitch_channel or 0), 16, place)
    return f"{kind} {_in(int(number), 127, place)}", _in(int(channel or 0), 16, place)


def _in(number: int, most: int, place: str) -> int:
    if number > most:
        raise ConfigError(f"{place}: {number} is more than {most}")
    return number


def _written(event: Sequence[Any]) -> str:
    what, channel = event
    return f"{what} ch {channel}" if channel else str(what)
