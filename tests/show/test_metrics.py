"""Figures worked by hand."""

import numpy as np
import pytest

from controller import metrics


def square(per_second, seconds=4, rate_hz=40, high=0.8, low=0.0):
    t_s = np.arange(seconds * rate_hz) / rate_hz
    return np.where((t_s * per_second) % 1 < 0.5, high, low).astype(np.float32)


@pytest.mark.parametrize("per_second", [1, 2, 4, 5])
def test_flashes_are_counted_in_pairs(per_second):
    times_s = metrics.flash_times_s(square(per_second), 40)
    assert abs(metrics.most_in_one_second(times_s) - per_second) <= 1
    assert abs(len(times_s) - per_second * 4) <= 1


def test_small_or_bright_changes_are_no_flashes():
    assert len(metrics.flash_times_s(square(4, high=0.5, low=0.45), 40)) == 0
    assert len(metrics.flash_times_s(square(4, high=1.0, low=0.85), 40)) == 0
    assert len(metrics.flash_times_s(np.linspace(0, 1, 160).astype(np.float32), 40)) == 0
    assert len(metrics.flash_times_s(np.zeros(0, np.float32), 40)) == 0
    assert metrics.most_in_one_second(np.zeros(0)) == 0


def test_hue_dwell_goes_round_the_wheel():
    hues = np.array([178] * 10 + [2] * 10 + [60] * 10)
    assert metrics.hue_dwell_s(hues, 0.1) == pytest.approx(1.5)  # 178 to 2 is eight degrees: no change


def test_dark_share_counts_only_while_there_is_music():
    power = np.array([0, 0, 0.5, 0.5], np.float32)
    assert metrics.dark_share(power, np.array([True, True, True, True])) == 0.5
    assert metrics.dark_share(power, np.array([False, True, True, True])) == pytest.approx(1 / 3)
    assert metrics.dark_share(power, np.zeros(4, bool)) == 0.0


def test_a_follower_correlates_with_its_song_and_has_lift(rng):
    loudness = np.repeat(rng.uniform(0, 1, 60), 80).astype(np.float32)
    assert metrics.blockwise_correlation(loudness, loudness, 40) == pytest.approx(1.0)
    assert metrics.blockwise_correlation(loudness, 1 - loudness, 40) == pytest.approx(-1.0)
    assert metrics.blockwise_correlation(loudness, np.ones_like(loudness), 40) == 0.0
    assert metrics.lift(loudness, loudness, 40) > 0.8
    assert abs(metrics.lift(loudness, rng.uniform(0, 1, len(loudness)).astype(np.float32), 40)) < 0.6
