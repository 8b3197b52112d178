"""Parts of a fixture whose file tells no heads: a bar of PARs, derbies and movers, a spot inside a wash. Pure.

A dimmer, shutter or colour whose name names a part is that part's alone: "Derby 1 Color", "Spot: Dimmer", "White Strobe
Dimmer". Each part that makes light becomes a head, so that it is dimmed and darkened by what is its own, and by what
names no part. Lasers are no part: nothing drives them.
"""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

WORDS = re.compile(
    r"\b(?:(?P<par>pars?)|(?P<derby>derb(?:y|ies))|(?P<mover>movers?)|(?P<spot>spots?)|(?P<wash>wash(?:es)?)|"
    r"(?P<ring>rings?)|(?P<aura>aura)|(?P<beam>beams?)|(?P<background>background)|(?P<flower>(?:moon ?)?flowers?)|"
    r"(?P<white_strobe>(?:cold |led )?white strobes?)|(?P<uv_strobe>uv strobes?))\b"
    r"(?P<number>(?: effects?)?[ .:#-]*\d+)?",
    re.I,
)
AT_THE_END = re.compile(r"(?<![\d+-])\b(\d+)\s*$")
LEAST = 2
"""A fixture of fewer parts is one head."""


class Part(NamedTuple):
    """One part: what it is called, and its number among those of its name, 0 where it has none."""

    word: str
    number: int


def parts_named(name: str) -> list[Part]:
    """The parts that a channel's name names: "Pars / Derby Red" is for both, "Dimmer" for none in particular."""
    found = list(WORDS.finditer(name))
    end = AT_THE_END.search(name)
    parts = []
    for match in found:
        word = next(key for key, text in match.groupdict().items() if text and key != "number")
        number = re.sub(r"\D", "", match["number"] or "") or (end[1] if end and len(found) == 1 else "0")
        parts.append(Part(word, int(number[:3])))
    return parts


def heads_by_name(given: Mapping[str, frozenset[int]], shining: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Which heads the channels of a mode are for, where the mode has several parts; otherwise as given.

    Args:
        given: the mode's channels in order, each with the heads that its file tells.
        shining: those of them that make or dim light.
    """
    named = {name: parts_named(name) for name in given}
    order: dict[Part, set[int]] = {}
    for name, heads in given.items():
        if heads and len(named[name]) == 1:
            order.setdefault(named[name][0], set()).update(heads)
    lit = [part for name, heads in given.items() if name in shining and not heads for part in named[name]]
    numbered = {part.word for part in (*lit, *order) if part.number}
    free = 1 + max((head for heads in given.values() for head in heads), default=-1)
    for part in dict.fromkeys(one for one in lit if one.number or one.word not in numbered):
        if part not in order:
            order[part] = {free}
            free += 1
    if free < LEAST:
        return given
    found = {}
    for name, heads in given.items():
        mine = {head for part in named[name] for one, its in order.items() if _is(one, part) for head in its}
        found[name] = heads or (frozenset(mine) if len(mine) < free else frozenset())
    return found


def _is(part: Part, named: Part) -> bool:
    return part.word == named.word and named.number in (0, part.number)
