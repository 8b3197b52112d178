"""What people want: commands do what they say, buttons let go by themselves, undo undoes, nonsense does nothing."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.messages import Command, Hand, Operator, Scene, Steering
from controller.people.commands import COMMANDS
from controller.people.operator import HELD_S, OperatorState, operator_from, plain_operator
from controller.people.replicate import lasting, replicate

NAMES = (
    "grand_master", "blackout", "hold", "quiet", "intensity", "energy", "pace", "spread", "hues", "forbidden", "hand",
    "scene", "tap", "mark", "undo", "flash_override", "blinder", "strobe", "haze", "replicate", "nonsense",
)  # fmt: skip
anything = st.builds(
    Command, st.sampled_from(NAMES), st.floats(), st.text(max_size=10) | st.sampled_from(["all", "wash", "*"]),
    st.lists(st.floats(), max_size=8).map(tuple),
)  # fmt: skip


@pytest.fixture
def hands():
    return OperatorState()


def test_faders_and_switches(hands):
    hands.obey(Command("grand_master", 0.25), 0.0)
    for name in ("intensity", "energy", "pace", "spread"):
        hands.obey(Command(name, 2.0), 1.0)
    for name in ("blackout", "hold", "quiet"):
        hands.obey(Command(name, 1.0), 2.0)
    assert hands.operator == Operator(0.25, True, True, quiet=True, steering=Steering(1.0, 1.0, 1.0, 1.0))


@pytest.mark.parametrize("name", [row.name for row in COMMANDS.values() if row.kind == "held"])
def test_a_held_button_lets_go_of_itself(hands, name):
    hands.obey(Command(name, 0.7), 10.0)
    assert getattr(hands.operator, name) == (0.7 if name == "haze" else True)
    hands.expire(10.0 + HELD_S - 0.01)
    assert getattr(hands.operator, name)
    hands.obey(Command(name, 0.7), 10.9)
    hands.expire(11.8)
    assert getattr(hands.operator, name)
    hands.expire(11.9)
    assert not getattr(hands.operator, name)
    hands.obey(Command(name, 1.0), 20.0)
    hands.obey(Command(name, 0.0), 20.1)
    assert not getattr(hands.operator, name)


def test_colours_that_are_wanted_and_those_that_are_not(hands):
    hands.obey(Command("hues", 1.0, "", (90.0, 3.0, 3.0, 270.0)), 0.0)
    hands.obey(Command("forbidden", 1.0, "", (60.0,)), 1.0)
    assert (hands.operator.steering.hues, hands.operator.steering.forbidden) == ((3, 90), (60,))
    hands.obey(Command("hues", 1.0), 3.0)
    assert hands.operator.steering.hues == ()


def test_groups_and_fixtures_are_taken_and_given_back(hands):
    hands.obey(Command("hand", 1.0, "wash", (0.5,)), 0.0)
    hands.obey(Command("hand", 1.0, "wash", (-1.0, 240.0, 0.5)), 0.1)
    hands.obey(Command("hand", 1.0, "front-1", (1.0,)), 0.2)
    assert hands.operator.hands == (Hand("wash", 0.5, 240.0, 0.5), Hand("front-1", 1.0))
    hands.obey(Command("hand", 0.0, "wash"), 3.0)
    assert [one.target for one in hands.operator.hands] == ["front-1"]
    hands.obey(Command("hand", 0.0, "*"), 5.0)
    assert hands.operator.hands == ()


def test_undo_goes_back_wish_by_wish_and_one_ride_of_a_fader_is_one_wish(hands):
    for step in range(20):
        hands.obey(Command("grand_master", 1.0 - step / 40), step * 0.05)
    hands.obey(Command("blackout", 1.0), 5.0)
    hands.obey(Command("undo", 1.0), 6.0)
    assert (hands.operator.blackout, hands.operator.grand_master) == (False, pytest.approx(0.525))
    hands.obey(Command("undo", 1.0), 7.0)
    assert hands.operator == Operator()
    hands.obey(Command("undo", 1.0), 8.0)
    assert hands.operator == Operator()


def test_undo_does_not_let_go_of_what_is_held(hands):
    hands.obey(Command("grand_master", 0.5), 0.0)
    hands.obey(Command("blinder", 1.0), 0.1)
    hands.obey(Command("undo", 1.0), 0.2)
    assert (hands.operator.blinder, hands.operator.grand_master) == (True, 1.0)


@pytest.mark.parametrize("bpm", [70, 120, 186])
def test_taps_make_a_tempo(hands, bpm):
    for beat in range(5):
        hands.obey(Command("tap", 1.0), 3.0 + beat * 60 / bpm)
    assert hands.operator.beat_s == pytest.approx(60 / bpm)
    assert hands.operator.beat_t_s == pytest.approx(3.0 + 4 * 60 / bpm)


def test_marks_are_kept_with_their_time(hands):
    for number in range(60):
        hands.obey(Command("mark", 1.0, f"song {number}"), float(number))
    assert len(hands.marks) == 50
    assert hands.marks[-1] == (59.0, "song 59")


@given(st.lists(anything, max_size=30))
def test_whatever_is_wished_the_operator_stays_one(commands):
    hands = OperatorState()
    for number, command in enumerate(commands):
        hands.obey(command, number * 0.3)
        hands.expire(number * 0.3)
        one = hands.operator
        numbers = [
            one.grand_master,
            one.haze,
            *(getattr(one.steering, n) for n in ("intensity", "energy", "pace", "spread")),
        ]
        assert all(0.0 <= number <= 1.0 for number in numbers)
        assert all(0 <= hue < 180 for hue in (*one.steering.hues, *one.steering.forbidden))
        assert all(math.isfinite(hand.hue_deg) and hand.intensity <= 1.0 for hand in one.hands)
        assert operator_from(json.loads(json.dumps(plain_operator(one)))) == one


def test_a_spare_stands_as_its_leader_but_for_what_is_held():
    leader, spare = OperatorState(), OperatorState()
    for command in (
        Command("blackout", 1.0), Command("hues", 1.0, "", (3.0,)), Command("hand", 1.0, "wash", (0.5, 100.0)),
        Command("scene", 1.0, "Chorus", (0.5, 1.0, 0.0, 0.0, 0.5, 0.5)), Command("blinder", 1.0),
    ):  # fmt: skip
        leader.obey(command, 0.0)
    for command in replicate(leader.operator, spare.operator):
        spare.obey(command, 0.1)
    assert spare.operator == lasting(leader.operator)
    assert spare.operator.scene == Scene("Chorus", (0.5, 1.0, 0.0, 0.0, 0.5, 0.5))
    assert replicate(leader.operator, spare.operator) == ()


@pytest.mark.parametrize("plain", [None, 3, {}, {"grand_master": 1.0}, [1]])
def test_nonsense_is_no_operator(plain):
    assert operator_from(plain) is None
