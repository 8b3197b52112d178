"""Who is not reached: what the system's table and a socket's queue say, and for how long it counts."""

import errno
import socket
from types import SimpleNamespace

import pytest

from controller.lighting.output import unreached
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
