"""How late are output cycles, in a process of their own and in one that is busy with something else?

Five arrangements one after the other, in one run: the show as it is; the show under full load (44 Hz, the model busy,
the page open in four browsers, a core that never rests beside it); the same desk in a thread beside pure Python that
never rests, which is the arrangement we avoid; the same hog in another process; and no hog, the machine's own floor.
"""

import contextlib
import tempfile
from pathlib import Path

from tools.bench.run.processes import python, running
from tools.bench.run.result import Figures, Options
from tools.bench.run.staging import free_tcp_port, staged_show, write_config
from tools.bench.run.waiting import pause
from tools.bench.run.wire import Wire
from tools.bench.show.live import watching
from tools.bench.show.ticking import hog_process

FULL_S, QUICK_S = 20, 8
TIMEOUT_S = 60.0
SETTLE_S = 5
AIMS = {
    "full_load.lateness_ms": "p99 < 10",
    **{f"thread_over_{other}.lateness_p99": "above 1" for other in ("show", "process")},
}
CLIENTS = 4
FASTEST = {"rates": {"output_hz": 44.0, "output_max_hz": 44.0}}
"""As many cycles as DMX512 can carry."""


def measure(options: Options) -> Figures:
    """Lateness of cycles in milliseconds, from each program's own clock."""
    seconds = options.pick(FULL_S, QUICK_S)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, wire = Path(name), Wire()
        try:
            figures: Figures = {"show": _show(folder, wire.port, seconds)}
            figures["full_load"] = _full_load(folder, wire.port, seconds)
            config = write_config(folder, wire.port, FASTEST)
            for beside in ("thread", "process", "nothing"):
                figures[f"desk_beside_{beside}"] = _ticking(folder, config, beside, seconds)
        finally:
            wire.close()
    busy, apart = figures["desk_beside_thread"], figures["desk_beside_process"]
    figures["thread_over_show"] = {
        "lateness_p50": _ratio(busy, figures["show"], "lateness_ms", "p50"),
        "lateness_p99": _ratio(busy, figures["show"], "lateness_ms", "p99"),
    }
    figures["thread_over_process"] = {
        "lateness_p50": _ratio(busy, apart, "lateness_ms", "p50"),
        "lateness_p99": _ratio(busy, apart, "lateness_ms", "p99"),
        "sent_p99": _ratio(busy, apart, "sent_after_deadline_ms", "p99"),
    }
    return figures


def _ratio(one: Figures, other: Figures, group: str, percentile: str) -> float:
    return round(float(one[group][percentile]) / max(float(other[group][percentile]), 1e-3), 1)


def _show(folder: Path, port: int, seconds: int) -> Figures:
    """From the summary; the show keeps no greatest lateness, but its longest gap between cycles."""
    with staged_show(folder, port, "--seconds", str(seconds), "--web", "off") as show:
        pause(seconds, "jitter: show", show.check_alive)
        return _said(show.finish(TIMEOUT_S)["lighting"])


def _full_load(folder: Path, port: int, seconds: int) -> Figures:
    """The worst hour of a night: a show at the highest rate, four pages, and a processor that has no time."""
    page = free_tcp_port()
    options = ("--seconds", str(seconds + SETTLE_S), "--web", f"127.0.0.1:{page}")
    with contextlib.ExitStack() as stack:
        show = stack.enter_context(staged_show(folder, port, *options, changes=FASTEST))
        viewers = [stack.enter_context(watching(page)) for _ in range(CLIENTS)]
        stack.enter_context(hog_process())
        pause(seconds + SETTLE_S, "jitter: full load", show.check_alive)
        summary = show.finish(TIMEOUT_S)
        analysis_ms = summary["listening"]["timings_ms"]["analysis"]
        return {
            **_said(summary["lighting"]),
            "output_hz": summary["lighting"]["output_hz"],
            "page_messages_per_s": [round(one.messages_per_s(), 1) for one in viewers],
            "analysis_ms": dict(zip(("p50", "p95", "p99"), analysis_ms, strict=True)),
        }


def _said(lighting: Figures) -> Figures:
    return {
        "lateness_ms": dict(zip(("p50", "p95", "p99"), lighting["timings_ms"]["lateness"], strict=True)),
        "longest_gap_ms": lighting["longest_gap_ms"],
        "skipped_cycles": lighting["skipped_cycles"],
    }


def _ticking(folder: Path, config: Path, beside: str, seconds: int) -> Figures:
    command = python("tools.bench.show.ticking", "--config", str(config), "--seconds", str(seconds), "--beside", beside)
    with running(command, folder, f"beside-{beside}") as program:
        pause(seconds, f"jitter: hog in {beside}")
        return program.finish(TIMEOUT_S)
