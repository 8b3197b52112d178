"""Whether two files hold the same recording, on whatever grid it was written: by its notes as they were played. Pure.

A performance is told by which key was struck how hard after which, in the order of time. Runs of four such strokes are
hashed, and every sixteenth hash (by its value) is kept: what a recording shares with a longer one it lies inside of is
counted from these, which the smallest hashes of each cannot tell.
"""

from collections import Counter, defaultdict

import numpy as np

from controller.arrays import IntArray

RUN, KEPT_OF = 4, 16
CONTAINED, FEWEST = 0.5, 12
"""Of the shorter one's runs, so many are shared by two files of one recording; and so many at the least."""
COMMON = 24
"""A run that more files hold belongs to no recording: scales at one level, drum loops."""


def strokes(onsets: IntArray, pitches: IntArray, velocities: IntArray) -> IntArray:
    """The kept hashes (n,) int64, ascending, of a performance's runs.

    Args:
        onsets, pitches, velocities: (N,) of its notes, onsets in any unit of time.
    """
    order = np.lexsort((pitches, onsets))
    keys = (pitches.astype(np.uint64) * np.uint64(128) + velocities.astype(np.uint64))[order]
    if len(keys) < RUN or len(np.unique(velocities)) == 1:  # nobody played it: one level throughout
        return np.empty(0, np.int64)
    runs = np.lib.stride_tricks.sliding_window_view(keys, RUN)
    mixed = np.zeros(len(runs), np.uint64)
    for column in range(RUN):
        mixed = (mixed ^ runs[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    kept = np.unique(mixed[mixed % np.uint64(KEPT_OF) == 0])
    return kept.view(np.int64)


def same_recordings(performances: list[IntArray]) -> list[tuple[int, int]]:
    """Pairs of indices of files that hold the same recording, one perhaps as a part of the other.

    Args:
        performances: `strokes` of each file.
    """
    holders: dict[int, list[int]] = defaultdict(list)
    for index, hashes in enumerate(performances):
        for value in hashes.tolist():
            holders[value].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for those in holders.values():
        if 1 < len(those) <= COMMON:
            shared.update((one, other) for at, one in enumerate(those) for other in those[at + 1 :])
    return [
        (one, other)
        for (one, other), count in shared.items()
        if count >= max(FEWEST, CONTAINED * min(len(performances[one]), len(performances[other])))
    ]
