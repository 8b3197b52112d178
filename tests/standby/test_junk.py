"""Junk at the port between two machines: from strangers, and in the other machine's name."""

import os
import socket
import sys

import pytest

from controller.lighting.kernel_filter import drop_strangers
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.standby import link as links
from controller.lighting.standby.duty import DEAF_S, LOST_S
from controller.lighting.standby.heartbeat import decode, secret_of
from controller.lighting.standby.instances import draw
from controller.lighting.standby.link import PartnerLink
from controller.lighting.standby.partner import MOST_LOOKED_AT, Backup, Main
from controller.messages import Operator

KEY = "a long enough text, on both machines"


@pytest.fixture
def pair():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    main = Main(KEY, PartnerLink("127.0.0.1", port, listens=False), draw)
    backup = Backup(KEY, PartnerLink("127.0.0.1", port, listens=True), draw, now_s=0.0, stale_s=2.0)
    yield main, backup, port
    main.let_go()
    backup.let_go()


def cycles(main, backup, seconds, junk=lambda: None, begin_s=0.0):
    """Both for a while, in a time of their own; the states that the backup was in."""
    seen = []
    for cycle in range(round(seconds / 0.025)):
        now_s = begin_s + 0.025 * (cycle + 1)
        junk()
        main.listen(now_s)
        main.speak(now_s, None, Operator())
        backup.listen(now_s)
        backup.speak(now_s, None, Operator())
        seen.append(backup.status().state)
    return seen


@pytest.mark.warns("a backup follows this machine", "the main is heard")
@pytest.mark.parametrize("in_the_kernel", [True, False])
def test_h4_strangers_cost_a_backup_nothing(pair, monkeypatch, in_the_kernel):
    if not in_the_kernel:
        monkeypatch.setattr(links, "drop_strangers", lambda *_: False)
    main, backup, port = pair
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.66", 0))
        assert cycles(main, backup, 1.0)[-1] == "following"

        def junk():
            for _ in range(150):  # 6,000 a second
                stranger.sendto(os.urandom(40), ("127.0.0.1", port))

        assert set(cycles(main, backup, 3.0, junk, 1.0)) == {"following"}


@pytest.mark.warns("is refused: not signed with our key", "a backup follows this machine", "the main is heard")
def test_h4_junk_in_the_mains_name_costs_no_turn(pair):
    main, backup, port = pair
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
        forged.bind(("127.0.0.1", 0))
        assert cycles(main, backup, 1.0)[-1] == "following"

        def junk():
            for _ in range(100):  # before the main's own beat, and more than are read in a turn
                forged.sendto(os.urandom(120), ("127.0.0.1", port))

        assert set(cycles(main, backup, 3.0, junk, 1.0)) == {"following"}
        assert backup.status().refused > 5_000


class Noise:
    """A way on which there is always more junk than can be looked at."""

    def receive(self, now_s):
        yield from ((bytes(120), ("10.0.0.1", 4000)) for _ in range(32))

    def send(self, payload, now_s, address=None): ...

    def close(self): ...


@pytest.mark.warns("is refused: not signed with our key", "the main is gone")
def test_h4_a_backup_that_cannot_hear_waits_longer_but_not_for_ever():
    backup = Backup(KEY, Noise(), draw, now_s=0.0, stale_s=2.0)
    backup._duty.beat(0.0)
    backup._state = backup._duty.state
    backup.listen(LOST_S + 0.1)
    assert (backup.deaf, backup.status().state) == (True, "following")
    assert MOST_LOOKED_AT < backup.status().refused < MOST_LOOKED_AT + 100
    backup.listen(DEAF_S + 0.1)
    assert backup.status().state == "in charge"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's filter is Linux's")
@pytest.mark.parametrize(
    ("family", "here", "believed", "let_in"),
    [
        (socket.AF_INET, "127.0.0.1", ["127.0.0.1/32"], True),
        (socket.AF_INET, "127.0.0.1", ["127.0.0.2/32"], False),
        (socket.AF_INET, "127.0.0.1", ["10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8"], True),
        (socket.AF_INET, "127.0.0.1", ["10.0.0.0/8", "192.168.0.0/16"], False),
        (socket.AF_INET, "127.0.0.1", ["0.0.0.0/0"], True),
        (socket.AF_INET6, "::1", ["::1/128"], True),
        (socket.AF_INET6, "::1", ["::2/128"], False),
        (socket.AF_INET6, "::1", ["fe80::/10", "::/64"], True),
        (socket.AF_INET6, "::1", ["fe80::/10", "2001:db8::/32"], False),
    ],
)
def test_h4_the_kernel_lets_in_who_is_believed(family, here, believed, let_in):
    import ipaddress

    with socket.socket(family, socket.SOCK_DGRAM) as ear, socket.socket(family, socket.SOCK_DGRAM) as mouth:
        try:
            ear.bind((here, 0))
        except OSError:
            pytest.skip("no IPv6 here")
        ear.setblocking(False)
        assert drop_strangers(ear, [ipaddress.ip_network(one) for one in believed])
        mouth.sendto(b"hello", ear.getsockname()[:2])
        if let_in:
            assert ear.recv(100) == b"hello"
        else:
            with pytest.raises(BlockingIOError):
                ear.recv(100)


def test_h4_what_is_not_signed_is_not_looked_at():
    with pytest.raises(MalformedError):
        decode(os.urandom(120), secret_of(KEY))
