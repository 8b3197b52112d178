"""Words that were given up do not come back where people read: guides, pages, messages and docstrings.

Which word stands for what is in docs/words.md, "Given up". A *lamp* is the light source inside a fixture, so makers'
words about it stay: lamp hours, lamp off, a lamp that did not strike.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config.yaml")),
    *sorted(path for top in ("docs", "fixtures", "models") for path in (ROOT / top).rglob("*.md")),
    *sorted(path for top in ("docs/rigs", "fixtures") for path in (ROOT / top).rglob("*.yaml")),
]
CODE = sorted(path for top in ("controller", "tools") for path in (ROOT / top).rglob("*.py"))
PAGES = sorted(path for top in ("controller", "tools") for path in (ROOT / top).rglob("*.html"))

LAMP = re.compile(r"(?<![\w#/.-])lamps?(?![\w/-]|\.\w)", re.IGNORECASE)
THE_SOURCE_INSIDE = re.compile(
    r"lamp off|lamp hours|lamp h\b|switches the lamp|lamp did not strike|lamp doused|a warm lamp|a lamp channel"
    r"|reset or lamp control|lamps of amplifiers|the lamp itself is white|a lamp on each",
    re.IGNORECASE,
)
OTHERS_WORDS = {  # patterns for what makers and bands write, and a venue that is invented, with real light sources
    "controller/evening/words.py",
    *(f"controller/rig/profiles/{name}.py" for name in ("gdtf", "meaning", "ofl", "qxf", "qxf_words", "rest_words")),
}
INVENTED = ("tools/rigs/", "tools/train/venue/")
STIFF = re.compile(
    r"(?<![\w-])(?:anew|seldom|whoever|by itself|by themselves|in turns|as always|so many)(?![\w-])", re.I
)
FIRST_READ = (
    "README.md",
    "docs/first-hour.md",
    "docs/manual.md",
    "docs/patching.md",
    "docs/trouble.md",
    "docs/install.md",
)


def given_up(text: str) -> list[str]:
    """Where *lamp* stands for a fixture, with some letters around it."""
    kept = [found.span() for found in THE_SOURCE_INSIDE.finditer(text)]
    return [
        text[max(found.start() - 30, 0) : found.end() + 30]
        for found in LAMP.finditer(text)
        if not any(start <= found.start() < end for start, end in kept)
    ]


def prose(text: str) -> str:
    """A guide without what is typed: code spans and targets of links."""
    return re.sub(r"`[^`\n]*`|\]\([^)\n]*\)", " ", text)


def texts(path: Path) -> list[str]:
    """What a person reads of a module: its docstrings, and messages, which have spaces in them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [re.sub(r"`[^`\n]*`", " ", text) for text in strings if " " in text]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_guide_calls_a_fixture_a_fixture(path):
    text = prose(path.read_text(encoding="utf-8"))
    if path.name == "words.md":
        text = text.partition("## Given up")[0]
    assert given_up(text) == []


def test_so_do_messages_and_docstrings():
    found = {}
    for path in CODE:
        name = path.relative_to(ROOT).as_posix()
        if name not in OTHERS_WORDS and not name.startswith(INVENTED) and (said := given_up("\n".join(texts(path)))):
            found[name] = said
    assert found == {}


def test_so_do_pages():
    """Their texts and titles; names of elements are the program's own."""
    found = {}
    for path in PAGES:
        text = re.sub(r"<(script|style)\b.*?</\1>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        seen = re.findall(r">([^<>]+)<|(?:title|aria-label|placeholder)=\"([^\"]*)\"", text)
        if said := given_up("\n".join(" ".join(one) for one in seen)):
            found[path.name] = said
    words = (ROOT / "controller/watching/page/static/words.js").read_text(encoding="utf-8")
    said = [said for english in re.findall(r'": \["([^"]*)"', words) for said in given_up(english)]
    assert (found, said) == ({}, [])


@pytest.mark.parametrize("name", FIRST_READ)
def test_what_is_read_first_has_no_stiff_words(name):
    assert STIFF.findall(prose((ROOT / name).read_text(encoding="utf-8"))) == []


def test_the_word_is_found_and_its_own_meaning_is_not():
    assert given_up("a lamp is dark") == ["a lamp is dark"]
    assert given_up("4,000 lamp hours; lamp off; clamped; lamps.js") == []
