"""`python -m tools.train.venue VERB`: render films of a made-up venue, score what was extracted from them."""

import argparse
import json
import sys
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from controller.config import read_config
from controller.survey.proposal import proposal_of
from controller.survey.report import write_report
from tools.train.venue import measured, offsets
from tools.train.venue import score as scoring
from tools.train.venue.film import Format, render
from tools.train.venue.measured_film import Conditions
from tools.train.venue.programme import ENGINEER, Number, plan
from tools.train.venue.songs import designed, made_up, tokens_from

SOUND_SUFFIXES = {".opus", ".ogg", ".flac", ".wav", ".mp3", ".m4a"}


def engineer(text: str) -> frozenset[str]:
    """`all`, `none`, a list `house,cut`, or `all,-shake`: which spoilers and nuisances are on."""
    on: set[str] = set()
    for word in text.split(","):
        name = word.removeprefix("-")
        if name not in {"all", "none", *ENGINEER}:
            raise argparse.ArgumentTypeError(f"unknown '{name}'; choose from all, none, {', '.join(ENGINEER)}")
        if word == "all":
            on |= set(ENGINEER)
        elif word.startswith("-"):
            on.discard(name)
        elif word != "none":
            on.add(word)
    return frozenset(on)


def size(text: str) -> tuple[int, int]:
    """`1280x720`."""
    wide, _, high = text.partition("x")
    try:
        return int(wide) // 2 * 2, int(high) // 2 * 2
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a size such as 1280x720: '{text}'") from error


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.train.venue", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    draw = verbs.add_parser("render", help="a film with known light for each seed")
    draw.add_argument("--out", type=Path, required=True)
    draw.add_argument("--songs", type=Path, nargs="+", help="audio files or folders; without: made-up drums")
    draw.add_argument(
        "--tokens", type=Path, help="light for the first song: tokens.csv or .npy (T, 2); default: composed"
    )
    draw.add_argument("--minutes", type=float, default=2.0, help="of each film")
    draw.add_argument("--seed", type=int, nargs="+", default=[1])
    draw.add_argument("--size", type=size, default=(1280, 720))
    draw.add_argument("--fps", type=int, default=25)
    draw.add_argument("--bitrate", type=int, default=1_500_000)
    draw.add_argument("--engineer", type=engineer, default=frozenset(ENGINEER),
                      help=f"all, none, a list, or all,-NAME: {', '.join(ENGINEER)}")  # fmt: skip
    judge = verbs.add_parser("score", help="compare extracted features with the truth")
    judge.add_argument("films", type=Path)
    judge.add_argument("--features", type=Path, help="folder written by footage extract; default: FILMS/features")
    judge.add_argument("--out", type=Path, help="JSON")
    seen = verbs.add_parser("measure", help="films of a rig that measures itself, read and judged")
    seen.add_argument("--out", type=Path, required=True, help="folder of the films")
    seen.add_argument("--config", type=Path, default=Path("config.yaml"))
    seen.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3, 4])
    seen.add_argument("--harder", action="store_true", help="twice the haze, drift and noise")
    known = verbs.add_parser("offsets", help="how far the offset of sound and picture can be believed")
    known.add_argument("--songs", type=Path, nargs="+", help="audio files or folders; without: made-up drums")
    known.add_argument("--minutes", type=float, default=3.5, help="of each film")
    known.add_argument("--seed", type=int, nargs="+", default=[1])
    known.add_argument("--engineer", type=engineer, default=frozenset(ENGINEER),
                       help=f"all, none, a list, or all,-NAME: {', '.join(ENGINEER)}")  # fmt: skip
    known.add_argument("--out", type=Path, help="JSON with every case; more seeds are added to it")
    return parser.parse_args(argv)


def songs_of(options: argparse.Namespace, seed: int) -> list[Number]:
    if options.songs is None:
        return [made_up(60 * options.minutes - 8, seed)]
    tokens = getattr(options, "tokens", None)
    files = [
        f for p in options.songs for f in (sorted(p.iterdir()) if p.is_dir() else [p]) if f.suffix in SOUND_SUFFIXES
    ]
    if tokens is None:
        return designed(files, options.minutes, seed)
    from tools.train.songs import read_audio  # noqa: PLC0415

    return [Number(files[0].stem, read_audio(files[0]), tokens_from(tokens))]


def draw_all(options: argparse.Namespace) -> int:
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    options.out.mkdir(parents=True, exist_ok=True)
    form = Format(options.size, options.fps, options.bitrate, codec)
    with Progress() as progress:
        for seed in options.seed:
            programme = plan(songs_of(options, seed), seed, engineer=options.engineer)
            path = options.out / f"venue-{seed}.mp4"
            task = progress.add_task(path.name, total=programme.duration_s)
            for done_s in render(programme, path, form):
                progress.update(task, completed=done_s)
            progress.update(task, completed=programme.duration_s)
    return 0


def measure_all(options: argparse.Namespace) -> int:
    patch, programme = measured.played_on(options.config)
    hard = Conditions(drift=2.0, noise=2.0, haze=2.0) if options.harder else Conditions()
    options.out.mkdir(parents=True, exist_ok=True)
    films = []
    for seed in options.seed:
        one, found, film = measured.one_film(patch, programme, options.out, seed, hard)
        write_report(options.out / f"report-{seed}", film.still, found, proposal_of(read_config(options.config), found))
        films.append(one)
        print(
            f"seed {seed}: {json.dumps({name: round(x, 4) for name, x in measured.summed([one]).items()})}", flush=True
        )
    total = measured.summed(films)
    for name, wanted in measured.WANTED.items():
        reached = total[name] >= wanted if name == "right_head" else total[name] <= wanted
        print(f"{name:16} {total[name]:8.4f}  wanted {wanted:g}  {'reached' if reached else 'MISSED'}")
    measured.written(total, options.out / "measured.json")
    print(json.dumps({name: round(x, 4) for name, x in total.items()}))
    return 0


def offsets_all(options: argparse.Namespace) -> int:
    """The verb `offsets`: what is known so far is in `--out` after every film."""
    found = offsets.read_cases(options.out)
    for seed in options.seed:
        if seed in {one.seed for one in found}:
            continue
        programme = plan(songs_of(options, seed), seed, engineer=options.engineer)
        rng = np.random.default_rng([seed, 75])
        found += offsets.cases(offsets.seen(programme), rng, seed)
        offsets.write_cases(options.out, found)
        print(f"seed {seed}: {', '.join(number.name for number in programme.numbers)}", flush=True)
    print(offsets.table(found))
    moved = [one for one in found if one.moved_s != 0.0]
    return 0 if all(one.right for one in moved) else 1


def show(result: dict[str, object]) -> None:
    table = Table(title="Extracted light against truth")
    names = ("film", "min", "hue MAE", "hue far", "value r", "offset error", "conf.", "good kept", "spoiled dropped")
    for name in names:
        table.add_column(name, justify="left" if name == "film" else "right")
    for film in result["films"]:
        spoiled = " ".join(f"{kind} {done}/{total}" for kind, (done, total) in sorted(film["spoiled"].items()))
        hue = (f"{film['hue_mae']:.2f}", f"{100 * film['hue_far']:.1f} %")
        table.add_row(film["name"], f"{film['minutes']:.1f}", *hue,
                      f"{film['value_correlation']:.3f}", f"{1000 * film['offset_error_s']:.0f} ms",
                      f"{film['offset_confidence']:.2f}", f"{100 * film['good_kept']:.1f} %", spoiled)  # fmt: skip
    console = Console(width=160)
    console.print(table)
    for name, limit in result["wanted"].items():
        sign = "<=" if name in scoring.AT_MOST else ">="
        word = "reached" if result["reached"][name] else "MISSED"
        console.print(f"{name:20} {result['overall'][name]:8.4f}  wanted {sign} {limit:g}  {word}", highlight=False)
    rest = {name: round(x, 4) for name, x in result["overall"].items() if name not in result["wanted"]}
    console.print(", ".join(f"{name} {x:g}" for name, x in rest.items()), highlight=False)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    try:
        if options.verb == "render":
            return draw_all(options)
        if options.verb == "measure":
            return measure_all(options)
        if options.verb == "offsets":
            return offsets_all(options)
        result = scoring.score(options.films, options.features or options.films / "features")
    except (FileNotFoundError, av.FFmpegError, ValueError) as error:
        print(f"venue {options.verb}: {error}", file=sys.stderr)
        return 1
    show(result)
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["overall"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
