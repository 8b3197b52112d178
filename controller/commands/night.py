"""`followspot night`: the report of a night, out of the log of its show. Edge: reads and writes files."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from controller.commands.arguments import configured, with_config
from controller.config import Config
from controller.errors import RecordingError
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.records.as_it_was import as_it_was
from controller.records.kinds import LOG_SUFFIX
from controller.records.recording import Log
from controller.records.show_log import log_folder
from controller.rehearsal.night.played import Playing
from controller.rehearsal.night.report import NAME, NightPart, write_report
from controller.state_folder import visible

EVERY = 400
"""Cycles between two steps of the bar."""
OUT = Path("night")
SPARE = "-spare"
"""In the name of the log of the process that only follows."""


def write_night(log_files: Sequence[Path], out: Path) -> Path:
    """Play logs again and write the report of the night into `out`; a progress bar on the terminal.

    Args:
        log_files: of one night, at least one: a show that was started again has two.

    Raises:
        RecordingError: a log cannot be read or holds nothing, or the report cannot be written.
    """
    with Progress(console=Console(stderr=True)) as bar:
        parts = sorted((_played(one, bar) for one in log_files), key=lambda one: one.began)
        drawn = bar.add_task("drawing show sheets", total=None)
        try:
            return write_report(parts, out, draws=lambda done, of: bar.update(drawn, total=of, completed=done))
        except OSError as error:
            raise RecordingError(f"{out}: cannot be written ({error}); choose another folder with --out") from error


def _played(log_file: Path, bar: Progress) -> NightPart:
    log = Log(log_file)
    config, patch = as_it_was(log, log_file)
    playing = Playing(OutputCycle(config, patch, ConsoleMerge(config, patch, NOBODY)), patch)
    again = bar.add_task(f"playing {log_file.name} again", total=log.size_bytes)
    for number, cycle in enumerate(log.cycles()):
        playing.take(cycle)
        if number % EVERY == 0:
            bar.update(again, completed=log.read_bytes)
    bar.update(again, completed=log.size_bytes)
    if not playing.night.cycles:
        raise RecordingError(f"{log_file}: holds no output cycle; there is nothing to report")
    return NightPart(playing.night, config.venue, str(log.header.get("began", "")), log_file.name, log.damage)


def newest_log(config: Config) -> Path:
    """The log of the newest show of this configuration.

    Raises:
        RecordingError: there is none.
    """
    folder = log_folder(config)
    logs = [one for one in visible(folder.glob(f"*{LOG_SUFFIX}")) if SPARE not in one.name] if folder.is_dir() else []
    if not logs:
        raise RecordingError(f"{folder}: no show has been recorded here; name a log: followspot night LOG")
    return max(logs, key=lambda one: one.stat().st_mtime)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("logs", type=Path, nargs="*", metavar="LOG", help="of one night; default: the newest show's")
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help=f"default: {OUT}/, where {NAME} is written"
    )


def run(options: argparse.Namespace) -> int:
    """Write it; returns the exit code."""
    print(write_night(options.logs or [newest_log(configured(options))], options.out))
    return 0
