"""The order in which a figure goes through fixtures of one duty: by their place on stage. Pure.

Bars are rows of heads at places of their own, so that all pixels of a rig are one canvas in space, however they hang.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.looks.look import By

IN_SPACE: tuple[By, ...] = ("along", "up", "circles")
SAME_M = 0.05
"""Fixtures that are nearer to each other have one place."""
RINGS_M = 0.25
"""Fixtures whose distances from the middle differ by less light up together."""


@dataclass(frozen=True, slots=True)
class Row:
    """N heads in an order.

    Attributes:
        place: (N,) 0 first .. 1 last. count: (N,) how many places there are for a head's duty.
    """

    place: Float32Array
    count: Float32Array

    def groups(self, most: int) -> Float32Array:
        """(N,) how many groups a head's row runs in."""
        return np.minimum(self.count, np.float32(most))

    def group(self, most: int) -> Float32Array:
        """(N,) which of them a head belongs to."""
        groups = self.groups(most)
        return np.asarray(np.minimum(np.floor(self.place * groups), groups - 1), np.float32)

    @property
    def fills(self) -> Float32Array:
        """(N,) 0..1, from which share on a head is lit where a row fills up from its first one."""
        return np.asarray(self.place * (self.count - 1.0) / self.count, np.float32)


def rows(positions_m: Float32Array, duties: Iterable[BoolArray]) -> dict[By, Row]:
    """The orders in space. A duty whose fixtures have one place in an order (all hang at one height, say) runs across.

    Args:
        positions_m: (N, 3), x, y, z. duties: (N,) heads of each duty; nobody is in two.
    """
    count = len(positions_m)
    found: dict[By, Row] = {by: Row(np.full(count, 0.5, np.float32), np.ones(count, np.float32)) for by in IN_SPACE}
    for heads in duties:
        at_m = positions_m[heads]
        across = _ranked(at_m[:, 0], SAME_M)
        for by, along_m, same_m in (
            ("along", at_m[:, 1], SAME_M),
            ("up", at_m[:, 2], SAME_M),
            ("circles", _from_middle(at_m), RINGS_M),
        ):
            place, places = _ranked(along_m, same_m)
            row = found[cast(By, by)]
            row.place[heads], row.count[heads] = (place, places) if places > 1 else across
    return found


def _ranked(along_m: Float32Array, same_m: float) -> tuple[Float32Array, int]:
    """Places 0..1 of heads by one measure, evenly, and how many there are; one place alone is the middle."""
    if not len(along_m):
        return along_m, 1
    order = np.argsort(along_m, kind="stable")
    steps = np.concatenate([[0], np.cumsum(np.diff(along_m[order]) > same_m)])
    ranks = np.empty(len(along_m), np.float32)
    ranks[order] = steps
    places = int(steps[-1]) + 1
    return (ranks / np.float32(places - 1) if places > 1 else np.full_like(ranks, 0.5)), places


def _from_middle(at_m: Float32Array) -> Float32Array:
    """Distances (n,) from the middle of what heads span, in all three dimensions."""
    if not len(at_m):
        return at_m[:, 0]
    middle = 0.5 * (at_m.min(axis=0) + at_m.max(axis=0))
    return np.asarray(np.linalg.norm(at_m - middle, axis=1), np.float32)
