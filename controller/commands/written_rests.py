"""Levels that put a fixture right, written into `config.yaml`: shown as a difference, and only if a person agrees.

Edge: a file.
"""

from pathlib import Path
from typing import Any

from controller.commands.kept_yaml import Ask, Say, changed, write_if_agreed

Rests = dict[str, dict[str, int]]
"""By fixture and channel, the level that put it right."""


def put_into(file: Path, rests: Rests, ask: Ask, say: Say, *, write: bool) -> None:
    """Show the lines of the configuration that change, and write them if a person agrees."""
    write_if_agreed(file, with_rests(file.read_text(encoding="utf-8"), rests), ask, say, write=write)


def with_rests(text: str, rests: Rests) -> str:
    """A configuration's text with `override: {CHANNEL: {rest: LEVEL}}` at its fixtures, otherwise as it was."""

    def put(data: Any) -> None:  # noqa: ANN401 - YAML has no type
        for fixture in data["fixtures"]:
            for channel, level in rests.get(fixture["id"], {}).items():
                entry = fixture.setdefault("override", {}).setdefault(channel, {})
                entry.pop("hold", None)
                entry["rest"] = level

    return changed(text, put)
