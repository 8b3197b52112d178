"""When the next cycle is due, and how regular cycles were. Pure but for the clock it is given."""

from collections import deque

from controller.clock import Clock, Deadlines
from controller.lighting.output.sender import SendBudget

ACCENT_GAP_S = 0.008
"""A cycle pulled forward leaves at least this long after the one before."""
LEFT_OUT = 3
"""Of four cycles, by who only follows; when to step in is looked at apart from that."""
REMEMBERED = 2_400
"""A minute of cycles."""


class Pace:
    """Deadlines at the output's rate, which an accent may pull forward within what DMX512 carries.

    Args:
        clock: time. rate_hz: of cycles. most_hz: that a universe can carry.

    Attributes:
        cycles: that were sent. pulled: of them, ahead of their time. longest_gap_s: between two of them.
    """

    def __init__(self, clock: Clock, rate_hz: float, most_hz: float) -> None:
        self._clock = clock
        self.deadlines = Deadlines(1.0 / rate_hz, clock.now_s())
        self._budget = SendBudget(most_hz, ACCENT_GAP_S)
        self._sent_s: deque[float] = deque(maxlen=REMEMBERED)
        self.cycles = self.pulled = 0
        self.longest_gap_s = 0.0

    @property
    def remaining_s(self) -> float:
        """Until the next deadline; below 0 once it has passed."""
        return self.deadlines.next_s - self._clock.now_s()

    def wait(self) -> float:
        """Sleep until the deadline and go on to the one after; the time then."""
        self._clock.sleep_until(self.deadlines.next_s)
        now_s = self._clock.now_s()
        self.deadlines.advance(now_s)
        return now_s

    def now(self) -> None:
        """The next cycle is due at once."""
        self.deadlines.next_s = self._clock.now_s()

    def rest(self) -> None:
        """Leave deadlines out: who only follows stands right with a quarter of the cycles."""
        self.deadlines.next_s += LEFT_OUT * self.deadlines.period_s

    def pull(self) -> bool:
        """An accent does not wait for the next deadline; True if that brought it forward."""
        earliest_s = self._budget.earliest_s(self._clock.now_s())
        if earliest_s is None or earliest_s >= self.deadlines.next_s:
            return False
        self.deadlines.next_s = earliest_s
        return True

    def sent(self, now_s: float) -> None:
        """A cycle left now."""
        self._budget.note(now_s)
        if self._sent_s:
            self.longest_gap_s = max(self.longest_gap_s, now_s - self._sent_s[-1])
        self._sent_s.append(now_s)
        self.cycles += 1

    @property
    def output_hz(self) -> float:
        """Cycles a second over the last minute."""
        span_s = self._sent_s[-1] - self._sent_s[0] if len(self._sent_s) > 1 else 0.0
        return (len(self._sent_s) - 1) / span_s if span_s > 0 else 0.0
