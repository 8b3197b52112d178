"""A model is judged by its colours and its levels, each against itself, and the worst one speaks."""

import pytest

from tools.train.skipbart.verdict import objections, standing, table, worse

BEFORE = {"hue_loss": 0.74, "value_loss": 17.3, "hue_accuracy": 0.87, "value_accuracy": 0.2, "loss": 18.0}
O6 = {"hue_loss": 1.77, "value_loss": 8.2, "hue_accuracy": 0.44, "value_accuracy": 0.3, "loss": 10.0}
SAME = {"before": {"hue": 0.5, "level": 0.5}, "after": {"hue": 0.5, "level": 0.5}}


def judged(after=None, before_away=(0.5, 0.5), after_away=(0.5, 0.5)):
    away = {"before": dict(zip(("hue", "level"), before_away, strict=True)),
            "after": dict(zip(("hue", "level"), after_away, strict=True))}  # fmt: skip
    return worse({"before": BEFORE, "after": BEFORE | (after or {})}, away)


def test_o6_a_sum_does_not_hide_that_colours_got_worse():
    found = worse({"before": BEFORE, "after": O6}, SAME)
    assert found == ["colours surprise more (0.74 → 1.77)", "colours are told right less often (87% → 44%)"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"after": {"value_loss": 20.0}}, "levels surprise more"),
        ({"after": {"value_accuracy": 0.1}}, "levels are told right less often"),
        ({"after_away": (0.8, 0.1)}, "colours went away"),
        ({"after_away": (0.1, 0.8)}, "levels went away"),
    ],
)
def test_whatever_got_worse_is_named(change, words):
    (found,) = judged(**change)
    assert words in found


@pytest.mark.parametrize("change", [{}, {"after": {"hue_loss": 0.75}}, {"after": {"hue_loss": 0.3}}])
def test_better_and_about_the_same_is_not_worse(change):
    assert judged(**change) == []


def test_what_did_not_get_better_is_not_recommended():
    assert objections({"before": BEFORE, "after": BEFORE}, SAME) == ["it did not get better"]
    assert objections({"before": BEFORE, "after": BEFORE | {"hue_loss": 0.6}}, SAME) == []
    assert objections({"before": BEFORE, "after": O6}, SAME) == worse({"before": BEFORE, "after": O6}, SAME)


def test_levels_that_nobody_knows_are_no_verdict():
    lone = {name: number for name, number in BEFORE.items() if not name.startswith("value")}
    away = {side: {"hue": 0.5, "level": None} for side in ("before", "after")}
    assert worse({"before": lone, "after": lone}, away) == []
    assert standing(lone, lone) == 1.0
    assert ("levels: apart", "–", "–") in table({"before": lone, "after": lone}, away)


def test_a_step_is_better_only_if_no_head_got_worse():
    assert standing(BEFORE, BEFORE) == 1.0
    assert standing(O6, BEFORE) > 2.0
    both = BEFORE | {"hue_loss": 0.7, "value_loss": 12.0}
    assert standing(both, BEFORE) < 1.0
    assert standing(BEFORE | {"hue_loss": 0.745, "value_loss": 10.0}, BEFORE) < standing(both, BEFORE) < 1.0


def test_the_table_has_colours_and_levels_apart_and_a_column_for_each_model():
    rows = table({"before": BEFORE, "after": O6, "bundled": BEFORE}, {**SAME, "bundled": {"hue": 0.9, "level": 0.1}})
    assert rows[0] == ("", "before", "after", "bundled")
    assert ("colours: surprise", "0.74", "1.77", "0.74") in rows
    assert ("levels: apart", "50%", "50%", "10%") in rows
