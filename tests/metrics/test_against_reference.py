"""Errors and cues of lights whose figures are known."""

import numpy as np
import pytest

from controller.metrics import against_reference, craft


def held(*parts):
    """(hue, value, hops) runs as one light."""
    return np.concatenate([np.tile([[hue, value]], (hops, 1)) for hue, value, hops in parts])


def test_hue_errors_go_the_short_way_round():
    scores = against_reference.errors(held((178, 10, 4)), held((1, 13, 4)))
    assert scores["hue_mae"] == scores["hue_rmse"] == 3.0
    assert scores["value_mae"] == scores["value_rmse"] == 3.0
    assert scores["hue_change_correlation"] == scores["value_change_correlation"] == 0.0


def test_mean_and_root_mean_square_differ():
    scores = against_reference.errors(held((0, 0, 3), (90, 8, 1)), held((0, 0, 4)))
    assert (scores["hue_mae"], scores["hue_rmse"]) == (22.5, 45.0)
    assert (scores["value_mae"], scores["value_rmse"]) == (2.0, 4.0)


def test_a_light_compared_with_itself_is_perfect(rng):
    light = against_reference.uniform_random(500, rng)
    scores = against_reference.errors(light, light)
    assert scores["hue_rmse"] == scores["value_rmse"] == 0.0
    assert scores["hue_change_correlation"] == pytest.approx(1.0)
    assert scores["value_change_correlation"] == pytest.approx(1.0)


def test_uniform_random_hue_scores_what_theory_says(rng):
    scores = against_reference.errors(against_reference.uniform_random(40_000, rng), held((77, 128, 40_000)))
    assert scores["hue_mae"] == pytest.approx(45, abs=0.5)
    assert scores["hue_rmse"] == pytest.approx(52, abs=0.5)


def test_best_constant_of_a_wrapping_show():
    light = held((179, 100, 30), (1, 200, 31))
    constant = against_reference.best_constant(light)
    assert len(np.unique(constant, axis=0)) == 1
    assert against_reference.errors(constant, light)["hue_mae"] <= 1.0


def test_hue_changes_and_dwell_go_round_the_wheel():
    light = held((0, 9, 100), (5, 9, 100), (60, 9, 300), (0, 9, 100))
    assert list(craft.hue_changes(light)) == [200, 500]
    assert craft.hue_dwell_s(light) == pytest.approx(20.0)
    assert craft.hue_dwell_s(held((178, 9, 10), (2, 9, 10), (60, 9, 10))) == pytest.approx(1.5)
    assert craft.hue_dwell_s(held((10, 9, 70))) == pytest.approx(7.0)


def test_cues_are_hues_and_accents():
    light = held((0, 100, 100), (10, 100, 100), (10, 195, 100), (21, 195, 100), (21, 255, 2), (21, 99, 98))
    light[350] = (21, 20)  # a blackout of one hop
    light[352] = (60, 195)  # 0.2 s later: part of the same cue
    light[353:400, 0] = 60
    marks = {"beats": np.array([300, 349]), "downbeats": np.array([301]), "section_starts": np.array([348])}
    assert list(craft.cues(light)) == [300, 350, 400]  # ten hues and a new level are none; back to hue 21 is one
    figures = craft.craft(light, marks)
    assert figures["cues_per_minute"] == pytest.approx(3.6)
    assert figures["cues_on_beats"] == pytest.approx(1 / 3)
    assert figures["cues_on_beats_by_chance"] == pytest.approx(2 / 500)
    assert figures["cues_on_downbeats"] == 0.0
    assert figures["cues_on_section_starts"] == pytest.approx(1 / 3)


def test_light_that_pulses_with_the_beat_is_no_row_of_cues():
    light = held((9, 120, 600))
    light[::5, 1] = 210  # every half second, 90 above its level
    assert len(craft.cues(light)) == 0


def test_a_beat_is_heard_by_the_hop_that_ends_after_it():
    np.testing.assert_array_equal(craft.hop_of([0.0, 0.069, 0.071, 1.0]), [0, 0, 1, 10])
