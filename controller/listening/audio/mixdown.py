"""Audio channels to one: their mean, as long as they do not cancel each other. Pure.

A balanced plug in a stereo socket, or one side that is upside down, makes the mean of both silent though each is loud.
Then the louder one is heard alone, from a second later on, and that is said; a side that is dead is said, too. What
nobody hears is left out: the offset of cheap converters.
"""

import logging
from collections.abc import Sequence

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

LOOK_S = 1.0
CANCELLED_DB = 12.0
"""The mean of two unlike sides is 3 dB below them, of eight 9 dB: so much more is no accident."""
HEARD_DB = -55.0
"""A side this loud says something about the others."""
DEAD_DB = -90.0
DEAD_LOOKS = 10
OFFSET_S = 1.0
"""How fast an offset is followed: a tone of 20 Hz loses a hundredth."""


class Mixdown:
    """Mixes blocks of some channels.

    Args:
        name: of the source, for people. channels: their numbers as people count them. rate_hz: of the samples.
        offset: whether a constant offset is taken out.

    Attributes:
        alone: index of the one channel that is heard, None: all. said: what was noticed, for people.
        levels_db: of each channel, as of the last look.
    """

    def __init__(
        self, name: str, channels: Sequence[int], *, rate_hz: float = SAMPLE_RATE_HZ, offset: bool = False
    ) -> None:
        self._name, self._channels, self._rate_hz = name, list(channels), rate_hz
        self._offset: Float64Array | None = np.zeros(len(channels)) if offset else None
        self._powers = np.zeros(len(channels) + 1)
        self._count = self._dead_looks = 0
        self.alone: int | None = None
        self.said: list[str] = []
        self.levels_db: list[float] = [-120.0] * len(channels)

    def mix(self, samples: Float32Array) -> Float32Array:
        """(n,) float32 of (n, channels)."""
        if not len(samples):
            return np.zeros(0, np.float32)
        if self._offset is not None:
            share = min(1.0, len(samples) / (OFFSET_S * self._rate_hz))
            self._offset = self._offset + share * (samples.mean(axis=0, dtype=np.float64) - self._offset)
            samples = samples - self._offset.astype(np.float32)
        mean = samples.mean(axis=1, dtype=np.float32)
        if samples.shape[1] > 1:
            self._look(samples, mean)
            if self.alone is not None:
                return np.ascontiguousarray(samples[:, self.alone])
        return np.asarray(mean, np.float32)

    def _look(self, samples: Float32Array, mean: Float32Array) -> None:
        """Compare the mean with its parts, once a second."""
        self._powers[:-1] += np.square(samples, dtype=np.float64).sum(axis=0)
        self._powers[-1] += float(np.square(mean, dtype=np.float64).sum())
        self._count += len(samples)
        if self._count < LOOK_S * self._rate_hz:
            return
        levels_db = 10.0 * np.log10(self._powers / self._count + 1e-12)
        self.levels_db = [round(float(one), 1) for one in levels_db[:-1]]
        self._powers[:], self._count = 0.0, 0
        loudest = int(np.argmax(levels_db[:-1]))
        usual_db = 10.0 * float(np.log10(len(self._channels)))
        if levels_db[loudest] < HEARD_DB:
            return
        if self.alone is None and levels_db[-1] < levels_db[loudest] - usual_db - CANCELLED_DB:
            self._hear_alone(loudest, levels_db)
        dead = [number for number, one in zip(self._channels, levels_db, strict=False) if one < DEAD_DB]
        self._dead_looks = self._dead_looks + 1 if dead else 0
        if self._dead_looks == DEAD_LOOKS:
            self._say(f"input {', '.join(map(str, dead))} of {self._name} is dead; the others are heard")

    def _hear_alone(self, loudest: int, levels_db: Float64Array) -> None:
        # a dead side halves the mean and cancels nothing; eight of them next to one that plays look like it
        playing = int((levels_db[:-1] > levels_db[loudest] - 20.0).sum())
        if playing < 2:
            return
        self.alone = loudest
        numbers = " and ".join(map(str, self._channels)) if len(self._channels) < 9 else "the inputs"
        self._say(
            f"{self._name}: {numbers} cancel each other (one is inverted, or a balanced plug is in a stereo socket); "
            f"only {self._channels[loudest]} is heard"
        )

    def _say(self, text: str) -> None:
        if text not in self.said:
            self.said.append(text)
            log.warning("%s", text)
