"""What of old shows is removed: only what a show of this program wrote, whole shows, the oldest first, never one that runs.

A file is ours by its name and by what it begins with. All files of one show, whatever its processes did, are one show;
its age is when it was last written, since a clock may have been ahead. Whoever writes a file holds a lock on it
(`controller/records/appending.py`). Edge: files.
"""

import contextlib
import fcntl
import logging
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from controller.errors import RecordingError
from controller.records.heard_log import MAGIC as HEARD_MAGIC
from controller.records.heard_log import SOUND_SUFFIX, head_of_heard
from controller.records.heard_log import SUFFIX as HEARD_SUFFIX
from controller.records.recording import MAGIC, Log

log = logging.getLogger(__name__)

NAME = re.compile(r"^\d{4}-\d\d-\d\dT\d{6}-\d{3}-.+\.(showlog|heard|flac)$")
SOUND = b"fLaC"
HEAD_BYTES = 8_192
SOUND_WORDS = re.compile(rb"began_s=-?\d")
SOUND_SHOW = re.compile(rb"(?i)followspot_show=([\w.-]{1,80})")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that a show wrote: `show` is what all of its files have in common, `written_ns` when it last grew."""

    path: Path
    show: str
    written_ns: int
    size: int


def remove_old(folder: Path, keep: int, most_bytes: int) -> list[Path]:
    """Remove the oldest shows; returns what was removed.

    Args:
        folder: of shows. keep: how many stay, of each kind of file. most_bytes: as much stays in all.

    Raises:
        OSError: the folder cannot be read.
    """
    ours, foreign = ours_in(folder)
    if foreign:
        log.info("%s: %d files there are of no show of this program; they stay", folder, foreign)
    removed = []
    for suffix in (".showlog", HEARD_SUFFIX, SOUND_SUFFIX):
        shows = _oldest_first([one for one in ours if one.path.suffix == suffix])
        for show in shows[: max(0, len(shows) - keep)]:
            removed += _remove(show)
    left = _oldest_first([one for one in ours if one.path not in removed])
    too_much = sum(one.size for show in left for one in show) - most_bytes
    for show in left:
        if too_much <= 0:
            break
        gone = _remove(show)
        too_much -= sum(one.size for one in show if one.path in gone)
        removed += gone
    return removed


def ours_in(folder: Path) -> tuple[list[Kept], int]:
    """Files that shows of this program wrote, and how many others have their endings.

    Raises:
        OSError: the folder cannot be read.
    """
    ours, foreign = [], 0
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".showlog", HEARD_SUFFIX, SOUND_SUFFIX) or path.name.startswith("."):
            continue
        try:
            show = _show_of(path) if NAME.match(path.name) and path.is_file() and not path.is_symlink() else None
            found = path.stat()
        except (OSError, RecordingError):
            show = None
        if show is None:
            foreign += 1
        else:
            ours.append(Kept(path, show, found.st_mtime_ns, found.st_size))
    return ours, foreign


def _show_of(path: Path) -> str | None:
    """Which show wrote a file; its own name where that is not written in it, None where no show did."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    said = ""
    if head.startswith(MAGIC):
        with contextlib.suppress(RecordingError):  # damaged: ours all the same
            opened = Log(path)
            opened.close()
            said = str(opened.header.get("show", ""))
    elif head.startswith(HEARD_MAGIC):
        with contextlib.suppress(RecordingError):
            said = head_of_heard(path).get("show", "")
    elif head.startswith(SOUND) and SOUND_WORDS.search(head):
        found = SOUND_SHOW.search(head)
        said = found[1].decode() if found else ""
    else:
        return None
    return said or path.name


def _oldest_first(files: list[Kept]) -> list[list[Kept]]:
    shows: dict[str, list[Kept]] = defaultdict(list)
    for one in files:
        shows[one.show].append(one)
    return sorted(shows.values(), key=lambda show: max(one.written_ns for one in show))


def _remove(show: list[Kept]) -> list[Path]:
    """Remove a show's files unless somebody writes one of them; returns those that are gone."""
    if any(_is_written(one.path) for one in show):
        return []
    gone = []
    for one in show:
        with contextlib.suppress(OSError):
            one.path.unlink()
            gone.append(one.path)
    return gone


def _is_written(path: Path) -> bool:
    try:
        opened = os.open(path, os.O_RDONLY)
    except OSError:
        return True  # not ours to judge
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False
