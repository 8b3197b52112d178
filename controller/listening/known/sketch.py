"""What is kept of a song so that it is known again: how it sounds, twice a second. Pure."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array

HOPS = 5
"""Hops of 0.1 s that one row is the mean of."""
ROW_S = 0.1 * HOPS
MOST_ROWS = 1_200
"""Ten minutes."""
LEAST_ROWS = 60
"""What was shorter is no song."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """One song. `rows` (T, 512) float16: means of embeddings, two a second, as they came; title: as people write it."""

    title: str
    rows: npt.NDArray[np.float16]


class Sketching:
    """Makes rows from embeddings.

    Attributes:
        rows: of the song so far.
    """

    def __init__(self) -> None:
        self.rows: list[Float32Array] = []
        self._sum: Float32Array | None = None
        self._count = 0

    def add(self, vector: Float32Array) -> Float32Array | None:
        """Take the embedding (512,) of the next hop; the row that it completes."""
        self._sum = vector.astype(np.float32) if self._sum is None else self._sum + vector
        self._count += 1
        if self._count < HOPS:
            return None
        row: Float32Array = self._sum / np.float32(HOPS)
        self._sum, self._count = None, 0
        if len(self.rows) < MOST_ROWS:
            self.rows.append(row)
        return row

    def restart(self) -> None:
        """Another song begins."""
        self.rows, self._sum, self._count = [], None, 0
