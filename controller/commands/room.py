"""`followspot room`: the rehearsal room in the browser, on this machine only."""

import argparse
from pathlib import Path

from controller.commands.arguments import configured, with_config
from controller.rehearsal.room import open_room


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    parser.add_argument(
        "--out", type=Path, default=Path("plans"), metavar="DIR", help="plans and exports; default: plans"
    )
    parser.add_argument("--port", type=int, default=8110, help="default: 8110, on this machine only")
    parser.add_argument("--seed", type=int, help="instead of seed")


def run(options: argparse.Namespace) -> int:
    """Until Ctrl-C; returns the exit code."""
    open_room(configured(options), options.song, options.out, "127.0.0.1", options.port)
    return 0
