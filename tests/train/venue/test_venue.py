"""The made-up venue: the same seed gives the same film, and the truth is what was asked for."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("scipy")

from tools.train.venue.__main__ import engineer, main
from tools.train.venue.film import Drawing, truth_of
from tools.train.venue.programme import ENGINEER, SPOILERS, Number, Span, plan
from tools.train.venue.score import hue_error
from tools.train.venue.songs import made_up
from tools.train.venue.stage import lamp_colour


@pytest.fixture(scope="module")
def programme():
    return plan([made_up(70.0, 3)], 3)


def test_the_same_seed_gives_the_same_pictures(programme):
    first, again = (Drawing(programme) for _ in range(2))
    other = Drawing(plan([made_up(70.0, 3)], 4))
    for t_s in (3.0, 3.04):
        picture = first.picture(t_s, 0.04)
        np.testing.assert_array_equal(picture, again.picture(t_s, 0.04))
        assert (picture != other.picture(t_s, 0.04)).mean() > 0.3


def test_truth_is_the_light_of_the_songs(programme):
    truth = truth_of(programme, 25)
    light = programme.numbers[0].light
    first = round((programme.starts_s[0] + programme.offset_s) * 10)
    np.testing.assert_array_equal(truth["hue"][first : first + len(light)], light[:, 0])
    flashing = truth["flash"][first : first + len(light)]
    np.testing.assert_array_equal(truth["value"][first : first + len(light)][~flashing], light[~flashing, 1])


@pytest.mark.parametrize("kind", SPOILERS)
def test_each_spoiler_can_be_turned_off(kind):
    numbers = [made_up(120.0, 8)]
    on = frozenset(ENGINEER)
    assert kind not in {span.kind for seed in range(6) for span in plan(numbers, seed, engineer=on - {kind}).spoiled}
    assert kind in {span.kind for seed in range(6) for span in plan(numbers, seed, engineer=on).spoiled}


def test_house_lights_brighten_and_black_is_black(programme):
    spans = (Span(10.0, 14.0, "house"), Span(20.0, 24.0, "black"), Span(30.0, 34.0, "frozen"))
    drawing = Drawing(replace(programme, spoiled=spans, bars=0.0, flashes=()))
    plain, house = drawing.picture(9.0, 0.04), drawing.picture(12.0, 0.04)
    assert np.percentile(house, 10) > np.percentile(plain, 10) + 30
    assert drawing.picture(22.0, 0.04).max() == 0
    before = drawing.picture(29.9, 0.04)
    np.testing.assert_array_equal(drawing.picture(32.0, 0.04), before)


def test_light_of_a_lamp_looks_like_its_hue_on_a_screen():
    red, orange = lamp_colour(0, 0.0), lamp_colour(15, 0.0)
    np.testing.assert_allclose(red, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(orange ** (1 / 2.2), [1, 0.5, 0], atol=1e-5)


def test_given_tokens_and_options(tmp_path, capsys):
    assert engineer("all,-shake") == frozenset(ENGINEER) - {"shake"}
    assert engineer("none") == frozenset()
    options = ["--minutes", "0.25", "--seed", "2", "--size", "160x90", "--fps", "10", "--engineer", "none"]
    status = main(["render", "--out", str(tmp_path), *options])
    assert status == 0
    with np.load(tmp_path / "venue-2.truth.npz", allow_pickle=False) as truth:
        assert len(truth["hue"]) == len(truth["value"]) == len(truth["t_s"])
        assert json.loads(str(truth["spans"])) == []
    assert main(["score", str(tmp_path)]) == 1
    assert "footage extract" in capsys.readouterr().err


def test_hue_error_goes_around():
    np.testing.assert_array_equal(hue_error(np.array([1, 90, 0]), np.array([179, 0, 90])), [2, 90, 90])


def test_songs_shorter_than_the_film_leave_a_pause():
    number = Number("short", np.zeros(48_000 * 3, np.float32), np.tile([[30, 200]], (30, 1)))
    programme = plan([number], 1)
    assert programme.light_at(programme.starts_s[0] + 1.0) == (30, 200)
    assert programme.light_at(programme.duration_s - 0.5)[1] < 50
