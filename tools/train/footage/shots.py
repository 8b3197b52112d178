"""Where the camera changes, which shots come from one camera, and what each of them shows. Pure.

A cut changes what is where, a light cue does not: so shots are told apart by structure (small-scale contrast of the
logarithm of brightness), which survives a change of colour or level.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter

from controller.arrays import Float32Array
from tools.train.footage.light import GAMMA, LINEAR

Pictures = npt.NDArray[np.uint8]

SIDE = 4
"""Hops before and after that are averaged."""
SURELY_CUT, PERHAPS_CUT, DROP = 0.45, 0.8, 0.15
"""Structures that correlate less than the first are another camera's; less than the second, if they do so much less
than around: what moves a lot is never much like itself."""
AROUND_HOPS = 101
ALIKE_CAMERA = 0.8
LONGEST_PIECE = 600
CAMERAS_AT_MOST = 400
FAINT = 0.004


def structure(pictures: Pictures) -> Float32Array:
    """Small-scale contrast (n, h, w) of each picture, independent of its level."""
    bright = np.log(LINEAR[pictures].max(axis=-1) + FAINT)
    fine = uniform_filter(bright, (0, 2, 2))
    return fine - uniform_filter(bright, (0, 11, 11))


def likeness(a: Float32Array, b: Float32Array) -> Float32Array:
    """Correlation of structures over their last two axes; near 0 where nothing can be seen."""
    product = (a * b).sum(axis=(-2, -1))
    scale = np.sqrt((a**2).sum(axis=(-2, -1)) * (b**2).sum(axis=(-2, -1)))
    return product / np.maximum(scale, 1e-3)


def cut_scores(pictures: Pictures) -> Float32Array:
    """How alike the 0.4 s before and after the start of each hop are, (n,); 1 at both ends.

    Half a second either side: a flash or a blackout in between must not count as another camera.
    """
    fine = structure(pictures)
    n = len(fine)
    scores = np.ones(n, np.float32)
    if n < 2 * SIDE:
        return scores
    total = np.concatenate([np.zeros((1, *fine.shape[1:]), np.float64), np.cumsum(fine, axis=0, dtype=np.float64)])
    mean = ((total[SIDE:] - total[:-SIDE]) / SIDE).astype(np.float32)
    scores[SIDE : n - SIDE + 1] = likeness(mean[: n - 2 * SIDE + 1], mean[SIDE : n - SIDE + 1])
    return scores


def find_cuts(scores: Float32Array) -> npt.NDArray[np.int64]:
    """First hop of every shot but the first."""
    usual = median_filter(scores, AROUND_HOPS, mode="nearest")
    low = (scores < SURELY_CUT) | ((scores < PERHAPS_CUT) & (scores < usual - DROP))
    found, k = [], 0
    while k < len(low):
        if low[k]:
            end = k
            while end + 1 < len(low) and (low[end + 1] or end - k < SIDE):
                end += 1
            found.append(k + int(np.argmin(scores[k : end + 1])))
            k = end + 1
        else:
            k += 1
    return np.array(found, np.int64)


@dataclass(slots=True)
class Camera:
    """What is known of one camera position.

    Attributes:
        look: (h, w) mean structure.
        always: (h, w, 3) linear light that is there even when the stage is dark: the least that was seen.
        reach: (h, w) code value 0..1 of the brightest the light gets there.
        clipped: (h, w) whether it blows out.
        gain: factor to the value scale of the film.
    """

    look: Float32Array
    always: Float32Array
    reach: Float32Array
    clipped: npt.NDArray[np.bool_]
    hops: int
    gain: float = 1.0


@dataclass(slots=True)
class Piece:
    """Hops first..last-1 of one shot, at most `LONGEST_PIECE`; `camera` is an index."""

    first: int
    last: int
    camera: int


@dataclass(slots=True)
class Cameras:
    """All positions of a film, found as its pieces are looked at."""

    known: list[Camera] = field(default_factory=list)

    def look_at(self, pictures: Pictures) -> int:
        """Add a piece (n, h, w, 3) of one shot to its camera; returns the camera's index."""
        look = structure(pictures).mean(axis=0)
        low, high = _levels(pictures)
        piece = Camera(
            look, low, high.max(axis=-1) ** np.float32(1 / GAMMA), high.max(axis=-1) > LINEAR[246], len(pictures)
        )
        index = self._like(look)
        if index is None:
            self.known.append(piece)
            return len(self.known) - 1
        self._merge(self.known[index], piece)
        return index

    def _like(self, look: Float32Array) -> int | None:
        alike = [float(likeness(look, camera.look)) for camera in self.known[-CAMERAS_AT_MOST:]]
        if not alike or max(alike) < ALIKE_CAMERA:
            return None
        return len(self.known) - len(alike) + int(np.argmax(alike))

    def _merge(self, camera: Camera, piece: Camera) -> None:
        share = piece.hops / (piece.hops + camera.hops)
        camera.look += (piece.look - camera.look) * np.float32(share)
        camera.always = np.minimum(camera.always, piece.always)
        camera.reach = np.maximum(camera.reach, piece.reach)
        camera.clipped |= piece.clipped
        camera.hops += piece.hops


def _levels(pictures: Pictures) -> tuple[Float32Array, Float32Array]:
    """Linear light (h, w, 3) that each pixel has at its darkest and at its brightest."""
    rank = np.sort(pictures, axis=0)
    n = len(rank)
    return LINEAR[rank[int(0.04 * (n - 1))]], LINEAR[rank[int(0.95 * (n - 1))]]


def pieces_of(cuts: npt.NDArray[np.int64], hops: int) -> list[tuple[int, int]]:
    """Shots, long ones in pieces."""
    borders = [0, *(int(cut) for cut in cuts), hops]
    found = []
    for first, last in pairwise(borders):
        n = max(1, -(-(last - first) // LONGEST_PIECE))
        edges = np.linspace(first, last, n + 1).astype(int)
        found += [(int(a), int(b)) for a, b in pairwise(edges) if b > a]
    return found
