"""`followspot show`: the live show.

Its last line on standard output is a summary in JSON; at a terminal a person is told in a few lines instead.
"""

import argparse
import contextlib
import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

from controller.clock import MonotonicClock
from controller.commands.arguments import configured, positive, with_config
from controller.config import Config
from controller.copies import Copy, copies
from controller.counted import counted
from controller.lighting.output_cycle import first_cycles
from controller.show import CHECK, PARTS, parts_of, run_show
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
    parser.add_argument("--json", action="store_true", help="end with the summary for programs at a terminal, too")


def run(options: argparse.Namespace) -> int:
    """Until the song is over or somebody says so; returns the exit code."""
    config = configured(options)
    with copies(CHECK, lambda: prepare(config), len(parts_of(config))) as waiting:
        return _show(config, options, waiting)


def prepare(config: Config) -> None:
    """Load what the processes that light need, and light for a moment without sending: their copies share all that."""
    importlib.import_module(PARTS[0].module)
    with contextlib.suppress(Exception):  # whatever is wrong, the check says it with its place
        first_cycles(config)


def _show(config: Config, options: argparse.Namespace, waiting: list[Copy]) -> int:
    page = f"page at http://{config.page.host}:{config.page.port}" if config.page.enabled else "no page"
    first = f"the opening {Path(config.opening).name}, then " if config.opening else ""
    out = TextOut(STDOUT)  # a terminal that takes nothing (Ctrl-S) keeps no show from beginning, nor from ending
    started = f"{config.venue}: {first}{config.audio.source}; {page}; Ctrl-C ends the show\n"
    clock, seconds = MonotonicClock(), options.seconds
    summary = run_show(config, clock, seconds, accepted=lambda: out.put(started), copies=waiting)
    people = sys.stdout.isatty() and not options.json
    out.put("\n".join(told(summary)) + "\n" if people else json.dumps(summary) + "\n")
    out.flush(SUMMARY_S)
    if not summary["sent_cycles"]:
        log.error("nothing was ever sent; the lines above say why")
        return 1
    return 0


def told(summary: dict[str, Any]) -> list[str]:
    """What a person wants to know of a show that has ended, in four lines at most."""
    minutes, seconds = divmod(round(summary["seconds"]), 60)
    ends = {"song": "the song was over", "seconds": "its time was up"}
    limited = (summary["lighting"].get("limiter") or {}).get("interventions", 0)
    restarts = [f"{name} {count}" for name, count in summary["restarts"].items() if count]
    kept = summary["lighting"].get("log")
    lines = [
        f"{minutes}:{seconds:02d} minutes of light, {counted(summary['sent_cycles'], 'cycle')} sent; "
        f"{ends.get(summary['ended_by'], 'ended by the operator')}"
    ]
    lines += [f"the flash limiter stepped in {counted(limited, 'time')}"] if limited else []
    lines += [f"started again: {', '.join(restarts)}; the lines above say why"] if restarts else []
    lines += [f"recorded: {kept['file']}"] if kept else []
    return lines
