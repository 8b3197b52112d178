"""`followspot compare`: lights for the same sound as clips that people rate without knowing which is which.

Edge: files, the event loop, chance.
"""

import argparse
import asyncio
import contextlib
import json
import math
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from controller.commands.arguments import configured, with_config
from controller.commands.paper import paper, wide_table
from controller.errors import EvaluationError, PageError
from controller.listening.plan.plan import song_title
from controller.metrics.ratings import LEVEL, MARGIN, QUESTIONS, Difference, Ratings
from controller.rehearsal.comparison.clips import write_clip
from controller.rehearsal.comparison.kit import CLIPS, Clip, Kit
from controller.rehearsal.comparison.server import RatingPage

SECONDS = 20.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its verbs and their options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="make|serve|report")
    make = verbs.add_parser("make", help="clips of rehearsals of one song; again with the next song")
    with_config(make)
    make.add_argument("kit", type=Path, metavar="KIT", help="folder of the comparison")
    make.add_argument("--song", type=Path, required=True, metavar="SONG_OR_STEMS_DIR")
    make.add_argument(
        "--lights", nargs="+", required=True, metavar="NAME=DIR", help="folders as `rehearse` writes them"
    )
    make.add_argument("--from", dest="from_s", type=float, default=0.0, metavar="S", help="default: 0")
    make.add_argument("--seconds", type=float, default=SECONDS, help=f"length of each clip; default: {SECONDS:g}")
    serve = verbs.add_parser("serve", help="the page on which people rate; Ctrl-C closes it")
    serve.add_argument("kit", type=Path, metavar="KIT")
    serve.add_argument("--host", default="127.0.0.1", help="default: this machine only; 0.0.0.0: anyone on the network")
    serve.add_argument("--port", type=int, default=8120, help="default: 8120")
    report = verbs.add_parser("report", help="what people said, and whether it means anything")
    report.add_argument("kit", type=Path, metavar="KIT")
    report.add_argument("--margin", type=float, default=MARGIN, help=f"points that do not matter; default: {MARGIN:g}")
    report.add_argument("--json", action="store_true", help="one line of JSON instead of tables")


def run(options: argparse.Namespace) -> int:
    """Do what the verb says; returns the exit code."""
    {"make": _make, "serve": _serve, "report": _report}[options.verb](options)
    return 0


def _make(options: argparse.Namespace) -> None:
    if not (options.seconds > 0 and options.from_s >= 0):
        raise EvaluationError("--seconds is above 0, and --from at least 0")
    lights = dict(_light(one) for one in options.lights)
    config, kit = configured(options), Kit(options.kit)
    title = song_title(options.song)
    for one in kit.clips:
        if one.song == title and (one.from_s, one.seconds) != (options.from_s, options.seconds):
            raise EvaluationError(
                f"{options.kit}: holds {one.seconds:g} s of {title} from {one.from_s:g} s on; people compare lights of "
                "the same sound: use the same --from and --seconds, or another KIT"
            )
    (options.kit / CLIPS).mkdir(parents=True, exist_ok=True)
    for name, folder in track(list(lights.items()), "clips", console=Console(stderr=True)):
        clip = Clip(secrets.token_hex(4), title, name, options.from_s, options.seconds)
        write_clip(config, folder, options.song, clip, kit.file(clip.name))
        kit.add(clip)
    songs = len({one.song for one in kit.clips})
    print(f"{options.kit}: {len(kit.clips)} clips of {songs} songs; next: followspot compare serve {options.kit}")


def _light(written: str) -> tuple[str, Path]:
    name, equals, folder = written.partition("=")
    if not (name and equals and folder):
        raise EvaluationError(f"--lights takes NAME=DIR, not {written!r}")
    return name, Path(folder)


def _known(folder: Path) -> Kit:
    kit = Kit(folder)
    if not kit.clips:
        raise EvaluationError(f"{folder}: holds no clips; `followspot compare make` does that first")
    return kit


def _serve(options: argparse.Namespace) -> None:
    page = RatingPage(_known(options.kit))
    print(f"people rate at http://{options.host}:{options.port}; Ctrl-C closes it", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(page.serve(options.host, options.port))
        except OSError as error:
            raise PageError(
                f"port {options.port} on {options.host} cannot be served: {error.strerror}; choose another with --port"
            ) from error


def _report(options: argparse.Namespace) -> None:
    said = _known(options.kit).ratings()
    if not said:
        raise EvaluationError(f"{options.kit}: nobody has rated anything yet")
    ratings = Ratings.of(said)
    found = ratings.differences(options.margin)
    if options.json:
        rows = [{**_plain(asdict(one)), "verdict": one.verdict} for one in found]
        means = {light: {name: list(two) for name, two in row.items()} for light, row in ratings.means().items()}
        print(json.dumps({"people": ratings.people, "means": _plain(means), "differences": rows}))
        return
    _print_report(ratings, found, options.margin)


def _print_report(ratings: Ratings, found: list[Difference], margin: float) -> None:
    console, means = paper(), ratings.means()
    console.print(f"{ratings.people} people, {len(ratings.songs)} songs: {', '.join(ratings.songs)}\n")
    table = wide_table("mean ± standard deviation over people, 1 to 7", "light", *QUESTIONS)
    for light in ratings.order():
        table.add_row(light, *(_with_sd(*means[light][name]) for name in QUESTIONS))
    console.print(table)
    table = wide_table(
        "\noverall, two lights at a time", "", "people", "difference", "95 %", "p", "d", "verdict", "same within ±, p",
        "people needed",
    )  # fmt: skip
    for one in found:
        if one.question == "overall":
            needed = "over 5,000" if one.needed is None else str(one.needed)
            table.add_row(
                f"{one.one} – {one.other}", str(one.people), f"{one.mean:+.2f}", f"{one.low:+.2f} to {one.high:+.2f}",
                _p(one.p), f"{one.effect:+.2f}", one.verdict, f"{margin:g}: {_p(one.same_p)}", needed,
            )  # fmt: skip
    console.print(table)
    others = [one for one in found if one.question != "overall" and one.p < LEVEL]
    for one in others:
        console.print(f"{one.question}: {one.one} – {one.other} {one.mean:+.2f}, p {_p(one.p)}")
    console.print(
        f"p of paired t tests, corrected for all {len(found)} comparisons together (Holm); 'the same' is an "
        "equivalence test of its own, not a large p. People needed: for four of five studies to find such a difference."
    )


def _with_sd(mean: float, sd: float) -> str:
    return "–" if math.isnan(mean) else f"{mean:.2f} ± {sd:.2f}"


def _p(amount: float) -> str:
    return "< .001" if amount < 0.001 else f"{amount:.3f}".lstrip("0") if amount < 1 else "1"


def _plain(told: Any) -> Any:  # noqa: ANN401 - JSON has no type
    """NaN as null, all the way down."""
    if isinstance(told, dict):
        return {name: _plain(one) for name, one in told.items()}
    if isinstance(told, list | tuple):
        return [_plain(one) for one in told]
    return None if isinstance(told, float) and not math.isfinite(told) else told
