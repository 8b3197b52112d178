"""What people did, kept for whoever wants to learn from it or has to explain it: a line of JSON for each event.

A full or slow disk costs lines, never light. Edge: a file, a thread.
"""

import json
import logging
import os
import queue
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller.state_folder import PRIVATE, private_folder
from controller.system import make_private

log = logging.getLogger(__name__)

LINES_KEPT = 1_000
FULL_BYTES = 10_000_000
"""A file of this size becomes NAME.1, and what was there goes."""
END_S = 1.0


class Journal:
    """Appends to a file.

    Args:
        file: its folder is made at the first line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(LINES_KEPT)
        self._failing = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"journal {file.name}", daemon=True)
        self._thread.start()

    def add(self, entry: dict[str, Any]) -> None:
        """Leave one entry to be written; never waits."""
        try:
            self._lines.put_nowait(entry)
        except queue.Full:
            self.dropped += 1

    def _run(self) -> None:
        while (entry := self._lines.get()) is not None:
            try:
                self._write({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry})
            except (OSError, TypeError, ValueError) as error:
                self._note_failure(error)
            else:
                self._note_success()

    def _write(self, entry: dict[str, Any]) -> None:
        private_folder(self._file.parent)
        if self._file.is_file() and self._file.stat().st_size > FULL_BYTES:
            self._file.replace(self._file.with_name(f"{self._file.name}.1"))
        with open(self._file, "a", encoding="utf-8", opener=_private) as out:
            make_private(out.fileno(), PRIVATE)
            out.write(json.dumps(entry) + "\n")

    def _note_failure(self, error: Exception) -> None:
        self.dropped += 1
        if not self._failing:
            self._failing = True
            log.warning("%s cannot be written (%s); nothing is kept there until it can", self._file, error)

    def _note_success(self) -> None:
        if self._failing:
            self._failing = False
            log.warning("%s can be written again; %d lines were not kept", self._file, self.dropped)

    def close(self) -> None:
        """Write what waits, unless that takes too long."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(END_S)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
