"""Chapters: one recording that its camera cut into files, read as the one film that it is. Edge: writes a list file.

Action cameras begin a new file every few gigabytes: GX010123, GX020123 (GoPro since 2018), GOPR0123, GP010123 before.
"""

import re
from pathlib import Path

import av

from tools.train.footage.errors import FootageError

CHAPTER = re.compile(r"^(?:G[XHL](\d\d)|GP(\d\d)|GOPR)(\d{4})$", re.IGNORECASE)
LIST = ".ffconcat"
"""FFmpeg reads a file of this ending as the films it names, one after the other."""


def recording_of(stem: str) -> tuple[str, int] | None:
    """The number of a recording and of its chapter, by a file's name; None: no camera's that is known here."""
    found = CHAPTER.match(stem)
    if found is None:
        return None
    family = "GP" if stem[:2].upper() == "GP" or stem[:4].upper() == "GOPR" else stem[:2].upper()
    return f"{family}{found[3]}", int(found[1] or found[2] or 0)


def joined(videos: list[Path]) -> list[tuple[Path, ...]]:
    """Films, each of one file or of its chapters in order, in the order of their first files."""
    films: dict[tuple[Path, str], list[Path]] = {}
    for video in videos:
        told = recording_of(video.stem)
        films.setdefault((video.parent, told[0] if told else video.name), []).append(video)
    return [tuple(sorted(parts, key=_place)) for parts in films.values()]


def _place(video: Path) -> tuple[int, str]:
    told = recording_of(video.stem)
    return (told[1] if told else 0), video.name


def write_list(chapters: tuple[Path, ...], folder: Path) -> Path:
    """A file that FFmpeg reads as the chapters one after the other.

    Raises:
        FootageError: a chapter cannot be read.
    """
    path = folder / f"{chapters[0].stem}{LIST}"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["ffconcat version 1.0"]
    for one in chapters:
        quoted = str(one.absolute()).replace("'", "'\\''")
        lines += [f"file '{quoted}'", *_duration(one)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _duration(chapter: Path) -> list[str]:
    """How long a chapter lasts, which FFmpeg does not find out by itself; nothing where it does not say."""
    try:
        with av.open(str(chapter.absolute()), metadata_errors="ignore") as container:
            return [f"duration {container.duration / av.time_base:.6f}"] if container.duration else []
    except av.FFmpegError as error:
        raise FootageError(f"its chapter {chapter.name} is not readable as a video; copy it again") from error
