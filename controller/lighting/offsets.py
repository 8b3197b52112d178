"""Fixtures and outputs that are slower than others: their slots leave earlier or later by so many milliseconds. Pure.

Nothing leaves before it is made. So a show in which some fixture is to be early is made that much ahead, as far as it
is predicted, and everything else waits; what cannot be predicted, an accent, waits as well. Darkness never waits.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from controller.config import Config
from controller.messages import DmxFrame
from controller.rig.patch.patch import SLOTS, Patch

GRID_S = 0.0125
"""Half a cycle: the frame that is nearest to the moment, not the last one before it."""


class Offsets:
    """Holds slots back.

    Args:
        config: offsets of universes and fixtures. patch: the rig.

    Attributes:
        ahead_s: so much earlier than it is to be seen everything is made.
    """

    def __init__(self, config: Config, patch: Patch) -> None:
        wished_s = _wished_s(config, patch)
        self.ahead_s = max(0.0, -float(wished_s.min(initial=0.0)))
        self._late_s = wished_s + self.ahead_s
        self._delays = [(one, self._late_s == one) for one in _distinct(self._late_s)]
        self._kept: deque[tuple[float, npt.NDArray[np.uint8]]] = deque()

    def delay(self, frames: list[DmxFrame], now_s: float, *, dark: bool) -> list[DmxFrame]:
        """The frames that leave now, in the order of `frames`, the rig's universes.

        Args:
            frames: as they were made now. dark: a person wants darkness, which does not wait.
        """
        if not self._delays:
            return frames
        made = np.stack([frame.slots for frame in frames])
        if dark:
            self._kept.clear()
        self._kept.append((now_s, made))
        longest_s = self._delays[-1][0]
        while len(self._kept) > 1 and self._kept[1][0] <= now_s - longest_s + GRID_S:
            self._kept.popleft()
        leaves = made.copy()
        for late_s, slots in self._delays:
            leaves[slots] = self._made_at(now_s - late_s)[slots]
        return [DmxFrame(one.t_s, one.seq, one.universe, slots) for one, slots in zip(frames, leaves, strict=True)]

    def _made_at(self, t_s: float) -> npt.NDArray[np.uint8]:
        """(U, 512) the frames of a moment; the oldest that are kept, where it was before them."""
        found = self._kept[0][1]
        for at_s, made in self._kept:
            if at_s > t_s + GRID_S:
                break
            found = made
        return found


def _distinct(late_s: npt.NDArray[np.float64]) -> list[float]:
    """Those above 0, each once, rising (`np.unique` loads all of NumPy's masked arrays, a fifth of a second)."""
    return sorted(set(late_s[late_s > 0.0].tolist()))


def _wished_s(config: Config, patch: Patch) -> npt.NDArray[np.float64]:
    """(U, 512) seconds by which each slot is to leave later, negative: earlier; unpatched slots as their universe."""
    wished = np.zeros((len(patch.universes), SLOTS))
    for row, universe in enumerate(patch.universes):
        wished[row] = config.universes[universe].offset_ms / 1e3
    for fixture in patch.fixtures:
        one = fixture.config
        row = list(patch.universes).index(one.universe)
        wished[row, one.address - 1 : one.address - 1 + fixture.footprint] += one.offset_ms / 1e3
    return wished
