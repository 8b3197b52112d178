"""The colours that a sheet can name, as light. Pure."""

from collections.abc import Iterable

from controller.evening.entry import ColourName

COLOURS: dict[ColourName, tuple[float, float]] = {
    "red": (0.0, 1.0),
    "orange": (26.0, 1.0),
    "amber": (40.0, 1.0),
    "yellow": (54.0, 0.95),
    "green": (134.0, 1.0),
    "turquoise": (172.0, 1.0),
    "cyan": (190.0, 0.95),
    "blue": (232.0, 1.0),
    "purple": (276.0, 0.95),
    "magenta": (318.0, 1.0),
    "pink": (336.0, 0.75),
    "white": (32.0, 0.1),
    "warm white": (28.0, 0.36),
    "cold white": (214.0, 0.2),
}
"""Hue in degrees and saturation 0..1, as of a colour on a screen."""


def flat(names: Iterable[ColourName]) -> tuple[float, ...]:
    """Hue in degrees and saturation of each colour, one after the other."""
    return tuple(number for name in names for number in COLOURS[name])
