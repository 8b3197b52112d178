"""Sound that has not been listened to yet: blocks go in on one thread, all of it comes out on another. Pure."""

from collections import deque

import numpy as np

from controller.messages import AudioBlock

MOST_BLOCKS = 4_000
"""Twenty seconds of usual blocks: who listens so late has other troubles, and memory must not grow."""


class Backlog:
    """Blocks in the order in which they came."""

    def __init__(self) -> None:
        self._blocks: deque[AudioBlock] = deque(maxlen=MOST_BLOCKS)

    def add(self, block: AudioBlock) -> None:
        """Keep a block; its samples are not copied."""
        self._blocks.append(block)

    def take(self) -> AudioBlock | None:
        """Everything since the last call as one block, with the moment and number of its last one; None: nothing."""
        taken = []
        while self._blocks:
            taken.append(self._blocks.popleft())
        if len(taken) < 2:
            return taken[0] if taken else None
        return AudioBlock(taken[-1].t_s, taken[-1].seq, np.concatenate([one.samples for one in taken]))
