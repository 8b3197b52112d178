"""How well features extracted from rendered films agree with what was really lit. Edge: reads `.npz` files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from controller.arrays import BoolArray, IntArray
from controller.sound_format import HOP_S

KEEP = 0.5
LIT = 40
"""Truth value above which the stage counts as lit and its hue is asked for."""
BIG_ERROR = 15
MARKED_SHARE = 0.5
WANTED = {"hue_mae": 5.0, "value_correlation": 0.95, "offset_error_s": 0.04, "good_kept": 0.9, "spoiled_dropped": 0.9}
AT_MOST = ("hue_mae", "offset_error_s")


@dataclass(frozen=True, slots=True)
class FilmScore:
    """One film; `spoiled` counts (dropped, all) spans by kind."""

    name: str
    minutes: float
    hue_mae: float
    hue_far: float
    value_correlation: float
    offset_error_s: float
    offset_confidence: float
    good_kept: float
    spoiled: dict[str, tuple[int, int]]


def hue_error(found: IntArray, truth: IntArray) -> IntArray:
    """Distance around the wheel of 180."""
    apart = np.abs(found.astype(np.int64) - truth.astype(np.int64))
    return np.minimum(apart, 180 - apart)


def score_film(features: Path, truth_path: Path) -> FilmScore:
    """Compare one `NAME.npz` with its `NAME.truth.npz`."""
    with np.load(features, allow_pickle=False) as found, np.load(truth_path, allow_pickle=False) as truth:
        n = min(len(found["hue"]), len(truth["hue"]))
        spoiled = np.any([truth[name][:n] for name in truth if name.startswith("is_")], axis=0)
        kept = found["trust"][:n] >= KEEP
        good = ~spoiled & truth["playing"][:n]
        used = good & kept
        lit = used & (truth["value"][:n] > LIT) & ~truth["flash"][:n]
        errors = hue_error(found["hue"][:n], truth["hue"][:n])[lit]
        agreement = np.corrcoef(found["value"][:n][used], truth["value"][:n][used])[0, 1] if used.sum() > 20 else 0.0
        return FilmScore(
            name=features.stem,
            minutes=n * HOP_S / 60,
            hue_mae=float(errors.mean()) if len(errors) else 90.0,
            hue_far=float((errors > BIG_ERROR).mean()) if len(errors) else 1.0,
            value_correlation=float(agreement),
            offset_error_s=abs(float(found["offset_s"]) - float(truth["offset_s"])),
            offset_confidence=float(found["offset_confidence"]),
            good_kept=float(used.sum() / max(good.sum(), 1)),
            spoiled=_spans(json.loads(str(truth["spans"])), kept),
        )


def _spans(spans: list[tuple[float, float, str]], kept: BoolArray) -> dict[str, tuple[int, int]]:
    counted: dict[str, tuple[int, int]] = {}
    for start_s, end_s, kind in spans:
        hops = slice(max(round(start_s / HOP_S), 0), max(round(end_s / HOP_S), 0))
        if not len(kept[hops]):
            continue
        dropped, total = counted.get(kind, (0, 0))
        counted[kind] = (dropped + int((~kept[hops]).mean() >= MARKED_SHARE), total + 1)
    return counted


def overall(films: list[FilmScore]) -> dict[str, float]:
    """Means weighted by length; of the offset error the worst film."""
    weight = np.array([film.minutes for film in films])
    mean = {name: float(np.average([getattr(film, name) for film in films], weights=weight))
            for name in ("hue_mae", "hue_far", "value_correlation", "good_kept")}  # fmt: skip
    kinds = sorted({kind for film in films for kind in film.spoiled})
    counts = {kind: np.sum([film.spoiled.get(kind, (0, 0)) for film in films], axis=0) for kind in kinds}
    done, total = np.sum(list(counts.values()), axis=0) if counts else (0, 0)
    return {
        "minutes": float(weight.sum()),
        **mean,
        "lowest_value_correlation": min(film.value_correlation for film in films),
        "offset_error_s": max(film.offset_error_s for film in films),
        "spoiled_dropped": float(done / total) if total else 1.0,
        **{f"{kind}_dropped": float(a / b) for kind, (a, b) in counts.items()},
    }


def score(films: Path, features: Path) -> dict[str, object]:
    """All films with truth in a folder against their features.

    Raises:
        FileNotFoundError: no film has both.
    """
    scores = []
    for truth in sorted(films.glob("*.truth.npz")):
        found = features / f"{truth.name.removesuffix('.truth.npz')}.npz"
        if found.is_file():
            scores.append(score_film(found, truth))
    if not scores:
        raise FileNotFoundError(f"no film of {films} has features in {features}; run footage extract first")
    total = overall(scores)
    reached = {name: (total[name] <= limit if name in AT_MOST else total[name] >= limit)
               for name, limit in WANTED.items()}  # fmt: skip
    return {"films": [asdict(film) for film in scores], "overall": total, "wanted": WANTED, "reached": reached}
