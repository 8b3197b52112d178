"""Preallocated hand-over from the thread that sound arrives on to the thread that listens.

`put` copies and returns: it is all that happens on the audio thread. When the listener is late, the newest sound is
dropped and counted, and the queue never grows. Edge: two threads meet here.
"""

import threading

import numpy as np

from controller.arrays import Float32Array


class BlockQueue:
    """One writer, one reader.

    Args:
        slots: how many blocks fit.
        samples: largest block, in samples of each audio channel.
        channels: audio channels.
    """

    def __init__(self, slots: int, samples: int, channels: int) -> None:
        self._slots = np.zeros((slots, samples, channels), np.float32)
        self._lengths = [0] * slots
        self._times_s = [0.0] * slots
        self._written = 0
        self._read = 0
        self._filled = threading.Semaphore(0)
        self.overruns = 0

    def put(self, samples: Float32Array, t_s: float) -> None:
        """Copy (n, channels) samples whose last one sounded at `t_s`; counts an overrun if there is no room."""
        if self._written - self._read >= len(self._slots) or len(samples) > self._slots.shape[1]:
            self.overruns += 1
            return
        slot = self._written % len(self._slots)
        self._slots[slot, : len(samples)] = samples
        self._lengths[slot] = len(samples)
        self._times_s[slot] = t_s
        self._written += 1
        self._filled.release()

    def get(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The oldest block (a copy) and its time, or None when none came in time."""
        if not self._filled.acquire(timeout=timeout_s):
            return None
        slot = self._read % len(self._slots)
        block = self._slots[slot, : self._lengths[slot]].copy()
        t_s = self._times_s[slot]
        self._read += 1
        return block, t_s
