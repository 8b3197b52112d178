"""Metrics on lights whose scores are known."""

import numpy as np
import pytest

pytest.importorskip("torch")

from tools.train import evaluate


def held(*parts):
    """(hue, value, hops) runs as one light."""
    return np.concatenate([np.tile([[hue, value]], (hops, 1)) for hue, value, hops in parts])


def test_hue_errors_go_the_short_way_round():
    scores = evaluate.errors(held((178, 10, 4)), held((1, 13, 4)))
    assert scores["hue_mae"] == scores["hue_rmse"] == 3.0
    assert scores["value_mae"] == 3.0


def test_a_light_compared_with_itself_is_perfect(rng):
    light = evaluate.uniform_random(500, rng)
    scores = evaluate.errors(light, light)
    assert scores["hue_rmse"] == scores["value_rmse"] == 0.0
    assert scores["value_change_correlation"] == pytest.approx(1.0)


def test_uniform_random_hue_scores_what_theory_says(rng):
    scores = evaluate.errors(evaluate.uniform_random(40_000, rng), held((77, 128, 40_000)))
    assert scores["hue_mae"] == pytest.approx(45, abs=0.5)
    assert scores["hue_rmse"] == pytest.approx(52, abs=0.5)


def test_best_constant_of_a_wrapping_show():
    light = held((179, 100, 30), (1, 200, 31))
    constant = evaluate.best_constant(light)
    assert len(np.unique(constant, axis=0)) == 1
    assert evaluate.errors(constant, light)["hue_mae"] <= 1.0


def test_hue_changes_and_dwell():
    light = held((0, 9, 100), (5, 9, 100), (60, 9, 300), (0, 9, 100))
    assert list(evaluate.hue_changes(light)) == [200, 500]
    assert evaluate.hue_changes_per_minute(light) == pytest.approx(2.0)
    assert evaluate.hue_dwell_s(light) == pytest.approx(20.0)


def test_loudness_follower_earns_its_correlation_and_loses_it_when_shifted(rng):
    loudness = np.repeat(rng.random(60), 40)
    light = evaluate.loudness_follower(loudness)
    scores = evaluate.correspondence(light, loudness, loudness, np.array([0]), np.array([0]))
    assert scores["loudness_brightness"] == pytest.approx(1.0, abs=1e-3)
    assert scores["loudness_brightness_lift"] > 0.8


def test_changes_near_marks():
    light = held((0, 0, 50), (90, 0, 50), (0, 0, 50))
    assert evaluate.changes_near(light, np.array([51, 140]), 2) == pytest.approx(0.5)
    assert evaluate.changes_near(held((0, 0, 50)), np.array([1])) == 0.0


def test_shifts_keep_the_light_and_move_it_far():
    light = np.stack([np.arange(1_000) % 180, np.arange(1_000) % 256], axis=1)
    for wrong in evaluate.shifted(light):
        offset = int(np.flatnonzero((wrong == light[0]).all(axis=1))[0])
        assert 200 <= offset <= 800
