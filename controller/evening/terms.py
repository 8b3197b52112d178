"""A text in terms: what each of its words is to the light, with its place in the text. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from controller.evening import words

LATIN = "a-zà-öø-ÿœāăąćčďđēėęěğīłńňōőřśšťūůűźżžß"
TARGETS = ("colour", "device", "energy", "dark", "blackout")
FILLERS = ("fill", "prep")
UNKNOWN = "word"
FEWEST_LETTERS = 6
"""A word of so many letters is known with one wrong letter in it, too."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase.

    Attributes:
        kind: as the word lists name it, "word" where none has it, "stop" for what ends a clause. value: which of its
            kind.
        start, end: place in the text. text: as it was written. note: what a person should be told about the reading.
    """

    kind: str
    value: str
    start: int
    end: int
    text: str
    note: str = ""


def small(text: str) -> str:
    """Small letters, as many as before."""
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text).replace("’", "'")


def is_cjk(letter: str) -> bool:
    """Whether a letter belongs to a script that puts no spaces between words."""
    return bool(letter) and ("\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" or letter in "々〆ー")


def pattern(listed: str) -> re.Pattern[str]:
    """One pattern for a list of words, the longest first."""
    latin: list[str] = []
    others: list[str] = []
    for one in sorted(set(listed.split()), key=len, reverse=True):
        (latin if re.search("[a-zA-Z]{2}|\\b[a-z]\\b", one) else others).append(one.replace("_", "\\s+"))
    parts = [f"(?<![{LATIN}])(?:{'|'.join(latin)})(?![{LATIN}])"] if latin else []
    return re.compile("|".join(parts + others), re.IGNORECASE)


@cache
def _lists() -> tuple[tuple[str, str, re.Pattern[str], str], ...]:
    """Kind, value, pattern and note of every list."""
    rows: list[tuple[str, str, str, str]] = [("colour", name, listed, "") for name, listed in words.COLOURS.items()]
    rows += [("colour", name, listed, f"read as {name}") for name, listed in words.NEAREST.items()]
    rows += [("device", name, listed, "") for name, listed in words.DEVICES.items()]
    rows += [("energy", name, listed, "") for name, listed in words.ENERGIES.items()]
    rows += [(kind, kind, listed, "") for kind, listed in (*words.OPERATIONS.items(), *words.OTHERS.items())]
    rows += [("prep", "prep", words.PREPOSITIONS, ""), ("fill", "fill", words.FILLING, "")]
    return tuple((kind, value, pattern(listed), note) for kind, value, listed, note in rows)


def _simplest(listed: str) -> str:
    """Patterns without what is optional in them: their plainest words."""
    for _ in range(4):
        listed = re.sub(r"\(\?:[^()]*\)\??", "", listed)
    return re.sub(r"\[[^]]*\]\?|-\?|.\?", "", listed)


@cache
def _long_words() -> dict[str, tuple[str, str]]:
    """Plain words that may have a wrong letter in them, with kind and value."""
    lists: list[tuple[str, str, str]] = [("colour", name, listed) for name, listed in words.COLOURS.items()]
    lists += [("energy", name, listed) for name, listed in words.ENERGIES.items()]
    lists += [("device", "strobe", "strobe strobes stroboskop strobo"), ("device", "blinder", "blinder blinders")]
    lists += [(kind, kind, words.OPERATIONS[kind]) for kind in ("no", "off")] + [
        ("front", "front", words.OTHERS["front"])
    ]
    return {
        one: (kind, value)
        for kind, value, listed in lists
        for one in _simplest(listed).split()
        if len(one) >= FEWEST_LETTERS and one.isalpha() and not is_cjk(one[0])
    }


def _is_near(one: str, other: str) -> bool:
    """Whether one letter was put in, left out, changed, or two neighbours were swapped."""
    if abs(len(one) - len(other)) > 1 or one[0] != other[0]:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[same:], other[same:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _mistyped(word: str) -> tuple[str, str] | None:
    if len(word) < FEWEST_LETTERS:
        return None
    found = [kind for known, kind in _long_words().items() if _is_near(word, known)]
    near = {kind for kind in found if kind[0] not in ("no", "off") or len(word) > FEWEST_LETTERS}  # "nights", "nichts"
    return near.pop() if len(near) == 1 else None


STOP = re.compile(
    r"\s*(?:[,;、。!|()\[\]{}<>\t\x1f【】「」『』]|\s[-–—―]+\s|[–—―]|\s/\s|\.(?=\s|$)|\.\.+|//|→|->|\n)\s*"
)
GAP = re.compile(r"[ \u3000]+(?=[^\s,;、。!|()\[\]{}<>\-–—/])")
"""A blank beside a letter that needs none: on Japanese sheets it parts what commas part elsewhere."""
WORD = re.compile(rf"[{LATIN}0-9](?:[{LATIN}0-9'-]*[{LATIN}0-9])?")
BLANK = re.compile(r"[\s:=.\"'„“”«»~*_^#→-]+|[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d]")


def terms_of(text: str) -> list[Term]:
    """A text in terms; blanks and decorations are left out.

    Args:
        text: in NFKC.
    """
    low, at, found = small(text), 0, list[Term]()
    while at < len(text):
        term = _term_at(text, low, at)
        if term is None:
            at += 1
            continue
        found.append(term)
        at = term.end
    return found


def _term_at(text: str, low: str, at: int) -> Term | None:
    """The longest term that begins here; None for a blank."""
    if (
        (gap := GAP.match(low, at)) is not None
        and at
        and (is_cjk(low[at - 1]) or is_cjk(low[gap.end() : gap.end() + 1]))
    ):
        return Term("stop", "space", at, gap.end(), text[at : gap.end()])
    if (stop := STOP.match(low, at)) and stop.end() > at:
        sign = stop.group().strip()
        return Term("stop", "weak" if sign in (",", "、", "/") else "strong", at, stop.end(), text[at : stop.end()])
    best: Term | None = None
    for kind, value, listed, note in _lists():
        match = listed.match(low, at)
        if match and match.end() > at and (best is None or match.end() > best.end):
            best = Term(kind, value, at, match.end(), text[at : match.end()], note)
    if best is not None:
        return best
    if BLANK.match(low, at) and not low[at].isalnum():
        return None
    return _unknown(text, low, at)


def _unknown(text: str, low: str, at: int) -> Term:
    if is_cjk(low[at]):
        return Term(UNKNOWN, "", at, at + 1, text[at])
    match = WORD.match(low, at)
    end = match.end() if match else at + 1
    known = ("device", "strobe") if "strob" in low[at:end] else _mistyped(low[at:end])
    if known:
        return Term(known[0], known[1], at, end, text[at:end], f"'{text[at:end]}' was read as {known[1]}")
    return Term(UNKNOWN, "", at, end, text[at:end])


def plain(text: str) -> str:
    """A text as it is read: compatibility forms (full-width letters, half-width katakana) are made one."""
    return unicodedata.normalize("NFKC", text)
