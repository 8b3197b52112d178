"""First the opening's tune, then the sound that is configured: one source for the listening process."""

from collections.abc import Callable

import numpy as np

from controller.arrays import Float32Array
from controller.listening.audio.source import LiveSource


class ThenSource:
    """One source after the other.

    Args:
        first: played through. then: started when the first is over. columns: audio channels of a block of `then`.
        ended: told once, when the first is over.
    """

    def __init__(
        self, first: LiveSource, then: LiveSource, *, columns: int, ended: Callable[[], None] = lambda: None
    ) -> None:
        self._first, self._then, self._columns, self._ended = first, then, columns, ended
        self._now = first

    @property
    def opening(self) -> bool:
        """Whether the first one plays."""
        return self._now is self._first

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        return not self.opening and self._then.over

    @property
    def losses(self) -> int:
        """How often a device went away."""
        return self._first.losses + self._then.losses

    @property
    def overruns(self) -> int:
        """Blocks that were lost, of both."""
        return self._first.overruns + self._then.overruns

    @property
    def bad_samples(self) -> int:
        """Samples that became silence, of both."""
        return self._first.bad_samples + self._then.bad_samples

    def start(self) -> None:
        """Begin with the first."""
        self._first.start()

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block (n, columns); the first one's missing columns are silent."""
        got = self._now.read(timeout_s)
        if got is None and self.opening and self._first.over:
            self._first.stop()
            self._now = self._then
            self._then.start()
            self._ended()
        if got is None or got[0].shape[1] == self._columns:
            return got
        missing = self._columns - got[0].shape[1]
        return np.pad(got[0], ((0, 0), (0, missing))), got[1]

    def stop(self) -> None:
        """End."""
        self._now.stop()
