"""What the judge takes words beside a range of levels for. Written apart from the importers' rules, and coarser."""

import re

Tags = frozenset[str]

OFF = re.compile(
    r"no function|\boff\b|\bnone\b|unused|not used|no effect|disabled|^\W*no\b|null|colou?r mixing|rgb mix"
    r"|ch(annel)?s?\W*\d|idle|standby|normal|manual|^\W*$",
    re.I,
)
OPEN = re.compile(r"\bopen\b|no gobo|\bhole\b|\bclear\b", re.I)
DARK = re.compile(r"black ?-?out|clos|\b(leds?|lamp|light|all)s? off|^\W*dark", re.I)
STROBE = re.compile(r"strob|flash|puls|lightning|random|blink", re.I)
NO_STROBE = re.compile(r"no strob|strob\w*\W*(function|effect)?\W*off|without strob|no flash|static|no function", re.I)
RESET = re.compile(r"\breset|lamp\W*off|shut ?down|reboot|calibrat|\bpark", re.I)
PROGRAM = re.compile(r"program|\bauto|sound|music|audio|\bshow\b|chase", re.I)
LASER = re.compile(r"\blasers?\b", re.I)
TURNS = re.compile(r"rotat|motor|mov|motion|speed|pattern|pan|tilt|zoom|size|position|strob|shutter", re.I)
WHITE = re.compile(r"\W*white\W*", re.I)
STOP = re.compile(r"\bstop|no rotation", re.I)


def tags_of(said: str) -> set[str]:
    """What words alone say of a range."""
    found = {name for name, pattern in (("off", OFF), ("open", OPEN), ("dark", DARK), ("reset", RESET), ("stop", STOP))
             if pattern.search(said)}  # fmt: skip
    if STROBE.search(said) and not NO_STROBE.search(said):
        found.add("strobe")
    if PROGRAM.search(said) and not re.search(r"\boff\b|no (program|auto|sound|function)", said, re.I):
        found.add("program")
    if LASER.search(said) and not found & {"off", "dark"}:
        found.add("laser")
    return found
