"""What makers write about zooms, irises, focuses, frosts, gobos, prisms and animation wheels, and what looks may move.

Pure. Only what is said is moved: a zoom of which nobody tells which end is wide rests.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from controller.rig.profiles.profile import PLACES, BeamPart, LevelSpan
from controller.rig.profiles.rest_words import (
    FLASHES,
    HARM,
    NOTHING,
    OWN_SHOW,
    STOP,
    VACANT,
    found,
    says_open_slot,
)
from controller.rig.profiles.spans import Span
from controller.rig.profiles.turn_words import TURNED_BY, turns

LEAST_LEVELS = 40
"""A range of fewer levels is a position or a speed, and no way from end to end."""
MOST_SLOTS = 12
CLOSE_BY = 13
"""An iris rests open and a frost rests clear if they rest within so many levels, a twentieth, of that end."""
NO_PART = (
    r"speed|rotation|rotate\b|macro|mode|fine\b|reset|time|curve|index|spin|shake|laser|pulse|effect speed|position"
)
NAMES: tuple[tuple[BeamPart, str], ...] = (
    ("zoom", r"\bzoom\b"), ("iris", r"\biris\b"), ("focus", r"\bfocus\b"), ("frost", r"\bfrost\b"),
    ("prism", r"\bprism"), ("animation", r"\banimation (wheel|dis[ck])"),
    ("gobo", r"^(?!.*animation).*\bgobos?\b"),
)  # fmt: skip
LOW = {
    "zoom": r"narrow|small|\bmin|spot|tight",
    "iris": r"clos|\bmin|small",
    "focus": r"near|close",
    "frost": r"clear|open|exclud|\bno\b|\b0 ?%",
}
HIGH = {
    "zoom": r"wide|\bbig|large|\bmax|flood",
    "iris": r"open|\bmax|\bbig|large|wide",
    "focus": r"\bfar\b|infinit",
    "frost": r"100 ?%|\bfull|insert|inclu|diffus|heavy",
}
UNSTEADY = rf"rotat|clockwise|\bccw\b|\bcw\b|spin|macro|index|speed|shak|sound|audio|scroll|->|→|{OWN_SHOW}|{FLASHES}"
FROSTED = r"frost|insert|\bon\b|full|enabl|heavy|medium|light|100 ?%"
CLEAR = rf"open|\bout\b|exclud|disabl|without|ramp|\b0 ?%|->|→|<|>|{NOTHING}|{OWN_SHOW}|{FLASHES}|{HARM}|{VACANT}"
PARTLY = r"index|posit|proport|puls|\bmin\b|vertic|horiz|[1-9]\d? ?%"
PRISM_OUT = rf"^\W*(open|out|off|no)\b|\b(out|off|open|exclud\w*)\W*$|{NOTHING}|{STOP}|{VACANT}"


def part_named(name: str) -> str:
    """Which part of the beam a channel's name means; empty if none, several, or only the speed of one."""
    parts = [part for part, pattern in NAMES if found(pattern, name)]
    return parts[0] if len(parts) == 1 and not found(NO_PART, name) else ""


def way(part: str, said: str) -> tuple[float, float] | None:
    """Both ends of "narrow to wide", "far -> near", "60° to 10°" as 0 and 1; None where it does not say."""
    if part not in LOW:
        return None
    low, high = (re.search(table[part], said, re.I) for table in (LOW, HIGH))
    if low and high and low.start() != high.start():
        return (0.0, 1.0) if low.start() < high.start() else (1.0, 0.0)
    degrees = [float(one) for one in re.findall(r"(\d{1,3}(?:\.\d{1,2})?) ?(?:°|deg)", said)] if part == "zoom" else []
    if len(degrees) == 2 and degrees[0] != degrees[1]:
        return (0.0, 1.0) if degrees[0] < degrees[1] else (1.0, 0.0)
    return None


def prism_stands(said: str) -> bool:
    """Whether a place of a prism's channel has it in the beam, and still."""
    return not found(rf"{UNSTEADY}|{PRISM_OUT}|{HARM}", said) and not says_open_slot(said)


def animation_stands(said: str) -> bool:
    """Whether a place of an animation wheel's channel has it whole in the beam; what it does there others tell."""
    return not found(rf"{PRISM_OUT}|{HARM}|{OWN_SHOW}|{PARTLY}|disengag|clos", said) and not says_open_slot(said)


def shaping(spans: Sequence[Span], at: int) -> dict[str, Any]:
    """What looks may do with a channel that is held, as the field of it; empty where that is nothing.

    Args:
        spans: of the channel, apart. at: where it is held.
    """
    parts = {span.part for span in spans if span.part}
    for place in PLACES:
        if place in parts:
            parts.discard(TURNED_BY[place])
    if len(parts) != 1:
        return {}
    (part,) = parts
    for place in PLACES:
        if part == place:
            return _slots(place, spans, at)
    if part in TURNED_BY.values():
        return _turned(part, spans, at)
    return _slide(part, spans, at) or (_frosted(spans, at) if part == "frost" else {})


def _slots(part: BeamPart, spans: Sequence[Span], at: int) -> dict[str, Any]:
    """The steady patterns or prisms, and those that turn, where the channel rests without any of them."""
    rest = next((span for span in spans if span.first <= at <= span.last), None)
    if rest is not None and rest.part and not (at == rest.first and _slides_in(rest)):
        return {}
    # one picture may stand twice: as it is, and once more as the beginning of a range that shakes it
    steady = [span for span in spans if span.part == part and span.meaning in ("gobo", "effect", "level")]
    slots = [(span.last, span.last) if _slides_in(span) else span.levels for span in steady]
    if part == "gobo":
        return _patterns(slots, [span.levels for span in spans if span.part == part and span.meaning == "spin"])
    moving = turns(spans, part)
    if not slots and rest is not None and rest.meaning == "stop":
        return _shapes(TURNED_BY[part], turns=moving)  # where it stands still it may be in the beam or not
    return _shapes(part, slots=[{"dmx": one} for one in slots[:MOST_SLOTS]], turns=moving)


def _patterns(standing: list[LevelSpan], revolving: list[LevelSpan]) -> dict[str, Any]:
    """Each pattern once as it stands and once as it turns; where these are not as many, only the ones or the others."""
    if len(standing) != len(revolving):
        standing, revolving = standing or revolving, []
    both = ([{"dmx": one} for one in levels[:MOST_SLOTS]] for levels in (standing, revolving))
    return _shapes("gobo", **dict(zip(("slots", "revolving"), both, strict=True)))


def _slides_in(span: Span) -> bool:
    """Whether a wheel slides into the beam along a range, and is all in at its end."""
    return span.part == "animation" and found(r"linear|gradual|\b0 ?%? ?(-|to|\.\.+) ?100 ?%", span.name)


def _turned(part: str, spans: Sequence[Span], at: int) -> dict[str, Any]:
    """What turns a pattern, a prism or an animation wheel, where the channel rests still, or at the slow end."""
    rest = next((span for span in spans if span.first <= at <= span.last), None)
    if rest is not None and rest.part and at not in (rest.first, rest.last):
        return {}
    return _shapes(part, turns=turns(spans, part))


def _shapes(part: str, **ways: list[Any]) -> dict[str, Any]:
    given = {name: found_there for name, found_there in ways.items() if found_there}
    return {"shapes": {"part": part, **given}} if given else {}


def _frosted(spans: Sequence[Span], at: int) -> dict[str, Any]:
    """The heaviest frost that is in or out, where the channel rests without any."""
    steady = [span for span in spans if span.part == "frost" and span.meaning in ("level", "effect")]
    slots = [
        span
        for span in steady
        if (span.start == span.end and span.start > 0.5)
        or (span.start == span.end == 0.0 and found(FROSTED, span.name) and not found(CLEAR, span.name))
    ]
    if not slots or any(span.first <= at <= span.last for span in slots):
        return {}
    return _shapes("frost", slots=[{"dmx": slots[-1].levels}])


def _slide(part: str, spans: Sequence[Span], at: int) -> dict[str, Any]:
    """The longest stretch from one end to the other."""
    fitting = [
        span
        for span in spans
        if span.part == part
        and span.meaning in ("level", "effect")
        and not found(rf"{HARM}|{FLASHES}|{OWN_SHOW}", span.name)
    ]
    best = max(_joined(fitting), key=lambda span: span.last - span.first, default=None)
    if best is None or best.last - best.first < LEAST_LEVELS:
        return {}
    beside = not best.first <= at <= best.last
    upwards = _upwards(part, best, at, beside=beside)
    if upwards is None:
        return {}
    levels = best.levels if upwards else (best.last, best.first)
    open_end = {"iris": levels[1], "frost": levels[0]}.get(part)
    if open_end is not None and not beside and abs(at - open_end) > CLOSE_BY:
        return {}  # where its maker leaves it, it would be half closed: one of the two is not true
    return {"shapes": {"part": part, "range": levels}}


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Neighbours that go the same way as one: makers give the ends of a range names of their own."""
    joined: list[Span] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before is not None and span.first == before.last + 1 and _sense(span) == _sense(before):
            joined[-1] = replace(before, last=span.last)
        else:
            joined.append(span)
    return joined


def _sense(span: Span) -> int:
    return (span.end > span.start) - (span.end < span.start)


def _upwards(part: str, span: Span, at: int, *, beside: bool) -> bool | None:
    """Whether it grows with the level; of a frost without a word, its clear end is where it rests."""
    if span.start != span.end:
        return span.end > span.start
    if part == "frost" and not beside and at - span.first <= CLOSE_BY:
        return True
    return False if part == "frost" and not beside and span.last - at <= CLOSE_BY else None
