"""Which packets leave when, and sinks that survive."""

from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config import NetworkConfig, UniverseConfig
from controller.lighting.output.nodes import LOST_AFTER_S
from controller.lighting.output.sender import SendBudget, Sender
from controller.lighting.protocol import artnet, sacn
from controller.lighting.protocol.artnet import ArtPollReply
from controller.messages import DmxFrame


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


CID = UUID(int=5)


def shown_by_ddp(payload, display):
    """A receiver by the protocol's public description: flags, number, type, destination, offset, length, data."""
    flags, number, kind, destination = payload[:4]
    offset, length = int.from_bytes(payload[4:8], "big"), int.from_bytes(payload[8:10], "big")
    assert (flags >> 6, destination, length) == (1, 1, len(payload) - 10)
    display[offset : offset + length] = payload[10:]
    return number, {0x0B: 3, 0x1B: 4}[kind], bool(flags & 1)


def test_ddp_fills_a_strip_of_several_universes_and_counts_from_1_to_15():
    outputs = [{"type": "ddp", "host": "10.0.0.30", "offset": 510 * at, "slots": 510} for at in range(2)]
    sender = Sender({at + 1: UniverseConfig(outputs=[one]) for at, one in enumerate(outputs)}, NetworkConfig(), CID, [])
    display = bytearray(1_020)
    for cycle in range(40):
        packets = list(sender.packets([frame(1, cycle), frame(2, 100 + cycle)]))
        assert [one.address for one in packets] == [("10.0.0.30", 4048)] * 2
        told = [shown_by_ddp(one.payload, display) for one in packets]
        assert told == [(cycle % 15 + 1, 3, True)] * 2
    assert display == bytes([39]) * 510 + bytes([139]) * 510


def test_a_new_leader_goes_on_with_the_numbers_of_ddp():
    output = {"type": "ddp", "host": "10.0.0.30", "colours": "rgbw", "slots": 8}
    first, second = (Sender({1: UniverseConfig(outputs=[output])}, NetworkConfig(), CID, []) for _ in range(2))
    for _ in range(17):
        (last,) = first.packets([frame(1)])
    second.go_on_after(17)
    (after,) = second.packets([frame(1)])
    assert (shown_by_ddp(last.payload, bytearray(8))[0], shown_by_ddp(after.payload, bytearray(8))[0]) == (2, 3)
    assert shown_by_ddp(after.payload, bytearray(8))[1] == 4


def sender_of(*outputs):
    """One universe with these outputs."""
    return Sender({1: UniverseConfig(outputs=list(outputs))}, NetworkConfig(source_name="Spot"), CID, ["10.0.0.255"])


def test_sacn_leaves_by_multicast_with_name_priority_and_numbers_of_its_own():
    sender = sender_of(
        {"type": "sacn", "universe": 300}, {"type": "sacn", "universe": 2, "host": "10.0.0.9", "priority": 5}
    )
    for cycle in range(300):
        found = [one for one in sender.packets([frame(1, cycle & 0xFF)], 0.0) if "discovery" not in one.output]
        assert [one.address for one in found] == [("239.255.1.44", 5568), ("10.0.0.9", 5568)]
        first, second = (sacn.decode_data(one.payload) for one in found)
        assert (first.universe, first.priority, first.sequence, first.source_name) == (300, 90, cycle & 0xFF, "Spot")
        assert (second.universe, second.priority, second.sequence) == (2, 5, cycle & 0xFF)
        assert set(first.slots.tolist()) == {cycle & 0xFF}
        assert first.cid == UUID(int=5).bytes


def test_payloads_of_earlier_cycles_do_not_change():
    sender = sender_of({"type": "sacn", "universe": 1}, {"type": "artnet", "host": "10.0.0.1", "port_address": 1})
    earlier = [one.payload for one in sender.packets([frame(1, 7)], 0.0)][:2]
    list(sender.packets([frame(1, 9)], 0.0))
    assert [one[-1] for one in earlier] == [7, 7]


def test_the_end_of_sacn_is_said_three_times_in_rounds_and_art_net_says_nothing():
    sender = Sender(
        {
            1: UniverseConfig(outputs=[{"type": "sacn", "universe": 1}, {"type": "sacn", "universe": 2}]),
            2: UniverseConfig(outputs=[{"type": "artnet", "host": "10.0.0.1", "port_address": 1}]),
        }
    )
    list(sender.packets([frame(1, 9), frame(2)], 0.0))
    last = [sacn.decode_data(one.payload) for one in sender.farewell()]
    assert [one.universe for one in last] == [1, 2] * 3
    assert {one.options for one in last} == {sacn.TERMINATED}
    assert [one.sequence for one in last] == [1, 1, 2, 2, 3, 3]
    assert {int(one.slots[0]) for one in last} == {9}


def test_syncs_follow_the_levels_once_for_each_place():
    sender = sender_of(
        {"type": "artnet", "host": "10.0.0.1", "port_address": 1, "sync": True},
        {"type": "artnet", "host": "10.0.0.1", "port_address": 2, "sync": True},
        {"type": "artnet", "host": "10.0.0.2", "port_address": 3},
        {"type": "sacn", "universe": 1, "sync_universe": 7},
        {"type": "sacn", "universe": 2, "sync_universe": 7},
    )
    for cycle in (0, 1):
        found = [one for one in sender.packets([frame(1)], 0.0) if "discovery" not in one.output]
        assert [one.address[0] for one in found[-2:]] == ["10.0.0.1", "239.255.0.7"]
        assert found[-2].payload == artnet.encode_artsync()
        assert found[-1].payload == sacn.encode_sync(7, cycle, UUID(int=5))
        assert len(found) == 7
        assert sacn.decode_data(found[3].payload).sync_universe == 7


def test_sacn_universes_are_announced_every_ten_seconds():
    sender = sender_of({"type": "sacn", "universe": 9}, {"type": "sacn", "universe": 4})
    times_s = []
    for now_s in np.arange(0, 31, 0.025):
        for one in sender.packets([frame(1)], float(now_s)):
            if one.output == "sACN discovery":
                assert one.address == ("239.255.250.214", 5568)
                assert one.payload[120:] == b"\0\4\0\x09"
                times_s.append(float(now_s))
    assert times_s == pytest.approx([0, 10, 20, 30], abs=0.05)


def test_nodes_are_asked_for_found_sent_to_and_forgotten():
    sender = sender_of({"type": "artnet", "host": "discover", "port_address": 0x12})
    polls_s, sent = [], {}
    for cycle in range(40 * 40):
        now_s = cycle * 0.025
        for one in sender.packets([frame(1)], now_s):
            if one.payload == artnet.encode_artpoll():
                polls_s.append(now_s)
                assert one.address == ("10.0.0.255", 6454)
                if now_s < 15:
                    sender.hear(ArtPollReply("0.0.0.0", "node", (0x12, 0x13)), "10.0.0.7", now_s)
                    sender.hear(ArtPollReply("0.0.0.0", "node", (0x1,), bind_index=2), "10.0.0.7", now_s)
                    sender.hear(ArtPollReply("0.0.0.0", "other", (0x13,)), "10.0.0.8", now_s)
            else:
                sent.setdefault(one.address, []).append(now_s)
    assert all(2.5 <= b - a <= 3.0 for a, b in pairwise(polls_s))
    assert list(sent) == [("10.0.0.7", 6454)]
    assert sent[("10.0.0.7", 6454)][0] < 0.1
    assert 15 < sent[("10.0.0.7", 6454)][-1] < 15 + LOST_AFTER_S + 3.0
    assert sender.discovers


def test_forged_answers_are_bounded():
    sender = sender_of({"type": "artnet", "host": "discover", "port_address": 1})
    for number in range(1_000):
        sender.hear(ArtPollReply("0.0.0.0", "node", (1,)), f"10.0.{number // 250}.{number % 250}", 0.0)
    assert len([one for one in sender.packets([frame(1)], 0.0) if one.payload[9] == 0x50]) == 128


def test_a_node_that_moves_its_port_is_followed():
    sender = sender_of({"type": "artnet", "host": "discover", "port_address": 1})
    sender.hear(ArtPollReply("0.0.0.0", "node", (1,)), "10.0.0.7", 0.0)
    assert len([one for one in sender.packets([frame(1)], 0.0) if one.payload[9] == 0x50]) == 1
    # some nodes answer once for each port, all with the same index: the old one is forgotten when nobody names it (R21)
    for now_s in (1.0, 4.0, 7.0, 10.0):
        sender.hear(ArtPollReply("0.0.0.0", "node", (2,)), "10.0.0.7", now_s)
        list(sender.packets([frame(1)], now_s))
    assert [one for one in sender.packets([frame(1)], 10.1) if one.payload[9] == 0x50] == []


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
