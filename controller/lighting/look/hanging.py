"""Which look hangs in the room now, and which one is announced: cues in, a look on the one."""

from controller.looks.look import Look
from controller.looks.pack import Pack
from controller.messages import Cue

EARLY_S = 0.0125
"""A cycle comes every 25 ms: the nearest one to the moment, not the first one after it."""
FRESH_S = 0.5
"""What is spent belongs to a moment; later than this it is not made up for."""
NOTHING = Cue("", 0.0)
"""The cue that hangs before the first one."""


class Hanging:
    """Keeps the cue that hangs, and holds one that is announced until its time.

    Args:
        pack: the looks.

    Attributes:
        cue, look: that hang. ahead: a cue that is announced. began_s: when the look came. fresh: it came on time.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.cue = NOTHING
        self.ahead: Cue | None = None
        self.look: Look = pack.fitting("verse", 0.5)[0]
        self.began_s = 0.0
        self.fresh = False

    def hear(self, cue: Cue, now_s: float) -> bool:
        """Take the cue of the newest token; True if another look hangs from now on."""
        if self.cue is not NOTHING and _same(cue, self.cue):
            self.cue, self.ahead = cue, None
            return False
        self.ahead = cue
        if self.cue is NOTHING or now_s >= cue.start_s - EARLY_S:
            return self._hang(cue, now_s)
        return False

    def advance(self, now_s: float) -> bool:
        """Let time pass; True if the look that was announced hangs from now on."""
        if self.ahead is None or now_s < self.ahead.start_s - EARLY_S:
            return False
        return self._hang(self.ahead, now_s)

    def until_next_s(self, now_s: float) -> float:
        """Seconds until a look that is announced comes; infinite without one."""
        return float("inf") if self.ahead is None else self.ahead.start_s - now_s

    def _hang(self, cue: Cue, now_s: float) -> bool:
        self.cue, self.ahead, self.began_s = cue, None, now_s
        self.fresh = abs(now_s - cue.start_s) <= FRESH_S
        found = self._pack.looks.get(cue.look)
        self.look = found if found is not None else self._pack.fitting("verse", cue.level)[0]
        return True


def _same(cue: Cue, other: Cue) -> bool:
    """Whether it is the same look at the same time, said again."""
    return (cue.look, cue.label, cue.start_s) == (other.look, other.label, other.start_s)
