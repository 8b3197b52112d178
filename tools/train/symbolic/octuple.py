"""Notes to octuples and back.

Rounding as `vocabulary` says; both the onset and the end of a note are rounded, and its duration is their distance.
Octuples are sorted as tuples. Source: Zeng et al., "MusicBERT", ACL Findings 2021.
"""

import numpy as np
import symusic

from controller.arrays import IntArray
from tools.train.symbolic.grid import Grid
from tools.train.symbolic.reading import COMMON_TIME, Score
from tools.train.symbolic.vocabulary import (
    BAR,
    BAR_UNITS,
    BARS,
    DURATION,
    DURATIONS,
    INSTRUMENT,
    PERCUSSION,
    PITCH,
    POSITION,
    POSITIONS_AT_MOST,
    TEMPO,
    TIME_SIGNATURE,
    UNITS_PER_QUARTER,
    VELOCITY,
    duration_codes,
    tempo_bpm,
    time_signature,
    velocity_codes,
)

TICKS_PER_UNIT = 30
SHORTEST_TICKS = 10
"""What a note of duration code 0 lasts in a file: it rounds to 0 again."""


def encode(score: Score, grid: Grid | None = None, times: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
    """Octuples int16 (N, 8) of a score, sorted; bars count on without end, `parts` cuts them.

    Args:
        score: the notes.
        grid: bars and beats from elsewhere, such as a corpus's annotations; None: the file's own.
        times: onsets and ends (N,) in the unit of that grid; None: ticks.
    """
    return encode_with_order(score, grid, times)[0]


def encode_with_order(
    score: Score, grid: Grid | None = None, times: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, IntArray]:
    """The octuples, and which note of the score each one is (N,)."""
    grid = grid or score.grid
    onsets, ends = times or (score.onsets.astype(np.float64), score.ends.astype(np.float64))
    onset, end = grid.at(onsets), grid.at(ends)
    bar, position, signature = grid.bars(onset)
    notes = np.zeros((len(onset), 8), np.int64)
    notes[:, BAR], notes[:, POSITION], notes[:, TIME_SIGNATURE] = bar, position, signature
    notes[:, INSTRUMENT], notes[:, PITCH] = score.instruments, score.pitches
    notes[:, DURATION] = duration_codes(end - onset)
    notes[:, VELOCITY] = velocity_codes(score.velocities)
    notes[:, TEMPO] = grid.tempo(onset)
    kept = np.flatnonzero((onset < POSITIONS_AT_MOST) & (bar < np.iinfo(np.int16).max))
    order = kept[np.lexsort(notes[kept].T[::-1])]
    return notes[order].astype(np.int16), order


def parts(notes: np.ndarray, bars: int = BARS) -> list[slice]:
    """Where to cut octuples (N, 8) so that no part spans more than `bars` bars, each beginning with its first note."""
    cuts, begun = [], 0
    while begun < len(notes):
        end = int(np.searchsorted(notes[:, BAR], int(notes[begun, BAR]) + bars, side="left"))
        cuts.append(slice(begun, end))
        begun = end
    return cuts


def rebased(notes: np.ndarray) -> np.ndarray:
    """A copy whose first bar is bar 0."""
    moved = notes.copy()
    if len(moved):
        moved[:, BAR] -= moved[0, BAR]
    return moved


def cut(notes: np.ndarray) -> list[np.ndarray]:
    """Octuples in parts within the vocabulary, each rebased."""
    return [rebased(notes[part]) for part in parts(notes)]


def decode(notes: np.ndarray) -> "symusic.Score":
    """Octuples (N, 8) of real values to a score of 480 ticks a quarter, one track an instrument (and another one for
    notes that sound again before they end, which a MIDI channel cannot tell apart).

    A bar's time signature is that of its first note; bars without notes are as the one before them.
    """
    notes = np.asarray(notes, np.int64).reshape(-1, 8)
    notes = notes[np.lexsort(notes.T[::-1])]
    starts, signatures = _bars(notes)
    onset = starts[notes[:, BAR]] + notes[:, POSITION]
    length = DURATIONS[notes[:, DURATION]] * TICKS_PER_UNIT
    score = symusic.Score(UNITS_PER_QUARTER * TICKS_PER_UNIT)
    changed = np.flatnonzero(np.diff(signatures, prepend=-1))
    for bar in changed:
        numerator, denominator = time_signature(int(signatures[bar]))
        score.time_signatures.append(symusic.TimeSignature(int(starts[bar]) * TICKS_PER_UNIT, numerator, denominator))
    tempi = notes[:, TEMPO]
    for note in np.flatnonzero(np.diff(tempi, prepend=-1)):
        tick = 0 if note == 0 else int(onset[note]) * TICKS_PER_UNIT
        score.tempos.append(symusic.Tempo(tick, float(tempo_bpm(tempi[note]))))
    lanes = _lanes(notes, onset * TICKS_PER_UNIT, np.maximum(length, SHORTEST_TICKS))
    for (instrument, _lane), rows in sorted(lanes.items()):
        drum = instrument == PERCUSSION
        track = symusic.Track(name="", program=0 if drum else instrument, is_drum=drum)
        for row in rows:
            track.notes.append(
                symusic.Note(
                    int(onset[row]) * TICKS_PER_UNIT,
                    int(max(length[row], SHORTEST_TICKS)),
                    int(notes[row, PITCH]) % 128,
                    max(4 * int(notes[row, VELOCITY]) + 2, 1),
                )
            )
        score.tracks.append(track)
    return score


def _bars(notes: IntArray) -> tuple[IntArray, IntArray]:
    """First unit and time signature code of every bar up to the last one with a note."""
    count = int(notes[:, BAR].max()) + 1 if len(notes) else 1
    signatures = np.full(count, -1, np.int64)
    bars, first = np.unique(notes[:, BAR], return_index=True)
    signatures[bars] = notes[first, TIME_SIGNATURE]
    known = np.flatnonzero(signatures >= 0)
    if not len(known):
        return np.zeros(1, np.int64), np.full(1, COMMON_TIME, np.int64)
    signatures = signatures[known[np.maximum(np.searchsorted(known, np.arange(count), side="right") - 1, 0)]]
    starts = np.concatenate([[0], np.cumsum(BAR_UNITS[signatures])[:-1]])
    return starts.astype(np.int64), signatures


def bar_starts(notes: np.ndarray) -> IntArray:
    """First unit of every bar of octuples (N, 8) up to the last one with a note."""
    return _bars(np.asarray(notes, np.int64))[0]


def _lanes(notes: IntArray, onsets: IntArray, lengths: IntArray) -> dict[tuple[int, int], list[int]]:
    """Rows by (instrument, lane), where within a lane no pitch begins before it has ended."""
    lanes: dict[tuple[int, int], list[int]] = {}
    free_at: dict[tuple[int, int, int], int] = {}
    for row, (onset, length) in enumerate(zip(onsets.tolist(), lengths.tolist(), strict=True)):
        instrument, pitch, lane = int(notes[row, INSTRUMENT]), int(notes[row, PITCH]), 0
        while free_at.get((instrument, pitch, lane), -1) > onset:
            lane += 1
        free_at[instrument, pitch, lane] = onset + length
        lanes.setdefault((instrument, lane), []).append(row)
    return lanes
