"""`python -m tools.train.footage VERB`: extract, inspect, import-rpmc, export-rpmc."""

import argparse
import sys
from functools import partial
from pathlib import Path

from controller.errors import ControllerError
from tools.train.footage import brightness, chapters
from tools.train.footage.errors import FootageError
from tools.train.footage.scene import PROFILES


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.train.footage", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    extract = verbs.add_parser("extract", help="videos to aligned light and sound features")
    extract.add_argument("videos", type=Path, nargs="+", metavar="VIDEO_OR_FOLDER")
    extract.add_argument("--out", type=Path, required=True)
    extract.add_argument("--workers", type=int, default=1, help="films at once")
    extract.add_argument("--embedder", type=Path, action="append", metavar="DIR",
                         help="artefact folder; further ones are stored as embedding_NAME")  # fmt: skip
    extract.add_argument(
        "--audio-track", type=int, metavar="N", help="which sound track, from 1; default: the first that sounds"
    )
    extract.add_argument("--transfer", choices=sorted(PROFILES), metavar="PROFILE", default="",
                         help=f"the log profile that they were shot in: {', '.join(sorted(PROFILES))}")  # fmt: skip
    extract.add_argument("--exposure-locked", action="store_true", help="the films of each night come from one camera "
                         "whose exposure was locked: they share a scale of brightness")  # fmt: skip
    extract.add_argument("--again", action="store_true", help="also what was extracted before")
    extract.add_argument("--cluster", metavar="ADDRESS|local:N", help="a Dask scheduler, or N workers here")
    inspect = verbs.add_parser("inspect", help="one HTML page about a folder of extracted films")
    inspect.add_argument("folder", type=Path)
    inspect.add_argument("--out", type=Path, help="default: FOLDER/report.html")
    bring = verbs.add_parser("import-rpmc", help="RPMC-L2 clips (.pkl, .h5) to our files")
    bring.add_argument("paths", type=Path, nargs="+")
    bring.add_argument("--out", type=Path, required=True)
    bring.add_argument("--value-channel", choices=["saturation", "value"], default="value",
                       help="which histogram becomes `value`: see docs/footage.md")  # fmt: skip
    send = verbs.add_parser("export-rpmc", help="our files to RPMC-L2 clips")
    send.add_argument("folder", type=Path)
    send.add_argument("--out", type=Path, required=True)
    send.add_argument("--format", choices=["pkl", "hdf5"], default="pkl")
    return parser.parse_args(argv)


def extract(options: argparse.Namespace) -> int:
    """The verb `extract`: 0 if anything is extracted, now or before."""
    from tools.train.footage import folder  # noqa: PLC0415 - each verb imports what it needs

    films = chapters.joined(folder.find_videos(options.videos))
    videos = [parts[0] for parts in films]
    embedders = tuple(options.embedder or [folder.BUNDLED])
    for embedder in embedders:
        folder.Network(embedder)  # refused here rather than once for each film
    track = None if options.audio_track is None else options.audio_track - 1
    jobs = [
        folder.Job(
            parts[0],
            name,
            options.out,
            embedders,
            again=options.again,
            track=track,
            locked=options.exposure_locked,
            profile=options.transfer,
            chapters=parts[1:],
        )
        for parts, name in zip(films, folder.named(videos), strict=True)
    ]
    if options.cluster:
        from tools.train.footage import cluster  # noqa: PLC0415

        run = partial(cluster.across, address=options.cluster)
    elif options.workers > 1:
        run = partial(folder.together, workers=options.workers)
    else:
        run = folder.alone
    outcomes = folder.extract_all(jobs, run)
    good = [outcome for outcome in outcomes if outcome.state != "failed"]
    print(f"{len(good)} of {len(outcomes)} films extracted; {options.out / 'footage.json'} has a row for each")
    lone = folder.scaled_alone(options.out)
    if lone:
        print(f"{lone} of them: {brightness.ALONE} (docs/footage.md)")
    return 0 if good else 1


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    try:
        if options.verb == "extract":
            return extract(options)
        if options.verb == "inspect":
            from tools.train.footage.inspection import write_report  # noqa: PLC0415

            print(write_report(options.folder, options.out or options.folder / "report.html"))
            return 0
        from tools.train.footage import rpmc  # noqa: PLC0415

        if options.verb == "import-rpmc":
            return rpmc.bring(options.paths, options.out, options.value_channel)
        return rpmc.send(options.folder, options.out, options.format)
    except (FootageError, ControllerError) as error:
        print(f"footage {options.verb}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
