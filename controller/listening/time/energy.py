"""How much is going on, against the song so far: level, density, brightness, and whether it builds. Pure.

All of it from the numbers that the networks read: 136 bands and how much each grew. Ten values a second.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array

EVERY = 5
"""Frames of one value."""
STEP_S = 0.1
BUILD_STEPS = 80
"""A rise that counts as a build lasts so long: eight seconds."""
FULL_BUILD = 0.35
"""Of the song's whole range, gained within that time: a build of 1."""
LEARN_S = 30.0
"""The song's loud and quiet ends are forgotten this slowly, so that an outlier does not rule for the night."""
LEAST_RANGE = 0.25
"""In the units of the mean band (log10): a song that never changes is not all peaks and holes."""
SMOOTH = 0.25
"""Of the way that the level goes in one step: a beat is not an ending."""
STILL_FRAMES = 25
"""Half a second: longer than a slow drummer rests between two hits."""
STILL = 0.12
"""Of the loudest passage's mean band: an echo or a hiss that plays no beat, some 40 dB below it."""
UPPER = 68
"""From this band on it is bright: about 1.6 kHz."""


def mean(bands: Float32Array) -> float:
    """The mean of a row: the same number as `np.mean`, without its checks, two hundred times a second."""
    return float(np.add.reduce(bands) / len(bands))


@dataclass(frozen=True, slots=True)
class Energy:
    """One value.

    Attributes:
        t_s: its moment. level: 0..1 between the song's quiet and loud passages so far. build: 0..1, rising over bars.
        density: 0..1, how much begins, against the song so far. brightness: 0..1, share of the upper bands.
    """

    t_s: float
    level: float
    build: float
    density: float
    brightness: float


class EnergyWatch:
    """Takes frames, tells energy."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another song."""
        self._sum = np.zeros(3)
        self._frames = 0
        self._quiet = self._loud = self._dense = -1.0
        self._levels: list[float] = []
        self._smooth = 0.0
        self._still = 0

    @property
    def still(self) -> bool:
        """Whether it has been so far below the song for so long that the band has stopped."""
        return self._still >= STILL_FRAMES

    def hear(self, frame: Float32Array, t_s: float) -> Energy | None:
        """The energy of the last five frames, every fifth frame."""
        bands, grown = frame[: len(frame) // 2], frame[len(frame) // 2 :]
        level = mean(bands)
        self._still = self._still + 1 if level < STILL * self._loud else 0
        self._sum += (level, mean(grown), mean(bands[UPPER:]))
        self._frames += 1
        if self._frames % EVERY:
            return None
        (level, begun, upper), self._sum = self._sum / EVERY, np.zeros(3)
        return self._placed(level, begun, upper, t_s)

    def _placed(self, level: float, begun: float, upper: float, t_s: float) -> Energy:
        share = STEP_S / LEARN_S
        if self._loud < 0.0:
            self._loud, self._quiet, self._dense = level, level, max(begun, 1e-6)
        self._loud = max(level, self._loud + share * (level - self._loud))
        self._quiet = min(level, self._quiet + share * (level - self._quiet))
        self._dense = max(begun, self._dense + share * (begun - self._dense), 1e-6)
        wide = max(LEAST_RANGE, self._loud - self._quiet)
        place = float(np.clip(1.0 + (level - self._loud) / wide, 0.0, 1.0))
        self._smooth += SMOOTH * (place - self._smooth)
        self._levels = [*self._levels[-BUILD_STEPS + 1 :], level]
        return Energy(t_s, self._smooth, self._build(wide), begun / self._dense, upper / (2.0 * level + 1e-6))

    def _build(self, wide: float) -> float:
        """How much of the song's range was gained, quarter by quarter of the last seconds: one leap is no build."""
        if len(self._levels) < BUILD_STEPS:
            return 0.0
        quarters = np.array(self._levels).reshape(4, -1).mean(axis=1)
        rising = float((np.diff(quarters) > 0.0).mean())
        return float(np.clip(rising * (quarters[-1] - quarters[0]) / (FULL_BUILD * wide), 0.0, 1.0))
