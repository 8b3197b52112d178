"""Every guide is in the index and in a menu of the site; one that is in none breaks `make docs`."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = {file.stem for file in DOCS.glob("*.md")} - {"index"}


def test_every_guide_is_in_a_menu_of_the_site():
    menus = (DOCS / "conf.py").read_text(encoding="utf-8").partition("MENUS = {")[2].partition("\n}\n")[0]
    assert set(re.findall(r'"([\w-]+)"', menus)) >= GUIDES


def test_every_guide_is_in_the_index():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    assert {guide for guide in GUIDES if f"({guide}.md)" not in index} == set()
