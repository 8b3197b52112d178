"""Which slots belong together when a person takes something over: fixture by fixture, attribute by attribute."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from controller.patch.patch import SLOTS, Fixture, IndexArray, Patch

BoolArray = npt.NDArray[np.bool_]
Kind = Literal["intensity", "colour", "position", "haze", "other"]
KINDS: dict[str, Kind] = {"intensity": "intensity", "pan": "position", "tilt": "position", "haze": "haze"}
NO_COLOUR = frozenset(("shutter", "strobe", "zoom", "focus", "iris", "frost", "gobo", "prism", "speed", "fan"))
DISCRETE = frozenset(("wheel",))
"""A fade of a wheel would run through other people's colours."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of one fixture, all heads together. K coarse slots, flat as in `Patch`.

    Attributes:
        coarse: (K,) flat slot index. fine: (K,) of its low byte, or -1.
        smooth: (K,) whether it may be faded; the others jump.
        lights: (K,) whether it must be ours in a blackout: dimmers, emitters without a dimmer, and what we do not know.
    """

    fixture: str
    kind: Kind
    coarse: IndexArray
    fine: IndexArray
    smooth: BoolArray
    lights: BoolArray

    @property
    def slots(self) -> IndexArray:
        """All flat slots, coarse and fine."""
        return np.concatenate([self.coarse, self.fine[self.fine != NONE]])


def attributes_of(patch: Patch) -> list[Attribute]:
    """All attributes in patch order; a fixture lacks those that it has no slots for."""
    found = []
    for index, fixture in enumerate(patch.fixtures):
        found += _of_fixture(patch, fixture, np.flatnonzero(patch.fixture_of == index))
    return found


def kind_of(control: str) -> Kind:
    """The attribute that a control of the patch belongs to."""
    return KINDS.get(control, "other" if control in NO_COLOUR else "colour")


def _of_fixture(patch: Patch, fixture: Fixture, heads: IndexArray) -> list[Attribute]:
    start = patch.universes.index(fixture.config.universe) * SLOTS + fixture.config.address - 1
    unknown = set(range(start, start + fixture.footprint))
    dimmed = patch.has("intensity")
    rows: dict[Kind, dict[int, tuple[int, bool, bool]]] = {}
    for control, table in patch.coarse.items():
        kind = kind_of(control)
        for head in heads:
            coarse, fine = int(table[head]), int(patch.fine[control][head])
            if coarse == patch.nowhere:
                continue
            fine = NONE if fine == patch.nowhere else fine
            unknown -= {coarse, fine}
            lights = kind in ("intensity", "other") or (kind == "colour" and not dimmed[head])
            smooth = kind != "other" and control not in DISCRETE
            rows.setdefault(kind, {})[coarse] = (fine, smooth, lights)
    for slot in unknown:
        rows.setdefault("other", {})[slot] = (NONE, False, True)
    return [_attribute(fixture.config.id, kind, rows[kind]) for kind in rows]


def _attribute(fixture: str, kind: Kind, rows: dict[int, tuple[int, bool, bool]]) -> Attribute:
    coarse = sorted(rows)
    fine, smooth, lights = zip(*(rows[slot] for slot in coarse), strict=True)
    return Attribute(
        fixture,
        kind,
        np.array(coarse, np.intp),
        np.array(fine, np.intp),
        np.array(smooth, bool),
        np.array(lights, bool),
    )
