"""A new colour comes with a hit, sooner with a hard one, and in the end without."""

import numpy as np
import pytest

from controller.listening.decode.cueing import CAUSE, CREEP, LEAP, SMALL_STEP, STRONG, Cueing, caused
from controller.listening.decode.vocabulary import HUES, hue_distance
from controller.listening.time.tempo import TEMPO_LASTS_S, Tempo


def play(cueing, drawn, hits, first=0):
    light = [first]
    for hue, hit in zip(drawn, hits, strict=True):
        light.append(cueing.step(hue, light[-1], hit))
    return light[1:]


def test_a_new_colour_waits_for_a_hard_hit_and_comes_with_it():
    assert play(Cueing(20), [90] * 6, [0, 0.5, 0, 1.0, 0, 0]) == [0, 0, 0, 90, 90, 90]


def test_the_longer_it_waits_the_weaker_the_hit_that_is_good_enough():
    assert play(Cueing(20), [90] * 20, [0.6] * 20).index(90) in range(8, 16)


def test_without_any_hit_it_comes_in_the_end():
    assert play(Cueing(20), [90] * 30, [0.0] * 30).index(90) == 20


def test_the_wish_is_kept_though_the_decoder_changes_its_mind():
    assert play(Cueing(20), [90, 0, 0, 40], [0, 0, 0, 1.0])[-1] == 90


def test_small_steps_of_hue_and_the_first_hue_do_not_wait():
    assert play(Cueing(20), [SMALL_STEP], [0.0]) == [SMALL_STEP]
    assert play(Cueing(20), [175], [0.0]) == [175]  # five steps the other way round the wheel
    assert Cueing(20).step(90, None, 0.0) == 90


def test_small_steps_do_not_wait_after_a_cue_either():
    assert play(Cueing(20), [90, 93, 88], [1.0, 0.0, 0.0]) == [90, 93, 88]


def test_no_wait_lets_everything_through(rng):
    drawn = rng.integers(0, HUES, 50).tolist()
    assert play(Cueing(0), drawn, [0.0] * 50) == drawn


def test_whatever_is_drawn_and_hit_a_hue_moves_far_at_most_once_in_a_wait_without_hits(rng):
    light = play(Cueing(10), rng.integers(0, HUES, 300).tolist(), [0.0] * 300)
    far = [k for k in range(1, 300) if hue_distance(light[k], light[k - 1]) > SMALL_STEP]
    assert far
    assert np.diff(far).min() > 10


def test_a_hit_of_exactly_the_strength_that_is_asked_for_is_enough():
    assert play(Cueing(20), [90], [STRONG]) == [90]


TAPPED = Tempo(beat_s=0.5, beat_t_s=8.0)


@pytest.mark.parametrize(
    ("end_s", "heard", "strength"),
    [
        (8.0, 0.0, 0.9),  # the beat that was tapped
        (10.25, 0.4, 0.12),  # between two
        (10.55, 0.4, 0.9),  # a beat within this hop
        (10.55, 1.0, 1.0),  # and a hit harder than a beat
        (10.625, 1.0, 0.3),  # a hop after a beat is none
        (7.95, 0.4, 0.4),  # before anybody tapped
        (8.0 + TEMPO_LASTS_S, 0.4, 0.9),  # the last beat that is believed
        (8.5 + TEMPO_LASTS_S, 0.4, 0.4),
    ],
)
def test_with_a_tapped_tempo_beats_are_hits_and_little_else(end_s, heard, strength):
    assert TAPPED.hit(end_s, heard) == pytest.approx(strength)


def test_a_hop_is_on_a_beat_for_just_its_own_length():
    slow = Tempo(beat_s=1.0, beat_t_s=0.0)
    assert slow.hit(0.0, 0.0) == 0.9
    assert slow.hit(0.1, 0.0) == 0.0  # the next hop begins where the first ended


def test_beats_are_counted_from_the_one_that_was_tapped():
    assert Tempo(beat_s=0.5, beat_t_s=8.2).hit(9.25, 0.0) == 0.9
    assert Tempo(beat_s=0.5, beat_t_s=8.2).hit(9.0, 0.0) == 0.0


def test_without_a_tempo_hits_are_what_was_heard():
    assert Tempo().hit(3.0, 0.4) == 0.4
    assert Tempo(beat_s=1.0).hit(2.0, 0.4) == 0.9  # the slowest that anybody taps


def test_brightness_leaps_with_a_hit_and_creeps_without_one():
    assert caused(255, 100, CAUSE) == 255
    assert caused(255, 100, 0.0) == 100 + CREEP
    assert caused(100 + LEAP, 100, 0.0) == 100 + LEAP
    assert caused(0, 200, 0.0) == 0  # dark needs no cause
