"""The parts that find things: a camera's response, dimmers, places, and what is proposed."""

import numpy as np
import pytest

from controller.commands.written_values import with_values
from controller.survey.dimmers import dimmer_from
from controller.survey.levels import KNOTS, smoothed
from controller.survey.places import places_in
from controller.survey.response import Response, fitted

UNSURE = np.full(len(KNOTS), 0.005)


@pytest.mark.parametrize(
    ("shape", "said"),
    [(lambda x: x, "linear"), (np.square, "square"), (lambda x: 3 * x**2 - 2 * x**3, "s")],
    ids=["linear", "square", "s"],
)
def test_usual_curves_are_called_by_name(shape, said):
    found = dimmer_from(KNOTS, shape(KNOTS), UNSURE, clear=True)
    assert (found.curve, found.minimum, found.sure) == (said, 0.0, True)


def test_a_lowest_level_and_an_unusual_curve_are_measured():
    above = np.clip((KNOTS - 0.1) / 0.9, 0.0, 1.0)
    found = dimmer_from(KNOTS, above**2.8, UNSURE, clear=True)
    assert isinstance(found.curve, tuple)
    assert np.abs(found.light(KNOTS) - above**2.8).max() < 0.03
    linear = dimmer_from(KNOTS, above, UNSURE, clear=True)
    assert (linear.curve, linear.minimum) == ("linear", pytest.approx(0.1, abs=0.015))


def test_what_the_halves_of_a_film_disagree_about_is_not_sure():
    assert not dimmer_from(KNOTS, KNOTS, np.full(len(KNOTS), 0.1), clear=True).sure
    assert not dimmer_from(KNOTS, KNOTS, UNSURE, clear=False).sure


def test_a_curve_only_rises():
    assert smoothed(np.array([0.0, 0.2, 0.1, 0.5])).tolist() == pytest.approx([0.0, 0.15, 0.15, 0.5])


@pytest.mark.parametrize("gamma", [1.8, 2.2, 2.8])
def test_the_response_is_found_from_light_that_adds_up(gamma):
    rng = np.random.default_rng(4)
    on = (rng.random((60, 6)) < 0.5).astype(np.float32)
    matrix = np.concatenate([np.ones((60, 1), np.float32), on], axis=1)
    light = 0.02 + on @ rng.uniform(0.0, 0.15, (6, 200)).astype(np.float32)
    codes = light ** (1.0 / gamma)
    found = fitted(codes.astype(np.float32), matrix, np.ones_like(light), Response())
    seen = found.light(codes.astype(np.float32))
    scale = (seen * light).sum() / np.square(light).sum()
    assert np.abs(seen / scale - light).max() / light.max() < 0.03


def stage():
    x = np.linspace(-3.0, 3.0, 7)
    back = np.stack([x, np.full(7, 3.0), np.full(7, 3.5)], axis=1)
    low = np.stack([x[::2], np.full(4, 1.5), np.full(4, 0.8)], axis=1)
    return np.concatenate([back, low])


def pictured(at_m, eye=(0.7, -8.2, 1.6), focal=1.1, aspect=16 / 9):
    x, y, z = (at_m - np.array(eye)).T
    return np.stack([0.5 + focal * x / y, 0.5 - focal * z / y * aspect], axis=1)


def test_a_camera_is_found_and_what_hangs_elsewhere_too():
    at_m = stage()
    hung = at_m.copy()
    hung[8] = (0.4, 1.5, 0.8)
    found = places_in(pictured(hung), at_m, np.ones(len(at_m), np.bool_), 16 / 9)
    assert found.fits
    assert found.at == {}
    assert found.measured_m[8] == pytest.approx(hung[8], abs=0.15)
    assert int(np.nanargmax(found.away)) == 8


def test_rings_of_exchanged_fixtures_are_found():
    at_m = stage()
    hung = at_m[[2, 0, 1, *range(3, len(at_m))]]
    found = places_in(pictured(hung), at_m, np.ones(len(at_m), np.bool_), 16 / 9)
    assert found.at == {0: 2, 1: 0, 2: 1}


def test_too_few_fixtures_or_none_that_fit_say_nothing():
    at_m = stage()
    few = np.zeros(len(at_m), np.bool_)
    few[:4] = True
    assert not places_in(pictured(at_m), at_m, few, 16 / 9).fits
    anywhere = np.random.default_rng(3).random((len(at_m), 2))
    assert not places_in(anywhere, at_m, np.ones(len(at_m), np.bool_), 16 / 9).fits


def test_values_are_written_where_they_belong_and_comments_stay():
    text = (
        "venue: A  # ours\nfixtures:\n  - id: a\n    curve: linear  # guessed\n    position_m: [0, 1, 2]\n"
        "  - id: b  # new\n"
    )
    after = with_values(text, {"a": {"curve": [0.0, 0.2, 1.0], "minimum": 0.1}, "b": {"offset_ms": -20.0}})
    assert (
        after
        == (
            "venue: A  # ours\nfixtures:\n  - id: a\n    curve: [0.0, 0.2, 1.0] # guessed\n    position_m: [0, 1, 2]\n"
            "    minimum: 0.1\n  - id: b  # new\n    offset_ms: -20.0\n"
        )
        or "curve: [0.0, 0.2, 1.0]" in after
    )
