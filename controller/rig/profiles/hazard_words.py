"""Words by which makers call what no look may reach: haze, fans, fire."""

import re

ATMOSPHERE = re.compile(
    r"\b(fog|fogger|haze|hazer|smoke|mist|vapou?r|output|volume|pump|fluid|bubbles?|snow|foam|burst)\b", re.I
)
FAN = re.compile(r"\b(fan|fans|blower|wind|ventilator)\b", re.I)
PYROTECHNIC = re.compile(
    r"\b(pyro\w*|flames?|fire machine|sparkular\w*|spark(?:le)? (?:machine|fountain)|cold spark\w*|confetti\w*|"
    r"co2|cryo\w*|stage flame\w*)\b", re.I
)  # fmt: skip


def is_atmosphere(said: str) -> bool:
    """Whether a channel's name means that something comes out."""
    return ATMOSPHERE.search(said) is not None


def is_fan(said: str) -> bool:
    """Whether a channel's name means a fan."""
    return FAN.search(said) is not None


def is_pyrotechnic(said: str) -> bool:
    """Whether a name means fire, sparks, or something that is thrown."""
    return PYROTECHNIC.search(said) is not None
