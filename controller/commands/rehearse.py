"""`followspot rehearse`: the same stages, faster than real time, into files."""

import argparse
import json
from pathlib import Path

from controller.commands.arguments import configured, with_config
from controller.errors import SetListError
from controller.evening.line import read_line
from controller.evening.terms import plain
from controller.evening.wishing import song_wish
from controller.messages import NO_WISH, SongWish
from controller.rehearsal.rehearse import rehearse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, help="instead of seed")
    parser.add_argument(
        "--wish", default="", metavar="LINE", help="as on a band's sheet: 'Black Rain - red, no strobe'"
    )
    parser.add_argument("--remember", default="", metavar="TITLE", help="shows know the song again under this title")


def wish_of(line: str) -> SongWish:
    """What a line of a sheet wishes.

    Raises:
        SetListError: something in it is not understood, or it is no song.
    """
    if not line.strip():
        return NO_WISH
    read = read_line(plain(line))
    if not read.is_understood or read.entry.kind != "song":
        left = read.entry.rest or f"this is a {read.entry.kind}, no song"
        raise SetListError(f"--wish '{line}': not understood: {left}; write it as 'TITLE - WISHES'")
    return song_wish(read.entry, 0)


def run(options: argparse.Namespace) -> int:
    """Play it all; returns the exit code."""
    wish = wish_of(options.wish)
    print(json.dumps(rehearse(configured(options), options.song, options.out, wish=wish, remember=options.remember)))
    return 0
