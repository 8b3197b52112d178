"""What of old shows is removed: what this program wrote, whole shows, the oldest first, never one that runs.

A file is ours by its name and by what it begins with. All files of one show, whatever its processes did, are one show;
its age is when it was last written, since a clock may have been ahead. Whoever writes a file holds a lock on it
(`controller/records/appending.py`). Edge: files.
"""

import contextlib
import logging
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from controller.records.cycles import blocks
from controller.records.kinds import HEARD_MAGIC, HEARD_SUFFIX, LOG_MAGIC, LOG_SUFFIX, SOUND_MAGIC, SOUND_SUFFIX
from controller.system import hold

log = logging.getLogger(__name__)

NAME = re.compile(r"^\d{4}-\d\d-\d\dT\d{6}-\d{3}-.+\.(showlog|heard|flac)$")
SUFFIXES = (LOG_SUFFIX, HEARD_SUFFIX, SOUND_SUFFIX)
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
    for suffix in SUFFIXES:
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
        if path.suffix not in SUFFIXES or path.name.startswith("."):
            continue
        try:
            show = _show_of(path) if NAME.match(path.name) and path.is_file() and not path.is_symlink() else None
            found = path.stat()
        except OSError:
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
    for magic in (LOG_MAGIC, HEARD_MAGIC):
        if head.startswith(magic):
            return _said_in(path, len(magic)) or path.name
    if head.startswith(SOUND_MAGIC) and SOUND_WORDS.search(head):
        found = SOUND_SHOW.search(head)
        return found[1].decode() if found else path.name
    return None


def _said_in(path: Path, at: int) -> str:
    """The show that a header names; a damaged one names none, and the file is ours all the same."""
    with path.open("rb") as file:
        file.seek(at)
        head = next(blocks(file), None)
    return str(head.content.get("show", "")) if head is not None and isinstance(head.content, dict) else ""


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
        hold(opened)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False
