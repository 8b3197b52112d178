"""Looks that people keep by name, for one rig. Edge: a file."""

import json
import logging
import math
from pathlib import Path

from controller.config import Config
from controller.state_folder import kept_under, set_aside, state_folder, write_private

log = logging.getLogger(__name__)

MOST = 100
MOST_BYTES = 5_000_000


class Scenes:
    """The scenes of a venue, read when a show begins and written when one is kept.

    Args:
        file: where they are; it need not be there yet. before: read where `file` is not there, and never written.
    """

    def __init__(self, file: Path, before: Path | None = None) -> None:
        self._file = file
        self._damaged = False
        self._rows = self._read(before if before is not None and not file.exists() else file)

    def _read(self, file: Path) -> dict[str, tuple[float, ...]]:
        """Every scene that can be read; what cannot is named, and the file is set aside before it is written again."""
        try:
            if not file.exists():
                return {}
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"larger than {MOST_BYTES} bytes")
            said = dict(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            log.warning("%s cannot be read: %s; there are no scenes", file, error)
            self._damaged = file == self._file
            return {}
        rows = {str(name): found for name, one in said.items() if (found := _numbers(one)) is not None}
        if lost := sorted(set(map(str, said)) - set(rows)):
            log.warning("%s cannot be read as a whole; these scenes are missing: %s", file, ", ".join(lost))
            self._damaged = file == self._file
        return rows

    @staticmethod
    def of(config: Config) -> "Scenes":
        """Those of the configured venue."""
        return Scenes(*kept_under(state_folder() / "scenes", config.venue, "venue", ".json"))

    @property
    def names(self) -> list[str]:
        """In alphabetical order."""
        return sorted(self._rows)

    def rows(self, name: str) -> tuple[float, ...] | None:
        """Six numbers for each head; None if there is no such scene."""
        return self._rows.get(name)

    def keep(self, name: str, rows: tuple[float, ...]) -> None:
        """Under a name, which need not be new."""
        if name not in self._rows and len(self._rows) >= MOST:
            log.info("there are %d scenes; '%s' is not kept before another is forgotten", MOST, name)
            return
        self._rows[name] = rows
        self._write()

    def forget(self, name: str) -> None:
        """Drop one."""
        if self._rows.pop(name, None) is not None:
            self._write()

    def _write(self) -> None:
        try:
            if self._damaged:
                log.warning("what could not be read is kept as %s", set_aside(self._file))
                self._damaged = False
            write_private(self._file, json.dumps(self._rows))
        except OSError as error:
            log.warning("%s cannot be written: %s; the scene lasts as long as this show", self._file, error)


def _numbers(rows: object) -> tuple[float, ...] | None:
    """A scene's numbers; None if they are none."""
    if not isinstance(rows, list) or not all(isinstance(one, int | float) for one in rows):
        return None
    numbers = tuple(float(one) for one in rows)
    return numbers if all(math.isfinite(one) for one in numbers) else None
