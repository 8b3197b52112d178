"""How the fixtures of a rig stand to each other: who leads, who answers, who mirrors whom. Computed once for a rig.

Duties are given out so that a small rig has them all: where nothing hangs at the back, every second pair of front
lights takes that part; where there is only one pair, its right half does.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.rig.heads import Rig

ROLES = ("key", "wash", "back", "beam", "mover", "pixel", "blinder", "strobe", "hazer", "house")
CENTRE_M = 0.05


@dataclass(frozen=True, slots=True)
class Formation:
    """N heads in patch order; every place is counted among the heads of the same duty.

    Attributes:
        lead: (N,) bool, heads that take the token itself. answer: heads that take it later and in another colour.
        of: (N,) bool for each role, as patched.
        side: (N,) -1 left, 0 centre, 1 right. across: (N,) 0 far left .. 1 far right, by order, evenly.
        spread: (N,) 0 in the middle .. 1 at the edges. upstage: (N,) 0 front .. 1 back.
        odd: (N,) 0 or 1, every second mirrored pair, counted from the middle outwards.
    """

    lead: BoolArray
    answer: BoolArray
    of: dict[str, BoolArray]
    side: Float32Array
    across: Float32Array
    spread: Float32Array
    upstage: Float32Array
    odd: Float32Array

    @property
    def turning(self) -> BoolArray:
        """(N,) heads that are aimed."""
        return np.asarray(self.of["beam"] | self.of["mover"])


def form(rig: Rig) -> Formation:
    """The formation of a rig."""
    of = {role: np.array([one == role for one in rig.roles]) for role in ROLES}
    x, y = rig.positions_m[:, 0], rig.positions_m[:, 1]
    side = np.sign(np.where(np.abs(x) < CENTRE_M, 0.0, x)).astype(np.float32)
    odd = sum((_pairs(mask, x) for mask in of.values()), np.zeros(rig.heads, np.float32))
    lead, answer = of["wash"], of["back"]
    if not answer.any():
        answer = lead & ((odd == 1) if odd[lead].any() else (side > 0))
        lead = lead & ~answer
    groups = (of["key"], lead, answer, of["beam"], of["mover"], of["pixel"], of["blinder"], of["strobe"])
    across = sum((_order(mask, x) for mask in groups), np.zeros(rig.heads, np.float32))
    upstage = sum((_share(mask, y) for mask in groups), np.zeros(rig.heads, np.float32))
    return Formation(lead, answer, of, side, across, np.abs(2.0 * across - 1.0), upstage, odd)


def _pairs(mask: BoolArray, x: Float32Array) -> Float32Array:
    odd = np.zeros(len(x), np.float32)
    heads = np.flatnonzero(mask)
    outwards = heads[np.argsort(np.abs(x[heads]), kind="stable")]
    odd[outwards] = (np.arange(len(outwards)) // 2) % 2
    return odd


def _order(mask: BoolArray, x: Float32Array) -> Float32Array:
    """Ranks from left to right as 0..1; heads at the same place share theirs, and one alone stands in the middle."""
    places = np.zeros(len(x), np.float32)
    if mask.any():
        columns, rank = np.unique(np.round(x[mask], 2), return_inverse=True)
        places[mask] = rank / (len(columns) - 1) if len(columns) > 1 else 0.5
    return places


def _share(mask: BoolArray, y: Float32Array) -> Float32Array:
    places = np.zeros(len(y), np.float32)
    if mask.any() and float(np.ptp(y[mask])) > CENTRE_M:
        places[mask] = (y[mask] - y[mask].min()) / np.ptp(y[mask])
    return places
