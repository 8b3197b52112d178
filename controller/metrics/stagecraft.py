"""What somebody from lighting looks for in a rig: contrast, few colours, faces lit, blinders saved. Pure.

The aims are those of a person who lights a band: a sd of brightness of 0.18 or more, dark for 2 to 20 % of the time,
one or two hues at once, faces never dark while the band plays and never in mustard or lime.
"""

import numpy as np

from controller.arrays import BoolArray, Float64Array, FloatingArray, IntArray
from controller.colour import to_encoded, to_linear
from controller.metrics.held_looks import near
from controller.metrics.seen_rig import COLOURED, LIT, SeenRig, SeenTicks
from controller.records.rendered import RATE_HZ

DIM = 0.1
WASH_LIT = 0.25
ONE_HUE_DEG = 30.0
UNLIT_DEG = 1e6
"""Behind all hues, for fixtures that have none."""
KEY_FLOOR = 0.24
"""A quarter (`look.key_floor`), less what bytes round away."""
FORBIDDEN_DEG = (60.0, 110.0)
BLINDING = 0.2
HIT_APART_S = 1.0
ON_START_S = 0.5
LIFT_S = 4.0
LIFT = 0.2
"""Of the song's loudness: what rises by so much from the four seconds before to those after is a drop, or a lift."""
QUIET = 0.25
"""Of the song's loudness: less is a quiet passage."""


def contrast(rig: SeenRig) -> dict[str, float]:
    """How much light and dark there is."""
    washes = rig.brightness[:, rig.role("wash")]
    return {
        "brightness_mean": float(rig.intensity.mean()),
        "brightness_sd": float(rig.intensity.std()),
        "dim_share": float((rig.intensity < DIM).mean()),
        "washes_lit_share": float((washes > WASH_LIT).mean()) if washes.size else float("nan"),
    }


def hues_at_once(rig: SeenRig) -> IntArray:
    """How many hues are lit at each moment, white not counted: (n,). Hues nearer than 30 degrees are one."""
    coloured = (rig.brightness > LIT) & (rig.saturation > COLOURED)
    hue_deg = np.sort(np.where(coloured, rig.hue_deg, UNLIT_DEG), axis=1).astype(np.float64)
    count = coloured.sum(axis=1)
    inside = (np.diff(hue_deg, axis=1) > ONE_HUE_DEG) & (np.arange(1, hue_deg.shape[1]) < count[:, None])
    last = hue_deg[np.arange(len(hue_deg)), np.maximum(count - 1, 0)]
    around = (hue_deg[:, 0] + 360.0 - last > ONE_HUE_DEG) & (count > 0)
    return np.asarray(np.where(count > 0, np.maximum(inside.sum(axis=1) + around, 1), 0), np.int64)


def colours(rig: SeenRig) -> dict[str, float]:
    """Hues at once while anything is lit, and the share of light on faces in hues that look ill."""
    hues = hues_at_once(rig)
    hues = hues[rig.intensity > LIT] if (rig.intensity > LIT).any() else hues
    keys = rig.is_key[None, :] & (rig.brightness > LIT)
    ill = (rig.saturation > COLOURED) & (rig.hue_deg >= FORBIDDEN_DEG[0]) & (rig.hue_deg <= FORBIDDEN_DEG[1])
    return {
        "hues_median": float(np.median(hues)),
        "hues_p90": float(np.percentile(hues, 90)),
        "forbidden_on_key_share": float(ill[keys].mean()) if keys.any() else 0.0,
    }


def key_share(rig: SeenRig, played: BoolArray) -> float:
    """Share of the played moments at which the light on faces is at its floor or over it; NaN without such light.

    Light of several fixtures adds up on a face: two of six that are lit well are as much as all six lit a little. So
    the mean is one of light, not of how bright each fixture looks.

    Args:
        played: (n,) while the band plays.
    """
    if not rig.is_key.any() or not played.any():
        return float("nan")
    light = to_linear(rig.brightness[played][:, rig.is_key].astype(np.float32)).mean(axis=1)
    return float((to_encoded(light) >= KEY_FLOOR).mean())


def blinder_hits_s(ticks: SeenTicks) -> Float64Array:
    """Seconds at which the blinders come on."""
    rows = [number for number, role in enumerate(ticks.roles) if role == "blinder"]
    if not rows:
        return np.zeros(0)
    on = ticks.brightness[:, rows].max(axis=1) > BLINDING
    hits: list[float] = []
    for at_s in ticks.time_s[np.flatnonzero(on & ~np.concatenate([[False], on[:-1]]))].tolist():
        if not hits or at_s - hits[-1] >= HIT_APART_S:
            hits.append(at_s)
    return np.array(hits, np.float64)


def blinders(hits_s: FloatingArray, starts_s: FloatingArray, loudness: FloatingArray) -> dict[str, float]:
    """How often, how many of them where the music asks for it, and how many while it is quiet.

    Args:
        hits_s: seconds. starts_s: of sections, and entries after a stop. loudness: (n,) 0..1 of the song, ten a second.
    """
    asked = near(hits_s, starts_s, ON_START_S) | np.array([_lifts(loudness, at_s) for at_s in hits_s], np.bool_)
    place = np.minimum((hits_s * RATE_HZ).astype(np.int64), max(len(loudness) - 1, 0))
    reach = RATE_HZ // 2
    quiet = [float(loudness[max(one - reach, 0) : one + reach + 1].max(initial=0.0)) < QUIET for one in place]
    return {
        "blinders_a_minute": len(hits_s) * 60.0 * RATE_HZ / max(len(loudness), 1),
        "blinders_asked_for": float(asked.mean()) if len(hits_s) else float("nan"),
        "blinders_in_quiet": float(sum(quiet)),
    }


def _lifts(loudness: FloatingArray, at_s: float) -> bool:
    at, reach = round(at_s * RATE_HZ), round(LIFT_S * RATE_HZ)
    before, after = loudness[max(at - reach, 0) : at], loudness[at : at + reach]
    return bool(len(before) and len(after) and float(after.mean() - before.mean()) > LIFT)
