"""Which packets leave when, and sinks that survive."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config import UniverseConfig
from controller.messages import DmxFrame
from controller.output.sender import SendBudget, Sender
from controller.output.sinks import UdpSink
from controller.output.streams import Packet


def frame(universe, level=0):
    return DmxFrame(0.0, 0, universe, np.full(512, level, np.uint8))


def universes(**hosts):
    return {
        number: UniverseConfig(
            outputs=[{"type": "artnet", "host": host, "port_address": number - 1} for host in hosts[f"u{number}"]]
        )
        for number in range(1, len(hosts) + 1)
    }


def test_each_port_address_counts_for_itself():
    sender = Sender(universes(u1=["10.0.0.1", "10.0.0.2"], u2=["10.0.0.1"]))
    for cycle in range(1, 300):
        packets = list(sender.packets([frame(1), frame(2)]))
        assert [packet.address[0] for packet in packets] == ["10.0.0.1", "10.0.0.2", "10.0.0.1"]
        assert {packet.payload[12] for packet in packets} == {(cycle - 1) % 255 + 1}
        assert [packet.payload[14] for packet in packets] == [0, 0, 1]


@given(st.lists(st.floats(0.0001, 0.05), min_size=1, max_size=300))
def test_the_rate_never_exceeds_what_dmx_carries(waits_s):
    """However often accents ask, there are at most 44 cycles in any second, 8 ms apart."""
    budget, now_s, sent = SendBudget(44, 0.008), 0.0, []
    for wait_s in waits_s:
        now_s += wait_s
        earliest_s = budget.earliest_s(now_s)
        if earliest_s is not None:
            assert earliest_s >= now_s
            now_s = earliest_s
            budget.note(now_s)
            sent.append(now_s)
    assert all(b - a >= 0.008 - 1e-9 for a, b in pairwise(sent))
    assert all(sum(start <= one < start + 1.0 for one in sent) <= 44 for start in sent)


@pytest.mark.warns
def test_a_dead_destination_is_said_once_and_does_not_stop_the_others(caplog):
    import socket

    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(2.0)
    port = receiver.getsockname()[1]
    sink, alive = UdpSink(), ("127.0.0.1", port)
    for cycle in range(100):
        for address in (("127.0.0.1", 0), alive):  # nothing can be sent to port 0
            sink.send(Packet(address, bytes([cycle])), cycle * 0.025)
        assert receiver.recv(2048) == bytes([cycle])
    sink.close()
    receiver.close()
    assert 2 <= sink.errors <= 4  # one try a second
    assert len([one for one in caplog.records if "failed" in one.message]) == 1
