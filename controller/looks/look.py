"""A look: who is lit, in which harmony, how strongly, how it moves. It knows roles, not fixtures. Pure."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from controller.config import ConfigSection, Unit

Part = Literal["intro", "verse", "chorus", "solo", "break", "build", "ending"]
"""What a section is to its song, as far as hearing can tell: quiet beginning, held, biggest, one instrument, without
drums, rising, last."""
Harmony = Literal["alone", "analogous", "complement", "white", "pastel"]
LitRole = Literal["key", "wash", "back", "pixel", "mover"]
"""Whom a look lights: faces, the band from the front, the band from behind, bars, heads that are aimed (`beam` and
`mover` of the patch). Blinders and strobes are spent, never lit."""
FigureName = Literal["still", "pulse", "chase", "wave", "ping-pong", "alternate", "random", "build", "stomp"]
MovementName = Literal["still", "sweep", "circle", "figure-eight", "fan", "bounce", "ballyhoo"]
By = Literal["own", "across", "along", "up", "circles", "pairs"]
"""In which order a figure goes through its fixtures: its own, or left to right, front to back, bottom to top, from the
middle outwards in space, from the middle outwards in mirrored pairs."""
BeamName = Literal[
    "open", "break-up", "turning", "prism", "kaleidoscope", "ripple", "two-tone", "narrow", "wide", "soft"
]  # fmt: skip
Aim = Literal["band", "centre", "singer", "drums", "crowd", "sky", "cross", "parallel", "fan"]

WEARS: dict[LitRole, int] = {"key": 1, "back": 1, "wash": 2, "mover": 2, "pixel": 3}
"""Which gel of the palette a role has, unless its look says otherwise: most of the light is in the main one, so that a
part of the song has its colour in whatever look it hangs. A gel that a palette does not have is its first."""

PARTS: tuple[Part, ...] = get_args(Part)
LIT_ROLES: tuple[LitRole, ...] = get_args(LitRole)

Beats = Annotated[float, Field(gt=0, le=64)]
Turn = Annotated[float, Field(ge=-1, le=1)]


class FigureOf(ConfigSection):
    """A figure in time: beats of a step (of a wave: of a run), how dark the others go, who does it, in which order."""

    name: FigureName = "still"
    beats: Beats = 1.0
    depth: Unit = 0.6
    roles: tuple[LitRole, ...] = ("back", "pixel")
    by: By = "own"


class MovementOf(ConfigSection):
    """A movement: beats of one round, its size, and what it moves around."""

    name: MovementName = "still"
    beats: Annotated[float, Field(ge=1, le=64)] = 16.0
    size: Unit = 0.4
    aim: Aim = "band"


class BeamOf(ConfigSection):
    """How heads that are aimed shape their light, as far as they can; what is not written rests as it is patched.

    `zoom` from narrow to wide, `iris` from small to open, `focus` from near to far, `frost` from clear to soft. `gobo`:
    which pattern of the wheel, from 1, 0: none; `each`: every section has its own. `prism`: in the beam or not.
    `gobo_turn`, `prism_turn`: how fast that turns, 1: as fast as looks may, half a round a second at most, negative:
    the other way; left and right turn as mirrors. `animation`: the same of an animation wheel, 0: out of the beam; a
    head that has one leaves its gobo out then. `split`: two gels of the palette in one beam, where a colour wheel can.
    `name`: one of a small set, of which anything may be written otherwise.
    """

    name: BeamName = "open"
    zoom: Unit | None = None
    iris: Annotated[float, Field(ge=0.3, le=1)] | None = None
    focus: Unit | None = None
    frost: Unit | None = None
    gobo: Annotated[int, Field(ge=0, le=12)] | Literal["each"] | None = None
    prism: bool | None = None
    gobo_turn: Turn = 0.0
    prism_turn: Turn = 0.0
    animation: Turn = 0.0
    split: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_its_name(cls, written: object) -> object:
        values = {"name": written} if isinstance(written, str) else written
        if not isinstance(values, dict):
            return written
        return {**BEAMS.get(str(values.get("name", "open")), {}), **values}

    @model_validator(mode="after")
    def _turns_what_is_there(self) -> "BeamOf":
        for part in ("gobo", "prism"):
            if getattr(self, f"{part}_turn") and not getattr(self, part):
                raise ValueError(f"{part}_turn: there is no {part} in this beam that could turn; write one")
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """What of a head it makes use of, by the names of its fields."""
        return tuple(name for name in type(self).model_fields if name != "name" and getattr(self, name))


BEAMS: dict[str, dict[str, object]] = {
    "open": {},
    "break-up": {"zoom": 0.5, "gobo": "each"},
    "turning": {"zoom": 0.5, "gobo": "each", "gobo_turn": 0.2},
    "prism": {"zoom": 0.3, "gobo": "each", "prism": True, "prism_turn": 0.3},
    "kaleidoscope": {"zoom": 0.4, "gobo": "each", "gobo_turn": -0.3, "prism": True, "prism_turn": 0.5},
    "ripple": {"zoom": 0.7, "gobo": "each", "gobo_turn": 0.1, "animation": 0.25},
    "two-tone": {"zoom": 0.4, "split": True},
    "narrow": {"zoom": 0.05, "iris": 0.5},
    "wide": {"zoom": 0.9, "iris": 1.0},
    "soft": {"zoom": 0.7, "frost": 0.8},
}
"""What each name of a beam means."""


class Look(ConfigSection):
    """One look of a pack.

    `parts` of a song that it is for, and the least and most of a section's `rank` (its energy within its song). `lit`:
    how strongly each role is lit; a role that is not named is dark. `wears`: which gel of the palette a role has, from
    1, see `WEARS`. `level` of the whole at the lowest and at the highest rank. `fade_beats` until it hangs; 0: at once.
    `breath`: how much of its brightness follows the loudness. `accents`: roles that answer accents. `blinder`,
    `strobe`: may be spent when it begins.
    """

    name: str
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    rank: tuple[Unit, Unit] = (0.0, 1.0)
    lit: dict[LitRole, Unit] = Field(default={"key": 0.5, "wash": 0.5, "back": 0.6})
    harmony: Harmony = "alone"
    wears: dict[LitRole, Annotated[int, Field(ge=1, le=3)]] = Field(default={})
    level: tuple[Unit, Unit] = (0.3, 0.9)
    fade_beats: Annotated[float, Field(ge=0, le=32)] = 0.0
    breath: Unit = 0.75
    figure: FigureOf = FigureOf()
    movement: MovementOf = MovementOf()
    beam: BeamOf = BeamOf()
    accents: tuple[LitRole, ...] = ("back",)
    blinder: bool = False
    strobe: bool = False

    @model_validator(mode="after")
    def _rises(self) -> "Look":
        for name, (least, most) in (("rank", self.rank), ("level", self.level)):
            if least > most:
                raise ValueError(f"{name} is written least first, then most")
        if "key" in self.figure.roles or "key" in self.accents:
            raise ValueError("the light on faces is slow: key takes part in no figure and answers no accent")
        return self

    def gel_of(self, role: LitRole, gels: int) -> int:
        """Which gel of a palette of so many a role has, from 0."""
        worn = {**WEARS, **self.wears}[role]
        return worn - 1 if worn <= gels else 0
