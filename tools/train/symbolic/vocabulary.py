"""The octuple vocabulary: eight integers a note, what each may be, and how music is rounded to it.

Token order is bar, position, instrument, pitch, duration, velocity, time signature, tempo. Every attribute has its real
values first, then PAD, MASK, SOS, EOS, CLS, SEP. Percussion is instrument 128 and has pitches 128..255 of its own; the
converter published with PianoBART maps it onto the special tokens, which this one does not.

Source: Zeng et al., "MusicBERT", ACL Findings 2021; sizes and special tokens as in PianoBART (Liang et al., ICME 2024).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from controller.arrays import IntArray

BAR, POSITION, INSTRUMENT, PITCH, DURATION, VELOCITY, TIME_SIGNATURE, TEMPO = range(8)
NAMES = ("bar", "position", "instrument", "pitch", "duration", "velocity", "time signature", "tempo")
VALUES = (256, 128, 129, 256, 128, 32, 254, 49)
"""How many real values each attribute has; the six special tokens follow them."""
SIZES = tuple(values + 6 for values in VALUES)
PAD, MASK, SOS, EOS, CLS, SEP = (np.array(VALUES, np.int64) + place for place in range(6))

UNITS_PER_QUARTER = 16
BARS = VALUES[BAR]
PERCUSSION = 128
"""As an instrument; as a pitch, what is added to the drum's number."""
POSITIONS_AT_MOST = 1 << 16
"""Length of a piece in units, about 4,096 quarters; what comes later is cut off."""
SLOWEST_BPM, FASTEST_BPM = 16.0, 256.0

DURATIONS = np.array([16 * ((1 << code // 16) - 1) + code % 16 * (1 << code // 16) for code in range(128)], np.int64)
"""Units at which the bin of each duration code starts."""


def duration_codes(units: IntArray) -> IntArray:
    """Codes 0..127 of durations in sixteenths of a quarter (int, >= 0); the longest bin takes everything longer."""
    return np.searchsorted(DURATIONS, np.maximum(units, 0), side="right") - 1


def velocity_codes(velocities: IntArray) -> IntArray:
    """Codes 0..31 of MIDI velocities 0..127."""
    return np.clip(velocities, 0, 127) // 4


def tempo_codes(bpm: npt.NDArray[np.float64]) -> IntArray:
    """Codes 0..48 of tempi in quarters a minute: twelve an octave from 16 to 256, rounded half to even."""
    return np.rint(12.0 * np.log2(np.clip(bpm, SLOWEST_BPM, FASTEST_BPM) / SLOWEST_BPM)).astype(np.int64)


def tempo_bpm(codes: IntArray) -> npt.NDArray[np.float64]:
    """Quarters a minute that a code stands for."""
    return SLOWEST_BPM * 2.0 ** (np.asarray(codes) / 12.0)


def time_signature_code(numerator: int, denominator: int) -> int | None:
    """Code 0..253, after the reduction that keeps a bar within two whole notes; None: not one that can be written."""
    while denominator > 64 and denominator % 2 == 0 and numerator % 2 == 0:
        numerator, denominator = numerator // 2, denominator // 2
    if numerator < 1 or denominator not in (1, 2, 4, 8, 16, 32, 64):
        return None
    while numerator > 2 * denominator:
        numerator //= next(divisor for divisor in range(2, numerator + 1) if numerator % divisor == 0)
    return 2 * denominator + numerator - 3


def time_signature(code: int) -> tuple[int, int]:
    """Numerator and denominator of a code."""
    power = int(math.log2(code + 2)) - 1
    return code + 3 - (2 << power), 1 << power


BAR_UNITS = np.array(
    [4 * UNITS_PER_QUARTER * time_signature(code)[0] // time_signature(code)[1] for code in range(254)]
)
"""Length of a bar in units, by time signature code; 128 at most."""


def is_legal(notes: Sequence[Sequence[int]] | IntArray) -> bool:
    """Whether every octuple (N, 8) is of real values only."""
    notes = np.asarray(notes).reshape(-1, 8)
    return bool(((notes >= 0) & (notes < np.array(VALUES))).all())
