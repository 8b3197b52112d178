"""What the page asks for, and a word about a configuration that was edited while the show runs. Edge: files.

A running show goes on with what it read at its start, and so does a process that is started again: an edit counts from
the next start, and who made it would wait for an effect in vain.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller.bus.run import Run
from controller.clock import Clock
from controller.watching.bus_feed import BusFeed
from controller.watching.page.feed import Live

LOOK_S = 2.0

log = logging.getLogger(__name__)


class Edits:
    """Whether a file is another one than at the start.

    Args:
        file: of the configuration.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._read = file, _contents(file)
        self._said = ""
        self._noted: tuple[Live | None, Live | None] = (None, None)

    async def watch(self) -> None:
        """Look at the file until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Look at the file; one that is put back has not changed."""
        changed = _contents(self._file) != self._read
        said = f"{self._file.name} has changed; it counts from the next start" if changed else ""
        if said and not self._said:
            log.info("%s", said)
        self._said = said

    def noted(self, live: Live | None) -> Live | None:
        """A snapshot with the word about the file; of the same snapshot the same object."""
        if live is None or not self._said:
            return live
        if live is not self._noted[0]:
            self._noted = live, replace(live, troubles=[*live.troubles, self._said])
        return self._noted[1]


class EditedFeed(BusFeed):
    """What the page asks for, with one trouble more once the configuration was edited.

    Args:
        run: configuration and folder. clock: time. audit: told of what controllers do.
    """

    def __init__(self, run: Run, clock: Clock, audit: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(run, clock, audit)
        self.edits = Edits(run.config.file)

    def live(self) -> Live | None:
        """The newest snapshot."""
        return self.edits.noted(super().live())


def _contents(file: Path) -> bytes | None:
    """What is in the file; None where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None
