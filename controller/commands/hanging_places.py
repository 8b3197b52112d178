"""Where fixtures hang at first: those of a role side by side over the width, until somebody moves them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Room = tuple[float, float, float]
"""Width, depth, and height of the fixtures, in metres."""
HANGS = {
    "key": (-1.0, 1.0),
    "wash": (-1.0, 1.0),
    "back": (0.8, 0.95),
    "beam": (0.65, 1.0),
    "mover": (0.65, 1.0),
    "pixel": (0.5, 0.1),
    "blinder": (0.6, 0.8),
    "strobe": (0.75, 0.85),
    "hazer": (0.4, 0.05),
    "house": (-2.0, 1.0),
}
"""Share of the depth (in front of the edge: metres), and of the height, by role."""
SPREAD = 0.85
"""Share of the width that the outermost two are apart."""


def places(roles: Sequence[str], room: Room) -> list[list[float]]:
    """A place (x, y, z in metres) for each fixture, given their roles."""
    width, depth, height = room
    found: list[list[float]] = [[] for _ in roles]
    for role in dict.fromkeys(roles):
        mine = [number for number, one in enumerate(roles) if one == role]
        back, up = HANGS[role]
        for at, number in enumerate(mine):
            x = 0.0 if len(mine) == 1 else (at / (len(mine) - 1) - 0.5) * SPREAD * width
            found[number] = [round(x, 2), round(back if back < 0 else back * depth, 2), round(up * height, 2)]
    return found


def numbered(rows: Iterable[Mapping[str, Any]], room: Room) -> list[dict[str, Any]]:
    """Rows with a name and a place each: `back-1`, `back-2`, ..."""
    rows = list(rows)
    counts: dict[str, int] = {}
    hung = []
    for one, place in zip(rows, places([str(one["role"]) for one in rows], room), strict=True):
        counts[one["role"]] = counts.get(one["role"], 0) + 1
        hung.append({"id": f"{one['role']}-{counts[one['role']]}", **one, "position_m": place})
    return hung
