"""Which of two output processes speaks.

The leader beats in every cycle. When it has been silent for longer than a cycle may take, the other takes the lead and
goes on with the leader's count of cycles, so that sequence numbers go on as well. Whoever was only asleep (SIGSTOP, a
swapping machine) sees that it leads no more before it sends again. A leader that died is noticed at once where the
system tells (Linux: a pidfd). Edge: shared memory, the system.
"""

import os
import select
import sys
import threading
from pathlib import Path
from typing import Any

from controller.bus.beats import CYCLES_AT, LEADER_AT, PIDS_AT, Beats
from controller.lighting.failover.election import LOOK_S

PAIR = ("lighting", "spare")


class LeaderRecord:
    """One output process's view of who leads.

    Args:
        folder: the run's private folder. name: which of `PAIR` this is; the first leads first.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._other = PAIR[1 - PAIR.index(name)]
        self._slot = PAIR.index(name)
        self._beats = Beats(folder)
        self._beats.write(PIDS_AT + 8 * self._slot, os.getpid())
        self._watched = Death(0)

    @property
    def leading(self) -> bool:
        """Whether this process speaks."""
        return self._beats.read(LEADER_AT) == self._slot

    @property
    def cycles(self) -> int:
        """How many cycles were sent by whoever led."""
        return self._beats.read(CYCLES_AT)

    def beat(self, now_s: float) -> None:
        """This process is alive."""
        self._beats.beat(self.name, now_s)

    def count(self, cycles: int) -> None:
        """The leader has sent so many cycles."""
        self._beats.write(CYCLES_AT, cycles)

    def silent_s(self, now_s: float) -> float | None:
        """How long the other process has not beaten; None if it never did."""
        beaten_s = self._beats.beaten_s(self._other)
        return now_s - beaten_s if beaten_s > 0.0 else None

    def gone(self) -> bool:
        """Whether the other process is known to have died."""
        pid = self._beats.read(PIDS_AT + 8 * (1 - self._slot))
        if pid != self._watched.pid:
            self._watched.close()
            self._watched = Death(pid)
        return self._watched.has_come()

    def wait(self, seconds: float) -> None:
        """Until the other process has died, for so long at most; where the system does not tell, for `LOOK_S`."""
        self.gone()  # it may be another process by now
        self._watched.wait(seconds)

    def take(self) -> None:
        """Lead from now on."""
        self._beats.write(LEADER_AT, self._slot)

    def close(self) -> None:
        """Let the memory go."""
        self._watched.close()
        self._beats.close()


class Death:
    """Whether a process has ended, as far as the system can tell.

    Args:
        pid: of the process; 0: of none.
    """

    def __init__(self, pid: int) -> None:
        self.pid, self._fd, self._ended = pid, -1, False
        self._poll: Any = None  # select.poll, which not every system has
        if pid and sys.platform == "linux" and hasattr(os, "pidfd_open"):
            try:
                self._fd = os.pidfd_open(pid)
            except ProcessLookupError:
                self._ended = True
            except OSError:
                return
            self._poll = select.poll()
            if self._fd >= 0:
                self._poll.register(self._fd, select.POLLIN)

    def has_come(self) -> bool:
        """Whether it has ended."""
        if self._fd >= 0 and not self._ended:
            self._ended = bool(self._poll.poll(0))
        return self._ended

    def wait(self, seconds: float) -> None:
        """Until it has ended, for so long at most."""
        if self._fd >= 0 and not self._ended:
            self._ended = bool(self._poll.poll(1e3 * seconds))
        else:
            threading.Event().wait(min(seconds, LOOK_S))

    def close(self) -> None:
        """Stop watching."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
