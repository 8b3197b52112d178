"""Whether the light has the form of its song: sections of one kind look alike, others do not; boundaries and recalls.

Sections and their kinds come from an offline hearing of the whole song (`song_features`), never from the show itself.
Pure.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from controller.arrays import Float64Array, FloatingArray, IntArray
from controller.colour import apart_deg
from controller.metrics.seen_rig import COLOURED, DARK, HUE_BINS, SeenRig, smoothed_hues
from controller.records.rendered import RATE_HZ
from controller.records.told_form import ToldForm, ToldSection

SAME_HUE_DEG = 20.0
SETTLED_S = 1.0
"""A section's first second may still show the look before."""
NEAR_S = (3.0, 0.5)
WHITE, NO_LIGHT = -1.0, -2.0

PEOPLE_SHARE = {"same": 0.55, "different": 0.09}
"""Share of pairs of sections with one dominating look, 69 songs: of one kind, and of two."""


def main_hues(rig: SeenRig, starts_s: FloatingArray, end_s: float) -> Float64Array:
    """The hue in which most of a section's light is, degrees; -1: it is white, -2: it is dark. (sections,)

    Args:
        starts_s: (sections,) in order. end_s: of the last one.
    """
    found = []
    for first_s, last_s in pairwise([*starts_s.tolist(), end_s]):
        settled_s = min(first_s + SETTLED_S, (first_s + last_s) / 2.0)
        part = slice(int(settled_s * RATE_HZ), max(int(last_s * RATE_HZ), int(settled_s * RATE_HZ) + 1))
        found.append(_main_hue(rig, part))
    return np.array(found, np.float64)


def _main_hue(rig: SeenRig, part: slice) -> float:
    brightness, saturation = rig.brightness[part], rig.saturation[part]
    total = float(brightness.sum())
    if brightness.size == 0 or total / brightness.size < DARK:
        return NO_LIGHT
    if float((brightness * saturation).sum()) / total < COLOURED:
        return WHITE
    light = smoothed_hues(brightness * saturation, rig.hue_deg[part]).sum(axis=0)
    return float(light.argmax()) * 360.0 / HUE_BINS


def alike(one: float, other: float) -> bool:
    """Whether two main hues are one look's: within 20 degrees, or both white, or both dark."""
    if min(one, other) < 0.0:
        return one == other
    return apart_deg(one, other) <= SAME_HUE_DEG


def form_figures(hues: FloatingArray, kinds: IntArray) -> dict[str, float]:
    """Shares of pairs of sections that share their main hue; NaN without such a pair.

    Args:
        hues: (sections,) as `main_hues` gives them. kinds: (sections,) equal numbers sound alike.
    """
    pairs = list(combinations(range(len(hues)), 2))
    same = [alike(hues[a], hues[b]) for a, b in pairs if kinds[a] == kinds[b]]
    other = [alike(hues[a], hues[b]) for a, b in pairs if kinds[a] != kinds[b]]
    return {
        "form_same": float(np.mean(same)) if same else float("nan"),
        "form_different": float(np.mean(other)) if other else float("nan"),
    }


def boundary_figures(told: ToldForm, starts_s: FloatingArray) -> dict[str, float]:
    """F of the told boundaries within 3 s and 0.5 s, and when those within 3 s were known; NaN where nothing was told.

    The first section begins with the song, which needs no hearing: it is left out on both sides.

    Args:
        starts_s: (sections,) as they really are.
    """
    ours, right = told_sections(told)[1:], starts_s[1:]
    figures: dict[str, float] = {}
    for within_s in NEAR_S:
        pairs = matched([one.start_s for one in ours], right.tolist(), within_s)
        both = len(ours) + len(right)
        figures[f"boundaries_f_{within_s:g}_s"] = 2.0 * len(pairs) / both if ours and both else float("nan")
        if within_s == NEAR_S[0]:
            late = [ours[a].known_at_s - right[b] for a, b in pairs]
            figures["boundaries_known_s_after"] = float(np.median(late)) if late else float("nan")
    return figures


def matched(ours: Sequence[float], right: Sequence[float], within: float) -> list[tuple[int, int]]:
    """Most pairs of nearby times, each used once: both in order, the earliest that fits first."""
    pairs, taken = [], 0
    for number, time in enumerate(ours):
        while taken < len(right) and right[taken] < time - within:
            taken += 1
        if taken < len(right) and right[taken] <= time + within:
            pairs.append((number, taken))
            taken += 1
    return pairs


def told_sections(told: ToldForm) -> list[ToldSection]:
    """One row for each start, in order of time: the label that was told last, since when the start was known first."""
    by_start: dict[float, ToldSection] = {}
    for one in told.sections:
        first = by_start.get(one.start_s)
        by_start[one.start_s] = one if first is None else one._replace(known_at_s=first.known_at_s)
    return [by_start[start_s] for start_s in sorted(by_start)]


def recall_figures(told: ToldForm, starts_s: FloatingArray, kinds: IntArray, end_s: float) -> dict[str, float]:
    """Share of repeats that were recognised, and share of sections that were taken for one that they are not.

    A section has the label that was told for most of it. A repeat, a kind that came before, is recalled if an earlier
    section of that kind had its label; any section but the first is wrongly recalled if only earlier sections of other
    kinds had it. NaN where nothing was told, or nothing repeats.
    """
    found = told_sections(told)
    if not found or len(starts_s) < 2:
        return {"repeats_recalled": float("nan"), "wrongly_recalled": float("nan")}
    labels = _labels_of(found, [*starts_s.tolist(), end_s])
    recalled, wrongly = [], []
    for number in range(1, len(labels)):
        mates = {labels[one] for one in range(number) if kinds[one] == kinds[number]}
        others = {labels[one] for one in range(number) if kinds[one] != kinds[number]}
        if mates:
            recalled.append(labels[number] in mates)
        wrongly.append(labels[number] in others - mates)
    return {
        "repeats_recalled": float(np.mean(recalled)) if recalled else float("nan"),
        "wrongly_recalled": float(np.mean(wrongly)),
    }


def _labels_of(found: list[ToldSection], edges_s: list[float]) -> list[str]:
    """The label that was told for most of each stretch between two edges."""
    ends_s = [*(one.start_s for one in found[1:]), edges_s[-1]]
    labels = []
    for first_s, last_s in pairwise(edges_s):
        shares: dict[str, float] = {}
        for one, end_s in zip(found, ends_s, strict=True):
            overlap_s = min(end_s, last_s) - max(one.start_s, first_s)
            shares[one.label] = shares.get(one.label, 0.0) + max(overlap_s, 0.0)
        labels.append(max(shares, key=lambda label: shares[label]))
    return labels
