"""Looks that people keep by name, for one rig. Edge: a file."""

import json
import logging
from pathlib import Path

from controller.config import Config
from controller.state_folder import file_word, state_folder

log = logging.getLogger(__name__)

MOST = 100
MOST_BYTES = 5_000_000


class Scenes:
    """The scenes of a venue, read when a show begins and written when one is kept.

    Args:
        file: where they are; it need not be there yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rows: dict[str, tuple[float, ...]] = {}
        try:
            if file.is_file() and file.stat().st_size <= MOST_BYTES:
                said = json.loads(file.read_text(encoding="utf-8"))
                self._rows = {str(name): tuple(float(one) for one in rows) for name, rows in said.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("%s cannot be read: %s; there are no scenes", file, error)

    @staticmethod
    def of(config: Config) -> "Scenes":
        """Those of the configured venue."""
        venue = file_word(config.venue, "venue")
        return Scenes(state_folder() / "scenes" / f"{venue}.json")

    @property
    def names(self) -> list[str]:
        """In alphabetical order."""
        return sorted(self._rows)

    def rows(self, name: str) -> tuple[float, ...] | None:
        """Six numbers for each head; None if there is no such scene."""
        return self._rows.get(name)

    def keep(self, name: str, rows: tuple[float, ...]) -> None:
        """Under a name, which need not be new."""
        if name in self._rows or len(self._rows) < MOST:
            self._rows[name] = rows
            self._write()

    def forget(self, name: str) -> None:
        """Drop one."""
        if self._rows.pop(name, None) is not None:
            self._write()

    def _write(self) -> None:
        coming = self._file.with_suffix(".coming")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            coming.write_text(json.dumps(self._rows), encoding="utf-8")
            coming.replace(self._file)
        except OSError as error:
            log.warning("%s cannot be written: %s; the scene lasts as long as this show", self._file, error)
