"""What other libraries say about a channel's levels, and what we make of it: the one place where hazards are judged.

Importers translate their own vocabulary into `Span`s; `channel_of` turns the spans of one channel into a channel of our
profiles. The rules come from counting what goes wrong in real profiles: of 1,487 modes with a shutter in the Open
Fixture Library, 661 are closed or strobing at their default level, and 697 hold a reset or "lamp off".
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from controller.errors import ProfileError
from controller.rig.profiles.beam_words import shaping
from controller.rig.profiles.hazard_words import is_pyrotechnic
from controller.rig.profiles.profile import BLACK
from controller.rig.profiles.rest_words import (
    HARM,
    found,
    moves_a_laser,
    rest_rank,
    says_dark,
    says_laser,
    says_laser_is_off,
    says_open_slot,
    says_steady,
)
from controller.rig.profiles.spans import Meaning, Span

EMITTERS = {
    "red": "red", "green": "green", "blue": "blue", "white": "white", "amber": "amber", "uv": "uv", "lime": "lime",
    "cyan": "cyan", "magenta": "magenta", "yellow": "yellow", "indigo": "indigo",
    "warm white": "warm_white", "cold white": "cold_white",
}  # fmt: skip
NEVER: tuple[Meaning, ...] = ("strobe", "maintenance", "haze", "laser")
DRIVEN: tuple[Meaning, ...] = ("pan", "tilt", "intensity", "emitter", "flag", "hue", "saturation")
SAID: tuple[Meaning, ...] = ("level", "effect", "neutral", "maintenance", "spin", "speed", "colour", "gobo")
FEW_LEVELS = 40
"""What is driven and fills fewer levels of a channel that does other things too is a position, no axis, no dimmer."""
STEADY_FROM_HZ = 0.0
IS_DARK = r"^\W*(dark|black ?-?out|(lamps?|leds?|lights?|all|output)\W*off)\W*(\(.*\))?$"
"""A place that is dark and no more: "dark cyan" is a colour."""
DEFAULT_DEGREES = {"pan": 540.0, "tilt": 270.0}


class NoHarmlessLevelError(ProfileError):
    """No level of a channel is known to be harmless.

    Args:
        why: in words.
        hazards: what is known to be never sent, as fields of a channel; a person may hold it anywhere else.
    """

    def __init__(self, why: str, hazards: dict[str, Any]) -> None:
        super().__init__(why)
        self.hazards = hazards

    @property
    def leaves_a_level(self) -> bool:
        """Whether there is a level that a person may hold."""
        spans = [*self.hazards.get("forbidden", ()), *(one["dmx"] for one in self.hazards.get("strobe", ()))]
        return not all(any(low <= level <= high for low, high in spans) for level in range(256))


def channel_of(
    spans: Sequence[Span], default: int | None = None, note: str = "", *, mixed: bool = False
) -> dict[str, Any]:
    """A channel of our profile, as its fields, from what its source says.

    Args:
        spans: in any order; levels that none covers do nothing.
        default: level that the source would leave it at.
        note: what people call the channel.
        mixed: the fixture has emitters or filters beside, which make its colour.

    Raises:
        NoHarmlessLevelError: every level it could rest at is a hazard, or may be one.
    """
    spans = _apart(spans)
    try:
        return _described(spans, default, note, mixed=mixed)
    except ProfileError as error:
        raise NoHarmlessLevelError(str(error), _never_held(spans, note)) from error


def _described(spans: list[Span], default: int | None, note: str, *, mixed: bool) -> dict[str, Any]:
    if _is_hazard(spans, note):
        return _laser(spans, default, note)
    spans = _main_functions(spans)
    meanings = {span.meaning for span in spans}
    if meanings & {"haze", "fan"}:
        return _atmosphere(spans)
    if _is_shutter(meanings):
        return _shutter(spans, default, note)
    if meanings & set(DRIVEN):
        return _driven(spans, meanings)
    if "cct" in meanings and "colour" not in meanings:
        return _temperature(spans, default)
    fields = _wheel(spans, default, note, mixed=mixed)
    return fields | (shaping(spans, fields["at"]) if fields["does"] == "hold" else {})


def _driven(spans: list[Span], meanings: set[Meaning]) -> dict[str, Any]:
    if meanings & {"pan", "tilt"}:
        return _position(spans)
    return _dimmer(spans) if "intensity" in meanings and not meanings & {"emitter", "flag"} else _emitter(spans)


def _main_functions(spans: list[Span]) -> list[Span]:
    """A few levels of an axis, a dimmer or a colour among other functions are no drive: they park, test or preset."""
    others = any(span.meaning in SAID for span in spans)
    levels = {name: sum(span.last - span.first + 1 for span in spans if span.meaning == name) for name in DRIVEN}
    few = {name for name, count in levels.items() if others and 0 < count < FEW_LEVELS}
    main = sum(count for name, count in levels.items() if name not in few)
    meant: dict[Meaning, Meaning] = {"pan": "maintenance", "tilt": "maintenance"}
    return [
        replace(span, meaning=meant.get(span.meaning, "effect"))
        if span.meaning in few and not (main and span.meaning in ("intensity", "emitter", "flag"))
        else span
        for span in spans
    ]


def _names_hazard(note: str) -> bool:
    """Whether a channel is about a laser, fire, sparks or CO2."""
    return says_laser(note) or is_pyrotechnic(note)


def _is_hazard(spans: Sequence[Span], note: str) -> bool:
    """Whether a channel, or a part of it, makes a laser, fire, sparks or CO2."""
    return _names_hazard(note) or any(span.meaning == "laser" or _burns(span) for span in spans)


def _burns(span: Span) -> bool:
    return _names_hazard(span.name) and not says_laser_is_off(span.name) and span.meaning not in ("gobo", "none")


def _laser(spans: list[Span], default: int | None, note: str) -> dict[str, Any]:
    """A channel about a laser, fire or CO2: at the level that its source calls off, or the channel is refused.

    Where the channel itself is named so, every level that does not say off may shine. Where only some ranges are, those
    may. Nothing on such a channel is driven: a laser is no emitter, wheel, shutter or dimmer of another part.
    """
    named = _names_hazard(note)
    what = "a laser" if says_laser(note) or not is_pyrotechnic(note) else "fire, sparks or CO2"
    if named and moves_a_laser(note) and not any(_is_off(span) for span in spans):
        at, chosen = _resting([_undriven(span) for span in spans], default, note)
        return {"does": "hold", "at": at, "note": ": ".join(filter(None, (note, chosen.name if chosen else "")))}
    off = [span for span in spans if _is_off(span) and named]
    rising = [span for span in spans if span.meaning in ("intensity", "emitter") and not min(span.start, span.end)]
    if named and not off and len(spans) == 1 and rising and spans[0].name:
        dark = _along(rising[0])[0]
        off = [replace(rising[0], first=dark, last=dark, name="0 %")]
    if not named:
        harmless = [_undriven(span) for span in spans if not _burns(span)]
        lit = [replace(span, meaning="maintenance", worse=True) for span in spans if _burns(span)]
        return _hold(
            sorted(harmless + lit, key=lambda span: span.first),
            default,
            f"{note} (laser)" if any(says_laser(one.name) for one in lit) else note,
        )
    if not off:
        raise ProfileError(f"{note}: {what}, and no level of it is said to be off")
    best = min(off, key=lambda span: span.first)
    at = default if default is not None and _inside(default, [best]) else best.first if best.first == 0 else best.middle
    never = [levels for span in spans if span not in off for levels in _without(span, best)]
    said = ": ".join(part for part in (note, best.name if best.name != note else "") if part)
    return {"does": "hold", "at": at, "note": said if _names_hazard(said) else f"{said} (laser)", "forbidden": never}


def _without(span: Span, kept: Span) -> list[tuple[int, int]]:
    """The levels of a span that another one leaves, as whole stretches."""
    if kept.last < span.first or kept.first > span.last:
        return [span.levels]
    return [ends for ends in ((span.first, kept.first - 1), (kept.last + 1, span.last)) if ends[0] <= ends[1]]


def _is_off(span: Span) -> bool:
    if span.meaning in ("intensity", "emitter"):
        return span.start == span.end == 0.0
    return span.meaning not in ("strobe", "laser") and (
        says_laser_is_off(span.name) or (span.meaning in ("closed", "none") and not span.name)
    )


def _undriven(span: Span) -> Span:
    return replace(span, meaning="level") if span.meaning in (*DRIVEN, "open", "colour", "cct") else span


def _is_shutter(meanings: set[Meaning]) -> bool:
    """Whether a channel lets light through or flashes, rather than flashing in one of many programs."""
    if meanings & {"pan", "tilt", "colour", "cct", "emitter", "flag", "intensity"}:
        return False
    if "strobe" in meanings:
        return bool(meanings & {"open", "closed"}) or not meanings & {"effect", "level"}
    return {"open", "closed"} <= meanings


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Sorted, within a byte, and without overlap: where two claim a level, a hazard keeps it, else the first does."""
    whole = [
        replace(span, first=max(0, span.first), last=min(255, span.last))
        for span in spans
        if span.first <= span.last and span.last >= 0 and span.first <= 255
    ]
    apart: list[Span] = []
    for span in sorted(whole, key=lambda one: (one.first, one.last)):
        before = apart[-1] if apart else None
        if before is None or span.first > before.last:
            apart.append(span)
        elif span.meaning in NEVER and before.first < span.first:
            apart[-1] = replace(before, last=span.first - 1)
            apart.append(span)
        elif span.meaning in NEVER and before.meaning not in NEVER:
            apart[-1] = span
        elif span.last > before.last:
            apart.append(replace(span, first=before.last + 1))
    return apart


def _hazards(spans: Sequence[Span]) -> dict[str, Any]:
    """The fields of a channel that say what is never sent."""
    strobes = [{"dmx": span.levels, "hz": _hz(span)} for span in spans if span.meaning == "strobe"]
    forbidden = [span.levels for span in spans if span.meaning == "maintenance"]
    return {name: ranges for name, ranges in (("strobe", strobes), ("forbidden", forbidden)) if ranges}


def _never_held(spans: Sequence[Span], note: str) -> dict[str, Any]:
    """What nobody may hold: lasers, resets, strobes and haze, apart from the ends of what has no rate written to it.

    "Strobe, fast to slow" is steady at one end, and only the fixture's manual says at which; so is haze silent.
    """
    if _is_hazard(spans, note):
        return {"forbidden": [(0, 255)]}
    unsure = [span.meaning == "haze" or (span.meaning == "strobe" and not _hz(span)) for span in spans]
    inner = [_inner(span) if either else span for span, either in zip(spans, unsure, strict=True)]
    return _hazards([span for span in inner if span.first <= span.last])


def _inner(span: Span) -> Span:
    """A range without the ends of the channel, one of which may be harmless; haze elsewhere is never sent."""
    meaning = "maintenance" if span.meaning == "haze" else span.meaning
    return replace(span, first=span.first + (span.first == 0), last=span.last - (span.last == 255), meaning=meaning)


def _hz(span: Span) -> tuple[float, float] | None:
    return (span.start, span.end) if span.start >= 0 and span.end > 0 else None


def _gaps(spans: Sequence[Span]) -> list[Span]:
    """Levels that the source says nothing about."""
    gaps, free = [], 0
    for span in spans:
        if span.first > free:
            gaps.append(Span(free, span.first - 1, "none", name="unused"))
        free = max(free, span.last + 1)
    if free <= 255:
        gaps.append(Span(free, 255, "none", name="unused"))
    return gaps


def _ramp(spans: Sequence[Span], *meanings: Meaning) -> Span:
    """The longest stretch that goes one way: neighbours that continue each other count as one."""
    runs: list[Span] = []
    for span in spans:
        if span.meaning not in meanings:
            continue
        before = runs[-1] if runs else None
        joins = (
            before is not None
            and span.first == before.last + 1
            and (span.meaning == "intensity" or span.name == before.name)
        )
        if before is not None and joins and (before.end - before.start) * (span.end - before.start) >= 0:
            runs[-1] = replace(before, last=span.last, end=span.end)
        else:
            runs.append(span)
    moving = [run for run in runs if run.start != run.end] or runs
    return max(moving, key=lambda run: run.last - run.first)


def _along(ramp: Span) -> tuple[int, int]:
    """Levels from least to most."""
    return ramp.levels if ramp.end >= ramp.start else (ramp.last, ramp.first)


def _off(spans: Sequence[Span], ramp: Span) -> int | None:
    """A level that is dark although the ramp may not reach darkness."""
    if min(ramp.start, ramp.end) <= 0.0:
        return None
    dark = [span for span in spans if span.meaning in ("closed", "none")]
    dark += [
        span for span in spans if span.meaning in ("intensity", "emitter", "flag") and not span.start and not span.end
    ]
    return dark[0].middle if dark else None


def _dimmer(spans: list[Span]) -> dict[str, Any]:
    ramp = _ramp(spans, "intensity")
    off = _off(spans, ramp)
    if off is None:
        closed = [span for span in spans if span.meaning == "closed"]
        off = closed[0].middle if closed else None
    return _ranged({"does": "intensity"}, ramp, off, spans)


def _emitter(spans: list[Span]) -> dict[str, Any]:
    ramp = _ramp(spans, "emitter", "flag", "hue", "saturation")
    if ramp.meaning in ("hue", "saturation"):
        return _ranged({"does": ramp.meaning}, ramp, None, spans)
    if ramp.meaning == "flag":
        return _ranged({"does": "flag", "filter": ramp.name}, ramp, _off(spans, ramp), spans)
    return _ranged({"does": "colour", "emitter": ramp.name}, ramp, _off(spans, ramp), spans)


def _ranged(fields: dict[str, Any], ramp: Span, off: int | None, spans: list[Span]) -> dict[str, Any]:
    levels = _along(ramp)
    fields |= {"range": levels} if levels != (0, 255) else {}
    fields |= {"zero": off} if off is not None and off != levels[0] else {}
    return fields | _hazards(spans)


def _shutter(spans: list[Span], default: int | None, note: str) -> dict[str, Any]:
    opened = _opened(spans, default)
    if not opened:
        raise ProfileError(f"{note}: no level at which the shutter is open and steady")
    best = min(opened, key=lambda span: (default is None or not _inside(default, [span]), not says_steady(span.name)))
    taken = {level for span in opened for level in range(span.first, span.last + 1)}
    ranges: list[dict[str, Any]] = [{"dmx": span.levels, "shutter": "open"} for span in opened]
    for span in spans:
        levels = [level for level in range(span.first, span.last + 1) if level not in taken]
        shut = "closed" if span.meaning == "open" else span.meaning
        if shut in ("strobe", "closed") and levels:
            hz = {"hz": _hz(span)} if shut == "strobe" and _hz(span) else {}
            ranges.append({"dmx": (levels[0], levels[-1]), "shutter": shut} | hz)
    ranges.sort(key=lambda one: one["dmx"])
    if next(one for one in ranges if one["shutter"] == "open")["dmx"] != best.levels:
        ranges.sort(key=lambda one: one["dmx"] != best.levels)  # the first open range is the one that is driven
    forbidden = {k: v for k, v in _hazards(spans).items() if k == "forbidden"}
    return {"does": "shutter", "ranges": ranges} | forbidden


def _opened(spans: list[Span], default: int | None) -> list[Span]:
    """Where a shutter is steadily open: words that say dark overrule a preset, unless no other range is steady."""
    opened = [span for span in spans if span.meaning == "open"]
    idle = [span for span in spans if span.meaning in ("none", "neutral", "stop")]
    return (
        [span for span in opened if not says_dark(span.name)]
        or [span for span in idle if not says_dark(span.name)]
        or opened
        or idle
        or _gaps(spans)
        or _still_end(spans, default)
    )


def _still_end(spans: list[Span], default: int | None) -> list[Span]:
    """A channel that is nothing but "strobe, slow to fast" is steady at its lowest level: fixtures do so, and makers
    leave it out. Where the flashes begin at a rate that is written down, or where darkness stands below them, it is
    steady at the level that its maker leaves it at; where no such level is given, nobody knows.
    """
    first = spans[0]
    if len(spans) == 1 and first.first == 0 and first.last > 0 and first.start <= STEADY_FROM_HZ:
        return [replace(first, last=0, meaning="open")]
    left = [span for span in spans if default is not None and _inside(default, [span])]
    if left and default is not None and left[0].meaning in ("strobe", "closed"):
        one = left[0] if left[0].meaning == "closed" else replace(left[0], first=default, last=default)
        return [replace(one, meaning="open")]
    return []


def _position(spans: list[Span]) -> dict[str, Any]:
    does: Literal["pan", "tilt"] = "pan" if any(span.meaning == "pan" for span in spans) else "tilt"
    ramp = _ramp(spans, does)
    degrees = abs(ramp.end - ramp.start) or DEFAULT_DEGREES[does]
    fields: dict[str, Any] = {"does": does, "degrees": round(min(3600.0, degrees), 2)}
    return fields | ({"range": ramp.levels} if ramp.levels != (0, 255) else {}) | _hazards(spans)


def _wheel(spans: list[Span], default: int | None, note: str, *, mixed: bool) -> dict[str, Any]:
    lit = [span for span in spans if span.meaning in ("colour", "open")]
    if len(lit) < 2:
        return _hold(spans, default, note, mixed=mixed)
    dark = [replace(span, colour=BLACK) for span in spans if _is_dark_preset(span, mixed=mixed)]
    slots = [
        {"dmx": span.levels}
        | ({"colour": span.colour} if span.colour else {})
        | ({"name": span.name} if span.name else {})
        for span in sorted(lit + dark, key=lambda one: one.first)
    ]
    rest = _wheel_rest(spans, default, mixed=mixed) or lit[0]
    at = _level_in(rest, default) if rest.first else rest.middle
    splits = [{"dmx": span.levels, "colours": span.halves} for span in spans if span.halves and not dark]
    return {"does": "wheel", "slots": slots, **({"splits": splits} if splits else {}), "at": at} | _hazards(spans)


def _is_dark_preset(span: Span, *, mixed: bool) -> bool:
    """Whether a place of a wheel or of presets lets no light out; "off" beside emitters means the presets alone."""
    said = span.meaning in ("effect", "none", "neutral") and (
        found(IS_DARK, span.name) or (not mixed and found(r"^\W*off\W*$", span.name))
    )
    return span.meaning == "closed" or said


def _wheel_rest(spans: Sequence[Span], default: int | None, *, mixed: bool) -> Span | None:
    """Where a wheel or a channel of presets does least: what is said to be open, off or mixing; beside emitters what
    stands at level 0, if that is no colour; then white; then level 0. "Stop" keeps whatever was there and is no rest.
    """
    calm = [span for span in spans if span.meaning in ("none", "neutral", "open") or _is_open_slot(span)]
    if calm:
        return min(
            calm,
            key=lambda span: (
                not _left_at(default, span),
                mixed and span.meaning == "colour",
                rest_rank(span.name),
                span.first,
            ),
        )
    lowest = next((span for span in spans if span.first == 0), Span(0, spans[0].first - 1, "none"))
    if mixed and lowest.meaning in ("closed", "level", "none"):
        return lowest
    white = [span for span in spans if span.meaning in ("colour", "gobo") and _is_white(span)]
    if white:
        return min(white, key=lambda span: not _left_at(default, span))
    left = [span for span in spans if span.meaning in ("colour", "gobo", "level") and _left_at(default, span)]
    presets = any(span.meaning == "colour" for span in spans)
    if left or lowest.meaning in ("level", "none", "colour", "gobo", *(("closed",) if presets else ())):
        return (left or [lowest])[0]
    return next((span for span in spans if span.meaning in ("level", "colour", "gobo")), None)


def _left_at(default: int | None, span: Span) -> bool:
    """Whether its maker leaves the channel in this span."""
    return default is not None and _inside(default, [span])


def _is_open_slot(span: Span) -> bool:
    """A place of a wheel that is open in so many words; a white may be a preset like any other colour."""
    return span.meaning in ("colour", "gobo") and says_open_slot(span.name) and found(r"open|no ", span.name)


def _is_white(span: Span) -> bool:
    return (span.colour or "").lower() == "#ffffff" or says_open_slot(span.name)


def _temperature(spans: list[Span], default: int | None) -> dict[str, Any]:
    ramp = _ramp(spans, "cct")
    if ramp.first == ramp.last or ramp.start == ramp.end:
        return _hold(spans, default, "colour temperature")
    calm = [span for span in spans if span.meaning in ("none", "neutral", "open")]
    rest = calm[0].middle if calm else ramp.first if default is None or not _inside(default, [ramp]) else default
    low, high = (max(500.0, min(30_000.0, kelvin)) for kelvin in (ramp.start, ramp.end))
    return {"does": "cct", "range": ramp.levels, "kelvin": (low, high), "at": rest} | _hazards(spans)


def _atmosphere(spans: list[Span]) -> dict[str, Any]:
    blows = next(span for span in spans if span.meaning in ("haze", "fan"))
    silent = [span for span in spans if span.meaning in ("none", "neutral")] + _gaps(spans)
    silent += [
        replace(span, last=span.first)
        for span in spans
        if span.meaning == blows.meaning and (span.start <= 0.0 or (span.first == 0 and span.start < span.end))
    ]
    if not silent:
        raise ProfileError(f"{blows.name or 'haze'}: no level at which nothing comes out")
    lowest = min(silent, key=lambda span: span.first)
    at = 0 if lowest.first == 0 else lowest.middle
    forbidden = {k: v for k, v in _hazards(spans).items() if k == "forbidden"}
    return {"does": "haze", "output": blows.meaning, "at": at} | forbidden


def _hold(spans: list[Span], default: int | None, note: str, *, mixed: bool = False) -> dict[str, Any]:
    """Where a channel does least; what it does elsewhere and must not is never sent."""
    at, chosen = _resting(spans, default, note, mixed=mixed)
    kept = chosen or Span(at, at, "none")
    forbidden = [levels for span in spans if span.meaning == "maintenance" for levels in _without(span, kept)]
    strobes = [{"dmx": span.levels, "hz": _hz(span)} for span in spans if span.meaning == "strobe"]
    fields: dict[str, Any] = {"does": "hold", "at": at}
    what = chosen.name if chosen is not None and chosen.name != note else ""
    said = ": ".join(part for part in (note, what) if part)
    return fields | {k: v for k, v in (("note", said), ("forbidden", forbidden), ("strobe", strobes)) if v}


def _resting(spans: list[Span], default: int | None, note: str, *, mixed: bool = False) -> tuple[int, Span | None]:
    """The level at which a channel does least, and what it means there.

    What is open, off or has no function first; then where the maker leaves it, if that is harmless; then level 0.
    """
    if any(span.meaning in ("colour", "gobo") for span in spans):
        best = _wheel_rest(spans, default, mixed=mixed)
        if best is not None:
            return _level_in(best, default), best
    of = {meaning: [span for span in spans if span.meaning == meaning] for meaning in get_args(Meaning)}
    if of["speed"]:
        fastest = max(of["speed"], key=lambda span: max(span.start, span.end))
        return (fastest.first if fastest.start >= fastest.end else fastest.last), fastest
    calm = of["none"] + of["neutral"] + of["open"]
    still = [_standstill(span) for span in of["spin"] if span.start * span.end <= 0.0]
    harmless = [span for span in of["level"] + of["effect"] + _gaps(spans) if not found(HARM, span.name)]
    calmest_first = (
        calm,
        [span for span in harmless if _left_at(default, span)],
        of["stop"] + still,
        [span for span in of["level"] + _gaps(spans) if span.first == 0],
        of["level"],
        _gaps(spans),
        of["colour"] + of["cct"] + of["closed"],
        of["spin"],
        [replace(span, last=span.first) for span in of["effect"]],
        [span for span in of["maintenance"] if not span.worse],
        _one_reset(spans),
    )
    for group in calmest_first:
        if group:
            best = next((span for span in group if _left_at(default, span)), group[0])
            return _level_in(best, default), best
    raise ProfileError(f"{note}: every level of it flashes, resets or switches the lamp")


def _one_reset(spans: Sequence[Span]) -> list[Span]:
    """A channel that is one reset from end to end does nothing at 0, where every desk leaves it."""
    whole = len(spans) == 1 and spans[0].levels == (0, 255) and spans[0].meaning == "maintenance"
    return [replace(spans[0], last=0, name=f"{spans[0].name}, not at 0")] if whole else []


def _standstill(span: Span) -> Span:
    """The level of a rotation at which nothing turns."""
    if span.start == span.end:
        return span
    share = span.start / (span.start - span.end)
    level = round(span.first + share * (span.last - span.first))
    return replace(span, first=level, last=level)


def _level_in(span: Span, default: int | None) -> int:
    """The library's default if it lies inside, the start of what grows or of a whole channel, or the middle."""
    if default is not None and _inside(default, [span]):
        return default
    grows = span.meaning in ("level", "effect", "spin") or span.levels == (0, 255)
    return span.first if grows else span.middle


def _inside(level: int, spans: Sequence[Span]) -> bool:
    return any(span.first <= level <= span.last for span in spans)


WORSE = re.compile(r"reset|lamp(?!s? ?on\b)|reboot|calibrat|shut.?down|power|ignit|strike|firmware|bulb|standby", re.I)


def is_worse(said: str) -> bool:
    """Whether words about maintenance mean something that ends or interrupts a show."""
    return WORSE.search(said) is not None
