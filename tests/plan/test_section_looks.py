"""Looks of a rehearsed song: put where they belong, kept beside what is rolled, and hung again in the evening."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from controller.clock import MonotonicClock
from controller.config import with_overrides
from controller.listening.decider import Decider
from controller.listening.form.director import Band, Director
from controller.listening.form.form import SongNow
from controller.listening.plan.fingerprint import SIZE
from controller.listening.plan.leading import ANNOUNCED_S, Planned, PlannedShow
from controller.listening.plan.plan import Notes, Plan, read_plan, write_plan
from controller.listening.plan.section_look import SectionLook, by_hop, looks_of, merged
from controller.listening.time.tempo import Tempo
from controller.looks.gels import GELS
from controller.looks.pack import read_pack
from controller.messages import Cue, LightToken, OutsideClock, SongWish, Steering

HOPS = 600
RED, BLUE = (0.0, 1.0), (240.0, 1.0)


def look(t_s, name="hold", palette=(RED,), **more):
    return SectionLook(t_s=t_s, look=name, palette=palette, **more)


def cue(start_s, name="hold", label="A", section_s=None, **more):
    return Cue(name, start_s, label, start_s if section_s is None else section_s, palette=(0.0, 1.0), **more)


def plan(looks):
    light = np.zeros((HOPS, 2), np.int64)
    fingerprints = np.random.default_rng(1).normal(size=(HOPS, SIZE)).astype(np.float32)
    return Plan(Notes(title="song", looks=looks), light, fingerprints)


def test_a_look_that_was_known_late_is_put_back_on_the_one_of_its_section():
    cues = [None] * 10 + [cue(1.0)] * 100 + [cue(12.0, label="B", section_s=11.2)] * 100
    assert [(one.t_s, one.label) for one in looks_of(cues)] == [(1.0, "A"), (11.2, "B")]


def test_a_look_that_was_soon_taken_back_does_not_come_but_a_short_break_does():
    wrong = cue(12.0, label="B", name="big")
    back = cue(13.5, section_s=1.0)
    cues = [cue(1.0)] * 120 + [wrong] * 15 + [back] * 100
    assert [one.label for one in looks_of(cues)] == ["A", "A"]
    cues = [cue(1.0)] * 120 + [replace(wrong, part="break")] * 15 + [back] * 100
    assert [one.label for one in looks_of(cues)] == ["A", "B", "A"]


def test_the_level_of_a_look_is_the_mean_of_what_was_said():
    cues = [cue(0.0, level=0.2)] * 50 + [cue(0.0, level=0.6)] * 50
    assert looks_of(cues)[0].level == pytest.approx(0.4)


def test_a_part_that_is_rolled_leaves_the_looks_beside_it():
    kept, new = [look(0.0), look(20.0, "big")], [look(0.0, "wash", (BLUE,)), look(9.5, "rush")]
    taken = np.zeros(HOPS, bool)
    taken[50:150] = True
    taken[100:110] = False  # pinned
    told = merged(by_hop(kept, HOPS), by_hop(new, HOPS), taken)
    assert [(one.t_s, one.look) for one in told] == [
        (0.0, "hold"), (5.0, "wash"), (9.5, "rush"), (10.0, "hold"), (11.0, "rush"), (15.0, "hold"), (20.0, "big"),
    ]  # fmt: skip
    assert merged(by_hop(kept, HOPS), by_hop(new, HOPS), np.zeros(HOPS, bool)) == tuple(kept)


@pytest.mark.parametrize(
    "wrong",
    [{"palette": ()}, {"palette": (RED,) * 4}, {"palette": ((360.0, 1.0),)}, {"spend": "fire"}, {"t_s": -1.0},
     {"look": ""}, {"part": "coda"}, {"level": 1.2}],
)  # fmt: skip
def test_what_is_no_look_is_refused(wrong):
    with pytest.raises(ValidationError):
        SectionLook(**{"t_s": 1.0, "look": "hold", "palette": (RED,)} | wrong)


def test_a_plan_keeps_its_looks_in_order_and_one_without_is_written_as_before(tmp_path):
    write_plan(plan((look(20.0, "big"), look(3.0))), tmp_path / "a.plan")
    assert [one.t_s for one in read_plan(tmp_path / "a.plan").notes.looks] == [3.0, 20.0]
    write_plan(plan(()), tmp_path / "b.plan")
    with np.load(tmp_path / "b.plan") as arrays:
        assert b"looks" not in arrays["notes"].tobytes()


def followed(show, places_s, began_s=100.0):
    """What a plan says while somebody else's clock goes through these places."""
    said = []
    for number, place_s in enumerate(places_s):
        t_s = began_s + 0.1 * number
        said.append((t_s, show.word(np.zeros(9_600, np.float32), t_s, OutsideClock("MTC", place_s, t_s))))
    return said


def test_in_the_evening_a_look_is_announced_and_comes_on_its_moment():
    said = followed(PlannedShow([plan((look(12.0), look(13.0, "big")))]), np.arange(11.0, 14.0, 0.1))
    at_first = next(number for number, (_, one) in enumerate(said) if one.look is not None)
    assert said[at_first][1].t_s == pytest.approx(12.0 - ANNOUNCED_S, abs=0.06)
    first = {one.look_s for _, one in said if one.look is not None and one.look.look == "hold"}
    big = {one.look_s for _, one in said if one.look is not None and one.look.look == "big"}
    assert list(first) == [pytest.approx(101.0, abs=0.06)]
    assert list(big) == [pytest.approx(102.0, abs=0.06)]


def test_a_look_hangs_once_though_the_band_is_heard_elsewhere_and_its_pace_drifts(monkeypatch):
    """By ear the band is in the first look, by a clock that drifts in the second: one look, since one moment."""
    show = PlannedShow([plan((look(5.0), look(20.0, "big")))])
    monkeypatch.setattr(show, "step", lambda _samples: show._at_hop(0, 100, 1.0, fresh=False))
    said = followed(show, np.arange(25.0, 35.0, 0.107))
    assert {(one.look.look, one.look_s) for _, one in said} == {("big", said[0][1].look_s)}


def test_a_band_that_jumps_gets_the_look_of_where_it_is():
    show = PlannedShow([plan((look(5.0), look(30.0, "big")))])
    said = followed(show, [*np.arange(10.0, 11.0, 0.1), *np.arange(35.0, 36.0, 0.1), *np.arange(10.0, 11.0, 0.1)])
    assert [one.look.look for _, one in said] == ["hold"] * 10 + ["big"] * 10 + ["hold"] * 10
    assert said[25][1].look_s != said[5][1].look_s, "it hangs anew"


def test_a_cue_of_the_plan_has_the_band_s_beat_and_none_of_what_is_forbidden():
    director = Director(read_pack("rock"))
    told = look(5.0, palette=(RED, BLUE), spend="blinder", part="verse").cue(9.0, Tempo(0.5, 8.0, 2, 4), 0.3)
    assert (told.start_s, told.beat_s, told.number, told.build) == (9.0, 0.5, 2, 0.3)
    assert director.permitted(told) == told
    director.bind(SongWish(number=0, blinder=False, forbidden=RED), Steering())
    bound = director.permitted(told)
    assert bound.spend == ""
    assert bound.palette[2:] == BLUE
    assert 25.0 <= bound.palette[0] <= 335.0
    director.bind(SongWish(number=0, blinder=False), Steering())
    assert director.permitted(told).palette == told.palette


def test_a_strobe_is_not_spent_where_it_is_forbidden_and_blinders_are_not():
    director = Director(read_pack("rock"))
    director.bind(SongWish(number=0, strobe=False), Steering())
    assert director.permitted(look(5.0, spend="strobe").cue(5.0, Tempo())).spend == ""
    assert director.permitted(look(5.0, spend="blinder").cue(5.0, Tempo())).spend == "blinder"


def test_the_decider_says_the_look_of_the_plan(config):
    decider = Decider(with_overrides(config, plan=""), MonotonicClock(), patient=True)
    decider.band = Band(SongNow(), Tempo(0.4, 2.0, 1, 4), "band", drummed=True, build=0.0, level=0.5)
    token = LightToken(3.0, 30, 10, 200, 1.0, 1.0)
    decider.planned = Planned(10, 200, "song", 20.0, 1.0, look=look(19.0, GELS[0].name), look_s=2.0)
    assert decider.directed(token).cue == look(19.0, GELS[0].name).cue(2.0, decider.band.tempo)
    decider.planned = replace(decider.planned, look=None)
    assert decider.directed(token).cue is None, "a plan of before there were looks has its own light"
