"""The statistics of the comparison: people whose preferences are known, and people who have none."""

import math

import numpy as np
import pytest
from promise import STRICT
from raters import rated

from controller.errors import EvaluationError
from controller.metrics.ratings import LEVEL, QUESTIONS, Rating, Ratings, holm, needed_people

pytest.importorskip("scipy")


def overall(found):
    return {(one.one, one.other): one for one in found if one.question == "overall"}


def test_the_right_order_is_found(rng):
    likings = {"engineer": 1.2, "ours": 0.6, "older": 0.0, "rules": -1.2}
    ratings = Ratings.of(rated(rng, 40, likings))
    assert ratings.order() == ["engineer", "ours", "older", "rules"]
    found = overall(ratings.differences())
    assert all(one.verdict == "different" for one in found.values())
    assert found["engineer", "rules"].mean == pytest.approx(2.4, abs=0.3)
    assert found["engineer", "rules"].low < 2.4 < found["engineer", "rules"].high
    assert found["engineer", "rules"].needed < found["older", "ours"].needed


def test_no_false_stars_beyond_the_level_in_studies_of_nothing():
    """A star anywhere among 3 pairs and 7 questions counts. A quarter of them here, all in `make chaos`."""
    rng, studies = np.random.default_rng(24), 1_000 if STRICT else 250
    false = sum(
        any(one.p < LEVEL for one in Ratings.of(rated(rng, 12, dict.fromkeys("abc", 0.0), ("s",))).differences())
        for _ in range(studies)
    )
    assert false <= LEVEL * studies + 2 * math.sqrt(studies * LEVEL * (1 - LEVEL))
    assert false > 0.005 * studies  # and it is a test that finds something
    print(f"false stars in {false} of {studies} null studies")


def test_lights_that_are_as_good_are_called_the_same_only_with_enough_people(rng):
    likings = {"a": 0.0, "b": 0.0}
    few = overall(Ratings.of(rated(rng, 8, likings)).differences())["a", "b"]
    many = overall(Ratings.of(rated(rng, 120, likings)).differences())["a", "b"]
    assert few.verdict == "not known"
    assert many.verdict == "the same"
    apart = overall(Ratings.of(rated(rng, 120, {"a": 0.0, "b": 0.5})).differences())["a", "b"]
    assert apart.verdict == "different"
    assert apart.same_p > LEVEL  # half a point is the margin itself


def test_equivalence_is_not_found_at_the_margin():
    rng = np.random.default_rng(4)
    false = 0
    for _ in range(200):
        away = [
            Rating(f"p{n}", "s", light, (by,) * 7)
            for n in range(30)
            for light, by in (("a", 4), ("b", int(4 + rng.integers(0, 2))))  # half a point apart in the mean
        ]
        false += any(one.same_p < LEVEL for one in Ratings.of(away).differences())
    assert false <= 200 * LEVEL + 2 * math.sqrt(200 * LEVEL)


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert len(holm(np.zeros(0))) == 0


def test_how_many_people_are_needed():
    assert needed_people(0.5) == 34  # as in Cohen's and G*Power's tables, paired, two-sided, 80 %
    assert needed_people(0.2) == 199
    assert needed_people(0.01) is None
    assert needed_people(0.0) is None
    assert needed_people(math.nan) is None


def test_means_and_deviations_are_over_people_and_a_later_rating_counts():
    said = [
        Rating("p", "s", "a", (1,) * 7),
        Rating("p", "s", "a", (3,) * 7),  # again: the later counts
        Rating("p", "t", "a", (5,) * 7),
        Rating("q", "s", "a", (6,) * 7),
        Rating("q", "s", "b", (2,) * 7),
    ]
    ratings = Ratings.of(said)
    mean, sd = ratings.means()["a"]["overall"]
    assert (mean, sd) == (pytest.approx(5.0), pytest.approx(math.sqrt(2)))  # 4 and 6
    (only,) = [one for one in ratings.differences() if one.question == "overall"]
    assert (only.people, only.mean, only.p, only.verdict) == (1, 4.0, 1.0, "not known")


def test_a_person_who_saw_other_songs_in_the_two_lights_is_compared_on_those_of_both():
    said = [Rating("p", "hard", "a", (1,) * 7), Rating("p", "s", "a", (5,) * 7), Rating("p", "s", "b", (5,) * 7)]
    said += [Rating("q", "s", light, (4,) * 7) for light in "ab"]
    (found,) = [one for one in Ratings.of(said).differences() if one.question == "overall"]
    assert (found.people, found.mean) == (2, 0.0)


def test_people_who_all_say_the_same_are_no_proof():
    said = [Rating(f"p{n}", "s", light, (score,) * 7) for n in range(3) for light, score in (("a", 5), ("b", 4))]
    assert all(one.p == 1.0 for one in Ratings.of(said).differences())
    assert len(Ratings.of(said).differences()) == len(QUESTIONS)


def test_without_scipy_one_message_says_what_to_install(rng, monkeypatch):
    ratings = Ratings.of(rated(rng, 3, {"a": 0.0, "b": 1.0}))
    monkeypatch.setitem(__import__("sys").modules, "scipy", None)
    with pytest.raises(EvaluationError, match="needs SciPy"):
        ratings.differences()
