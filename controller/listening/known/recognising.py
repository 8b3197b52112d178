"""Which of the songs that are known is played now: the best way through one of them, as far as it was heard. Pure.

What is compared are embeddings along the directions in which the known songs differ most, each scaled by the root of
its spread, and how they changed in the last three seconds: how a band sounds is alike in all its songs, how a song
moves is not. Each place of each song keeps how well the last seconds fit a path that ends there. From one row to the
next a band goes on by one place, stays or skips one: dynamic time warping with a memory that fades (Dixon, "Live
tracking of musical performances using on-line time warping", DAFx 2005). A song is named when its best place fits well,
and clearly better than any place of any other song.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from controller.listening.known.sketch import Sketch

DIRECTIONS = 32
CHANGE_ROWS, CHANGE_WEIGHT = 6, 1.2
"""Rows that a change is taken over, three seconds, and how much it counts beside the sound itself."""
FADES = 0.965
"""What is kept of a fit from row to row: the last fourteen seconds count."""
WARP = 0.03
"""What a step that is not by one place costs."""
LEAST_HEARD = 16
"""Rows before anything is said: eight seconds."""
FITS, CLEAR = 0.56, 0.24
"""How well the best must fit, 0..1, and by how much better than the next song."""
SURE_ROWS = 3
"""Rows in a row that say the same."""
EVERY = 4
"""Rows of the known songs whose spread is looked at: one of so many."""


class Likeness:
    """Makes rows comparable.

    Args:
        songs: that are known, at least one.
    """

    def __init__(self, songs: Sequence[Sketch]) -> None:
        sample = np.concatenate([one.rows[::EVERY] for one in songs]).astype(np.float64)
        self._mean: Float32Array = sample.mean(axis=0).astype(np.float32)
        centred = sample - self._mean
        spread, directions = np.linalg.eigh(centred.T @ centred / max(len(sample), 1))
        most = spread[::-1][:DIRECTIONS]
        scale = np.maximum(most, 1e-4 * max(float(most[0]), 1e-9)) ** -0.25
        self._onto: Float32Array = (directions[:, ::-1][:, :DIRECTIONS] * scale).astype(np.float32)

    def places(self, rows: Float32Array) -> Float32Array:
        """(T, 2 x directions) of rows (T, 512), each of length 1."""
        before = np.zeros_like(rows)
        before[CHANGE_ROWS:] = rows[CHANGE_ROWS:] - rows[:-CHANGE_ROWS]
        sound, change = _unit((rows - self._mean) @ self._onto), _unit(before @ self._onto)
        return _unit(np.concatenate([sound, np.float32(CHANGE_WEIGHT) * change], axis=1))


class Recognising:
    """Names songs.

    Args:
        songs: that are known, in any order.

    Attributes:
        title: of what is played, "" while nobody can tell.
    """

    def __init__(self, songs: Sequence[Sketch]) -> None:
        known = [one for one in songs if len(one.rows)]
        self._titles = [one.title for one in known]
        self._likeness = Likeness(known) if known else None
        made = [self._likeness.places(one.rows.astype(np.float32)) for one in known] if self._likeness else []
        self._known = np.concatenate(made) if made else np.zeros((0, 2 * DIRECTIONS), np.float32)
        ends = np.cumsum([len(one) for one in made], dtype=np.int64)
        self._first: npt.NDArray[np.int64] = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        self.restart()

    def restart(self) -> None:
        """Another song begins."""
        self.title = ""
        self._fit: Float32Array = np.zeros(len(self._known), np.float32)
        self._lately: list[Float32Array] = []
        self._weight = 0.0
        self._heard = self._agreed = 0
        self._best = -1

    def hear(self, row: Float32Array) -> str:
        """Take the next row (512,) and say what is played, "" if nobody can tell."""
        if self._likeness is None:
            return ""
        self._lately = [*self._lately[-CHANGE_ROWS:], row]
        now = self._likeness.places(np.array(self._lately, np.float32))[-1]
        self._fit = np.float32(FADES) * self._came() + np.dot(self._known, now)
        self._weight = FADES * self._weight + 1.0
        self._heard += 1
        best, fits, clear = self._standing()
        says = self._heard >= LEAST_HEARD and fits >= FITS and clear >= CLEAR
        self._agreed = self._agreed + 1 if says and best == self._best else int(says)
        self._best = best
        if self._agreed >= SURE_ROWS:
            self.title = self._titles[best]
        return self.title

    def _came(self) -> Float32Array:
        """(N,) the best fit of the place that a path came from."""
        fit, cost = self._fit, np.float32(WARP * self._weight)
        one, two = np.full_like(fit, -np.inf), np.full_like(fit, -np.inf)
        one[1:], two[2:] = fit[:-1], fit[:-2]
        one[self._first], two[self._first] = -np.inf, -np.inf  # no path leads from one song into another
        second = self._first + 1
        two[second[second < len(two)]] = -np.inf
        return np.asarray(np.maximum(np.maximum(one, two - cost), fit - cost), np.float32)

    def _standing(self) -> tuple[int, float, float]:
        """The song that fits best, how well, 0..1, and by how much better than the next one."""
        best = np.maximum.reduceat(self._fit, self._first) / np.float32(self._weight)
        order = np.argsort(best)
        first = float(best[order[-1]])
        return int(order[-1]), first, first - (float(best[order[-2]]) if len(order) > 1 else 0.0)


def _unit(rows: npt.NDArray[np.floating[Any]]) -> Float32Array:
    """Rows of length 1; a row of nothing stays one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6), np.float32)
