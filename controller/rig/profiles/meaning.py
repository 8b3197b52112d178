"""What other libraries say about a channel's levels, and what we make of it: the one place where hazards are judged.

Importers translate their own vocabulary into `Span`s; `channel_of` turns the spans of one channel into a channel of our
profiles. The rules come from counting what goes wrong in real profiles: of 1,487 modes with a shutter in the Open
Fixture Library, 661 are closed or strobing at their default level, and 697 hold a reset or "lamp off".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from controller.errors import ProfileError

Meaning = Literal[
    "intensity", "emitter", "flag", "cct", "colour", "open", "closed", "strobe", "pan", "tilt", "speed", "spin",
    "haze", "fan", "hue", "saturation", "none", "neutral", "level", "effect", "maintenance",
]  # fmt: skip
EMITTERS = {
    "red": "red", "green": "green", "blue": "blue", "white": "white", "amber": "amber", "uv": "uv", "lime": "lime",
    "cyan": "cyan", "magenta": "magenta", "yellow": "yellow", "indigo": "indigo",
    "warm white": "warm_white", "cold white": "cold_white",
}  # fmt: skip
NEVER: tuple[Meaning, ...] = ("strobe", "maintenance", "haze")
STEADY_FROM_HZ = 0.0
DEFAULT_DEGREES = {"pan": 540.0, "tilt": 270.0}


@dataclass(frozen=True, slots=True)
class Span:
    """One meaning of the levels `first` to `last` of a channel's coarse byte.

    Attributes:
        start, end: what it amounts to at both ends, in the unit of its meaning: 0..1 for intensities, emitters and
            haze, Hz for strobes, Kelvin, degrees, and -1..1 for rotation and speed (0: still, 1: fastest).
        name: the emitter, or what the source calls it.
        colour: `#rrggbb`, for colours that are known.
        worse: a reset or lamp control: never, even where everything on the channel is maintenance.
    """

    first: int
    last: int
    meaning: Meaning
    start: float = 0.0
    end: float = 1.0
    name: str = ""
    colour: str | None = None
    worse: bool = False

    @property
    def middle(self) -> int:
        """The level furthest from both neighbours."""
        return (self.first + self.last) // 2

    @property
    def levels(self) -> tuple[int, int]:
        """Both ends."""
        return (self.first, self.last)


def channel_of(spans: Sequence[Span], default: int | None = None, note: str = "") -> dict[str, Any]:
    """A channel of our profile, as its fields, from what its source says.

    Args:
        spans: in any order; levels that none covers do nothing.
        default: level that the source would leave it at.
        note: what people call the channel.

    Raises:
        ProfileError: every level it could rest at is a hazard.
    """
    spans = _apart(spans)
    meanings = {span.meaning for span in spans}
    if meanings & {"haze", "fan"}:
        return _atmosphere(spans)
    if _is_shutter(meanings):
        return _shutter(spans, note)
    if meanings & {"pan", "tilt"}:
        return _position(spans)
    if meanings & {"emitter", "flag", "hue", "saturation", "intensity"}:
        return _dimmer(spans) if "intensity" in meanings and not meanings & {"emitter", "flag"} else _emitter(spans)
    if "cct" in meanings and "colour" not in meanings:
        return _temperature(spans, default)
    return _wheel(spans, default, note)


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
        elif span.last > before.last:
            apart.append(replace(span, first=before.last + 1))
    return apart


def _hazards(spans: Sequence[Span]) -> dict[str, Any]:
    """The fields of a channel that say what is never sent."""
    strobes = [{"dmx": span.levels, "hz": _hz(span)} for span in spans if span.meaning == "strobe"]
    forbidden = [span.levels for span in spans if span.meaning == "maintenance"]
    return {name: ranges for name, ranges in (("strobe", strobes), ("forbidden", forbidden)) if ranges}


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


def _shutter(spans: list[Span], note: str) -> dict[str, Any]:
    opened = [span for span in spans if span.meaning == "open"]
    opened = opened or [span for span in spans if span.meaning in ("none", "neutral")]
    opened = opened or _gaps(spans) or _still_end(spans)
    if not opened:
        raise ProfileError(f"{note}: no level at which the shutter is open and steady")
    ranges: list[dict[str, Any]] = [{"dmx": span.levels, "shutter": "open"} for span in opened]
    taken = {level for span in opened for level in range(span.first, span.last + 1)}
    for span in spans:
        levels = [level for level in range(span.first, span.last + 1) if level not in taken]
        if span.meaning in ("strobe", "closed") and levels:
            shut = {"dmx": (levels[0], levels[-1]), "shutter": span.meaning}
            ranges.append(shut | ({"hz": _hz(span)} if span.meaning == "strobe" and _hz(span) else {}))
    forbidden = {k: v for k, v in _hazards(spans).items() if k == "forbidden"}
    return {"does": "shutter", "ranges": sorted(ranges, key=lambda one: one["dmx"])} | forbidden


def _still_end(spans: list[Span]) -> list[Span]:
    """A channel that is nothing but "strobe, slow to fast" is steady at its lowest level: fixtures do so, and makers
    leave it out. Where the flashes begin at a rate that is written down it is not.
    """
    first = spans[0]
    if len(spans) == 1 and first.first == 0 and first.last > 0 and first.start <= STEADY_FROM_HZ:
        return [replace(first, last=0, meaning="open")]
    return []


def _position(spans: list[Span]) -> dict[str, Any]:
    does: Literal["pan", "tilt"] = "pan" if any(span.meaning == "pan" for span in spans) else "tilt"
    ramp = _ramp(spans, does)
    degrees = abs(ramp.end - ramp.start) or DEFAULT_DEGREES[does]
    fields: dict[str, Any] = {"does": does, "degrees": round(min(3600.0, degrees), 2)}
    return fields | ({"range": ramp.levels} if ramp.levels != (0, 255) else {}) | _hazards(spans)


def _wheel(spans: list[Span], default: int | None, note: str) -> dict[str, Any]:
    slots = [
        {"dmx": span.levels}
        | ({"colour": span.colour} if span.colour else {})
        | ({"name": span.name} if span.name else {})
        for span in spans
        if span.meaning in ("colour", "open")
    ]
    if len(slots) < 2:
        return _hold(spans, default, note)
    white = [span for span in spans if span.meaning == "colour" and (span.colour or "").lower() == "#ffffff"]
    idle = [span for span in spans if span.meaning in ("none", "open")]
    rest = (idle or white or [span for span in spans if span.meaning == "colour"])[0]
    return {"does": "wheel", "slots": slots, "at": rest.middle} | _hazards(spans)


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
    silent += [replace(span, last=span.first) for span in spans if span.meaning == blows.meaning and span.start <= 0.0]
    if not silent:
        raise ProfileError(f"{blows.name or 'haze'}: no level at which nothing comes out")
    lowest = min(silent, key=lambda span: span.first)
    at = 0 if lowest.first == 0 else lowest.middle
    forbidden = {k: v for k, v in _hazards(spans).items() if k == "forbidden"}
    return {"does": "haze", "output": blows.meaning, "at": at} | forbidden


def _hold(spans: list[Span], default: int | None, note: str) -> dict[str, Any]:
    """Where a channel does least: no function, then what is neutral, then what nobody described, then a slow effect."""
    at, chosen = _resting(spans, default, note)
    forbidden = [span.levels for span in spans if span.meaning == "maintenance" and span is not chosen]
    strobes = [{"dmx": span.levels, "hz": _hz(span)} for span in spans if span.meaning == "strobe"]
    fields: dict[str, Any] = {"does": "hold", "at": at}
    what = chosen.name if chosen is not None and chosen.name != note else ""
    said = ": ".join(part for part in (note, what) if part)
    return fields | {k: v for k, v in (("note", said), ("forbidden", forbidden), ("strobe", strobes)) if v}


def _resting(spans: list[Span], default: int | None, note: str) -> tuple[int, Span | None]:
    """The level at which a channel does least, and what it means there."""
    of = {meaning: [span for span in spans if span.meaning == meaning] for meaning in get_args(Meaning)}
    if of["speed"]:
        fastest = max(of["speed"], key=lambda span: max(span.start, span.end))
        return (fastest.first if fastest.start >= fastest.end else fastest.last), fastest
    calmest_first = (
        of["none"],
        of["neutral"],
        of["open"],
        [_standstill(span) for span in of["spin"] if span.start * span.end <= 0.0],
        of["level"],
        _gaps(spans),
        of["colour"] + of["cct"] + of["closed"],
        of["spin"],
        [replace(span, last=span.first) for span in of["effect"]],
        [span for span in of["maintenance"] if not span.worse],
    )
    for group in calmest_first:
        if group:
            best = next((span for span in group if default is not None and _inside(default, [span])), group[0])
            return _level_in(best, default), best
    raise ProfileError(f"{note}: every level of it flashes, resets or switches the lamp")


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
