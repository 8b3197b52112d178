"""`followspot docs`: the guides as pages; every link leads to something that is there, nothing needs a network."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from controller.__main__ import main
from controller.commands.docs import written
from controller.commands.guide_pages import menu_of, page_of


class Links(HTMLParser):
    """What a page points at, and the anchors it has."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.targets += [told[name] for name in ("href", "src") if told.get(name)]
        self.anchors |= {told["id"]} if "id" in told else set()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    out = tmp_path_factory.mktemp("docs")
    written(Path(__file__).parents[2] / "docs", out)
    return out


def test_every_guide_is_a_page_and_every_link_leads_somewhere(pages, root):
    found = {page: Links(page.read_text(encoding="utf-8")) for page in pages.rglob("*.html")}
    guides = {one.relative_to(root / "docs").with_suffix(".html") for one in (root / "docs").rglob("*.md")}
    assert guides <= {page.relative_to(pages) for page in found}
    lost = []
    for page, links in found.items():
        for target in links.targets:
            if re.match("https?:|mailto:", target):
                continue
            file, _, anchor = unquote(target).partition("#")
            place = (page.parent / file).resolve() if file else page
            if not place.is_file() or (anchor and place in found and anchor not in found[place].anchors):
                lost.append((page.name, target))
    assert lost == []


def test_nothing_is_fetched(pages):
    for page in pages.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script|<link|@import|src=\"https?:", text), page.name


def test_what_did_not_come_with_the_program_is_plain_text():
    text = (
        "# A\n\n[there](b.md#x), [gone](../tools/c.md), [out](https://example.org) and ![p](pictures/p.png)\n\n"
        "## A b, c\n\n## A b, c\n"
    )
    page = page_of(text, "a.md", "", {}, lambda path: path == "b.md")
    assert 'href="b.html#x"' in page
    assert "tools" not in page
    assert "gone" in page
    assert 'href="https://example.org"' in page
    assert 'id="a-b-c"' in page
    assert 'id="a-b-c-1"' in page


def test_the_menu_is_that_of_the_index():
    index = "# F\n\n## For the rig\n\n| Page | Read |\n|---|---|\n| [b.md](b.md) | x |\n"
    menu = menu_of(index, {"b.md": "The <b>"}, "decisions/README.md")
    assert menu.index("For the rig") < menu.index('href="../b.html"')
    assert "The &lt;b&gt;" in menu


def test_the_command_says_where_the_page_is(tmp_path, capsys):
    assert main(["docs", "trouble", "--out", str(tmp_path / "out"), "--no-browser"]) == 0
    said = Path(capsys.readouterr().out.strip())
    assert said == (tmp_path / "out" / "trouble.html").resolve()
    assert "<h1" in said.read_text(encoding="utf-8")


def test_a_guide_that_is_not_there_is_refused(tmp_path, capsys):
    assert main(["docs", "cooking", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "no guide 'cooking'; there are access, architecture" in said


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["docs", "--out", str(tmp_path / "file" / "out"), "--no-browser"]) == 1
    assert "choose another folder with --out DIR" in capsys.readouterr().err
