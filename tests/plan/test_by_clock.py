"""A plan that follows somebody else's clock: to the tenth, over jumps, on by itself when the clock is gone."""

import numpy as np
import pytest

from controller.bus.news import PlanPlace
from controller.listening.plan.fingerprint import SIZE
from controller.listening.plan.leading import CLOCK_GONE_S, LEAD_HOPS, PlannedShow
from controller.listening.plan.plan import Notes, Plan, TimedCue
from controller.messages import NO_CLOCK, Command, OutsideClock
from controller.people.operator import OperatorState, operator_from, plain_operator
from controller.watching.snapshot import place_words

HOPS = 600


def plan(title, cues=()):
    """A plan whose value counts its hops."""
    hops = np.arange(HOPS)
    light = np.stack([np.full(HOPS, len(title)), hops % 256], axis=1)
    fingerprints = np.random.default_rng(len(title)).normal(size=(HOPS, SIZE)).astype(np.float32)
    return Plan(Notes(title=title, cues=tuple(cues)), light, fingerprints)


def stands(place_s, t_s=100.0, by="MTC"):
    return OutsideClock(by, place_s, t_s)


def test_each_hour_is_a_song_and_hour_nought_the_only_one():
    two = PlannedShow([plan("a"), plan("bb")])
    assert two.by_clock(stands(3610.0), 100.0).title == "a"
    assert two.by_clock(stands(7210.0), 100.0).title == "bb"
    assert two.by_clock(stands(10810.0), 100.0) is None
    assert two.by_clock(stands(10.0), 100.0) is None
    assert PlannedShow([plan("a")]).by_clock(stands(10.0), 100.0).title == "a"
    assert two.by_clock(NO_CLOCK, 100.0) is None


def test_the_place_is_the_clocks_and_runs_on_between_two_words():
    show = PlannedShow([plan("a")])
    for t_s in np.arange(100.0, 101.4, 0.1):
        said = show.by_clock(stands(10.0), float(t_s))
        assert said.t_s == pytest.approx(10.0 + t_s - 100.0, abs=0.051)
        assert said.value == round(said.t_s * 10) - 1 + LEAD_HOPS
        assert not said.lost
    gone = show.by_clock(stands(10.0), 100.0 + CLOCK_GONE_S + 5.0)
    assert gone.lost
    assert gone.t_s == pytest.approx(10.0 + CLOCK_GONE_S + 5.0, abs=0.051)


def test_at_the_end_of_the_plan_the_model_plays_on():
    show = PlannedShow([plan("a")])
    assert show.by_clock(stands(HOPS / 10 - 0.5), 100.0) is not None
    assert show.by_clock(stands(HOPS / 10 + 0.5), 100.0) is None


def test_cues_come_once_on_their_time_and_not_when_a_clock_jumps_over_them():
    cue = TimedCue(t_s=12.0, name="blackout")
    show, met = PlannedShow([plan("a", [cue])]), []
    for t_s in np.arange(110.0, 114.0, 0.1):
        said = show.by_clock(stands(10.0, 110.0), float(t_s))
        met += [(round(said.t_s, 1), one.name) for one in said.commands]
    assert met == [(11.9, "blackout")]
    fresh = PlannedShow([plan("a", [cue])])
    fresh.by_clock(stands(10.0), 100.0)
    assert fresh.by_clock(stands(30.0, 100.1), 100.1).commands == ()


def test_the_page_says_whose_clock_it_is_and_when_it_is_gone():
    assert place_words(PlanPlace("Escape", 83.0, 1.0, "MTC")) == "Escape 1:23, by MTC"
    assert "MTC is gone" in place_words(PlanPlace("Escape", 83.0, 1.0, "MTC", lost=True))
    assert place_words(PlanPlace("Escape", 83.0, 1.0)) == "Escape 1:23"


def test_a_clock_is_on_its_way_to_those_who_follow_and_no_undo_takes_it_back():
    state = OperatorState()
    state.obey(Command("grand_master", 0.5), 1.0)
    state.obey(Command("clock", 1.0, "MTC", (10.0, 100.0)), 2.0)
    state.obey(Command("undo", 1.0), 3.0)
    assert state.operator.clock == OutsideClock("MTC", 10.0, 100.0)
    assert operator_from(plain_operator(state.operator)) == state.operator
    state.obey(Command("clock", 1.0), 4.0)
    assert state.operator.clock == NO_CLOCK
