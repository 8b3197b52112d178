"""Dead stops: the band plays on and on and then, from one moment to the next, it does not.

A level alone cannot tell a stop from a rest between two drums. What can is what came before: music that had no such
hole for a while, and was loud for what it is. Who plays softly, or with holes, is never cut off.
"""

import numpy as np

from controller.messages import Pulse

HOLE_DB = 15.0
"""So far below the level of the last second there is nobody; a hall's own sound takes a quarter of a second for it."""
BACK_DB = 8.0
"""And so near to it the band is back."""
SOFT_DB, STEADY_DB, STEADY_S = 30.0, 3.0, 0.15
"""Who is no further down than this, and sinks no more for so long, plays on, only softly."""
WHOLE_S = 1.6
"""Music without a hole for so long does not pause by the way."""
AGAIN_S = 6.0
"""Who has stopped dead may do so again, with no more than a chord in between:"""
CHORD_S = 0.3
MEAN_S = 0.6
LOUD = 0.35
LOWEST_DB = -50.0
SHORT_STOP_S = 0.2


class Stops:
    """Follows pulses.

    Attributes:
        stopped: the band has stopped dead.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._t_s = -np.inf
        self._mean_db = -120.0
        self._loud = 0.0
        self._hole_s = -np.inf
        self._stop_s = self._since_s = -np.inf
        self._looked_s, self._looked_db = -np.inf, 0.0

    def hear(self, pulse: Pulse) -> None:
        """Take the next pulse."""
        elapsed_s = min(max(pulse.t_s - self._t_s, 0.0), 0.5)
        self._t_s = pulse.t_s
        if self.stopped:
            self.stopped = not self._goes_on(pulse)
            if not self.stopped:
                self._hole_s = pulse.t_s
                if pulse.t_s - self._since_s >= SHORT_STOP_S:
                    self._stop_s = pulse.t_s
            return
        hole = pulse.level_db < self._mean_db - HOLE_DB or pulse.silent_s > 0.0
        if hole and self._may_be_one(pulse.t_s):
            self.stopped, self._since_s = True, pulse.t_s
            self._looked_s, self._looked_db = pulse.t_s, pulse.level_db
            return
        if hole:
            self._hole_s = pulse.t_s
        share = 1.0 - float(np.exp(-elapsed_s / MEAN_S))
        self._mean_db += share * (max(pulse.level_db, -90.0) - self._mean_db)
        self._loud += share * (pulse.loudness - self._loud)

    def _goes_on(self, pulse: Pulse) -> bool:
        """Whether somebody plays again, or still."""
        down_db = self._mean_db - pulse.level_db
        if down_db < BACK_DB or (down_db < SOFT_DB and pulse.onset_t_s > self._since_s):
            return True
        if pulse.t_s - self._looked_s < STEADY_S:
            return False
        sank_db, self._looked_s, self._looked_db = self._looked_db - pulse.level_db, pulse.t_s, pulse.level_db
        return sank_db < STEADY_DB and pulse.level_db > self._mean_db - SOFT_DB and pulse.silent_s == 0.0

    def _may_be_one(self, t_s: float) -> bool:
        """Whether what came before makes a hole a stop."""
        if self._mean_db < LOWEST_DB or self._loud < LOUD:
            return False
        whole_s = CHORD_S if t_s - self._stop_s <= AGAIN_S else WHOLE_S
        return t_s - self._hole_s >= whole_s
