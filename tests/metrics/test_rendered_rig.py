"""Rigs of which everything is known, judged: every figure where it has to be, and where it must not be."""

import math

import numpy as np
import pytest
from made_rig import lamps, light_of, made_rig

from controller.metrics import stagecraft
from controller.metrics.correspondence import AgainstMusic, Appearance, MusicFeatures, colour_variation
from controller.metrics.held_looks import held_figures, held_looks
from controller.metrics.retargeting import circular_correlation, retargeting
from controller.metrics.seen_rig import dominant_hue, hue_saturation, seen
from controller.metrics.song_form import (
    alike,
    boundary_figures,
    form_figures,
    main_hues,
    matched,
    recall_figures,
    told_sections,
)
from controller.metrics.stops import Stop, levels_db, stop_figures, stops
from controller.metrics.verdict import Judged, judge, loudness, one_colour
from controller.records.told_form import ToldForm, ToldSection


def constant(seconds=20, hue_deg=200.0, brightness=0.5, saturation=1.0):
    return made_rig(lambda t_s: lamps(np.full(len(t_s), hue_deg), brightness, saturation), seconds)


def test_an_eye_sees_what_was_lit():
    rig = seen(constant())
    np.testing.assert_allclose(rig.brightness[:, :4], 0.5, atol=2e-3)
    np.testing.assert_allclose(rig.hue_deg[:, :4], 200.0, atol=0.5)
    np.testing.assert_allclose(rig.saturation[:, :4], 1.0, atol=1e-3)
    np.testing.assert_allclose(rig.rig_hue_deg, 200.0, atol=0.5)
    assert rig.intensity[0] == pytest.approx(0.4, abs=2e-3)  # four of five lamps at a half
    assert rig.ticks.intensity[0] == pytest.approx(0.4, abs=2e-3)
    assert rig.is_key.tolist() == [True, True, False, False, False]
    assert rig.change.max() == pytest.approx(0.0, abs=1e-6)


def test_hues_of_all_sextants():
    hue_deg = np.arange(0.0, 360.0, 7.0)
    value, found, saturation = hue_saturation(np.sqrt(light_of(hue_deg, 0.8)) * 0 + _encoded(hue_deg, 0.8))
    np.testing.assert_allclose(found, hue_deg, atol=0.05)
    np.testing.assert_allclose(value, 0.8, atol=1e-5)
    np.testing.assert_allclose(saturation, 1.0, atol=1e-5)
    assert hue_saturation(np.zeros((1, 3), np.float32)) == (0.0, 0.0, 0.0)


def _encoded(hue_deg, brightness):
    from controller.colour import encoded_from_hue

    return encoded_from_hue(hue_deg.astype(np.float32)) * np.float32(brightness)


def test_red_and_green_are_not_yellow_and_darkness_keeps_the_hue():
    brightness = np.array([[1.0, 0.8], [0.0, 0.0], [0.1, 0.9]])
    hue_deg = np.array([[0.0, 120.0], [77.0, 77.0], [0.0, 120.0]])
    found = dominant_hue(brightness, hue_deg, np.ones((3, 2)))
    np.testing.assert_allclose(found, [0.0, 0.0, 120.0], atol=1e-6)
    assert dominant_hue(brightness, np.array([[359.0, 3.0]] * 3), np.ones((3, 2)))[0] == pytest.approx(1, abs=1)


def turning(t_s, at_s, hues=(0.0, 200.0), fade_s=0.3):
    """From one hue to the next at each of these times, over a fade."""
    light = lamps(np.full(len(t_s), hues[0]), 0.7)
    for number, moment_s in enumerate(at_s):
        share = np.clip((t_s - moment_s) / fade_s, 0, 1)[:, None, None]
        light = light * (1 - share) + share * lamps(np.full(len(t_s), hues[(number + 1) % 2]), 0.7)
    return light


def test_held_looks_are_found_where_they_begin():
    at_s = [4.0, 9.5, 15.25, 21.0]
    found = held_looks(seen(made_rig(lambda t_s: turning(t_s, at_s), 30)).ticks)
    np.testing.assert_allclose(found, at_s, atol=0.051)


def test_what_comes_on_with_the_song_is_no_change():
    def light(t_s):
        return lamps(np.where(t_s < 10.0, 0.0, 200.0), np.where(t_s < 0.15, 0.0, 0.6))

    np.testing.assert_allclose(held_looks(seen(made_rig(light, 20)).ticks), [10.0], atol=0.051)


def test_a_leap_begins_where_it_is_though_something_stirred_before_it():
    def light(t_s):
        every = lamps(np.full(len(t_s), 0.0), 0.7)
        stirred = lamps(np.full(len(t_s), 10.0), 0.7)
        every[t_s >= 9.6] = stirred[t_s >= 9.6]  # a breath: a sixth of the way
        every[t_s >= 10.0] = lamps(np.full(len(t_s), 60.0), 0.7)[t_s >= 10.0]
        return every

    np.testing.assert_allclose(held_looks(seen(made_rig(light, 20)).ticks), [10.0], atol=0.026)


def test_who_is_lit_is_a_look_and_flashes_pulses_and_blinders_are_none():
    def light(t_s):
        pulse = 0.35 + 0.3 * np.exp(-(t_s % 0.5) / 0.15)  # with every beat
        flash = np.where((t_s % 4.0) < 0.2, 0.6, 0.0)
        every = lamps(np.full(len(t_s), 20.0), np.minimum(pulse + flash, 1.0), blinder=np.where(t_s % 8 > 6, 0.9, 0.0))
        every[t_s >= 12.0, 2:4] = 0.0  # the back goes dark
        return every

    np.testing.assert_allclose(held_looks(seen(made_rig(light, 24)).ticks), [12.0], atol=0.051)


def test_a_colour_that_runs_across_the_stage_is_one_look_and_begins_with_the_first_role():
    def light(t_s):
        every = lamps(np.full(len(t_s), 0.0), 0.7)
        for role, late_s in ((slice(2, 4), 0.0), (slice(0, 2), 0.4)):  # the backs, then the washes
            share = np.clip((t_s - 10.0 - late_s) / 0.35, 0, 1)[:, None, None]
            every[:, role] = every[:, role] * (1 - share) + share * lamps(np.full(len(t_s), 130.0), 0.7)[:, role]
        return every

    np.testing.assert_allclose(held_looks(seen(made_rig(light, 20)).ticks), [10.0], atol=0.051)


def test_a_slow_walk_around_the_wheel_is_no_look():
    rig = made_rig(lambda t_s: lamps((6.0 * t_s) % 360.0, 0.7), 60)
    assert len(held_looks(seen(rig).ticks)) == 0
    assert len(held_looks(seen(constant(0.5)).ticks)) == 0


def test_where_held_looks_fall():
    marks_s = {
        "beats": np.arange(0, 60, 0.5),
        "downbeats": np.arange(0, 60, 2.0),
        "section_starts": np.array([0, 16, 32.0]),
    }
    figures = held_figures(np.array([4.02, 16.1, 33.3, 40.25]), marks_s, 60.0)
    assert figures["held_looks_a_minute"] == pytest.approx(4.0)
    assert figures["held_on_beats"] == 0.25
    assert figures["held_on_downbeats"] == 0.25
    assert figures["held_on_section_starts"] == 0.25
    assert figures["sections_with_new_look"] == 0.5
    assert figures["held_on_beats_by_chance"] == pytest.approx(0.28, abs=0.03)
    assert held_figures(np.zeros(0), marks_s, 60.0)["held_on_beats"] == 0.0


def test_sections_of_one_kind_share_their_hue():
    starts_s, kinds = np.array([0.0, 10, 20, 30]), np.array([0, 1, 0, 1])
    rig = made_rig(lambda t_s: lamps(np.where(t_s % 20 < 10, 0.0, 120.0), 0.6), 40)
    hues = main_hues(seen(rig), starts_s, 40.0)
    np.testing.assert_allclose(hues, [0, 120, 0, 120], atol=5)
    assert form_figures(hues, kinds) == {"form_same": 1.0, "form_different": 0.0}
    late = main_hues(seen(rig).later(100), starts_s, 40.0)
    np.testing.assert_allclose(late, [120, 0, 120, 0], atol=5)
    assert math.isnan(form_figures(hues[:1], kinds[:1])["form_same"])


def test_white_and_dark_are_looks_of_their_own():
    white = main_hues(seen(constant(hue_deg=0.0, saturation=0.1)), np.array([0.0]), 20.0)[0]
    dark = main_hues(seen(constant(brightness=0.0)), np.array([0.0]), 20.0)[0]
    assert alike(white, white)
    assert not alike(white, dark)
    assert not alike(white, 0.0)
    assert alike(355.0, 10.0)
    assert not alike(355.0, 20.0)


def told(*rows):
    return ToldForm([ToldSection(*row) for row in rows])


def test_boundaries_and_when_they_were_known():
    starts_s = np.array([0.5, 20, 40, 60])
    form = told((0, 0.1, "A", 1), (20.2, 18, "B", 1), (42, 44, "A", 1), (50, 52, "C", 1))
    figures = boundary_figures(form, starts_s)
    assert figures["boundaries_f_3_s"] == pytest.approx(2 / 3)
    assert figures["boundaries_f_0.5_s"] == pytest.approx(1 / 3)
    assert figures["boundaries_known_s_after"] == pytest.approx(1.0)  # 2 s before, 4 s after
    assert math.isnan(boundary_figures(ToldForm(), starts_s)["boundaries_f_3_s"])
    assert matched([1, 2, 3], [2.4, 3.4], 0.5) == [(1, 0), (2, 1)]


def test_a_label_that_was_corrected_counts_from_when_the_start_was_known():
    assert told_sections(told((8, 9, "A", 1), (8, 12, "B", 1))) == [(8, 9, "B", 1)]


def test_repeats_are_recalled():
    starts_s, kinds = np.array([0, 10, 20, 30, 40.0]), np.array([0, 1, 0, 1, 2])
    right = told(*((start, start, label, 1) for start, label in zip(starts_s, "ABABC", strict=True)))
    assert recall_figures(right, starts_s, kinds, 50.0) == {"repeats_recalled": 1.0, "wrongly_recalled": 0.0}
    wrong = told(*((start, start, label, 1) for start, label in zip(starts_s, "ABBCA", strict=True)))
    figures = recall_figures(wrong, starts_s, kinds, 50.0)
    assert figures["repeats_recalled"] == 0.0
    assert figures["wrongly_recalled"] == 0.5  # of four: B for a 0, A for a 2
    assert math.isnan(recall_figures(ToldForm(), starts_s, kinds, 50.0)["repeats_recalled"])


def stopping(rng, rest_s=(10.0, 11.5), fade_s=0.0, seconds=20):
    samples = rng.normal(0, 0.2, 48_000 * seconds)
    t_s = np.arange(len(samples)) / 48_000
    gain = np.clip(1.0 - (t_s - rest_s[0]) / max(fade_s, 1e-9), 0.0, 1.0) * (t_s >= rest_s[0])
    return (samples * np.where((t_s >= rest_s[0]) & (t_s < rest_s[1]), gain, 1.0)).astype(np.float32)


def test_dead_stops_of_a_song(rng):
    assert stops(levels_db(stopping(rng))) == [pytest.approx((10.0, 11.5), abs=0.021)]
    assert stops(levels_db(stopping(rng, fade_s=1.4))) == []  # fading is no stop
    assert stops(levels_db(stopping(rng, rest_s=(10.0, 10.2)))) == []  # nor is a short gap
    (end,) = stops(levels_db(stopping(rng, rest_s=(18.0, 20.0))))
    assert end.at_s == pytest.approx(18.0, abs=0.021)
    assert math.isnan(end.entry_s)
    assert stops(levels_db(np.zeros(48_000 * 5, np.float32))) == []


def test_how_soon_the_light_answers():
    rest = [Stop(10.0, 12.0)]

    def light(t_s, late_s):
        return lamps(np.full(len(t_s), 20.0), np.where((t_s >= 10 + late_s) & (t_s < 12 + late_s), 0.0, 0.8))

    for late_s in (0.05, 0.3):
        figures = stop_figures(seen(made_rig(lambda t_s, late_s=late_s: light(t_s, late_s), 20)).ticks, rest)
        assert figures["stop_answered_ms"] == pytest.approx(1e3 * late_s, abs=26)
        assert figures["entry_answered_ms"] == pytest.approx(1e3 * late_s, abs=26)
        assert figures["stop_within_100_ms"] == float(late_s < 0.1)
    deaf = stop_figures(seen(constant()).ticks, rest)
    assert (deaf["stop_answered_ms"], deaf["entry_answered_ms"], deaf["stops"]) == (2000.0, 2000.0, 1.0)
    assert math.isnan(stop_figures(seen(constant()).ticks, [])["stop_answered_ms"])


def test_contrast():
    rig = seen(made_rig(lambda t_s: lamps(np.full(len(t_s), 0.0), np.where(t_s < 5, 0.0, 1.0)), 20))
    figures = stagecraft.contrast(rig)
    assert figures["dim_share"] == pytest.approx(0.25)
    assert figures["washes_lit_share"] == pytest.approx(0.75)
    assert figures["brightness_sd"] == pytest.approx(0.8 * np.sqrt(0.25 * 0.75), abs=1e-3)


@pytest.mark.parametrize(
    ("hues", "count"), [((0, 10, 20, 29), 1), ((0, 120, 0, 120), 2), ((350, 10, 180, 90), 3), ((0, 90, 180, 270), 4)]
)
def test_hues_at_once(hues, count):
    light = light_of(np.array(hues, float), 0.5)
    both = np.concatenate([light, light_of(np.zeros(1), 0.9, 0.0)])  # a white blinder has no hue
    rig = seen(made_rig(lambda t_s: both[None].repeat(len(t_s), axis=0), 2))
    assert set(stagecraft.hues_at_once(rig).tolist()) == {count}


def test_no_hue_in_the_dark():
    assert set(stagecraft.hues_at_once(seen(constant(brightness=0.0))).tolist()) == {0}


def test_mustard_on_faces_and_faces_in_the_dark():
    assert stagecraft.colours(seen(constant(hue_deg=80.0)))["forbidden_on_key_share"] == 1.0
    assert stagecraft.colours(seen(constant(hue_deg=20.0)))["forbidden_on_key_share"] == 0.0
    half = made_rig(lambda t_s: lamps(np.full(len(t_s), 0.0), np.where(t_s < 10, 0.05, 0.5)), 20)
    played = np.ones(200, bool)
    assert stagecraft.key_share(seen(half), played) == pytest.approx(0.5)
    played[:100] = False
    assert stagecraft.key_share(seen(half), played) == 1.0
    assert math.isnan(stagecraft.key_share(seen(half), played & False))


def test_light_of_several_fixtures_adds_up_on_a_face():
    def light(t_s):
        every = lamps(np.full(len(t_s), 0.0), 0.0)
        every[:, 0] = lamps(np.full(len(t_s), 0.0), 0.4)[:, 0]  # one of the two front washes
        return every

    assert stagecraft.key_share(seen(made_rig(light, 20)), np.ones(200, bool)) == 1.0
    dim = made_rig(lambda t_s: light(t_s) * np.float32(0.3), 20)
    assert stagecraft.key_share(seen(dim), np.ones(200, bool)) == 0.0


def test_blinders_where_the_music_asks_for_them():
    def light(t_s):
        on = sum(((t_s >= at_s) & (t_s < at_s + 0.4)).astype(float) for at_s in (10.0, 20.1, 40.0, 50.0, 50.5))
        return lamps(np.full(len(t_s), 0.0), 0.5, blinder=on)

    hits_s = stagecraft.blinder_hits_s(seen(made_rig(light, 60)).ticks)
    np.testing.assert_allclose(hits_s, [10.0, 20.1, 40.0, 50.0], atol=0.03)
    loud = np.full(600, 0.7)
    loud[350:450] = 0.1  # around 40 s it is quiet; at 10 s nothing happens; at 20 s a section; at 50 s nothing
    loud[100:] += 0.25
    figures = stagecraft.blinders(hits_s, np.array([0.0, 20.0]), loud)
    assert figures["blinders_a_minute"] == pytest.approx(4.0)
    assert figures["blinders_asked_for"] == pytest.approx(0.5)  # the lift at 10 s, the section at 20 s
    assert figures["blinders_in_quiet"] == 0.0
    loud[350:450] = 0.1
    assert stagecraft.blinders(hits_s, np.array([0.0, 20.0]), loud)["blinders_in_quiet"] == 1.0
    assert math.isnan(stagecraft.blinders(np.zeros(0), np.zeros(0), loud)["blinders_asked_for"])


def test_two_rigs_that_play_the_same_show(rng):
    level = np.repeat(rng.uniform(0.1, 1.0, 30), 40)
    hue_deg = np.repeat(rng.uniform(0, 360, 15), 80)
    one = seen(made_rig(lambda t_s: lamps(hue_deg, level), 30))
    other = seen(made_rig(lambda t_s: lamps((hue_deg + 3) % 360, 0.7 * level), 30))
    same = retargeting(one, other)
    assert same["mean"] > 0.99
    assert same["peak"] > 0.99
    assert same["hue"] > 0.95
    rolled = retargeting(one, other.later(70))
    assert abs(rolled["mean"]) < 0.6
    assert circular_correlation(np.array([10.0, 350.0, 20.0]), np.array([10.0, 350.0, 20.0])) == pytest.approx(1.0)
    assert circular_correlation(np.array([10.0, 350.0]), np.array([5.0, 5.0])) == 0.0


def song(seconds=120):
    """Four kinds of sound in turns of 15 s, a beat every half second, one louder than the other; a stop at 50 s."""
    frames = 30 * seconds
    kinds = (np.arange(frames) // 450) % 2
    chroma = np.eye(12)[4 * kinds] * 0.9
    rms = np.where(kinds == 1, 0.8, 0.2) * 1.0
    starts = np.arange(0, frames, 450)
    return MusicFeatures(
        chroma, rms.copy(), rms, np.arange(0, frames, 15), np.arange(0, frames, 60), starts, (starts // 450) % 2
    )


def followed(seconds=120):
    """A rig that has the form of `song`: red and low, then blue and high."""

    def light(t_s):
        loud = (t_s // 15) % 2 == 1
        return lamps(np.where(loud, 220.0, 0.0), np.where(loud, 0.9, 0.4))

    return made_rig(light, seconds)


def test_a_light_with_the_form_of_its_song_is_told_from_one_colour_and_from_chance():
    music = song()
    verdict = judge(followed(), music, ToldForm())
    show, dull, shuffled = verdict.show, verdict.one_colour, verdict.shuffled
    assert show["form_same"] == 1.0
    assert show["form_different"] == 0.0
    assert (dull["form_same"], dull["form_different"]) == (1.0, 1.0)
    assert show["structure"] > 0.9
    assert show["structure_lift"] > 0.3
    assert show["colour_structure_lift"] > 0.3
    assert dull["colour_structure"] < 0.5
    assert dull["loudness_brightness"] > 0.95
    assert show["held_on_section_starts"] == 1.0
    assert show["sections_with_new_look"] == 1.0
    assert shuffled["held_on_section_starts"] < 0.5
    assert show["held_looks_a_minute"] == pytest.approx(3.5)
    assert dull["held_looks_a_minute"] <= 0.5
    assert math.isnan(show["boundaries_f_3_s"])
    assert verdict.blinders_s == ()
    assert {"likeness", "brightness_sd", "hues_median", "stops"} <= show.keys()


def test_a_rig_is_judged_as_its_tokens_would_be(rng):
    """One lamp in saturated colour is what a token is."""
    hops = 900
    hue, value = (np.repeat(rng.integers(0, top, hops // 30), 30) for top in (180, 256))
    value = np.maximum(value, 40)  # a dark rig keeps its hue, a token has one
    rig = made_rig(
        lambda t_s: light_of(2.0 * hue.repeat(4), value.repeat(4) / 255.0)[:, None], hops / 10, ("back",), [(0, 0, 3)]
    )
    music = song(90)
    against = AgainstMusic(music, hops, 0.0)
    tokens = against.scores(np.stack([hue, value], axis=1))
    rendered = against.scores(Appearance.of_rig(seen(rig)))
    for name in ("structure", "novelty", "loudness_brightness", "intensity_variation", "colour_structure"):
        assert rendered[name] == pytest.approx(tokens[name], abs=0.03), name
    assert rendered["colour_variation"] == pytest.approx(colour_variation(hue), abs=0.02)


def test_one_colour_is_as_bright_as_the_song_is_loud():
    music, rig = song(30), constant(30)
    dull = one_colour(rig, music)
    judged = Judged(dull)
    assert np.corrcoef(judged.rig.intensity, loudness(music, 300))[0, 1] > 0.99
    assert dull.light[:, 4].max() == 0.0  # blinders stay out of it
    music.rms[:300] = 0.0  # in the dark it has the colour that it had, or will have
    rig = Judged(one_colour(rig, music)).rig
    assert np.ptp(rig.rig_saturation) == pytest.approx(0.0, abs=1e-3)
    assert np.ptp(rig.rig_hue_deg) == pytest.approx(0.0, abs=1e-3)
    assert loudness(music, 300).max() == 1.0
