"""Properties of restricted stochastic temperature sampling, and examples worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from controller.listening.decode.sampling import (
    Choice,
    draw,
    probabilities,
    restrict_hue,
    restrict_value,
    sample_hue,
    sample_value,
)
from controller.listening.decode.vocabulary import (
    HUE_CLASSES,
    HUES,
    VALUE_CLASSES,
    VALUES,
    hue_distance,
    hue_from_degrees,
)

LOGIT = st.floats(-30, 30, width=32)
HUE_LOGITS = arrays(np.float32, HUE_CLASSES, elements=LOGIT)
VALUE_LOGITS = arrays(np.float32, VALUE_CLASSES, elements=LOGIT)


@given(HUE_LOGITS, st.integers(0, HUES - 1), st.integers(0, 120), st.floats(0.05, 5), st.floats(0.01, 1))
def test_a_forbidden_hue_has_probability_exactly_zero(logits, previous, reach, temperature, top_p):
    chances = probabilities(restrict_hue(logits, previous, reach), temperature, top_p)
    far = np.array([hue_distance(hue, previous) > reach for hue in range(HUES)])
    assert chances.shape == (HUES,)
    assert not chances[far].any()
    assert np.isclose(chances.sum(), 1.0)


@given(VALUE_LOGITS, st.integers(0, VALUES - 1), st.integers(0, 255), st.floats(0.05, 5), st.floats(0.01, 1))
def test_a_forbidden_value_has_probability_exactly_zero(logits, previous, reach, temperature, top_p):
    chances = probabilities(restrict_value(logits, previous, reach), temperature, top_p)
    far = np.abs(np.arange(VALUES) - previous) > reach
    assert not chances[far].any()
    assert np.isclose(chances.sum(), 1.0)


@settings(max_examples=50)
@given(HUE_LOGITS, VALUE_LOGITS, st.integers(0, HUES - 1), st.integers(0, VALUES - 1), st.integers(0, 2**32 - 1))
def test_drawn_tokens_are_in_reach_and_never_pad(hue_logits, value_logits, hue, value, seed):
    rng = np.random.default_rng(seed)
    hue_logits[-1] = value_logits[-1] = 1e4  # PAD shouts
    for _ in range(5):
        new_hue, hue_p = sample_hue(hue_logits, hue, Choice(1.1, 0.9, 12), rng)
        new_value, value_p = sample_value(value_logits, value, Choice(1.1, 0.9, 30), rng)
        assert hue_distance(hue, new_hue) <= 12
        assert abs(new_value - value) <= 30
        assert 0 < hue_p <= 1
        assert 0 < value_p <= 1


def test_the_wheel_wraps_between_179_and_0_and_both_ends_are_inside():
    allowed = np.isfinite(restrict_hue(np.zeros(HUE_CLASSES, np.float32), 178, 3))
    assert sorted(np.flatnonzero(allowed)) == [0, 1, 175, 176, 177, 178, 179]
    allowed = np.isfinite(restrict_hue(np.zeros(HUE_CLASSES, np.float32), 1, 2))
    assert sorted(np.flatnonzero(allowed)) == [0, 1, 2, 3, 179]
    assert hue_distance(179, 0) == 1
    assert hue_distance(0, 90) == 90


def test_values_do_not_wrap():
    allowed = np.flatnonzero(np.isfinite(restrict_value(np.zeros(VALUE_CLASSES, np.float32), 254, 3)))
    assert list(allowed) == [251, 252, 253, 254, 255]


def test_no_previous_token_means_no_restriction():
    assert np.isfinite(restrict_hue(np.zeros(HUE_CLASSES, np.float32), None, 0)).all()


def test_temperature_and_top_p_by_hand():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    assert np.allclose(probabilities(logits, 1.0, 1.0), [0.5, 0.3, 0.15, 0.05])
    # the smallest set that holds 0.75: the first two
    assert np.allclose(probabilities(logits, 1.0, 0.75), [0.625, 0.375, 0, 0])
    # 0.8 is reached by the first two exactly; a third would be more than the smallest set
    assert np.count_nonzero(probabilities(logits, 1.0, 0.7999)) == 2
    squared = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    assert np.allclose(probabilities(logits, 0.5, 1.0), squared / squared.sum())
    assert list(probabilities(logits, 1.0, 1e-9)) == [1, 0, 0, 0]


def test_a_class_beyond_exactly_the_mass_that_is_kept_is_out():
    assert list(probabilities(np.log([0.5, 0.25, 0.25]), 1.0, 0.5)) == [1, 0, 0]


def test_of_equally_likely_classes_the_first_stay():
    kept = probabilities(np.zeros(200), 1.0, 0.25)
    assert np.flatnonzero(kept).tolist() == list(range(np.count_nonzero(kept)))
    assert 50 <= np.count_nonzero(kept) <= 51  # a sum of fifty two-hundredths may be just below a quarter
    mixed = np.tile([0.0, -1.0, -1.0], 80)  # a sort that is not stable would mix the likely ones, too
    kept = np.flatnonzero(probabilities(mixed, 1.0, 0.3))
    assert kept.tolist() == list(range(0, 3 * len(kept), 3))
    assert len(kept) < 80
    halves = np.flatnonzero(probabilities(np.tile([0.0, -1.0], 128), 1.0, 0.2))
    assert halves.tolist() == list(range(0, 2 * len(halves), 2))


USUAL = Choice(temperature=1.0, top_p=0.9, reach=50)


class Rolled:
    """A die that always shows the same."""

    def __init__(self, share):
        self.share = share

    def random(self):
        return self.share


def test_a_draw_at_the_edge_between_two_classes_is_the_second():
    assert draw(np.array([0.0, 0.5, 0.5]), Rolled(0.0))[0] == 1  # never the one that has no chance
    assert draw(np.array([0.5, 0.5]), Rolled(0.5))[0] == 1


def test_a_draw_is_a_share_of_all_chances_also_where_they_do_not_sum_to_one():
    assert draw(np.array([0.5, 0.5, 1.0]), Rolled(0.25))[0] == 1
    assert draw(np.array([0.25, 0.25]), Rolled(0.75))[0] == 1


def test_what_the_network_says_is_what_is_drawn():
    hues, values = np.zeros(HUE_CLASSES, np.float32), np.zeros(VALUE_CLASSES, np.float32)
    hues[77], values[201] = 30.0, 30.0
    rng = np.random.default_rng(0)
    assert sample_hue(hues, None, USUAL, rng)[0] == 77
    assert sample_value(values, None, USUAL, rng)[0] == 201
    hues[77], hues[3] = np.nan, 30.0
    assert sample_hue(hues, None, Choice(1.0, 1.0, 50), Rolled(0.503))[0] == 90  # no number: all are alike


def test_probabilities_are_computed_in_double_precision():
    assert restrict_hue(np.zeros(HUE_CLASSES, np.float32), None, 0).dtype == np.float64
    assert restrict_value(np.zeros(VALUE_CLASSES, np.float32), None, 0).dtype == np.float64


def test_draws_follow_the_probabilities():
    rng = np.random.default_rng(5)
    chances = np.array([0.0, 0.6, 0.0, 0.4])
    drawn = [draw(chances, rng)[0] for _ in range(4000)]
    counts = np.bincount(drawn, minlength=4) / 4000
    assert counts[0] == counts[2] == 0
    assert abs(counts[1] - 0.6) < 0.03


def test_the_same_seed_draws_the_same():
    logits = np.random.default_rng(1).normal(size=HUE_CLASSES).astype(np.float32)
    runs = [[sample_hue(logits, 90, USUAL, np.random.default_rng(9))[0] for _ in range(3)] for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_network_that_answers_nonsense_still_gets_a_legal_token(bad):
    logits = np.full(HUE_CLASSES, bad, np.float32)
    hue, _ = sample_hue(logits, 0, Choice(1.0, 0.9, 2), np.random.default_rng(0))
    assert hue_distance(0, hue) <= 2


@pytest.mark.parametrize(("degrees", "hue"), [(0, 0), (359.5, 0), (1, 0), (2, 1), (358, 179), (-2, 179), (720, 0)])
def test_hue_ids_are_half_degrees(degrees, hue):
    assert hue_from_degrees(degrees) == hue
