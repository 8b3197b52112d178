"""Words by which makers call what no look may reach: haze, fans, fire."""

import re
import unicodedata

ATMOSPHERE = re.compile(
    r"\b(fog|fogger|haze|hazer|smoke|mist|vapou?r|output|volume|pump|fluid|bubbles?|snow|foam|burst)\b", re.I
)
FAN = re.compile(r"\b(fan|fans|blower|wind|ventilator)\b", re.I)
PYROTECHNIC = re.compile(
    r"\b(pyro\w*|flame ?(?:s|jets?|projectors?|throwers?|height|output|on|shot\w*)?|fire machine|sparkular\w*|"
    r"spark(?:le)? (?:machine|fountain)|cold spark\w*|confetti\w*|cryo\w*|stage flame\w*)\b|co2", re.I
)  # fmt: skip
NOT_REALLY = re.compile(
    r"\b(like|effect|simulat\w*|flicker\w*|imitat\w*|colou?rs?|gobo|look|red|blue|orange|candle)\b", re.I
)
"""A light that flickers like a flame burns nothing."""


def is_atmosphere(said: str) -> bool:
    """Whether a channel's name means that something comes out."""
    return ATMOSPHERE.search(said) is not None


def is_fan(said: str) -> bool:
    """Whether a channel's name means a fan."""
    return FAN.search(said) is not None


def is_pyrotechnic(said: str) -> bool:
    """Whether a name means fire, sparks, or something that is thrown; CO\u2082 is written in several ways."""
    plain = unicodedata.normalize("NFKC", said)
    return PYROTECHNIC.search(plain) is not None and NOT_REALLY.search(plain) is None
