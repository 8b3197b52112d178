"""Linear timecode in an audio channel: transitions to bits to frames, as they come. Pure.

SMPTE ST 12-1: eighty bits a frame in biphase mark. Each bit begins with a transition, a one has another in its middle.
The last sixteen bits of a frame are always the same, and run the other way when a tape runs backwards, which is not
followed.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array
from controller.evening.timecode import DROP_FPS, Timecode
from controller.sound_format import SAMPLE_RATE_HZ

SYNC = 0b1011_1111_1111_1100
"""Bits 64 to 79 as they are kept here: the newest is the highest."""
BITS = 80
LEAST_FPS, MOST_FPS = 20.0, 34.0
HYSTERESIS, FADES = 0.25, 0.9995
"""Of the signal's peak that it must pass, and how the peak is forgotten from sample to sample."""
LEAST_PEAK = 0.003
LONG = 1.5
"""Halves of a bit from which a distance is a whole bit."""


@dataclass(frozen=True, slots=True)
class TapeFrame:
    """A frame that was read. `t_s`: when it ended; so the timecode at that moment is the next one."""

    timecode: Timecode
    t_s: float


class LinearTimecode:
    """Reads one channel.

    Attributes:
        lost: frames that began and did not end as they should.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._peak, self._high = 0.0, False
        self._since = 0.0
        self._half = SAMPLE_RATE_HZ / (25.0 * BITS * 2.0)
        self._middle = False
        self._bits = self._count = self._most = 0

    def hear(self, samples: Float32Array, t_s: float) -> list[TapeFrame]:
        """Frames that ended in these samples (n,) at 48 kHz, of which the last is at `t_s`."""
        found = []
        for place in self._transitions(samples):
            apart, self._since = self._since + place, -place
            if self._bit(apart):
                timecode = self._frame()
                if timecode is not None:
                    found.append(TapeFrame(timecode, t_s - (len(samples) - 1 - place) / SAMPLE_RATE_HZ))
        self._since += len(samples)
        return found

    def _transitions(self, samples: Float32Array) -> list[float]:
        """Places at which the signal changes sides, with a margin that noise does not pass."""
        self._peak = max(self._peak * FADES ** len(samples), float(np.abs(samples).max(initial=0.0)))
        if self._peak < LEAST_PEAK:
            return []
        margin = HYSTERESIS * self._peak
        side = np.where(samples > margin, 1, np.where(samples < -margin, -1, 0))
        clear = np.flatnonzero(side)
        if not len(clear):
            return []
        high = side[clear] > 0
        before = np.concatenate([[self._high], high[:-1]])
        self._high = bool(high[-1])
        return [float(one) for one in clear[high != before]]

    def _bit(self, apart: float) -> bool:
        """Take the distance to the transition before; True if a frame's last bit ended here."""
        if not 0.4 * self._half < apart < 4.0 * self._half:
            self._middle, self._count, self._most = False, 0, 0
            self._half = min(max(apart / 2.0, _half_of(MOST_FPS)), _half_of(LEAST_FPS))
            return False
        whole = apart > LONG * self._half
        self._half += 0.05 * ((apart / 2.0 if whole else apart) - self._half)
        if whole:
            self._middle = False  # and if it was in the middle of a bit, it had taken the wrong half for its beginning
            return self._push(0)
        self._middle = not self._middle
        return False if self._middle else self._push(1)

    def _push(self, bit: int) -> bool:
        """Take a bit; True if it is the last one of a frame."""
        self._bits = (self._bits >> 1) | (bit << (BITS - 1))
        self._count = min(self._count + 1, BITS)
        return self._count == BITS and self._bits >> (BITS - 16) == SYNC

    def _frame(self) -> Timecode | None:
        """The frame of the last eighty bits; None if they are none."""
        bits = self._bits

        def digits(units: int, tens: int, width: int) -> int:
            return (bits >> units & 0xF) + 10 * (bits >> tens & ((1 << width) - 1))

        drop = bool(bits >> 10 & 1)
        measured = SAMPLE_RATE_HZ / (self._half * 2.0 * BITS)
        number = digits(0, 8, 2)
        # a tape that runs slow is told from one of fewer frames by the numbers that it has counted to
        rates = [one for one in (24.0, 25.0, 30.0) if one > max(self._most, number)] or [30.0]
        fps = DROP_FPS if drop else min(rates, key=lambda one: abs(one - measured))
        timecode = Timecode(digits(48, 56, 2), digits(32, 40, 3), digits(16, 24, 3), number, fps, drop)
        if timecode.sound:
            self._most = max(self._most, number)
            return timecode
        self.lost += 1
        return None


def _half_of(fps: float) -> float:
    """Samples of half a bit."""
    return SAMPLE_RATE_HZ / (fps * BITS * 2.0)
