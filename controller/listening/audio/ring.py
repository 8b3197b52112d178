"""A preallocated ring of samples: one writer, memory that never grows."""

import numpy as np

from controller.arrays import Float32Array


class Ring:
    """The last `capacity` samples of every audio channel.

    The buffer is written twice (mirrored), so any span up to `capacity` can be read as one contiguous view.

    Args:
        capacity: samples kept for each audio channel.
        channels: audio channels.
    """

    def __init__(self, capacity: int, channels: int) -> None:
        self._buffer = np.zeros((channels, 2 * capacity), np.float32)
        self._capacity = capacity
        self.written = 0

    def write(self, samples: Float32Array) -> None:
        """Append samples (n, channels) float32, n <= capacity; the oldest are overwritten."""
        count = len(samples)
        if count > self._capacity:
            raise ValueError(f"{count} samples do not fit a ring of {self._capacity}")
        start = self.written % self._capacity
        first = min(count, self._capacity - start)
        self._put(start, samples[:first])
        self._put(0, samples[first:])
        self.written += count

    def _put(self, start: int, samples: Float32Array) -> None:
        end = start + len(samples)
        self._buffer[:, start:end] = samples.T
        self._buffer[:, start + self._capacity : end + self._capacity] = samples.T

    def latest(self, count: int) -> Float32Array:
        """The last `count` samples: (channels, count) float32, a view that the next write may change.

        Before `count` samples were written the missing ones are zeros in front.
        """
        end = self.written % self._capacity + self._capacity
        return self._buffer[:, end - count : end]
