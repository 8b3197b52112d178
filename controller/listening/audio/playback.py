"""A recorded source played at the speed of sound: blocks arrive as they would from a sound card.

Edge: a thread that waits.
"""

import logging
import threading

from controller.arrays import Float32Array
from controller.clock import Clock, Deadlines
from controller.listening.audio.block_queue import BlockQueue
from controller.listening.audio.source import Recorded
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

TAIL_S = 0.3
QUEUE_S = 0.5


class Playback:
    """A recording, block by block in real time.

    Args:
        recorded: what to play. block_s: block length. clock: paces.
    """

    losses = 0

    def __init__(self, recorded: Recorded, *, block_s: float, clock: Clock) -> None:
        self._recorded = recorded
        self._samples = round(block_s * SAMPLE_RATE_HZ)
        self._clock = clock
        self._queue = BlockQueue(max(8, round(QUEUE_S / block_s)), self._samples, 1 + len(recorded.stems))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="playback", daemon=True)
        self._played = 0.0, float("-inf")
        self.over = False

    @property
    def overruns(self) -> int:
        """Blocks lost because nobody took them in time."""
        return self._queue.overruns

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block (n, 1 + stems) and the time of its last sample, or None when none came."""
        return self._queue.get(timeout_s)

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
        period_s = self._samples / SAMPLE_RATE_HZ
        deadlines = Deadlines(period_s, self._clock.now_s() + period_s)
        block = self._recorded.read(self._samples)
        while len(block) and not self._stop.is_set():
            self._clock.sleep_until(deadlines.next_s)
            # the moment its last sample would have left a sound card, however late this thread woke up
            self._queue.put(block, deadlines.next_s)
            self._played = self._played[0] + len(block) / SAMPLE_RATE_HZ, deadlines.next_s
            # a file that stalls must not be caught up by skipping: time goes on, no block is left out
            deadlines.next_s += period_s
            block = self._recorded.read(self._samples)
