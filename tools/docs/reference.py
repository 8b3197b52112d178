"""Every key of a configuration as a page: `python -m tools.docs.reference` writes docs/configuration.md anew.

From the types of `controller/config.py`: what a key may be, its unit and what it is without. What it is for is the
comment beside it in `config.yaml`, and the docstring of its section. Edge: reads code, writes the page.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from controller.config import Config
from tools.docs.tables import ROOT, table

PAGE = ROOT / "docs/configuration.md"
HEAD = """# Configuration

Every key of a configuration, made from the types that read it (`python -m tools.docs.reference`). `config.yaml` is an
example with comments; [patching.md](patching.md), [outputs.md](outputs.md) and [fixtures.md](fixtures.md) tell how to
fill it in. Paths are relative to the file, absolute, or `bundled:...` for what comes with the program. A key that is
not known, or a value out of its range, is refused with file, line and remedy. *needed*: there is no default.
"""
UNITS = {"_deg_per_s2": "degrees/s²", "_deg_per_s": "degrees/s", "_s": "s", "_ms": "ms", "_us": "µs", "_hz": "Hz",
         "_db": "dB", "_mb": "MB", "_m": "m"}  # fmt: skip
COMMENT = re.compile(r"^(\s*)([\w]+):.*?\s#\s(.+)$")


def page() -> str:
    """The page as it should be."""
    schema = Config.model_json_schema()
    parts = [HEAD, *sections(schema, "", schema, comments())]
    return "\n".join(parts)


def sections(schema: dict[str, Any], place: str, part: dict[str, Any], notes: dict[str, str]) -> Iterator[str]:
    """The table of a section, and after it those of the sections below it."""
    below: list[tuple[str, dict[str, Any]]] = []
    rows = []
    for key, field in part["properties"].items():
        path = f"{place}{key}"
        found = list(parts_of(schema, field))
        below += [(f"{path}{sign}", one) for sign, one in found]
        needed = key in part.get("required", ())
        default = "*needed*" if needed else shown(field.get("default"))
        note = notes.get(path.replace("[]", ""), "")
        rows.append((f"`{key}`", value(schema, field), unit(key), default, note))
    title = f"`{place.rstrip('.')}`" if place else "The top"
    said = " ".join(part.get("description", "").split("\n\n")[0].split())
    rest = "\n\n".join(" ".join(one.split()) for one in part.get("description", "").split("\n\n")[1:])
    yield f"## {title}\n\n{said}" + (f"\n\n{rest}" if rest else "") + "\n"
    yield table(("Key", "Value", "Unit", "Without it", "What for"), rows) + "\n"
    for path, one in below:
        yield from sections(schema, f"{path}.", one, notes)


def parts_of(schema: dict[str, Any], field: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Sections that a value consists of, each with the sign of how: `[]` in a list, `.N` by a number or name."""
    if "$ref" in field:
        found = schema["$defs"][field["$ref"].rpartition("/")[2]]
        if "properties" in found:
            yield "", found
        return
    for one in (*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("allOf", ())):
        for sign, found in parts_of(schema, one):
            kind = found["properties"].get("type", {}).get("const")
            yield f"{sign} ({kind})" if kind else sign, found
    for key, sign in (("items", "[]"), ("additionalProperties", ".NAME")):
        if isinstance(field.get(key), dict):
            yield from ((sign + more, found) for more, found in parts_of(schema, field[key]))


def value(schema: dict[str, Any], field: dict[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in field:
        found = schema["$defs"][field["$ref"].rpartition("/")[2]]
        return "a section, below" if "properties" in found else value(schema, found)
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{one}`" for one in field["enum"])
    if "anyOf" in field or "oneOf" in field:
        words = [value(schema, one) for one in (*field.get("anyOf", ()), *field.get("oneOf", ()))]
        return " or ".join(dict.fromkeys(word for word in words if word != "nothing"))
    return plain(schema, field)


def plain(schema: dict[str, Any], field: dict[str, Any]) -> str:
    """A number, a text, a list or a mapping, with its range."""
    match field.get("type"):
        case "array":
            if "prefixItems" in field:
                return f"[{', '.join(value(schema, one) for one in field['prefixItems'])}]"
            return f"list of {value(schema, field['items'])}" if field.get("items") else "list"
        case "object":
            more = field.get("additionalProperties")
            return f"mapping of {value(schema, more)}" if isinstance(more, dict) else "mapping"
        case "integer" | "number":
            return number(field)
    words = {"boolean": "`true`, `false`", "null": "nothing"}
    return words.get(field.get("type", ""), f"text like `{field['pattern']}`" if "pattern" in field else "text")


def number(field: dict[str, Any]) -> str:
    """A number with its range."""
    low, high = (field.get(f"{one}imum", field.get(f"exclusive{one.capitalize()}imum")) for one in ("min", "max"))
    above = "above " if "exclusiveMinimum" in field else "from "
    ends = (f" {above}{low:g}" if low is not None else "") + (f" to {high:g}" if high is not None else "")
    return ("whole number" if field["type"] == "integer" else "number") + ends


def shown(default: object) -> str:
    """A default as it would be written."""
    if default in (None, "", [], {}):
        return "nothing"
    return "as below" if isinstance(default, dict) else f"`{json.dumps(default, ensure_ascii=False)}`"


def unit(key: str) -> str:
    """The unit that a key's name ends in."""
    return next((name for ending, name in UNITS.items() if key.endswith(ending)), "")


def comments() -> dict[str, str]:
    """Comments of `config.yaml` that stand beside a key, by the key's path."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines():
        indent = len(line) - len(line.lstrip())
        key = re.match(r"\s*(\w+):", line)
        if key is None:
            continue
        above = [one for one in above if one[0] < indent]
        path = ".".join([*(name for _, name in above), key[1]])
        above.append((indent, key[1]))
        if note := COMMENT.match(line):
            found[path] = note[3].strip()
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
