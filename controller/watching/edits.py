"""The page's feed, which also says when the configuration was edited while the show runs. Edge: files.

A running show goes on with what it read at its start, and so does a process that is started again: an edit counts from
the next start, and who made it would wait for an effect in vain.
"""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from controller.messages import Command
from controller.watching.page.feed import Hello, Live, PageFeed

LOOK_S = 2.0

log = logging.getLogger(__name__)


class EditedFeed:
    """A feed with one trouble more, once a file has changed; see `page.feed.PageFeed`.

    Args:
        feed: where the news is from. file: of the configuration.
    """

    def __init__(self, feed: PageFeed, file: Path) -> None:
        self._feed, self._file = feed, file
        self._read = _stamp(file)
        self._said = ""
        self._live: tuple[Live | None, Live | None] = (None, None)

    async def watch(self) -> None:
        """Look at the file until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Whether the file is another one than at the start; one that is put back is none."""
        changed = _stamp(self._file) != self._read
        said = f"{self._file.name} has changed; it counts from the next start" if changed else ""
        if said and not self._said:
            log.info("%s", said)
        self._said = said

    def hello(self) -> Hello:
        """Rig, names and the last minute."""
        return self._feed.hello()

    def live(self) -> Live | None:
        """The newest snapshot, with the word about the file."""
        live = self._feed.live()
        if live is None or not self._said:
            return live
        if live is not self._live[0]:  # the same object again while nothing new arrived
            self._live = live, replace(live, troubles=[*live.troubles, self._said])
        return self._live[1]

    def command(self, command: Command) -> None:
        """Pass an operator's wish on."""
        self._feed.command(command)

    def why(self, universe: int, slot: int) -> list[tuple[str, str]]:
        """From the level of a slot back to what led to it."""
        return self._feed.why(universe, slot)


def _stamp(file: Path) -> bytes | None:
    """What is in the file; None where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError:
        return None
