"""Levels that put a lamp right, written into `config.yaml`: shown as a difference, and only if a person agrees.

Comments and the order of its lines stay as they are (ruamel.yaml, docs/decisions/0038). Edge: a file.
"""

import difflib
import io
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

from ruamel.yaml import YAML

from controller.state_folder import coming

INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4), (4, 4, 0), (4, 2, 0))
"""Ways in which people and programs indent YAML: of a mapping, of a list, of its dash. The one of the file is kept."""
Ask = Callable[[str], str]
Say = Callable[[str], None]
Rests = dict[str, dict[str, int]]
"""By fixture and channel, the level that put it right."""


def put_into(file: Path, rests: Rests, ask: Ask, say: Say, *, write: bool) -> None:
    """Show the lines of the configuration that change, and write them if a person agrees."""
    before = file.read_text(encoding="utf-8")
    after = with_rests(before, rests)
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), n=0, lineterm="")
    say("\n".join(difference))
    if write or ask(f"Write this into {file}? [y/n] ").strip().lower().startswith("y"):
        with coming(file) as written:
            written.write_text(after, encoding="utf-8")
        say(f"{file} written; `followspot check` reads it")


def with_rests(text: str, rests: Rests) -> str:
    """A configuration's text with `override: {CHANNEL: {rest: LEVEL}}` at its fixtures, otherwise as it was."""
    data = _yaml(INDENTS[0]).load(text)
    indent = min(INDENTS, key=lambda one: _different(text, _dumped(data, one)))
    for fixture in data["fixtures"]:
        for channel, level in rests.get(fixture["id"], {}).items():
            entry = fixture.setdefault("override", {}).setdefault(channel, {})
            entry.pop("hold", None)
            entry["rest"] = level
    return _dumped(data, indent)


def _yaml(indent: tuple[int, int, int]) -> YAML:
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 4096, True
    mapping, sequence, offset = indent
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    return yaml


def _dumped(data: object, indent: tuple[int, int, int]) -> str:
    out = io.StringIO()
    _yaml(indent).dump(data, out)
    return out.getvalue()


def _different(one: str, other: str) -> int:
    """How many lines differ."""
    return sum(a != b for a, b in zip_longest(one.splitlines(), other.splitlines()))
