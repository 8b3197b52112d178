"""Whether an output process leads or follows in this cycle, and when it must step in. Pure but for what it is given."""

import logging
from collections.abc import Callable
from typing import Literal, Protocol

log = logging.getLogger(__name__)

SILENT_S = 0.052
"""A leader that has not beaten for two cycles is taken to be gone. It may have beaten and stopped before it sent: a
cycle, then, this time, a look (`LOOK_S`) and a cycle's own work make the longest gap, which is to stay below 100 ms."""
GRACE_S = 2.0
"""As long as a leader may take to begin."""
SETTLE_S = 0.25
"""How long a spare watches its leader before it judges it: the first cycle of a process takes longer than any other."""
LOOK_S = 0.004
"""A spare looks again after no less, whether a silent leader beats."""
LEAP = 24
"""Sequence numbers a new leader skips: the old one may have sent more than it said, and what lies behind is dropped."""


class Leadership(Protocol):
    """What two processes know of each other: `lead.LeaderRecord`, or a test's."""

    @property
    def leading(self) -> bool:
        """Whether this process speaks."""
        ...

    @property
    def cycles(self) -> int:
        """How many cycles were sent by whoever led."""
        ...

    def beat(self, now_s: float) -> None:
        """This process is alive."""
        ...

    def count(self, cycles: int) -> None:
        """The leader has sent so many cycles."""
        ...

    def silent_s(self, now_s: float) -> float | None:
        """How long the other process has not beaten; None if it never did."""
        ...

    def gone(self) -> bool:
        """Whether the other process is known to have died."""
        ...

    def wait(self, seconds: float) -> None:
        """Until the other process has died, for so long at most; shorter where the system does not tell."""
        ...

    def take(self) -> None:
        """Lead from now on."""
        ...


class Election:
    """One output process's standing.

    Args:
        lead: what both processes see; None where there is no spare. began_s: when this process did.
        ends: whether this process was told to end, and with it the show: a leader that is silent has ended, too.

    Attributes:
        leading: whether it leads in this cycle. led: whether it ever did. sent_cycles: of whoever led.
    """

    def __init__(self, lead: Leadership | None, began_s: float, ends: Callable[[], bool] = lambda: False) -> None:
        self._lead, self._began_s, self._ends = lead, began_s, ends
        self.leading = self.led = lead is None
        self.sent_cycles = 0
        self._watched_s: float | None = None

    def watch(self, now_s: float, seconds: float) -> None:
        """Follow for so long at most: until the leader has died, or could be taken to be gone."""
        if self._lead is None:
            return
        silent_s = self._lead.silent_s(now_s)
        doubtful_s = SILENT_S if silent_s is None else SILENT_S - silent_s
        self._lead.wait(min(seconds, max(doubtful_s, LOOK_S)))

    def must_step_in(self, now_s: float) -> bool:
        """Whether this is a spare whose leader has fallen silent."""
        if self._lead is None or self._lead.leading or self._ends():
            return False
        silent_s = self._lead.silent_s(now_s)
        if silent_s is not None and self._lead.gone():
            return True
        if silent_s is None:
            return now_s - self._began_s > GRACE_S
        self._watched_s = now_s if self._watched_s is None else self._watched_s
        return silent_s > SILENT_S and now_s - self._watched_s > SETTLE_S

    def change(self, now_s: float) -> Literal["", "took the lead", "lost the lead"]:
        """Lead, follow, or change from one to the other; once in each cycle."""
        if self._lead is None:
            return ""
        if self.must_step_in(now_s):
            self._lead.take()
            log.warning("the leading output process is silent; going on in its place")
        before, self.leading = self.leading, self._lead.leading
        self._lead.beat(now_s)
        if self.leading and not before:
            self.sent_cycles = self._lead.cycles + (LEAP if self._lead.cycles else 0)
            self.led = True
            return "took the lead"
        if before and not self.leading:
            log.warning("another output process leads now; following it")
            return "lost the lead"
        return ""

    def speaks(self) -> bool:
        """Whether packets may leave: the last look, right before they do, at who leads. Counts the cycle."""
        if self._lead is None:
            return True
        if not (self.leading and self._lead.leading):
            return False
        self.sent_cycles += 1
        self._lead.count(self.sent_cycles)
        return True
