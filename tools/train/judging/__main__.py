"""Songs through the whole show, judged on the rendered rig: `python -m tools.train.judging --songs DIR --out DIR`.

Every song is rehearsed by every light with every seed, unless that was done before with the same configuration, model
and seed: a run that was broken off goes on. Beside the lights stand one colour and shuffled music. Edge: files.
"""

import argparse
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from controller.artefacts.artefact import sha256_of
from controller.commands.judged_rig import judged_rig
from controller.config import Config, read_config, with_overrides
from controller.rehearsal.rehearse import rehearse
from tools.train.judging.lights import LIGHTS, decider_of
from tools.train.judging.music import heard
from tools.train.judging.table import markdown, over_seeds

SOUNDS = (".opus", ".flac", ".wav", ".ogg", ".mp3")
VERDICT = "verdict.json"
ONE_COLOUR, SHUFFLED = "one colour", "shuffled"


def main(argv: Sequence[str] | None = None) -> int:
    """Rehearse what is missing, judge it, write `table.md` and `table.json`; returns the exit code."""
    options = build_parser().parse_args(argv)
    songs = songs_of(options.songs)
    if not songs:
        raise SystemExit("no songs there; --songs takes sound files, or folders of them")
    config = read_config(options.config)
    work = [(song, light, seed) for song in songs for light in options.lights for seed in options.seeds]
    found: dict[tuple[str, Path], list[dict[str, Any]]] = {}
    warnings.filterwarnings("ignore", module="librosa|audioread|numba")
    for song, light, seed in track(work, "songs", console=Console(stderr=True)):
        verdict = judged(with_overrides(config, seed=seed), song, light, options.out, again=options.again)
        found.setdefault((light, song), []).append(verdict["figures"])
    columns = columns_of(found, options.lights, songs)
    title = f"{len(songs)} songs, {len(options.seeds)} seeds, {options.config}"
    options.out.joinpath("table.md").write_text(markdown(columns, title), encoding="utf-8")
    told = {name: dict(zip([one.stem for one in songs], rows, strict=True)) for name, rows in columns.items()}
    options.out.joinpath("table.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(options.out / "table.md")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.judging", description=__doc__)
    parser.add_argument("--songs", type=Path, nargs="+", required=True, metavar="FILE_OR_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="keeps rehearsals, verdicts, the table")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    parser.add_argument("--lights", nargs="+", choices=LIGHTS, default=list(LIGHTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--again", action="store_true", help="judge anew what was rehearsed before")
    return parser


def songs_of(paths: Sequence[Path]) -> list[Path]:
    """The sound files among them and in the folders among them, each once, by name."""
    found = {one for path in paths for one in (path.iterdir() if path.is_dir() else [path])}
    return sorted(one for one in found if one.suffix.lower() in SOUNDS and one.is_file())


def judged(config: Config, song: Path, light: str, out: Path, *, again: bool) -> dict[str, Any]:
    """The verdict on one song in one light, from its file if it is there."""
    folder = out / light / f"{song.stem}-{config.seed}"
    fresh = not rehearsed(config, folder)
    if fresh:
        rehearse(config, song, folder, decider_of(light, config, song))
    path = folder / VERDICT
    if fresh or again or not path.is_file():
        music, music_s = heard(song, out / "music" / f"{song.stem}.npz")
        path.write_text(json.dumps(judged_rig(folder, music, music_s)) + "\n", encoding="utf-8")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def rehearsed(config: Config, folder: Path) -> bool:
    """Whether this song was rehearsed there with the same configuration, model and seed."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        wanted = {
            "config_sha256": sha256_of(config.file),
            "decoder_sha256": sha256_of(config.path(config.model.decoder) / "manifest.yaml"),
        }
        same = {name: report["identity"][name] for name in wanted} == wanted
        return bool(same and report["seed"] == config.seed and (folder / "heads.npz").is_file())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def columns_of(
    found: Mapping[tuple[str, Path], list[dict[str, Any]]], lights: Sequence[str], songs: Sequence[Path]
) -> dict[str, list[dict[str, float]]]:
    """Name of each column to the figures of each song: the lights, and the two that are dull beside the first."""
    rows = [(light, light, "show") for light in lights]
    rows += [(name, lights[0], key) for name, key in ((ONE_COLOUR, "one_colour"), (SHUFFLED, "shuffled"))]
    return {
        name: [
            over_seeds([{one: row[key] for one, row in figures.items()} for figures in found[light, song]])
            for song in songs
        ]
        for name, light, key in rows
    }


if __name__ == "__main__":
    raise SystemExit(main())
