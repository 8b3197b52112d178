"""What makers write about gobos, prisms and animation wheels that turn, and how much of it looks may use. Pure.

Only ranges that go from slow to fast are used, and only their slow part: a pattern that turns fast flickers on whatever
it falls on, and nobody counts that.
"""

from collections.abc import Sequence
from dataclasses import replace

from controller.rig.profiles.profile import BeamPart, LevelSpan
from controller.rig.profiles.rest_words import FLASHES, HARM, OWN_SHOW, STOP, VACANT, found
from controller.rig.profiles.spans import Span

MOST_HZ = 0.5
"""Revolutions a second: a pattern of six equal parts passes three times a second, as often as anything may flash."""
UNTOLD = 0.25
"""Of a range whose speeds nobody tells, this share of its levels, from the slow end: 120 to 200 rpm are usual at the
other."""
FEWEST_LEVELS = 6
"""A range of fewer levels is one speed, and which one nobody tells."""
TURNED_BY: dict[BeamPart, BeamPart] = {"gobo": "gobo_turn", "prism": "prism_turn", "animation": "animation_turn"}
TURNS = r"rotation|rotate|\brot\b(?!\.? *gobo)|spin|index"
PICTURES = r"\bgobos? ?\d+\W*$|\bgobos? ?\d+.*(shak|index)"
NAMES: tuple[tuple[BeamPart, str], ...] = (
    ("animation", r"\banimations?\b"), ("gobo", r"\bgobos?\b"), ("prism", r"\bprisms?\b"),
)  # fmt: skip
NO_TURN = r"macro|speed of|time|mode|fine\b|reset|laser|shak|select|wheel (rot|spin)|change"
BACKWARDS = r"counter|anti|\bccw\b|backw|revers|opposite|negative|\bleft\b"
SLOW_TO_FAST = r"slow(est)?\b.*\bfast|increas|min\b.*\bmax"
FAST_TO_SLOW = r"fast(est)?\b.*\bslow|decreas|max\b.*\bmin"
NO_SPEED = rf"shak|bounc|sound|audio|music|random|puls|wave|sweep|macro|scroll|rainbow|{FLASHES}|{HARM}|{VACANT}"


def turn_named(name: str, said: Sequence[str] = ()) -> BeamPart | None:
    """Which part of the beam a channel turns; None if none, or the whole wheel.

    Args:
        name: of the channel; a "rotating gobo" is a wheel. said: words beside its ranges, of which a wheel's are
            pictures.
    """
    if not found(TURNS, name) or found(NO_TURN, name) or any(found(PICTURES, one) for one in said):
        return None
    parts = [part for part, pattern in NAMES if found(pattern, name)]
    return TURNED_BY[parts[0]] if len(parts) == 1 else None


def speeds(said: str, preset: str = "") -> tuple[float, float] | None:
    """How fast something turns at both ends of a range, as signs and an order: (0.1, 1.0) is slow to fast.

    Args:
        said: words beside the range. preset: of a QLC+ definition, such as `RotationClockwiseSlowToFast`.
    """
    if found(rf"{NO_SPEED}|{STOP}", said) or found(OWN_SHOW.replace("|speed", ""), said):
        return None
    rises = preset.endswith("SlowToFast") or (not preset.endswith("FastToSlow") and found(SLOW_TO_FAST, said))
    falls = preset.endswith("FastToSlow") or (not rises and found(FAST_TO_SLOW, said))
    if not rises and not falls:
        return None
    sign = -1.0 if "CounterClockwise" in preset or found(BACKWARDS, said) else 1.0
    return (sign * 0.1, sign) if rises else (sign, sign * 0.1)


def turns(spans: Sequence[Span], part: str) -> list[LevelSpan]:
    """Levels from slow to fast at which a part turns, the one way round and the other.

    Args:
        spans: of a channel, apart. part: what turns with it.
    """
    moving = [span for span in spans if span.part == part and (part not in TURNED_BY or span.meaning == "spin")]
    runs = _believed(
        _runs([half for span in moving for half in _parted(span)]), [span for span in spans if span.meaning == "stop"]
    )
    ways: list[tuple[Span, LevelSpan]] = []
    for run in runs:
        levels = _slow_part(run)
        if levels is not None and len(ways) < 2 and (not ways or _other_way(ways[0][0], run)):
            ways.append((run, levels))
    ways.sort(key=lambda one: one[0].start + one[0].end < 0.0)
    return [levels for _, levels in ways]


def _parted(span: Span) -> list[Span]:
    """A range that goes from one way round to the other as two, without the level at which it stands."""
    if span.start * span.end >= 0.0:
        return [span]
    still = span.first + round((span.last - span.first) * abs(span.start) / (abs(span.start) + abs(span.end)))
    return [replace(span, last=still - 1, end=0.0), replace(span, first=still + 1, start=0.0)]


def _believed(runs: Sequence[Span], stops: Sequence[Span]) -> list[Span]:
    """Ranges that may be what they are called: where a stop parts two ways round, both begin slowly beside it."""
    wrong: list[Span] = []
    for stop in stops:
        before = [run for run in runs if run.last == stop.first - 1]
        after = [run for run in runs if run.first == stop.last + 1]
        if before and after:
            wrong += [run for run in before if abs(run.start) < abs(run.end)]
            wrong += [run for run in after if abs(run.start) > abs(run.end)]
    return [run for run in runs if run not in wrong]


def _runs(spans: Sequence[Span]) -> list[Span]:
    """Neighbours that turn the same way as one: makers give the ends of a range names of their own."""
    runs: list[Span] = []
    for span in spans:
        before = runs[-1] if runs else None
        if before is not None and span.first == before.last + 1 and _same_way(before, span):
            runs[-1] = replace(before, last=span.last, end=span.end)
        else:
            runs.append(span)
    return runs


def _same_way(before: Span, span: Span) -> bool:
    """Whether one range goes on as the one before it."""
    rises, goes_on = abs(before.end) - abs(before.start), abs(span.end) - abs(span.start)
    sides = (before.start + before.end) * (span.start + span.end) > 0.0
    return sides and rises * goes_on >= 0.0 and before.end != 0.0


def _other_way(one: Span, other: Span) -> bool:
    """Whether two ranges turn to different sides; where words do not say it, one that falls is followed by one that
    rises.
    """
    sides = (one.start + one.end) * (other.start + other.end)
    return sides < 0.0 or (abs(one.end) > abs(one.start)) != (abs(other.end) > abs(other.start))


def _slow_part(run: Span) -> LevelSpan | None:
    """The levels that may be used, from slow to fast."""
    least, most = sorted((abs(run.start), abs(run.end)))
    if run.last - run.first + 1 < FEWEST_LEVELS or least == most:
        return None
    if run.told and least >= MOST_HZ:
        return None
    share = min(1.0, (MOST_HZ - least) / (most - least)) if run.told else UNTOLD
    reach = max(1, int(share * (run.last - run.first)))
    return (run.first, run.first + reach) if abs(run.start) < abs(run.end) else (run.last, run.last - reach)
