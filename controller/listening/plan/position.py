"""Where in a rehearsed song a band is: a hidden Markov model over its tenths of a second, and "somewhere else".

From one hop to the next a band stays, goes on by one place or by two (so tempo may drift by a tenth), now and then
jumps to another place (a chorus left out, a verse again), or leaves the song. How well a place fits is how alike its
fingerprint is to what is heard. The forward algorithm (Rabiner, Proc. IEEE 1989) keeps all of it in one vector. Pure.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, Float64Array

STAY = SKIP = 0.1
JUMP = 2e-5
"""A hop in which a band jumps: once in an hour and a half of playing, for one that rehearsed."""
LEAVE, COME = 1e-4, 0.02
SHARPNESS, ALIKE = 9.0, 0.42
"""How much alikeness counts, and how alike a place must be to be likelier than "somewhere else"."""
NEAR = 3
"""Hops within which places count as one: three tenths of a second."""
SURE, LOST = 0.5, 0.03
"""Share of the belief around a place that makes it the place, and below which it is no more."""


@dataclass(frozen=True, slots=True)
class PlanPosition:
    """Where a band is: `hop` of the plan, or None: not in it. `sure` 0..1."""

    hop: int | None
    sure: float


class Position:
    """Follows a band through a plan.

    Args:
        fingerprints: (N, 88) of the rehearsal, a row for each hop. starts: hops at which bands like to come in.
    """

    def __init__(self, fingerprints: Float32Array, starts: npt.NDArray[np.int64] | None = None) -> None:
        self._count = len(fingerprints)
        self._mean: Float32Array = fingerprints.mean(axis=0)
        centred: Float32Array = fingerprints - self._mean
        self._plan: Float32Array = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
        self._land = _landing(self._count, starts)
        self._belief: Float64Array = 0.5 * self._land
        self._elsewhere = 0.5
        self._hop: int | None = None

    def step(self, fingerprint: Float32Array) -> PlanPosition:
        """The place after a hop that sounds like this (88,)."""
        moved = self._moved()
        total = float(self._belief.sum())
        moved = (1.0 - JUMP - LEAVE) * moved + (JUMP * total + COME * self._elsewhere) * self._land
        elsewhere = (1.0 - COME) * self._elsewhere + LEAVE * total
        moved *= np.exp(SHARPNESS * (self._alike(fingerprint) - ALIKE))
        whole = float(moved.sum()) + elsewhere
        self._belief, self._elsewhere = moved / whole, elsewhere / whole
        return self._settle()

    def _moved(self) -> Float64Array:
        before = self._belief
        moved = STAY * before
        moved[1:] += (1.0 - STAY - SKIP) * before[:-1]
        moved[2:] += SKIP * before[:-2]
        return moved

    def _alike(self, fingerprint: Float32Array) -> Float64Array:
        heard = fingerprint - self._mean
        unit: Float32Array = heard / max(float(np.linalg.norm(heard)), 1e-6)
        return np.dot(self._plan, unit).astype(np.float64)  # type: ignore[no-any-return]  # NumPy says Any of a product

    def _settle(self) -> PlanPosition:
        """The likeliest place if that is clear; else on from where the band was, for as long as that is believed."""
        best = int(self._belief.argmax())
        sure = self._around(best)
        if sure >= SURE:
            self._hop = best
            return PlanPosition(best, sure)
        if self._hop is None:
            return PlanPosition(None, sure)
        on = min(self._hop + 1, self._count - 1)
        low, high = max(0, on - NEAR), min(self._count, on + NEAR + 1)
        self._hop = low + int(self._belief[low:high].argmax()) if self._belief[low:high].sum() > LOST else on
        sure = self._around(self._hop)
        if self._elsewhere > 1.0 - LOST or (sure < 1e-4 and self._hop == self._count - 1):
            self._hop = None
        return PlanPosition(self._hop, sure)

    def _around(self, hop: int) -> float:
        return float(self._belief[max(0, hop - NEAR) : hop + NEAR + 1].sum())


def _landing(count: int, starts: npt.NDArray[np.int64] | None) -> Float64Array:
    """(N,) where somebody who jumps lands: anywhere, and a hundred times as likely where something starts."""
    weight = np.ones(count)
    if starts is not None and len(starts):
        weight[np.clip(starts, 0, count - 1)] = 100.0
    return np.asarray(weight / weight.sum())
