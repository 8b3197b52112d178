"""Words by which makers say what levels do to a fixture that is left alone: the one place for all importers.

Words that say open, on or normal win over words that say closed, dark, off or blackout; what says neither is no rest.
Counted over QLC+'s 1,735 definitions, the Open Fixture Library and manufacturers' GDTF files; see findings R1 to R25.
"""

import re

FLASHES = r"stro+b|flash|puls|lightning|thunder|blink|flicker|explosion"
NO_FLASH = (
    r"\b(no|without) (strob|flash|shutter)|(strob\w*|flash|shutter)\W*(effect |function )?(off|open|opened|disabled)"
    r"|^\W*strobe function off|strobe (static|steady|constant)"
)
STOP = r"\bstop(s|ped|ping)?\b|^\W*no (rotation|rotating|scroll\w*|movements?|movment|motion)\b"
NOTHING = (
    r"^\W*(no function|unused|not used|nothing|reserved|no effects?|none|n/?a|null|no|off|disabled?|idle|inactive"
    r"|not? functional|neutral"
    r"|no (strobe|colou?r|macro|program|prism|gobo|frost|change|effect|action|macros|programs)\w*)\b|no function"
    r"|(?:program|macro|effect|colou?r|gobo|prism|frost|preset|function|wheel)s?\W*off\b|^[\W_]+$"
)
"""Says that nothing happens there, whatever the channel is for."""
VACANT = r"reserved|unused|not used|empty|undefined|n/?a\b"
"""Nothing as far as the maker tells: a worse rest than a level that is said to do nothing."""
MIXES = (
    r"mixing|colou?rs? mix|mix colou?r|\brgb\w*\W*(mode|control|colou?r|mix|channel|input|manual)|\bcmy|set via"
    r"|\bin manual|manual (mode|control)"
    r"|\b(via|through|by|use|usin[dg]|see|with)\b.*\bch|\bch(annel)?s?\.? ?\d+"
)
"""Says that other channels make the colour."""
BY_HAND = rf"{MIXES}|manual|dimming|static colou?r"
OWN_SHOW = r"auto|sound|music|audio|chang|jump|fade|chase|program|rainbow|scroll|cycl|random|speed|show|demo"
OPEN_SLOT = r"\bopen(ed|ing)?\b|\bno gobo|(^|[/(])\W*(full )?white\W*($|[/)])|\bhole\b|\bclear\b|\bblank\b|\bempty\b"
SLOT_MOVES = r"shak|rotat|scroll|spin|jitter|->|→|cycl|rainbow|split|random|audio|sound|auto|music|\bcw\b|\bccw\b|bounc"
OPENS = r"\bopen|steady|constant|\bon\b|\bfull\b|no strobe|without strobe|strobe off|turn on|normal|static"
CLOSES = r"clos|black ?-?out|\bbo\b|dark|\boff\b|shut\b|laser bock"
DARK = r"clos|black ?-?out|dark|\b(lamps?|leds?|lights?|all|output)\W*off"
HARM = (
    r"reset|lamps? ?(switch(ed)? )?off|shut ?down|reboot|calibrat|firmware|factory|park(ing|ed)?\b|\bignit|strike"
    r"|standby"
)
LASER = r"(?<![a-z])lasers?(?![a-z])"
LASER_MOTION = (
    r"rotat|motor|\bmov|motion|speed|pattern|\bpan\b|tilt|zoom|size|position|scroll|gobo|roll|spin|strob|shutter"
)

DIMS = r"dim|intens|bright|lumin"
PURPOSES = (
    r"curve|speed|temperature|\bcct\b|\bct[oc]\b|sensitiv|prism|gobo|program|macro|mode|function|effect|delay|\btime\b"
    r"|sound|auto|zoom|focus|frost|\biris|rotat|\bfans?\b|music|preset|select|duration|balance|\btint|color wheel"
    r"|response|frequenc|\brate\b|setting|\bmenu|display"
)
ASIDE = re.compile(r"\bmode\W*\d+|\d+ ?-?ch\w*\.?( mode)?|\bfull mode|extended mode|standard mode|basic mode", re.I)


def found(pattern: str, said: str) -> bool:
    """Whether a pattern is in what somebody wrote, in upper or lower case."""
    return re.search(pattern, said, re.I) is not None


def says_laser(said: str) -> bool:
    """Whether these words are about a laser."""
    return found(LASER, said)


def moves_a_laser(said: str) -> bool:
    """Whether a channel about a laser turns or shapes its beam, and does not light it."""
    return found(LASER_MOTION, said) and not found(r"dim|intens|colou?r|on ?/ ?off|\bmode|output|power", said)


def says_laser_is_off(said: str) -> bool:
    """Whether a range of a laser's channel leaves the laser dark; what is not described does not."""
    if found(rf"{FLASHES}|alternat|random|auto|sound|music", said) and not found(NO_FLASH, said):
        return False
    if found(r"\bon\b|constant|[,+&]", said) or found(r"^[\W_]*$", said):
        return False
    return found(rf"{NOTHING}|{CLOSES}|output off|in blackout", said)


def says_steady(said: str) -> bool:
    """Whether a shutter's range says that light passes."""
    return found(rf"{OPENS}|{NO_FLASH}", said) and not says_dark(said)


def says_dark(said: str) -> bool:
    """Whether a shutter's range says, against any preset, that no light passes; "strobe off" says the contrary."""
    if found(r"\bopen|\bon\b|\bfull\b|steady|constant", said):
        return False
    return found(DARK, said) or (found(CLOSES, said) and not found(NO_FLASH, said))


def says_open_slot(said: str) -> bool:
    """Whether a place of a wheel lets the light through as it is."""
    if found(r"^\W*open\b", said) and not found(r"shak|->|→|\bto\b|slow|fast|speed|clos", said):
        return True  # "Open rotating gobos": what stands behind it says which wheel, not what it does
    return found(OPEN_SLOT, said) and not found(SLOT_MOVES, said) and not found(r"black ?-?out|clos", said)


def says_rest(said: str) -> bool:
    """Whether a channel of presets, programs or effects does nothing there, or leaves the colour to other channels."""
    if found(FLASHES, said) and not found(NO_FLASH, said):
        return False
    if found(rf"{NOTHING}|{NO_FLASH}", said):
        return not found(DARK, said)
    return found(BY_HAND, said) and not found(OWN_SHOW, said)


def rest_rank(said: str) -> int:
    """How good a rest is, best first: said to be open, said to do nothing, left empty by the maker."""
    if found(OPEN_SLOT, said) and not found(VACANT, said):
        return 0
    return 2 if found(VACANT, said) else 1


def is_dimmers_name(name: str) -> bool:
    """Whether a channel of the group Intensity may dim, by the last word that counts of any part of its name.

    "Dimmer", "Effect dimmer", "Master dimmer/Program speed" and "Left" may; "Dimmer curve" and "Colour temperature" are
    names of another thing.
    """
    heads = [one for one in (_purpose(part) for part in _parts(name)) if one]
    return any(found(DIMS, head) for head in heads) or not heads


def has_purpose_after(word: str, name: str) -> bool:
    """Whether a colour in a name only says whose speed, curve or balance this is: "White balance"."""
    return any(found(rf"\b{word}\b.*({PURPOSES})", part) for part in _parts(name))


def _parts(name: str) -> list[str]:
    return re.split(r"[/&+,()\[\]]|\band\b| - ", ASIDE.sub("", name))


def _purpose(part: str) -> str:
    """The last word of a part of a name that says what the channel is for; empty if none does."""
    words = re.findall(rf"{DIMS}|{PURPOSES}", part, re.I)
    return words[-1] if words else ""
