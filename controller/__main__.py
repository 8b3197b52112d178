"""The command line: the list of commands. What each asks for and does stands in its own file (`commands/`).

Exit code 0 good, 1 refused with one clear message, 2 wrong usage.
"""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from controller.errors import ControllerError

COMMANDS = {
    "show": "the live show: sound in, light out",
    "rehearse": "the same stages, faster than real time, into files",
    "hear": "what is heard of a song: beats, bars, drums, voice, kind of sound, as a table and a picture",
    "room": "the rehearsal room: a song, its show, a show plan to follow live",
    "night": "the report of a night: songs, show sheets, what people did, faults",
    "replay": "a recorded show again, bit for bit",
    "evaluate": "how good a rehearsed rig, or a light file, is",
    "compare": "lights for the same sound as clips that people rate without knowing which is which",
    "setlist": "a band's sheet: read it, make a set list of it, check one",
    "init": "answer a few questions to write a valid configuration; optionally check every fixture",
    "check": "validate config, patch, profiles and models; print the patch sheet",
    "patch": "the patch: draw it in the browser; sheet, explain, identify, test; import and export for other programs",
    "rdm": "fixtures that tell who they are, by RDM through olad: list, set, address, identify, check, patch",
    "measure": "the rig measures itself: it plays a slow code, you film it, the film puts the patch right",
    "fixtures": "fixture profiles: list, show, import, lock",
    "models": "model artefacts: list, verify, stage, rollback, pull",
    "devices": "audio inputs, network cards, serial ports, Art-Net nodes",
    "doctor": "before doors: sound, nodes, models, disk, clock, power",
    "docs": "the guides, in the browser, without a network",
    "token": "a token for somebody at the page",
}
"""Each is a module of `controller.commands` with `arguments(parser)` and `run(options)`; only that one is loaded."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        options = build_parser(words).parse_args(words)
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
        code: int = options.run(options)
    except ControllerError as error:
        print(f"followspot: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("followspot: ended by Ctrl-C", file=sys.stderr)
        return 130
    except EOFError:
        print("followspot: ended: there was nothing more to read", file=sys.stderr)
        return 1
    return code


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """All commands, and the options of the one that is meant.

    Args:
        words: of the command line.
    """
    parser = argparse.ArgumentParser(prog="followspot", description="Light that listens to the band.")
    parser.add_argument("--version", action="version", version=f"followspot {_version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        one = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name in words[:1]:
            module = importlib.import_module(f"controller.commands.{name}")
            module.arguments(one)
            one.set_defaults(run=module.run)
    return parser


def _version() -> str:
    try:
        return version("followspot")
    except PackageNotFoundError:
        return "from a checkout that is not installed"


if __name__ == "__main__":
    raise SystemExit(main())
