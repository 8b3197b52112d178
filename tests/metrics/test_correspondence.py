"""Lights made from music, so that the scores are known."""

import numpy as np
import pytest
from counted import calls

from controller.metrics import correspondence
from controller.metrics.correspondence import AgainstMusic, MusicFeatures
from controller.metrics.professionals import (
    IN_LIKENESS,
    PROFESSIONALS,
    PUBLISHED_GENERATOR,
    interval_95,
    likeness,
    medians,
)

SECONDS = 180


def song(rng, seconds=SECONDS):
    """Sections of 6 to 14 s in three kinds, each with its chord and loudness; a beat every half second."""
    kinds = np.concatenate([np.full(int(rng.integers(180, 420)), int(rng.integers(0, 3))) for _ in range(60)])
    kinds = kinds[: seconds * 30]
    chroma = np.eye(12)[4 * kinds] * 0.8 + rng.uniform(0, 0.2, (len(kinds), 12))
    beats = np.arange(0, len(kinds), 15)
    onsets = np.zeros(len(kinds))
    onsets[beats] = rng.uniform(0.2, 1.0, len(beats))
    rms = np.array([0.2, 0.5, 0.9])[kinds]
    return MusicFeatures(chroma, onsets, rms, beats), kinds


def lit(music, kinds, hops=SECONDS * 10):
    """The light that follows: a hue for each kind of section, as bright as it is loud."""
    frame = np.minimum(3 * (np.arange(hops) + 1), len(kinds) - 1)
    return np.stack([np.array([0, 60, 120])[kinds[frame]], np.round(255 * music.rms[frame]).astype(int)], axis=1)


def constant(hops=SECONDS * 10):
    return np.tile([[20, 130]], (hops, 1))


def test_equal_features_have_equal_structure(rng):
    matrix = correspondence.self_similarity(rng.random((2_000, 4)).cumsum(axis=0) % 1.0)
    assert matrix.shape == (200, 200)
    assert np.diag(matrix) == pytest.approx(1.0)
    assert correspondence.structure(matrix, matrix) == pytest.approx(1.0, abs=1e-5)
    assert correspondence.novelty(matrix, matrix) == pytest.approx(1.0, abs=1e-5)


def test_self_similarity_by_hand():
    far = np.concatenate([np.zeros((300, 4)), np.ones((300, 4))])
    matrix = correspondence.self_similarity(far)
    assert matrix[0, 10] == pytest.approx(1.0)
    assert matrix[0, 50] == pytest.approx(0.0, abs=1e-6)


def test_structure_forgives_a_second_and_no_more(rng):
    features = np.repeat(rng.random((40, 4)), 100, axis=0)
    matrix = correspondence.self_similarity(features)
    late = [
        correspondence.structure(matrix, correspondence.self_similarity(np.roll(features, by, 0))) for by in (30, 300)
    ]
    assert late[0] > 0.95
    assert late[1] < 0.5


def test_novelty_is_high_where_sections_meet():
    features = np.concatenate([np.zeros((600, 4)), np.ones((600, 4))])
    curve = correspondence.novelty_curve(correspondence.self_similarity(features))
    assert int(curve.argmax()) + correspondence.KERNEL_HALF == pytest.approx(60, abs=1)
    assert curve[0] == pytest.approx(0.0, abs=1e-6)


def test_light_made_from_its_song_is_found(rng):
    music, kinds = song(rng)
    scores = AgainstMusic(music, SECONDS * 10).scores(lit(music, kinds))
    assert scores["structure"] > 0.8
    assert scores["novelty"] > 0.8
    assert scores["colour_structure"] > 0.9
    assert scores["loudness_brightness"] == pytest.approx(1.0, abs=0.01)


def test_a_constant_light_corresponds_to_nothing(rng):
    music, _ = song(rng)
    scores = AgainstMusic(music, SECONDS * 10).scores(constant())
    assert scores == dict.fromkeys(scores, 0.0)


def test_a_follower_of_onsets(rng):
    music, _ = song(rng)
    strength = np.repeat(rng.uniform(0, 1, SECONDS // 4), 120)
    music.onsets[:] = strength
    flicker = np.stack([np.zeros(1800, int), (100 * strength[::3] * (np.arange(1800) % 2)).astype(int)], axis=1)
    assert AgainstMusic(music, 1800, 0.0).scores(flicker)["onset_change"] > 0.95


def test_lift_is_about_this_song(rng):
    right, wrong, bright = [], [], []
    for _ in range(8):
        music, kinds = song(rng)
        other, other_kinds = song(rng)
        against = AgainstMusic(music, SECONDS * 10)
        right.append(against.lifts(lit(music, kinds)))
        wrong.append(against.lifts(lit(other, other_kinds)))
        bright.append(against.lifts(lit(music, kinds) * [0, 1]))
    for name in ("structure", "novelty", "loudness_brightness", "colour_structure"):
        low, high = interval_95([one[name] for one in right], rng)
        assert 0.3 < low < high
        low, high = interval_95([one[name] for one in wrong], rng)
        assert low < 0.05
        assert high > -0.05
    assert [one["colour_structure"] for one in bright] == [0.0] * 8  # loudness alone earns no colour


def test_lift_needs_room_to_shift(rng):
    music, kinds = song(rng, 30)
    lifts = AgainstMusic(music, 300).lifts(lit(music, kinds, 300))
    assert all(np.isnan(lift) for lift in lifts.values())
    assert len(correspondence.shifts(400, 10.0)) == 0
    far = correspondence.shifts(1_000, 10.0)
    assert len(set(far.tolist())) == 8
    assert far.min() == 200
    assert far.max() == 800


def test_block_correlation_and_its_lift(rng):
    loudness = np.repeat(rng.uniform(0, 1, 60), 80).astype(np.float32)
    assert correspondence.block_correlation(loudness, loudness, 40) == pytest.approx(1.0)
    assert correspondence.block_correlation(loudness, 1 - loudness, 40) == pytest.approx(-1.0)
    assert correspondence.block_correlation(loudness, np.ones_like(loudness), 40) == 0.0
    assert correspondence.block_correlation(loudness[:300], loudness[:300], 40) == 0.0
    assert correspondence.lift(lambda b: correspondence.block_correlation(loudness, b, 40), loudness, 40) > 0.8


def test_peaks_are_where_their_plateaus_start():
    curve = np.zeros(200)
    curve[50:60], curve[62:64], curve[120], curve[150:160] = 1.0, 0.9, 0.1, 0.5
    assert list(correspondence.peak_starts(curve)) == [50, 150]  # 62 is too near, 120 too small
    assert len(correspondence.peak_starts(np.ones(50))) == 0
    assert len(correspondence.peak_starts(np.arange(50.0))) == 0


def test_peaks_are_those_of_scipy(rng):
    signal = pytest.importorskip("scipy.signal")
    for _ in range(50):
        curve = np.repeat(rng.random(200), 3)  # no two alike: which of equals gives way is not defined
        peaks, found = signal.find_peaks(curve, prominence=0.15, distance=16, plateau_size=1)
        np.testing.assert_array_equal(correspondence.peak_starts(curve), found["left_edges"])
        assert len(peaks) > 5


def test_peaks_on_and_off_the_beat():
    beats = np.arange(15, 900, 30)
    curve = np.zeros(900)
    curve[beats] = 1.0
    assert correspondence.on_beats(curve, beats) == pytest.approx(1.0)
    assert correspondence.on_beats(np.roll(curve, 2), beats) == pytest.approx(1.0)
    assert correspondence.on_beats(np.roll(curve, 3), beats) == pytest.approx(np.exp(-2.0))
    assert correspondence.on_beats(np.roll(curve, 15), beats) < 1e-6
    assert correspondence.on_beats(curve, np.zeros(0, np.int64)) == 0.0


def test_colour_variation_goes_round_the_wheel(rng):
    assert correspondence.colour_variation(np.array([179, 1] * 50)) == pytest.approx(1 / 180, rel=1e-6)
    assert correspondence.colour_variation(np.full(50, 77)) == pytest.approx(0.0, abs=1e-9)
    assert correspondence.colour_variation(rng.integers(0, 180, 20_000)) == pytest.approx(0.289, abs=0.005)


def test_the_published_generator_is_as_unlike_people_as_stated():
    assert likeness({name: row.median for name, row in PUBLISHED_GENERATOR.items()})["mean"] == pytest.approx(
        0.95, abs=0.03
    )
    assert likeness({name: row.median for name, row in PROFESSIONALS.items()}) == dict.fromkeys(
        (*IN_LIKENESS, "mean"), 0
    )


def test_likeness_by_hand():
    scores = {name: row.median for name, row in PROFESSIONALS.items()} | {"structure": 0.215 - 2 * 0.218}
    found = likeness(scores)
    assert found["structure"] == pytest.approx(2.0)
    assert found["mean"] == pytest.approx(2.0 / 6)
    assert medians([{"a": 1.0}, {"a": 2.0}, {"a": 9.0}]) == {"a": 2.0}


def test_intervals_are_of_the_mean_over_songs(rng):
    low, high = interval_95(rng.normal(1.0, 0.5, 100), rng)
    assert low < 1.1
    assert high > 0.9
    assert high - low == pytest.approx(2 * 1.96 * 0.05, rel=0.25)
    assert np.isnan(interval_95([1.0], rng)).all()


def test_a_song_of_four_minutes_is_judged_in_a_moment(rng):
    music, kinds = song(rng, 240)
    light = lit(music, kinds, 2_400)
    assert calls(lambda: AgainstMusic(music, 2_400).lifts(light)) < 1_000_000
