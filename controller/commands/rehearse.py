"""`followspot rehearse`: the same stages, faster than real time, into files.

Its last line on standard output is a summary in JSON; at a terminal a person is told in a few lines instead.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from controller.commands.arguments import configured, with_config
from controller.counted import counted
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
    parser.add_argument("--json", action="store_true", help="end with the summary for programs at a terminal, too")


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
    summary = rehearse(configured(options), options.song, options.out, wish=wish, remember=options.remember)
    people = sys.stdout.isatty() and not options.json
    print("\n".join(told(summary)) if people else json.dumps(summary))
    return 0


def told(summary: dict[str, Any]) -> list[str]:
    """What a person wants to know of a song that was rehearsed."""
    (minutes, seconds), figures = divmod(round(summary["music_s"]), 60), summary["metrics"]
    flashes = figures["flashes_in_worst_second"]
    looks = f"{figures['looks_told_a_minute']:.0f} looks a minute, " if "looks_told_a_minute" in figures else ""
    return [
        f"{summary['song']}: {minutes}:{seconds:02d} minutes, {summary['wall']['times_real_time']:.1f} times as fast "
        "as they last",
        f"{looks}dark in {figures['dark_share']:.0%} of the time that is played; "
        f"at most {counted(flashes, 'flash')} in any second",
        f"look at {summary['out']}/report.html and {summary['out']}/sheet.png",
    ]
