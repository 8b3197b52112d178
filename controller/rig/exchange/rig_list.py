"""A rig as another program lists it, before anybody has said what each fixture is for. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SLOTS = 512
MOST_FIXTURES = 5_000
Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Listed:
    """One fixture.

    Attributes:
        name, maker, model, mode: as written there; empty where it does not say.
        universe, address: counted from 1; 0 where it is not patched.
        slots: how many it takes there, 0 where it does not say.
        place: x (left of the audience is negative), y (upstage), z (up) in metres; None where it has none.
        turn_deg: where its own x axis points on the plan, anticlockwise from across the stage; None where it has none.
        groups: names of the groups it is in. definition: name of a file that describes it. number: what people call it.
        kept: what Followspot itself wrote about it: a row of `fixtures` of its configuration.
        where: place in the file, for messages.
    """

    name: str
    maker: str = ""
    model: str = ""
    mode: str = ""
    universe: int = 0
    address: int = 0
    slots: int = 0
    place: Place | None = None
    turn_deg: float | None = None
    groups: tuple[str, ...] = ()
    definition: str = ""
    number: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def kind(self) -> str:
        """Maker and model as one text."""
        return " ".join(one for one in (self.maker, self.model) if one)


@dataclass(frozen=True, slots=True)
class RigList:
    """All fixtures of a file.

    Attributes:
        venue: the name that Followspot wrote, or empty. fixtures: in the order of the file.
        definitions: files that describe fixtures, by their names. remarks: what was passed over, and why.
    """

    fixtures: tuple[Listed, ...]
    venue: str = ""
    definitions: Mapping[str, bytes] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
