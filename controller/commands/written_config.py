"""Changes of `config.yaml` made by a command: shown as a difference, and only written if a person agrees.

Comments and the order of its lines stay as they are (ruamel.yaml, docs/decisions/0038). Edge: a file.
"""

import difflib
import io
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from controller.state_folder import coming

INDENTS = ((2, 4, 2), (2, 2, 0), (4, 4, 2), (4, 6, 4), (4, 4, 0), (4, 2, 0))
"""Ways in which people and programs indent YAML: of a mapping, of a list, of its dash. The one of the file is kept."""
Ask = Callable[[str], str]
Say = Callable[[str], None]


def write_if_agreed(file: Path, after: str, ask: Ask, say: Say, *, write: bool) -> bool:
    """Show the lines of a file that change, and write them if a person agrees; whether they were written."""
    before = file.read_text(encoding="utf-8")
    difference = difflib.unified_diff(before.splitlines(), after.splitlines(), str(file), str(file), n=0, lineterm="")
    say("\n".join(difference))
    agreed = write or ask(f"Write this into {file}? [y/n] ").strip().lower().startswith("y")
    if agreed:
        with coming(file) as written:
            written.write_text(after, encoding="utf-8")
        say(f"{file} written; `followspot check` reads it")
    return agreed


def changed(text: str, change: Callable[[Any], None]) -> str:
    """A configuration's text after `change` was made to what it holds, otherwise as it was."""
    data = _yaml(INDENTS[0]).load(text)
    indent = min(INDENTS, key=lambda one: _different(text, _dumped(data, one)))
    change(data)
    return _dumped(data, indent)


def with_values(text: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """A configuration's text with other values of its fixtures, by id and key; lists are written in one line."""

    def change(data: Any) -> None:  # noqa: ANN401 - ruamel's own types
        for fixture in data["fixtures"]:
            for key, value in values.get(fixture["id"], {}).items():
                fixture[key] = _in_one_line(value) if isinstance(value, list) else value

    return changed(text, change)


def _in_one_line(values: list[Any]) -> CommentedSeq:
    written = CommentedSeq(values)
    written.fa.set_flow_style()
    return written


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
