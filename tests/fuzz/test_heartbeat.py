"""Many malformed, forged and replayed heartbeats: nothing is believed, nothing crashes, nothing hangs."""

import os

import numpy as np
import pytest

from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.standby.heartbeat import (
    MOST_BYTES,
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
from controller.lighting.standby.partner import Backup, Main
from controller.messages import LightToken, Operator

SECRET, OTHER = secret_of("the key of this venue"), secret_of("the key of another one")
INPUTS = int(os.environ.get("FOLLOWSPOT_FUZZ", "10000"))
OURS, THEIRS = b"backup!!", b"main0000"
TOKEN = LightToken(9.5, 12, 90, 128, 0.5, 0.5)


def beat(count, hearer=OURS, speaker=THEIRS, kind=WordKind.BEAT, secret=SECRET):
    return encode(Heartbeat(kind, speaker, hearer, count, told(Operator(0.5), TOKEN, 10.0)), secret)


def test_what_is_said_arrives():
    one = decode(beat(1), SECRET)
    assert operator_told(one.said) == Operator(0.5)
    token = token_told(one.said, 20.0)
    assert (token.t_s, token.hue, token.value, token.seq) == (19.5, 90, 128, 12)
    assert len(beat(1)) < MOST_BYTES


@pytest.mark.parametrize("kind", list(WordKind))
def test_every_single_changed_bit_is_refused(kind):
    good = beat(7, kind=kind)
    for at in range(8 * len(good)):
        changed = bytearray(good)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(MalformedError):
            decode(bytes(changed), SECRET)


def forged(rng, good):
    """One of: noise, a good one cut, lengthened or changed, another key's, another hearer's, an old count."""
    cuts = int(rng.integers(0, len(good)))
    changed = bytearray(good)
    changed[cuts] ^= int(rng.integers(1, 256))
    any_count = int(rng.integers(0, 1 << 62))
    ways = (
        lambda: rng.bytes(int(rng.integers(0, 1_400))),
        lambda: good[:cuts],
        lambda: good + rng.bytes(int(rng.integers(1, 64))),
        lambda: bytes(changed),
        lambda: beat(any_count, secret=OTHER),
        lambda: beat(any_count, hearer=rng.bytes(8), speaker=rng.bytes(8)),
        lambda: beat(any_count % 1_000),
    )
    return ways[int(rng.integers(0, len(ways)))]()


def test_nothing_forged_is_believed():
    rng, trust, good = np.random.default_rng(3), Trust(OURS), beat(1_000)
    assert trust.believes(decode(good, SECRET))
    signed = 0
    for _ in range(INPUTS):
        payload = forged(rng, good)
        try:
            one = decode(payload, SECRET)
        except MalformedError:
            pass
        else:
            signed += 1
            assert not trust.believes(one)
    print(f"{INPUTS} heartbeats, {signed} with a right signature")
    assert trust.believes(decode(beat(1_001), SECRET))  # and the real one goes on


def test_signed_nonsense_is_no_token_and_no_operator():
    """Whoever holds the key may still be broken: anything may stand in the words."""
    rng = np.random.default_rng(4)
    parts = [None, True, -1, 1 << 70, 1.5, float("nan"), float("inf"), "x", b"x", [], {}, [1, 2], 200, 0.5]

    def part():
        return parts[int(rng.integers(0, len(parts)))]

    for count in range(5_000):
        said = {
            "operator": [part() for _ in range(int(rng.integers(0, 5)))] if count % 3 else part(),
            "token": [part() for _ in range(int(rng.integers(5, 8)))] if count % 2 else part(),
        }
        try:
            one = decode(encode(Heartbeat(WordKind.BEAT, THEIRS, OURS, count, said), SECRET), SECRET)
        except (MalformedError, OverflowError):  # msgpack cannot even write 1 << 70
            continue
        operator, token = operator_told(one.said), token_told(one.said, 100.0)
        assert operator is None or 0.0 <= operator.grand_master <= 1.0
        assert token is None or (0 <= token.hue < 180 and 0 <= token.value < 256 and token.t_s <= 100.0)


def test_a_speaker_that_was_followed_by_another_is_never_believed_again():
    trust = Trust(OURS)
    assert trust.believes(decode(beat(5, speaker=b"first..."), SECRET))
    assert trust.believes(decode(beat(1, speaker=b"second.."), SECRET))
    assert not trust.believes(decode(beat(6, speaker=b"first..."), SECRET))
    assert trust.believes(decode(beat(2, speaker=b"second.."), SECRET))


class Inbox:
    """A way that holds one datagram and counts what is sent."""

    def __init__(self):
        self.waiting, self.sent = [], 0

    def receive(self, now_s):
        waiting, self.waiting = self.waiting, []
        return iter(waiting)

    def send(self, payload, now_s, address=None):
        self.sent += 1

    def close(self):
        self.waiting = []


@pytest.mark.warns("refused: not signed with our key")
def test_nothing_forged_moves_a_machine():
    """The two views themselves: a backup stays what it is, a main adopts nothing, whatever a stranger sends."""
    rng, good = np.random.default_rng(6), beat(1_000)
    ways = Inbox(), Inbox()
    backup = Backup("the key of this venue", ways[0], lambda: OURS, now_s=0.0, stale_s=2.0)
    main = Main("the key of this venue", ways[1], lambda: OURS)
    dark = Heartbeat(WordKind.HELLO, THEIRS, OURS, 5, {"in_charge": True, **told(Operator(0.0, blackout=True))})
    for count in range(INPUTS // 5):
        payload = forged_by_a_stranger(rng, good) if count % 3 else encode(dark, OTHER)
        for way in ways:
            way.waiting.append((payload, ("10.0.0.66", 1)))
        now_s = 1e-5 * count  # within the time that a backup waits
        backup.listen(now_s)
        main.listen(now_s)
    assert backup.status().state == "waiting"
    assert backup.wishes((), Operator()) == main.wishes((), Operator()) == ()
    assert not main.takes_over
    assert ways[0].sent == ways[1].sent == 0  # not even an answer


def forged_by_a_stranger(rng, good):
    """As `forged`, by somebody who holds no key and recorded nothing."""
    while True:
        payload = forged(rng, good)
        try:
            decode(payload, SECRET)
        except MalformedError:
            return payload
