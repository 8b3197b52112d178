"""Whole sheets of strangers, line by line in their place, against what should be read there."""

from pathlib import Path

import pytest
from sheet_lines import expected, sheet_dangers, sheet_differences, written_lines

HERE = Path(__file__).parent
LEAST_EXACT = {
    "strangers": 0.97, "strangers_2": 0.95, "strangers_3": 0.95, "strangers_4": 0.95, "strangers_5": 0.93,
    "strangers_6": 0.95, "strangers_7": 0.95,
}  # fmt: skip
LISTS = {name: written_lines(HERE / f"{name}.yaml") for name in LEAST_EXACT}


@pytest.mark.parametrize("name", LISTS)
def test_most_lines_of_strangers_are_read_exactly(name):
    rows = [row for sheet in LISTS[name] for row in sheet["sheet"]]
    wrong = sheet_differences(LISTS[name])
    assert 1 - len(wrong) / len(rows) >= LEAST_EXACT[name], wrong


@pytest.mark.parametrize("name", LISTS)
def test_no_stranger_is_given_what_was_forbidden(name):
    assert sheet_dangers(LISTS[name]) == []


@pytest.mark.parametrize("name", LISTS)
def test_the_sheets_say_what_a_song_is_called(name):
    rows = [row for sheet in LISTS[name] for row in sheet["sheet"]]
    assert all(expected(row)["title"] for row in rows if row.get("kind") == "song")
