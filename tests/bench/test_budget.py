"""What each stage and process asks for, in counts that no machine changes, beside what was agreed."""

import json

import pytest

from tools.bench.__main__ import build_parser
from tools.bench.stages import budget


def test_no_stage_asks_for_a_third_more_than_was_agreed():
    # a change that is meant: python -m tools.bench.stages.budget, and say it in the commit
    agreed = json.loads(budget.AGREED.read_text(encoding="utf-8"))
    found = budget.counts()
    assert {name: set(rows) for name, rows in found.items()} == {name: set(rows) for name, rows in agreed.items()}
    assert budget.grown(found, agreed) == []


@pytest.mark.parametrize(("number", "told"), [(100, False), (130, False), (136, True), (76, False), (73, True)])
def test_growth_by_a_third_is_told_and_so_is_what_was_gained(number, told):
    said = budget.grown({"calls_per_s": {"ear": number}}, {"calls_per_s": {"ear": 100}})
    assert said == ([f"calls_per_s, ear: {number}, agreed are 100"] if told else [])


def test_what_nobody_agreed_on_is_told():
    assert budget.grown({"modules": {"new": 5}}, {}) == ["modules, new: 5, agreed are 0"]


def test_a_stage_is_counted_only_while_it_is_watched():
    watch = budget.Watch("calls")
    assert watch.step("ear", lambda: sum([1, 2])) == 3
    watch.on = True
    watch.step("ear", lambda: sum([1, 2]))
    assert watch.stages["ear"].calls == pytest.approx(3, abs=1)  # the work, sum, and the end of counting


def test_the_profile_is_the_budget_alone():
    assert build_parser().parse_args(["--profile"]).only == ["budget"]
