"""A configuration's text with something changed in it and otherwise as it was: comments, quotes, order (ruamel.yaml).

docs/decisions/0038. Edge: files.
"""

import difflib
import io
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from controller.state_folder import coming

Ask = Callable[[str], str]
Say = Callable[[str], None]
INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4), (4, 4, 0), (4, 2, 0), (4, 8, 4))
"""Ways in which people and programs indent YAML: of a mapping, of a list, of its dash. The one of the file is kept."""


def changed(text: str, change: Callable[[Any], None]) -> str:
    """The text after `change` was done to what stands in it.

    Args:
        change: gets the file as mappings and lists that remember how they were written.
    """
    data = _yaml(INDENTS[0]).load(text)
    indent = min(INDENTS, key=lambda one: _different(text, _dumped(data, one)))
    before = _dumped(data, indent)
    change(data)
    after = _dumped(data, indent)
    mended = _only_changes(text, before, after)
    return mended if _means(mended, after) else after


def _means(one: str, other: str) -> bool:
    """Whether two texts say the same."""
    try:
        return bool(yaml.safe_load(one) == yaml.safe_load(other))
    except yaml.YAMLError:
        return False


def _only_changes(text: str, before: str, after: str) -> str:
    """The text with those lines of `after` that differ from `before`: a file may indent in several ways at once."""
    lines, old, new = (one.splitlines(keepends=True) for one in (text, before, after))
    if len(lines) != len(old):
        return after
    made: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        made += lines[a:b] if kind == "equal" else new[c:d]
    return "".join(made)


def difference(before: str, after: str, name: str, *, around: int = 0) -> str:
    """The lines that differ, as `diff -u` writes them, with so many lines around."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, n=around, lineterm="")
    return "\n".join(lines)


def write_text(file: Path, text: str) -> None:
    """Whole or not at all.

    Raises:
        OSError: it cannot be written; it is as it was.
    """
    with coming(file) as written:
        written.write_text(text, encoding="utf-8")


def write_if_agreed(file: Path, after: str, ask: Ask, say: Say, *, write: bool) -> None:
    """Show the lines of a file that change, and write them if a person agrees.

    Args:
        after: the file's whole text. write: without asking.
    """
    say(difference(file.read_text(encoding="utf-8"), after, str(file)))
    if write or ask(f"Write this into {file}? [y/n] ").strip().lower().startswith("y"):
        write_text(file, after)
        say(f"{file} written; `followspot check` reads it")


def _yaml(indent: tuple[int, int, int]) -> YAML:
    writer = YAML()
    writer.width, writer.preserve_quotes = 4096, True
    mapping, sequence, offset = indent
    writer.indent(mapping=mapping, sequence=sequence, offset=offset)
    return writer


def _dumped(data: object, indent: tuple[int, int, int]) -> str:
    out = io.StringIO()
    _yaml(indent).dump(data, out)
    return out.getvalue()


def _different(one: str, other: str) -> int:
    """How many lines differ."""
    return sum(a != b for a, b in zip_longest(one.splitlines(), other.splitlines()))
