"""One decoder follows another in a running show, between two phrases.

The successor is opened and told the last half minute in a thread of its own, however long that takes. From then on it
hears every hop beside the decoder that still decides, without a say. It takes over right after that one changed the
colour or fell silent with the band: there a phrase ends, as far as light is concerned. It goes on from the light that
is there, so nothing jumps. Edge: a lock.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from controller.arrays import Float32Array
from controller.clock import Clock
from controller.listening.decode.skipbart import Logits
from controller.messages import Embedding

log = logging.getLogger(__name__)

TOLD_HOPS = 256
"""What a successor is told of the past: half a cache, as much as a context that takes over knows."""
HEARD_HOPS = 8
"""Hops that it must hear without a fault before it may decide."""
PATIENCE_HOPS = 600
"""A minute without any phrase ending: then it does not wait any longer."""
SLOWEST_S = 0.05
"""Half a hop: who needs longer for a step, in the median, cannot decide live."""


class Decoder(Protocol):
    """What decides: with a causal network (`SkipBart`) or a bidirectional one (`RefreshedSkipBart`)."""

    def step(
        self, embedding: Embedding, hue: int = ..., value: int = ..., bearings: Float32Array | None = ...
    ) -> Logits:
        """Logits of one hop, given the light before it and its bearings."""
        ...


@dataclass(frozen=True, slots=True)
class ToldHop:
    """What a decoder was told in one hop."""

    seq: int
    embedding: Embedding
    hue: int
    value: int
    bearings: Float32Array | None


class Successor:
    """A decoder on its way to deciding."""

    def __init__(self, number: int, name: str, folder: Path, decoder: Decoder) -> None:
        self.number, self.name, self.folder, self.decoder = number, name, folder, decoder
        self.told = -1
        self.heard = 0
        self.steps_s: deque[float] = deque(maxlen=HEARD_HOPS)


class Succession:
    """Who decides next.

    Args:
        clock: measures how long a successor takes.

    Attributes:
        refused: why the newest candidate will not decide, "" if nothing speaks against it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._past: deque[ToldHop] = deque(maxlen=TOLD_HOPS)
        self._lock = threading.Lock()
        self._next: Successor | None = None
        self._seq = 0
        self.refused = ""

    @property
    def waiting(self) -> int | None:
        """Number of the generation that is ready and waits for the end of a phrase."""
        successor = self._next
        return None if successor is None else successor.number

    def prepare(self, number: int, name: str, folder: Path, open_decoder: Callable[[], Decoder]) -> None:
        """Open a decoder and tell it the past; takes as long as that takes, so call it off the hot path.

        Args:
            number, name, folder: of its generation. open_decoder: may raise whatever it likes.
        """
        self._next, self.refused = None, ""
        try:
            successor = Successor(number, name, folder, open_decoder())
            self._tell(successor)
            _must_be_quick(successor)
        except Exception as error:  # noqa: BLE001 - a stranger's network: whatever it does, the show goes on
            self.refuse(number, name, str(error))
            return
        self._next = successor

    def withdraw(self) -> None:
        """Nobody is to follow: what decides is what was chosen."""
        self._next, self.refused = None, ""

    def refuse(self, number: int, name: str, why: str) -> None:
        """This one will not decide; say so once."""
        self._next, self.refused = None, f"generation {number} ({name}): {why}"
        log.warning("%s; the model that decides goes on", self.refused)

    def _tell(self, successor: Successor) -> None:
        """All that is known of the past, until nothing but the newest hop or two is left."""
        while len(missed := self._since(successor.told)) > 1:
            for hop in missed:
                self._step(successor, hop)

    def _step(self, successor: Successor, hop: ToldHop) -> None:
        started_s = self._clock.now_s()
        logits = successor.decoder.step(hop.embedding, hop.hue, hop.value, hop.bearings)
        successor.steps_s.append(self._clock.now_s() - started_s)
        successor.told = hop.seq
        if not all(np.isfinite(one).all() for one in logits):
            raise ValueError("its numbers are not finite")

    def _since(self, seq: int) -> list[ToldHop]:
        with self._lock:
            return [hop for hop in self._past if hop.seq > seq]

    def hear(
        self,
        embedding: Embedding,
        hue: int,
        value: int,
        *,
        ends: bool,
        hit: float,
        bearings: Float32Array | None = None,
    ) -> Successor | None:
        """One hop went by: remember it, let the successor hear it; the successor when it is its turn to decide.

        Args:
            embedding, hue, value, bearings: what the deciding one was told. ends: a phrase ended in this hop.
            hit: 0..1.
        """
        with self._lock:
            self._past.append(ToldHop(self._seq, embedding, hue, value, bearings))
            self._seq += 1
        successor = self._next
        if successor is None or not self._listens(successor):
            return None
        if not _is_its_turn(successor, ends=ends, hit=hit):
            return None
        self._next = None
        return successor

    def _listens(self, successor: Successor) -> bool:
        """Whether the successor heard this hop as it should."""
        try:
            for hop in self._since(successor.told):
                self._step(successor, hop)
                successor.heard += 1
            _must_be_quick(successor)
        except Exception as error:  # noqa: BLE001 - a stranger's network: whatever it does, the show goes on
            self.refuse(successor.number, successor.name, str(error))
            return False
        return True


def _must_be_quick(successor: Successor) -> None:
    if len(successor.steps_s) < HEARD_HOPS:
        return
    typical_s = float(np.median(successor.steps_s))
    if typical_s > SLOWEST_S:
        raise ValueError(f"a step takes {1e3 * typical_s:.0f} ms here, at most {1e3 * SLOWEST_S:.0f} ms will do")


def _is_its_turn(successor: Successor, *, ends: bool, hit: float) -> bool:
    if successor.heard < HEARD_HOPS:
        return False
    late = successor.heard - PATIENCE_HOPS
    return ends or (late >= 0 and (hit > 0.0 or late > HEARD_HOPS))
