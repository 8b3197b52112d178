"""`followspot fixtures list|show|import|lock`: profiles, ours and other people's."""

import argparse
import json
from pathlib import Path

from controller.commands.arguments import configured, verb, verbs
from controller.commands.importing import import_profiles, lock_profiles
from controller.commands.inventory import print_profile, print_profiles, print_tally


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    listed = verb(words, "list", "all profiles and their modes")
    listed.add_argument("library", nargs="?", default="", choices=("", "ofl", "qxf", "gdtf"), metavar="ofl|qxf|gdtf",
                        help="names in another library than our own")  # fmt: skip
    one = verb(words, "show", "one profile, slot by slot")
    one.add_argument(
        "reference", metavar="REF", help="maker/model, ofl:maker/model, qxf:Maker/File, gdtf:File, file:PATH"
    )
    imported = verb(words, "import", "other libraries into our profiles", configured=False)
    imported.add_argument("source", metavar="ofl:PATH|qxf:PATH|gdtf:PATH", help="a file, or a folder with a library")
    imported.add_argument("--out", type=Path, metavar="DIR", help="where to write profiles; without it, look only")
    imported.add_argument("--replace", action="store_true", help="write over profiles that are there and differ")
    imported.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    verb(words, "lock", "remember which profile files the patch uses; changed ones are refused")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    match options.what:
        case "list":
            print_profiles(configured(options), options.library)
        case "show":
            print_profile(configured(options), options.reference)
        case "lock":
            file, count = lock_profiles(configured(options))
            print(f"{file}: {count} profiles")
        case "import":
            return _import(options)
    return 0


def _import(options: argparse.Namespace) -> int:
    tally = import_profiles(options.source, options.out, replace=options.replace)
    if options.json:
        print(json.dumps(tally.as_json()))
    else:
        print_tally(tally.as_json(), tally.written)
    return 0 if tally.imported else 1
