"""Looks by the form of the song: kept for a part, given back bigger, spent seldom, wished by people."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from controller.colour import apart_deg
from controller.listening.form.director import SPEND_GAP_S, Band, Director
from controller.listening.form.form import SongNow, SongSection
from controller.listening.time.tempo import Tempo
from controller.looks.pack import read_pack

BAR_S = 2.0


@pytest.fixture
def director():
    return Director(read_pack("rock"))


def anything(gel):
    return 0.1 + gel.saturation / 1e3


def band(section, rank=0.5, *, song=1, bars=0, **more):
    now = {
        "kind": "band",
        "drummed": True,
        "build": 0.0,
        "level": 0.5,
        **{k: v for k, v in more.items() if k in Band.__slots__},
    }
    form = {"line_s": section.start_s, **{k: v for k, v in more.items() if k in SongNow.__slots__}}
    return Band(SongNow(song, section, rank, bars=bars, **form), Tempo(0.5, 0.0, 1), **now)


def lines(now_s, bar_s=BAR_S):
    """Bars and the line: that which comes is known shortly before it, until then the last one stands there."""
    bars = int((now_s + 0.4) / bar_s)
    return {"bars": bars, "line_s": bars * bar_s}


def section(label, start_s, known_s=None, *, again=False, opens=0.9):
    return SongSection(start_s, start_s if known_s is None else known_s, label, 0.9, again, "hit", opens)


def test_a_part_gets_its_look_back_and_bigger(director):
    first = director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    other = director.step(band(section("B", 30.0), 0.9, biggest=True), 30.1, anything)
    again = director.step(band(section("A", 60.0, again=True), 0.4), 60.1, anything)
    assert (again.look, again.palette) == (first.look, first.palette)
    assert (again.times, first.times) == (2, 1)
    assert again.level > first.level
    assert other.palette != first.palette


def test_a_part_that_hangs_in_other_colours_keeps_them_when_it_returns(director):
    director.step(band(section("A", 0.0)), 0.1, anything)
    director.recall("A", [(240.0, 1.0), (210.0, 0.9)])
    director.recall("Z", [(120.0, 1.0)])  # nobody knows it: nothing happens
    director.step(band(section("B", 20.0)), 20.1, anything)
    again = director.step(band(section("A", 40.0, again=True)), 40.1, anything)
    assert again.palette == (240.0, 1.0, 210.0, 0.9)
    assert director.step(band(section("Z", 60.0)), 60.1, anything).palette[0] != 120.0


def test_parts_of_a_song_are_far_apart_in_colour(director):
    hues = []
    for number, label in enumerate("ABCD"):
        cue = director.step(band(section(label, 30.0 * number), 0.3 + 0.15 * number), 30.0 * number, anything)
        hues.append(cue.palette[0])
    apart = [apart_deg(one, other) for at, one in enumerate(hues) for other in hues[:at]]
    assert min(apart) >= 22.0  # one main hue is 20 degrees wide at most


def test_a_song_has_a_family_of_colours_and_its_chorus_stands_out(director):
    rank, cues = iter((0.3, 0.4, 0.95, 0.35)), []
    for number, label in enumerate("ABCD"):
        size = next(rank)
        now = band(section(label, 30.0 * number), size, biggest=size > 0.9, risen=0.5, parts=number + 1, share=0.3)
        cues.append(director.step(now, 30.0 * number, anything))
    home, *others = [cue.palette[0] for cue in cues]
    assert cues[2].part == "chorus"
    assert apart_deg(home, others[1]) >= 100.0
    assert max(apart_deg(home, others[0]), apart_deg(home, others[2])) <= 75.0


def test_a_look_that_is_expected_comes_on_the_one(director):
    director.step(band(section("A", 0.0)), 0.1, anything)
    cue = director.step(band(section("B", 16.0, known_s=15.7)), 15.8, anything)
    assert cue.start_s == 16.0
    late = director.step(band(section("C", 32.0, known_s=34.0)), 34.1, anything)
    assert late.start_s == pytest.approx(34.5)  # the next beat


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_form_takes_back_a_look_hangs(seed):
    """Sections that begin, are taken back, are renamed and come again, in every order."""
    rng, director = np.random.default_rng(seed), Director(read_pack("rock"))
    sections = [section("A", 0.0)]
    for hop in range(3_000):
        now_s, known = 0.1 * hop, [one.label for one in sections]
        what = rng.choice(["goes on", "begins", "is taken back", "is another"], p=[0.9, 0.04, 0.03, 0.03])
        again = bool(rng.random() < 0.5)
        label = str(rng.choice(known)) if again else f"new at {now_s:.1f}"
        if what == "begins" and now_s > sections[-1].start_s + 1.0:
            sections.append(section(label, now_s, again=again, opens=float(rng.random())))
        elif what == "is taken back" and len(sections) > 1:
            sections.pop()
        elif what == "is another":
            sections[-1] = replace(sections[-1], label=label, again=again)
        heard = {"biggest": bool(rng.random() < 0.3), "build": float(rng.random()), "share": float(rng.random())}
        now = band(sections[-1], float(rng.random()), **lines(now_s), drummed=bool(rng.random() < 0.9), **heard)
        cue = director.step(now, now_s, anything)
        assert cue is not None
        assert cue.palette


@pytest.mark.parametrize(("voice", "part"), [(True, "solo"), (False, "intro")])
def test_who_sings_alone_before_the_band_comes_in_is_seen(director, voice, part):
    alone = band(section("A", 0.0), 0.3, kind="solo", drummed=False, voice=voice)
    assert director.step(alone, 0.1, anything).part == part


def test_an_intro_is_over_when_the_drums_have_been_in_for_two_bars(director):
    here, parts = section("A", 0.0), []
    for hop in range(140):
        now_s = 0.1 * hop
        now = band(here, 0.4, **lines(now_s), drummed=now_s > 5.0)
        parts.append(director.step(now, now_s, anything).part)
    assert parts[:50] == ["intro"] * 50
    assert parts[-1] == "verse"


def test_a_new_song_forgets_the_looks_of_the_last(director):
    before = director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    favourite = next(gel for gel in read_pack("rock").gels if apart_deg(gel.hue_deg, before.palette[0]) > 90.0)
    cue = director.step(band(section("A", 200.0), 0.4, song=2), 200.0, lambda gel: 1.0 if gel == favourite else 0.1)
    assert cue.palette[0] == favourite.hue_deg
    assert cue.times == 1


def test_what_people_forbid_is_not_chosen_and_not_given_back(director):
    before = director.step(band(section("A", 0.0)), 0.1, anything)

    def without(gel):
        return 0.0 if apart_deg(gel.hue_deg, before.palette[0]) < 30.0 else 0.1

    director.step(band(section("B", 30.0)), 30.0, without)
    again = director.step(band(section("A", 60.0, again=True)), 60.0, without)
    assert apart_deg(again.palette[0], before.palette[0]) >= 30.0


def test_a_blinder_is_spent_on_a_lift_and_not_again_for_a_while(director):
    spent = []
    for at in range(12):
        label, lifts = ("B", True) if at % 2 else ("A", False)
        start_s = 10.0 * at
        rank, risen = (0.95, 0.5) if lifts else (0.4, -0.5)
        now = band(section(label, start_s, again=at > 1), rank, biggest=lifts, risen=risen, parts=3, share=0.4)
        cue = director.step(now, start_s, anything)
        if cue.spend:
            assert label == "B"
            spent.append(start_s)
    assert 2 <= len(spent) <= 1 + 120.0 / SPEND_GAP_S
    assert min(later - earlier for earlier, later in pairwise(spent)) >= SPEND_GAP_S


@pytest.mark.parametrize(("at_s", "spent"), [(29.8, "blinder"), (30.2, "blinder"), (32.4, "")])
def test_a_blinder_is_for_the_beginning_of_its_part_and_not_for_a_bar_later(director, at_s, spent):
    director.step(band(section("A", 0.0), 0.3), 0.1, anything)
    lift = band(section("B", 30.0), 0.95, biggest=True, risen=0.6, parts=3, share=0.3)
    assert director.step(lift, at_s, anything).spend == spent


def test_nothing_is_spent_while_nobody_drums_or_at_the_beginning(director):
    director.step(band(section("A", 0.0), 0.2, kind="solo", drummed=False), 0.1, anything)
    cue = director.step(band(section("B", 8.0), 1.0, biggest=True, risen=0.8), 8.0, anything)
    assert cue.spend == ""


def test_a_long_part_is_varied_but_keeps_its_colour(director):
    here = section("A", 0.0)
    cues = [director.step(band(here, 0.5, **lines(0.1 * hop)), 0.1 * hop, anything) for hop in range(600)]
    looks = [cue.look for cue in cues]
    changes = sum(one != other for one, other in pairwise(looks))
    assert 2 <= changes <= 5
    assert len({cue.palette for cue in cues}) == 1


def played(director, here, seconds, **more):
    """The cues of a part that goes on for so long, in bars of two seconds."""
    return [
        director.step(
            band(
                here,
                more.get("rank", 0.5),
                **lines(0.1 * hop),
                **{k: v for k, v in more.items() if k != "rank"},
            ),
            0.1 * hop,
            anything,
        )
        for hop in range(int(seconds * 10))
    ]


def test_a_part_that_is_most_of_the_song_and_the_biggest_opens_every_other_time(director):
    rock = read_pack("rock")
    cues = played(director, section("A", 0.0), 80.0, rank=0.9, biggest=True, parts=3, share=0.8)
    parts = [rock.looks[one.look].parts[0] for one in cues]
    assert {*parts} == {"verse", "chorus"}
    assert 2 <= sum(one != other for one, other in pairwise(parts)) <= 6
    assert {one.part for one in cues} == {"verse"}
    assert not any(one.spend for one in cues)
    assert len({one.palette[:2] for one in cues[:600]}) == 1


def test_a_chorus_that_does_not_end_is_a_verse_after_its_share_of_the_song(director):
    director.step(band(section("A", 0.0), 0.3), 0.1, anything)
    here, chorus_s = section("B", 10.0, again=True), 0
    for hop in range(100, 1_600):
        now = band(here, 0.9, bars=(hop - 100) // 20, biggest=True, parts=3, share=0.4)
        cue = director.step(replace(now, song=replace(now.song, line_s=0.1 * hop + 0.2)), 0.1 * hop, anything)
        chorus_s += 0.1 * (cue.part == "chorus")
    assert cue.part == "verse"
    assert 15.0 < chorus_s < 0.55 * 150.0


def test_a_build_that_leads_nowhere_is_a_verse_from_then_on(director):
    cues = played(director, section("A", 0.0), 40.0, build=0.8)
    parts = [one.part for one in cues]
    assert parts[:100] == ["build"] * 100  # eight bars and more of it are heard of
    assert parts[-150:] == ["verse"] * 150
    assert sum(one != other for one, other in pairwise(parts)) == 1


def test_a_part_that_goes_on_changes_on_a_one_and_never_in_between(director):
    bar_s = 1.5  # thirteen seconds of it end in the middle of a bar
    here = section("A", 0.0)
    cues = [director.step(band(here, **lines(0.1 * hop, bar_s)), 0.1 * hop, anything) for hop in range(900)]
    found = {one.start_s for one in cues}
    assert len(found) >= 5
    assert all(one / bar_s == pytest.approx(round(one / bar_s)) for one in found)


def test_a_new_phrase_of_the_same_part_is_when_it_is_varied(director):
    def look_after(phrase_s):
        director = Director(read_pack("rock"))
        first = director.step(band(section("A", 0.0)), 0.1, anything)
        for number in range(1, 5):
            now = band(section("A", 0.0), bars=number, phrase_s=phrase_s)
            cue = director.step(replace(now, song=replace(now.song, line_s=2.0 * number)), 2.0 * number - 0.2, anything)
        return cue.look != first.look, cue.start_s

    assert look_after(8.0) == (True, 8.0)
    assert look_after(6.0)[0] is False  # too soon
    assert look_after(0.0)[0] is False


def test_without_drums_after_drums_it_is_a_break(director):
    rock = read_pack("rock")
    director.step(band(section("A", 0.0)), 0.1, anything)
    cue = director.step(band(section("B", 30.0), 0.3, drummed=False), 30.0, anything)
    assert "break" in rock.looks[cue.look].parts


def test_a_label_that_is_corrected_brings_that_parts_own_look(director):
    first = director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    wrong = section("C", 30.0)
    director.step(band(wrong, 0.4), 30.0, anything)
    cue = director.step(band(replace(wrong, label="A", again=True), 0.4, bars=1), 32.0, anything)
    assert (cue.look, cue.palette, cue.times) == (first.look, first.palette, 2)


def test_the_beat_goes_with_every_cue(director):
    cue = director.step(band(section("A", 0.0)), 0.1, anything)
    assert (cue.beat_s, cue.beat_t_s, cue.number, cue.metre) == (0.5, 0.0, 1, 4)


def test_the_look_stays_until_a_new_part_is_sure(director):
    first = director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    perhaps = section("B", 30.0, opens=0.25)
    cue = director.step(band(perhaps, 0.4), 29.8, anything)
    assert (cue.look, cue.start_s, cue.label, cue.palette) == (first.look, first.start_s, "A", first.palette)
    sure = director.step(band(perhaps, 0.4, bars=1, line_s=32.0), 31.8, anything)
    assert sure.label == "B"
    assert sure.palette != first.palette


def test_a_new_part_that_is_not_sure_is_not_believed_after_a_bar_that_is_over_at_once(director):
    director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    perhaps = section("B", 30.0, opens=0.25)
    labels = []
    for bars, line_s in ((0, 30.0), (1, 31.2), (2, 32.4)):  # bars of a fast song
        now = band(perhaps, 0.4, bars=bars)
        cue = director.step(replace(now, song=replace(now.song, line_s=line_s)), line_s - 0.2, anything)
        labels.append(cue.label)
    assert labels == ["A", "A", "B"]


def test_what_was_no_new_part_does_not_put_off_the_next_variation(director):
    def step(here, bars):
        now = band(here, 0.4, bars=bars)
        return director.step(replace(now, song=replace(now.song, line_s=2.0 * bars)), 2.0 * bars - 0.2, anything)

    here, perhaps = section("A", 0.0), section("B", 12.0, opens=0.25)
    first = director.step(band(here, 0.4), 0.1, anything)
    cues = [step(here, bars) for bars in range(1, 6)]
    now = band(perhaps, 0.4)
    cues += [director.step(now, 11.8, anything)]
    cues += [step(here, bars) for bars in range(7, 9)]
    assert {one.look for one in cues[:-1]} == {first.look}
    assert (cues[-1].start_s, cues[-1].look != first.look) == (16.0, True)


def test_a_part_that_was_none_leaves_no_trace(director):
    first = director.step(band(section("A", 0.0), 0.4), 0.1, anything)
    director.step(band(section("B", 30.0), 0.4), 30.0, anything)
    back = director.step(band(section("A", 0.0), 0.4, bars=1), 32.0, anything)
    assert (back.label, back.palette, back.times) == ("A", first.palette, 1)
