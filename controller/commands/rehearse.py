"""`followspot rehearse`: the same stages, faster than real time, into files."""

import argparse
import json
from pathlib import Path

from controller.commands.arguments import configured, with_config
from controller.rehearsal.rehearse import rehearse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("song", type=Path, metavar="SONG_OR_STEMS_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, help="instead of seed")


def run(options: argparse.Namespace) -> int:
    """Play it all; returns the exit code."""
    print(json.dumps(rehearse(configured(options), options.song, options.out)))
    return 0
