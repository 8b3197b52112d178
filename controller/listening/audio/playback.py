"""A recorded source played at the speed of sound: blocks arrive as they would from a sound card.

A thread reads, a tenth of a second at a time; who listens takes blocks from that, each when it would have sounded.
Edge: a thread that waits.
"""

import logging
import threading

import numpy as np

from controller.arrays import Float32Array
from controller.clock import Clock
from controller.listening.audio.block_queue import BlockQueue
from controller.listening.audio.source import Recorded
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

TAIL_S = 0.3
QUEUE_S = 0.5
PART_S = 0.1
"""Read at a time."""


class Playback:
    """A recording, block by block in real time.

    Args:
        recorded: what to play. block_s: block length. clock: paces.
    """

    losses = 0

    def __init__(self, recorded: Recorded, *, block_s: float, clock: Clock) -> None:
        self._recorded = recorded
        self._samples = round(block_s * SAMPLE_RATE_HZ)
        self._blocks = max(1, round(PART_S / block_s))
        self._clock = clock
        parts = max(4, round(QUEUE_S / (self._blocks * block_s)))
        self._queue = BlockQueue(parts, self._blocks * self._samples, 1 + len(recorded.stems))
        self._part: Float32Array = np.zeros((0, 1 + len(recorded.stems)), np.float32)
        self._ends_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="playback", daemon=True)
        self._played = 0.0, float("-inf")
        self.over = False

    @property
    def overruns(self) -> int:
        """Blocks lost because nobody took them in time."""
        return self._queue.overruns * self._blocks

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block (n, 1 + stems) and the time of its last sample, or None when none came.

        That time is the moment at which the sample would have left a sound card, however late somebody reads it.
        """
        if not len(self._part):
            got = self._queue.get(timeout_s)
            if got is None:
                return None
            self._part, self._ends_s = got
        block, rest = self._part[: self._samples], self._part[self._samples :]
        due_s = self._ends_s - len(rest) / SAMPLE_RATE_HZ
        if due_s - self._clock.now_s() > timeout_s:
            self._clock.sleep_until(self._clock.now_s() + timeout_s)
            return None
        self._clock.sleep_until(due_s)
        self._part = rest
        self._played = self._played[0] + len(block) / SAMPLE_RATE_HZ, due_s
        return block, due_s

    def place_s(self, now_s: float) -> float:
        """Where in the recording the room is now, seconds; -1: it has not begun.

        A recording that is played again and again begins anew with each time.
        """
        played_s, at_s = self._played
        if at_s == float("-inf"):
            return -1.0
        return max(0.0, played_s + now_s - at_s) % max(self._recorded.duration_s, 1e-3)

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers and became silence."""
        return self._recorded.bad_samples

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and close the files."""
        self._stop.set()
        self._thread.join(2.0)
        self._recorded.close()

    def _play(self) -> None:
        try:
            self._play_through()
        except Exception:
            # top of a thread: whatever broke, nothing more will come, and the show must know
            log.exception("%s cannot be played on; it is over", self._recorded.name)
        finally:
            self._clock.sleep_until(self._clock.now_s() + TAIL_S)
            self.over = True

    def _play_through(self) -> None:
        count = self._blocks * self._samples
        part, ends_s = self._recorded.read(count), self._clock.now_s()
        while len(part) and not self._stop.is_set():
            begins_s, ends_s = ends_s, ends_s + len(part) / SAMPLE_RATE_HZ
            self._clock.sleep_until(begins_s)
            self._queue.put(part, ends_s)
            # a file that stalls must not be caught up by skipping: time goes on, nothing is left out
            part = self._recorded.read(count)
        self._clock.sleep_until(ends_s)
