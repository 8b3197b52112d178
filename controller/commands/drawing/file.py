"""A drawn patch in its file: what would change, and the change, with every comment where it was. Edge: a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from controller.commands.answers import NUMBERED
from controller.commands.drawing.drawn import DrawnPatch, DrawnStep, Row
from controller.commands.kept_yaml import changed, difference, write_text
from controller.config import Config, checked, marked_places, read_config
from controller.errors import ConfigError
from controller.rig.patch.configured import patch_of
from controller.rig.profiles.library import Library


class PatchFile:
    """A configuration whose patch is drawn.

    Args:
        file: it, and it is valid but for what the patch itself may have wrong.

    Attributes:
        config: as the file has it. library: its libraries. drawn: its patch, as it is drawn.

    Raises:
        ConfigError: it cannot be read, or is not valid.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise ConfigError(f"{file}: no such file; `followspot init --web` makes one, or name another with --config")
        self.file = file
        self.config = read_config(file)
        self._text = self._read()
        data = yaml.safe_load(self._text)
        self.library = Library.of(self.config, locked=False)
        marks = marked_places(self.config.look)
        self.drawn = DrawnPatch(data["fixtures"], data["universes"], self.library, marks)

    def renewed_library(self) -> Library:
        """The libraries once more, with what was put into them meanwhile."""
        self.library = Library.of(self.config, locked=False)
        self.drawn.library = self.library
        return self.library

    def text(self) -> str:
        """The file as it would be."""
        return with_patch(self._text, self.drawn.saved, self.drawn.now)

    def difference(self) -> str:
        """The lines that would change, as `diff -u` writes them; empty where nothing does."""
        return difference(self._text, self.text(), self.file.name, around=1)

    def as_drawn(self) -> Config:
        """The configuration with the patch as it is drawn.

        Raises:
            ControllerError: it is not valid; says what is wrong.
        """
        config = checked(yaml.safe_load(self.text()), self.file, {})
        patch_of(config)
        return config

    def write(self) -> None:
        """Write what is drawn.

        Raises:
            ControllerError: it is not valid, or somebody else has written into the file meanwhile; nothing is written.
        """
        self.as_drawn()
        if self._read() != self._text:
            raise ConfigError(
                f"{self.file}: somebody else has changed it since it was opened here; nothing is written. Open it again"
            )
        text = self.text()
        try:
            write_text(self.file, text)
        except OSError as error:
            raise ConfigError(f"{self.file}: cannot be written: {error.strerror}") from error
        self._text = text
        self.config = read_config(self.file)
        self.drawn.keep()

    def _read(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.file}: cannot be read: {error}") from error


def with_patch(text: str, saved: DrawnStep, now: DrawnStep) -> str:
    """A configuration's text with another patch in it.

    Args:
        saved: what stands in the text. now: what is to stand there.
    """
    if now.in_file() == saved.in_file():
        return text

    def put(data: Any) -> None:  # noqa: ANN401 - YAML has no type
        _put_rows(data["fixtures"], saved, now)
        for number in [one for one in data["universes"] if one not in now.universes]:
            del data["universes"][number]
        _put_marks(data, saved.marks, now.marks)

    return changed(_with_universes(text, now.universes), put)


def next_universe(universes: Mapping[int, Any]) -> tuple[int, Any]:
    """A universe more: as the last one leaves, a number higher on the wire.

    Raises:
        ConfigError: outputs of that kind carry one universe.
    """
    last = max(universes)
    outputs = []
    for one in universes[last].get("outputs", []):
        key = NUMBERED.get(str(one.get("type")), ("", 0, 0, 0))[0]
        if not key:
            raise ConfigError(f"universe {last} leaves by {one.get('type')}, which carries one universe only")
        outputs.append({**one, key: int(one[key]) + 1})
    return last + 1, {"outputs": outputs}


def _with_universes(text: str, wanted: Mapping[int, Any]) -> str:
    """New universes behind the last one: before the comments that stand above what follows."""
    there = yaml.safe_load(text)["universes"]
    node = _value(yaml.compose(text), "universes")
    first, last = node.value[0][0].start_mark.column, _end_line(node)
    lines = text.splitlines(keepends=True)
    made = []
    for number, universe in wanted.items():
        if number not in there:
            written = yaml.safe_dump({number: universe}, sort_keys=False, default_flow_style=None, width=100_000)
            made += [" " * first + line + "\n" for line in written.splitlines()]
    if made and node.flow_style:
        raise ConfigError("the universes of this file stand in braces; write them one below the other to add one here")
    if made and not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join([*lines[: last + 1], *made, *lines[last + 1 :]])


def _value(mapping: Any, key: str) -> Any:  # noqa: ANN401 - yaml's nodes have no type
    return next(value for name, value in mapping.value if name.value == key)


def _end_line(node: Any) -> int:  # noqa: ANN401
    """The line in which the last scalar below a node ends, counted from 0."""
    inner = node.value if isinstance(node.value, list) else []
    flat = [two for one in inner for two in (one if isinstance(one, tuple) else (one,))]
    if not flat or node.flow_style:
        return int(node.end_mark.line)
    return max(map(_end_line, flat))


def _put_rows(there: CommentedSeq, saved: DrawnStep, now: DrawnStep) -> None:
    kept = {place: row for row, place in zip(now.rows, now.places, strict=True) if place is not None}
    one_line = not there or there[0].fa.flow_style() is not False  # as the first one is written
    for at, row in kept.items():
        _put_row(there[at], saved.rows[at], row)
    for at in sorted(set(range(len(there))) - set(kept), reverse=True):
        del there[at]
    for row, place in zip(now.rows, now.places, strict=True):
        if place is None:
            there.append(_row(row, one_line=one_line))


def _put_marks(data: CommentedMap, saved: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> None:
    for name in (*saved, *now):
        if name not in now:
            data["look"].pop(f"{name}_m", None)
        elif saved.get(name) != now[name]:
            data.setdefault("look", CommentedMap())[f"{name}_m"] = _flow(now[name])


def _put_row(there: CommentedMap, before: Row, row: Row) -> None:
    for key, value in row.items():
        if key not in before or before[key] != value:
            there[key] = _flow(value)
    for key in before:
        if key not in row:
            del there[key]


def _row(row: Row, *, one_line: bool) -> CommentedMap:
    made = CommentedMap({key: _flow(value) for key, value in row.items()})
    if one_line:
        made.fa.set_flow_style()
    return made


def _flow(value: Any) -> Any:  # noqa: ANN401 - YAML has no type
    """Lists and mappings on one line."""
    made: CommentedSeq | CommentedMap
    if isinstance(value, list | tuple):
        made = CommentedSeq([_flow(one) for one in value])
    elif isinstance(value, dict):
        made = CommentedMap({key: _flow(one) for key, one in value.items()})
    else:
        return value
    made.fa.set_flow_style()
    return made
