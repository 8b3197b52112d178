"""An embedder that is too slow for every hop, at the pace the machine can keep: off the hot path, held in between.

The governor measures what a window costs, on the machine at hand, before the show, and says what that means. Every
`every`-th window is embedded on a worker and its embedding is taken into use exactly `every` hops later; until then the
one before it stands, labelled with the moment it is about. A worker that is late is waited for in rehearsals and not in
shows; there the pace is slowed down by a hop when it is late again and again. Edge: a thread of the executor passed in.
"""

import logging
import math
from concurrent.futures import Executor, Future
from dataclasses import replace

from controller.listening.embed.embedder import Embedder
from controller.messages import Embedding, Window
from controller.sound_format import HOP_S

log = logging.getLogger(__name__)

SHARE = 0.7
"""Of a core's time, what the embedder may take; the rest is the decoder's."""
SLOWEST = 20
LATE_IN_A_ROW = 3


def hops_for(embed_s: float, decode_s: float, hop_s: float = HOP_S) -> int:
    """At every how many hops to embed, 1..20: 1 where embedding and decoding fit into a hop together.

    Args:
        embed_s, decode_s: what one of each takes here.
    """
    if embed_s + decode_s <= SHARE * hop_s:
        return 1
    return min(max(2, math.ceil(embed_s / (SHARE * hop_s))), SLOWEST)


def advice(name: str, embed_s: float, every: int, front_end: str | None) -> str:
    """What to tell somebody whose embedder cannot keep up."""
    slow = f"{name} takes {1e3 * embed_s:.0f} ms a window here: one embedding every {every} hops, held in between"
    if front_end != "openl3-mel256":
        return slow
    return (
        f"{slow}. For one each hop: its 8-bit form (tools.train.openl3 quantize), a student of it (distill), more "
        "threads (model.threads) or a GPU (model.provider: cuda)"
    )


class PacedEmbedder:
    """The embedder's interface at a lower pace.

    Args:
        embedder: what embeds.
        every: hops between two embeddings; 1 embeds each window at once.
        executor: runs it; one thread.
        patient: wait for a late worker (rehearsal) instead of going on with what is there (live).

    Attributes:
        every: may grow during a show. late: embeddings that were not ready in time.
    """

    def __init__(self, embedder: Embedder, every: int, executor: Executor | None, *, patient: bool) -> None:
        self._embedder, self._executor, self._patient = embedder, executor, patient
        self.every = every
        self.late = 0
        self._late_in_a_row = 0
        self._since = 0
        self._held: Embedding | None = None
        self._work: Future[Embedding] | None = None

    def embed(self, window: Window) -> Embedding:
        """The embedding in use at this hop: this window's, or an earlier one's, by its `t_s`."""
        if self.every == 1 or self._executor is None:
            return self._embedder.embed(window)
        if self._held is None:
            self._held = self._embedder.embed(window)  # the first hop of a set waits: there is nothing to hold
            self._work = self._executor.submit(self._embedder.embed, window)
            return self._held
        self._since += 1
        if self._since >= self.every and self._work is not None:
            self._turn(self._work, self._executor, window)
        return replace(self._held, seq=window.seq)

    def _turn(self, work: "Future[Embedding]", executor: Executor, window: Window) -> None:
        if not (self._patient or work.done()):
            self.late += 1
            self._late_in_a_row += 1
            if self._late_in_a_row == LATE_IN_A_ROW and self.every < SLOWEST:
                self.every += 1
                self._late_in_a_row = 0
                log.warning("embedding falls behind: every %d hops from now on", self.every)
            return
        self._held = work.result()
        self._late_in_a_row, self._since = 0, 0
        self._work = executor.submit(self._embedder.embed, window)
