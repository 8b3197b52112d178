"""What the operator sets, over everything: grand master, blackout, hold."""

from dataclasses import replace

import numpy as np

from controller.messages import Operator, Picture


class Master:
    """Applies an operator's settings to looks. Hold keeps a look; masters still work on what is held."""

    def __init__(self) -> None:
        self._held: Picture | None = None
        self._still: Picture | None = None

    def apply(self, look: Picture, operator: Operator) -> Picture:
        """The look as it may leave.

        Blackout takes intensity and nothing else: heads stay where they were when it came, so that nobody sees them
        swing when the light returns.
        """
        self._held = (self._held or look) if operator.hold else None
        chosen = replace(self._held, t_s=look.t_s, seq=look.seq) if self._held else look
        self._still = (self._still or chosen) if operator.blackout else None
        if self._still:
            chosen = replace(chosen, pan=self._still.pan, tilt=self._still.tilt)
        scale = 0.0 if operator.blackout else operator.grand_master
        if scale == 1.0:
            return chosen
        return replace(chosen, intensity=(chosen.intensity * np.float32(scale)).astype(np.float32))
