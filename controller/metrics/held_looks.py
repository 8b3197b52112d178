"""Held looks: when the rig turns to another colour, or other fixtures, and stays there; accents are apart. Pure.

Judged is each role by itself, at every output cycle, without blinders and strobes: how lit it is (a quarter of full
counts as lit, more is only brighter) and in which colour. A change is one that a second's median sees: who goes dark
or comes, or a hue that moves by more than 20 degrees. It counts from the moment at which the first role begins, and
those that follow within 0.7 s belong to it: a colour that runs across the stage is one look. Flashes and pulses come
back within the second and are none; nor is a slow walk around the wheel.

Comparable with the cue tracks of 69 songs split into held looks and accents (`human_looks.json`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from controller.arrays import BoolArray, Float64Array, FloatingArray, IntArray
from controller.metrics.seen_rig import SeenTicks

MEDIAN_S = 0.9
APART_S = 0.6
"""From the middle of one median to the moment that is judged."""
LIT = 0.25
STEP = 0.35
"""What counts as another look: 20 degrees of a saturated hue, or a third of being lit."""
SHORTEST_S = 0.7
BEGUN = 0.1
LEAP, LEAP_TIMES = 0.4, 10
"""So much of the way in such a part of the time to either side (60 ms) is a leap."""
OPENING_S = 0.5
"""What comes on with the song is its first look, and no change."""
LOOK_HZ = 10.0
NEAR_S = 0.07
SECTION_NEAR_S = 0.25
NOT_HELD = ("blinder", "strobe")

PEOPLE_HELD = {"a_minute": (3.5, 6.6, 8.9)}
"""25, 50 and 75 % over 69 songs."""
PEOPLE_HELD_ON = {"beats": 0.95, "downbeats": 0.74, "section_starts": 0.42}
"""Medians over songs of the share of people's held looks there."""
PEOPLE_NEW_ON_SECTIONS = 0.58
"""Share of section starts with a new held look."""


def held_looks(ticks: SeenTicks) -> Float64Array:
    """Seconds at which another look begins, in order."""
    held = [number for number, role in enumerate(ticks.roles) if role not in NOT_HELD]
    step_s = float(np.median(np.diff(ticks.time_s))) if len(ticks.time_s) > 1 else 1.0
    half = max(round(MEDIAN_S / step_s / 2.0), 1)
    if not held or len(ticks.time_s) <= 4 * half + 2:
        return np.zeros(0)
    state = _state(ticks, held)
    padded = np.pad(state, ((half, half), (0, 0), (0, 0)), mode="edge")
    every = max(round(1.0 / LOOK_HZ / step_s), 1)
    middle = np.median(sliding_window_view(padded, 2 * half + 1, axis=0)[::every], axis=-1)
    reach = max(round(APART_S * LOOK_HZ), 1)
    n = len(middle)
    before, after = middle[np.maximum(np.arange(n) - reach, 0)], middle[np.minimum(np.arange(n) + reach, n - 1)]
    distance = np.linalg.norm(after - before, axis=2)
    begun = list[int]()
    for role in range(len(held)):
        begun += [
            _begins(state[:, role], before[place, role], after[place, role], place * every, reach * every)
            for place in peaks(distance[:, role], round(SHORTEST_S * LOOK_HZ))
        ]
    found = ticks.time_s[_firsts(np.unique(np.array(begun, np.int64)), round(SHORTEST_S / step_s))]
    return np.asarray(found[found >= ticks.time_s[0] + OPENING_S])


def _firsts(begun: IntArray, apart: int) -> IntArray:
    """The first of each change: roles that begin within so many cycles of it go with it."""
    found: list[int] = []
    for at in begun.tolist():
        if not found or at - found[-1] >= apart:
            found.append(at)
    return np.array(found, np.int64)


def peaks(curve: FloatingArray, apart: int) -> list[int]:
    """Places at least `STEP` high and highest within `apart` to either side; of a plateau the middle."""
    found: list[int] = []
    highest = sliding_window_view(np.pad(curve, apart, mode="constant"), 2 * apart + 1).max(axis=1)
    top = np.flatnonzero((curve >= highest - 1e-6) & (curve >= STEP))
    for run in np.split(top, np.flatnonzero(np.diff(top) > 1) + 1):
        if len(run) and (not found or int(run[len(run) // 2]) - found[-1] >= apart):
            found.append(int(run[len(run) // 2]))
    return found


def _state(ticks: SeenTicks, held: list[int]) -> Float64Array:
    """(m, g, 3): how lit each role is, and its colour as a place on a disc of that radius."""
    lit = np.clip(ticks.brightness[:, held].astype(np.float64) / LIT, 0.0, 1.0)
    angle = np.radians(ticks.hue_deg[:, held].astype(np.float64))
    away = lit * ticks.saturation[:, held]
    return np.stack([lit, away * np.cos(angle), away * np.sin(angle)], axis=2)


def _begins(state: FloatingArray, before: FloatingArray, after: FloatingArray, at: int, reach: int) -> int:
    """The cycle at which a role leaves what it was: where it is past a tenth and past half of the way, led back to 0.

    A fade that is seen after its tenth was begun before; a leap begins where it is, whatever stirred before it.

    Args:
        state: (m, 3). before, after: (3,). at: cycle at which the step is judged. reach: cycles to either side.
    """
    way = after - before
    first, last = max(at - reach, 0), min(at + reach + 1, len(state))
    share = (state[first:last] - before) @ way / max(float(way @ way), 1e-12)
    past = np.flatnonzero(share >= 0.5)
    stays = [one for one in past if np.median(share[one : one + max(reach // 2, 1)]) >= 0.5]
    crossing = int(stays[0]) if stays else len(share) // 2
    leap = max(reach // LEAP_TIMES, 1)
    if crossing >= leap and share[crossing] - share[crossing - leap] >= LEAP:
        return first + crossing
    still = np.flatnonzero(share[:crossing] <= BEGUN)
    tenth = int(still[-1]) + 1 if len(still) else crossing
    return max(first + tenth - round((crossing - tenth) * BEGUN / (0.5 - BEGUN)), 0)


def near(times_s: FloatingArray, marks_s: FloatingArray, within_s: float) -> BoolArray:
    """Which of the times lie within so many seconds of a mark."""
    if len(marks_s) == 0 or len(times_s) == 0:
        return np.zeros(len(times_s), np.bool_)
    return np.asarray(np.abs(times_s[:, None] - marks_s[None, :]).min(axis=1) <= within_s)


def held_figures(changes_s: FloatingArray, marks_s: Mapping[str, FloatingArray], end_s: float) -> dict[str, float]:
    """How many held looks a minute and where they fall, beside what chance alone would give.

    Args:
        changes_s: as `held_looks` gives them. marks_s: `beats`, `downbeats`, `section_starts`. end_s: length.
    """
    every_s = np.arange(0.0, max(end_s, 0.1), 0.02)
    figures = {"held_looks_a_minute": len(changes_s) * 60.0 / max(end_s, 1e-9)}
    for name, marks in marks_s.items():
        within_s = SECTION_NEAR_S if name == "section_starts" else NEAR_S
        on = near(changes_s, marks, within_s)
        figures[f"held_on_{name}"] = float(on.mean()) if len(on) else 0.0
        figures[f"held_on_{name}_by_chance"] = float(near(every_s, marks, within_s).mean())
    starts_s = marks_s["section_starts"][1:]  # the first begins with the song
    figures["sections_with_new_look"] = (
        float(near(starts_s, changes_s, SECTION_NEAR_S).mean()) if len(starts_s) else 0.0
    )
    return figures
