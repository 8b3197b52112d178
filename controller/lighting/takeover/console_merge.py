"""The person at the other desk: listens to it, merges it with what we made, and keeps a journal of what it changed."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from controller.arrays import ByteArray
from controller.bus.news import Datagrams, TakenOver, TakeoverStatus
from controller.config import Config
from controller.lighting.input.feed import DeskFeed
from controller.lighting.input.listener import Listener
from controller.lighting.protocol.artnet import ArtPollReply
from controller.lighting.takeover.attributes import attributes_of
from controller.lighting.takeover.takeover import Change, MergeCycle, Takeover, Terms
from controller.messages import DmxFrame, HeldRow, LightToken, Pulse
from controller.rig.patch.patch import SLOTS, Patch


class TakeoverNotes(Protocol):
    """Where changes are kept."""

    dropped: int

    def add(self, entry: dict[str, Any]) -> None:
        """Keep one."""
        ...


@dataclass(frozen=True, slots=True)
class Situation:
    """What was going on when a person reached for a fader."""

    health: str
    token: LightToken | None
    pulse: Pulse | None

    def plain(self) -> dict[str, Any]:
        """For a log."""
        return {
            "health": self.health,
            "hue": None if self.token is None else self.token.hue,
            "value": None if self.token is None else self.token.value,
            "loudness": None if self.pulse is None else round(self.pulse.loudness, 3),
        }


@dataclass(frozen=True, slots=True)
class News:
    """What changed at the person's desk since the last cycle.

    Attributes:
        desk: (512,) levels of each of our universes that changed, as bytes; None where no desk is heard any more.
        turned: universes that another desk leads now.
        held: what another output process held, where this one follows it; None: nothing new.
    """

    desk: dict[int, bytes | None] = field(default_factory=dict)
    turned: tuple[int, ...] = ()
    held: tuple[HeldRow, ...] | None = None


class ConsoleMerge:
    """Everything a desk can do to the show. Without inputs in the configuration it does nothing and costs nothing.

    Args:
        config: which inputs, whom to believe, how to share. patch: the rig. cid: our own.
        listener: where datagrams come from, or None. notes: where changes are kept, or None.
    """

    def __init__(
        self,
        config: Config,
        patch: Patch,
        cid: UUID,
        listener: Listener | None = None,
        notes: TakeoverNotes | None = None,
    ) -> None:
        desk = config.desk
        self._listener, self._notes = listener, notes
        self._new_feed = partial(DeskFeed, desk.inputs, cid, config.network.source_name)
        self._feed = self._new_feed()
        self._rows = {universe: row for row, universe in enumerate(patch.universes)}
        self._size = len(patch.universes) * SLOTS
        terms = Terms(desk.intensity == "htp", desk.hands_off_s, desk.hand_back_s)
        self._takeover = Takeover(attributes_of(patch) if desk.inputs else [], self._size, terms)
        self._desk: ByteArray = np.zeros(self._size, np.uint8)
        self._heard = np.zeros(self._size, bool)
        self._turns: dict[int, int] = {}
        self._last: dict[int, bytes] = {}
        self.news = News()
        self._relayed: tuple[HeldRow, ...] | None = None
        self._follows = False
        self._inputs = bool(desk.inputs)

    def listen(self, now_s: float, own_ports: frozenset[int]) -> list[tuple[str, ArtPollReply]]:
        """Take what arrived; the answers of Art-Net nodes, with the address each came from."""
        self._follows = False
        if self._listener is None:
            return []
        for datagram in self._listener.receive(now_s, own_ports):
            self._feed.hear(datagram, now_s)
        for ip in self._feed.take_polls():
            for answer in self._feed.answers(self._listener.address_towards(ip)):
                self._listener.answer(answer, ip)
        return self._feed.take_replies()

    def merge(
        self,
        frames: list[DmxFrame],
        now_s: float,
        situation: Situation,
        *,
        blackout: bool,
        news: News | None = None,
    ) -> list[DmxFrame]:
        """Our frames with what the person has taken over.

        Args:
            frames: one for each universe. now_s: of this cycle. situation: for the journal.
            blackout: light must stay off. news: of the desk, in a replay; else what was heard (kept in `self.news`).
        """
        if not self._inputs:
            return frames
        self.news = self._ask(now_s) if news is None else news
        self._follow(self.news, now_s)
        ours = np.concatenate([frame.slots for frame in frames])
        merged, changes = self._takeover.merge(MergeCycle(now_s, ours, self._desk, self._heard, blackout))
        for change in changes:
            self._note(change, situation)
        return [replace(one, slots=merged[row * SLOTS : (row + 1) * SLOTS]) for row, one in enumerate(frames)]

    def let_go(self) -> None:
        """Stop listening: another process does."""
        if self._listener is not None:
            self._listener.close()
        self._feed = self._new_feed()

    def held(self) -> tuple[HeldRow, ...]:
        """What is taken over, for a process that follows this one."""
        return self._takeover.rows()

    def relay(self, rows: tuple[HeldRow, ...]) -> None:
        """What the process that this one follows says is taken over. Who follows keeps no journal: the other does."""
        self._follows = True
        if self._inputs and (rows or self._takeover.active):
            self._relayed = rows

    def leave(self, now_s: float, over_s: float) -> None:
        """The show ends: everything goes back to us, and on to the end look."""
        self._takeover.release(now_s, over_s)
        self._heard[:] = False
        self._inputs = bool(self._takeover.active)
        self._listener = None

    def _ask(self, now_s: float) -> News:
        """What changed at the desk since it was asked last."""
        held, self._relayed = self._relayed, None
        if self._listener is None:
            return News(held=held)
        levels = self._feed.levels(now_s)
        heard = {number: levels[number].tobytes() for number in levels if number in self._rows}
        changed: dict[int, bytes | None] = {n: levels for n, levels in heard.items() if levels != self._last.get(n)}
        changed.update({number: None for number in self._last if number not in heard})
        self._last = heard
        turns = {number: self._feed.turns(number) for number in heard}
        turned = tuple(number for number, count in turns.items() if count != self._turns.get(number))
        self._turns.update(turns)
        return News(changed, turned, held)

    def _follow(self, news: News, now_s: float) -> None:
        if news.held is not None:
            self._takeover.adopt(news.held, now_s)
        for universe, levels in news.desk.items():
            slots = self._slots(universe)
            self._heard[slots] = levels is not None
            if levels is not None:
                self._desk[slots] = np.frombuffer(levels, np.uint8)
        for universe in news.turned:
            self._takeover.refer_anew(self._slots(universe))

    def _slots(self, universe: int) -> slice:
        row = self._rows[universe]
        return slice(row * SLOTS, (row + 1) * SLOTS)

    def _note(self, change: Change, situation: Situation) -> None:
        if self._notes is not None and not self._follows:
            self._notes.add({**change.plain(), **situation.plain()})

    def status(self) -> TakeoverStatus:
        """What is taken over now, how often that happened, and what was heard."""
        return TakeoverStatus(
            tuple(
                TakenOver(attribute.fixture, attribute.kind, round(held.since_s, 3), held.back_s is not None)
                for attribute, held in self._takeover.active
            ),
            begun=self._takeover.begun,
            not_kept=0 if self._notes is None else self._notes.dropped,
            packets=Datagrams(self._feed.taken, self._feed.ignored, self._feed.malformed),
            refused=0 if self._listener is None else self._listener.refused,
            listening={} if self._listener is None else self._listener.status(),
        )
