"""Gels: colours that people put in front of lights, under their trade names, and which of them go together. Pure.

A venue's light has long been made of some two hundred sheets of coloured plastic, and who lights a band thinks in them.
Those here are the ones that are bought most, as an LED fixture can mix them: L is Lee, R is Rosco, the number is the
maker's. Between 56 and 115 degrees there is none: mustard and lime are no colours for people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.colour import apart_deg
from controller.looks.look import Harmony

PALE = 0.6
"""Gels below this saturation are pastels, and below `WHITE` whites."""
WHITE = 0.4
SICKLY_DEG = (46.0, 175.0)
"""From yellow to green nobody looks well. The rule for faces (60 to 110 degrees) lies within."""
FAINT = 0.12
"""Less saturation than this is white to an eye, whatever its hue."""
RELATED_DEG = 32.0
"""How far a neighbour on the wheel is taken from."""


@dataclass(frozen=True, slots=True)
class Gel:
    """A colour of light.

    Attributes:
        name: maker's number and name. hue_deg: 0..360, as of a colour on a screen. saturation: 0 white..1, so too.
    """

    name: str
    hue_deg: float
    saturation: float


GELS: tuple[Gel, ...] = (
    Gel("L106 Primary Red", 0.0, 1.0),
    Gel("L164 Flame Red", 8.0, 0.95),
    Gel("L135 Deep Golden Amber", 19.0, 1.0),
    Gel("L105 Orange", 29.0, 1.0),
    Gel("L179 Chrome Orange", 37.0, 1.0),
    Gel("L104 Deep Amber", 44.0, 0.95),
    Gel("L101 Yellow", 54.0, 0.95),
    Gel("L122 Fern Green", 122.0, 0.85),
    Gel("L139 Primary Green", 134.0, 1.0),
    Gel("L124 Dark Green", 148.0, 0.95),
    Gel("L116 Medium Blue-Green", 172.0, 1.0),
    Gel("L115 Peacock Blue", 182.0, 0.95),
    Gel("L118 Light Blue", 193.0, 0.95),
    Gel("L132 Medium Blue", 208.0, 0.95),
    Gel("L119 Dark Blue", 224.0, 1.0),
    Gel("L071 Tokyo Blue", 240.0, 1.0),
    Gel("L181 Congo Blue", 258.0, 1.0),
    Gel("L798 Chrysalis Pink", 272.0, 0.95),
    Gel("L126 Mauve", 288.0, 1.0),
    Gel("L049 Medium Purple", 302.0, 0.95),
    Gel("L148 Bright Rose", 318.0, 0.95),
    Gel("L113 Magenta", 332.0, 1.0),
    Gel("L046 Dark Magenta", 342.0, 1.0),
    Gel("L026 Bright Red", 353.0, 1.0),
    # pastels
    Gel("L107 Light Rose", 350.0, 0.5),
    Gel("L109 Light Salmon", 10.0, 0.5),
    Gel("L147 Apricot", 22.0, 0.58),
    Gel("L134 Golden Amber", 28.0, 0.58),
    Gel("L103 Straw", 40.0, 0.45),
    Gel("L131 Marine Blue", 178.0, 0.5),
    Gel("L117 Steel Blue", 196.0, 0.45),
    Gel("L174 Dark Steel Blue", 212.0, 0.5),
    Gel("L197 Alice Blue", 230.0, 0.55),
    Gel("L137 Special Lavender", 252.0, 0.45),
    Gel("L058 Lavender", 270.0, 0.55),
    Gel("L345 Fuchsia Pink", 300.0, 0.5),
    Gel("L036 Medium Pink", 334.0, 0.45),
    # whites
    Gel("L204 Full CTO", 28.0, 0.36),
    Gel("R02 Bastard Amber", 24.0, 0.26),
    Gel("open white", 32.0, 0.1),
    Gel("L203 Quarter CTB", 214.0, 0.08),
    Gel("L201 Full CTB", 214.0, 0.2),
)
WARM_WHITE, SOFT_WHITE, OPEN_WHITE = (
    next(one for one in GELS if one.name == name) for name in ("L204 Full CTO", "R02 Bastard Amber", "open white")
)
COLD_WHITE = next(one for one in GELS if one.name == "L201 Full CTB")


def nearest_gel(hue_deg: float, gels: Sequence[Gel] = GELS) -> Gel:
    """The full colour nearest to a hue.

    Args:
        hue_deg: any. gels: to choose among, such as a band's own; without a full colour, any of them.
    """
    full = [one for one in gels if one.saturation >= PALE] or list(gels)
    return min(full, key=lambda one: apart_deg(one.hue_deg, hue_deg))


def pale_gel(hue_deg: float, gels: Sequence[Gel] = GELS) -> Gel:
    """The pastel nearest to a hue; without any, the nearest white, and without that the nearest gel."""
    pale = [one for one in gels if WHITE <= one.saturation < PALE] or [one for one in gels if one.saturation < PALE]
    return min(pale or gels, key=lambda one: apart_deg(one.hue_deg, hue_deg))


def on_face(gel: Gel) -> bool:
    """Whether people may be lit with it from the front."""
    low_deg, high_deg = SICKLY_DEG
    return gel.saturation <= FAINT or not low_deg < gel.hue_deg % 360.0 < high_deg


def is_warm(hue_deg: float) -> bool:
    """Whether a hue is on the warm side of the wheel: magenta by red to yellow."""
    return hue_deg % 360.0 < 70.0 or hue_deg % 360.0 > 310.0


def palette_of(harmony: Harmony, main: Gel, gels: Sequence[Gel] = GELS, *, whites: bool = True) -> tuple[Gel, ...]:
    """The gels of a look, the main one first, one to three.

    Args:
        harmony: of the look. main: of the song or section. gels: to choose among. whites: looks in white may be.
    """
    if harmony == "white" and not whites:
        return (main,)
    match harmony:
        case "alone":
            return (main,)
        case "white":
            return (SOFT_WHITE, OPEN_WHITE) if is_warm(main.hue_deg) else (OPEN_WHITE, COLD_WHITE)
        case "pastel":
            return (main, pale_gel(main.hue_deg, gels))
        case "analogous":
            return (main, _beside(main, gels))
        case "complement":
            return (main, _opposite(main, gels))


def _beside(main: Gel, gels: Sequence[Gel]) -> Gel:
    """A neighbour on the wheel, on the side that leads away from green and yellow."""
    away = 1.0 if apart_deg(main.hue_deg + 1.0, 110.0) > apart_deg(main.hue_deg, 110.0) else -1.0
    return nearest_gel(main.hue_deg + away * RELATED_DEG, [one for one in gels if one != main] or gels)


def _opposite(main: Gel, gels: Sequence[Gel]) -> Gel:
    """The far side of the wheel, as near to it as people can be lit."""
    return nearest_gel(main.hue_deg + 180.0, [one for one in gels if on_face(one)] or gels)
