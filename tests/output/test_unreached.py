"""Who is not reached: what the system's table and a socket's queue say, and for how long it counts."""

import errno
import socket
from types import SimpleNamespace

import pytest

from controller.lighting.output import sinks, unreached
from controller.lighting.output.sinks import UdpSink
from controller.lighting.output.streams import Packet
from controller.lighting.output.unreached import ERROR, IP_RECVERR, Unreached, silent_neighbours

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
PLACE = ("10.0.0.11", 5568)


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Writes the ARP table: flags by address and card."""
    file = tmp_path / "arp"
    monkeypatch.setattr(unreached, "NEIGHBOURS", file)

    def write(*rows):
        lines = [f"{address}  0x1  {flags}  00:00:00:00:00:00  *  {card}\n" for address, flags, card in rows]
        file.write_text(HEAD + "".join(lines))

    return write


def test_a_host_that_does_not_answer_is_missing_at_the_second_look_and_there_as_soon_as_it_answers(table):
    known = Unreached()
    table(("10.0.0.11", "0x0", "eth0"), ("10.0.0.12", "0x2", "eth0"))
    assert known.reason(PLACE, 0.0) == ""  # perhaps it was asked a moment ago
    assert known.reason(PLACE, 0.5) == ""
    assert known.reason(PLACE, 1.0) == "No route to host"
    assert known.reason(("10.0.0.12", 5568), 1.0) == ""
    table(("10.0.0.11", "0x2", "eth0"))
    assert known.reason(PLACE, 2.0) == ""


def test_a_host_that_answers_by_one_card_is_there(table):
    table(("10.0.0.11", "0x0", "wlan0"), ("10.0.0.11", "0x2", "eth0"), ("10.0.0.13", "0x0", "eth0"))
    assert silent_neighbours() == {"10.0.0.13"}


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "rubbish\n", HEAD + "10.0.0.11 0x1 zero 0 * eth0\n"])
def test_a_table_that_says_nothing_is_no_news(tmp_path, monkeypatch, text):
    monkeypatch.setattr(unreached, "NEIGHBOURS", tmp_path / "arp")
    assert silent_neighbours() == frozenset()
    (tmp_path / "arp").write_text(text)
    assert silent_neighbours() == frozenset()


@pytest.mark.skipif(not hasattr(socket, "MSG_ERRQUEUE"), reason="Linux keeps errors in a queue, others do not")
def test_a_refusal_counts_for_one_port_of_one_host_and_for_some_seconds(table):
    table()
    queue = [(errno.ECONNREFUSED, PLACE), (errno.EHOSTUNREACH, ("10.0.0.12", 5568))]

    def recvmsg(_most, _room, _flags):
        if not queue:
            raise BlockingIOError
        code, place = queue.pop(0)
        return b"", [(socket.IPPROTO_IP, IP_RECVERR, ERROR.pack(code) + bytes(12))], 0, place

    known, sock = Unreached(), SimpleNamespace(recvmsg=recvmsg)
    assert known.hear(sock, 10.0)
    assert not known.hear(sock, 10.0)
    assert known.reason(PLACE, 15.0) == "Connection refused"
    assert known.reason(("10.0.0.11", 6454), 15.0) == ""
    assert known.reason(("10.0.0.12", 5568), 15.0) == ""  # of that the table knows more
    assert known.reason(PLACE, 15.1) == ""


class Card:
    """A socket whose sends end with these errors, one after the other, and then leave; its queue is always empty."""

    def __init__(self, *codes):
        self.codes, self.left = list(codes), []

    def setsockopt(self, *_):
        pass

    def recvmsg(self, *_):
        raise BlockingIOError

    def sendto(self, payload, _place):
        if self.codes:
            raise OSError(self.codes.pop(0), "news")
        self.left.append(payload)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        ([errno.ECONNREFUSED], [b"1", b"2"]),  # told of an earlier packet, and the queue was read a moment too early
        ([errno.ECONNREFUSED] * 2, [b"1", b"2"]),
        ([errno.ENOBUFS], [b"2"]),  # lost in the card's queue
    ],
)
def test_what_is_told_of_earlier_packets_makes_no_host_rest(table, monkeypatch, codes, left):
    table()
    card = Card(*codes)
    monkeypatch.setattr(sinks, "sending_socket", lambda _interface: card)
    sink = UdpSink()
    for cycle, payload in enumerate((b"1", b"2")):
        sink.send(Packet(PLACE, payload, "one"), cycle * 0.025)
    assert card.left == left
    assert sink.errors == 0
    sink.close()


@pytest.mark.warns("failed")
def test_an_error_of_this_packet_makes_its_host_rest(table, monkeypatch):
    table()
    card = Card(errno.ENETUNREACH)
    monkeypatch.setattr(sinks, "sending_socket", lambda _interface: card)
    sink = UdpSink()
    for cycle in range(3):
        sink.send(Packet(PLACE, b"x", "one"), cycle * 0.025)
    assert not card.left
    sink.close()
