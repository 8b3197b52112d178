"""When a backup speaks on the outputs that cannot be shared: a pure state machine; time is passed in.

sACN needs none of this: receivers choose by priority. Art-Net, OLA and serial outputs of a backup are silent while the
main is heard.

    waiting ---- a beat -----> following --- silent, or goodbye ---> in charge
       \\--- nobody came -----------------------------------------------^  |  a beat
                               following <--- two seconds of beats --- returning --- silent, or goodbye ---> in charge
"""

from typing import Literal

State = Literal["waiting", "following", "in charge", "returning"]

LOST_S = 0.5
"""Ten heartbeats: a main that is silent for so long is gone. Its own spare process needs two to step in."""
DEAF_S = 3.0
"""So long a backup that cannot hear for noise stays silent: longer, and noise alone would keep a stage dark."""
RETURN_S = 2.0
"""A main that is back must be steady for so long before we fall silent."""
WAIT_S = 3.0
"""As long as a main that was started together with us may take to begin."""


class Duty:
    """A backup's.

    Args:
        now_s: time.

    Attributes:
        state: as above. changes: how often it became another one.
    """

    def __init__(self, now_s: float) -> None:
        self.state: State = "waiting"
        self.changes = 0
        self._heard_s = now_s
        self._back_s = now_s

    @property
    def quiet(self) -> bool:
        """Whether outputs that cannot be shared are silent."""
        return self.state in ("waiting", "following")

    def beat(self, now_s: float) -> None:
        """The main is heard."""
        self._heard_s = now_s
        if self.state == "waiting":
            self._become("following")
        elif self.state == "in charge":
            self._back_s = now_s
            self._become("returning")

    def goodbye(self) -> None:
        """The main ends in order, and will say no more."""
        self._become("in charge")

    def step(self, now_s: float, *, deaf: bool = False) -> State:
        """The state at this moment.

        Args:
            now_s: time. deaf: more arrived in the main's name than could be read: it may have been heard, or not.
        """
        silent_s = now_s - self._heard_s
        if silent_s > (WAIT_S if self.state == "waiting" else DEAF_S if deaf else LOST_S):
            self._become("in charge")
        elif self.state == "returning" and now_s - self._back_s >= RETURN_S:
            self._become("following")
        return self.state

    def stand_as(self, state: State, now_s: float) -> None:
        """Another process of this machine is in this state now; it is ours if that one falls silent."""
        self.state = state
        self._heard_s = self._back_s = now_s

    def _become(self, state: State) -> None:
        self.changes += state != self.state
        self.state = state
