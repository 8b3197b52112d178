"""Which packets leave when, and sinks that survive."""

from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config import NetworkConfig, UniverseConfig
from controller.lighting.input.sources import SacnSources
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


OURS = np.arange(512) < 3
"""A patch of one fixture with three slots."""


def with_priorities(**output):
    """One sACN output that tells a priority for each slot."""
    outputs = [{"type": "sacn", "universe": 300, "per_address": True, **output}]
    return Sender({1: UniverseConfig(outputs=outputs)}, NetworkConfig(source_name="Spot"), CID, [], {1: OURS})


def told(sender, cycles, level=7):
    """What leaves in so many cycles, read: without discovery."""
    left = [one for _ in range(cycles) for one in sender.packets([frame(1, level)]) if "discovery" not in one.output]
    assert {one.address for one in left} == {("239.255.1.44", 5568)}
    return [sacn.decode_data(one.payload) for one in left]


def test_priorities_of_slots_leave_after_the_levels_and_are_counted_with_them():
    packets = told(with_priorities(), 400)
    assert [one.sequence for one in packets] == [at & 0xFF for at in range(len(packets))]
    priorities = [one for one in packets if one.start_code == 0xDD]
    assert {tuple(one.slots) for one in priorities} == {(90, 90, 90) + (0,) * 509}
    assert {one.priority for one in packets} == {90}, "for receivers that know no priorities of slots"
    after, cycle = [], 0
    for one in packets:
        cycle += one.start_code == 0
        after += [cycle] if one.start_code else []
    assert after == [1, 2, 3, 4, *range(8, 401, 8)], "at first, one and three more; then five times a second at 40 Hz"


def test_a_receiver_gives_each_slot_to_who_sends_it():
    """Our own input: a desk of a lower priority has what no fixture of ours uses, and all of it when we end."""
    sources, sender = SacnSources(), with_priorities()
    desk = sacn.decode_data(sacn.encode_data(np.full(512, 40, np.uint8), 300, 0, UUID(int=9), priority=60))
    sources.hear(desk, 0.0)
    for one in told(sender, 3):
        sources.hear(one, 0.1)
    assert sources.levels(0.2).tolist() == [7] * 3 + [40] * 509
    for one in sender.farewell():
        sources.hear(sacn.decode_data(one.payload), 0.3)
    assert sources.levels(0.4).tolist() == [40] * 512


@pytest.mark.parametrize("cycles", [0, 1, 3, 4, 5, 7, 8, 9, 16, 17, 1000])
def test_a_new_leader_goes_on_with_the_numbers_of_packets_with_priorities(cycles):
    first, second = with_priorities(), with_priorities()
    last = told(first, cycles)[-1].sequence if cycles else 255
    second.go_on_after(cycles)
    after = told(second, 20)
    assert after[0].sequence == (last + 1) & 0xFF
    assert [(one.sequence, one.start_code) for one in after] == [
        (one.sequence, one.start_code) for one in told(first, 20)
    ]


def test_other_priorities_are_told_at_once_and_the_numbers_stay_those_of_the_cycles():
    """A backup that lights alone: a node must follow it before the main's levels are given up."""
    sender = with_priorities(priority=80)
    told(sender, 41)
    sender.lift(11)
    packets = told(sender, 79)
    assert [one.start_code for one in packets[:4]] == [0, 0xDD, 0, 0xDD]
    assert {one.priority for one in packets} == {91}
    assert {tuple(one.slots[:4]) for one in packets if one.start_code} == {(91, 91, 91, 0)}
    plain = with_priorities()
    plain.go_on_after(120)
    assert told(plain, 1)[0].sequence == told(sender, 1)[0].sequence
    sender.lift(200)
    assert {one.priority for one in told(sender, 2)} == {200}


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
