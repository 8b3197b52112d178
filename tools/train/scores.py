"""Score the exported decoder on songs it never trained on: `python -m tools.train.scores --songs DIR`.

Every song is lit by the model playing freely, by one designer (the reference), by another designer, and by three
baselines; the table gives means over songs. The other designer shows what agreement is possible at all: two designers
choose different palettes for the same song, so no model can come near the reference's hues except by luck.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from controller.decode.sampling import Choice
from controller.decode.skipbart import Network
from tools.train.evaluate import (
    best_constant,
    correspondence,
    errors,
    loudness_follower,
    uniform_random,
)
from tools.train.generate import Settings, generate, open_network

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class TestSong:
    """A prepared song with what the metrics need beside the light."""

    name: str
    music: npt.NDArray[np.float32]
    light: IntArray
    loudness: FloatArray
    onsets: FloatArray
    downbeats: IntArray
    section_starts: IntArray


def read_song(path: Path) -> TestSong:
    """A song as `skipbart prepare` wrote it: the unchanged view of its music, all its shows."""
    with np.load(path) as arrays:
        return TestSong(
            path.stem,
            arrays["music"][0].astype(np.float32),
            arrays["light"].astype(np.int64),
            arrays["loudness"].astype(np.float64),
            arrays["onsets"].astype(np.float64),
            arrays["beats"][::4],
            arrays["section_starts"],
        )


def lights_of(song: TestSong, network: Network, settings: Settings, rng: np.random.Generator) -> dict[str, IntArray]:
    """All lights to compare on a song; the reference is `designer`."""
    return {
        "model": generate(network, song.music, settings, rng),
        "designer": song.light[0],
        "another designer": song.light[1],
        "best constant": best_constant(song.light[0]),
        "loudness follower": loudness_follower(song.loudness),
        "uniform random": uniform_random(len(song.music), rng),
    }


def score_song(song: TestSong, lights: dict[str, IntArray]) -> Scores:
    """Every metric of every light."""
    return {
        name: {
            **errors(light, song.light[0]),
            **correspondence(light, song.loudness, song.onsets, song.downbeats, song.section_starts),
        }
        for name, light in lights.items()
    }


def mean_scores(songs: list[Scores]) -> Scores:
    """Means over songs."""
    return {
        light: {metric: float(np.mean([song[light][metric] for song in songs])) for metric in songs[0][light]}
        for light in songs[0]
    }


def table(scores: Scores) -> str:
    """A Markdown table, one metric a row."""
    lights = list(scores)
    lines = ["| metric | " + " | ".join(lights) + " |", "|---" * (len(lights) + 1) + "|"]
    for metric in scores[lights[0]]:
        numbers = " | ".join(f"{scores[light][metric]:.2f}" for light in lights)
        lines.append(f"| {metric.replace('_', ' ')} | {numbers} |")
    return "\n".join(lines)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.scores", description=__doc__)
    parser.add_argument("--songs", type=Path, required=True, help="folder written by `skipbart prepare`")
    parser.add_argument("--split", default="test", choices=["train", "validation", "test"])
    parser.add_argument("--decoder", type=Path, default=Path("models/skipbart-small"))
    parser.add_argument("--out", type=Path, help="also write the numbers as JSON here")
    parser.add_argument("--seed", type=int, default=1)
    default = Settings()
    for kind, choice in (("hue", default.hue), ("value", default.value)):
        parser.add_argument(f"--{kind}", type=float, nargs=3, metavar=("TEMPERATURE", "TOP_P", "REACH"),
                            default=[choice.temperature, choice.top_p, choice.reach])  # fmt: skip
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    choices = [Choice(temperature, top_p, int(reach)) for temperature, top_p, reach in (options.hue, options.value)]
    network, rng = open_network(options.decoder), np.random.default_rng(options.seed)
    rows = []
    for path in track(sorted((options.songs / options.split).glob("*.npz")), "songs"):
        song = read_song(path)
        rows.append(score_song(song, lights_of(song, network, Settings(*choices), rng)))
    if not rows:
        print(f"{options.songs / options.split}: no prepared songs; run `python -m tools.train.skipbart prepare` first")
        return 1
    scores = mean_scores(rows)
    if options.out is not None:
        options.out.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    print(table(scores))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
