"""Hears whether a song was heard before, and keeps those that are played tonight. Pure: who keeps them is passed in."""

from collections.abc import Callable, Sequence

import numpy as np

from controller.arrays import Float32Array
from controller.listening.known.recognising import Recognising
from controller.listening.known.sketch import LEAST_ROWS, Sketch, Sketching
from controller.messages import NO_WISH, SongWish

PLAYING = ("band", "solo")
NOTHING = np.zeros((0, 0), np.float16)
REST_HOPS = 40
"""Tenths of a second without music, beyond those with it, after which whatever comes is another song: a drum that is
tried now and then is no song."""


class Recall:
    """Follows the songs of a night.

    Args:
        known: songs of before. keep: told of each song that was played under a title of the set list.

    Attributes:
        title: of what is played, where it was heard before; "".
    """

    def __init__(self, known: Sequence[Sketch], keep: Callable[[Sketch], None]) -> None:
        self._known, self._keep = {one.title: one for one in known}, keep
        self._recognising, self._fresh = Recognising(known), True
        self._sketching, self._longest = Sketching(), NOTHING
        self._wish = NO_WISH
        self._resting, self._heard = 0, False

    @property
    def title(self) -> str:
        """Of what is played, where it was heard before; "" while nobody can tell."""
        return self._recognising.title

    def hear(self, vector: Float32Array, kind: str, wish: SongWish) -> None:
        """Take the next hop.

        Args:
            vector: (512,) its embedding. kind: of sound, "" where nobody knows. wish: what the set list has now.
        """
        if (wish.number, wish.title) != (self._wish.number, self._wish.title):
            self.finish()
            self._wish = wish
        if kind and kind not in PLAYING:
            self._resting = min(self._resting + 1, REST_HOPS)
            if self._resting == REST_HOPS and self._heard:
                self._listen_anew()
            return
        self._resting, self._heard = max(self._resting - 1, 0), True
        row = self._sketching.add(vector)
        if row is not None:
            self._recognising.hear(row)

    def _listen_anew(self) -> None:
        """Another song may come, and songs of tonight may come again."""
        self._end_stretch()
        self._heard = False
        if not self._fresh:
            self._recognising, self._fresh = Recognising(tuple(self._known.values())), True
        self._recognising.restart()

    def _end_stretch(self) -> None:
        """Nobody plays: what was played without a rest is one song, and no other title's."""
        if len(self._sketching.rows) > len(self._longest) and self.title in ("", self._wish.title):
            self._longest = np.array(self._sketching.rows, np.float16)
        self._sketching.restart()

    def finish(self) -> None:
        """The song is over: keep it, if somebody said what it is called and there was enough of it.

        Of what was played under a title, the longest stretch is kept: the others are a drum that is tried, or the next
        song before anybody moved the list. What has just begun belongs to the title that comes.
        """
        if len(self._sketching.rows) >= LEAST_ROWS:
            self._end_stretch()
        if self._wish.kind == "song" and self._wish.title and len(self._longest) >= LEAST_ROWS:
            sketch = Sketch(self._wish.title, self._longest)
            self._known[sketch.title], self._fresh = sketch, False
            self._keep(sketch)
        self._longest = NOTHING
