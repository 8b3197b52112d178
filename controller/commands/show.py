"""`followspot show`: the live show. Its last line on standard output is a summary in JSON."""

import argparse
import json
import logging
from pathlib import Path

from controller.clock import MonotonicClock
from controller.commands.arguments import configured, positive, with_config
from controller.show import run_show
from controller.text_out import STDOUT, TextOut

log = logging.getLogger(__name__)

SUMMARY_S = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("--audio", metavar="device:NAME|file:PATH|stems:DIR", help="instead of audio.source")
    parser.add_argument("--loop", action="store_true", help="start a file or stems again at the end")
    parser.add_argument("--seconds", type=positive, help="end so long after the first light")
    parser.add_argument("--web", metavar="HOST:PORT|off", help="where to serve the page")
    parser.add_argument("--seed", type=int, help="instead of seed")
    parser.add_argument("--plan", type=Path, metavar="FILE_OR_DIR", help="follow the band through what was rehearsed")
    parser.add_argument(
        "--opening", type=Path, metavar="DIR", help="first a tune that image2music composed, and its palette"
    )


def run(options: argparse.Namespace) -> int:
    """Until the song is over or somebody says so; returns the exit code."""
    config = configured(options)
    page = f"page at http://{config.page.host}:{config.page.port}" if config.page.enabled else "no page"
    first = f"the opening {Path(config.opening).name}, then " if config.opening else ""
    out = TextOut(STDOUT)  # a terminal that takes nothing (Ctrl-S) keeps no show from beginning, nor from ending
    out.put(f"{config.venue}: {first}{config.audio.source}; {page}; Ctrl-C ends the show\n")
    summary = run_show(config, MonotonicClock(), options.seconds)
    out.put(json.dumps(summary) + "\n")
    out.flush(SUMMARY_S)
    if not summary["sent_cycles"]:
        log.error("nothing was ever sent; the lines above say why")
        return 1
    return 0
