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

    def hear(self, cue: Cue) -> None:
        """Take the cue of the newest token: the one that hangs, said again, or one to come."""
        if self.cue is not NOTHING and _same(cue, self.cue):
            self.cue, self.ahead = cue, None
        else:
            self.ahead = cue

    def due(self, now_s: float) -> bool:
        """Whether another look is to hang now; where nothing hangs yet, the first one is due at once."""
        if self.ahead is None:
            return False
        return self.cue is NOTHING or now_s >= self.ahead.start_s - EARLY_S

    def hang(self, now_s: float) -> None:
        """Hang what is announced."""
        if self.ahead is None:
            return
        self.cue, self.ahead, self.began_s = self.ahead, None, now_s
        self.fresh = abs(now_s - self.cue.start_s) <= FRESH_S
        self.look = self.look_of(self.cue)

    def look_of(self, cue: Cue) -> Look:
        """The look that a cue names, or one that stands in for it."""
        found = self._pack.looks.get(cue.look)
        return found if found is not None else self._pack.fitting("verse", cue.level)[0]

    def until_next_s(self, now_s: float) -> float:
        """Seconds until a look that is announced comes; infinite without one."""
        return float("inf") if self.ahead is None else self.ahead.start_s - now_s


def _same(cue: Cue, other: Cue) -> bool:
    """Whether it is the same look at the same time, said again."""
    return (cue.look, cue.label, cue.start_s) == (other.look, other.label, other.start_s)
