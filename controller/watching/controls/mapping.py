"""Which knob does what: events of a controller in, commands out, and what its LEDs should show.

    - {on: cc 7, do: grand_master}                            a fader; `pickup: false` takes it at once
    - {on: note 36 ch 2, do: blackout, light: note 36 ch 2}   a switch: pressed on, pressed off
    - {on: note 40, do: blinder}                              held for as long as it is pressed
    - {on: cc 20, do: hand, target: wash, part: intensity}    a group or a fixture in hand
    - {on: note 50, do: scene, target: Chorus}
    - {on: osc /x/energy, do: energy}
    - {on: cc 41, do: blackout, button: toggle}             a button that sends 127 at one press and 0 at the next
    - {on: cc14 1, do: intensity}                           both halves of a fine controller, 1 and 33
    - {on: program 3, do: scene, target: Verse}             a program change: a press without a release

A fader that stands elsewhere than the show does nothing until it has passed the place where the show stands ("pickup"):
nothing jumps because somebody touched a fader. Whether a button is let go (momentary) or sends its other half with the
next press (toggle) is found out by how it behaves, and kept for one that was learnt.

Edge: reads and writes its file; everything else is pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from controller.errors import ConfigError
from controller.messages import Command, Operator
from controller.people.commands import COMMANDS, bindable, row_of
from controller.people.operator import setting_of
from controller.state_folder import coming
from controller.yaml_places import NO_YAML, composed, meant

HandPart = Literal["intensity", "hue", "saturation"]
CHOSEN = tuple(name for name, row in COMMANDS.items() if row.named and name != "hand")
"""Choices that a press calls by their `target`."""
EVENT = re.compile(
    r"^(cc14|cc|note|program) (\d{1,3})(?: ch (\d{1,2}))?$|^(pitch)(?: ch (\d{1,2}))?$|^osc (/[^\s#*,?\[\]{}]{1,100})$"
)
KEYS = {"on", "do", "target", "part", "light", "pickup", "button"}
BUTTONS = ("momentary", "toggle")
QUICK_S = 0.25
"""A button whose other half comes sooner is let go; no finger presses twice so quickly."""
UNSURE_CC_S, UNSURE_S = 2.5, 5.0
"""So long a button is held that was never let go yet: it may be one that is not, above all where it is no note."""
LONGEST_S = 30.0
"""And so long any: a release can be lost."""
MOST_FINE = 31
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
    button: str = ""

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
    def is_press(self) -> bool:
        """Whether it hears what has neither a release nor a value: a program change."""
        return self.on[0].startswith("program ")

    @property
    def takes_presses(self) -> bool:
        """Whether a press without a release is enough for what it does."""
        row = row_of(self.do)
        return row is not None and (row.kind in ("press", "switch") or self.do in CHOSEN)

    @property
    def written(self) -> dict[str, Any]:
        """As it stands in a file."""
        plain: dict[str, Any] = {"on": _written(self.on), "do": self.do}
        plain |= {"target": self.target} if self.target else {}
        plain |= {"part": self.part} if self.do == "hand" else {}
        plain |= {"light": _written(self.light)} if self.light else {}
        plain |= {"button": self.button} if self.button else {}
        return plain if self.pickup else {**plain, "pickup": False}


@dataclass(slots=True)
class Fader:
    """Where a bound fader stands, and whether it leads; `set_to` is what it set last."""

    at: float | None = None
    leads: bool = False
    set_to: float = -1.0


@dataclass(slots=True)
class Button:
    """How a button behaves: `kind` as far as it is known, `fixed` if somebody wrote it; down since when."""

    kind: str = ""
    fixed: bool = False
    down_s: float | None = None

    def presses(self, value: float, now_s: float) -> bool:
        """Whether a message is a press. A release that comes at once proves that there are releases."""
        down_s, self.down_s = self.down_s, now_s if value > 0.0 else None
        if value > 0.0:
            return True
        if down_s is None or self.fixed or self.kind == "momentary":
            return self.kind == "toggle"
        self.kind = "momentary" if now_s - down_s < QUICK_S else "toggle"
        return self.kind == "toggle"


@dataclass
class Mapping:
    """Bindings at work.

    Attributes:
        bindings: in order; every one that hears an event acts. learning: what the next event will be bound to.
        found_out: a binding that was learnt, with what its button turned out to be, or its fine half.
    """

    bindings: list[Binding]
    learning: Binding | None = None
    found_out: Binding | None = None
    _faders: dict[Binding, Fader] = field(default_factory=dict)
    _held: dict[Binding, tuple[float, float]] = field(default_factory=dict)
    _buttons: dict[tuple[str, int], Button] = field(default_factory=dict)
    _learned: set[Binding] = field(default_factory=set)

    def commands(self, event: Event, operator: Operator, now_s: float) -> list[Command]:
        """What an event asks for, given how the show stands."""
        hearing = [one for one in self.bindings if one.hears(event)]
        if not hearing:
            return []
        pressed = self._button(event, hearing).presses(event.value, now_s)
        found = [self._command(one, event, operator, now_s, pressed=pressed) for one in hearing]
        self._find_out(event)
        return [one for one in found if one is not None]

    def _button(self, event: Event, hearing: list[Binding]) -> Button:
        """What is known of the control that an event comes from."""
        key = (event.what, event.channel)
        if key not in self._buttons:
            said = next((one.button for one in hearing if one.button), "")
            self._buttons[key] = Button(said, fixed=bool(said))
        return self._buttons[key]

    def _find_out(self, event: Event) -> None:
        """Keep what a button that was learnt turned out to be; a fader's fine half makes it a fine one."""
        for one in [one for one in self._learned if one.hears(event)]:
            row, kind = row_of(one.do), self._buttons[event.what, event.channel].kind
            if kind and row is not None and (row.kind in ("switch", "held") or one.do == "scene"):
                self._become(one, replace(one, button=kind))

    def _become(self, before: Binding, after: Binding) -> None:
        self._learned.discard(before)
        self.bindings = [after if one is before else one for one in self.bindings]
        if before in self._faders:
            self._faders[after] = self._faders.pop(before)
        if before in self._held:
            self._held[after] = self._held.pop(before)
        self.found_out = after

    def learn(self, event: Event) -> Binding | None:
        """Bind what is being learned to this event, if anything is and the event is no release; the new binding."""
        if self.learning is None:
            self._refine(event)
            return None
        if event.value <= 0.0:
            return None
        on = (event.what, event.channel)
        lit = on if event.what.startswith("note") else None
        new = replace(self.learning, on=on, light=lit)
        if new.forbidden or (new.is_press and not new.takes_presses):
            return None
        self.learning = None
        self.bindings = [one for one in self.bindings if not (one.on == on or _same(one, new))] + [new]
        self._learned = {new}
        return new

    def _refine(self, event: Event) -> None:
        """What was learnt from the coarse half of a controller is meant for both."""
        kind, _, number = event.what.partition(" ")
        if kind == "cc14":
            for one in [one for one in self._learned if one.on == (f"cc {number}", event.channel)]:
                row = row_of(one.do)
                if row is not None and (row.kind == "fader" or one.do == "hand"):
                    self._become(one, replace(one, on=(event.what, event.channel)))

    def repeats(self, now_s: float) -> list[Command]:
        """Held buttons, said again."""
        due = [one for one, (_, said_s) in self._held.items() if now_s - said_s >= REPEAT_S]
        for one in due:  # held for as long as it was said: a pause of ours is nobody's finger
            held_s, said_s = self._held[one]
            self._held[one] = (held_s + min(now_s - said_s, 2.0 * REPEAT_S), now_s)
        over = [one for one in due if self._held[one][0] >= self._longest_s(one)]
        for one in over:
            del self._held[one]
        return [Command(one.do, 0.0 if one in over else 1.0) for one in due]

    def _longest_s(self, one: Binding) -> float:
        """How long a button is held without another word: not long where it may be of the kind that is not let go."""
        let_go = any(
            button.kind == "momentary" for (what, channel), button in self._buttons.items()
            if what == one.on[0] and one.on[1] in (0, channel)
        )  # fmt: skip
        return LONGEST_S if let_go else UNSURE_CC_S if one.on[0].startswith("cc") else UNSURE_S

    def release(self) -> list[Command]:
        """Let go of everything: the controller is gone."""
        held, self._held = list(self._held), {}
        self._faders.clear()
        return [Command(one.do, 0.0) for one in held]

    def lights(self, operator: Operator) -> dict[tuple[str, int], bool]:
        """Which LEDs of the controller should be lit."""
        return {one.light: _setting(one, operator) > 0.5 for one in self.bindings if one.light is not None}

    def _command(
        self, one: Binding, event: Event, operator: Operator, now_s: float, *, pressed: bool
    ) -> Command | None:
        row = row_of(one.do)
        if row is None:
            return None
        if row.kind == "held":
            # the other half of a toggle is another press
            pressed = one not in self._held if one.button == "toggle" else event.value > 0.0
            if pressed and not one.from_network:  # a datagram's release may be lost: without a new word it lets go
                self._held[one] = (0.0, now_s)
            else:
                self._held.pop(one, None)
            return Command(one.do, event.value if row.graded and one.button != "toggle" else float(pressed))
        if row.kind == "press":
            return Command(one.do, 1.0, one.target) if pressed else None
        if one.do == "song" or (one.do in CHOSEN and one.is_press):
            # the same program again is the same look, and no press takes a song back
            return Command(one.do, 1.0, one.target) if pressed else None
        if row.kind == "switch" or one.do in CHOSEN:
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
        return Command("hand", 1.0, one.target, _values(one, value, operator))


def _values(one: Binding, value: float, operator: Operator) -> tuple[float, ...]:
    """Intensity, hue and saturation for a fader that moved; -1 leaves one alone. A saturation is one of some hue."""
    if one.part == "intensity":
        return (value,)
    if one.part == "hue":
        return (-1.0, 360.0 * value)
    held = next((hand for hand in operator.hands if hand.target == one.target), None)
    return (-1.0, held.hue_deg if held is not None and held.hue_deg >= 0.0 else 0.0, value)


def _same(one: Binding, other: Binding) -> bool:
    """Whether both do the same thing."""
    return (one.do, one.target, one.part) == (other.do, other.target, other.part)


def _setting(one: Binding, operator: Operator) -> float:
    """Where the show stands in what a binding does, 0..1; -1 where nobody has set anything."""
    match one.do:
        case "hand":
            return _held(one, operator)
        case "scene":
            return float(operator.scene is not None and operator.scene.name == one.target)
        case "moment":
            return float(operator.moment == one.target)
        case "song":
            wish = operator.wish
            named = one.target in (f"@{wish.number}", str(wish.number + 1), wish.title)
            return float(wish.number >= 0 and named)
    row = row_of(one.do)
    return 0.0 if row is None else setting_of(operator, row)


def _held(one: Binding, operator: Operator) -> float:
    """Where a part of an override stands, 0..1; -1: it is not held."""
    held = next((hand for hand in operator.hands if hand.target == one.target), None)
    if held is None or (one.part != "intensity" and held.hue_deg < 0.0):
        return -1.0
    return {"intensity": held.intensity, "hue": held.hue_deg / 360.0, "saturation": held.saturation}[one.part]


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
        plain = meant(composed(file.read_text(encoding="utf-8")))
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
    with coming(file) as written:
        written.write_text(yaml.safe_dump([one.written for one in bindings], sort_keys=False), encoding="utf-8")


def binding_from(do: str, target: str = "", part: str = "intensity") -> Binding | None:
    """What a page asks to be learned; None if there is no such thing."""
    if do not in bindable() or part not in get_args(HandPart) or (do in ("hand", *CHOSEN) and not target):
        return None
    return Binding(("", 0), do, target, cast("HandPart", part))


def _binding(plain: object, place: str) -> Binding:
    if isinstance(plain, dict):
        plain = {"on" if key is True else key: said for key, said in plain.items()}  # YAML 1.1 takes `on` for true
    if not isinstance(plain, dict) or not {"on", "do"} <= set(plain) <= KEYS:
        raise ConfigError(f"{place}: needs `on` and `do`, may have {', '.join(sorted(KEYS - {'on', 'do'}))}")
    words = {name: plain.get(name, usual) for name, usual in (("do", ""), ("target", ""), ("part", "intensity"))}
    for name, said in (words | {"on": plain["on"], "light": plain.get("light", "")}).items():
        if not isinstance(said, str | int | float):  # aliases nest: written out they would fill the memory
            raise ConfigError(f"{place}: {name} is a word, not a {type(said).__name__}")
    one = binding_from(str(words["do"]), str(words["target"]), str(words["part"]))
    if one is None:
        raise ConfigError(
            f"{place}: do: {str(words['do'])[:60]!r} is none of {', '.join(bindable())}, "
            "or `hand`, `scene`, `song` and `moment` lack a `target`"
        )
    light = _event(str(plain["light"]), f"{place}: light") if "light" in plain else None
    on, pickup = _event(str(plain["on"]), f"{place}: on"), plain.get("pickup", True)
    if not isinstance(pickup, bool):
        raise ConfigError(f"{place}: pickup is true or false, not {pickup!r}")
    button = plain.get("button", "")
    if button not in ("", *BUTTONS):
        raise ConfigError(f"{place}: button is momentary (let go) or toggle (on at one press, off at the next)")
    if light is not None and not light[0].startswith(("note ", "cc ")):
        raise ConfigError(f"{place}: light: an LED is a note or a cc, not {light[0]}")
    made = replace(one, on=on, light=light, pickup=pickup, button=button)
    if made.is_press and not made.takes_presses:
        raise ConfigError(f"{place}: a program change is a press without a release or a value, and {one.do} needs one")
    if made.forbidden:
        raise ConfigError(f"{place}: OSC knows no passwords, so {made.do} cannot come by it; use MIDI or the page")
    return made


def _event(written: str, place: str) -> tuple[str, int]:
    match = EVENT.match(written)
    if match is None:
        raise ConfigError(
            f"{place}: {written!r} is no event; write cc 7, note 36 ch 2, cc14 1, program 3, pitch ch 1 or osc /address"
        )
    kind, number, channel, pitch, pitch_channel, address = match.groups()
    if address:
        return f"osc {address}", 0
    if pitch:
        return "pitch", _in(int(pitch_channel or 0), 16, place)
    return f"{kind} {_in(int(number), MOST_FINE if kind == 'cc14' else 127, place)}", _in(int(channel or 0), 16, place)


def _in(number: int, most: int, place: str) -> int:
    if number > most:
        raise ConfigError(f"{place}: {number} is more than {most}")
    return number


def _written(event: Sequence[Any]) -> str:
    what, channel = event
    return f"{what} ch {channel}" if channel else str(what)
