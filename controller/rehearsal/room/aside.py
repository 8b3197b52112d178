"""Unsaved work of the rehearsal room: kept aside in the state folder, open again the next time. Edge: files."""

import contextlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.errors import PlanError
from controller.listening.plan.plan import SUFFIX, Plan, read_plan, song_title, write_plan
from controller.state_folder import file_word, own_word, private_folder, set_aside, state_folder

log = logging.getLogger(__name__)

FOLDER = "room"


@dataclass
class Aside:
    """Where the unsaved work on one song is kept. `failing`: the disk did not take it the last time."""

    file: Path
    failing: bool = False

    @classmethod
    def of(cls, song: Path) -> "Aside":
        """The place of a song, by its title and where it is: two songs of one name are two."""
        mark = own_word(str(song.resolve()), "song")[-8:]
        return cls(state_folder() / FOLDER / f"{file_word(song_title(song), 'song')}-{mark}{SUFFIX}")

    def keep(self, plan: Plan) -> bool:
        """Keep work as it is now; a disk that does not take it is said once, and the work goes on."""
        try:
            private_folder(self.file.parent)
            write_plan(plan, self.file)
        except (OSError, PlanError) as error:
            if not self.failing:
                log.warning("unsaved work cannot be kept aside: %s; save the plan yourself", error)
            self.failing = True
            return False
        self.failing = False
        return True

    def forget(self) -> None:
        """Nothing is unsaved."""
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)

    def found(self) -> tuple[Plan, str] | None:
        """What is kept and since when, in words; None: nothing. What cannot be read gets another name."""
        if not self.file.is_file():
            return None
        try:
            since = datetime.fromtimestamp(self.file.stat().st_mtime, UTC).astimezone()
            return read_plan(self.file), f"{since:%d %B, %H:%M}"
        except PlanError as error:
            log.warning("%s; it is kept as %s", error, set_aside(self.file))
            return None
