"""Twenty seconds of a show: what reaches the wire, and what it costs, with and without somebody watching the page."""

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiohttp
import numpy as np

from controller.clock import MonotonicClock
from tools.bench.run.processes import Program, Usage, cpu_percent, per_s, usage
from tools.bench.run.recorder import Recorder
from tools.bench.run.result import Figures, Options, percentiles
from tools.bench.run.staging import START_TIMEOUT_S, free_tcp_port, run_folder, staged_show
from tools.bench.run.waiting import pause, wait_for
from tools.bench.run.wire import Arrival, Wire

SHOW_S = 20
SETTLE_S = 4.0
"""From the first packet: models loaded, song running."""
STEADY_S = 13.0
GRACE_S = 40.0
AIMS = {
    f"{who}.{figure}": aim
    for who in ("nobody_watching", "page_open")
    for figure, aim in (
        ("wire.0.rate_hz", "38 to 42"),
        ("wire.1.rate_hz", "38 to 42"),
        ("wire.0.longest_gap_ms", "< 100"),
        ("wire.1.longest_gap_ms", "< 100"),
        ("cpu_percent", "all < 60"),
        ("stages.analysis_ms", "p99 < 60"),
    )
}


def measure(_options: Options) -> Figures:
    """Packets stamped by the kernel; CPU of the steady middle of the show, in percent of one core; both runs alike."""
    return {"nobody_watching": _show(watched=False), "page_open": _show(watched=True)}


def _show(*, watched: bool) -> Figures:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder, page_port, wire = Path(name), free_tcp_port(), Wire()
        stack.callback(wire.close)
        stack.enter_context(Recorder([wire]))
        options = ("--seconds", str(SHOW_S), "--web", f"127.0.0.1:{page_port}")
        show = stack.enter_context(staged_show(folder, wire.port, *options))
        run_folder(folder, show)
        viewer = stack.enter_context(watching(page_port)) if watched else Viewer()
        figures = _steady(show, wire, "show, page open" if watched else "show")
        summary = show.finish(SHOW_S + GRACE_S)
        figures["wire"] = by_port_address(wire.arrivals)
        figures["strange_datagrams"] = wire.strange
        figures["page_messages_per_s"] = round(viewer.messages_per_s(), 1)
        figures["stages"] = _stages(summary["listening"]) | _stages(summary["lighting"])
        figures["late_hops"] = summary["listening"].get("late_hops")
        figures["restarts"] = sum(summary["restarts"].values())
        return figures


def _steady(show: Program, wire: Wire, label: str) -> Figures:
    """CPU and memory between two moments of the running show."""
    clock = MonotonicClock()
    wait_for(lambda: bool(wire.arrivals) or show.over, START_TIMEOUT_S, "the first packet")
    pause(SETTLE_S, f"{label}: settling", show.check_alive)
    before, before_s = usage(show.pid), clock.now_s()
    pause(STEADY_S, f"{label}: measuring", show.check_alive)
    after, after_s = usage(show.pid), clock.now_s()
    return {
        "cpu_percent": cpu_percent(before, after, after_s - before_s),
        "wakeups_per_s": per_s(before, after, after_s - before_s),
        "rss_mib": rss_by_part(after),
        "pss_mib": {"all": round(sum(after.pss_mib.values()), 1)}
        | {part: round(mib, 1) for part, mib in sorted(after.pss_mib.items())},
    }


def rss_by_part(used: Usage) -> Figures:
    """Resident memory of each process and the sum, which counts shared pages more than once."""
    return {"all": round(sum(used.rss_mib.values()), 1)} | {
        part: round(mib, 1) for part, mib in sorted(used.rss_mib.items())
    }


def by_port_address(arrivals: Sequence[Arrival]) -> Figures:
    """Rate, longest gap and intervals of each port address, over all its packets."""
    figures: Figures = {}
    for address in sorted({one.port_address for one in arrivals}):
        times_s = np.array([one.t_s for one in arrivals if one.port_address == address])
        intervals_s = np.diff(times_s)
        if len(intervals_s) == 0:
            continue
        figures[str(address)] = {
            "packets": len(times_s),
            "rate_hz": round(len(intervals_s) / float(times_s[-1] - times_s[0]), 2),
            "longest_gap_ms": round(float(intervals_s.max()) * 1e3, 2),
            "interval_ms": percentiles(intervals_s, 1, 50, 99),
        }
    return figures


def _stages(summary: Figures) -> Figures:
    """The processes' own p50, p95 and p99 of each stage."""
    return {
        f"{stage}_ms": dict(zip(("p50", "p95", "p99"), three, strict=True))
        for stage, three in summary["timings_ms"].items()
    }


class Viewer:
    """Counts what a page is sent.

    Attributes:
        times_s: when each message came.
    """

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.stopping = threading.Event()

    def messages_per_s(self) -> float:
        """Rate over the time from the first to the last."""
        span_s = self.times_s[-1] - self.times_s[0] if len(self.times_s) > 1 else 0.0
        return (len(self.times_s) - 1) / span_s if span_s else 0.0

    async def watch(self, port: int) -> None:
        """Be a page: connect as soon as it is served, read everything until told to stop."""
        clock = MonotonicClock()
        async with aiohttp.ClientSession() as session:
            while not self.stopping.is_set():
                try:
                    async with session.ws_connect(f"http://127.0.0.1:{port}/live") as connection:
                        while not self.stopping.is_set():
                            message = await connection.receive(timeout=2.0)
                            if message.type is not aiohttp.WSMsgType.TEXT:
                                return
                            self.times_s.append(clock.now_s())
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(0.1)


@contextlib.contextmanager
def watching(port: int) -> Iterator[Viewer]:
    """A page that is open while the block runs; it reads in a thread of this process, not of the show's."""
    viewer = Viewer()
    thread = threading.Thread(target=lambda: asyncio.run(viewer.watch(port)), name="viewer")
    thread.start()
    try:
        yield viewer
    finally:
        viewer.stopping.set()
        thread.join()
