"""How far the light of each hop can be trusted, and what is left out and why. Pure.

Every reason gives a trust 0..1; the smallest counts. What stays below `KEEP` is dropped, in segments with their reason.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import BoolArray, Float32Array
from controller.sound_format import HOP_S
from tools.train.footage.light import hue_of

Pictures = npt.NDArray[np.uint8]

KEEP = 0.5
CUT_HOPS = 5
HOUSE_HOPS, WALL_HOPS = 11, 9
STILL, STILL_HOPS = 3, 12
BLACK_HOPS = 25
BLACK = 18
SILENCE_DB = -60.0
SILENT_HOPS = 10
LIFTED, CEILING, PALE, MOVES = 16, 232, 145, 30
"""A flat film: in code values nothing is darker than the first or brighter than the second, no more saturated than the
third, although the light moves by the last. V-Log, C-Log and C-Log3 have their black at 19, Apple Log at 38."""
DEEP, DEEP_PALE, STANDS = 7, 165, 8
"""The same for curves whose black is at 7 to 9 (S-Log2 and 3, C-Log2, F-Log, D-Log, LogC), which haze in an ordinary
film reaches, too: their black stands within so much however bright the light."""
FLAT = "flat"
REASONS = {
    "picture": "no picture at this time",
    "sound": "silence",
    "black": "black picture",
    "frozen": "frozen picture",
    "cut": "camera cut",
    FLAT: "a flat (log) profile: name it with --transfer, or export it graded, as ordinary video",
    "house": "house lights",
    "wall": "many colours at once: projection or LED wall",
    "faint": "neither colour nor brightness is clear",
}


@dataclass(frozen=True, slots=True)
class Sights:
    """Plain measures of each hop's picture, each (n,).

    Attributes:
        darkest, dark: code value that the darkest hundredth, and the darkest tenth, stay below.
        pale: share of pixels that are bright and nearly white.
        bright: code value of the brightest hundredth.
        stillness: largest change of any pixel since the hop before, in code values.
        motion: mean change.
        saturation: of all light together, 0..255.
    """

    darkest: Float32Array
    dark: Float32Array
    pale: Float32Array
    bright: Float32Array
    stillness: Float32Array
    motion: Float32Array
    saturation: Float32Array


def see(pictures: Pictures, before: Pictures | None) -> Sights:
    """Measure pictures (n, h, w, 3); `before` (1, h, w, 3) is the one in front of them."""
    n = len(pictures)
    _, chroma, high = hue_of(pictures.astype(np.float32))
    flat = high.reshape(n, -1)
    darkest, dark, bright = np.percentile(flat, [1, 10, 99], axis=1)
    pale = ((high > 55) & (chroma < 0.38 * high)).reshape(n, -1).mean(axis=1)
    previous = np.concatenate([pictures[:1] if before is None else before, pictures[:-1]])
    change = np.abs(pictures.astype(np.int16) - previous)
    saturation = 255 * chroma.reshape(n, -1).sum(axis=1) / np.maximum(flat.sum(axis=1), 1.0)
    return Sights(
        *(part.astype(np.float32) for part in (
            darkest, dark, pale, bright, change.reshape(n, -1).max(axis=1), change.reshape(n, -1).mean(axis=1),
            saturation)
        )
    )  # fmt: skip


def joined(parts: list[Sights]) -> Sights:
    names = Sights.__dataclass_fields__
    return Sights(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def median(curve: Float32Array, width: int) -> Float32Array:
    """Running median over an odd width, (n,)."""
    padded = np.pad(curve, width // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1).astype(np.float32)


def lasting(flags: BoolArray, hops: int) -> BoolArray:
    """Only runs of at least `hops`."""
    kept = np.zeros_like(flags)
    for first, last in runs(flags):
        if last - first >= hops:
            kept[first:last] = True
    return kept


def runs(flags: BoolArray) -> list[tuple[int, int]]:
    """First and one past the last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def wider(flags: BoolArray, hops: int) -> BoolArray:
    """Each run made longer by `hops` on both sides."""
    if not hops or not flags.any():
        return flags
    return np.convolve(flags, np.ones(2 * hops + 1), mode="same") > 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of each hop, each (n,) but `cuts`: first hops of new shots.

    `share`: of the colour that lies around the hue; `chroma`: mean over pixels; `there`: a frame was near enough.
    """

    sights: Sights
    share: Float32Array
    chroma: Float32Array
    there: BoolArray
    level_db: Float32Array
    cuts: npt.NDArray[np.int64]


def _ramp(curve: Float32Array, bad: float, good: float) -> Float32Array:
    return np.clip((curve - bad) / (good - bad), 0.0, 1.0).astype(np.float32)


def is_flat(sights: Sights) -> bool:
    """Whether a film is in a flat (log) profile: judged as a whole, for light that never goes out lifts black, too."""
    low, high, top = np.percentile(sights.bright, [5, 95, 99])
    black, usual = np.percentile(sights.darkest, [5, 50])
    pale = float(np.percentile(sights.saturation, 90))
    lifted = black >= LIFTED and pale <= PALE
    deep = DEEP <= black < LIFTED and usual - black <= STANDS and pale <= DEEP_PALE
    return bool((lifted or deep) and top <= CEILING and high - low >= MOVES)


def judge(evidence: Evidence) -> tuple[Float32Array, dict[str, Float32Array]]:
    """Trust (n,) 0..1, and what each reason alone would leave."""
    sights, n = evidence.sights, len(evidence.share)
    cut = np.zeros(n, bool)
    for first in evidence.cuts:
        cut[max(first - CUT_HOPS, 0) : first + CUT_HOPS] = True
    black = lasting(sights.bright < BLACK, BLACK_HOPS)
    frozen = lasting((median(sights.stillness, 7) <= STILL) & ~black, STILL_HOPS)
    silent = lasting(evidence.level_db < SILENCE_DB, SILENT_HOPS)
    house = median(np.minimum(_ramp(sights.dark, 30, 70), _ramp(sights.pale, 0.25, 0.55)), HOUSE_HOPS)
    flat = is_flat(sights)
    coloured = evidence.chroma > 0.012
    share = median(np.where(coloured, evidence.share, 1.0).astype(np.float32), WALL_HOPS)
    left = {
        "picture": evidence.there.astype(np.float32),
        "sound": 1.0 - silent,
        "black": 1.0 - black,
        "frozen": 1.0 - wider(frozen, 2),
        "cut": 1.0 - cut,
        FLAT: np.full(n, 0.0 if flat else 1.0),
        "house": np.ones(n) if flat else 1.0 - house,
        "wall": _ramp(share, 0.55, 0.8),
        "faint": np.full(n, 1.0),
    }
    left = {name: np.asarray(curve, np.float32) for name, curve in left.items()}
    return np.min(list(left.values()), axis=0), left


def dropped(left: dict[str, Float32Array], start_s: float = 0.0) -> list[dict[str, object]]:
    """Segments that are left out, `start_s` and `end_s` on the sound's clock, by reason; reasons may overlap."""
    found = []
    for name, curve in left.items():
        for first, last in runs(curve < KEEP):
            found.append({"start_s": round(start_s + first * HOP_S, 1), "end_s": round(start_s + last * HOP_S, 1),
                          "reason": REASONS[name], "kind": name})  # fmt: skip
    return sorted(found, key=lambda segment: (segment["start_s"], segment["end_s"]))
