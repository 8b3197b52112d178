"""The evaluation table: `python -m tools.train.skipbart evaluate --data SONGS [--row NAME=DIR ...]`.

Every row lights every held-out song; every column is a metric of `controller/metrics`. Rows that draw are played with
three seeds: the table gives the mean, and how far apart the seeds are. Lifts come with a 95 % interval over songs.
The reference of the first columns is one designer's show for the song, so the row `designer` is another designer:
what agreement there can be at all, and the ceiling of everything that learnt from designers.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from controller.arrays import Float32Array, IntArray
from controller.artefacts.artefact import Manifest, read_manifest
from controller.listening.bearings import NAMES
from controller.listening.decode.refreshed import RefreshedNetwork, RefreshedSkipBart
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart
from controller.listening.decode.succession import Decoder
from controller.metrics.against_reference import best_constant, errors, uniform_random
from controller.metrics.correspondence import AgainstMusic, MusicFeatures
from controller.metrics.craft import AUDIBLE_AFTER_S, craft, cues
from controller.metrics.professionals import IN_LIKENESS, interval_95, likeness, medians
from controller.metrics.safety import token_flashes_in_worst_second
from tools.train.designer.baselines import rms_follower, rule_based
from tools.train.skipbart.generate import Settings, play

Generator = np.random.Generator

SEEDS = (1, 2, 3)
LATE_S = 0.05
"""Half a hop: an event on hop k happened between its beginning and its end."""
LIFTED = ("structure", "novelty", "loudness_brightness", "onset_change", "beat_peak", "beat_valley", "colour_structure")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A prepared song with what the metrics need beside the light; `bearings`: (hops, N), None: nobody knows.

    Those of the song alone: of what look hangs nothing is told, since it would be that of another's light.
    """

    name: str
    music: Float32Array
    hits: Float32Array
    light: IntArray
    features: MusicFeatures
    bearings: Float32Array | None = None

    @property
    def hops(self) -> int:
        """Length in hops."""
        return self.light.shape[1]


def read_song(path: Path) -> HeldOut:
    """A song as `skipbart prepare` wrote it: music as recorded, all its shows."""
    with np.load(path) as arrays:
        beats = arrays["beats"]
        frames = {
            name: np.round(30 * (0.1 * marks + LATE_S - AUDIBLE_AFTER_S)).astype(np.int64)
            for name, marks in (
                ("beats", beats),
                ("downbeats", beats[::4]),
                ("section_starts", arrays["section_starts"]),
            )
        }
        features = MusicFeatures(arrays["chroma"], arrays["onsets"], arrays["rms"], **frames)
        return HeldOut(
            path.stem,
            arrays["music"][0].astype(np.float32),
            arrays["hits"],
            arrays["light"].astype(np.int64),
            features,
            without_look(arrays["bearings"][0]) if "bearings" in arrays else None,
        )


def without_look(bearings: npt.NDArray[np.floating]) -> Float32Array:
    """Bearings (hops, N) of a song in no light: the numbers of beat, drums and part stay."""
    told = bearings.astype(np.float32)
    told[:, NAMES.index("hung") :] = 0.0
    return told


Table = dict[str, dict[str, Any]]
Light = Callable[[HeldOut, Generator], IntArray]
FIXED: dict[str, Light] = {
    "best constant": lambda song, _: best_constant(song.light[0]),
    "uniform random": lambda song, rng: uniform_random(song.hops, rng),
    "RMS follower": lambda song, _: rms_follower(song.features.rms, song.hops),
    "rule-based": lambda song, _: rule_based(song.features, song.hops),
    "designer": lambda song, rng: song.light[rng.integers(1, len(song.light))],
}


@contextmanager
def opened(folder: Path, embedder: Manifest, settings: Settings) -> Iterator[Light]:
    """A decoder artefact as a row: plays freely, bidirectional ones by refresh as in a show."""
    if read_manifest(folder, "decoder", 0.1).refresh is None:
        network = DecoderNetwork(folder, embedder)
        yield lambda song, rng: play(SkipBart(network), song.music, song.hits, settings, rng, bearings=song.bearings)
        return
    bidirectional = RefreshedNetwork(folder, embedder)
    with ThreadPoolExecutor(1) as executor:

        def light(song: HeldOut, rng: Generator) -> IntArray:
            decoder: Decoder = RefreshedSkipBart(bidirectional, executor, patient=True)
            return play(decoder, song.music, song.hits, settings, rng)

        yield light


def score(song: HeldOut, light: IntArray, against: AgainstMusic) -> dict[str, float]:
    """Every column for one light of one song; lifts carry the suffix `_lift`."""
    lifts = against.lifts(light)
    return {
        **errors(light, song.light[0]),
        **against.scores(light),
        **{f"{name}_lift": lifts[name] for name in LIFTED},
        **craft(light, song.features.marks()),
        "token_flashes_in_worst_second": token_flashes_in_worst_second(light),
        "dark_share": float(np.mean(light[:, 1] < 0.02 * 255)),
        "cues": float(len(cues(light))),
    }


def pooled(rows: list[dict[str, float]]) -> dict[str, float]:
    """Where cues fall, as a share of all cues of all songs: so people's shares are counted too (`PEOPLE_ON`)."""
    total = max(sum(row["cues"] for row in rows), 1.0)
    shares = [name for name in rows[0] if name.startswith("cues_on_") and not name.endswith("_by_chance")]
    return {name: sum(row[name] * row["cues"] for row in rows) / total for name in shares}


def score_row(light: Light, songs: list[HeldOut], seeds: tuple[int, ...], title: str) -> dict[str, Any]:
    """One row: medians over songs for each seed, their mean and spread, lifts with intervals."""
    by_seed: list[list[dict[str, float]]] = [[] for _ in seeds]
    for song in track(songs, title, console=Console(stderr=True)):
        against = AgainstMusic(song.features, song.hops)
        for rows, seed in zip(by_seed, seeds, strict=True):
            rows.append(score(song, light(song, np.random.default_rng([seed, len(rows)])), against))
    columns = [{**medians(rows), **pooled(rows)} for rows in by_seed]
    likely = [likeness(column) for column in columns]
    means = {name: float(np.mean([column[name] for column in columns])) for name in columns[0]}
    spread = {name: float(np.ptp([column[name] for column in columns])) for name in columns[0]}
    of_song = [
        {name: float(np.nanmean([rows[index][f"{name}_lift"] for rows in by_seed])) for name in LIFTED}
        for index in range(len(songs))
    ]
    rng = np.random.default_rng(0)
    lifts = {}
    for name in LIFTED:
        values = [row[name] for row in of_song if np.isfinite(row[name])]
        lifts[name] = [float(np.mean(values)), *interval_95(values, rng)]
    return {
        "likeness": float(np.mean([one["mean"] for one in likely])),
        "likeness_spread": float(np.ptp([one["mean"] for one in likely])),
        "likeness_by_metric": {name: float(np.mean([one[name] for one in likely])) for name in IN_LIKENESS},
        "medians": means,
        "spread": spread,
        "lift_95": lifts,
        "songs": len(songs),
        "seeds": len(seeds),
    }


def evaluate(
    data: Path, split: str, rows: dict[str, Path], embedder: Path, settings: Settings, *, seeds: tuple[int, ...] = SEEDS
) -> Table:
    """The whole table; the first of `rows` is also played with restricted reach and without waiting for hits.

    Raises:
        FileNotFoundError: no prepared songs.
    """
    songs = [read_song(path) for path in sorted((data / split).glob("*.npz"))]
    if not songs:
        raise FileNotFoundError(f"{data / split}: no prepared songs; run `tools.train.skipbart prepare` first")
    bound = read_manifest(embedder, "embedder", 0.1)
    table = {}
    for name, light in FIXED.items():
        drawn = seeds if name in ("uniform random", "designer") else seeds[:1]
        table[name] = score_row(light, songs, drawn, name)
    restricted = replace(settings, hue=replace(settings.hue, reach=75), value=replace(settings.value, reach=160))
    hasty = replace(settings, cue_wait_hops=0)
    played = [(name, folder, settings) for name, folder in rows.items()]
    for name, folder, _ in played[:1]:
        played += [(f"{name}, reach 75 / 160", folder, restricted), (f"{name}, cues wait for no hit", folder, hasty)]
    for name, folder, how in played:
        with opened(folder, bound, how) as light:
            table[name] = score_row(light, songs, seeds, name)
    return table


CRAFT = ("cues_per_minute", "hue_dwell_s", "cues_on_beats", "cues_on_downbeats", "cues_on_section_starts")
ERRORS = ("hue_rmse", "value_rmse", "hue_mae", "value_mae", "hue_change_correlation", "value_change_correlation")


def markdown(table: Table) -> str:
    """Four tables for the model card: likeness, lifts, craft, errors."""
    likely = [
        "| row | likeness | "
        + " | ".join(name.replace("_", " ") for name in (*IN_LIKENESS, "colour_structure"))
        + " |",
        "|---" * (len(IN_LIKENESS) + 3) + "|",
    ]
    lifts = [
        "| row | " + " | ".join(f"{name.replace('_', ' ')}" for name in LIFTED) + " |",
        "|---" * (len(LIFTED) + 1) + "|",
    ]
    rest = ["| row | " + " | ".join(name.replace("_", " ") for name in (*CRAFT, *ERRORS)) + " |"]
    rest.append("|---" * (len(CRAFT) + len(ERRORS) + 1) + "|")
    for name, row in table.items():
        middle, spread, lift = row["medians"], row["spread"], row["lift_95"]
        numbers = " | ".join(f"{middle[n]:.2f} ± {spread[n] / 2:.2f}" for n in (*IN_LIKENESS, "colour_structure"))
        likely.append(f"| {name} | **{row['likeness']:.2f}** ± {row['likeness_spread'] / 2:.2f} | {numbers} |")
        cells = " | ".join(f"{lift[n][0]:.2f} ({lift[n][1]:.2f}..{lift[n][2]:.2f})" for n in LIFTED)
        lifts.append(f"| {name} | {cells} |")
        rest.append(f"| {name} | " + " | ".join(f"{middle[n]:.2f}" for n in (*CRAFT, *ERRORS)) + " |")
    return "\n".join([*likely, "", *lifts, "", *rest])


def save(table: Table, out: Path) -> None:
    """Write the table as JSON."""
    out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
