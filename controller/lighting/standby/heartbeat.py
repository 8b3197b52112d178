"""What main and backup say to each other: one datagram each, signed, and of use only once and only now. Pure.

    magic 5 | kind 1 | speaker 8 | hearer 8 | count 8 | msgpack | HMAC-SHA256 32

`speaker` and `hearer` are random numbers that each process draws when it begins to speak or to hear. A datagram counts
only if it names its hearer's number, which nobody could know before, and if its count is higher than any before: what
was recorded yesterday, or a second ago, is worth nothing today. A hearer tells its number in a `Hello`.
"""

import hashlib
import hmac
import math
import struct
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import Any

import msgpack
import msgspec

from controller.lighting.protocol.malformed import MalformedError
from controller.messages import NO_WISH, LightToken, Operator, SongWish
from controller.people.operator import wish_from
from controller.people.wishes import in_force

MAGIC = b"FSSB2"
HEAD = struct.Struct(">5sB8s8sQ")
SIGNATURE_BYTES = 32
MOST_BYTES, MOST_LETTERS = 1_200, 40
"""Fits any network's packet, so that none is ever sent in pieces."""
NOBODY = bytes(8)
RETIRED = 256
"""Numbers of speakers that were followed by another one; they are never believed again."""
OLDEST_S = 3_600.0


class WordKind(IntEnum):
    """Who says what: a main beats and says goodbye, a backup says hello; who lights says how its light stands."""

    BEAT = 1
    GOODBYE = 2
    HELLO = 3
    STANDING = 4


FROM_MAIN = (WordKind.BEAT, WordKind.GOODBYE, WordKind.STANDING)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """One datagram: who says it to whom, the how many-th it is, and plain data."""

    kind: WordKind
    speaker: bytes
    hearer: bytes
    count: int
    said: Mapping[str, Any]


def secret_of(key: str) -> bytes:
    """What datagrams are signed with, from the text in the configuration."""
    return hashlib.sha256(b"followspot standby\0" + key.encode()).digest()


def encode(one: Heartbeat, secret: bytes) -> bytes:
    """The datagram."""
    head = HEAD.pack(MAGIC, one.kind, one.speaker, one.hearer, one.count)
    body: bytes = head + msgpack.packb(dict(one.said), use_bin_type=True)
    return body + _signature(body, secret)


def decode(payload: bytes, secret: bytes) -> Heartbeat:
    """What a datagram says. Nothing in it is looked at before its signature was found right.

    Raises:
        MalformedError: it is not signed with this secret, or holds no heartbeat.
    """
    if not HEAD.size + SIGNATURE_BYTES < len(payload) <= MOST_BYTES:
        raise MalformedError(f"{len(payload)} bytes are no heartbeat")
    body, signature = payload[:-SIGNATURE_BYTES], payload[-SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(body, secret)):
        raise MalformedError("not signed with our key")
    magic, kind, speaker, hearer, count = HEAD.unpack_from(body)
    if magic != MAGIC:
        raise MalformedError("another version")
    try:
        said = msgpack.unpackb(body[HEAD.size :], raw=False)
        named = WordKind(kind)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise MalformedError(f"no heartbeat: {error}") from error
    if not isinstance(said, dict) or not all(isinstance(one, str) for one in said):
        raise MalformedError("no words in it")
    return Heartbeat(named, speaker, hearer, count, said)


def _signature(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256")


class Trust:
    """Tells what is new and meant for us from what is not.

    Args:
        own: our random number.

    Attributes:
        other: the number of who was believed last. refused: how many were not.
    """

    def __init__(self, own: bytes) -> None:
        self.own, self.other = own, NOBODY
        self.refused = 0
        self._count = -1
        self._retired: deque[bytes] = deque(maxlen=RETIRED)

    def believes(self, one: Heartbeat) -> bool:
        """Whether to believe it; at most once for each."""
        known = one.speaker == self.other
        if one.hearer != self.own or one.speaker in self._retired or (known and one.count <= self._count):
            self.refused += 1
            return False
        if not known and self.other != NOBODY:
            self._retired.append(self.other)
        self.other, self._count = one.speaker, one.count
        return True

    def knows_old(self, one: Heartbeat) -> bool:
        """Whether its speaker was followed by another: no answer is due to it."""
        return one.speaker in self._retired


def told(operator: Operator, token: LightToken | None = None, now_s: float = 0.0) -> dict[str, Any]:
    """What people have set, and what the model decided (with its age instead of its time: clocks differ).

    Args:
        operator, token: of the machine that speaks. now_s: its time.
    """
    said: dict[str, Any] = {"operator": [operator.grand_master, operator.blackout, operator.hold]}
    wish = in_force(operator)
    if wish.number >= 0:  # a strobe that is forbidden here is forbidden there
        said["wish"] = asdict(replace(wish, title=wish.title[:MOST_LETTERS]))
    if token is not None:
        said["token"] = [token.seq, token.hue, token.value, token.hue_p, token.value_p, max(0.0, now_s - token.t_s)]
    return said


def operator_told(said: Mapping[str, Any]) -> Operator | None:
    """What people have set there; None if that is not told. A held flash override stays where it is held."""
    match said.get("operator"):
        case [float() | int() as master, bool() as blackout, bool() as hold] if 0.0 <= master <= 1.0:
            return Operator(float(master), blackout=blackout, hold=hold, wish=_wish_told(said))
    return None


def _wish_told(said: Mapping[str, Any]) -> SongWish:
    """What the set list wishes there; nothing where that is not told, or is none."""
    plain = said.get("wish")
    try:
        wish = wish_from(plain) if isinstance(plain, dict) else NO_WISH
        return msgspec.convert(asdict(wish), SongWish)
    except (TypeError, ValueError):
        return NO_WISH


def token_told(said: Mapping[str, Any], now_s: float) -> LightToken | None:
    """The token, on our clock; None if none is told."""
    match said.get("token"):
        case [int() as seq, int() as hue, int() as value, float() as hue_p, float() as value_p, float() as age_s]:
            in_range = 0 <= hue < 180 and 0 <= value < 256 and 0 <= seq < 1 << 62
            if in_range and 0.0 <= age_s <= OLDEST_S and math.isfinite(hue_p) and math.isfinite(value_p):
                return LightToken(now_s - age_s, seq, hue, value, hue_p, value_p)
    return None
