"""From small pictures to the light that is on: hue, value, zones and histograms. Pure.

What a camera shows of coloured light is haze, beams and surfaces; the light sources are blown out. So hue is a vote
of all pixels, weighted by their chroma, in which clipped pixels have no say and what shines always (exit signs, bars)
has been taken off in linear light. Value is how bright those places are that the light reaches, as code values of a
screen, because tokens are code values too; exposure is corrected by what shines always.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array

Pictures = npt.NDArray[np.uint8]

HUES = 180
GAMMA = 2.2
LINEAR = ((np.arange(256) / 255.0) ** GAMMA).astype(np.float32)
CLIPPED = 248
NOISE = 0.045
"""Code value 0..1 of remaining light below which a pixel's colour is noise."""
SIGMA_HUES = 2.5
NEAR_HUES = 7
AROUND_HUES = 14
THRESHOLDS = (0, 30, 60, 90, 120)
"""Brightness a pixel needs to be counted in `hue_histogram`; RPMC-L2 uses 60 for hue and 0 for value."""
ZONES = ("left", "centre", "right")
ZONE_HUE_BINS, ZONE_VALUE_BINS = 36, 32


def _smoothing() -> Float32Array:
    apart = np.arange(HUES)
    apart = np.minimum(apart, HUES - apart)
    bell = np.exp(-0.5 * (apart / SIGMA_HUES) ** 2)
    return np.stack([np.roll(bell, k) for k in range(HUES)]).astype(np.float32) / bell.sum()


SMOOTHING = _smoothing()


@dataclass(frozen=True, slots=True)
class Votes:
    """What pixels say about hue: `histogram` (n, zones, 180) chroma by hue, `pixels` in each zone (zones,)."""

    histogram: Float32Array
    pixels: npt.NDArray[np.int64]


def hue_of(code: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Hue 0..180, chroma and brightness of colours (..., 3) in any unit."""
    high, low = code.max(axis=-1), code.min(axis=-1)
    chroma = high - low
    safe = np.maximum(chroma, 1e-9)
    red, green, blue = code[..., 0], code[..., 1], code[..., 2]
    sixth = np.where(
        high == red,
        (green - blue) / safe,
        np.where(high == green, 2.0 + (blue - red) / safe, 4.0 + (red - green) / safe),
    )
    return (30.0 * sixth) % HUES, chroma, high


def zone_of_columns(width: int) -> npt.NDArray[np.int64]:
    """Zone 0..2 of each column."""
    return np.minimum(np.arange(width) * len(ZONES) // width, len(ZONES) - 1)


def remaining(pictures: Pictures, always: Float32Array, exposure: Float32Array) -> Float32Array:
    """Linear light without what shines always, at normal exposure.

    Args:
        pictures: (n, h, w, 3). always: (h, w, 3) linear. exposure: (n,) factor by which each picture is too bright.
    """
    return np.maximum(LINEAR[pictures] / exposure[:, None, None, None] - always, 0.0)


def votes(pictures: Pictures, light: Float32Array) -> Votes:
    """Hue votes of each picture by zone, from `remaining` light."""
    n, _, width = pictures.shape[:3]
    code = light ** np.float32(1.0 / GAMMA)
    hue, chroma, high = hue_of(code)
    weight = np.where((pictures.max(axis=-1) < CLIPPED) & (high > NOISE), chroma, 0.0)
    weight *= np.minimum(chroma / (0.25 * high + 1e-6), 1.0)  # a grey pixel's hue is chance
    zone = np.broadcast_to(zone_of_columns(width), hue.shape)
    bins = np.minimum(hue.astype(np.int64), HUES - 1)
    where = (np.arange(n)[:, None, None] * len(ZONES) + zone) * HUES + bins
    counted = np.bincount(where.ravel(), weight.ravel(), n * len(ZONES) * HUES)
    pixels = np.bincount(zone_of_columns(width), minlength=len(ZONES)) * pictures.shape[1]
    return Votes(counted.reshape(n, len(ZONES), HUES).astype(np.float32), pixels)


def winner(histogram: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array]:
    """The hue that most light has: hue 0..180 (n,), share of all chroma that lies around it, total chroma.

    Args:
        histogram: (n, 180).
    """
    smooth = histogram @ SMOOTHING
    top = smooth.argmax(axis=1)
    apart = (np.arange(HUES)[None, :] - top[:, None] + HUES // 2) % HUES - HUES // 2
    near = np.where(np.abs(apart) <= NEAR_HUES, histogram, 0.0)
    mass = near.sum(axis=1)
    shift = (near * (apart + 0.5)).sum(axis=1) / np.maximum(mass, 1e-9)
    total = histogram.sum(axis=1)
    around = np.where(np.abs(apart) <= AROUND_HUES, histogram, 0.0).sum(axis=1)
    return (top + shift) % HUES, around / np.maximum(total, 1e-9), total


def held(hue: Float32Array, sure: npt.NDArray[np.bool_]) -> Float32Array:
    """Hue (n,) with the last sure one kept where none is (dark, white); the first sure one before that."""
    where = np.flatnonzero(sure)
    if not len(where):
        return np.zeros_like(hue)
    latest = np.maximum.accumulate(np.where(sure, np.arange(len(hue)), -1))
    return hue[np.where(latest >= 0, latest, where[0])]


def counts(pictures: Pictures) -> dict[str, npt.NDArray[np.uint16]]:
    """Histograms of the pictures as they are (HSV of code values, hue 0..179), pixels counted.

    Returns:
        `hue_histogram` (n, thresholds, 180), `saturation_histogram` and `value_histogram` (n, 256), and by zone
        `zone_hue_histogram` (n, 3, thresholds, 36) and `zone_value_histogram` (n, 3, 32).
    """
    n, _, width = pictures.shape[:3]
    hue, chroma, high = hue_of(pictures.astype(np.float32))
    brightness = pictures.max(axis=-1).astype(np.int64)
    saturation = np.where(high > 0, np.rint(255 * chroma / np.maximum(high, 1.0)), 0).astype(np.int64)
    bins = np.rint(hue).astype(np.int64) % HUES
    zone = np.broadcast_to(zone_of_columns(width), hue.shape)
    row = np.broadcast_to(np.arange(n)[:, None, None], hue.shape)
    step = np.searchsorted(np.array(THRESHOLDS), brightness, side="right") - 1
    levels = len(THRESHOLDS)
    by_zone = _count((n, len(ZONES), levels, HUES), row, zone, step, bins)
    by_zone = by_zone[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]  # at least this bright
    coarse = by_zone.reshape(n, len(ZONES), levels, ZONE_HUE_BINS, -1).sum(axis=-1)
    zone_value = _count((n, len(ZONES), ZONE_VALUE_BINS), row, zone, brightness * ZONE_VALUE_BINS // 256)
    found = {
        "hue_histogram": by_zone.sum(axis=1),
        "saturation_histogram": _count((n, 256), row, saturation),
        "value_histogram": _count((n, 256), row, brightness),
        "zone_hue_histogram": coarse,
        "zone_value_histogram": zone_value,
    }
    return {name: array.astype(np.uint16) for name, array in found.items()}


def _count(shape: tuple[int, ...], *indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    flat = np.ravel_multi_index([index.ravel() for index in indices], shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
