"""Dead stops and entries of a band, and how soon the light answers them. Pure.

A dead stop: within 0.15 s the sound falls 25 dB below the second before, which was loud for this song, and stays there
for 0.4 s. The entry ends it: the sound is back within 12 dB of what it was. The light has answered a stop when it is
half as bright as it was, an entry when it is past half of its way up.
"""

from typing import NamedTuple

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, FloatingArray
from controller.metrics.seen_rig import SeenTicks
from controller.sound_format import SAMPLE_RATE_HZ

FRAME_S = 0.01
BEFORE_S = 1.0
FALL_DB = 25.0
BACK_DB = 12.0
LOUD_DB = 15.0
"""A stop comes out of music that is no quieter than this below the song's loud passages."""
FAST_S = 0.15
REST_S = 0.4
MOST_S = 2.0
"""What is not answered by then is not answered."""
PROMPT_S = 0.1
FLOOR_DB = -90.0


class Stop(NamedTuple):
    """When the sound stops, and when it is back; the latter NaN where it is not."""

    at_s: float
    entry_s: float


def levels_db(samples: Float32Array) -> Float64Array:
    """Root mean square of each hundredth of a second, dBFS. samples: (n,) at 48 kHz."""
    size = round(FRAME_S * SAMPLE_RATE_HZ)
    frames = len(samples) // size
    power = np.square(samples[: frames * size].astype(np.float64)).reshape(frames, size).mean(axis=1)
    return np.asarray(np.maximum(10.0 * np.log10(np.maximum(power, 1e-12)), FLOOR_DB))


def stops(levels: FloatingArray) -> list[Stop]:
    """Dead stops of a song.

    Args:
        levels: (n,) dB, a hundred a second.
    """
    before, fast, rest = (round(one / FRAME_S) for one in (BEFORE_S, FAST_S, REST_S))
    if len(levels) < before + rest:
        return []
    total = np.concatenate([[0.0], np.cumsum(np.power(10.0, levels / 10.0))])
    mean_db = 10.0 * np.log10(np.maximum((total[before:] - total[:-before]) / before, 1e-9))  # of the second before
    loud_db = float(np.percentile(levels, 90)) - LOUD_DB
    found: list[Stop] = []
    at = before
    while at <= len(levels) - rest:
        was_db = float(mean_db[max(at - fast - before, 0)])
        falls = was_db > loud_db and levels[at] < was_db - FALL_DB and levels[at - fast : at].max() > was_db - BACK_DB
        if not falls or (levels[at : at + rest] >= was_db - FALL_DB).any():
            at += 1
            continue
        back = np.flatnonzero(levels[at:] > was_db - BACK_DB)
        found.append(Stop(at * FRAME_S, (at + int(back[0])) * FRAME_S if len(back) else float("nan")))
        at += int(back[0]) + before if len(back) else len(levels)
    return found


def stop_figures(ticks: SeenTicks, found: list[Stop]) -> dict[str, float]:
    """How many stops, milliseconds until the light answers (medians, 2000: not at all), shares within 100 ms.

    NaN where a song has no stop, or no entry.
    """
    ours = [_falls_s(ticks, one.at_s) for one in found if one.at_s + MOST_S / 4.0 < ticks.time_s[-1]]
    entries = [_rises_s(ticks, one.entry_s) for one in found if one.entry_s + 1.0 < ticks.time_s[-1]]
    figures: dict[str, float] = {"stops": float(len(found))}
    for name, answers in (("stop", ours), ("entry", entries)):
        figures[f"{name}_answered_ms"] = 1e3 * float(np.median(answers)) if answers else float("nan")
        prompt = [one <= PROMPT_S for one in answers]
        figures[f"{name}_within_100_ms"] = float(np.mean(prompt)) if prompt else float("nan")
    return figures


def _mean(ticks: SeenTicks, first_s: float, last_s: float) -> float:
    part = ticks.intensity[(ticks.time_s >= first_s) & (ticks.time_s < last_s)]
    return float(part.mean()) if len(part) else 0.0


def _first(ticks: SeenTicks, after_s: float, wanted: BoolArray) -> float:
    """Seconds until it is so, `MOST_S` where it is not."""
    there = np.flatnonzero(wanted & (ticks.time_s >= after_s) & (ticks.time_s <= after_s + MOST_S))
    return float(ticks.time_s[there[0]] - after_s) if len(there) else MOST_S


def _falls_s(ticks: SeenTicks, at_s: float) -> float:
    was = _mean(ticks, at_s - BEFORE_S, at_s - FAST_S)
    return _first(ticks, at_s, ticks.intensity <= 0.5 * was)


def _rises_s(ticks: SeenTicks, at_s: float) -> float:
    was, comes = _mean(ticks, at_s - 0.2, at_s), _mean(ticks, at_s + 0.3, at_s + BEFORE_S)
    if comes < 1.2 * was + 0.02:
        return MOST_S  # as bright as in the rest: nothing answers
    return _first(ticks, at_s, ticks.intensity >= 0.5 * (was + comes))
