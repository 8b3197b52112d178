"""One small file that says where the night is, for a show that has to be started again. Edge: a file, a thread.

A disk that stalls must not stall the page, by which people black out the stage: a thread writes, the newest text wins.
"""

import json
import logging
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.state_folder import write_private

log = logging.getLogger(__name__)

LASTS_S = 8 * 3600.0
"""A place that was kept longer ago is another night's."""


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """Name of the set list, and the place in it, -1 before the first. `at_s`: seconds since 1970."""

    name: str
    place: int
    at_s: float


class Remembering:
    """Keeps the place.

    Args:
        file: need not be there yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._newest: str | None = None
        self._changed = threading.Lock()
        self._writer: threading.Thread | None = None

    def kept(self) -> KeptPlace | None:
        """What was kept last, with place -1 if that was another night; None if nothing can be read."""
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
            name, place, at_s = str(said["name"]), int(said["place"]), float(said["at_s"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot be read: %s; the night begins anew", self._file, error)
            return None
        return KeptPlace(name, place if 0.0 <= _now_s() - at_s <= LASTS_S else -1, at_s)

    def keep(self, name: str, place: int) -> None:
        """Keep another place; returns at once."""
        with self._changed:
            self._newest = json.dumps(asdict(KeptPlace(name, place, _now_s())), ensure_ascii=False)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="remembering", daemon=True)
                self._writer.start()

    def _write(self) -> None:
        while True:
            with self._changed:
                newest, self._newest = self._newest, None
                if newest is None:
                    self._writer = None
                    return
            try:
                write_private(self._file, newest)
            except OSError as error:
                log.warning("%s cannot be written: %s; after a restart the night begins anew", self._file, error)


def _now_s() -> float:
    """Seconds since 1970: a show that is started again has another clock."""
    return datetime.now(UTC).timestamp()
