"""Where time comes from. Edge: the only module that reads a clock or waits.

`MonotonicClock` runs a show; tests and rehearsal pass their own object with the same two methods.
"""

import sys
import time
from typing import Protocol

NOW = time.perf_counter if sys.platform == "win32" else time.monotonic
"""Windows' monotonic clock steps by 15.6 ms before Python 3.13; its performance counter is shared by processes, too."""


class Clock(Protocol):
    """Monotonic seconds, and waiting for one of them."""

    def now_s(self) -> float:
        """Seconds on a clock that never steps. The same in every process of this machine."""
        ...

    def sleep_until(self, deadline_s: float) -> None:
        """Return at or after `deadline_s`; at once if it has passed."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        """Seconds since some fixed moment, shared by all processes."""
        return NOW()

    def sleep_until(self, deadline_s: float) -> None:
        """Sleep the remaining time, if any."""
        remaining_s = deadline_s - NOW()
        if remaining_s > 0:
            time.sleep(remaining_s)  # noqa: TID251 - this is the one place that waits


class ManualClock:
    """Time that moves only when told to: rehearsal and tests."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        """The time that was set last."""
        return self._now_s

    def sleep_until(self, deadline_s: float) -> None:
        """Jump to `deadline_s` if it lies ahead."""
        self._now_s = max(self._now_s, deadline_s)


class Deadlines:
    """Absolute deadlines at a fixed rate: no drift, and a late cycle is not caught up by a burst.

    Args:
        period_s: time between deadlines.
        start_s: the first deadline.
    """

    def __init__(self, period_s: float, start_s: float) -> None:
        self.period_s = period_s
        self.next_s = start_s
        self.skipped = 0

    def advance(self, now_s: float) -> float:
        """Move to the first deadline after `now_s`; return how late this cycle is, in seconds (>= 0)."""
        lateness_s = max(0.0, now_s - self.next_s)
        missed = int(lateness_s // self.period_s)
        self.skipped += missed
        self.next_s += (1 + missed) * self.period_s
        return lateness_s
