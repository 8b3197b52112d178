"""Melodies and requests as numbers: what the networks read and write. Pure, NumPy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from controller.arrays import IntArray
from tools.train.image2music.melody import HIGHEST, LENGTHS, LOWEST, METRES, MOST_BARS, TICKS, TUNE_MODES, Melody, Sound

REST = 0
PITCHES = HIGHEST - LOWEST + 2
PITCH_MASK, PITCH_START, PITCH_PAD, PITCH_SIZE = PITCHES, PITCHES + 1, PITCHES + 2, PITCHES + 3
DURATIONS = len(LENGTHS)
DURATION_MASK, DURATION_START, DURATION_PAD, DURATION_SIZE = (DURATIONS + i for i in range(4))
POSITIONS = max(METRES.values())
POSITION_MASK, POSITION_PAD, POSITION_SIZE = POSITIONS, POSITIONS + 1, POSITIONS + 2
BAR_PAD, BAR_SIZE = MOST_BARS, MOST_BARS + 1
MOST_WRITTEN = 310
"""Sounds of a theme: under the positions that the networks know."""
COLUMNS = 4
"""Of a note: pitch, duration, position, bar."""
DENSITIES = (1.2, 1.5, 1.75, 1.9, 2.1, 3.0)
"""Notes a quarter: borders of the seven classes of density."""
REGISTERS = (3.0, 5.0, 7.0, 9.0, 11.0)
"""Mean height over the tonic: borders of the six classes of register."""
METRE_NAMES = tuple(METRES)
REQUEST_SIZES = (len(METRE_NAMES), len(TUNE_MODES), len(DENSITIES) + 1, len(REGISTERS) + 1)
REQUEST_OFFSETS = tuple(int(one) for one in np.cumsum([0, *REQUEST_SIZES[:-1]]))
REQUESTS = sum(REQUEST_SIZES)
NOTHING, OWN, EXAMPLE = range(3)
"""What a source is: not there, the tune itself damaged (training only), another tune."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a melody: `metre`, `mode`; `density` in notes a quarter; `register`, mean height over tonic."""

    metre: str
    mode: str
    density: float
    register: float

    def ids(self) -> IntArray:
        """(4,) rows of the request table."""
        classes = (
            METRE_NAMES.index(self.metre),
            TUNE_MODES.index(self.mode),
            int(np.searchsorted(DENSITIES, self.density)),
            int(np.searchsorted(REGISTERS, self.register)),
        )
        return np.array([offset + one for offset, one in zip(REQUEST_OFFSETS, classes, strict=True)], np.int64)


def metre_and_mode(ids: IntArray) -> tuple[str, str]:
    """What the first two rows of a request stand for."""
    return METRE_NAMES[int(ids[0]) - REQUEST_OFFSETS[0]], TUNE_MODES[int(ids[1]) - REQUEST_OFFSETS[1]]


def density(melody: Melody) -> float:
    """Notes a quarter, rests and their time counted as time."""
    ticks = sum(sound.length for sound in melody.sounds)
    return TICKS * len(melody.heights()) / ticks


def register(melody: Melody) -> float:
    """Mean height of its notes over the tonic, each counted once."""
    return float(np.mean(melody.heights() or [0]))


def request_of(melody: Melody) -> Request:
    """What one would have had to ask for to get this melody."""
    return Request(melody.metre, melody.mode, density(melody), register(melody))


def encode(melody: Melody) -> IntArray:
    """(N, 4) pitch, duration, position and bar of each sound."""
    return encode_sounds(melody.sounds)


def encode_sounds(sounds: Sequence[Sound]) -> IntArray:
    """(N, 4) as `encode`, of some sounds."""
    rows = [(pitch_id(one.height), LENGTHS.index(one.length), one.position, one.bar) for one in sounds]
    return np.array(rows, np.int64).reshape(-1, COLUMNS)


def pitch_id(height: int | None) -> int:
    """0 for a rest, else 1..41."""
    return REST if height is None else height - LOWEST + 1


def height_of(pitch: int) -> int | None:
    """What `pitch_id` was given."""
    return None if pitch == REST else height_at(pitch)


def height_at(pitch: int) -> int:
    """The height of a pitch that is no rest, 1..41."""
    return pitch - 1 + LOWEST


def decode(rows: IntArray, metre: str, mode: str, tonic: int) -> Melody:
    """The melody that rows (N, 4) stand for."""
    sounds = (Sound(int(bar), int(at), LENGTHS[length], height_of(int(pitch))) for pitch, length, at, bar in rows)
    return Melody(metre, mode, tonic, tuple(sounds))


def shifted(rows: IntArray, bars: int) -> IntArray:
    """(N, 6) what the decoder is told before each note: pitch, duration and position of the one before; then where
    this one stands: position, bar, and how many bars are left after its own."""
    told = np.empty((len(rows), 6), np.int64)
    told[0, :3] = PITCH_START, DURATION_START, POSITION_PAD
    told[1:, :3] = rows[:-1, :3]
    told[:, 3:5] = rows[:, 2:4]
    told[:, 5] = np.clip(bars - 1 - rows[:, 3], 0, MOST_BARS - 1)
    return told


def with_holes(kept: Mapping[int, IntArray], bars: int) -> IntArray:
    """Rows of the bars that are kept, and one hidden note for each of the others."""
    parts = []
    for bar in range(bars):
        rows = kept.get(bar)
        if rows is None:
            parts.append(np.array([[PITCH_MASK, DURATION_MASK, 0, bar]], np.int64))
        else:
            parts.append(np.concatenate([rows[:, :3], np.full((len(rows), 1), bar)], axis=1))
    return np.concatenate(parts)
