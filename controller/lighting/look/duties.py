"""Who does what a look asks for: the fixtures of a rig for each role, so that every rig has a whole show. Pure.

A look lights faces, washes, backs, bars and heads that are aimed. What a rig has none of is done by others: outer
washes stand in for backs, movers for everything, a single blinder for the wash. Faces are lit by fixtures of the role
`key`; without any by those front washes that hang nearest to the singer, which are kept for that where there are
enough, and add a face's share to their colour where there are not.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.lighting.look.formation import Formation, form
from controller.lighting.look.rows import Row, rows
from controller.looks.look import LIT_ROLES, By, LitRole
from controller.rig.heads import Rig

ROW_M = 0.6
"""Fixtures whose depths on stage differ by less hang in one row."""
KEPT_OF = 5
"""From so many front washes on two are kept for faces, one pair for each `PAIR_OF` of them."""
PAIR_OF = 6
LESS = {"pixel": 0.5, "mover": 0.7, "back": 0.5, "wash": 0.6}
"""How strongly a stand-in does what is not its own."""


@dataclass(frozen=True, slots=True)
class Duties:
    """N heads in patch order, R roles in the order of `LIT_ROLES`.

    Attributes:
        share: (N, R) 0..1, how strongly a head does what a look asks of a role.
        key: (N,) heads that light faces. shared: (N,) those of them that have another duty beside it.
        facing: (N,) heads that light people from the front.
        across: (N,) 0 left..1 right among those of one duty. spread: (N,) 0 middle..1 edges. odd: (N,) 0 or 1.
        columns: (N,) how many places across there are for a head's duty. rows: the other orders they run in, in space.
        turning: (N,) heads that are aimed. blinder, strobe: (N,).
    """

    share: Float32Array
    key: BoolArray
    shared: BoolArray
    facing: BoolArray
    across: Float32Array
    spread: Float32Array
    odd: Float32Array
    columns: Float32Array
    rows: dict[By, Row]
    turning: BoolArray
    blinder: BoolArray
    strobe: BoolArray

    def of(self, role: LitRole) -> BoolArray:
        """(N,) heads that do anything for a role."""
        return np.asarray(self.share[:, LIT_ROLES.index(role)] > 0.0)


def duties(rig: Rig, singer_x_m: float = 0.0) -> Duties:
    """The duties of a rig's heads.

    Args:
        rig: roles and places. singer_x_m: where the singer stands, to the audience's right of the middle.
    """
    formation = form(rig)
    key, shared = _faces(formation, rig, singer_x_m)
    share = np.zeros((rig.heads, len(LIT_ROLES)), np.float32)
    own: dict[LitRole, BoolArray] = {
        "key": key,
        "wash": formation.lead & ~(key & ~shared),
        "back": formation.answer & ~(key & ~shared),
        "pixel": formation.of["pixel"],
        "mover": formation.turning & ~(key & ~shared),
    }
    for role, heads in own.items():
        share[heads, LIT_ROLES.index(role)] = 1.0
    for role in ("wash", "back", "pixel", "mover"):
        if not own[role].any():
            heads = _stand_in(role, own, formation)
            share[heads, LIT_ROLES.index(role)] = LESS[role]
    return Duties(
        share, key, shared, formation.of["wash"] | formation.of["key"],
        formation.across, formation.spread, formation.odd, _columns(own, formation),
        rows(rig.positions_m, own.values()), formation.turning, formation.of["blinder"], formation.of["strobe"],
    )  # fmt: skip


def _faces(formation: Formation, rig: Rig, singer_x_m: float) -> tuple[BoolArray, BoolArray]:
    """Heads (N,) that light faces, and those of them that do so beside another duty."""
    none = np.zeros(rig.heads, np.bool_)
    if formation.of["key"].any():
        return formation.of["key"], none
    washes = formation.of["wash"]
    row = washes if washes.any() else formation.turning
    if not row.any():
        return none, none
    depth = rig.positions_m[:, 1]
    front = row & (depth <= depth[row].min() + ROW_M)
    count = int(front.sum())
    pairs = max(1, count // PAIR_OF) if count >= KEPT_OF else 1
    from_singer_m = np.abs(rig.positions_m[front, 0] - np.float32(singer_x_m))
    found = np.flatnonzero(front)[np.argsort(from_singer_m, kind="stable")][: 2 * pairs]
    key = none.copy()
    key[found] = True
    return key, none if count >= KEPT_OF else key


def _stand_in(role: LitRole, own: dict[LitRole, BoolArray], formation: Formation) -> BoolArray:
    """Heads (N,) that do what a rig has nobody for: half of what there is, so that there is a contrast to the rest."""
    if role in ("pixel", "mover") and (own["back"].any() or own["wash"].any()):
        return own["back"] if own["back"].any() else own["wash"]
    odd = formation.odd == (1 if role == "back" else 0)
    for heads in (own["mover"], own["pixel"]):
        if heads.any():
            return heads & odd if (heads & odd).any() else heads
    return own["back"] if role == "wash" and own["back"].any() else formation.of["blinder"]


def _columns(own: dict[LitRole, BoolArray], formation: Formation) -> Float32Array:
    columns = np.ones(len(formation.across), np.float32)
    for heads in own.values():
        if heads.any():
            columns[heads] = len(set(np.round(formation.across[heads], 3).tolist()))
    return columns
