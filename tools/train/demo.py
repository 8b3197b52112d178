"""Every training path on a little real data, end to end, in minutes: `python -m tools.train.demo [--out DIR]`.

Cuts short songs from the bundled ones, trains both networks for a few steps, exports and scores them, finetunes the
result on a minute of invented footage, plays a rehearsal with what that became, and takes invented tunes through the
symbolic models and a picture to an opening. What comes out is a proof that the path works, not a model: it is never
written to `models/`.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import yaml

from controller.listening.audio.file_source import FileSource
from tools.train.embedder import __main__ as embedder
from tools.train.engineers import proof
from tools.train.image2music import __main__ as image2music
from tools.train.skipbart import __main__ as skipbart
from tools.train.skipbart.prepare import EMBEDDER_NOTE
from tools.train.songs import TEST_ARTISTS, VALIDATION_ARTISTS
from tools.train.symbolic import demo as symbolic

ROOT = Path(__file__).parents[2]
SONGS = ROOT / "controller" / "songs"
PICTURE = ROOT / "docs" / "pictures" / "page.jpg"
RATE_HZ = 48_000
SECONDS = 60
EXCERPTS = (
    ("metal_madness.opus", 0, "Demo band"),
    ("metal_madness.opus", 60, "Demo band"),
    ("escape_from_chaosland/band.opus", 20, VALIDATION_ARTISTS[0]),
    ("escape_from_chaosland/guitar.opus", 60, TEST_ARTISTS[0]),
)


def cut_songs(folder: Path) -> None:
    """A data folder with `tracks.csv`: four excerpts, dealt to the three splits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "tracks.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "title", "artist", "license"])
        for number, (name, start_s, artist) in enumerate(EXCERPTS):
            source = FileSource(SONGS / name)
            source.read(start_s * RATE_HZ)
            samples = source.read(SECONDS * RATE_HZ)
            source.close()
            soundfile.write(folder / f"excerpt{number}.wav", np.asarray(samples), RATE_HZ)
            table.writerow([f"excerpt{number}.wav", name, artist, "MIT"])


def film(songs: Path, out: Path) -> None:
    """Footage of an invented engineer who lights the prepared songs."""
    paths = [path for path in sorted((songs / "train").glob("*.npz")) if "@" not in path.stem]
    sha256 = (songs / EMBEDDER_NOTE).read_text(encoding="ascii").strip()
    proof.film("red and violent", paths, out, np.random.default_rng(1), sha256)


def rehearse(models: Path, decoder: Path, out: Path) -> None:
    """A rehearsal of one excerpt with the new models."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["profiles"] = str(ROOT / config["profiles"])
    config["model"]["embedder"] = str(models / "embedder-small")
    config["model"]["decoder"] = str(decoder)
    path = out / "config.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    song = str(out / "audio" / "excerpt3.wav")
    command = [sys.executable, "-P", "-m", "controller", "rehearse", song, "--out", str(out / "rehearsal")]
    subprocess.run([*command, "--config", str(path)], check=True)


def run(out: Path, steps: int) -> None:
    """All stages, in order."""
    names = ("audio", "songs", "listening", "pretrained", "skipbart")
    audio, songs, heard, music, light = (str(out / name) for name in names)
    models = out / "models"
    small, decoder = str(models / "embedder-small"), str(models / "skipbart-small")
    cut_songs(out / "audio")
    count = str(steps)
    stages = (
        (embedder.main, ["train", "--data", audio, "--out", str(out), "--steps", count, "--max-minutes", "3"]),
        (embedder.main, ["export", "--data", audio, "--checkpoint", str(out / "embedder.pt"), "--out", small]),
        (skipbart.main, ["prepare", "--data", audio, "--embedder", small, "--out", songs]),
        (skipbart.main, ["listen", "--data", songs, "--out", heard, "--steps", count, "--max-minutes", "3"]),
        (skipbart.main, ["pretrain", "--data", songs, "--out", music, "--steps", count, "--max-minutes", "3"]),
        (
            skipbart.main,
            [
                "finetune",
                "--data",
                songs,
                "--out",
                light,
                "--steps",
                count,
                "--weights",
                f"{music}/last.pt",
                "--max-minutes",
                "3",
            ],
        ),
        (skipbart.main, ["finetune", "--data", songs, "--out", light, "--steps", count, "--resume"]),
        (skipbart.main, ["export", "--data", songs, "--checkpoint", f"{light}/last.pt", "--out", decoder]),
        (
            skipbart.main,
            [
                "evaluate",
                "--data",
                songs,
                "--row",
                f"demo={decoder}",
                "--embedder",
                small,
                "--out",
                str(out / "table.json"),
            ],
        ),
    )
    for command, arguments in stages:
        do(command, arguments)
    footage, room = out / "footage", out / "room"
    film(Path(songs), footage)
    learn = ["finetune", "--data", str(footage), "--out", str(room), "--weights", decoder, "--steps", count]
    do(skipbart.main, learn)
    rehearse(models, room / "artefact", out)
    symbolic.run(out / "symbolic", max(steps // 2, 2))
    opening = ["compose", str(PICTURE), "--out", str(out / "opening"), "--bars", "16", "--synth", "sines"]
    do(image2music.main, opening)
    do(image2music.main, ["train", "--out", str(out / "opening-run"), "--max-minutes", "0.2"])


def do(command: Callable[[list[str]], int], arguments: list[str]) -> None:
    """One command line, said before it runs."""
    print("==", command.__module__, *arguments, flush=True)
    if command(arguments):
        raise SystemExit(f"{command.__module__} {arguments[0]} failed")


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.demo", description=__doc__)
    parser.add_argument("--out", type=Path, help="keep everything here; otherwise a temporary folder")
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args(argv)
    if options.out:
        run(options.out.resolve(), options.steps)
        return 0
    with tempfile.TemporaryDirectory(prefix="followspot-train-") as folder:
        run(Path(folder), options.steps)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
