"""The socket between two machines, on the loopback and with errors."""

import logging
import socket
from itertools import repeat

import pytest

from controller.lighting.standby.link import QUIET_S, RETRY_S, PartnerLink


@pytest.fixture
def ends():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    main, backup = PartnerLink("127.0.0.1", port, listens=False), PartnerLink("127.0.0.1", port, listens=True)
    yield main, backup, port
    main.close()
    backup.close()


def test_a_word_goes_there_and_an_answer_comes_back(ends):
    main, backup, _ = ends
    assert list(backup.receive(0.0)) == []
    main.send(b"beat", 0.0)
    ((payload, address),) = list(backup.receive(0.0))
    backup.send(b"hello", 0.0, address)
    assert payload == b"beat"
    assert [one for one, _ in main.receive(0.0)] == [b"hello"]


def test_a_backup_that_is_not_there_yet_is_no_error(ends):
    main, backup, _ = ends
    for now_s in (0.0, 0.1, 0.2):
        main.send(b"beat", now_s)
        assert list(main.receive(now_s)) == []
    assert list(backup.receive(0.3)) == []
    main.send(b"beat", 0.4)
    assert len(list(backup.receive(0.4))) == 1


def test_it_listens_on_the_card_towards_the_main_only(ends):
    _, backup, _ = ends
    list(backup.receive(0.0))
    assert backup._socket.getsockname()[0] == "127.0.0.1"


def test_a_flood_is_bounded_in_each_cycle(ends):
    main, backup, _ = ends
    list(backup.receive(0.0))
    for _ in repeat(None, 100):
        main.send(b"x", 0.0)
    assert len(list(backup.receive(0.0))) == 32


@pytest.mark.warns("Network is unreachable", "works again")
def test_a_lost_network_is_said_once_and_tried_again(caplog, monkeypatch):
    caplog.set_level(logging.WARNING)
    broken = True

    class Flaky(socket.socket):
        def sendto(self, payload, address):
            if broken:
                raise OSError(101, "Network is unreachable")
            return len(payload)

    monkeypatch.setattr("controller.lighting.standby.link.socket.socket", Flaky)
    link = PartnerLink("192.0.2.1", 8102, listens=False)
    for now_s in (0.0, 0.1, RETRY_S + 0.1, 2 * RETRY_S + 0.2):
        link.send(b"beat", now_s)
    broken = False
    link.send(b"beat", 10.0)
    link.close()
    said = [one.message for one in caplog.records]
    assert len(said) == 2
    assert "failed" in said[0]
    assert "works again" in said[1]


def test_a_long_silence_opens_the_socket_again(ends):
    _, backup, _ = ends
    list(backup.receive(0.0))
    first = backup._socket
    list(backup.receive(QUIET_S + 0.1))
    list(backup.receive(QUIET_S + 0.2))
    assert backup._socket is not first
