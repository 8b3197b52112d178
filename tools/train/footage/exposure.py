"""The value scale: which places tell how bright the light is, how exposure drifts, and how shots compare. Pure.

What always shines (signs, lamps of amplifiers, a bar) does not follow the show, so when it gets brighter the camera has
opened up. Light of the show spills on it too; that part is estimated from fast changes, which exposure does not make.
Between cameras: light does not jump because a camera was switched, so levels on both sides of a cut are the same.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter1d

from controller.arrays import Float32Array
from tools.train.footage.light import GAMMA, LINEAR
from tools.train.footage.shots import Camera, Piece

Pictures = npt.NDArray[np.uint8]

LIT_PERCENTILE = 50
REFERENCES = 30
DARK_SHARE = 0.06
LEAST_REFERENCE = 0.006
LEAST_RATIO = 1.0
SLOW_HOPS = 41
MOST_STOPS = 0.8
SIDE = 15
"""Hops on each side of a cut that are compared; where the light moves in them, they count less."""
DARKEST = 0.12
LIKELY, LEAST_UNSURE, MOST_APART = 0.2, 0.05, 0.6
"""Natural logarithms: how far cameras of one film lie apart, and how well a still light compares them."""
STEP_STOPS, SMOOTH_STOPS, SMOOTH_SHARE, SEEN = 0.8, 0.3, 0.25, 0.06
"""A step of light, at least; what changes less from hop to hop, or by less of the step, is no other step; code values
that are no black."""
AFTER, ENDS, FEWEST = 15, 3, 4
"""Hops in which a camera answers a step; hops at both ends that are taken together; steps of each kind that tell."""


def lit_places(camera: Camera) -> npt.NDArray[np.bool_]:
    """(h, w): the half of the picture that the light reaches most, without what blows out."""
    usable = ~camera.clipped
    if usable.mean() < 0.2:
        usable = np.ones_like(usable)
    return usable & (camera.reach >= np.percentile(camera.reach[usable], LIT_PERCENTILE))


def dark_was_seen(camera: Camera) -> bool:
    """Whether the stage was ever dark: only then is what was always there not part of the show."""
    lit = lit_places(camera)
    share = camera.always.max(axis=-1)[lit] / np.maximum(camera.reach[lit] ** GAMMA, 1e-5)
    return bool(np.median(share) < DARK_SHARE)


def drift(pictures: Pictures, camera: Camera) -> Float32Array:
    """Exposure of each picture as a factor, (n,), 1 where nothing tells.

    Args:
        pictures: (n, h, w, 3) of one shot.
    """
    n = len(pictures)
    flat = np.ones(n, np.float32)
    always = camera.always.max(axis=-1)
    spill = np.maximum(camera.reach**GAMMA - always, 1e-5)
    ratio = np.where(always > LEAST_REFERENCE, always / spill, 0.0)
    where = np.argsort(ratio, axis=None)[-REFERENCES:]
    where = where[ratio.ravel()[where] > LEAST_RATIO]
    if len(where) < 5 or n < SLOW_HOPS or not dark_was_seen(camera):
        return flat
    bright = LINEAR[pictures].max(axis=-1).reshape(n, -1)
    seen = np.median(bright[:, where] / always.ravel()[where], axis=1)
    level = bright[:, lit_places(camera).ravel()].mean(axis=1)
    slow = _slow(seen - _spilled(seen, level))
    return np.clip(slow, 2.0**-MOST_STOPS, 2.0**MOST_STOPS).astype(np.float32)


def _spilled(seen: Float32Array, level: Float32Array) -> Float32Array:
    """Part of the reference that follows the show."""
    fast_seen = seen - uniform_filter1d(seen, SLOW_HOPS)
    fast_level = level - uniform_filter1d(level, SLOW_HOPS)
    power = float((fast_level**2).sum())
    share = max(float((fast_seen * fast_level).sum()) / power, 0.0) if power > 1e-9 else 0.0
    return share * level


def _slow(curve: Float32Array) -> Float32Array:
    smooth = median_filter(curve, SLOW_HOPS, mode="nearest")
    return uniform_filter1d(smooth, SLOW_HOPS // 2, mode="nearest")


def match(level: Float32Array, usable: npt.NDArray[np.bool_], pieces: list[Piece], cameras: int) -> Float32Array:
    """Factor for each camera (cameras,) that makes levels agree across cuts, least squares on logarithms.

    Args:
        level: (n,) as measured. usable: (n,) whether it is light of the show: house lights go on and off with a jump.
    """
    rows, wanted = [*(np.eye(cameras) / LIKELY)], [0.0] * cameras
    for before, after in pairwise(pieces):
        earlier = slice(max(after.first - 1 - SIDE, before.first), after.first - 1)
        later = slice(after.first + 1, min(after.first + 1 + SIDE, after.last))
        a, b = level[earlier][usable[earlier]], level[later][usable[later]]
        if before.camera == after.camera or min(len(a), len(b)) < SIDE // 2 or min(a.min(), b.min()) < DARKEST:
            continue
        row = np.zeros(cameras)
        row[after.camera], row[before.camera] = 1.0, -1.0
        unsure = LEAST_UNSURE + float(np.log(a).std() + np.log(b).std())
        rows.append(row / unsure)
        wanted.append(float(np.median(np.log(a)) - np.median(np.log(b))) / unsure)
    gains, *_ = np.linalg.lstsq(np.stack(rows), np.array(wanted), rcond=None)
    gains -= gains.mean()
    return np.exp(np.clip(gains, -MOST_APART, MOST_APART)).astype(np.float32)


def taken_back(level: Float32Array, usable: npt.NDArray[np.bool_]) -> float:
    """How much of a step of light the camera takes back in the second and a half after it: 0 where its exposure stands
    still, 1 where it takes back all; nan where nothing tells.

    An automatic exposure closes slowly after a step up and opens slowly after a step down. Light that dies away after
    a hit looks like the one, and a slow rise in the dark like the other, so the smaller answer of the two counts.

    Args:
        level: (n,) code values 0..1. usable: (n,) whether it is light of the show.
    """
    stops = GAMMA * np.log2(np.maximum(level, SEEN / 4))
    answers: dict[bool, list[float]] = {True: [], False: []}
    at = ENDS + 1
    while at < len(stops) - AFTER - 1:
        before = float(np.median(stops[at - ENDS - 1 : at - 1]))
        window = slice(at + 1, at + 1 + AFTER)
        after = stops[window]
        step = float(np.median(after[:ENDS])) - before
        smooth = max(SMOOTH_STOPS, SMOOTH_SHARE * abs(step))
        still = np.abs(np.diff(after)).max() < smooth and np.ptp(stops[at - ENDS - 1 : at - 1]) < SMOOTH_STOPS
        seen = usable[at - ENDS - 1 : at + 1 + AFTER].all() and min(level[window].min(), level[at - ENDS]) > SEEN
        if abs(step) < STEP_STOPS or not still or not seen:
            at += 1
            continue
        answers[step > 0].append((float(np.median(after[:ENDS])) - float(np.median(after[-ENDS:]))) / step)
        at += AFTER
    if min(map(len, answers.values())) < FEWEST:
        return float("nan")
    return min(float(np.median(one)) for one in answers.values())
