"""What was done to a song in the rehearsal room, step by step, so that it can be undone and done again. Pure."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from controller.listening.plan.plan import Notes
from controller.rehearsal.room.studio import Studio

MOST_STEPS = 200
MOST_BYTES = 200_000_000
"""Of pictures of the stage that are kept; a step that is older than these is staged again."""


@dataclass(frozen=True, slots=True)
class RoomStep:
    """A song as it was after one change; `rows` None: its stage has to be made again."""

    notes: Notes
    light: npt.NDArray[np.int64]
    rows: npt.NDArray[np.uint8] | None
    limited: int

    @classmethod
    def of(cls, studio: Studio) -> "RoomStep":
        """As it is now."""
        return cls(studio.notes, studio.light.copy(), None if studio.stale else studio.rows, studio.limited)

    def put_back(self, studio: Studio) -> None:
        """Make it so again, but for the stage where that is not kept."""
        studio.notes, studio.light = self.notes, self.light.copy()
        if self.rows is not None:
            studio.show(self.rows, self.limited)


class RoomHistory:
    """Steps in their order, and which of them is now.

    Args:
        first: where nothing can be undone any more.
    """

    def __init__(self, first: RoomStep) -> None:
        self._steps, self._at = [first], 0

    @property
    def now(self) -> RoomStep:
        """The step that the song is at."""
        return self._steps[self._at]

    @property
    def undoes(self) -> int:
        """How many steps can be undone."""
        return self._at

    @property
    def redoes(self) -> int:
        """How many can be done again."""
        return len(self._steps) - 1 - self._at

    def add(self, step: RoomStep) -> None:
        """A change; what was undone before it is gone."""
        self._steps = [*self._steps[: self._at + 1], step][-MOST_STEPS:]
        self._at = len(self._steps) - 1
        self._forget_stages()

    def move(self, by: int) -> RoomStep:
        """Undo (-1) or do again (+1).

        Raises:
            ValueError: there is nothing to undo, or to do again.
        """
        if not 0 <= self._at + by < len(self._steps):
            raise ValueError("nothing to undo" if by < 0 else "nothing to do again")
        self._at += by
        return self.now

    def stage(self, studio: Studio) -> None:
        """Keep a stage that was made again with the step that is now."""
        self._steps[self._at] = replace(self.now, rows=studio.rows, limited=studio.limited)

    def _forget_stages(self) -> None:
        kept: dict[int, int] = {}
        for number in range(len(self._steps) - 1, -1, -1):
            rows = self._steps[number].rows
            if rows is None:
                continue
            kept[id(rows)] = rows.nbytes
            if sum(kept.values()) > MOST_BYTES and number != self._at:
                del kept[id(rows)]
                self._steps[number] = replace(self._steps[number], rows=None)
