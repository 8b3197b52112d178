"""A show of real processes that runs and runs: memory of each, every cycle, and its log replayed bit for bit.

`make bench ARGS="--soak-minutes 20"`; too long for a run of everything.
"""

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from controller.clock import MonotonicClock
from controller.commands.replay import replay
from controller.errors import RecordingError
from tools.bench.run.processes import Program, descendants, snapshot
from tools.bench.run.recorder import Recorder
from tools.bench.run.result import FailedError, Figures, Options
from tools.bench.run.staging import START_TIMEOUT_S, free_tcp_port, staged_show
from tools.bench.run.waiting import pause, wait_for
from tools.bench.run.wire import Wire
from tools.bench.show.live import by_port_address, watching

SETTLE_SHARE = 0.25
"""Of the time passes before memory counts: models warm up, buffers of a minute fill."""
SAMPLE_S = 5.0
GRACE_S = 60.0
PERIOD_S = 0.025
AIMS = {
    "memory_growth_percent": "all < 1",
    "lateness_ms": "p99 < 10",
    "replay.different_cycles": "0",
    "gaps_over_two_periods": "0",
}


def measure(options: Options) -> Figures:
    """Minutes of a show with a page open, watched from outside."""
    seconds = 60.0 * options.soak_minutes
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder, port, wire = Path(name), free_tcp_port(), Wire()
        stack.callback(wire.close)
        stack.enter_context(Recorder([wire]))
        song = {"audio": {"loop": True}}
        show = stack.enter_context(staged_show(folder, wire.port, "--web", f"127.0.0.1:{port}", changes=song))
        stack.enter_context(watching(port))
        wait_for(lambda: bool(wire.arrivals) or show.over, START_TIMEOUT_S, "the first packet")
        samples = _watch(show, seconds)
        show.ask_to_end()
        summary = show.finish(GRACE_S)
        lighting = summary["lighting"]
        wire_figures = by_port_address(wire.arrivals)
        return {
            "minutes": options.soak_minutes,
            "memory_mib": {part: round(series[-1], 1) for part, series in samples.items()},
            "memory_growth_percent": growth(samples),
            "lateness_ms": dict(zip(("p50", "p95", "p99"), lighting["timings_ms"]["lateness"], strict=True)),
            "cycles": lighting["cycles"],
            "skipped_cycles": lighting["skipped_cycles"],
            "faults": lighting["faults"],
            "restarts": sum(summary["restarts"].values()),
            "late_hops": summary["listening"]["late_hops"],
            "longest_gap_ms": max(one["longest_gap_ms"] for one in wire_figures.values()),
            "gaps_over_two_periods": gaps(wire),
            "replay": _replayed(folder),
        }


def _watch(show: Program, seconds: float) -> dict[str, list[float]]:
    """Resident memory of each process, in MiB, every few seconds of the part that counts."""
    clock = MonotonicClock()
    begun_s = clock.now_s()
    next_s = begun_s + SETTLE_SHARE * seconds
    samples: dict[str, list[float]] = {}

    def look() -> None:
        nonlocal next_s
        show.check_alive()
        if clock.now_s() >= next_s:
            next_s = clock.now_s() + SAMPLE_S
            for part, mib in memory_mib(show.pid).items():
                samples.setdefault(part, []).append(mib)

    pause(seconds, "soak", look)
    return samples


def memory_mib(root: int) -> dict[str, float]:
    """Resident memory of each process below one; a second of the same name gets a number."""
    processes = snapshot()
    found: dict[str, float] = {}
    for pid in sorted(descendants(root, processes)):
        name = processes[pid].name
        while name in found:
            name += " (spare)"
        found[name] = processes[pid].rss_bytes / 2**20
    return found


def growth(samples: dict[str, list[float]]) -> Figures:
    """Percent that a straight line through each process's memory gains from its first sample to its last."""
    return {part: _growth_percent(series) for part, series in samples.items()} | {
        "all": _growth_percent([sum(moment) for moment in zip(*samples.values(), strict=False)])
    }


def _growth_percent(series: Sequence[float]) -> float:
    if len(series) < 3:
        return 0.0
    slope, _ = np.polyfit(np.arange(len(series)), series, 1)
    return round(100.0 * float(slope) * (len(series) - 1) / float(np.mean(series)), 3)


def gaps(wire: Wire) -> int:
    """How often a universe was without a packet for longer than two cycles."""
    count = 0
    for address in {one.port_address for one in wire.arrivals}:
        times_s = np.array([one.t_s for one in wire.arrivals if one.port_address == address])
        count += int((np.diff(times_s) > 2 * PERIOD_S).sum())
    return count


def _replayed(folder: Path) -> Figures:
    """The log of the process that led, made again."""
    logs = [one for one in (folder / "state/followspot/shows").glob("*.showlog") if "-spare" not in one.name]
    if len(logs) != 1:
        raise FailedError(f"{len(logs)} logs of one show")
    try:
        result = replay(logs[0], folder / "again")
    except RecordingError as error:
        raise FailedError(str(error)) from error
    kept = ("cycles", "different_cycles", "damage")
    return {name: result[name] for name in kept} | {"bytes_per_s": round(logs[0].stat().st_size / result["seconds"])}
