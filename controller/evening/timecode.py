"""Timecode: hours, minutes, seconds and frames, as tape machines, players and desks send it. Pure.

SMPTE ST 12-1. At 29.97 frames a second with drop frame two numbers are left out in each minute that is no tenth one, so
that hours stay hours. Each hour is a song, as people of the trade count: the first one begins at 01:00:00:00, and what
begins at hour 0 is whatever is played.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["MTC", "LTC", "Art-Net timecode", "song position"]
DROP_FPS = 30000.0 / 1001.0
HOUR_S = 3600.0
MOST = (24, 60, 60)


@dataclass(frozen=True, slots=True)
class Timecode:
    """One frame's number. fps: frames a second, 24, 25, 29.97 or 30. drop: numbers are left out (29.97 only)."""

    hours: int
    minutes: int
    seconds: int
    frames: int
    fps: float = 25.0
    drop: bool = False

    @property
    def sound(self) -> bool:
        """Whether there is such a frame."""
        parts = (self.hours, self.minutes, self.seconds)
        whole = all(0 <= one < most for one, most in zip(parts, MOST, strict=True))
        return whole and 0 <= self.frames < round(self.fps)

    @property
    def at_s(self) -> float:
        """Seconds since midnight of the timecode's own day."""
        nominal = round(self.fps)
        minutes = 60 * self.hours + self.minutes
        count = (60 * minutes + self.seconds) * nominal + self.frames
        if self.drop:
            count -= 2 * (minutes - minutes // 10)
        return count / self.fps


def song_and_place(at_s: float) -> tuple[int, float]:
    """Which song, 0: whatever is played, and where in it, in seconds."""
    hour, place_s = divmod(at_s, HOUR_S)
    return int(hour), place_s
