"""What validation found wrong in a file, in the words of whoever writes the file. Pure."""

import difflib
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

SAID = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text; put it between quotes",
    "list_type": "must be a list: [one, another]",
    "tuple_type": "must be a list: [one, another]",
    "dict_type": "must be a mapping: {key: value}",
    "model_type": "must be a mapping: {key: value}",
    "model_attributes_type": "must be a mapping: {key: value}",
}
BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most"),
          "greater_than": ("gt", "more than"), "less_than": ("lt", "less than")}  # fmt: skip
PATTERNS = {
    r"^#[0-9a-fA-F]{6}$": "must be a colour such as '#ff3a12', between quotes",
    r"^[a-z0-9][a-z0-9-]*$": "must be small letters, digits and hyphens, such as front-1",
    r"^(device|file|stems):.+": "must be device:NAME, file:PATH or stems:FOLDER",
    r"^(/dev/[\w./-]+|serial:[\w-]+|COM\d+|/.+)$": "must be a serial port: /dev/ttyUSB0, COM3 or serial:NUMBER",
    r"^[0-9a-f]{64}$": "must be the digest that `followspot token NAME` prints",
}


def said(error: ErrorDetails, model: type[BaseModel] | None = None) -> str:
    """What is wrong, without its place.

    Args:
        model: of the whole file; with it an unknown key is answered with the nearest that there is.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind in SAID:
        return SAID[kind]
    if kind in BOUNDS and BOUNDS[kind][0] in context:
        name, words = BOUNDS[kind]
        return f"must be {words} {context[name]:g}" if isinstance(context[name], int | float) else error["msg"]
    if kind == "extra_forbidden":
        return _unknown(str(error["loc"][-1]), keys_at(model, error["loc"][:-1]) if model else [])
    if kind == "string_pattern_mismatch" and context.get("pattern") in PATTERNS:
        return PATTERNS[context["pattern"]]
    return error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    if near:
        return f"there is no such key; did you mean '{near[0]}'?"
    return "there is no such key" + (f"; there are {', '.join(sorted(known))}" if 0 < len(known) <= 12 else "")


def keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Names of all keys that may stand at a place of a file."""
    here = [model]
    for part in place:
        below = [
            found
            for one in here
            if part in one.model_fields
            for found in _models(one.model_fields[str(part)].annotation)
        ]
        here = below or here  # a number of a list, a key of a mapping, a word that chooses among several: still there
    return list(dict.fromkeys(name for one in here for name in one.model_fields))


def _models(kind: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation may be anything
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    elif get_origin(kind) in (Annotated, Union, types.UnionType, list, tuple, dict):
        for one in get_args(kind):
            yield from _models(one)
