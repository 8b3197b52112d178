"""What people want: commands in, what they have set out. Pure; the page, controllers and keys all come in here.

Which commands there are stands in `commands.py`. Beyond being set:

held       a command holds for a second, so a page that dies lets go
hues, forbidden   `values` hue ids 0..179; none: free again
hand       `target` with `values` intensity, hue in degrees, saturation (-1: not held); amount 0 gives it back
scene      `target` a name, `values` six numbers for each head; amount 0 gives the stage back to the model
tap        a beat, now. one: the beat nearest to now is the first of a bar. twice_as_fast, half_as_fast, beat_earlier,
           beat_later: how the beats that are heard are counted. free_tempo: as if nobody had said anything of it.
moment     `target` band, talk, changeover, walk_in or end: what the night is at; amount 0: by hearing and set list
clock      somebody else's clock, `target` what kind, `values` its time and the moment in seconds; none: it is no more
wish       `wish` what the set list wishes from now on; what was wished off or said of the moment before is over
new_part   another part of the song begins with this bar. same_part: it did not, the one before goes on. chorus: this is
           the biggest part
mark       a name for this moment, for the log. undo: as it was before the last wish
stand_as   everything at once, as JSON in `target`: how a spare stands where its leader does
"""

import json
import math
from collections import deque
from dataclasses import asdict, fields, replace
from typing import Any

from controller.messages import NO_CLOCK, Command, Hand, Operator, OutsideClock, Scene, SongWish, Steering
from controller.people.commands import COMMANDS, CommandRow, row_of

HELD_S = 1.0
"""How long one command of a held button holds; a page that is pressed repeats it, a page that died does not."""
ON_OR_OFF = ("blackout", "hold", "quiet", "flash_override", "blinder", "strobe")
LEANING = ("intensity", "energy", "pace", "spread")
"""Fields of `Operator` and of `Steering`, for reading them out of plain data."""
BEAT_WORDS = ("one", "beat_earlier", "beat_later", "twice_as_fast", "half_as_fast", "free_tempo")
PART_WORDS = ("new_part", "same_part", "chorus")
MOMENTARY = ("stand_as", "undo", "tap", "tempo", "clock", "mark", *BEAT_WORDS, *PART_WORDS)
LASTING_FIELDS = ("beat_s", "beat_t_s", "one_t_s", "octave", "nudge_s", "part", "part_t_s", "clock")
NUDGE_S, MOST_NUDGE_S, MOST_OCTAVES = 0.02, 0.2, 2
HUES = 180
MOST_HUES = 12
MOST_HANDS = 64
MOST_ROWS = 6 * 2_000
UNDOABLE = 20
MOMENTS = ("band", "talk", "changeover", "walk_in", "end")
MARKS, LETTERS = 50, 60
TOUCH_S = 1.0
"""One fader that is moved for a while is one wish."""
TAPS = 6
TAP_S = (0.25, 2.0)
"""Beats are between 240 and 30 a minute; a longer pause begins a new tempo."""


class OperatorState:
    """Everything that people have set.

    Attributes:
        operator: as it stands. overrides: how often somebody took the limiter out. marks: the last ones, with times.
    """

    def __init__(self) -> None:
        self.operator = Operator()
        self.overrides = 0
        self.marks: deque[tuple[float, str]] = deque(maxlen=MARKS)
        self._held_s: dict[str, float] = {}
        self._before: deque[Operator] = deque(maxlen=UNDOABLE)
        self._touched: tuple[str, str, float] = ("", "", -math.inf)
        self._taps: deque[float] = deque(maxlen=TAPS)

    def obey(self, command: Command, now_s: float) -> None:
        """Do what somebody wishes; amounts out of range are brought into it, nonsense is ignored."""
        if not math.isfinite(command.amount) or not all(math.isfinite(one) for one in command.values):
            return
        amount, row = min(1.0, max(0.0, command.amount)), row_of(command.name)
        if row is None:
            return
        if row.kind == "held":
            self._hold(row, amount, now_s)
        elif command.name in MOMENTARY:
            self._do(command, now_s)
        else:
            wished = _wished(self.operator, row, command, amount)
            if wished is not None and wished != self.operator:
                self._remember(command, now_s)
                self.operator = wished

    def _do(self, command: Command, now_s: float) -> None:
        """What is for a moment, or of the music, and no setting that `undo` takes back."""
        match command.name:
            case "stand_as":
                self.operator = operator_from(_parsed(command.target)) or self.operator
            case "undo":
                self._undo()
            case "tap":
                self._tap(now_s)
            case "tempo" if command.values:
                beat_s = min(max(command.values[0], TAP_S[0]), TAP_S[1])
                self.operator = replace(self.operator, beat_s=beat_s, beat_t_s=now_s)
            case "clock":
                self._set_clock(command)
            case "mark":
                self.marks.append((now_s, command.target[:LETTERS]))
            case name if name in BEAT_WORDS:
                self._word(name, now_s)
            case name if name in PART_WORDS:
                self.operator = replace(self.operator, part=name, part_t_s=now_s)

    def expire(self, now_s: float) -> None:
        """Let go of held buttons that nobody has pressed for a while; once in each cycle."""
        for name, at_s in list(self._held_s.items()):
            row = row_of(name)
            if row is not None and now_s - at_s >= HELD_S:
                self._hold(row, 0.0, now_s)

    def _hold(self, row: CommandRow, amount: float, now_s: float) -> None:
        pressed = amount > (0.0 if row.graded else 0.5)
        if row.name == "flash_override" and pressed and row.name not in self._held_s:
            self.overrides += 1
        if pressed:
            self._held_s[row.name] = now_s
        else:
            self._held_s.pop(row.name, None)
        self.operator = with_setting(self.operator, row, amount if pressed and row.graded else float(pressed))

    def _remember(self, command: Command, now_s: float) -> None:
        name, target, touched_s = self._touched
        self._touched = (command.name, command.target, now_s)
        if (name, target) != (command.name, command.target) or now_s - touched_s > TOUCH_S:
            self._before.append(self.operator)

    def _undo(self) -> None:
        """As it was; buttons that are held stay held, and tapped beats stay tapped."""
        self._touched = ("", "", -math.inf)
        if self._before:
            now = self.operator
            kept: dict[str, Any] = {name: getattr(now, name) for name in LASTING_FIELDS}
            before = replace(self._before.pop(), **kept)
            for row in COMMANDS.values():
                if row.stands and not row.undoable:
                    before = with_setting(before, row, setting_of(now, row))
            self.operator = before

    def _set_clock(self, command: Command) -> None:
        """Somebody else's clock: where it stood, and when; without values there is none any more."""
        if len(command.values) == len(("place", "moment")):
            self.operator = replace(self.operator, clock=OutsideClock(command.target[:LETTERS], *command.values))
        elif not command.values:
            self.operator = replace(self.operator, clock=NO_CLOCK)

    def _word(self, name: str, now_s: float) -> None:
        """Of the beat that is heard."""
        now = self.operator
        match name:
            case "one":
                self.operator = replace(now, one_t_s=now_s)
            case "beat_earlier" | "beat_later":
                nudge_s = now.nudge_s + (NUDGE_S if name == "beat_later" else -NUDGE_S)
                self.operator = replace(now, nudge_s=min(max(nudge_s, -MOST_NUDGE_S), MOST_NUDGE_S))
            case "twice_as_fast" | "half_as_fast":
                octave = now.octave + (1 if name == "twice_as_fast" else -1)
                self.operator = replace(now, octave=min(max(octave, -MOST_OCTAVES), MOST_OCTAVES))
            case "free_tempo":
                self._taps.clear()
                unlocked = with_setting(now, COMMANDS["lock_tempo"], 0.0)
                self.operator = replace(unlocked, beat_s=0.0, beat_t_s=0.0, one_t_s=0.0, octave=0, nudge_s=0.0)

    def _tap(self, now_s: float) -> None:
        if self._taps and not TAP_S[0] * 0.5 <= now_s - self._taps[-1] <= TAP_S[1]:
            self._taps.clear()
        self._taps.append(now_s)
        if len(self._taps) > 1:
            beat_s = (self._taps[-1] - self._taps[0]) / (len(self._taps) - 1)
            self.operator = replace(self.operator, beat_s=min(max(beat_s, TAP_S[0]), TAP_S[1]), beat_t_s=now_s)


def setting_of(operator: Operator, row: CommandRow) -> float:
    """Where a fader, switch or held button stands, 0..1."""
    where = operator.steering if row.steers else operator
    return float(getattr(where, row.name, dict(operator.more).get(row.name, 0.0)))


def with_setting(operator: Operator, row: CommandRow, amount: float) -> Operator:
    """The operator with a fader, switch or held button at 0..1."""
    value: float | bool = amount > 0.5 if row.on_or_off else amount
    change: dict[str, Any] = {row.name: value}
    if row.steers:
        return replace(operator, steering=replace(operator.steering, **change))
    if hasattr(operator, row.name):
        return replace(operator, **change)
    others = tuple((name, one) for name, one in operator.more if name != row.name)
    return replace(operator, more=(*others, (row.name, float(value))) if amount > 0.0 else others)


def _wished(operator: Operator, row: CommandRow, command: Command, amount: float) -> Operator | None:
    """The operator after a wish that is for more than a moment; None if it is none."""
    name, values = command.name, command.values
    if row.stands:
        return with_setting(operator, row, amount)
    if name in ("hues", "forbidden"):
        hues: dict[str, Any] = {name: tuple(sorted({int(one) % HUES for one in values[:MOST_HUES]}))}
        return replace(operator, steering=replace(operator.steering, **hues))
    if name == "hand":
        return replace(operator, hands=_handed(operator.hands, command, amount))
    if name in ("moment", "wish"):
        return _evening(operator, command, amount)
    if name == "scene" and len(values) <= MOST_ROWS:
        rows = tuple(min(1.0, max(0.0, one)) for one in values)
        return replace(operator, scene=Scene(command.target[:LETTERS], rows) if amount > 0.5 and rows else None)
    return None


def _evening(operator: Operator, command: Command, amount: float) -> Operator:
    """What the night is at, and what is wished for it."""
    if command.wish is None:
        return replace(operator, moment=command.target if amount > 0.5 and command.target in MOMENTS else "")
    return replace(with_setting(operator, COMMANDS["wishes_off"], 0.0), wish=command.wish, moment="")


def _handed(hands: tuple[Hand, ...], command: Command, amount: float) -> tuple[Hand, ...]:
    """What is held after taking a target or giving it back; `*` gives everything back."""
    if amount <= 0.5:
        return () if command.target == "*" else tuple(one for one in hands if one.target != command.target)
    others = tuple(one for one in hands if one.target != command.target)
    before = next((one for one in hands if one.target == command.target), Hand(command.target))
    intensity, hue_deg, saturation = (*command.values, -1.0, -1.0, -1.0)[:3]
    taken = Hand(
        command.target[:LETTERS],
        min(intensity, 1.0) if intensity >= 0 else before.intensity,
        hue_deg % 360.0 if hue_deg >= 0 else before.hue_deg,
        min(saturation, 1.0) if saturation >= 0 else before.saturation,
    )
    return (*others, taken)[-MOST_HANDS:]


def plain_operator(operator: Operator) -> dict[str, Any]:
    """As plain data, for the bus and the page."""
    return asdict(operator)


def operator_from(plain: object) -> Operator | None:
    """What `plain_operator` wrote; None if it is no such thing."""
    if not isinstance(plain, dict):
        return None
    try:
        steering = plain["steering"]
        numbers: dict[str, Any] = {name: _unit(plain[name]) for name in ("grand_master", "haze")}
        switches: dict[str, Any] = {name: _switch(plain[name]) for name in ON_OR_OFF}
        faders: dict[str, Any] = {name: _unit(steering[name]) for name in LEANING}
        hues: dict[str, Any] = {
            name: tuple(int(one) % HUES for one in steering[name]) for name in ("hues", "forbidden")
        }
        scene = plain["scene"]
        return Operator(
            **numbers,
            **switches,
            steering=Steering(**faders, **hues),
            hands=tuple(
                Hand(str(one["target"]), *(_number(one[name]) for name in ("intensity", "hue_deg", "saturation")))
                for one in plain["hands"]
            ),
            scene=None if scene is None else Scene(str(scene["name"]), tuple(_unit(one) for one in scene["rows"])),
            beat_s=_number(plain["beat_s"]),
            beat_t_s=_number(plain["beat_t_s"]),
            one_t_s=_number(plain.get("one_t_s", 0.0)),
            octave=int(_number(plain.get("octave", 0))),
            nudge_s=_number(plain.get("nudge_s", 0.0)),
            part=str(plain.get("part", "")),
            part_t_s=_number(plain.get("part_t_s", 0.0)),
            wish=wish_from(plain.get("wish", {})),
            clock=_clock(plain.get("clock", {})),
            moment=str(plain.get("moment", "")),
            more=tuple((str(name), _unit(amount)) for name, amount in plain.get("more", ())),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def wish_from(plain: dict[str, Any]) -> SongWish:
    """What the set list wishes, out of plain data; logs of before know of none.

    Raises:
        TypeError, ValueError: it is none.
    """
    names = {one.name for one in fields(SongWish)}
    known: dict[str, Any] = {
        name: tuple(map(_number, one)) if isinstance(one, list | tuple) else one
        for name, one in plain.items()
        if name in names
    }
    return SongWish(**known)


def _clock(plain: dict[str, Any]) -> OutsideClock:
    """Somebody else's clock, out of plain data; logs of before know of none."""
    by, place_s, t_s = str(plain.get("by", "")), plain.get("place_s", 0.0), plain.get("t_s", 0.0)
    return OutsideClock(by, _number(place_s), _number(t_s))


def _number(one: Any) -> float:  # noqa: ANN401 - plain data
    if isinstance(one, bool) or not isinstance(one, int | float) or not math.isfinite(one):
        raise ValueError("a finite number is wanted")
    return float(one)


def _unit(one: Any) -> float:  # noqa: ANN401 - plain data
    return min(1.0, max(0.0, _number(one)))


def _switch(one: Any) -> bool:  # noqa: ANN401 - plain data
    if not isinstance(one, bool):
        raise TypeError("a truth value is wanted")
    return one


def _parsed(text: str) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed
