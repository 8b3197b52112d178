"""Whom to follow: priorities, endings, losses, numbers, and the traps of each protocol, one test each."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.config import DeskArtNetConfig, DeskSacnConfig
from controller.lighting.input.feed import Datagram, DeskFeed
from controller.lighting.input.sources import ArtNetSources, SacnSources
from controller.lighting.protocol import artnet, sacn

A, B, C = (UUID(int=number).bytes for number in (1, 2, 3))


def levels(*first):
    slots = np.zeros(512, np.uint8)
    slots[: len(first)] = first
    return slots


def data(cid=A, sequence=1, *, first=(10,), priority=100, options=0, start_code=0):
    return sacn.SacnData(cid, 1, priority, sequence, levels(*first), options, start_code)


def first_slots(sources, now_s, count=3):
    found = sources.levels(now_s)
    return None if found is None else found[:count].tolist()


class Stage:
    """Sources that send forty times a second for as long as they are told to."""

    def __init__(self):
        self.sources, self.now_s, self.sequence = SacnSources(), 0.0, 0
        self.seen = []

    def run(self, seconds, **senders):
        for _ in range(round(seconds * 40)):
            self.now_s += 0.025
            self.sequence = (self.sequence + 1) & 0xFF
            for cid, (level, priority) in senders.items():
                packet = data({"a": A, "b": B, "c": C}[cid], self.sequence, first=(level,), priority=priority)
                self.sources.hear(packet, self.now_s)
            found = self.sources.levels(self.now_s)
            self.seen.append(None if found is None else int(found[0]))


def test_the_highest_priority_wins_outright():
    sources = SacnSources()
    sources.hear(data(A, first=(200, 200), priority=100), 0.0)
    sources.hear(data(B, first=(5, 0), priority=150), 0.0)
    assert first_slots(sources, 0.1) == [5, 0, 0]
    sources.hear(data(B, 2, first=(5, 0), priority=50), 0.1)  # it steps back
    assert first_slots(sources, 0.1) == [200, 200, 0]


def urgent(cid, sequence, *first):
    return data(cid, sequence, first=first, start_code=0xDD)


def test_priorities_of_slots_give_each_slot_its_own_winner():
    sources = SacnSources()
    sources.hear(data(A, 1, first=(200, 200, 200), priority=100), 0.0)
    sources.hear(data(B, 1, first=(5, 6, 7), priority=50), 0.0)
    sources.hear(urgent(B, 2, 150, 0, 90), 0.0)
    assert first_slots(sources, 0.1) == [5, 200, 200]
    sources.hear(urgent(A, 2, 0, 1, 90), 0.1)
    assert first_slots(sources, 0.1, 4) == [5, 200, 200, 0]


def test_priorities_of_slots_that_are_no_longer_told_are_forgotten():
    sources = SacnSources()
    for at in range(80):
        now_s = at / 20
        sources.hear(data(A, 2 * at & 0xFF, first=(200,), priority=100), now_s)
        sources.hear(data(B, 2 * at & 0xFF, first=(5,), priority=50), now_s)
        if at == 0:
            sources.hear(urgent(B, 1, 150), now_s)
        assert first_slots(sources, now_s, 1) == ([5] if now_s < 2.5 else [200])


def test_priorities_of_slots_alone_make_no_source_and_nonsense_among_them_counts_as_none():
    sources = SacnSources()
    assert not sources.hear(urgent(B, 1, 150), 0.0)
    assert sources.levels(0.0) is None
    sources.hear(data(A, 1, first=(200,)), 0.0)
    sources.hear(urgent(A, 2, 255), 0.0)
    assert first_slots(sources, 0.1, 1) == [0]


def test_a_slot_that_changes_its_winner_counts_as_a_turn():
    sources = SacnSources()
    sources.hear(data(A, 1, first=(200,)), 0.0)
    sources.hear(data(B, 1, first=(5,), priority=50), 0.0)
    sources.levels(0.0)
    before = sources.turns
    sources.hear(urgent(B, 2, 150), 0.0)
    sources.levels(0.0)
    assert sources.turns == before + 1


def test_equal_priorities_merge_highest_first():
    sources = SacnSources()
    sources.hear(data(A, first=(200, 1, 0)), 0.0)
    sources.hear(data(B, first=(5, 9, 0)), 0.0)
    assert first_slots(sources, 0.1) == [200, 9, 0]


def test_priority_zero_is_a_priority():
    sources = SacnSources()
    sources.hear(data(A, first=(7,), priority=0), 0.0)
    assert first_slots(sources, 0.1) == [7, 0, 0]


def test_a_stream_that_ends_is_dropped_at_once():
    sources = SacnSources()
    sources.hear(data(A, first=(200,), priority=150), 0.0)
    sources.hear(data(B, first=(5,)), 0.0)
    sources.hear(data(A, 2, first=(99,), priority=150, options=sacn.TERMINATED), 0.01)
    assert first_slots(sources, 0.01) == [5, 0, 0]
    sources.hear(data(A, 3, priority=150, options=sacn.TERMINATED), 0.02)  # the second and third change nothing
    assert first_slots(sources, 0.02) == [5, 0, 0]


def test_a_silent_source_is_lost_after_two_and_a_half_seconds():
    sources = SacnSources()
    sources.hear(data(A), 0.0)
    assert first_slots(sources, 2.49) == [10, 0, 0]
    assert sources.levels(2.5) is None


def test_a_high_source_that_vanishes_alone_gives_way_after_two_and_a_half_seconds():
    stage = Stage()
    stage.run(1.0, a=(200, 150), b=(5, 100))
    stage.run(4.0, b=(5, 100))
    assert stage.seen[0] == 200
    assert stage.seen.count(200) == pytest.approx(40 + 100, abs=2)
    assert stage.seen[-1] == 5


def test_sources_that_vanish_together_do_not_flash_the_lower_one():
    """B is cut off a moment after A: a naive receiver shows B alone for that moment, two and a half seconds later."""
    stage = Stage()
    stage.run(1.0, a=(200, 150), b=(5, 100))
    stage.run(0.5, b=(5, 100))
    stage.run(6.0)
    assert set(stage.seen) == {200, None}


def test_a_source_counts_forward_and_late_packets_are_dropped():
    sources = SacnSources()
    sources.hear(data(A, 250, first=(1,)), 0.0)
    assert sources.hear(data(A, 4, first=(2,)), 0.0)  # around the end
    assert not sources.hear(data(A, 251, first=(3,)), 0.0)  # overtaken
    assert not sources.hear(data(A, 4, first=(4,)), 0.0)  # twice
    assert first_slots(sources, 0.0) == [2, 0, 0]
    assert sources.hear(data(A, 4 - 20, first=(5,)), 0.0)  # so far back that it started anew


def test_preview_and_other_start_codes_are_no_levels():
    sources = SacnSources()
    assert not sources.hear(data(A, 1, options=sacn.PREVIEW), 0.0)
    assert not sources.hear(data(A, 1, first=(99,), start_code=0xDD), 0.0)
    assert sources.levels(0.0) is None
    sources.hear(data(A, 1, first=(7,)), 0.0)
    assert not sources.hear(data(A, 2, first=(99,), start_code=0xDD), 0.0)
    assert sources.hear(data(A, 3, first=(8,)), 0.0)
    assert first_slots(sources, 0.0) == [8, 0, 0]


def test_a_crowd_is_bounded_and_an_urgent_source_still_gets_in():
    sources = SacnSources()
    for number in range(100):
        sources.hear(data(UUID(int=100 + number).bytes, first=(1,), priority=50), 0.0)
    assert len(sources.by_key) == 8
    assert sources.hear(data(A, first=(9,), priority=100), 0.0)
    assert len(sources.by_key) == 8
    assert first_slots(sources, 0.0) == [9, 0, 0]


def test_short_packets_leave_the_other_slots_as_they_were():
    sources = SacnSources()
    sources.hear(data(A, 1, first=(1, 2, 3)), 0.0)
    sources.hear(sacn.SacnData(A, 1, 100, 2, np.array([9], np.uint8)), 0.0)
    assert first_slots(sources, 0.0) == [9, 2, 3]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1), st.integers(0, 200), st.booleans()), max_size=60))
def test_what_is_followed_is_always_some_source_of_the_highest_live_priority(steps):
    """Against a direct reading of the rules, without the wait for certainty: they agree on live ones."""
    sources, now_s, known = SacnSources(), 0.0, {}
    for number, (who, wait_s, priority, ends) in enumerate(steps):
        now_s += wait_s
        cid = (A, B, C)[who]
        options = sacn.TERMINATED if ends else 0
        sources.hear(data(cid, number & 0xFF, first=(who + 1,), priority=priority, options=options), now_s)
        known.pop(cid, None)
        if not ends:
            known[cid] = (priority, now_s, who + 1)
        live = [one for one in known.values() if now_s - one[1] < 2.5]
        found = sources.levels(now_s)
        assert (found is not None) or not live
        if live and all(now_s - one[1] < 2.5 for one in known.values()):
            top = max(one[0] for one in live)
            assert found[0] == max(one[2] for one in live if one[0] == top)


# ----------------------------------------------------------------- Art-Net


def dmx(sequence=0, *first):
    return artnet.ArtDmx(0, sequence, levels(*first))


def test_two_art_net_sources_merge_and_a_third_is_ignored():
    sources = ArtNetSources()
    assert sources.hear(dmx(1, 10, 0), "10.0.0.1", 0.0)
    assert sources.hear(dmx(1, 0, 20), "10.0.0.2", 0.0)
    assert not sources.hear(dmx(1, 255, 255), "10.0.0.3", 0.0)
    assert first_slots(sources, 0.1) == [10, 20, 0]


def test_a_third_art_net_source_gets_in_when_one_was_silent_for_ten_seconds():
    sources = ArtNetSources()
    sources.hear(dmx(1, 10), "10.0.0.1", 0.0)
    sources.hear(dmx(1, 20), "10.0.0.2", 5.0)
    assert not sources.hear(dmx(1, 30), "10.0.0.3", 9.9)
    sources.hear(dmx(2, 20), "10.0.0.2", 10.0)
    assert sources.hear(dmx(1, 30), "10.0.0.3", 10.1)
    assert first_slots(sources, 10.1) == [30, 0, 0]
    assert first_slots(sources, 19.99) == [30, 0, 0]
    assert sources.levels(20.2) is None


def test_two_programs_on_one_machine_are_one_source():
    sources = ArtNetSources()
    sources.hear(dmx(0, 10, 0), "10.0.0.1", 0.0)
    sources.hear(dmx(0, 0, 20), "10.0.0.1", 0.0)
    assert first_slots(sources, 0.0) == [0, 20, 0]  # the last one, not the merge
    assert sources.hear(dmx(0, 5), "10.0.0.2", 0.0)  # and there is room for another machine


def test_art_net_numbers_wrap_from_255_to_1_and_0_switches_the_check_off():
    sources = ArtNetSources()
    for sequence, first, taken in (
        (254, 1, True),
        (255, 2, True),
        (1, 3, True),
        (255, 4, False),
        (0, 5, True),
        (9, 6, True),
    ):
        assert sources.hear(dmx(sequence, first), "10.0.0.1", 0.0) == taken
    assert first_slots(sources, 0.0) == [6, 0, 0]


# -------------------------------------------------------------------- feed


def feed():
    inputs = [
        DeskArtNetConfig(type="artnet", universe=7, port_address=3),
        DeskSacnConfig(type="sacn", universe=7, sacn_universe=5),
        DeskSacnConfig(type="sacn", universe=8, sacn_universe=6),
    ]
    return DeskFeed(inputs, UUID(int=77), "Spot")


def test_both_protocols_feed_one_universe_and_others_are_ignored():
    one = feed()
    one.hear(Datagram(6454, "10.0.0.1", artnet.encode_artdmx(levels(1, 9), 3, 1)), 0.0)
    one.hear(Datagram(6454, "10.0.0.1", artnet.encode_artdmx(levels(99), 4, 1)), 0.0)
    one.hear(Datagram(5568, "10.0.0.1", sacn.encode_data(levels(5, 2), 5, 0, UUID(int=1))), 0.0)
    found = one.levels(0.0)
    assert list(found) == [7]
    assert found[7][:3].tolist() == [5, 9, 0]
    assert (one.taken, one.ignored) == (2, 1)


def test_we_never_follow_ourselves():
    one = feed()
    one.hear(Datagram(5568, "10.0.0.1", sacn.encode_data(levels(5), 5, 0, UUID(int=77))), 0.0)
    assert one.levels(0.0) == {}


def test_who_asks_is_told_what_we_wish_to_hear():
    one = feed()
    one.hear(Datagram(6454, "10.0.0.9", artnet.encode_artpoll()), 0.0)
    assert one.take_polls() == ["10.0.0.9"]
    (answer,) = one.answers("10.0.0.1")
    reply = artnet.decode_poll_reply(answer)
    assert (reply.outputs, reply.short_name, reply.ip) == ((3,), "Spot", "10.0.0.1")


def test_who_asks_too_often_or_in_too_many_names_is_not_answered():
    one = feed()
    for number in range(200):
        one.hear(Datagram(6454, "10.0.0.9", artnet.encode_artpoll()), number * 0.01)
    assert len(one.take_polls()) == 2
    for number in range(500):
        one.hear(Datagram(6454, f"10.0.{number // 250}.{number % 250}", artnet.encode_artpoll()), 10.0)
    assert len(one.take_polls()) == 64
    one.hear(Datagram(6454, "10.9.9.9", artnet.encode_artpoll()), 12.0)
    assert one.take_polls() == ["10.9.9.9"]


def test_many_port_addresses_are_told_in_several_packets():
    inputs = [DeskArtNetConfig(type="artnet", universe=1, port_address=number) for number in (0, 1, 2, 3, 4, 16)]
    replies = [artnet.decode_poll_reply(one) for one in DeskFeed(inputs, UUID(int=1), "x").answers("10.0.0.1")]
    assert [one.outputs for one in replies] == [(0, 1, 2, 3), (4,), (16,)]
    assert [one.bind_index for one in replies] == [1, 2, 3]


def test_a_change_of_the_lead_is_counted():
    one = feed()
    for sequence, (cid, priority) in enumerate([(1, 100), (1, 100), (2, 150), (1, 100), (2, 150)]):
        packet = sacn.encode_data(levels(cid), 5, sequence, UUID(int=cid), priority=priority)
        one.hear(Datagram(5568, "10.0.0.1", packet), 0.0)
        one.levels(0.0)
    assert one.turns(7) == 2
    assert one.turns(8) == 0


def test_r27_a_desk_whose_lengths_lie_is_heard_counted_and_named_once(caplog):
    caplog.set_level("INFO", "controller.lighting.input.feed")
    feed = DeskFeed([DeskArtNetConfig(type="artnet", port_address=0, universe=1)], UUID(int=1), "followspot")
    whole = artnet.encode_artdmx(np.full(512, 77, np.uint8), 0, 1)
    for _ in range(3):
        feed.hear(Datagram(artnet.PORT, "10.0.0.9", whole[:16] + b"\x02\x02" + whole[18:]), 0.0)
        feed.hear(Datagram(artnet.PORT, "10.0.0.8", whole[:17]), 0.0)
    assert (feed.taken, feed.mended, feed.malformed) == (3, 3, 3)
    assert feed.levels(0.0)[1].tolist() == [77] * 512
    assert [one.getMessage() for one in caplog.records] == [
        "Art-Net from 10.0.0.9 says more than it sends; the 512 slots it carries are taken",
        "Art-Net from 10.0.0.8 cannot be read: ArtDmx ends before its slots",
    ]
