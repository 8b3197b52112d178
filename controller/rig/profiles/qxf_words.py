"""What people write beside ranges of levels in QLC+ definitions, where no preset says what they mean.

For each group of channels a list of rules, first come first served. What no rule knows is kept still (`level`) or taken
for the worst that its group does.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from controller.rig.profiles.rest_words import (
    BY_HAND,
    CLOSES,
    FLASHES,
    MIXES,
    NO_FLASH,
    NOTHING,
    OPEN_SLOT,
    OPENS,
    OWN_SHOW,
    SLOT_MOVES,
    STOP,
    found,
    is_dimmers_name,
)
from controller.rig.profiles.spans import Meaning

PROGRAMS = r"program|\bprog\b|auto|sound|audio|music|trig|chase|macro|fade|effect|speed|mode|curve|custom"
TURNS = r"rotat|clockwise|shake|macro|music|auto|speed|roll|continuous|infinit|sound|slow|fast|mode|range"
MOVES = (
    r"rotat|scroll|cycl|rainbow|chase|auto|fade|chang|program|sound|->|→|speed|\+|/|led group|shake|split|jump|music"
)
HEADS = r"pan|tilt|p/?t\b|x/?y|position|movement|vector|motor|head"


class Words(NamedTuple):
    """One range: its channel's group and name, what is said beside it, how many ranges the channel has, and whether
    the channel is an emitter.
    """

    group: str
    name: str
    said: str
    ranges: int
    emitter: bool


class Rule(NamedTuple):
    """A meaning for ranges beside which `says` is said and `but` is not; patterns know no upper and lower case.

    `name` and `but_name` are searched in the channel's name, `whole` in both. A rule may be only for channels of
    several ranges, or of one, and only for those whose names a dimmer may have.
    """

    meaning: Meaning
    says: str = ""
    but: str | None = None
    name: str | None = None
    but_name: str | None = None
    whole: str | None = None
    several: bool | None = None
    emitter: bool | None = None
    dimmer: bool | None = None
    start: float = 0.0
    end: float = 1.0

    def fits(self, words: Words) -> bool:
        """Whether the rule is for these words."""
        if self.several is not None and self.several != (words.ranges > 1):
            return False
        if self.emitter is not None and self.emitter != words.emitter:
            return False
        if self.dimmer is not None and self.dimmer != is_dimmers_name(words.name):
            return False
        both = f"{words.name} {words.said}"
        wanted = ((self.says, words.said), (self.name, words.name), (self.whole, both))
        unwanted = ((self.but, words.said), (self.but_name, words.name))
        return all(found(one, text) for one, text in wanted if one is not None) and not any(
            found(one, text) for one, text in unwanted if one is not None
        )


RESETS = Rule("maintenance", r"\breset|lamps? ?off|shut ?down|reboot|calibrat")
OTHER = (
    RESETS,
    Rule("open", NO_FLASH),
    Rule("stop", STOP),
    Rule("none", NOTHING),
    Rule("none", rf"{MIXES}|^\W*rgb[wauv]*\W*$", but=OWN_SHOW),
    Rule("strobe", FLASHES, start=-1.0, end=-1.0),
    Rule("neutral", r"^\W*(open|no |linear|parallel|normal|standard|default)"),
    Rule("effect", r"auto|sound|macro|program|chase|effect|shake|rotat|show|rainbow|clos"),
    Rule("level"),
)
PERCENTS = r"\d *%? *(-|to|>|<-->) *\d+ *%"
NO_DIMMER = (
    Rule("intensity", r"dim(?!\w* (curve|speed|mode))|intens|bright", but=FLASHES, dimmer=False),
    *(one._replace(dimmer=False) for one in OTHER),
)
AXIS = (
    RESETS,
    Rule("none", rf"{NOTHING}|{STOP}"),
    Rule("effect", TURNS),
    Rule("effect", name="speed|continuous|infinit|rotation|macro|mode|time|shortcut|endless"),
)
RULES: dict[str, tuple[Rule, ...]] = {
    "intensity": (
        Rule("maintenance", r"reset|lamp ?off"),
        *NO_DIMMER,
        Rule("open", NO_FLASH, start=1.0),
        Rule("strobe", FLASHES, but="intensity|dimmer", start=-1.0, end=-1.0),
        Rule("none", rf"(?=.*({NOTHING}|{STOP}))(?=.*({PROGRAMS}))"),
        Rule("effect", PROGRAMS),
        Rule("emitter", emitter=True),
        Rule("none", r"no function|unused|nothing"),
        Rule("intensity", PERCENTS),
        Rule("open", OPENS, several=True, start=1.0),
        Rule("closed", CLOSES, several=True),
        Rule("intensity", whole="dim|intens", name=FLASHES),
        Rule("strobe", name=FLASHES, start=-1.0, end=-1.0),
        Rule("intensity"),
    ),
    "shutter": (
        Rule("effect", rf"{CLOSES}|puls", but=FLASHES, whole="iris|blade|insert|swivel|frost|zoom|duration|fram|rotat"),
        Rule("level", but=FLASHES, whole="iris|blade|insert|swivel|frost|zoom|duration|fram|rotat"),
        Rule("maintenance", "reset|lamp"),
        Rule("open", NO_FLASH),
        Rule(
            "none",
            r"^\W*(no function|no strobe|no effect|none|off|no shutter|strobe off|unused|nothing|without|null\b)",
        ),
        Rule("open", OPENS, but=r"stro+b\w* (effect|speed)|puls|slow|random|ramp|speed"),
        Rule("closed", CLOSES, but=rf"{FLASHES}|ramp|random|twinkle|sound|speed|hz\b|slow|fast"),
        Rule("effect", "music|sound|audio|trigger", but=FLASHES),
        Rule("intensity", "dim|intens", but="speed|rate"),
        Rule("intensity", PERCENTS, but=rf"{FLASHES}|speed|rate|hz"),
        Rule("open", r"^\W*neutral"),
        Rule("strobe", start=-1.0, end=-1.0),
    ),
    "colour": (
        RESETS,
        Rule("strobe", FLASHES, start=-1.0, end=-1.0),
        Rule("level", several=False),
        Rule("level", r"^$"),
        Rule("stop", STOP),
        Rule("none", NOTHING, but=r"\b(lamps?|leds?|lights?|all)\W*off"),
        Rule("none", BY_HAND, but=OWN_SHOW),
        Rule("effect", MOVES),
        Rule("closed", CLOSES),
        Rule("colour"),
    ),
    "gobo": (
        RESETS,
        Rule("stop", STOP),
        Rule("neutral", NOTHING),
        Rule("neutral", OPEN_SLOT, but=rf"{SLOT_MOVES}|black ?-?out|clos"),
        Rule("closed", CLOSES),
        Rule("strobe", FLASHES, start=-1.0, end=-1.0),
        Rule("effect", rf"{TURNS}|{SLOT_MOVES}"),
        Rule("gobo"),
    ),
    "speed": (
        Rule("open", NO_FLASH),
        Rule("strobe", FLASHES, several=True, start=-1.0, end=-1.0),
        Rule("effect", r"blackout|black out|\bbo\b", whole=HEADS),
        Rule("speed", r"slow\W+(to\W+)?fast|min\W+(to\W+)?max", whole=HEADS, start=0.1, end=0.9),
        Rule("speed", r"tracking|maximum|max\.? speed|^fast$|fastest", whole=HEADS, start=1.0),
        Rule("speed", r"fast\W+(to\W+)?slow|max\W+(to\W+)?min", whole=HEADS, start=0.9, end=0.1),
        Rule("speed", whole=HEADS, several=False, start=0.9, end=0.1),
        Rule("level", several=False),
        *OTHER,
    ),
    "maintenance": (
        Rule("none", rf"{NOTHING}|\boff$|normal|standard|default|^\W*(manual|dmx)\b", but="lamp|reset|display"),
        Rule("effect", r"lamps? ?(\W|switch(ed)? |turn(ed)? )?on\b"),
        Rule("maintenance"),
    ),
    "effect": (*OTHER[:-1], Rule("effect", several=True), Rule("level")),
    "pan": (*AXIS, Rule("pan")),
    "tilt": (*AXIS, Rule("tilt")),
}


def judged(words: Words) -> tuple[Meaning, float, float]:
    """What a range means, and how much of it at both ends."""
    rule = next(one for one in RULES.get(words.group.lower(), OTHER) if one.fits(words))
    return (rule.meaning, *(percent(words.said) if rule.meaning == "intensity" else (rule.start, rule.end)))


def percent(said: str) -> tuple[float, float]:
    """Both ends of "0 to 100 %", "100-0%", "bright to dark"; upwards where nothing is said."""
    numbers = list(_numbers(said))[:2]
    if len(numbers) == 2 and "%" in said and max(numbers) <= 100 and numbers[0] != numbers[1]:
        return numbers[0] / 100.0, numbers[1] / 100.0
    return (1.0, 0.0) if found(r"(bright|full|100%?|open)\W+(to\W+)?(dark|0|off|clos)", said) else (0.0, 1.0)


def _numbers(said: str) -> Iterator[float]:
    for one in re.findall(r"\d{1,6}(?:\.\d{1,6})?", said):
        yield float(one)
