"""What a person touches is theirs, the rest stays ours, and light stays off in a blackout."""

import itertools
import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.lighting.takeover.attributes import attributes_of, kind_of
from controller.lighting.takeover.takeover import RELAYED_S, MergeCycle, Takeover, Terms
from controller.rig.observe import Observer
from controller.rig.profiles.profile import Channel

LTP = Terms(htp=False, hands_off_s=6.0, hand_back_s=2.0)
OURS = 100


@pytest.fixture(scope="module")
def attributes(patch):
    return attributes_of(patch)


def light(patch, slots):
    """The brightest of what the lamps show, read from the slots alone."""
    frames = {number: slots[row * 512 : (row + 1) * 512] for row, number in enumerate(patch.universes)}
    return Observer(patch).observe(frames).light.max()


class Room:
    """A rig that two desks share; ours shows one level everywhere."""

    def __init__(self, patch, attributes, terms=LTP):
        self.size = len(patch.universes) * 512
        self.takeover = Takeover(attributes, self.size, terms)
        self.by_name = {(one.fixture, one.kind): one for one in attributes}
        self.desk = np.zeros(self.size, np.uint8)
        self.heard = np.ones(self.size, bool)
        self.ours = np.full(self.size, OURS, np.uint8)
        self.now_s = 0.0
        self.changes = []

    def slots(self, fixture, kind):
        return self.by_name[(fixture, kind)].slots

    def move(self, fixture, kind, level):
        self.desk[self.slots(fixture, kind)] = level

    def run(self, seconds=0.025, blackout=False):
        for _ in range(max(1, round(seconds / 0.025))):
            self.now_s += 0.025
            merged, changes = self.takeover.merge(MergeCycle(self.now_s, self.ours, self.desk, self.heard, blackout))
            self.changes += changes
        return merged

    def shows(self, merged, fixture, kind):
        return set(merged[self.slots(fixture, kind)].tolist())


@pytest.fixture
def room(patch, attributes):
    return Room(patch, attributes)


def test_every_slot_of_every_fixture_belongs_to_one_attribute(patch, attributes):
    taken = np.concatenate([one.slots for one in attributes])
    assert len(taken) == len(set(taken.tolist()))
    assert len(taken) == sum(one.footprint for one in patch.fixtures)


def test_channels_have_their_attributes(patch):
    kinds = {lane.channel.does: kind_of(lane.channel) for lane in patch.lanes}
    assert kinds["intensity"] == "intensity"
    assert kinds["pan"] == kinds["tilt"] == "position"
    assert kinds["haze"] == "haze"
    assert kinds["colour"] == kinds["wheel"] == "colour"
    assert kinds["shutter"] == kinds["hold"] == "other"


def test_every_kind_of_channel_has_an_attribute_on_purpose():
    """A new kind must be put somewhere: in `other` it would jump, and be held at ours in a blackout."""
    kinds = {one.model_fields["does"].annotation.__args__[0] for one in get_args(get_args(Channel)[0])}
    assert kinds == {
        "intensity", "colour", "flag", "hue", "saturation", "cct", "shutter", "hold", "pan", "tilt", "wheel", "haze",
        "unknown",
    }  # fmt: skip


def test_a_desk_that_is_only_heard_takes_nothing(room):
    room.desk[:] = 200  # a look that lies on the desk
    merged = room.run(1.0)
    assert np.array_equal(merged, room.ours)
    assert room.changes == []


def test_a_fader_that_moves_takes_its_attribute_and_nothing_else(room):
    room.run()
    room.move("front-1", "colour", 30)
    merged = room.run()
    assert room.shows(merged, "front-1", "colour") == {30}
    others = np.setdiff1d(np.arange(room.size), room.slots("front-1", "colour"))
    assert set(merged[others].tolist()) == {OURS}
    assert [(one.event, one.attribute.fixture, one.attribute.kind) for one in room.changes] == [
        ("start", "front-1", "colour")
    ]


def test_all_slots_of_the_attribute_come_from_the_desk(room):
    room.run()
    slots = room.slots("front-1", "colour")
    room.desk[slots[0]] = 77
    merged = room.run()
    assert merged[slots].tolist() == [77] + [0] * (len(slots) - 1)


def test_a_fader_that_trembles_by_one_takes_nothing_and_a_slow_one_does(room):
    room.move("front-1", "intensity", 100)
    room.run()
    for level in (101, 100, 99, 100):
        room.move("front-1", "intensity", level)
        assert np.array_equal(room.run(), room.ours)
    for level in (101, 102):
        room.move("front-1", "intensity", level)
        merged = room.run(1.0)
    assert room.shows(merged, "front-1", "intensity") == {102}


def test_it_is_given_back_when_the_hand_has_left_it_with_a_fade(room):
    room.run()
    room.move("front-1", "intensity", 200)
    assert room.shows(room.run(5.9), "front-1", "intensity") == {200}
    faded = [room.shows(room.run(0.25), "front-1", "intensity").pop() for _ in range(9)]
    assert faded[0] > faded[3] > faded[6] > OURS
    assert faded[-1] == OURS
    assert [one.event for one in room.changes] == ["start", "end"]
    assert room.changes[1].held_s == pytest.approx(8.0, abs=0.1)
    assert room.takeover.active == []


def test_moving_again_keeps_it_and_takes_it_back_on_its_way(room):
    room.run()
    room.move("front-1", "intensity", 200)
    room.run(5.0)
    room.move("front-1", "intensity", 180)
    assert room.shows(room.run(5.0), "front-1", "intensity") == {180}
    room.run(2.0)  # going back
    room.move("front-1", "intensity", 50)
    assert room.shows(room.run(), "front-1", "intensity") == {50}
    assert [one.event for one in room.changes] == ["start"]
    assert room.takeover.begun == 1


def test_without_a_time_it_is_kept_until_the_fader_is_at_zero(patch, attributes):
    room = Room(patch, attributes, Terms(htp=False, hands_off_s=0.0, hand_back_s=0.5))
    room.run()
    room.move("front-1", "intensity", 200)
    assert room.shows(room.run(100.0), "front-1", "intensity") == {200}
    room.move("front-1", "intensity", 0)
    room.run()
    assert room.shows(room.run(0.6), "front-1", "intensity") == {OURS}


def test_highest_takes_precedence_is_for_intensity_alone(patch, attributes):
    room = Room(patch, attributes, Terms(htp=True, hands_off_s=6.0, hand_back_s=2.0))
    room.run()
    room.move("front-1", "intensity", 20)
    room.move("front-1", "colour", 20)
    merged = room.run()
    assert room.shows(merged, "front-1", "intensity") == {OURS}
    assert room.shows(merged, "front-1", "colour") == {20}
    room.move("front-1", "intensity", 220)
    assert room.shows(room.run(), "front-1", "intensity") == {220}


def test_in_a_blackout_nobody_makes_light_and_nobody_moves_a_head(room, patch):
    room.run()
    for fixture, kind in room.by_name:
        room.move(fixture, kind, 200)
    room.run()
    room.ours[:] = 0  # what our own blackout renders
    merged = room.run(blackout=True)
    assert light(patch, merged) == 0.0
    for one in room.by_name.values():
        levels = merged[one.coarse]
        assert not levels[one.lights].any()
        assert set(levels[~one.lights].tolist()) <= {200}
    assert room.shows(merged, "spot-l", "position") == {200}
    assert room.shows(room.run(), "front-1", "intensity") == {200}  # and it is the person's again afterwards


def test_lamps_without_a_dimmer_are_dark_in_a_blackout_too(room):
    one = room.by_name[("floor-l", "colour")]
    assert ("floor-l", "intensity") not in room.by_name
    assert one.lights.all()


def test_a_desk_may_drive_the_hazer(room):
    room.run()
    room.move("hazer", "haze", 40)
    assert room.shows(room.run(), "hazer", "haze") == {40}


def test_a_desk_that_is_lost_gives_everything_back(room):
    room.run()
    room.move("front-1", "intensity", 200)
    room.run()
    room.heard[:] = False
    assert room.shows(room.run(0.5), "front-1", "intensity").pop() > OURS
    assert room.shows(room.run(2.0), "front-1", "intensity") == {OURS}
    room.heard[:] = True
    room.desk[:] = 255  # it comes back with other levels: its new reference
    assert np.array_equal(room.run(), room.ours)


def test_another_desk_in_the_lead_takes_nothing_by_lying_elsewhere(room):
    room.run()
    room.desk[:] = 180
    room.takeover.refer_anew(slice(0, room.size))
    assert np.array_equal(room.run(), room.ours)


def test_the_end_of_a_show_gives_everything_back_at_its_own_pace(room):
    room.run()
    room.move("front-1", "intensity", 200)
    room.run()
    room.takeover.release(room.now_s, 1.0)
    room.heard[:] = False
    assert room.shows(room.run(0.5), "front-1", "intensity").pop() == pytest.approx(150, abs=4)
    assert room.shows(room.run(0.6), "front-1", "intensity") == {OURS}


def test_wheels_and_unknown_channels_jump_while_the_rest_fades(room):
    room.run()
    wheels = [one for one in room.by_name.values() if one.kind == "colour" and not one.smooth.all()]
    others = [one for one in room.by_name.values() if one.kind == "other"]
    assert others
    for one in (*wheels, *others):
        room.desk[one.slots] = 200
    room.run(6.0)
    merged = room.run(0.5)
    for one in (*wheels, *others):
        assert set(merged[one.coarse[~one.smooth]].tolist()) <= {OURS}


def test_sixteen_bits_fade_as_one_number(room):
    one = room.by_name[("spot-l", "position")]
    pairs = np.flatnonzero(one.fine >= 0)
    if not len(pairs):
        pytest.skip("no 16-bit movement in this patch")
    room.run()
    room.desk[one.slots] = 0
    room.desk[one.coarse] = 255
    room.run(6.0)
    seen = []
    for _ in range(70):
        merged = room.run()
        seen.append(int(merged[one.coarse[pairs[0]]]) << 8 | int(merged[one.fine[pairs[0]]]))
    assert all(a >= b for a, b in itertools.pairwise(seen))


def test_who_goes_on_from_here_does_what_this_one_would(patch, attributes):
    """Held, on its way back, and just begun to go: the rows tell of each as much as the next process needs."""
    room, other = Room(patch, attributes), Room(patch, attributes)
    room.run()
    room.move("front-1", "intensity", 200)
    room.run(5.0)
    room.move("front-2", "intensity", 180)
    room.run(2.0)
    room.move("spot-l", "position", 90)
    room.run(0.5)
    other.takeover.adopt(json.loads(json.dumps(room.takeover.rows())), room.now_s)
    other.now_s, other.desk, room.changes = room.now_s, room.desk, []
    assert np.array_equal(other.run(), room.run())  # and what the desk shows when it is first heard is no movement
    assert [held.back_s is None for _, held in room.takeover.active] == [False, True, True]
    for _ in range(400):
        assert np.array_equal(other.run(), room.run())
        assert other.takeover.rows() == room.takeover.rows()
    assert [one.plain() for one in other.changes] == [one.plain() for one in room.changes]
    assert [one.attribute.fixture for one in room.changes] == ["front-1", "front-2", "spot-l"]


def test_what_another_process_says_is_taken_within_what_a_slot_can_be(room):
    names = list(room.by_name)
    dimmer, count = names.index(("front-1", "intensity")), len(names)
    bright, dark = ((index, 0.0, 0.0, (level,), -1.0, 0.0) for index, level in ((dimmer, 70_000), (dimmer, -5)))
    nobody = (count, 0.0, 0.0, (1,), -1.0, 0.0)
    room.heard[:] = False
    for row, level in ((bright, 255), (dark, 0)):
        room.takeover.adopt((row, nobody), room.now_s)
        assert room.shows(room.run(), "front-1", "intensity") == {level}
    for wrong in (nobody, (dimmer, 0.0, 0.0, (1, 2), -1.0, 0.0), (-1, 0.0, 0.0, (1,), -1.0, 0.0)):
        room.takeover.adopt((wrong,), room.now_s)
        assert room.takeover.active == []


@pytest.mark.parametrize("hands_off_s", [0.0, 60.0])
def test_what_is_taken_over_from_another_process_stands_until_the_desk_is_heard(patch, attributes, hands_off_s):
    room = Room(patch, attributes, Terms(htp=False, hands_off_s=hands_off_s, hand_back_s=0.5))
    index = list(room.by_name).index(("front-1", "intensity"))
    room.heard[:] = False
    room.takeover.adopt([(index, 0.0, 0.0, [200 << 8], -1.0, 0.0)], room.now_s)
    assert room.shows(room.run(RELAYED_S - 0.05), "front-1", "intensity") == {200}
    assert room.shows(room.run(0.7), "front-1", "intensity") == {OURS}  # nobody is there


@pytest.mark.parametrize("part", [0.25, 0.5, 0.75])
def test_a_way_back_is_straight(room, part):
    room.run()
    room.move("front-1", "intensity", 200)
    room.run(6.025)
    room.run(2.0 * part)
    way = 200 + (OURS - 200) * part
    assert room.shows(room.run(), "front-1", "intensity").pop() == pytest.approx(way, abs=3)


def test_a_takeover_is_written_down_as_it_was(room):
    room.run()
    room.move("front-1", "intensity", 200)
    room.run(8.1)
    begun, ended = (one.plain() for one in room.changes)
    slots = room.slots("front-1", "intensity").tolist()
    same = {"fixture": "front-1", "attribute": "intensity", "slots": slots, "desk": [200], "ours": [OURS]}
    assert begun == {"t_s": 0.05, "event": "start", "held_s": 0.0, **same}
    assert ended == {"t_s": 8.05, "event": "end", "held_s": 8.0, **same}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1023), st.integers(0, 255), st.booleans(), st.booleans(), st.floats(0.01, 3.0)),
        max_size=40,
    )
)
def test_whatever_happens_untouched_attributes_are_ours_and_blackouts_are_dark(patch, attributes, steps):
    takeover = Takeover(attributes, len(patch.universes) * 512, LTP)
    size = len(patch.universes) * 512
    desk, now_s, touched = np.zeros(size, np.uint8), 0.0, set()
    owner = {int(slot): index for index, one in enumerate(attributes) for slot in one.slots}
    takeover.merge(MergeCycle(now_s, np.zeros(size, np.uint8), desk, np.ones(size, bool), blackout=False))
    for slot, level, blackout, lost, wait_s in steps:
        now_s += wait_s
        desk[slot] = level
        touched.add(owner.get(slot))
        ours = np.zeros(size, np.uint8) if blackout else np.full(size, OURS, np.uint8)
        heard = np.full(size, not lost)
        merged, _ = takeover.merge(MergeCycle(now_s, ours, desk, heard, blackout))
        for index, one in enumerate(attributes):
            if index not in touched:
                assert np.array_equal(merged[one.slots], ours[one.slots])
            if blackout:
                assert not merged[one.coarse[one.lights]].any()
