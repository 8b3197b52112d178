"""`python -m tools.bench`: measure, print a table, write JSON. Exit code 1 if a benchmark could not do its work."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from controller.clock import MonotonicClock
from controller.errors import ControllerError
from tools.bench.night import endless, night, soak
from tools.bench.run import machine
from tools.bench.run.result import Benchmark, FailedError, Figures, Options, SkippedError
from tools.bench.run.waiting import CONSOLE
from tools.bench.show import hands, jitter, live, looking, scale
from tools.bench.sound import latency
from tools.bench.stages import budget, cycles, eight_bits, hearing, limiting, rehearsal, stages
from tools.bench.wire import output_machines, universes

BENCHMARKS = (
    Benchmark("stages", "What does each stage cost?", stages.measure, stages.AIMS),
    Benchmark("budget", "What does a second of a show ask for, by stage and process?", budget.measure, budget.AIMS),
    Benchmark("cycles", "What does an output cycle cost?", cycles.measure, cycles.AIMS),
    Benchmark("hearing", "What does hearing the band cost?", hearing.measure, hearing.AIMS),
    Benchmark("limiting", "What does the flash limiter cost?", limiting.measure, limiting.AIMS),
    Benchmark("endless", "Does a long night stay cheap?", endless.measure, endless.AIMS),
    Benchmark("rehearse", "How fast is a rehearsal?", rehearsal.measure, rehearsal.AIMS),
    Benchmark("live", "Is the wire steady, and what does a show cost?", live.measure, live.AIMS),
    Benchmark("latency", "How long from sound to light?", latency.measure, latency.AIMS),
    Benchmark("universes", "How many universes does one process carry?", universes.measure, universes.AIMS),
    Benchmark(
        "machines", "Several output machines: what do they get?", output_machines.measure, output_machines.AIMS, True
    ),
    Benchmark("jitter", "How late are output cycles?", jitter.measure, jitter.AIMS),
    Benchmark("hands", "How long from a finger on the page to the wire?", hands.measure, hands.AIMS),
    Benchmark("looking", "What does the page cost a weak computer?", looking.measure, looking.AIMS),
    Benchmark("eight_bits", "What would 8-bit weights bring, and change?", eight_bits.measure, on_request=True),
    Benchmark("scale", "How do costs grow with the rig?", scale.measure, scale.AIMS, on_request=True),
    Benchmark("soak", "Does a show that runs and runs stay the same?", soak.measure, soak.AIMS, on_request=True),
    Benchmark("night", "Does a whole night, simulated, leak or slow down?", night.measure, night.AIMS, on_request=True),
)
TABLE_WIDTH = 132


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks that were asked for; returns the exit code."""
    arguments = build_parser().parse_args(argv)
    asked = list(wanted(arguments))
    options = Options(
        quick=arguments.quick,
        hops=arguments.hops,
        soak_minutes=arguments.soak_minutes or Options().soak_minutes,
        night_minutes=arguments.night_minutes or Options().night_minutes,
    )
    report: dict[str, Any] = {"machine": machine.describe(), "quick": options.quick, "benchmarks": {}}
    for benchmark in asked:
        CONSOLE.print(f"{benchmark.name}: {benchmark.question}", style="dim")
        try:
            report["benchmarks"][benchmark.name] = run(benchmark, options)
        except KeyboardInterrupt:
            CONSOLE.print(f"{benchmark.name}: broken off; what was measured before it follows")
            break
        if arguments.out:  # after each: a long run that is broken off has written what it knows
            arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)  # a log wraps long rows better than a table does
    console.print(render(report))
    return 1 if any("failed" in entry for entry in report["benchmarks"].values()) else 0


def wanted(arguments: argparse.Namespace) -> Iterator[Benchmark]:
    """The benchmarks of a run: those that were named; else all but the long ones; a number of minutes names its own."""
    minutes = {"soak": arguments.soak_minutes, "night": arguments.night_minutes}
    for one in BENCHMARKS:
        if one.name in (arguments.only or ()) or minutes.get(one.name) or not (arguments.only or one.on_request):
            yield one


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--quick", action="store_true", help="smaller runs: three minutes instead of fifteen")
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"some of: {', '.join(names)}")
    profile = "the budget alone: what each stage and process asks for"
    parser.add_argument("--profile", dest="only", action="store_const", const=["budget"], help=profile)
    parser.add_argument("--hops", type=int, help="stages only: how many hops of 0.1 s")
    parser.add_argument("--soak-minutes", type=float, metavar="N", help="run `soak`, too, for so long (usual: 20)")
    parser.add_argument("--night-minutes", type=float, metavar="N", help="run `night`, too, over so much (usual: 180)")
    return parser


def run(benchmark: Benchmark, options: Options) -> dict[str, Any]:
    """One benchmark and what the machine was doing around it."""
    clock = MonotonicClock()
    before, started_s = machine.activity(), clock.now_s()
    entry: dict[str, Any]
    try:
        entry = {"figures": benchmark.measure(options)}
    except SkippedError as reason:
        entry = {"skipped": str(reason)}
    except (FailedError, ControllerError) as reason:
        entry = {"failed": str(reason)}
    seconds = round(clock.now_s() - started_s, 1)
    return {**entry, "seconds": seconds, "before": before, "after": machine.activity()}


def render(report: dict[str, Any]) -> Table:
    """The report as a table: a row for each figure or group of percentiles."""
    told = report["machine"]
    title = f"{told['cpu']}, {told['cores']} cores, Python {told['python']}, commit {told['commit']}"
    table = Table(title=title, title_justify="left", caption="quick run" if report["quick"] else None)
    table.add_column("what", overflow="fold")
    table.add_column("measured", overflow="fold")
    table.add_column("aim")
    aims = {one.name: one.aims for one in BENCHMARKS}
    questions = {one.name: one.question for one in BENCHMARKS}
    for name, entry in report["benchmarks"].items():
        table.add_section()
        table.add_row(f"[bold]{name}[/bold]", questions.get(name, ""), style="cyan")
        table.add_row("  machine", _activity(entry), style="dim")
        for outcome in ("skipped", "failed"):
            if outcome in entry:
                table.add_row(f"  {outcome}", entry[outcome], style="yellow")
        for figure, shown in rows(entry.get("figures", {})):
            table.add_row(f"  {figure}", shown, aims.get(name, {}).get(figure, ""))
    return table


def rows(figures: Figures, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name and text of each figure; a group that holds nothing but numbers is one row."""
    for name, figure in figures.items():
        if not isinstance(figure, dict):
            yield f"{prefix}{name}", _text(figure)
        elif all(not isinstance(part, dict) for part in figure.values()) and _is_spread(name):
            yield f"{prefix}{name}", "  ".join(f"{part} {_text(number)}" for part, number in figure.items())
        else:
            yield from rows(figure, f"{prefix}{name}.")


def _is_spread(name: str) -> bool:
    """Groups whose own name carries the unit hold several numbers of one quantity."""
    return name.endswith(("_ms", "_mib", "_percent"))


def _text(figure: object) -> str:
    if isinstance(figure, list):
        return " ".join(_text(part) for part in figure)
    return f"{figure:g}" if isinstance(figure, float) else str(figure)


def _activity(entry: dict[str, Any]) -> str:
    loads = " -> ".join(f"{entry[when]['load'][0]:.1f}" for when in ("before", "after"))
    busy = {f"{one['name']} {one['cpu_percent']} %" for when in ("before", "after") for one in entry[when]["busy"]}
    return f"{entry['seconds']:.0f} s; load {loads}" + (f"; busy: {', '.join(sorted(busy))}" if busy else "")


if __name__ == "__main__":
    raise SystemExit(main())
