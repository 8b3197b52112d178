"""One MIDI file to notes and their grid, or one clear refusal.

`symusic` parses (MIT, C++, maintained; docs/decisions/0030), after `events` put right what it would refuse or lose.
Edge: reads files.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import symusic

from controller.arrays import IntArray
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.events import NotMidiError, mended
from tools.train.symbolic.grid import Grid, bars_of
from tools.train.symbolic.vocabulary import (
    PERCUSSION,
    POSITIONS_AT_MOST,
    UNITS_PER_QUARTER,
    tempo_codes,
    time_signature_code,
)

BYTES_AT_MOST = 32 << 20
NOTES_AT_MOST = 2_000_000
COMMON_TIME = 9
USUAL_BPM = 120.0


@dataclass(frozen=True, slots=True)
class Score:
    """The notes of a file in ticks, sorted by onset.

    Attributes:
        onsets, ends: ticks (N,). pitches: 0..127, percussion + 128. instruments: programs 0..127 or 128. velocities:
            1..127. tracks: index of the track each note is of (N,). names: of the tracks.
        grid: in ticks. ticks_per_quarter.
        remarks: what was odd and how it was read.
    """

    onsets: IntArray
    ends: IntArray
    pitches: IntArray
    instruments: IntArray
    velocities: IntArray
    tracks: IntArray
    names: tuple[str, ...]
    grid: Grid
    ticks_per_quarter: int
    tempi: tuple[tuple[int, float], ...]
    remarks: tuple[str, ...] = ()

    def seconds(self, ticks: IntArray) -> np.ndarray:
        """Times in seconds of ticks, by the file's tempo map."""
        at = np.array([tick for tick, _ in self.tempi], np.float64)
        per_tick = np.array([60.0 / bpm / self.ticks_per_quarter for _, bpm in self.tempi])
        begun = np.concatenate([[0.0], np.cumsum(np.diff(at) * per_tick[:-1])])
        segment = np.searchsorted(at, ticks, side="right") - 1
        return begun[segment] + (ticks - at[segment]) * per_tick[segment]

    def tempo_at(self, tick: int) -> float:
        """Quarters a minute at a tick."""
        return [bpm for begun, bpm in self.tempi if begun <= tick][-1]


def read_midi(path: Path) -> Score:
    """Read a MIDI file.

    Raises:
        SymbolicError: not a MIDI file, cut off, without notes, or too long.
    """
    if not path.is_file():
        raise SymbolicError(f"{path}: no such file")
    if path.stat().st_size > BYTES_AT_MOST:
        raise SymbolicError(
            f"{path}: {path.stat().st_size >> 20} MB; a MIDI file of at most {BYTES_AT_MOST >> 20} MB is read"
        )
    try:
        data, odd = mended(path.read_bytes())
        score = read_score(symusic.Score.from_midi(data), str(path))
        return replace(score, remarks=(*odd, *score.remarks))
    except NotMidiError as error:
        raise SymbolicError(f"{path}: {error}") from error
    except (RuntimeError, ValueError, IndexError, OverflowError, MemoryError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SymbolicError(f"{path}: not a MIDI file that can be read ({words})") from error


def read_score(score: "symusic.Score", name: str) -> Score:
    """Notes and grid of a parsed score.

    Raises:
        SymbolicError: no notes, too many, or notes before the beginning.
    """
    quarter = int(score.ticks_per_quarter)
    if quarter < 1:
        raise SymbolicError(f"{name}: {quarter} ticks a quarter; time code (SMPTE) and zero cannot be read")
    found = sum(len(track.notes) for track in score.tracks)
    if not found:
        raise SymbolicError(f"{name}: no notes in it")
    if found > NOTES_AT_MOST:
        raise SymbolicError(f"{name}: {found:,} notes; at most {NOTES_AT_MOST:,} are read")
    columns = [_columns(track, index) for index, track in enumerate(score.tracks) if len(track.notes)]
    notes = np.concatenate(columns)
    if notes[:, 0].min() < 0:
        raise SymbolicError(f"{name}: a note begins before the beginning (tick {notes[:, 0].min()})")
    notes = notes[np.lexsort(notes.T[::-1])]
    remarks: list[str] = []
    tempi = _tempi(score)
    return Score(
        *notes.T[:6],
        tuple(track.name for track in score.tracks),
        _grid(score, quarter, int(notes[:, 0].max()), tempi, remarks),
        quarter,
        tempi,
        tuple(remarks),
    )


def _columns(track: "symusic.Track", index: int) -> IntArray:
    """(n, 6): onset, end, pitch, instrument, velocity, track."""
    arrays = {name: array.astype(np.int64) for name, array in track.notes.numpy().items()}
    drum = PERCUSSION if track.is_drum else 0
    instrument = np.full(len(arrays["time"]), PERCUSSION if drum else min(max(int(track.program), 0), 127))
    return np.stack(
        [
            arrays["time"],
            arrays["time"] + np.maximum(arrays["duration"], 0),
            np.clip(arrays["pitch"], 0, 127) + drum,
            instrument,
            np.clip(arrays["velocity"], 0, 127),
            np.full_like(instrument, index),
        ],
        axis=1,
    )


def _tempi(score: "symusic.Score") -> tuple[tuple[int, float], ...]:
    """(tick, quarters a minute), the first at tick 0; of several at one tick the last counts."""
    changes = {0: USUAL_BPM}
    for tempo in sorted(score.tempos, key=lambda tempo: tempo.time):
        if tempo.qpm > 0:
            changes[max(int(tempo.time), 0)] = float(tempo.qpm)
    return tuple(sorted(changes.items()))


def _grid(
    score: "symusic.Score", quarter: int, end: int, tempi: tuple[tuple[int, float], ...], remarks: list[str]
) -> Grid:
    changes = {0: COMMON_TIME}
    for signature in sorted(score.time_signatures, key=lambda signature: signature.time):
        code = time_signature_code(int(signature.numerator), int(signature.denominator))
        if code is None:
            words = f"{signature.numerator}/{signature.denominator} at tick {signature.time}"
            remarks.append(f"time signature {words} cannot be written; the one before it goes on")
        else:
            changes[max(int(signature.time), 0)] = code
    unit = UNITS_PER_QUARTER / quarter
    in_units = [(round(tick * unit), code) for tick, code in sorted(changes.items())]
    if end * unit > POSITIONS_AT_MOST:
        remarks.append(f"longer than {POSITIONS_AT_MOST // UNITS_PER_QUARTER} quarters: cut there")
    starts, signatures = bars_of(in_units, round(end * unit))
    ticks = np.array([tick for tick, _ in tempi], np.float64)
    return Grid(
        np.array([0.0, float(quarter)]),
        np.array([0.0, float(UNITS_PER_QUARTER)]),
        starts,
        signatures,
        np.rint(ticks * unit).astype(np.int64),
        tempo_codes(np.array([bpm for _, bpm in tempi])),
    )
