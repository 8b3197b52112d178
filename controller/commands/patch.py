"""`followspot patch draw|sheet|explain|identify|test|import|export`: the patch, drawn, on paper, on stage."""

import argparse
from pathlib import Path

from controller.clock import MonotonicClock
from controller.commands import rig_export, rig_import
from controller.commands.arguments import configured, positive, verb, verbs
from controller.commands.check import print_patch_sheet
from controller.commands.drawing.file import PatchFile
from controller.commands.drawing.served import key_for, serve_page
from controller.commands.drawing.server import DrawPage
from controller.commands.explain import print_explanation
from controller.commands.identify import identify
from controller.commands.self_test import walk_at_the_terminal
from controller.commands.sheet import write_sheet
from controller.watching.process import tls_of

PORT = 8130


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    drawn = verb(words, "draw", "the patch in the browser: find fixtures, put them on a plan, try them, save")
    drawn.add_argument("--host", default="127.0.0.1", help="default: this machine only; 0.0.0.0: a tablet, with a key")
    drawn.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    sheet = verb(words, "sheet", "print the patch sheet")
    sheet.add_argument("--html", type=Path, metavar="FILE", help="write a page to print instead")
    why = verb(words, "explain", "why a slot has its level")
    why.add_argument("address", metavar="UNIVERSE.SLOT", help="for example 1.17")
    identified = verb(words, "identify", "light one fixture, everything else dark")
    identified.add_argument("fixture", metavar="ID")
    identified.add_argument("--seconds", type=positive, help="end after this long; without it, at Ctrl-C")
    brought = verb(words, "import", "a rig of another program: MVR, QLC+ workspace, patch list", configured=False)
    rig_import.arguments(brought)
    rig_export.arguments(verb(words, "export", "the rig for another program: MVR, QLC+ workspace, patch list"))
    tested = verb(words, "test", "walk through each fixture, answer yes or no, put the patch right")
    tested.add_argument("fixtures", nargs="*", metavar="ID", help="only these; without, all in patch order")
    tested.add_argument("--report", type=Path, metavar="FILE", help="write what was answered, as JSON")
    tested.add_argument("--write", action="store_true", help="write what helped into the configuration without asking")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    if options.what == "import":
        return rig_import.run(options)
    if options.what == "draw":
        return _draw(options)
    config = configured(options)
    match options.what:
        case "explain":
            print_explanation(config, options.address)
        case "identify":
            said = f"{options.fixture} is lit; Ctrl-C ends"
            identify(config, options.fixture, MonotonicClock(), lambda: print(said, flush=True), options.seconds)
        case "export":
            return rig_export.run(options, config)
        case "test":
            return walk_at_the_terminal(config, options.fixtures, options.report, write=options.write)
        case _ if options.html:
            write_sheet(config, options.html)
            print(f"{options.html} written")
        case _:
            print_patch_sheet(config)
    return 0


def _draw(options: argparse.Namespace) -> int:
    file: Path = options.config.expanduser()
    key = key_for(options.host)
    drawing = PatchFile(file)
    page = DrawPage(drawing, MonotonicClock(), key, tls_of(drawing.config) if key else None)
    said = "the patch page is"
    serve_page(page, options.host, options.port, key, said=said, say=lambda line: print(line, flush=True))
    return 0
