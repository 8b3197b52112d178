"""A look: who is lit, in which harmony, how strongly, how it moves. It knows roles, not lamps. Pure."""

from dataclasses import dataclass, field
from typing import Literal

Part = Literal["intro", "verse", "chorus", "solo", "break", "build", "ending"]
"""What a section is to its song, as far as hearing can tell: quiet beginning, held, biggest, one instrument, without
drums, rising, last."""
Harmony = Literal["alone", "analogous", "complement", "white", "pastel"]
FigureName = Literal["still", "pulse", "chase", "wave", "ping-pong", "alternate", "random", "build", "stomp"]
MovementName = Literal["still", "sweep", "circle", "figure-eight", "fan", "bounce", "ballyhoo"]
Aim = Literal["band", "centre", "singer", "drums", "crowd", "sky", "cross", "parallel", "fan"]


@dataclass(frozen=True, slots=True)
class FigureOf:
    """A figure in time: name, beats that one step takes, 0..1 of how dark the others go, and the roles that do it."""

    name: FigureName = "still"
    beats: float = 1.0
    depth: float = 0.6
    roles: tuple[str, ...] = ("back", "pixel")


@dataclass(frozen=True, slots=True)
class MovementOf:
    """A movement: name, beats of one round, 0..1 of the size, and what it moves around."""

    name: MovementName = "still"
    beats: float = 16.0
    size: float = 0.4
    aim: Aim = "band"


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a pack.

    Attributes:
        parts: of a song that it is for. rank: least and most of a section's energy within its song, 0..1.
        lit: how strongly each role is lit, 0..1; a role that is not named is dark. `key` is the light on faces.
        harmony: of its gels. level: of the whole at the lowest and at the highest rank, 0..1.
        figure, movement: in time. beam: what lamps with wheels do: "open", "break-up", "prism", "narrow", "wide".
        accents: roles that answer accents. blinder, strobe: may be spent when it begins.
    """

    name: str
    parts: tuple[Part, ...]
    rank: tuple[float, float] = (0.0, 1.0)
    lit: tuple[tuple[str, float], ...] = (("key", 0.5), ("wash", 0.5), ("back", 0.6))
    harmony: Harmony = "alone"
    level: tuple[float, float] = (0.3, 0.9)
    figure: FigureOf = field(default_factory=FigureOf)
    movement: MovementOf = field(default_factory=MovementOf)
    beam: str = "open"
    accents: tuple[str, ...] = ("back",)
    blinder: bool = False
    strobe: bool = False
