"""The set lists of a venue, a file each beside its configuration. Edge: files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from controller.errors import SetListError
from controller.evening.entry import SetList
from controller.evening.set_list_file import SUFFIX, read_set_list, set_list_file, write_set_list
from controller.state_folder import visible

MOST_ENTRIES, MOST_LETTERS = 300, 300


class SetLists:
    """Keeps set lists.

    Args:
        folder: of their files; need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def names(self) -> list[str]:
        """Of all that can be read, in alphabetical order."""
        return sorted(self._files())

    def read(self, name: str) -> SetList:
        """The list of a name.

        Raises:
            SetListError: there is none, or it cannot be read.
        """
        files = self._files()
        if name not in files:
            there = ", ".join(sorted(files)) or "none"
            raise SetListError(f"{self._folder}: no set list is called '{name}'; there are: {there}")
        return read_set_list(files[name])

    def keep(self, set_list: SetList) -> Path:
        """Write a list, in the place of the one of the same name and of no other.

        Raises:
            SetListError: it cannot be written.
        """
        file = self._files().get(set_list.name) or set_list_file(self._folder, set_list.name)
        write_set_list(set_list, file, overwrite=True)
        return file

    def _files(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for file in visible(self._folder.glob(f"*{SUFFIX}")) if self._folder.is_dir() else []:
            try:
                found.setdefault(read_set_list(file).name, file)
            except SetListError:  # its reader says why when somebody opens it; the others are listed
                continue
        return found


def set_list_from(plain: Mapping[str, Any]) -> SetList:
    """A set list out of plain data, such as JSON.

    Raises:
        ValueError: it is none; says what is wrong.
    """
    try:
        found = msgspec.convert(plain, SetList)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a set list: {error}") from None
    texts = [found.name, *(text for one in found.entries for text in (one.title, one.band, one.note, one.rest))]
    if len(found.entries) > MOST_ENTRIES or any(len(one) > MOST_LETTERS for one in texts):
        raise ValueError(f"a set list has at most {MOST_ENTRIES} entries of {MOST_LETTERS} letters")
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
        raise ValueError("a text holds half a letter")
    if not found.name.strip():
        raise ValueError("name: what is the evening called?")
    return found
