"""Which of two output processes speaks.

The leader beats in every cycle. When it has been silent for longer than a cycle may take, the other takes the lead and
goes on with the leader's count of cycles, so that sequence numbers go on as well. Whoever was only asleep (SIGSTOP, a
swapping machine) sees that it leads no more before it sends again.
"""

from pathlib import Path

from controller.beats import CYCLES_AT, LEADER_AT, Beats

PAIR = ("lighting", "spare")


class Lead:
    """One output process's view of who leads.

    Args:
        folder: the run's private folder. name: which of `PAIR` this is; the first leads first.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._other = PAIR[1 - PAIR.index(name)]
        self._slot = PAIR.index(name)
        self._beats = Beats(folder)

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

    def take(self) -> None:
        """Lead from now on."""
        self._beats.write(LEADER_AT, self._slot)

    def close(self) -> None:
        """Let the memory go."""
        self._beats.close()
