"""Lines with their right results: read from YAML, and compared field by field."""

from dataclasses import asdict
from pathlib import Path

import yaml

from controller.evening.entry import ListEntry
from controller.evening.sheet import read_sheet

FIELDS = (
    *("kind", "title", "asked", "forbidden", "energy", "strobe", "blinder", "haze", "dark_on_break", "key"),
    *("tempo_bpm", "rest"),
)
DEVICES = ("strobe", "blinder", "haze")


def written_lines(file: Path) -> list[dict]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def expected(row: dict) -> dict:
    usual = asdict(ListEntry())
    found = {name: row.get(name, usual[name]) for name in FIELDS}
    return {**found, "asked": tuple(found["asked"]), "forbidden": tuple(found["forbidden"])}


def read(line: str) -> dict:
    """A line on a sheet of its own."""
    (one,) = read_sheet(line)
    return {name: getattr(one.entry, name) for name in FIELDS}


def differences(rows: list[dict]) -> dict[str, dict]:
    """What is read otherwise than it should be, by line: field, right, read."""
    found = {}
    for row in rows:
        right, got = expected(row), read(row["line"])
        if right != got:
            found[row["line"]] = {name: (right[name], got[name]) for name in FIELDS if right[name] != got[name]}
    return found


def dangers(rows: list[dict]) -> list[str]:
    """Lines in which something is allowed that is forbidden, or a forbidden colour is asked for."""
    found = []
    for row in rows:
        right, got = expected(row), read(row["line"])
        allowed = [name for name in DEVICES if got[name] is True and right[name] is not True]
        if allowed or set(right["forbidden"]) & set(got["asked"]):
            found.append(row["line"])
    return found
