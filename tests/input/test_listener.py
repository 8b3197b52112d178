"""Real sockets on the loopback: what is heard, whom we believe, and that a flood waits."""

import socket

import pytest

from controller.lighting.input import listener as listening
from controller.lighting.protocol import artnet


@pytest.fixture
def mouth():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


def test_datagrams_come_with_their_sender(made, mouth):
    listener, port = made()
    mouth.sendto(b"hello", ("127.0.0.1", port))
    (datagram,) = listener.receive(0.1, frozenset())
    assert (datagram.ip, datagram.payload) == ("127.0.0.1", b"hello")
    assert listener.status() == {str(port): "ok"}


def test_only_whom_we_believe_is_heard_but_nodes_may_answer(made, mouth):
    listener, port = made(allow=["10.0.0.0/24"])
    mouth.sendto(b"hello", ("127.0.0.1", port))
    mouth.sendto(artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.1", "x", ())), ("127.0.0.1", port))
    assert [one.payload[:7] for one in listener.receive(0.1, frozenset())] == [b"Art-Net"]
    assert listener.refused == 1
    believing, port = made(allow=["127.0.0.1"])
    mouth.sendto(b"hello", ("127.0.0.1", port))
    assert len(list(believing.receive(0.1, frozenset()))) == 1


def test_our_own_packets_are_not_heard(made, mouth):
    listener, port = made()
    mouth.sendto(b"hello", ("127.0.0.1", port))
    assert list(listener.receive(0.1, frozenset({mouth.getsockname()[1]}))) == []
    assert listener._is_local("127.0.0.1")
    assert not listener._is_local("203.0.113.1")


def test_a_flood_waits_for_the_next_cycle(made, mouth):
    listener, port = made()
    for _ in range(400):
        mouth.sendto(b"x" * 530, ("127.0.0.1", port))
    counts = [len(list(listener.receive(0.1, frozenset()))) for _ in range(3)]
    assert counts[0] == listening.MOST_IN_A_CYCLE
    assert sum(counts) <= 400


@pytest.mark.warns("no network card has the address", "works again")
def test_a_card_that_is_missing_is_said_once_and_found_when_it_comes(made, mouth, monkeypatch, caplog):
    monkeypatch.setattr(listening, "card_with", lambda address: None)
    listener, port = made()
    for cycle in range(400):
        assert list(listener.receive(cycle * 0.025, frozenset())) == []
    assert listener.status() == {str(port): "failed"}
    monkeypatch.setattr(listening, "card_with", lambda address: "lo")
    list(listener.receive(30.0, frozenset()))
    mouth.sendto(b"hello", ("127.0.0.1", port))
    assert len(list(listener.receive(30.1, frozenset()))) == 1
    said = [one.getMessage() for one in caplog.records]
    assert len([one for one in said if "failed" in one]) == 1
    assert len([one for one in said if "works again" in one]) == 1
