"""Whether a melody repeats another: the longest run of intervals and rhythm that it shares with any tune of a corpus.

A run counts the same in every key. Tunes of this kind share formulae (a run of eight notes of scale is in hundreds of
them), so a limit is stated, and what is over it is refused (docs/image-to-music.md). Pure, NumPy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.train.image2music.melody import Melody, steps

LIMIT = 12
"""Notes in a row whose intervals and lengths may be those of one corpus tune; about a bar and a half of eighths."""
LONGEST = 40
BASE = np.uint64(6_364_136_223_846_793_005)
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Shared:
    """The longest shared run: how many steps (intervals) it has, where it begins, and the tune's place in the
    corpus."""

    length: int
    start: int
    tune: int


def codes(melody: Melody) -> Hashes:
    """(N,) one odd number for each step."""
    row = steps(melody)
    plain = np.array([(interval + 64) * 64 + length for interval, length in row], np.uint64).reshape(-1)
    with np.errstate(over="ignore"):
        mixed = (plain + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        return mixed ^ (mixed >> np.uint64(29))


def hashes(row: Hashes, length: int) -> Hashes:
    """(N - length + 1,) a hash of each run of `length` steps."""
    if len(row) < length:
        return np.zeros(0, np.uint64)
    total = np.zeros(len(row) - length + 1, np.uint64)
    with np.errstate(over="ignore"):
        for at in range(length):
            total = total * BASE + row[at : at + len(total)]
    return total


class Guard:
    """Knows all runs of a corpus.

    Args:
        melodies: of the corpus, in its order.
    """

    def __init__(self, melodies: Sequence[Melody]) -> None:
        self._rows = [codes(one) for one in melodies]
        self._joined = np.concatenate(
            [np.append(row, np.uint64(2 * at + 1) << np.uint64(40)) for at, row in enumerate(self._rows)]
        )
        self._tune = np.repeat(np.arange(len(self._rows)), [len(row) + 1 for row in self._rows])
        self._sorted: dict[int, tuple[Hashes, npt.NDArray[np.int64]]] = {}

    def _table(self, length: int) -> tuple[Hashes, npt.NDArray[np.int64]]:
        if length not in self._sorted:
            whole = hashes(self._joined, length)
            order = np.argsort(whole, kind="stable")
            self._sorted[length] = (whole[order], order)
        return self._sorted[length]

    def _find(self, row: Hashes, length: int) -> Shared | None:
        wanted = hashes(row, length)
        if not len(wanted):
            return None
        table, order = self._table(length)
        at = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
        hits = np.flatnonzero(table[at] == wanted)
        return Shared(length, int(hits[0]), int(self._tune[order[at[hits[0]]]])) if len(hits) else None

    def over(self, melody: Melody, limit: int = LIMIT) -> bool:
        """Whether a run of more than `limit` steps is shared with any tune; fast."""
        return self._find(codes(melody), limit + 1) is not None

    def longest(self, melody: Melody) -> Shared:
        """The longest run shared with any tune, up to LONGEST steps."""
        row, best = codes(melody), Shared(0, 0, -1)
        low, high = 1, min(LONGEST, len(row))
        while low <= high:
            middle = (low + high) // 2
            found = self._find(row, middle)
            if found is None:
                high = middle - 1
            else:
                best, low = found, middle + 1
        return best
