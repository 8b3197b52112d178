"""Cues of a show, comparable with the cue tracks that people wrote for 87 rock and metal songs.

A cue is a hop at which the hue moves by more than 20 degrees, or an accent begins: the value leaves the level around it
(median over 1.5 s) by 96 or more, up or down. Light that pulses with the beat is one cue however often it pulses, as
`stomp` and the strobes are in the tracks. What follows a cue within 0.3 s belongs to it. The tracks count a cue as on
the beat within 50 ms; tokens come every 100 ms, so here it is the very hop that can hear the beat first (`hop_of`), and
what chance alone would give stands beside each share.
"""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from controller.arrays import IntArray
from controller.metrics.against_reference import changes
from controller.sound_format import HOP_S

HUE_CHANGE = 10
"""In steps of two degrees; a hue change moves further than this."""
ACCENT = 96
LEVEL_HOPS = 15
APART_HOPS = 3
SECTION_HOPS = 2
"""A cue is on a section start within 250 ms."""
AUDIBLE_AFTER_S = 0.03
"""The newest spectrogram frame needs this much of a sound to show it."""

PEOPLE = {"cues_per_minute": (5.5, 10.0, 23.6)}
"""25, 50 and 75 % over the 87 songs; source: human_cue_statistics.json, as described in human_cues.md."""
PEOPLE_ON = {"beats": (0.62, 0.22), "downbeats": (0.35, 0.05), "section_starts": (0.18, 0.03)}
"""Share of people's cues there, and of random moments, within 50 ms (beats) and 250 ms (section starts)."""


def hue_changes(light: IntArray) -> IntArray:
    """Hops at which the hue moves by more than 20 degrees."""
    return np.flatnonzero(changes(light)[0] > HUE_CHANGE) + 1


def accents(light: IntArray) -> IntArray:
    """Hops at which the value leaves its level."""
    if len(light) == 0:
        return np.zeros(0, np.int64)
    value = light[:, 1].astype(np.float64)
    level = np.median(sliding_window_view(np.pad(value, LEVEL_HOPS // 2, mode="edge"), LEVEL_HOPS), axis=1)
    away = np.abs(value - level) >= ACCENT
    return np.flatnonzero(away & ~np.concatenate([[False], away[:-1]]))


def cues(light: IntArray) -> IntArray:
    """Hops at which a cue falls."""
    found: list[int] = []
    for hop in np.union1d(hue_changes(light), accents(light)).tolist():
        if not found or hop - found[-1] >= APART_HOPS:
            found.append(hop)
    return np.array(found, np.int64)


def per_minute(hops: IntArray, light: IntArray) -> float:
    """How many of these hops there are in a minute of the light."""
    return len(hops) * 60.0 / (max(len(light), 1) * HOP_S)


def hue_dwell_s(light: IntArray) -> float:
    """Median time between hue changes of more than 20 degrees; the length of the show if there are none."""
    marks = np.concatenate([[0], hue_changes(light), [len(light)]]) if len(light) else np.zeros(2)
    return float(np.median(np.diff(marks))) * HOP_S


def value_jitter(light: IntArray) -> float:
    """Mean absolute change of value per hop, 0..255."""
    return float(changes(light)[1].mean())


def hop_of(time_s: npt.ArrayLike) -> IntArray:
    """First hop at whose end a sound that starts then can be heard: 0.03 to 0.13 s later."""
    return np.floor((np.asarray(time_s) + AUDIBLE_AFTER_S) / HOP_S + 1e-9).astype(np.int64)


def near(hops: IntArray, marks: IntArray, reach: int) -> npt.NDArray[np.bool_]:
    """Which of the hops lie within `reach` hops of a mark."""
    if len(marks) == 0:
        return np.zeros(len(hops), np.bool_)
    return np.asarray(np.abs(hops[:, None] - marks[None, :]).min(axis=1) <= reach)


def craft(light: IntArray, marks: dict[str, IntArray]) -> dict[str, float]:
    """Rates of cues, and where they fall.

    Args:
        light: (hops, 2). marks: hops (`hop_of`) of `beats`, `downbeats` and `section_starts`.
    """
    at, every = cues(light), np.arange(len(light))
    figures = {
        "cues_per_minute": per_minute(at, light),
        "hue_changes_per_minute": per_minute(hue_changes(light), light),
        "hue_dwell_s": hue_dwell_s(light),
        "value_jitter": value_jitter(light),
    }
    for name, hops in marks.items():
        reach = SECTION_HOPS if name == "section_starts" else 0
        figures[f"cues_on_{name}"] = float(near(at, hops, reach).mean()) if len(at) else 0.0
        figures[f"cues_on_{name}_by_chance"] = float(near(every, hops, reach).mean())
    return figures
