"""A rendered rig as an eye takes it: brightness, hue and saturation of every head and of the whole. Pure.

Brightness is perceived: a head's strongest component of its own full, gamma-encoded. The whole rig is as bright as its
heads are in the mean, and has the hue in which most of the light is (a mean of red and green would be a yellow that
nobody sees): light-weighted hues on the circle, smoothed by 12 degrees, the highest place. A rig that is dark keeps
the colour that it had.
"""

from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, FloatingArray, IntArray
from controller.colour import to_encoded
from controller.records.rendered import RenderedRig

HUE_BINS = 72
SMOOTH_DEG = 12.0
DARK = 0.02
LIT = 0.1
COLOURED = 0.25
"""Less saturation is white, or a pale shade of it."""
FRONT_M = 0.0
"""Washes that hang before the stage edge light faces, where nothing is patched as `key`."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenRig:
    """n moments, ten a second, of h heads; m output cycles.

    Attributes:
        brightness, saturation: (n, h) 0..1. hue_deg: (n, h) 0..360. roles: of each head. is_key: (h,) lights faces.
        intensity: (n,) mean brightness. rig_hue_deg, rig_saturation: (n,) of the whole.
        change: (n,) mean absolute change of encoded light since the moment before.
        ticks: every output cycle, by role.
    """

    brightness: Float32Array
    hue_deg: Float32Array
    saturation: Float32Array
    roles: tuple[str, ...]
    is_key: BoolArray
    intensity: Float64Array
    rig_hue_deg: Float64Array
    rig_saturation: Float64Array
    change: Float64Array
    ticks: "SeenTicks"

    def role(self, *names: str) -> BoolArray:
        """(h,) which heads have one of these roles."""
        return np.isin(np.array(self.roles), names)

    def later(self, by: int) -> "SeenRig":
        """The heads so many moments later, the end before the beginning; what is of the whole stays where it is."""
        if by == 0:
            return self
        brightness, hue_deg, saturation = (
            np.roll(one, by, axis=0) for one in (self.brightness, self.hue_deg, self.saturation)
        )
        return replace(self, brightness=brightness, hue_deg=hue_deg, saturation=saturation)


@dataclass(frozen=True, slots=True, eq=False)
class SeenTicks:
    """m output cycles, g roles.

    Attributes:
        time_s: (m,). roles: g. brightness, hue_deg, saturation: (m, g). intensity: (m,) mean over all heads.
    """

    time_s: Float64Array
    roles: tuple[str, ...]
    brightness: Float32Array
    hue_deg: Float32Array
    saturation: Float32Array
    intensity: Float64Array


def seen(rig: RenderedRig) -> SeenRig:
    """What an eye makes of it."""
    encoded = to_encoded(rig.light)
    brightness, hue_deg, saturation = hue_saturation(encoded)
    steps = np.abs(np.diff(encoded, axis=0, prepend=encoded[:1])).mean(axis=(1, 2), dtype=np.float64)
    rig_hue_deg = dominant_hue(brightness, hue_deg, saturation)
    total = brightness.sum(axis=1, dtype=np.float64)
    pale = (brightness * saturation).sum(axis=1, dtype=np.float64) / np.maximum(total, 1e-9)
    return SeenRig(
        brightness, hue_deg, saturation, tuple(rig.role.tolist()), _keys(rig),
        intensity=brightness.mean(axis=1, dtype=np.float64), rig_hue_deg=rig_hue_deg,
        rig_saturation=_kept(pale, total > DARK), change=steps, ticks=_ticks(rig),
    )  # fmt: skip


def hue_saturation(encoded: FloatingArray) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Value 0..1, hue 0..360 and saturation 0..1 as in HSV: (..., 3) gamma-encoded RGB in."""
    high, low = encoded.max(axis=-1), encoded.min(axis=-1)
    spread = np.maximum(high - low, 1e-9)
    red, green, blue = (encoded[..., one] for one in range(3))
    sextant = np.where(high == red, (green - blue) / spread, 2.0 + (blue - red) / spread)
    sextant = np.where((high == blue) & (high != red) & (high != green), 4.0 + (red - green) / spread, sextant)
    hue_deg = np.where(high > low, (60.0 * sextant) % 360.0, 0.0)
    saturation = np.where(high > 1e-6, (high - low) / np.maximum(high, 1e-6), 0.0)
    return high.astype(np.float32), hue_deg.astype(np.float32), saturation.astype(np.float32)


def dominant_hue(brightness: FloatingArray, hue_deg: FloatingArray, saturation: FloatingArray) -> Float64Array:
    """(n,) degrees: the hue in which most of the light is; where there is none, that of before.

    Args:
        brightness, hue_deg, saturation: (n, h).
    """
    weights = (brightness * saturation).astype(np.float64)
    centre_deg = smoothed_hues(weights, hue_deg).argmax(axis=1) * (360.0 / HUE_BINS)
    away = (hue_deg - centre_deg[:, None] + 180.0) % 360.0 - 180.0
    near = weights * (np.abs(away) <= 2.0 * SMOOTH_DEG)
    found = (centre_deg + (near * away).sum(axis=1) / np.maximum(near.sum(axis=1), 1e-9)) % 360.0
    return _kept(found, weights.sum(axis=1) > DARK)


def _kept(values: Float64Array, known: BoolArray) -> Float64Array:
    """Each value, or the last before it that is known; before the first that one. (n,)"""
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
    first = int(known.argmax()) if known.any() else 0
    return np.asarray(values[np.where(last < 0, first, last)], np.float64)


def smoothed_hues(weights: FloatingArray, hue_deg: FloatingArray) -> Float64Array:
    """Light at each of 72 places of the hue circle: (n, h) and (n, h) in, (n, 72) out."""
    n = len(weights)
    place = np.floor(hue_deg / (360.0 / HUE_BINS) + 0.5).astype(np.int64) % HUE_BINS
    flat = (place + HUE_BINS * np.arange(n)[:, None]).ravel()
    light = np.bincount(flat, weights.ravel(), n * HUE_BINS).reshape(n, HUE_BINS)
    away = (np.arange(HUE_BINS)[:, None] - np.arange(HUE_BINS)) * (360.0 / HUE_BINS)
    kernel = np.exp(-0.5 * np.square(((away + 180.0) % 360.0 - 180.0) / SMOOTH_DEG))
    return np.asarray(light @ kernel)


def _keys(rig: RenderedRig) -> BoolArray:
    """Heads that light faces: those patched so, else the washes before the stage edge, else all washes."""
    key, wash = rig.role == "key", rig.role == "wash"
    front = wash & (rig.position_m[:, 1] <= FRONT_M)
    return np.asarray(key if key.any() else front if front.any() else wash)


def _ticks(rig: RenderedRig) -> SeenTicks:
    brightness, hue_deg, saturation = hue_saturation(to_encoded(rig.group_light))
    heads: IntArray = np.array([int((rig.role == group).sum()) for group in rig.group], np.int64)
    intensity = brightness @ heads.astype(np.float64) / max(int(heads.sum()), 1)
    return SeenTicks(rig.tick_s, tuple(rig.group.tolist()), brightness, hue_deg, saturation, intensity)
