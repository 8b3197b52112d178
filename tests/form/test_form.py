"""Sections of a band that is heard clearly: where they begin, when that is known, and which come again."""

import numpy as np
import pytest
from playing_band import BEAT_S, METRE, Part, played

from controller.listening.form.boundary import boundary
from controller.listening.form.form import FormWatch
from controller.messages import Operator

BAR_S = BEAT_S * METRE
VERSE, CHORUS, BRIDGE = Part(1, 0.4), Part(2, 0.8, 4, True), Part(3, 0.3, 1)
SONG = ((VERSE, 8), (CHORUS, 8), (VERSE, 8), (CHORUS, 8), (BRIDGE, 8), (CHORUS, 8))
LABELS = ["A", "B", "A", "B", "C", "B"]


@pytest.fixture
def watch():
    return FormWatch(boundary)


def follow(watch, parts, rng, start_s=0.0):
    """The parts played; what is expected after the last of them does not come."""
    for now_s, found in played(parts, rng, start_s):
        watch.hear(found, now_s)
    return [one for one in watch.sections if one.start_s < now_s - 2.5]


def test_parts_that_come_again_are_known_again(watch, rng):
    sections = follow(watch, SONG, rng)
    assert [one.label for one in sections] == LABELS
    assert [one.again for one in sections] == [False, False, True, True, False, True]


def test_sections_begin_on_their_one_and_are_known_in_time(watch, rng):
    sections = follow(watch, SONG, rng)
    starts = np.array([one.start_s for one in sections])
    assert starts == pytest.approx(np.arange(6) * 8 * BAR_S, abs=0.05)
    late = [one.known_s - one.start_s for one in sections[1:]]
    assert max(late) <= BAR_S + 0.2
    assert min(late) < 0.0  # eight bars, again and again: some are seen coming


def test_one_part_all_night_is_one_section_or_repeats_its_label(watch, rng):
    sections = follow(watch, ((VERSE, 64),), rng)
    assert [one.label for one in sections] == ["A"]


def test_every_section_begins_a_phrase_that_is_told_with_where_the_song_is(watch, rng):
    told = set()
    for now_s, found in played(SONG, rng):
        watch.hear(found, now_s)
        told.add(watch.now.phrase_s)
    for one in watch.sections[:6]:
        assert min(abs(phrase_s - one.start_s) for phrase_s in told) < 0.05


def test_the_biggest_part_has_the_highest_rank(watch, rng):
    ranks, biggest = {}, {}
    for now_s, found in played(SONG, rng):
        watch.hear(found, now_s)
        if watch.now.bars >= 2:
            ranks[watch.now.section.label], biggest[watch.now.section.label] = watch.now.rank, watch.now.biggest
    assert ranks["B"] > max(ranks["A"], ranks["C"])
    assert (biggest["A"], biggest["B"], biggest["C"]) == (False, True, False)


def test_after_talk_it_is_another_song(watch, rng):
    follow(watch, SONG[:2], rng)
    song = watch.now.song
    sections = follow(watch, SONG[:2], rng, start_s=200.0)
    assert watch.now.song == song + 1
    assert [one.label for one in sections] == ["A", "B"]


def test_a_person_knows_better(watch, rng):
    blocks = list(played(((VERSE, 20),), rng))
    for now_s, found in blocks[:250]:
        watch.hear(found, now_s)
    watch.obey(Operator(part="new_part", part_t_s=25.0))
    watch.hear(*blocks[250][::-1])
    assert watch.sections[-1].label not in {one.label for one in watch.sections[:-1]}
    for now_s, found in blocks[251:280]:
        watch.hear(found, now_s)
    watch.obey(Operator(part="same_part", part_t_s=28.0))
    watch.hear(*blocks[280][::-1])
    assert watch.sections[-1].label == "A"


def test_the_chorus_that_a_person_names_is_the_biggest(watch, rng):
    follow(watch, SONG[:1], rng)
    watch.obey(Operator(part="chorus", part_t_s=1.0))
    follow(watch, ((VERSE, 1),), rng, start_s=16.0)
    assert watch.now.biggest
    assert watch.now.rank == 1.0


def test_a_night_without_an_end_stays_small(watch, rng, monkeypatch):
    monkeypatch.setattr("controller.listening.form.form.MOST_BEATS", 100)
    follow(watch, SONG, rng)
    assert sum(len(one.sounds) for one in watch.memory.passages) <= 100


def test_a_song_that_is_played_again_is_known_again(watch, rng):
    other = ((Part(7, 0.6), 8), (Part(8, 0.9, 4), 8), (Part(7, 0.6), 8))
    follow(watch, SONG, rng)
    first = watch.now.song
    follow(watch, other, rng, start_s=200.0)
    assert watch.now.song != first
    sections = follow(watch, SONG, rng, start_s=400.0)
    assert watch.now.song == first
    assert [one.label for one in sections] == LABELS


def test_a_song_that_begins_otherwise_is_another(watch, rng):
    follow(watch, SONG, rng)
    first = watch.now.song
    follow(watch, ((BRIDGE, 8), (Part(9, 0.7), 8), (BRIDGE, 8)), rng, start_s=200.0)
    assert watch.now.song != first
