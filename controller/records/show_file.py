"""DMX frames in the text format of OLA's `ola_recorder`: `universe v,v,...`, then milliseconds until the next line.

Slots after the last one that is patched are left out; they are zero.
"""

from collections.abc import Sequence
from typing import TextIO

import numpy as np

from controller.arrays import ByteArray
from controller.messages import DmxFrame
from controller.rig.patch.patch import Patch

WRITTEN = np.array([f"{level}," for level in range(256)], "S4")
"""Each level as it stands in a line: looked up for all slots at once."""


class ShowFile:
    """Writes one show.

    Args:
        file: open text file. patch: the rig.
    """

    def __init__(self, file: TextIO, patch: Patch) -> None:
        self._file = file
        self._begin_s: float | None = None
        self._last_ms = 0
        ends: dict[int, int] = {}
        for one in patch.fixtures:
            last = one.config.address + one.footprint - 1
            ends[one.config.universe] = max(last, ends.get(one.config.universe, 0))
        self._lengths = ends
        file.write("OLA Show\n")

    def write(self, frames: Sequence[DmxFrame], at_s: float) -> None:
        """All universes of one moment; they leave together."""
        if self._begin_s is None:
            self._begin_s = at_s
        else:
            # whole milliseconds from the start, so that rounding does not add up to a drift
            due_ms = round((at_s - self._begin_s) * 1e3)
            self._file.write(f"{max(0, due_ms - self._last_ms)}\n")
            self._last_ms = max(due_ms, self._last_ms)
        lines = [
            f"{frame.universe} {_written(frame.slots[: self._lengths[frame.universe]])}\n"
            for frame in frames
            if frame.universe in self._lengths
        ]
        self._file.write("0\n".join(lines))

    def close(self, last_s: float) -> None:
        """End the file with the last frame's duration."""
        if self._begin_s is not None:
            self._file.write(f"{round(last_s * 1e3)}\n")


def _written(slots: ByteArray) -> str:
    return WRITTEN[slots].tobytes().replace(b"\0", b"")[:-1].decode("ascii")
