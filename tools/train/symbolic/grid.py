"""Where a piece's bars and beats are: from seconds or ticks to units of a sixteenth of a quarter, and to bars.

A grid is a list of anchors (time, unit, tempo) between which units run evenly, and of bars. Files that carry a true
tempo map bring it; for performances recorded without a metronome the beats of a corpus's annotations are the anchors.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float64Array, IntArray
from tools.train.symbolic.vocabulary import BAR_UNITS, POSITIONS_AT_MOST, UNITS_PER_QUARTER, tempo_codes, time_signature


@dataclass(frozen=True, slots=True)
class Grid:
    """Bars and tempi of one piece.

    Attributes:
        times: increasing times of the anchors (A,), in the unit in which the notes are given (seconds or ticks).
        units: positions of the anchors (A,), increasing, in units; before the first and after the last, units run on
            at the pace of the nearest two.
        bar_starts: first unit of each bar (B,), from 0; the last bar repeats for ever.
        signatures: time signature code of each bar (B,).
        tempo_units, tempi: from which unit on a tempo code counts (T,).
    """

    times: Float64Array
    units: Float64Array
    bar_starts: IntArray
    signatures: IntArray
    tempo_units: IntArray
    tempi: IntArray

    def at(self, times: Float64Array) -> IntArray:
        """Units (int64) of times, rounded to the nearest; never before 0."""
        inside = np.interp(times, self.times, self.units)
        if len(self.times) > 1:
            first, last = np.diff(self.units)[[0, -1]] / np.diff(self.times)[[0, -1]]
            inside = np.where(times < self.times[0], self.units[0] - (self.times[0] - times) * first, inside)
            inside = np.where(times > self.times[-1], self.units[-1] + (times - self.times[-1]) * last, inside)
        return np.maximum(np.rint(inside), 0).astype(np.int64)

    def bars(self, units: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Bar, position in it and time signature code of units."""
        bar = np.searchsorted(self.bar_starts, units, side="right") - 1
        position, signature = units - self.bar_starts[bar], self.signatures[bar]
        last = bar == len(self.bar_starts) - 1
        length = BAR_UNITS[self.signatures[-1]]
        return np.where(last, bar + position // length, bar), np.where(last, position % length, position), signature

    def tempo(self, units: IntArray) -> IntArray:
        """Tempo code in force at units."""
        return self.tempi[np.maximum(np.searchsorted(self.tempo_units, units, side="right") - 1, 0)]


def bars_of(changes: list[tuple[int, int]], end: int) -> tuple[IntArray, IntArray]:
    """Bars from time signature changes (unit, code): a change inside a bar counts from the next bar on.

    Args:
        changes: in the order of their units; the first one counts from the beginning.
        end: unit at which the music ends.
    """
    starts, signatures, unit = [], [], 0
    following, end = list(changes[1:]), min(end, POSITIONS_AT_MOST)
    code = changes[0][1]
    while True:
        while following and following[0][0] <= unit:
            code = following.pop(0)[1]
        starts.append(unit)
        signatures.append(code)
        length = int(BAR_UNITS[code])
        if unit > end:
            return np.array(starts, np.int64), np.array(signatures, np.int64)
        unit += length


def grid_of_beats(beats: Float64Array, first_of_bar: IntArray, codes: IntArray) -> Grid:
    """The grid of annotated beats: every bar is filled by its own beats evenly, whatever note value a beat has.

    Args:
        beats: increasing times of beats in seconds (N,), at least two.
        first_of_bar: indices of the downbeats (D,), increasing, at least one. Beats before the first end a bar.
        codes: time signature code of each downbeat's bar (D,).
    """
    lengths = BAR_UNITS[codes].astype(np.float64)
    counts = np.diff(np.append(first_of_bar, len(beats)))
    full = counts[:-1] if len(counts) > 1 else counts
    usual = int(np.median(full))
    per_beat = np.repeat(lengths / np.append(counts[:-1], max(counts[-1], usual)), counts)
    upbeat = int(first_of_bar[0])
    step = np.concatenate([np.full(upbeat, lengths[0] / usual), per_beat])
    units = np.concatenate([[0.0], np.cumsum(step[:-1])])
    before = int(np.ceil(units[upbeat] / lengths[0]))  # bars that the upbeat lies in
    units += before * lengths[0] - units[upbeat]
    bars = np.concatenate([np.repeat(lengths[:1], before), lengths])
    starts = np.concatenate([[0.0], np.cumsum(bars)[:-1]])
    signatures = np.concatenate([np.repeat(codes[:1], before), codes])
    quarters_s = np.diff(beats) / (np.diff(units) / UNITS_PER_QUARTER)
    tempi = tempo_codes(60.0 / quarters_s)
    return Grid(beats, units, starts.astype(np.int64), signatures, np.rint(units[:-1]).astype(np.int64), tempi)


def describe(grid: Grid) -> str:
    """Such as `4/4, 32 bars`."""
    names = dict.fromkeys("{}/{}".format(*time_signature(int(code))) for code in grid.signatures)
    return f"{', '.join(names)}, {len(grid.bar_starts)} bars"
