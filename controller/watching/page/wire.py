"""The page's JSON, in both directions: snapshots out, commands in. Pure.

JSON knows no NaN and no infinity, and a browser refuses the whole message for one of them, so every number that goes
out is made finite. Three decimals of linear light are finer than an 8-bit screen shows.
"""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from controller.arrays import FloatingArray
from controller.messages import Command, Operator
from controller.people.commands import on_the_page, row_of
from controller.people.operator import plain_operator
from controller.watching.page.feed import Hello, LevelPoint, Live, TokenPoint

MAX_COMMAND_BYTES = 1024
MOST_VALUES, MOST_LETTERS = 16, 60
WAITING = '{"type":"waiting"}'
FLOOR_DB = -120.0


def encode_hello(hello: Hello) -> str:
    """The first message on a connection."""
    message = {
        "type": "hello",
        "venue": hello.venue,
        "source": hello.source,
        "models": dict(hello.models),
        "stages": [asdict(stage) for stage in hello.stages],
        "history_s": hello.history_s,
        "heads": [asdict(head) for head in hello.heads],
        "tokens": [_token(point) for point in hello.tokens],
        "levels": [_level(point) for point in hello.levels],
        "targets": list(hello.targets),
        "scenes": list(hello.scenes),
        "haze": hello.haze,
        "set_list": None if hello.set_list is None else asdict(hello.set_list),
        "places": {name: list(at_m) for name, at_m in hello.places.items()},
        "commands": [{"name": row.name, "kind": row.kind, "label": row.title} for row in on_the_page()],
    }
    return _dump(message)


def encode_live(live: Live) -> str:
    """One snapshot, about 1.5 kB for a rig of 30 heads."""
    message = {
        "type": "live",
        "t": _finite(live.t_s),
        "elapsed_s": _finite(live.elapsed_s),
        "heads": _heads(live.heads),
        "operator": _operator(live.operator),
        "health": live.health,
        "token": None if live.token is None else _token(live.token),
        "level": None if live.level is None else _level(live.level),
        "loudness": _finite(live.loudness),
        "timings": {name: [_finite(p50), _finite(p99)] for name, (p50, p99) in live.timings.items()},
        "counters": {name: _finite(count) for name, count in live.counters.items()},
        "processes": dict(live.processes),
        "controllers": list(live.controllers),
        "learning": live.learning,
        "plan": live.plan,
        "sections": [_finite(t_s) for t_s in live.sections],
        "troubles": list(live.troubles),
        "band": {name: _finite(one) if isinstance(one, float) else one for name, one in asdict(live.band).items()},
        "evening": asdict(live.evening),
        "sound": None if live.sound is None else [_finite(one) for one in live.sound],
        "marks": [[_finite(t_s), label] for t_s, label in live.marks],
    }
    return _dump(message)


def decode_command(text: str) -> Command:
    """Read a command from a page.

    Args:
        text: one JSON object, such as {"command": "grand_master", "amount": 0.8}; `target` and `values` where a command
            is about something (`people/operator.py`).

    Returns:
        The command with its amount clamped to 0..1; a switch or button is exactly 0 or 1.

    Raises:
        ValueError: too long, not JSON, an unknown command, or an amount that is not a finite number.
    """
    if len(text.encode(errors="replace")) > MAX_COMMAND_BYTES:
        raise ValueError("longer than a command can be")
    message = _parse(text)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    name = message.get("command")
    row = row_of(name) if isinstance(name, str) else None
    if row is None or row.who is None:
        raise ValueError("unknown command")
    amount = _amount(message.get("amount"))
    target, values = message.get("target", ""), message.get("values", [])
    if not isinstance(target, str) or not isinstance(values, list) or len(values) > MOST_VALUES:
        raise ValueError("target is a word, values are a few numbers")
    if any("\ud800" <= one <= "\udfff" for one in target):
        raise ValueError("target holds half a letter")
    if row.on_or_off:
        amount = float(amount >= 0.5)
    return Command(row.name, amount, target[:MOST_LETTERS], tuple(_number(one) for one in values))


def moment_of(text: str) -> float | None:
    """When a command was given, in the show's time as the page knows it; None where it does not say.

    Args:
        text: of a command that was read (`decode_command`); `at` is the `t` of a snapshot of that moment.
    """
    message = _parse(text)
    at = message.get("at") if isinstance(message, dict) else None
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        return None
    return float(at)


def is_lent(text: str) -> bool:
    """Whether a command that was read lasts only for as long as its page is there."""
    message = _parse(text)
    return isinstance(message, dict) and message.get("lent") is True


def encode_late(command: str) -> str:
    """Tell a page that a command came too late and was not obeyed."""
    return _dump({"type": "late", "command": command})


def _parse(text: str) -> object:
    try:
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _number(one: object) -> float:
    if isinstance(one, bool) or not isinstance(one, int | float) or not -1e6 < one < 1e6:  # NaN is not, either
        raise ValueError("a value is no number of any use")
    return float(one)


def _amount(amount: object) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ValueError("amount is not a number")
    if isinstance(amount, float) and not math.isfinite(amount):  # an integer of 900 digits is finite, but no float
        raise ValueError("amount is not finite")
    return float(min(1, max(0, amount)))


def _operator(operator: Operator) -> dict[str, Any]:
    """Everything but a scene's rows, which no page needs."""
    plain = plain_operator(replace(operator, scene=None, grand_master=_finite(operator.grand_master)))
    return {**plain, "scene": "" if operator.scene is None else operator.scene.name}


def _heads(heads: FloatingArray) -> list[list[float]]:
    finite = np.nan_to_num(np.asarray(heads, dtype=np.float64), nan=0.0, posinf=1.0, neginf=0.0)
    light = np.round(np.clip(finite[:, :3], 0.0, 1.0), 3)
    rows: list[list[float]] = np.hstack((light, np.round(finite[:, 3:5], 1))).tolist()
    return rows


def _token(point: TokenPoint) -> list[float]:
    return [_finite(point.t_s), int(point.hue), int(point.value), _finite(point.sure)]


def _level(point: LevelPoint) -> list[float]:
    level_db = max(FLOOR_DB, point.level_db) if not math.isnan(point.level_db) else FLOOR_DB
    return [_finite(point.t_s), round(level_db, 1), round(_finite(point.onset), 2)]


def _finite(number: float) -> float:
    return round(float(number), 3) if math.isfinite(number) else 0.0


def _dump(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), allow_nan=False)
