"""Proof that a room's hand is learnt: `python -m tools.train.engineers prove`.

Twenty minutes of each invented engineer are filmed, the bundled model is finetuned towards each with the very code that
a venue runs, and the results light songs that neither they nor their engineers' footage held. A classifier, which knows
only the engineers' real shows on yet other songs, says whose hand it is; the metrics say what it cost.
Edge: reads prepared songs (`skipbart prepare`), writes footage, models, shows and `proof.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from controller.arrays import Float64Array, IntArray
from controller.artefacts.artefact import read_manifest
from controller.listening.decode.vocabulary import HUES
from controller.metrics.correspondence import AgainstMusic
from controller.metrics.professionals import interval_95
from tools.train.designer.analysis import BEATS_PER_BAR, Analysis, Section
from tools.train.engineers.engineers import ENGINEERS, show_of
from tools.train.engineers.handwriting import Reader, learn_to_read
from tools.train.skipbart.generate import Settings
from tools.train.skipbart.learning import Wishes, finetune
from tools.train.skipbart.parity import stand_in
from tools.train.skipbart.prepare import EMBEDDER_NOTE, MUSIC_AT_30, TOLD
from tools.train.skipbart.stretches import Stretch
from tools.train.skipbart.table import HeldOut, opened, read_song

NIGHTS = 3
MOST_FILMED_HOPS = 1_800
UNSURE_SHARE, UNSURE_TRUST = 0.08, 0.2
"""Of the footage no light could be trusted, as of a real video: people in the way, blinded cameras."""
REAL_SHOWS = 2
SHOWS = "shows.npz"
KNOWN = ("hits", "loudness", "beats", "section_starts", *MUSIC_AT_30)
MUST_NOT_FALL = ("structure", "loudness_brightness")
WATCHED = (*MUST_NOT_FALL, "novelty", "onset_change", "colour_structure")

Generator = np.random.Generator


def analysis_of(arrays: dict[str, npt.NDArray[Any]]) -> Analysis:
    """What `analyse` once found in a song, as far as a prepared song keeps it: labels are calm, middle and hot."""
    told = {name: arrays["told"][:, column].astype(np.float32) for column, name in enumerate(TOLD)}
    beats = arrays["beats"].astype(np.int64)
    hops = len(told["beat"])
    first = np.unique(np.searchsorted(beats, arrays["section_starts"]) // BEATS_PER_BAR)
    last = np.append(first[1:], -(-len(beats) // BEATS_PER_BAR))
    loud = arrays["loudness"].astype(np.float32)
    sections = []
    for a, b in zip(first.tolist(), last.tolist(), strict=True):
        here = slice(int(beats[BEATS_PER_BAR * a]), int(beats[BEATS_PER_BAR * b]) if BEATS_PER_BAR * b < len(beats)
                     else hops)  # fmt: skip
        label = 2 if told["hot"][here].mean() > 0.5 else 0 if told["calm"][here].mean() > 0.5 else 1
        energy = float(np.clip(0.7 * loud[here].mean() + 0.6 * told["onset"][here].mean(), 0.0, 1.0))
        sections.append(Section(a, b, label, energy))
    return Analysis(hops, beats, tuple(sections), loud, told["onset"], told["bass"])


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """A prepared song's arrays."""
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def filmed_hops(arrays: dict[str, npt.NDArray[Any]]) -> int:
    """How much of a song is filmed: a long one must not be a whole night."""
    return min(len(arrays["loudness"]), MOST_FILMED_HOPS)


def film(name: str, songs: Sequence[Path], out: Path, rng: Generator, sha256: str) -> float:
    """Write an engineer's footage, dealt to `NIGHTS` evenings; returns its minutes."""
    out.mkdir(parents=True, exist_ok=True)
    total = 0
    for number, path in enumerate(songs):
        arrays = read_arrays(path)
        song, hops = analysis_of(arrays), filmed_hops(arrays)
        light, trust = spoiled(show_of(name, song, rng)[:hops], rng)
        night = f"2026-10-{9 + 7 * (number * NIGHTS // len(songs)):02d}"
        stem = out / f"{night}-{path.stem}"
        heard = {"hits": song.onsets} | {part: arrays[part] for part in KNOWN if part in arrays}
        whole = Stretch("", "", 0, arrays["music"][int(rng.integers(len(arrays["music"])))], light, heard)
        part = whole.cut(0, hops)
        np.savez(
            stem.with_name(f"{stem.name}.npz"),
            t_s=0.1 * (1.0 + np.arange(hops)),
            hue=light[:, 0],
            value=light[:, 1],
            trust=trust,
            embedding=part.music,
            offset_s=0.0,
            **part.heard,
        )
        said = {"night": night, "embedder_sha256": sha256, "dropped": []}
        stem.with_name(f"{stem.name}.json").write_text(json.dumps(said) + "\n", encoding="utf-8")
        total += hops
    return total / 600.0


def spoiled(light: IntArray, rng: Generator) -> tuple[IntArray, Float64Array]:
    """A show as a bad camera sees it now and then, and how far each hop is to be trusted."""
    out, trust = light.copy(), np.ones(len(light))
    while (trust < 1.0).mean() < UNSURE_SHARE:
        start, length = int(rng.integers(0, len(light))), int(rng.integers(20, 80))
        part = slice(start, min(start + length, len(light)))
        trust[part] = UNSURE_TRUST
        out[part] = rng.integers(0, HUES), rng.integers(0, 256)
    return out, trust


@dataclass(frozen=True, slots=True)
class Cast:
    """Which songs are for what: filmed, read by the classifier, and lit to be judged."""

    filmed: list[Path]
    read: list[Path]
    judged: list[Path]


def cast(songs: Path, minutes: float, most_judged: int, rng: Generator) -> Cast:
    """Deal the prepared songs; nobody hears one in two roles.

    Raises:
        FileNotFoundError: no prepared songs.
    """
    training = [path for path in sorted((songs / "train").glob("*.npz")) if "@" not in path.stem]
    judged = sorted((songs / "validation").glob("*.npz")) + sorted((songs / "test").glob("*.npz"))
    if not training or not judged:
        raise FileNotFoundError(f"{songs}: no prepared songs; run `python -m tools.train.skipbart prepare` first")
    order = [training[i] for i in rng.permutation(len(training))]
    hops, count = 0, 0
    while hops < 600 * minutes and count < len(order) - 1:
        hops += filmed_hops(read_arrays(order[count]))
        count += 1
    chosen = np.linspace(0, len(judged) - 1, min(most_judged, len(judged))).astype(int)
    return Cast(order[:count], order[count:], [judged[i] for i in chosen])


def teach(cast: Cast, seed: int) -> Reader:
    """A classifier that has seen real shows only."""
    rng = np.random.default_rng([seed, 7])
    songs = [analysis_of(read_arrays(path)) for path in cast.read]
    return learn_to_read({name: [show_of(name, song, rng) for song in songs for _ in range(REAL_SHOWS)] for name in
                          ENGINEERS})  # fmt: skip


def free_shows(
    folder: Path, songs: Sequence[HeldOut], seeds: Sequence[int], title: str, kept: Path
) -> list[list[IntArray]]:
    """Shows of an artefact, by song and seed; from the file `kept` if it holds them already, else written there."""
    manifest = read_manifest(folder, "decoder", 0.1)
    names = [[f"{song.name}-{seed}" for seed in seeds] for song in songs]
    if kept.is_file():
        with np.load(kept) as there:
            if str(there["sha256"]) == manifest.step.sha256 and all(name in there for row in names for name in row):
                return [[there[name] for name in row] for row in names]
    with opened(folder, stand_in(manifest), Settings()) as light:
        shows = [
            [light(song, np.random.default_rng([seed, number])) for seed in seeds]
            for number, song in enumerate(track(songs, title, console=Console(stderr=True)))
        ]
    kept.parent.mkdir(parents=True, exist_ok=True)
    named = {name: light for row, lights in zip(names, shows, strict=True) for name, light in
             zip(row, lights, strict=True)}  # fmt: skip
    np.savez_compressed(kept, sha256=np.array(manifest.step.sha256), **named)
    return shows


def against_music(shows: Sequence[Sequence[IntArray]], songs: Sequence[HeldOut]) -> dict[str, Float64Array]:
    """Each watched metric, averaged over seeds: (songs,)."""
    rows = []
    for song, lights in zip(songs, shows, strict=True):
        against = AgainstMusic(song.features, song.hops)
        scores = [against.scores(light) for light in lights]
        rows.append({name: float(np.mean([one[name] for one in scores])) for name in WATCHED})
    return {name: np.array([row[name] for row in rows]) for name in WATCHED}


def differences(mine: dict[str, Float64Array], bundled: dict[str, Float64Array]) -> dict[str, list[float]]:
    """Mean over songs of what a metric gained, song by song, with its 95 % interval."""
    rng = np.random.default_rng(0)
    found = {}
    for name in WATCHED:
        gain = mine[name] - bundled[name]
        found[name] = [float(gain.mean()), *interval_95(gain, rng)]
    return found


def share_right(reader: Reader, name: str, shows: Sequence[IntArray]) -> float:
    """Share of shows that the classifier takes for this engineer's."""
    return float(np.mean([reader.read(light) == name for light in shows]))


def slug(name: str) -> str:
    """For file names."""
    return name.replace(" ", "-")


def prove(
    songs: Path, out: Path, wishes: Wishes, *, minutes: float, seeds: Sequence[int], judged: int
) -> dict[str, Any]:
    """Film, finetune, light, classify, compare; writes `proof.json` and returns it."""
    parts = cast(songs, minutes, judged, np.random.default_rng([wishes.seed, 1]))
    sha256 = (songs / EMBEDDER_NOTE).read_text(encoding="ascii").strip()
    reader = teach(parts, wishes.seed)
    held_out = [read_song(path) for path in parts.judged]
    rng = np.random.default_rng([wishes.seed, 3])
    real = {name: [show_of(name, analysis_of(read_arrays(path)), rng) for path in parts.judged] for name in ENGINEERS}
    proof: dict[str, Any] = {
        "songs": {"filmed": len(parts.filmed), "read": len(parts.read), "judged": len(parts.judged)},
        "seeds": list(seeds),
        "real_shows_right": {name: share_right(reader, name, real[name]) for name in ENGINEERS},
    }
    bundled_shows = free_shows(wishes.weights, held_out, seeds, "bundled", out / "bundled" / SHOWS)
    bundled = against_music(bundled_shows, held_out)
    proof["bundled_taken_for"] = taken_for(reader, bundled_shows)
    proof["bundled"] = {name: float(row.mean()) for name, row in bundled.items()}
    for number, name in enumerate(ENGINEERS):
        rng = np.random.default_rng([wishes.seed, 2, number])
        footage, run = out / "footage" / slug(name), out / "runs" / slug(name)
        filmed = film(name, parts.filmed, footage, rng, sha256)
        print(f"== {name}: {filmed:.1f} minutes filmed", flush=True)
        artefact = finetune(footage, run, wishes) or run
        shows = free_shows(artefact, held_out, seeds, name, run / SHOWS)
        mine, taken = against_music(shows, held_out), taken_for(reader, shows)
        theirs = against_music([[one] for one in real[name]], held_out)
        proof[name] = {
            "filmed_minutes": filmed,
            "right": taken[name],
            "taken_for": taken,
            "metrics": {metric: float(row.mean()) for metric, row in mine.items()},
            "gain_95": differences(mine, bundled),
            "engineer_metrics": {metric: float(row.mean()) for metric, row in theirs.items()},
        }
        (out / "proof.json").write_text(json.dumps(proof, indent=1) + "\n", encoding="utf-8")
        print(line(name, proof[name]), flush=True)
    return proof


def taken_for(reader: Reader, shows: Sequence[Sequence[IntArray]]) -> dict[str, float]:
    """Share of shows that the classifier takes for each engineer's."""
    every = [light for lights in shows for light in lights]
    return {name: share_right(reader, name, every) for name in ENGINEERS}


def line(name: str, row: dict[str, Any]) -> str:
    """One engineer's result in words."""
    gains = ", ".join(
        f"{metric.replace('_', ' ')} {row['gain_95'][metric][0]:+.3f} "
        f"({row['gain_95'][metric][1]:+.3f}..{row['gain_95'][metric][2]:+.3f})"
        for metric in MUST_NOT_FALL
    )
    return f"{name}: {row['right']:.1%} of shows attributed to the right hand; against the bundled model {gains}"


def holds(proof: dict[str, Any]) -> bool:
    """Nine in ten shows are attributed rightly in all, and no metric that must not fall has fallen for certain."""
    rows = [proof[name] for name in ENGINEERS]
    fell = [row["gain_95"][metric][2] < 0.0 for row in rows for metric in MUST_NOT_FALL]
    return float(np.mean([row["right"] for row in rows])) >= 0.9 and not any(fell)
