"""The commands beside the figures are commands that there are, and the README's figures are among them."""

import re
from pathlib import Path

from tools.bench.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/measured.md").read_text(encoding="utf-8")


def test_benchmarks_exist():
    named = set(re.findall(r"--only (\w+)", PAGE))
    assert named
    assert named <= {one.name for one in BENCHMARKS}


def test_make_targets_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in (PAGE, (ROOT / "README.md").read_text(encoding="utf-8")):
        for target in set(re.findall(r"`make ([a-z-]+)", page)):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_six_figures_of_the_readme_are_among_the_measured():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^## Measured\n(.*?)^## ", readme, re.DOTALL | re.MULTILINE).group(1)
    rows = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 6
    for row in rows:
        for number in re.findall(r"\d+(?:[.,]\d+)*", row):
            assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d])", PAGE), f"{number} is not in docs/measured.md"


def test_the_readme_is_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 140
    assert max(map(len, lines)) <= 120
