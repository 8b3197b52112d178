"""The last seconds of light tokens, so that a colour can travel across the stage."""

import numpy as np

from controller.arrays import Float32Array
from controller.colour import apart_deg
from controller.messages import LightToken
from controller.sound_format import HOP_S

KEPT = 40


class History:
    """Newest first, four seconds deep.

    A hue counts once two of the last three tokens agree on it (within a few degrees): one stray token does not repaint
    the stage.

    Args:
        hue_deg: hue before the first token. value: brightness before it, 0..1.
    """

    def __init__(self, hue_deg: float, value: float) -> None:
        self._hues_deg = np.full(KEPT, hue_deg, np.float32)
        self._values = np.full(KEPT, value, np.float32)
        self._raw_deg = [hue_deg] * 3
        self.changes = 0

    def add(self, token: LightToken) -> None:
        """Take the next token."""
        self._raw_deg = [2.0 * token.hue, *self._raw_deg[:2]]
        hue_deg = self._settled()
        if apart_deg(hue_deg, float(self._hues_deg[0])) > 40.0:
            self.changes += 1
        self._grow_older()
        self._hues_deg[0] = hue_deg
        self._values[0] = token.value / 255.0

    def hold(self) -> None:
        """A hop in which the picture stands: what still was on its way across the stage arrives."""
        self._grow_older()

    def _grow_older(self) -> None:
        self._hues_deg[1:], self._values[1:] = self._hues_deg[:-1], self._values[:-1]

    @property
    def energy(self) -> float:
        """Mean brightness of the last seconds, 0..1: how much is going on."""
        return float(self._values.mean())

    def _settled(self) -> float:
        """The circular median of the last three: the one that is nearest to the other two."""
        costs = [sum(apart_deg(one, other) for other in self._raw_deg) for one in self._raw_deg]
        return self._raw_deg[costs.index(min(costs))]

    def at(self, delays_s: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Hue in degrees and value 0..1 as they were `delays_s` ago, each (N,) float32."""
        index = np.clip(np.rint(delays_s / HOP_S).astype(int), 0, KEPT - 1)
        return self._hues_deg[index], self._values[index]
