"""The models that a venue has learned, oldest first, and which of them lights. Edge: files.

A generation is a copy of an artefact in the state folder, beside a note of when it was staged and from where. The file
`current` holds one number; 0 is the model that `config.yaml` names. Everything is written aside and renamed, so a show
that looks while somebody stages sees the old or the new and nothing between.
"""

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.config import Config
from controller.errors import ModelError
from controller.state_folder import kept_under, private_folder, state_folder, write_private

CURRENT = "current"
NOTE = "staged.json"
KEPT = 20
"""Generations that are kept; older ones go when another is staged, but never the one that lights."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One learned model: `number` from 1 on, `name` of its artefact, `staged` in UTC, `source` it was copied from."""

    number: int
    folder: Path
    name: str
    staged: str
    source: str


class Generations:
    """All generations of one venue.

    Args:
        folder: where they are kept; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def of(config: Config) -> "Generations":
        """Those of the configured venue."""
        own, before = kept_under(state_folder() / "generations", config.venue, "venue")
        return Generations(before if before.exists() and not own.exists() else own)

    def all(self) -> list[Generation]:
        """Every generation that can be read, oldest first."""
        found = []
        for note in self.folder.glob(f"[0-9][0-9][0-9][0-9]/{NOTE}"):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                said = json.loads(note.read_text(encoding="utf-8"))
                words = (str(said[word]) for word in ("name", "staged", "source"))
                found.append(Generation(int(note.parent.name), note.parent, *words))
        return sorted(found, key=lambda one: one.number)

    def current(self) -> int:
        """Number of the one that lights; 0, the configured model, where nothing is chosen or readable."""
        try:
            return int((self.folder / CURRENT).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def find(self, number: int) -> Generation:
        """One generation.

        Raises:
            ModelError: there is none of that number.
        """
        for one in self.all():
            if one.number == number:
                return one
        numbers = ", ".join(str(one.number) for one in self.all()) or "none"
        raise ModelError(f"{self.folder}: no generation {number}; there are: {numbers} (0 is the configured model)")

    def stage(self, artefact: Path, name: str) -> Generation:
        """Keep a copy of an artefact that was verified before, and let it light.

        Raises:
            ModelError: the copy cannot be written; nothing has changed then.
        """
        known = self.all()
        number = known[-1].number + 1 if known else 1
        coming = self.folder / f".{number:04d}"
        one = Generation(
            number,
            self.folder / f"{number:04d}",
            name,
            datetime.now(UTC).isoformat(timespec="seconds"),
            str(artefact.resolve()),
        )
        try:
            private_folder(self.folder)
            shutil.rmtree(coming, ignore_errors=True)
            shutil.copytree(artefact, coming)
            note = {word: said for word, said in asdict(one).items() if word not in ("number", "folder")}
            (coming / NOTE).write_text(json.dumps(note), encoding="utf-8")
            coming.rename(one.folder)
        except OSError as error:
            shutil.rmtree(coming, ignore_errors=True)
            raise ModelError(f"{self.folder}: generation {number} cannot be kept: {error}; nothing changed") from error
        self.choose(number)
        for old in [old for old in known if old.number != number][: max(0, len(known) + 1 - KEPT)]:
            shutil.rmtree(old.folder, ignore_errors=True)
        return one

    def choose(self, number: int) -> None:
        """Let this one light; a running show takes it up at the end of its phrase.

        Raises:
            ModelError: there is none of that number, or the choice cannot be written.
        """
        if number:
            self.find(number)
        try:
            write_private(self.folder / CURRENT, f"{number}\n")
        except OSError as error:
            raise ModelError(f"{self.folder}: the choice cannot be written: {error}; nothing changed") from error

    def before(self) -> int:
        """The generation to go back to: the newest that is older than the one that lights, or else 0."""
        current = self.current()
        return max((one.number for one in self.all() if one.number < current), default=0)
