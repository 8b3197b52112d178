"""How late the machine itself is: a thread that wants to wake every five milliseconds and notes when it does not.

The tests of this folder's users promise that the show leaves no gap, not that a shared machine never stands still. What
both see is the machine's; what only the wire sees is ours.
"""

import itertools
import threading
import time

BEAT_S = 0.005
LATE_S = 0.01


class Metronome(threading.Thread):
    """Runs until told to stop; `late` holds (when, by how much)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late: list[tuple[float, float]] = []
        self.over = False
        self.start()

    def run(self) -> None:
        due_s = time.monotonic() + BEAT_S
        while not self.over:
            time.sleep(max(0.0, due_s - time.monotonic()))  # noqa: TID251 - this is what is measured
            now_s = time.monotonic()
            if now_s - due_s > LATE_S:
                self.late.append((now_s, now_s - due_s))
            due_s = now_s + BEAT_S

    def longest_gap_s(self, times: list[float]) -> float:
        """The longest time between two of these, less what the machine stood still meanwhile."""
        longest = 0.0
        for before, after in itertools.pairwise(times):
            if after - before > longest:
                stood = sum(late for at, late in list(self.late) if before < at - late / 2 < after)
                longest = max(longest, after - before - stood)
        return longest

    def stop(self) -> None:
        self.over = True
        self.join()
