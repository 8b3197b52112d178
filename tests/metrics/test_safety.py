"""Flashes and darkness, worked by hand."""

import numpy as np
import pytest

from controller.metrics import safety


def square(per_second, seconds=4, rate_hz=40, high=0.8, low=0.0):
    t_s = np.arange(seconds * rate_hz) / rate_hz
    return np.where((t_s * per_second) % 1 < 0.5, high, low).astype(np.float32)


@pytest.mark.parametrize("per_second", [1, 2, 4, 5])
def test_flashes_are_counted_in_pairs(per_second):
    times_s = safety.flash_times_s(square(per_second), 40)
    assert abs(safety.most_in_one_second(times_s) - per_second) <= 1
    assert abs(len(times_s) - per_second * 4) <= 1


def test_small_or_bright_changes_are_no_flashes():
    assert len(safety.flash_times_s(square(4, high=0.5, low=0.45), 40)) == 0
    assert len(safety.flash_times_s(square(4, high=1.0, low=0.85), 40)) == 0
    assert len(safety.flash_times_s(np.linspace(0, 1, 160).astype(np.float32), 40)) == 0
    assert len(safety.flash_times_s(np.zeros(0, np.float32), 40)) == 0
    assert safety.most_in_one_second(np.zeros(0)) == 0


def test_dark_share_counts_only_while_there_is_music():
    power = np.array([0, 0, 0.5, 0.5], np.float32)
    assert safety.dark_share(power, np.array([True, True, True, True])) == 0.5
    assert safety.dark_share(power, np.array([False, True, True, True])) == pytest.approx(1 / 3)
    assert safety.dark_share(power, np.zeros(4, bool)) == 0.0


def test_flashes_of_tokens():
    strobe = np.array([[60, 255 * (hop % 2)] for hop in range(100)])
    assert safety.token_flashes_in_worst_second(strobe) == 5
    slow = np.array([[60, 255 * (hop // 10 % 2)] for hop in range(100)])
    assert safety.token_flashes_in_worst_second(slow) <= 1
    blue = np.array([[120, 255 * (hop % 2)] for hop in range(100)])  # blue never reaches a tenth of the maximum
    assert safety.token_flashes_in_worst_second(blue) == 0
