"""Where fixtures hang, from where they are in the picture: who is elsewhere, who is at the place of another.

One camera sees directions, no distances. The patch says where heads should hang; the camera under which most of them
are where they should be is looked for (a pinhole that stands level, six numbers), and what is elsewhere in the picture
hangs elsewhere: at the place of another head, or beside its own, at the depth that the patch says. Pure.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float64Array, IndexArray

PRIOR = np.array([0.0, -8.0, 1.7, 0.0, 0.0, 0.1])
"""Where a tripod stands, metres from the middle of the stage's edge; turn and tilt in radians; log of the focal length
in widths of the picture."""
PRIOR_WIDTH = np.array([4.0, 5.0, 0.7, 0.4, 0.25, 0.4])
STARTS_M = (-4.0, -7.0, -11.0, -16.0)
NEAR = 0.015
"""In widths of the picture: so far off is in its place."""
AWAY, ITS_PLACE = 0.03, 0.025
LEAST_HEADS = 5
AGREE = 0.6
TURNS, STEP = 40, 1e-5
CLOSEST_M = 0.5


@dataclass(frozen=True, slots=True)
class Places:
    """What the picture says about places; n heads.

    Attributes:
        fits: whether a camera was found that agrees with most heads. told: (n, 2) where each should be in the picture.
        away: (n,) how far it is from there, in widths of the picture; nan where it is not judged.
        at: for each head that hangs at another one's place: that one. measured_m: (n, 3) where it hangs, at the depth
            that the patch says; nan where it is not judged.
    """

    fits: bool
    told: Float64Array
    away: Float64Array
    at: dict[int, int]
    measured_m: Float64Array


def places_in(spots: Float64Array, positions_m: Float64Array, seen: BoolArray, aspect: float) -> Places:
    """Compare.

    Args:
        spots: (n, 2) where each head is in the picture, 0..1 from left and top. positions_m: (n, 3) of the patch.
        seen: (n,) whether the head itself is seen, not only its light. aspect: width by height of the picture.
    """
    flat = np.stack([spots[:, 0] - 0.5, (0.5 - spots[:, 1]) / aspect], axis=1)
    nothing = Places(
        False, np.full_like(spots, np.nan), np.full(len(spots), np.nan), {}, np.full((len(spots), 3), np.nan)
    )
    if seen.sum() < LEAST_HEADS:
        return nothing
    camera = _fitted(flat[seen], positions_m[seen])
    told = _projected(camera, positions_m)
    off = np.linalg.norm(flat - told, axis=1)
    if np.mean(off[seen] < AWAY) < AGREE or np.unique(np.round(positions_m[seen], 2), axis=0).shape[0] < LEAST_HEADS:
        return nothing
    at = _exchanged(flat, told, np.flatnonzero(seen & (off > AWAY)))
    measured = np.where(seen[:, None], _at_depth(camera, flat, positions_m[:, 1]), np.nan)
    shown = np.stack([told[:, 0] + 0.5, 0.5 - told[:, 1] * aspect], axis=1)
    return Places(True, shown, np.where(seen, off, np.nan), at, measured)


def _projected(camera: Float64Array, at_m: Float64Array) -> Float64Array:
    """(n, 2) to the right and up, in widths of the picture, from its middle."""
    turn, tilt = camera[3], camera[4]
    x, y, z = (at_m - camera[:3]).T
    side, depth = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    up, depth = z * np.cos(tilt) - depth * np.sin(tilt), depth * np.cos(tilt) + z * np.sin(tilt)
    depth = np.maximum(depth, CLOSEST_M)
    return np.asarray(np.exp(camera[5]) * np.stack([side / depth, up / depth], axis=1))


def _fitted(flat: Float64Array, at_m: Float64Array) -> Float64Array:
    """The camera under which most heads are where they should be (reweighted least squares, several starts)."""
    best, cost = PRIOR, np.inf
    for start_m in STARTS_M:
        camera = PRIOR.copy()
        camera[1] = start_m
        for turn in range(TURNS):
            width = max(NEAR, 0.1 * 0.85**turn)
            camera = _step(camera, flat, at_m, width)
        off = np.linalg.norm(flat - _projected(camera, at_m), axis=1)
        found = float(np.log1p(np.square(off / NEAR)).sum() + np.square((camera - PRIOR) / PRIOR_WIDTH).sum())
        if found < cost:
            best, cost = camera, found
    return best


def _step(camera: Float64Array, flat: Float64Array, at_m: Float64Array, width: float) -> Float64Array:
    now = _projected(camera, at_m)
    rest = (flat - now).reshape(-1)
    slopes = np.stack([((_projected(camera + STEP * one, at_m) - now) / STEP).reshape(-1) for one in np.eye(6)], axis=1)
    weight = np.repeat(1.0 / (width**2 + np.square(flat - now).sum(axis=1)), 2)
    normal = (slopes * weight[:, None]).T @ slopes + np.diag(1.0 / PRIOR_WIDTH**2)
    aim = (slopes * weight[:, None]).T @ rest - (camera - PRIOR) / PRIOR_WIDTH**2
    step = np.linalg.solve(normal, aim)
    return np.asarray(camera + np.clip(step, -1.0, 1.0) * np.array([1.0, 1.0, 0.3, 0.2, 0.2, 0.3]))


def _exchanged(flat: Float64Array, told: Float64Array, away: IndexArray) -> dict[int, int]:
    """Heads among those that are elsewhere that hang at each other's places: each to the place it is at."""
    apart = np.linalg.norm(flat[away][:, None] - told[away][None], axis=2)
    pairs = {}
    for row, head in enumerate(away):
        column = int(np.argmin(apart[row]))
        if apart[row, column] < ITS_PLACE and int(np.argmin(apart[:, column])) == row:
            pairs[int(head)] = int(away[column])
    while set(pairs) != set(pairs.values()):  # only whole rings: nobody's place is given away
        pairs = {head: place for head, place in pairs.items() if place in pairs and head in pairs.values()}
    return pairs


def _at_depth(camera: Float64Array, flat: Float64Array, depth_m: Float64Array) -> Float64Array:
    """(n, 3) the points at a depth of the stage that are seen there."""
    turn, tilt = camera[3], camera[4]
    side, up = flat.T / np.exp(camera[5])
    ahead, high = np.cos(tilt) - up * np.sin(tilt), np.sin(tilt) + up * np.cos(tilt)
    x, y = side * np.cos(turn) + ahead * np.sin(turn), ahead * np.cos(turn) - side * np.sin(turn)
    far = (depth_m - camera[1]) / np.where(np.abs(y) > 1e-6, y, np.nan)
    return np.stack([camera[0] + far * x, depth_m, camera[2] + far * high], axis=1)
