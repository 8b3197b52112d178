"""Leaning on the model: every fader does what its name says, the middle does nothing, and hard limits are hard."""

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.config import with_overrides
from controller.listening.decider import Decider
from controller.listening.decode.cueing import SMALL_STEP
from controller.listening.decode.sampling import Choice, sample_hue, sample_value
from controller.listening.decode.steering import (
    CLEAR,
    NEAR,
    Palette,
    allowed_hues,
    distance,
    nearest_allowed,
    steer_hue,
    steer_value,
)
from controller.listening.decode.vocabulary import hue_distance
from controller.messages import Steering, Window

HUE, VALUE = Choice(1.0, 1.0, 90), Choice(1.0, 1.0, 255)
PALETTE = Palette((120,))


def hues(steering, rng, count=400, previous=120):
    logits = np.zeros(181, np.float32)
    found = []
    for _ in range(count):
        tilted, choice = steer_hue(logits, HUE, previous, steering, PALETTE)
        found.append(sample_hue(tilted, previous, choice, rng)[0])
    return np.array(found)


def values(steering, rng, logits=None, count=400):
    tilted, choice = steer_value(np.zeros(257, np.float32) if logits is None else logits, VALUE, steering)
    return np.array([sample_value(tilted, 128, choice, rng)[0] for _ in range(count)])


def test_the_middle_touches_nothing(rng):
    logits = rng.normal(0, 2, 181).astype(np.float32)
    assert steer_hue(logits, HUE, 9, Steering(), PALETTE) == (logits, HUE)
    logits = rng.normal(0, 2, 257).astype(np.float32)
    assert steer_value(logits, VALUE, Steering()) == (logits, VALUE)


def test_intensity(rng):
    dark, middle, bright = (values(Steering(intensity=one), rng).mean() for one in (0.0, 0.5, 1.0))
    assert dark < 80 < middle - 20
    assert bright > 175 > middle + 20


def test_energy(rng):
    peaked = -np.abs(np.arange(257) - 128).astype(np.float32) / 20
    calm, middle, wild = (values(Steering(energy=one), rng, peaked).std() for one in (0.0, 0.5, 1.0))
    assert calm < 0.7 * middle
    assert wild > 1.4 * middle


def test_pace(rng):
    share = [np.mean([hue_distance(one, 120) > SMALL_STEP for one in hues(Steering(pace=p), rng)]) for p in (0, 0.5, 1)]
    assert share[0] < 0.5 < share[1] < share[2]


def test_spread(rng):
    far = [np.mean(distance((120,))[hues(Steering(spread=one), rng)]) for one in (0.0, 0.5)]
    assert far[0] < 0.4 * far[1]


def test_only_what_is_wanted_and_never_what_is_not(rng):
    found = hues(Steering(hues=(10, 100), forbidden=(100,)), rng)
    assert all(hue_distance(int(one), 10) <= NEAR for one in found)
    found = hues(Steering(forbidden=(60, 120)), rng)
    assert all(hue_distance(int(one), 60) > CLEAR and hue_distance(int(one), 120) > CLEAR for one in found)


def test_a_wish_that_leaves_nothing_is_none(rng):
    assert allowed_hues(Steering(hues=(60,), forbidden=(60,))) is None
    assert len(set(hues(Steering(hues=(60,), forbidden=(60,)), rng).tolist())) > 50


def test_out_of_reach_is_reached_all_the_same(rng):
    tilted, choice = steer_hue(np.zeros(181, np.float32), Choice(1.0, 1.0, 5), 120, Steering(hues=(30,)), PALETTE)
    assert hue_distance(sample_hue(tilted, 120, choice, rng)[0], 30) <= NEAR


@pytest.mark.parametrize("steering", [Steering(), Steering(hues=(3,)), Steering(intensity=1.0)])
def test_a_network_that_says_no_numbers_is_no_reason_to_stop(steering, rng):
    nothing = np.full(257, np.nan, np.float32)
    tilted, choice = steer_hue(nothing[:181], HUE, 3, steering, PALETTE)
    assert 0 <= sample_hue(tilted, 3, choice, rng)[0] < 180
    tilted, choice = steer_value(nothing, VALUE, steering)
    assert 0 <= sample_value(tilted, 3, choice, rng)[0] < 256


def test_the_show_turns_at_once_to_a_colour_that_is_asked_for(config):
    """No waiting for a hit when the present colour is not wanted any more."""
    decider, rng = Decider(with_overrides(config, seed=2), ManualClock()), np.random.default_rng(4)
    light = []
    for number in range(60):
        if number == 30:
            decider.steering = Steering(hues=(60,))
        samples = rng.normal(0, 0.1, 48_000).astype(np.float32)
        light.append(decider.step(Window(number * 0.1, number, samples, np.zeros((0, 48_000), np.float32))))
    assert hue_distance(light[29].hue, 60) > NEAR
    assert all(hue_distance(one.hue, 60) <= NEAR for one in light[30:])


@pytest.mark.parametrize(
    ("steering", "planned", "shown"),
    [
        (Steering(), 30, 30),
        (Steering(hues=(120,)), 120, 120),
        (Steering(hues=(120,)), 90, 120 - NEAR),
        (Steering(hues=(2,)), 160, (2 - NEAR) % 180),
        (Steering(forbidden=(60,)), 61, 60 + CLEAR + 1),
    ],
)
def test_a_plan_s_colour_moves_to_the_nearest_that_a_person_lets_through(steering, planned, shown):
    assert nearest_allowed(planned, steering) == shown
