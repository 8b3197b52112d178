"""How do costs grow with heads, universes and open pages? A table, and with `--out FILE` a plot of it.

`python -m tools.bench.show.scale --out docs/pictures/scale.svg` measures and draws. Heads and universes are counted in
processor time of one cycle; pages in that of the process that serves them, while a show runs.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from controller.clock import MonotonicClock
from controller.config import ArtNetConfig, NetworkConfig, UniverseConfig
from controller.lighting.output.sender import Sender
from controller.lighting.output.sinks import Outputs
from controller.messages import DmxFrame
from tools.bench.run.processes import cpu_percent, usage
from tools.bench.run.result import Figures, Options
from tools.bench.run.staging import free_tcp_port, run_folder, staged_show
from tools.bench.run.waiting import pause
from tools.bench.run.wire import Wire
from tools.bench.show.live import watching
from tools.bench.stages.cycles import cost_us

HEADS, QUICK_HEADS = (24, 64, 128, 256, 512, 1_024, 2_048, 4_096), (24, 512, 4_096)
UNIVERSES, QUICK_UNIVERSES = (1, 4, 16, 64, 256), (1, 16, 256)
PAGES, QUICK_PAGES = (1, 5, 10, 25, 50), (1, 10)
SECONDS, SEND_CYCLES, SETTLE_S, WATCH_S = 4.0, 200, 3.0, 6.0
AIMS = {"order.heads": "≤ 1", "order.universes": "≤ 1", "order.pages": "≤ 1"}


def measure(options: Options) -> Figures:
    """Microseconds of a cycle by heads, and of sending by universes; percent of a core by pages; and their order."""
    heads = {n: round(min(cost_us(n, SECONDS)[0] for _ in range(2)), 1) for n in options.pick(HEADS, QUICK_HEADS)}
    universes = {n: round(sending_us(n), 1) for n in options.pick(UNIVERSES, QUICK_UNIVERSES)}
    pages = {n: serving_percent(n) for n in options.pick(PAGES, QUICK_PAGES)}
    figures = {"cycle_us_by_heads": heads, "sending_us_by_universes": universes, "percent_of_a_core_by_pages": pages}
    orders = zip(("heads", "universes", "pages"), figures.values(), strict=True)
    return {**_named(figures), "order": {name: round(order(rows), 2) for name, rows in orders}}


def _named(figures: dict[str, dict[int, float]]) -> Figures:
    return {what: {str(many): found for many, found in rows.items()} for what, rows in figures.items()}


def order(rows: dict[int, float]) -> float:
    """The steepest power by which costs grow from one row to the next: 1 is in step, less is cheaper for each."""
    many, cost = np.log(np.array(list(rows))), np.log(np.maximum(np.array(list(rows.values())), 1e-9))
    return float((np.diff(cost) / np.diff(many)).max())


def sending_us(universes: int) -> float:
    """Microseconds of a cycle's packets through a real socket, Art-Net to this machine."""
    wire = Wire()
    configs = {
        1 + n: UniverseConfig(outputs=[ArtNetConfig(type="artnet", host="127.0.0.1", port=wire.port, port_address=n)])
        for n in range(universes)
    }
    sender, sink = Sender(configs, cid=UUID(int=0)), Outputs(configs, NetworkConfig().interface)
    frames = [DmxFrame(0.0, 0, universe, np.full(512, universe % 256, np.uint8)) for universe in configs]
    began_s = time.process_time()
    for cycle in range(SEND_CYCLES):
        for packet in sender.packets(frames, cycle / 40.0):
            sink.send(packet, cycle / 40.0)
    spent_s = time.process_time() - began_s
    sink.close()
    wire.close()
    return 1e6 * spent_s / SEND_CYCLES


def serving_percent(pages: int) -> float:
    """Percent of a core that the watching process takes while so many pages are open."""
    clock, port, wire = MonotonicClock(), free_tcp_port(), Wire()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        stack.callback(wire.close)
        folder = Path(name)
        show = stack.enter_context(staged_show(folder, wire.port, "--web", f"127.0.0.1:{port}", "--loop"))
        run_folder(folder, show)
        for _ in range(pages):
            stack.enter_context(watching(port))
        pause(SETTLE_S, f"{pages} pages: settling", show.check_alive)
        before, before_s = usage(show.pid), clock.now_s()
        pause(WATCH_S, f"{pages} pages: measuring", show.check_alive)
        return cpu_percent(before, usage(show.pid), clock.now_s() - before_s)["controller.watching.process"]


def draw(figures: Figures, out: Path) -> None:
    """A plot for each of what was measured, both axes logarithmic, with what grows in step as a dotted line."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, for this alone

    titles = {
        "cycle_us_by_heads": ("heads", "µs of a cycle"),
        "sending_us_by_universes": ("universes", "µs of sending"),
        "percent_of_a_core_by_pages": ("open pages", "% of a core"),
    }
    titles = {name: words for name, words in titles.items() if figures.get(name)}
    picture = Figure(figsize=(3.4 * len(titles), 3.2), layout="constrained")
    for axes, (name, (across, up)) in zip(
        picture.subplots(1, len(titles), squeeze=False)[0], titles.items(), strict=True
    ):
        many, cost = np.array([int(one) for one in figures[name]]), np.array(list(figures[name].values()))
        axes.loglog(many, cost, "o-", color="#c8149a")
        axes.loglog(many, cost[-1] * many / many[-1], ":", color="#888888")
        axes.set_xticks(many, [f"{one:,}" for one in many], minor=False, fontsize=7, rotation=45)
        axes.set_xticks([], minor=True)
        axes.set(xlabel=across, ylabel=up)
        axes.grid(visible=True, alpha=0.3)
    picture.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def _main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.show.scale", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture: .svg, .png or .pdf")
    parser.add_argument("--quick", action="store_true", help="fewer sizes")
    options = parser.parse_args(arguments)
    figures = measure(Options(quick=options.quick))
    for name, rows in figures.items():
        print(name, rows)
    draw(figures, options.out)


if __name__ == "__main__":
    _main()
