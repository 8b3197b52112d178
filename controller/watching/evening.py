"""The night's set list, as the page and controllers move through it.

The output process only knows the wish that counts. Which list it is from, where in it the night is and what comes next
is kept here; after a restart the place is read back from the wish.
"""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from controller.config import Config
from controller.errors import ControllerError
from controller.evening.entry import SetList
from controller.evening.line import as_json
from controller.evening.photograph import text_of_picture
from controller.evening.set_list_file import read_set_list
from controller.evening.set_lists import SetLists
from controller.evening.sheet import read_sheet
from controller.evening.sheet_file import decoded
from controller.evening.taking import completed, set_list_of
from controller.evening.tonight import Tonight
from controller.evening.wishing import song_wish
from controller.messages import NO_WISH, Command, SongWish
from controller.state_folder import kept_under, state_folder
from controller.watching.page.feed import Evening
from controller.watching.remembering import Remembering

log = logging.getLogger(__name__)

SETTLES_S = 1.0
"""So long the output process may take to stand where it was told."""


class EveningWatch:
    """Keeps the set list of the night.

    Args:
        lists: of this venue. remembering: which one is tonight's, and where in it the night is.
        named: the configured one, or None.
    """

    def __init__(self, lists: SetLists, remembering: Remembering, named: Path | None = None) -> None:
        self._lists, self._remembering = lists, remembering
        self.set_list: SetList | None = None
        self._tonight = Tonight(())
        self._told_s = float("-inf")
        self._to_tell: SongWish | None = None
        self._open_first(named)

    def _open_first(self, named: Path | None) -> None:
        kept = self._remembering.kept()
        try:
            if named is not None:
                self._take(read_set_list(named))
            elif kept is not None:
                self._take(self._lists.read(kept.name))
        except ControllerError as error:
            log.warning("%s; there is no set list tonight until one is chosen", error)
        if self.set_list is None or kept is None or kept.name != self.set_list.name:
            return
        if 0 <= kept.place < len(self.set_list.entries):  # this show was started again: it goes on where it was
            self._to_tell = song_wish(self.set_list.entries[kept.place], kept.place)

    @property
    def names(self) -> list[str]:
        """Of the set lists that are kept."""
        return self._lists.names

    def keep(self, set_list: SetList) -> Path:
        """Keep a list and make it tonight's.

        Raises:
            SetListError: it cannot be kept.
        """
        whole = completed(set_list)
        file = self._lists.keep(whole)
        self._begin(whole)
        return file

    def open(self, name: str) -> None:
        """Make a kept list tonight's.

        Raises:
            ControllerError: there is none of this name, or it cannot be read.
        """
        self._begin(self._lists.read(name))

    def _begin(self, set_list: SetList) -> None:
        same = self.set_list is not None and self.set_list.name == set_list.name
        now = self._tonight.now if same else -1
        self._take(set_list, now)
        # what was wished by the list before is no more, and what changed in this one counts at once
        self._to_tell = song_wish(set_list.entries[now], now) if 0 <= now < len(set_list.entries) else NO_WISH
        self._remembering.keep(set_list.name, now)

    def _take(self, set_list: SetList, now: int = -1) -> None:
        self.set_list, self._tonight = set_list, Tonight(set_list.entries, now)

    def obey(self, command: Command, now_s: float) -> Command | None:
        """What a person's word to move through the list means to the lights; None: nothing."""
        tonight = self._tonight
        match command.name:
            case "next_song":
                place = tonight.step(1)
            case "previous_song":
                place = tonight.step(-1)
            case _:
                place = tonight.place_of(command.target) if command.amount > 0.5 else -1
        if command.name == "song" and command.amount <= 0.5:
            return Command("wish", 1.0, wish=NO_WISH)
        return self._wished(place, now_s) if tonight.go(place, now_s) else None

    def hear(self, kind: str, recognised: str, stands_at: int, now_s: float) -> Command | None:
        """What is heard moves the night, where it is certain.

        Args:
            kind: of sound. recognised: title, "". stands_at: place of the wish that counts, -1: none.
        """
        if self._to_tell is not None:
            told, self._to_tell, self._told_s = self._to_tell, None, now_s
            if told.number == stands_at == NO_WISH.number:
                return None
            self._tonight.resume(told.number)
            return Command("wish", 1.0, wish=told)
        if now_s - self._told_s >= SETTLES_S:
            self._tonight.adopt(stands_at if stands_at < len(self._tonight.entries) else -1)
        place = self._tonight.hear(kind, now_s, recognised)
        return None if place is None else self._wished(place, now_s)

    def _wished(self, place: int, now_s: float) -> Command:
        self._told_s = now_s
        if self.set_list is not None:
            self._remembering.keep(self.set_list.name, place)
        return Command("wish", 1.0, wish=song_wish(self._tonight.entries[place], place))

    def view(self, moment: str, by: str) -> Evening:
        """As the page shows it."""
        tonight = self._tonight
        proposal = tonight.proposal
        return Evening(tonight.now, proposal.place, proposal.why, moment, by, tonight.recognised)


def evening_of(config: Config) -> EveningWatch:
    """That of the configured venue: lists beside the configuration, in `setlists/`."""
    chosen, _ = kept_under(state_folder() / "tonight", config.venue, "venue", ".json")
    named = None if config.set_list is None else config.path(config.set_list)
    return EveningWatch(lists_of(config), Remembering(chosen), named)


def lists_of(config: Config) -> SetLists:
    """The set lists of the configured venue."""
    return SetLists(config.path("setlists"))


def read_lines(sheet: bytes, *, pictured: bool) -> dict[str, Any]:
    """The lines of a sheet as they were understood, and the entries that they would make.

    Args:
        sheet: a text or, if it is `pictured`, a photograph of one.

    Raises:
        SetListError: it cannot be read.
    """
    shown = "the photograph" if pictured else "the sheet"
    text = text_of_picture(sheet, shown) if pictured else decoded(sheet, shown)[0]
    lines = read_sheet(text, is_photograph=pictured)
    entries = set_list_of(lines, "").entries
    return {"lines": [as_json(line) for line in lines], "entries": [asdict(one) for one in entries]}
