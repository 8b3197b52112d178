"""What a source says that a range of levels means: the words all importers translate into."""

from dataclasses import dataclass
from typing import Literal

Meaning = Literal[
    "intensity", "emitter", "flag", "cct", "colour", "open", "closed", "strobe", "pan", "tilt", "speed", "spin",
    "haze", "fan", "hue", "saturation", "none", "neutral", "level", "effect", "maintenance", "gobo", "stop", "laser",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """One meaning of the levels `first` to `last` of a channel's coarse byte.

    Attributes:
        start, end: what it amounts to at both ends, in the unit of its meaning: 0..1 for intensities, emitters and
            haze, Hz for strobes, Kelvin, degrees, and -1..1 for rotation and speed (0: still, 1: fastest).
        name: the emitter, or what the source calls it.
        colour: `#rrggbb`, for colours that are known.
        worse: a reset or lamp control: never, even where everything on the channel is maintenance.
        halves: `#rrggbb` of both halves of a place of a colour wheel that lies between two slots.
        part: of the beam, where a look may move it there; `start` and `end` are then 0..1 of it, alike: nobody says.
            Where it turns there they are its speeds: revolutions a second where their unit is known (`told`), else of
            the sign and the order of the speeds; 0 and 0: it stands.
    """

    first: int
    last: int
    meaning: Meaning
    start: float = 0.0
    end: float = 1.0
    name: str = ""
    colour: str | None = None
    worse: bool = False
    part: str = ""
    halves: tuple[str, str] | None = None
    told: bool = False

    @property
    def middle(self) -> int:
        """The level furthest from both neighbours."""
        return (self.first + self.last) // 2

    @property
    def levels(self) -> tuple[int, int]:
        """Both ends."""
        return (self.first, self.last)
