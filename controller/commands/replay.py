"""A recorded show again: `followspot replay LOG --out DIR`. The same code on the same inputs makes the same bytes.

Writes `dmx.show` (what was on the wire), `tokens.csv` (what the model had decided) and `replay.json` (whether it is the
same, cycle by cycle). A damaged tail is said and left out. Edge: reads and writes files.
"""

import argparse
import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from controller.errors import RecordingError
from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import AGES_S, OutputCycle, checksum
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.records.as_it_was import as_it_was
from controller.records.recording import Log
from controller.records.show_file import ShowFile

TICK_S = 0.025


def replay(log_file: Path, out: Path) -> dict[str, Any]:
    """Replay one log into `out`.

    Raises:
        RecordingError: it cannot be read, or what comes out differs from what was sent.
    """
    log = Log(log_file)
    config, patch = as_it_was(log, log_file)
    made = OutputCycle(config, patch, ConsoleMerge(config, patch, NOBODY))
    cycles = different = 0
    first_difference_s: float | None = None
    begin_s = last_s = 0.0
    with ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            dmx = stack.enter_context((out / "dmx.show").open("w", encoding="ascii", newline="\n"))
            tokens = stack.enter_context((out / "tokens.csv").open("w", encoding="ascii", newline="\n"))
        except OSError as error:
            raise RecordingError(f"{out}: cannot be written ({error}); choose another folder with --out") from error
        show, counted = ShowFile(dmx, patch), 0
        tokens.write("t_s,hue,value\n")
        for cycle in track(log.cycles(), "replay", console=Console(stderr=True)):
            # the farewell's last frames were made as if an hour had passed; they left at once
            at_s = cycle.now_s - AGES_S if cycle.now_s - last_s > AGES_S / 2 and cycles else cycle.now_s
            begin_s, last_s = (at_s if not cycles else begin_s), at_s
            tick = made.replay(cycle.now_s, cycle.heard)
            show.write(tick.frames, at_s)
            if cycle.heard.token is not None:
                counted += 1
                tokens.write(f"{counted / 10:.1f},{cycle.heard.token.hue},{cycle.heard.token.value}\n")
            cycles += 1
            if checksum(tick.frames) != cycle.crc:
                different += 1
                first_difference_s = at_s - begin_s if first_difference_s is None else first_difference_s
        show.close(TICK_S)
    result = {
        "log": str(log_file),
        "venue": config.venue,
        "began": log.header.get("began", ""),
        "seconds": round(last_s - begin_s, 2),
        "cycles": cycles,
        "different_cycles": different,
        "first_difference_s": first_difference_s,
        "damage": log.damage,
        "limiter": asdict(made.limiter.status()),
    }
    (out / "replay.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if different:
        raise RecordingError(
            f"{log_file}: {different} of {cycles} cycles differ from what was sent, the first after "
            f"{first_difference_s:.1f} s; it was recorded by another version or on another processor"
        )
    return result


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("log", type=Path, metavar="LOG")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Play it again; returns the exit code."""
    print(json.dumps(replay(options.log, options.out)))
    return 0
