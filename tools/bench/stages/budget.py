"""What does a second of a show ask for, stage by stage? Processor time, which depends on the machine, and counts,
which do not: calls of functions, new memory of the costliest step, modules that each process loads.

`budget.json` beside this file holds the counts as they were agreed; a test compares, so that a stage that grows by a
third is seen the day it happens. After a change that is meant: `python -m tools.bench.stages.budget`.
"""

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

from controller.clock import ManualClock
from controller.config import Config, read_config
from controller.lighting.output.sender import Sender
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.listening.audio.ear import Ear
from controller.listening.audio.source import open_recorded
from controller.listening.backlog import Backlog
from controller.listening.decider import Decider
from controller.listening.networks import band_of, open_ear
from controller.messages import AudioBlock
from controller.records.cycles import Heard
from controller.rig.patch.configured import patch_of
from controller.show import CHECK, PARTS
from controller.sound_format import SAMPLE_RATE_HZ
from tools.bench.run.result import CONFIG, ROOT, Figures, Options
from tools.bench.run.staging import bundled_song

AGREED = Path(__file__).with_name("budget.json")
WARM_S, SECONDS = 2, 4
CYCLE = "output cycle: looks, render, limiter"
MOST_GROWTH = 4.0 / 3.0
AIMS = {"counts": "within a third of budget.json"}


@dataclass
class Stage:
    """What one stage took while it was watched."""

    cpu_s: float = 0.0
    calls: int = 0
    peaks_kib: list[float] = field(default_factory=list)


class Watch:
    """Counts what stages take, each in turn: the processor's time, calls, or new memory; one of them at a time.

    Args:
        what: "cpu", "calls" or "memory".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.on = False
        self.stages: dict[str, Stage] = {}

    def step(self, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the work returns
        """Do some work of a stage."""
        if not self.on:
            return work()
        stage = self.stages.setdefault(name, Stage())
        return getattr(self, f"_{self._what}")(stage, work)

    def _cpu(self, stage: Stage, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        began_s = time.process_time()
        done = work()
        stage.cpu_s += time.process_time() - began_s
        return done

    def _calls(self, stage: Stage, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        def count(_frame: FrameType, event: str, _argument: object) -> None:
            stage.calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            return work()
        finally:
            sys.setprofile(None)

    def _memory(self, stage: Stage, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        done = work()
        stage.peaks_kib.append((tracemalloc.get_traced_memory()[1] - before) / 1024.0)
        return done


def play(watch: Watch, config: Config, warm_s: int = WARM_S, seconds: int = SECONDS) -> dict[str, Stage]:
    """The bundled song through all stages that run all night, watched from `warm_s` on, for `seconds`."""
    patch, block_s = patch_of(config), config.audio.block_s
    ear, decider = open_ear(config, ()), Decider(config, ManualClock(), patient=True)
    cycle, sender = OutputCycle(config, patch, ConsoleMerge(config, patch, UUID(int=0))), Sender(config.universes)
    song, count = open_recorded(bundled_song(), config, loop=True), round(block_s * SAMPLE_RATE_HZ)
    due_s, token, unheard = 0.0, None, Backlog()
    for number in range(round((warm_s + seconds) / block_s)):
        now_s = (number + 1) * block_s
        watch.on = number * block_s >= warm_s
        block = AudioBlock(now_s, number, song.read(count))
        pulses = watch.step("ear: level and onsets", lambda block=block: list(ear.pulses(block)))
        unheard.add(block)
        for window in ear.windows(block):
            watch.step("hearing: beats, drums, form", lambda: _listen(ear, unheard))
            decider.band, decider.beats = band_of(ear), ear.tempo
            token = watch.step("deciding: embed, decode, choose", lambda window=window: decider.step(window))
        for pulse in pulses:
            cycle.hear_pulse(pulse, now_s)
        if now_s >= due_s:
            due_s += 1.0 / config.rates.output_hz
            heard, token = Heard(token=token), None
            tick = watch.step(CYCLE, lambda heard=heard, now_s=now_s: cycle.run(now_s, heard))
            watch.step("sending: packets", lambda tick=tick, now_s=now_s: list(sender.packets(tick.frames, now_s)))
    song.close()
    return watch.stages


def _listen(ear: Ear, unheard: Backlog) -> None:
    """What the analysis does with the sound of a hop."""
    block = unheard.take()
    if block is not None:
        ear.listen(block)


def modules() -> Iterator[tuple[str, int]]:
    """How many modules each process of a show has loaded before it begins, beyond those of Python itself."""
    for module in dict.fromkeys(("controller.commands.show", CHECK, *(part.module for part in PARTS))):
        code = f"import sys; before = len(sys.modules); import {module}; print(len(sys.modules) - before)"
        done = subprocess.run([sys.executable, "-P", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        yield module, int(done.stdout)


def counts() -> dict[str, dict[str, int]]:
    """What does not depend on the machine: calls a second of show, KiB of the costliest step, modules."""
    config = read_config(CONFIG)
    calls = play(Watch("calls"), config)
    tracemalloc.start()
    try:
        memory = play(Watch("memory"), config)
    finally:
        tracemalloc.stop()
    return {
        "calls_per_s": {name: round(stage.calls / SECONDS) for name, stage in calls.items()},
        "peak_kib": {name: round(max(stage.peaks_kib)) for name, stage in memory.items()},
        "modules": dict(modules()),
    }


def grown(found: dict[str, dict[str, int]], agreed: dict[str, dict[str, int]]) -> list[str]:
    """What is a third above what was agreed, or a third below it, so that what was gained is kept."""
    said = []
    for what, rows in found.items():
        for name, number in rows.items():
            before = agreed.get(what, {}).get(name, 0)
            if not before / MOST_GROWTH - 1 <= number <= before * MOST_GROWTH + 1:
                said.append(f"{what}, {name}: {number}, agreed are {before}")
    return said


def measure(_options: Options) -> Figures:
    """Milliseconds of the processor that a second of show takes by stage, and the counts beside those agreed."""
    stages, found = play(Watch("cpu"), read_config(CONFIG)), counts()
    agreed = json.loads(AGREED.read_text(encoding="utf-8"))
    return {
        "cpu_ms_per_s": {name: round(1e3 * stage.cpu_s / SECONDS, 2) for name, stage in stages.items()},
        **found,
        "counts": "; ".join(grown(found, agreed)) or "as agreed",
    }


if __name__ == "__main__":
    AGREED.write_text(json.dumps(counts(), indent=1) + "\n", encoding="utf-8")
