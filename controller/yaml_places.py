"""Where in a YAML file a value stands: its line and its path, for messages that a person can act on. Pure."""

from collections.abc import Callable
from pathlib import Path

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from yaml.constructor import SafeConstructor

from controller.errors import ConfigError
from controller.mistakes import said

YamlPlace = tuple[str | int, ...]
Where = Callable[[YamlPlace], str]
NO_YAML = (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What PyYAML's safe loader raises at text that is no YAML, or means nothing: `!!bool maybe` is a KeyError there."""
MOST_ENTRIES = 50_000  # nested YAML aliases multiply: a few lines can mean billions of values


def composed(text: str) -> yaml.Node | None:
    """The tree of a YAML text, None of an empty one.

    Raises:
        yaml.YAMLError: it is none.
    """
    try:
        return _composed(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # eight times as fast
    except (*NO_YAML, MemoryError):
        return _composed(text, yaml.SafeLoader)  # says more clearly what is wrong


def _composed(text: str, loader: type[yaml.SafeLoader]) -> yaml.Node | None:
    node: yaml.Node | None = yaml.compose(text, Loader=loader)
    return node


def meant(node: yaml.Node | None) -> object:
    """The plain data of a tree; the tree is used up.

    Raises:
        yaml.YAMLError: something in it means nothing, or one of `NO_YAML`.
    """
    data: object = None if node is None else SafeConstructor().construct_document(node)
    return data


def describe(file: Path, lines: dict[YamlPlace, int], place: YamlPlace) -> str:
    """`file:line: path`; the line is that of the nearest parent that has one."""
    known = place
    while known and known not in lines:
        known = known[:-1]
    line = f":{lines[known]}" if known in lines else ""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{file}{line}: {path}" if path else f"{file}{line}"


def note_lines(node: yaml.Node | None, place: YamlPlace, lines: dict[YamlPlace, int], file: Path) -> None:
    """Add the line of every value below a node to `lines`; a key that stands twice is refused."""
    if node is None or place in lines:
        return
    lines[place] = node.start_mark.line + 1
    if len(lines) > MOST_ENTRIES:
        raise ConfigError(f"{file}: more than {MOST_ENTRIES} values; this is no configuration")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if key.value in seen:
                raise ConfigError(
                    f"{describe(file, {(): key.start_mark.line + 1}, ())}: '{key.value}' stands here twice"
                )
            seen.add(key.value)
            name = int(key.value) if key.tag.endswith(":int") and key.value.isdigit() else key.value
            note_lines(child, (*place, name), lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            note_lines(child, (*place, index), lines, file)


def explain(file: Path, lines: dict[YamlPlace, int], error: ErrorDetails, model: type[BaseModel] | None = None) -> str:
    """One mistake that validation found: file, line, YAML path, what is wrong and what was found.

    Args:
        model: of the whole file, so that a misspelt key is answered with the nearest one.
    """
    place: YamlPlace = ()
    for part in error["loc"]:
        # pydantic's path also names the member of a union that it tried; that is no part of the file
        written = not lines or (*place, part) in lines or (error["type"] == "missing" and part == error["loc"][-1])
        place = (*place, part) if written and part != "[key]" else place
    got = error.get("input")
    is_plain = isinstance(got, str | int | float | bool) and error["type"] != "extra_forbidden"
    return f"{describe(file, lines, place)}: {said(error, model)}{f' (found: {got!r})' if is_plain else ''}"
