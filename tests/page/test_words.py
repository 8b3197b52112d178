"""The page's table of words: every language has every word, and nothing on the page is said outside of it."""

import re
from html.parser import HTMLParser

import pytest
from page_words import LANGUAGES, TEXT, WORDS

from controller.people.commands import on_the_page
from controller.rehearsal.room.server import STATIC as ROOM
from controller.watching.page.files import STATIC

LISTS = {"list.html": ROOM / "list.html", "list-page.js": ROOM / "list-page.js"}
"""The rehearsal room's page of set lists speaks by the same table."""
SCRIPTS = {
    path.name: path.read_text(encoding="utf-8")
    for path in (*STATIC.glob("*.js"), LISTS["list-page.js"])
    if path.name != "words.js"
}
PAGES = ("index.html", "login.html", "list.html")
SAID = ("aria-label", "title", "placeholder", "alt")
OWN_NAMES = {"Followspot", "EN", "DE", "日本", "English", "Deutsch", "日本語", *"BHFSQTMZN"}
"""The product's name, languages in their own words, and letters on keys."""
GIVEN = re.compile(r'"((?:[a-z]\w*\.)[a-z0-9_.]+|swatch|late|learn|yes|no|open|close|language|running)"')
MADE = re.compile(r"`([a-z_]+)\.(?:is_)?\$\{")
NO_WORDS = ("followspot.", ".js")


class Said(HTMLParser):
    """What a person reads in a page's source: texts and attributes that no word of the table fills."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.keys: set[str] = set()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.keys |= {value for name, value in attrs if name.startswith("data-word") and value}
        self.texts += [found[name] for name in SAID if found.get(name) and name != "alt"]
        if tag not in ("meta", "link", "img", "input", "path", "br"):
            self.open.append((tag, found))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(tag in ("script", "noscript", "title") for tag, _ in self.open) and re.search(r"[^\W\d_]", data):
            self.texts.append(data.strip())


def said(name: str) -> Said:
    reader = Said()
    reader.feed(LISTS.get(name, STATIC / name).read_text(encoding="utf-8"))
    return reader


def test_every_language_has_every_word_with_the_same_values():
    assert LANGUAGES == ["en", "de", "ja"]
    for key, row in WORDS.items():
        assert len(row) == len(LANGUAGES), key
        assert all(isinstance(one, str) and one.strip() for one in row), key
        assert len({tuple(sorted(re.findall(r"\{(\w+)\}", one))) for one in row}) == 1, key


def test_no_key_stands_twice():
    keys = re.findall(r'^  "([^"]+)": \[', TEXT, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(WORDS)


def test_japanese_is_japanese():
    plain = [key for key, row in WORDS.items() if not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", row[2])]
    assert [key for key in plain if not re.fullmatch(r"(\{\w+\}|[\s:：MC,%])*", WORDS[key][2])] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_word_is_left_in_a_page_s_source(name):
    assert [text for text in said(name).texts if text not in OWN_NAMES] == []


@pytest.mark.parametrize("name", ["index.html", "login.html"])
def test_a_page_without_scripts_says_in_each_language_that_the_lights_run(name):
    text = LISTS.get(name, STATIC / name).read_text(encoding="utf-8")
    inside = text[text.index("<noscript>") : text.index("</noscript>")]
    assert re.findall(r'lang="(\w+)"', inside) == LANGUAGES


def test_every_word_that_is_asked_for_is_there():
    asked = set().union(*(said(name).keys for name in PAGES))
    for name, text in SCRIPTS.items():
        keys = {key for key in GIVEN.findall(text) if not key.startswith(NO_WORDS[0]) and not key.endswith(NO_WORDS[1])}
        assert keys <= set(WORDS), (name, keys - set(WORDS))
        asked |= keys
    assert asked <= set(WORDS), asked - set(WORDS)


def test_no_word_is_there_that_nobody_asks_for():
    everything = "".join(SCRIPTS.values()) + "".join(
        LISTS.get(name, STATIC / name).read_text(encoding="utf-8") for name in PAGES
    )
    made = {match for text in SCRIPTS.values() for match in MADE.findall(text)}
    unused = [key for key in WORDS if f'"{key}"' not in everything and key.split(".")[0] not in made]
    assert unused == []


def test_every_command_has_a_word_in_each_language():
    """A command of the table that came later shows its own label; those of today are translated."""
    assert [row.name for row in on_the_page() if f"do.{row.name}" not in WORDS] == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_says_nothing_by_itself(name):
    """No text that a person reads is written into an element, and none is thrown, but from the table."""
    shown = re.findall(
        r"""(?:textContent|placeholder|title|innerText)\s*[=:]\s*(?:"([^"]*)"|'([^']*)')""", SCRIPTS[name]
    )
    assert [one for pair in shown for one in pair if re.search(r"[A-Za-z]{2,}", one)] == []
