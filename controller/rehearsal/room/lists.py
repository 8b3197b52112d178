"""The set lists of the venue, edited in the rehearsal room."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from controller.config import Config
from controller.errors import ControllerError
from controller.evening.entry import SetList
from controller.evening.set_list_file import read_set_list
from controller.evening.set_lists import SetLists, set_list_from
from controller.evening.taking import completed
from controller.watching.evening import lists_of, read_lines

log = logging.getLogger(__name__)


class RoomLists:
    """What the page of set lists asks for, where no show runs: a list that is kept is kept, and nothing else happens.

    Args:
        config: its set list is open at first, where there is one.
    """

    def __init__(self, config: Config) -> None:
        self._lists: SetLists = lists_of(config)
        self._open: SetList | None = None
        if config.set_list is not None:
            try:
                self._open = read_set_list(config.path(config.set_list))
            except ControllerError as error:
                log.warning("%s; the room opens without it", error)

    def tonights_list(self) -> Mapping[str, Any] | None:
        """The list that is open, None without one."""
        return None if self._open is None else asdict(self._open)

    def set_lists(self) -> Sequence[str]:
        """Names of those that are kept."""
        return self._lists.names

    def read_sheet(self, sheet: bytes, *, pictured: bool) -> Mapping[str, Any]:
        """The lines of a sheet as they were understood, and the entries that they make."""
        return read_lines(sheet, pictured=pictured)

    def keep_set_list(self, plain: Mapping[str, Any]) -> str:
        """Keep a set list; its file."""
        whole = completed(set_list_from(plain))
        file = self._lists.keep(whole)
        self._open = whole
        return str(file)

    def open_set_list(self, name: str) -> None:
        """Open a kept list."""
        self._open = self._lists.read(name)
