"""Decisions are numbered without holes, and the index has all of them, with their titles."""

from pathlib import Path

DECISIONS = Path(__file__).parents[2] / "docs/decisions"
FILES = sorted(DECISIONS.glob("[0-9]*.md"))


def test_numbers_have_no_holes():
    assert [int(file.name[:4]) for file in FILES] == list(range(1, len(FILES) + 1))


def test_a_title_begins_with_its_number_and_stands_in_the_index():
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    for file in FILES:
        number, _, title = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").partition(" ")
        assert number == file.name[:4]
        assert f"| [{number}]({file.name}) | {title} |" in index
