"""What an output process has of the other machine: a main's view of its backup, and a backup's of its main.

Both are asked by whoever leads of a machine's two output processes, in every cycle; the other stays silent. Randomness
and the link are passed in.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol, cast

from controller.bus.news import PartnerStatus
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.standby.duty import LOST_S, Duty, State
from controller.lighting.standby.heartbeat import (
    FROM_MAIN,
    NOBODY,
    Heartbeat,
    Trust,
    WordKind,
    decode,
    encode,
    operator_told,
    secret_of,
    token_told,
    told,
)
from controller.lighting.standby.link import PeerAddress
from controller.lighting.standby.standing import Gathering, in_pieces
from controller.messages import Command, LightToken, Operator
from controller.people.replicate import commands_towards

log = logging.getLogger(__name__)

BELOW = 10
"""A backup's sACN streams all the time, so much below the main's: receivers fall back to it by themselves."""
BEAT_S = 0.05
HELLO_S = 0.25
LISTENING_S = 1.5
"""A backup that has said hello within this time is there to hand over to."""
GOODBYES = 3
ANSWERS_IN_A_CYCLE = 2
MOST_LOOKED_AT = 1_500
"""Datagrams whose signatures are tried in one cycle, some five milliseconds of work."""
SLACK_S = 0.005
"""Half a millisecond early must not cost a whole cycle."""
LATELY_S = 0.2
"""A standing that is older than that by the main's last beat is not how its light stood."""
HANDING_S = 0.1
"""So long a main that is back is kept below us: it has to know where our light stands before anybody sees its own."""
Draw = Callable[[], bytes]


class Way(Protocol):
    """What carries datagrams: `Link`, or a list in a test."""

    def receive(self, now_s: float) -> Iterator[tuple[bytes, PeerAddress]]:
        """What arrived, and where an answer goes."""
        ...

    def send(self, payload: bytes, now_s: float, address: PeerAddress | None = None) -> None:
        """Send one datagram, or lose it."""
        ...

    def close(self) -> None:
        """Close what is open; the next word opens it again."""
        ...


class Partner:
    """What a machine without a partner does: everything by itself. Those with one are `Main` and `Backup`."""

    @property
    def quiet(self) -> bool:
        """Whether outputs that cannot be shared are silent here."""
        return False

    @property
    def lift(self) -> int:
        """How much sACN leaves above its configured priority."""
        return 0

    def listen(self, now_s: float) -> None:
        """Take what arrived."""

    def token(self, own: LightToken | None, now_s: float) -> LightToken | None:  # noqa: ARG002
        """The token that counts."""
        return own

    def wishes(self, given: tuple[Command, ...], operator: Operator) -> tuple[Command, ...]:  # noqa: ARG002
        """The commands that count: those given here, or those that bring this machine to where the other stands."""
        return given

    def speak(self, now_s: float, token: LightToken | None, operator: Operator) -> None:
        """Say what is due."""

    def foretell(self, standing: bytes, shown: bytes, now_s: float) -> None:
        """How the light stands once the frames of this cycle have left, before they do: see `Limiter`."""

    def standing(self) -> bytes | None:
        """Where this machine's light has to go on from, once, when it changes places with the other; None: as it is."""
        return None

    @property
    def takes_over(self) -> bool:
        """Whether somebody goes on when this show ends."""
        return False

    def goodbye(self, now_s: float, operator: Operator) -> None:
        """This show ends in order."""

    def let_go(self) -> None:
        """Another process of this machine speaks now. Who speaks again later is a new speaker: old words are void."""

    def stand_as(self, status: PartnerStatus | None, now_s: float) -> None:
        """Another process of this machine leads and says this of itself: who has to step in goes on from there."""

    def status(self) -> PartnerStatus | None:
        """For the page, the log and the summary; None where there is no other machine."""
        return None


class Linked(Partner):
    """What main and backup have in common.

    Args:
        key: text in the configuration. link: the way there. draw: eight random bytes.

    Attributes:
        deaf: more arrived in the other's name than could be looked at; what it said may be among the rest.
    """

    role = "off"

    def __init__(self, key: str, link: Way, draw: Draw) -> None:
        self._secret, self._link, self._draw = secret_of(key), link, draw
        self._trust = Trust(draw())
        self._count = 0
        self._said_s = float("-inf")
        self._told_wrong = False
        self.deaf = False
        self._gathering = Gathering()
        self._takes_on: bytes | None = None

    def let_go(self) -> None:
        """See `Partner`."""
        self._link.close()
        self._trust, self._count, self._said_s = Trust(self._draw()), 0, float("-inf")

    def standing(self) -> bytes | None:
        """See `Partner`."""
        taken, self._takes_on = self._takes_on, None
        return taken

    def status(self) -> PartnerStatus:
        """See `Partner`."""
        return PartnerStatus(self.role, self._trust.refused)

    def _heard(self, now_s: float) -> Iterator[tuple[Heartbeat, PeerAddress]]:
        """What arrived and is signed; nothing else is even looked at."""
        looked_at, self.deaf = 0, False
        while not self.deaf:
            count = genuine = 0
            for payload, address in self._link.receive(now_s):
                count += 1
                one = self._read(payload)
                if one is not None:
                    genuine += 1
                    yield one, address
            looked_at += count
            if genuine == count:  # all was ours, or nothing is left: a flood of ours waits for the next cycle
                return
            self.deaf = looked_at > MOST_LOOKED_AT

    def _read(self, payload: bytes) -> Heartbeat | None:
        """What a datagram says, if it is signed; forged ones cost no turn of those that are."""
        try:
            return decode(payload, self._secret)
        except MalformedError as error:
            self._trust.refused += 1
            if not self._told_wrong:
                self._told_wrong = True
                log.warning("a datagram from the other machine is refused: %s", error)
        return None

    def _say(
        self, kind: WordKind, to: bytes, said: dict[str, Any], now_s: float, address: PeerAddress | None = None
    ) -> None:
        self._count += 1
        one = Heartbeat(kind, self._trust.own, to, self._count, said)
        self._link.send(encode(one, self._secret), now_s, address)

    def _say_standing(
        self, to: bytes, standing: bytes, shown: bytes, now_s: float, address: PeerAddress | None = None
    ) -> None:
        for piece in in_pieces(standing, shown, self._count):
            self._say(WordKind.STANDING, to, piece, now_s, address)


class Main(Linked):
    """The machine that lights; it beats, and knows whether somebody listens."""

    role = "main"

    def __init__(self, key: str, link: Way, draw: Draw) -> None:
        super().__init__(key, link, draw)
        self._adopted: Operator | None = None
        self._hello_s = float("-inf")
        self._followed = self._over = self._asks = False

    def listen(self, now_s: float) -> None:
        """Hellos of the backup; the first one tells what people set there while we were away.

        A main that was asleep has been away, too: it comes back as a new speaker, and asks before it is believed.
        """
        if now_s - self._said_s > LOST_S and self._said_s > 0.0:
            self.let_go()
        for one, _ in self._heard(now_s):
            first = self._trust.other == NOBODY
            if one.kind in (WordKind.HELLO, WordKind.STANDING) and self._trust.believes(one):
                self._follow(one, now_s, first=first)
        followed = now_s - self._hello_s < LISTENING_S
        if followed != self._followed:
            log.warning("a backup follows this machine" if followed else "the backup is not heard any more")
        self._followed = followed

    def _follow(self, one: Heartbeat, now_s: float, *, first: bool) -> None:
        """A hello, or how the light of a backup stands that lit in our place: ours goes on from there."""
        if one.kind is WordKind.STANDING:
            if self._gathering.take(one) and self._asks:
                self._takes_on, self._asks = self._gathering.whole, False
            return
        self._hello_s = now_s
        if first and one.said.get("in_charge") is True:
            self._adopted = operator_told(one.said)
            self._takes_on, self._asks = b"", True
        self._asks = self._asks or one.said.get("hands_back") is True

    def wishes(self, given: tuple[Command, ...], operator: Operator) -> tuple[Command, ...]:
        """What was set at the backup while it was in charge stays set: a blackout above all."""
        adopted, self._adopted = self._adopted, None
        return given if adopted is None else (*commands_towards(adopted, operator), *given)

    def speak(self, now_s: float, token: LightToken | None, operator: Operator) -> None:
        """A beat, twenty times a second."""
        if not self._over and now_s - self._said_s >= BEAT_S - SLACK_S:
            self._said_s = now_s
            self._say(WordKind.BEAT, self._trust.other, told(operator, token, now_s), now_s)

    def foretell(self, standing: bytes, shown: bytes, now_s: float) -> None:
        """Every cycle: a backup that goes on from any but the last would show a change that nobody counted."""
        if not self._over and self._trust.other != NOBODY:
            self._say_standing(self._trust.other, standing, shown, now_s)

    @property
    def takes_over(self) -> bool:
        """See `Partner`."""
        return self._followed

    def goodbye(self, now_s: float, operator: Operator) -> None:
        """See `Partner`; more than once, because one may be lost. It is the last word."""
        self._over = True
        for _ in range(GOODBYES):
            self._say(WordKind.GOODBYE, self._trust.other, told(operator), now_s)

    def status(self) -> PartnerStatus:
        """See `Partner`."""
        return replace(super().status(), followed=self._followed)


class Backup(Linked):
    """The machine that follows.

    Args:
        key, link, draw: see `Partner`. now_s: time. stale_s: a token of the main counts for so long.
    """

    role = "backup"

    def __init__(self, key: str, link: Way, draw: Draw, *, now_s: float, stale_s: float) -> None:
        super().__init__(key, link, draw)
        self._stale_s = stale_s
        self._duty = Duty(now_s)
        self._state = self._duty.state
        self._mains: LightToken | None = None
        self._new = False
        self._operator: Operator | None = None
        self._address: PeerAddress | None = None
        self._operator_now = Operator()
        self._own = b"", b""
        self._handing = False
        self._beat_s = self._stood_s = self._back_s = float("-inf")

    @property
    def quiet(self) -> bool:
        """See `Partner`."""
        return self._duty.quiet

    @property
    def lift(self) -> int:
        """Just above a main that is gone: receivers would hold its last look for another two seconds."""
        return BELOW + 1 if self._state == "in charge" or self._handing else 0

    def listen(self, now_s: float) -> None:
        """Beats and goodbyes; who does not know our number yet is told it."""
        answers = ANSWERS_IN_A_CYCLE
        for one, address in self._heard(now_s):
            if one.kind not in FROM_MAIN:
                continue
            if self._trust.believes(one):
                self._follow(one, address, now_s)
            elif answers and one.hearer != self._trust.own and not self._trust.knows_old(one):
                answers -= 1
                self._hello(one.speaker, now_s, address)
        self._note(now_s)

    def _follow(self, one: Heartbeat, address: PeerAddress, now_s: float) -> None:
        self._address = address
        if one.kind is WordKind.STANDING:
            self._stood_s = now_s if self._gathering.take(one) else self._stood_s
            return
        self._beat_s = now_s
        if one.kind is WordKind.GOODBYE:
            self._duty.goodbye()
            return
        self._duty.beat(now_s)
        self._operator = operator_told(one.said)
        token = token_told(one.said, now_s)
        if token is not None and (self._mains is None or token.seq != self._mains.seq):
            self._mains, self._new = token, True

    def _note(self, now_s: float) -> None:
        state = self._duty.step(now_s, deaf=self.deaf)
        if state != self._state:
            log.warning("standby: %s", SAID[state])
            if state == "in charge" and self._looks_up:
                known = self._beat_s - self._stood_s < LATELY_S
                self._takes_on = self._gathering.whole if known else b""
            elif state == "returning":
                self._hand_back(now_s)
            self._state = state
        self._handing = state == "returning" and now_s - self._back_s < HANDING_S

    def _hand_back(self, now_s: float) -> None:
        """The main is back: stay where the light is now, and tell it, so that it goes on from the same."""
        self._back_s, self._takes_on = now_s, self._own[0]
        if self._address is not None:
            self._hello(self._trust.other, now_s, self._address, hands_back=True)

    @property
    def _looks_up(self) -> bool:
        """Whether the main is heard now."""
        return self._state in ("following", "returning")

    def token(self, own: LightToken | None, now_s: float) -> LightToken | None:
        """The main's while it decides, else our own."""
        if not self._looks_up or self._mains is None or now_s - self._mains.t_s > self._stale_s:
            return own
        new, self._new = self._new, False
        return self._mains if new else None

    def wishes(self, given: tuple[Command, ...], operator: Operator) -> tuple[Command, ...]:
        """While the main is heard its people are obeyed, else ours."""
        if not self._looks_up or self._operator is None:
            return given
        return commands_towards(replace(self._operator, flash_override=operator.flash_override), operator)

    def speak(self, now_s: float, token: LightToken | None, operator: Operator) -> None:  # noqa: ARG002
        """A hello now and then: the main knows that somebody is there."""
        self._operator_now = operator
        if self._address is not None and now_s - self._said_s >= HELLO_S:
            self._hello(self._trust.other, now_s, self._address)

    def foretell(self, standing: bytes, shown: bytes, now_s: float) -> None:  # noqa: ARG002
        """Kept for a main that comes back."""
        self._own = standing, shown

    def _hello(self, to: bytes, now_s: float, address: PeerAddress, *, hands_back: bool = False) -> None:
        self._said_s = now_s
        in_charge = self._duty.state == "in charge"
        said = {"in_charge": in_charge, "hands_back": hands_back, **told(self._operator_now)}
        self._say(WordKind.HELLO, to, said, now_s, address)
        if hands_back or (in_charge and to != self._trust.other):
            self._say_standing(to, *self._own, now_s, address)

    def stand_as(self, status: PartnerStatus | None, now_s: float) -> None:
        """See `Partner`."""
        if status is not None and status.state in SAID:
            self._duty.stand_as(cast("State", status.state), now_s)
            self._state = self._duty.state

    def status(self) -> PartnerStatus:
        """See `Partner`."""
        return replace(super().status(), state=self._state, changes=self._duty.changes)


SAID = {
    "waiting": "waiting for the main",
    "following": "the main is heard; only sACN leaves here, below it",
    "in charge": "the main is gone; all outputs of this machine go on in its place",
    "returning": "the main is back; both light until it has been steady for two seconds",
}
