"""Three invented engineers, to prove that a room's hand is learnt: `python -m tools.train.engineers prove --help`.

Each has a fixed taste on top of the designer's rules. `prove` films twenty minutes of each, finetunes the bundled model
towards each with the very code that a venue runs, lets the results light songs that neither they nor their engineers'
footage held, and asks a classifier, which knows only the engineers' real shows on yet other songs, whose hand it is.
Edge: reads prepared songs (`skipbart prepare`), writes footage, models, shows and a report.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import track

from controller.artefact import read_manifest
from controller.decode.vocabulary import HUES
from controller.errors import ControllerError
from controller.metrics.against_reference import hue_steps
from controller.metrics.correspondence import AgainstMusic
from controller.metrics.professionals import interval_95
from tools.train.analysis import BEATS_PER_BAR, Analysis, Section
from tools.train.designer import VALUE_STEP, Composer, Palette, Taste
from tools.train.generate import Settings
from tools.train.handwriting import Reader, learn_to_read
from tools.train.learning import BUNDLED, Wishes, finetune
from tools.train.parity import stand_in
from tools.train.prepare import EMBEDDER_NOTE, MUSIC_AT_30, TOLD
from tools.train.room import Stretch
from tools.train.table import HeldOut, opened, read_song

MINUTES, NIGHTS = 20.0, 3
MOST_FILMED_HOPS = 1_800
UNSURE_SHARE, UNSURE_TRUST = 0.08, 0.2
"""Of the footage no light could be trusted, as of a real video: people in the way, blinded cameras."""
REAL_SHOWS = 2
KNOWN = ("hits", "loudness", "beats", "section_starts", *MUSIC_AT_30)
MUST_NOT_FALL = ("structure", "loudness_brightness")
WATCHED = (*MUST_NOT_FALL, "novelty", "onset_change", "colour_structure")

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Generator = np.random.Generator


@dataclass(frozen=True, slots=True)
class Engineer:
    """A hand.

    Attributes:
        calm, hot: two hues each, the main one first, for calm and for energetic sections.
        floor, ceiling: what the designer's 0..255 is laid into.
        travel_s: seconds from dark to full; 0 is a cut. glide: steps of hue in a hop on the way to another one; 0 cuts.
        flares: whether accents and flares are this one's thing.
    """

    taste: Taste
    palette: Palette
    floor: int
    ceiling: int
    travel_s: float
    glide: int
    flares: bool


ENGINEERS: dict[str, Engineer] = {
    "cold and still": Engineer(
        Taste(40, 235, hit=0.05, decay_s=0.4, on="bass", pace=0.08, warm_energy=False, drama=0.0, late=0.0),
        ((116, 108), (98, 104)),
        floor=8,
        ceiling=190,
        travel_s=2.0,
        glide=0,
        flares=False,
    ),
    "red and violent": Engineer(
        Taste(30, 245, hit=0.85, decay_s=0.15, on="onsets", pace=1.4, warm_energy=True, drama=0.9, late=0.0),
        ((0, 164), (176, 6)),
        floor=0,
        ceiling=255,
        travel_s=0.0,
        glide=0,
        flares=True,
    ),
    "pastel and slow": Engineer(
        Taste(40, 240, hit=0.1, decay_s=0.4, on="bass", pace=0.3, warm_energy=True, drama=0.0, late=0.0),
        ((142, 154), (22, 36)),
        floor=88,
        ceiling=224,
        travel_s=8.0,
        glide=1,
        flares=False,
    ),
}


class Commission(Composer):
    """A show by one of them."""

    def __init__(self, song: Analysis, engineer: Engineer, rng: Generator) -> None:
        super().__init__(song, rng, engineer.taste, engineer.palette)
        self._engineer = engineer

    def light(self) -> IntArray:
        """(hops, 2)."""
        one, composed = self._engineer, self.compose().light
        laid = one.floor + composed[:, 1] / 255.0 * (one.ceiling - one.floor)
        value = travelled(laid, 255.0 / (10.0 * one.travel_s)) if one.travel_s else laid
        steps = np.clip(np.round(value / VALUE_STEP) * VALUE_STEP, 0, 255).astype(np.int64)
        hue = glided(composed[:, 0], one.glide) if one.glide else composed[:, 0]
        return np.stack([hue, steps], axis=1)

    def _transition(self, before: Section, after: Section) -> None:
        if self._engineer.flares:
            super()._transition(before, after)

    def _accent(self, hop: int, *, dark: bool) -> None:
        if self._engineer.flares:
            super()._accent(hop, dark=dark)


def travelled(wanted: FloatArray, most: float) -> FloatArray:
    """A level that follows another by at most so much a hop: (hops,) to (hops,)."""
    out, level = np.empty_like(wanted), float(wanted[0])
    for hop, goal in enumerate(wanted):
        level += float(np.clip(goal - level, -most, most))
        out[hop] = level
    return out


def glided(wanted: IntArray, most: int) -> IntArray:
    """A hue that follows another by at most so many steps a hop, the short way round: (hops,) to (hops,)."""
    out, hue = np.empty_like(wanted), int(wanted[0])
    for hop, goal in enumerate(wanted):
        way = (int(goal) - hue + HUES // 2) % HUES - HUES // 2
        hue = (hue + int(np.clip(way, -most, most))) % HUES
        out[hop] = hue
    return out


def show_of(name: str, song: Analysis, rng: Generator) -> IntArray:
    """A show (hops, 2) by one of the engineers."""
    return Commission(song, ENGINEERS[name], rng).light()


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


def spoiled(light: IntArray, rng: Generator) -> tuple[IntArray, FloatArray]:
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


def free_shows(folder: Path, songs: Sequence[HeldOut], seeds: Sequence[int], title: str) -> list[list[IntArray]]:
    """Shows of an artefact, by song and seed."""
    with opened(folder, stand_in(read_manifest(folder, "decoder", 0.1)), Settings()) as light:
        return [
            [light(song, np.random.default_rng([seed, number])) for seed in seeds]
            for number, song in enumerate(track(songs, title, console=Console(stderr=True)))
        ]


def against_music(shows: Sequence[Sequence[IntArray]], songs: Sequence[HeldOut]) -> dict[str, FloatArray]:
    """Each watched metric, averaged over seeds: (songs,)."""
    rows = []
    for song, lights in zip(songs, shows, strict=True):
        against = AgainstMusic(song.features, song.hops)
        scores = [against.scores(light) for light in lights]
        rows.append({name: float(np.mean([one[name] for one in scores])) for name in WATCHED})
    return {name: np.array([row[name] for row in rows]) for name in WATCHED}


def differences(mine: dict[str, FloatArray], bundled: dict[str, FloatArray]) -> dict[str, list[float]]:
    """Mean over songs of what a metric gained, song by song, with its 95 % interval."""
    rng = np.random.default_rng(0)
    found = {}
    for name in WATCHED:
        gain = mine[name] - bundled[name]
        found[name] = [float(gain.mean()), *interval_95(gain, rng)]
    return found


def share_right(reader: Reader, name: str, shows: Iterator[IntArray] | Sequence[IntArray]) -> float:
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
    bundled_shows = free_shows(wishes.weights, held_out, seeds, "bundled")
    bundled = against_music(bundled_shows, held_out)
    flat = [light for lights in bundled_shows for light in lights]
    proof["bundled_taken_for"] = {name: share_right(reader, name, flat) for name in ENGINEERS}
    proof["bundled"] = {name: float(row.mean()) for name, row in bundled.items()}
    for number, name in enumerate(ENGINEERS):
        rng = np.random.default_rng([wishes.seed, 2, number])
        footage, run = out / "footage" / slug(name), out / "runs" / slug(name)
        filmed = film(name, parts.filmed, footage, rng, sha256)
        print(f"== {name}: {filmed:.1f} minutes filmed", flush=True)
        artefact = finetune(footage, run, wishes)
        shows = free_shows(artefact or run, held_out, seeds, name)
        mine = against_music(shows, held_out)
        every = [light for lights in shows for light in lights]
        proof[name] = {
            "filmed_minutes": filmed,
            "right": share_right(reader, name, every),
            "taken_for": {other: share_right(reader, other, every) for other in ENGINEERS},
            "metrics": {metric: float(row.mean()) for metric, row in mine.items()},
            "gain_95": differences(mine, bundled),
            "engineer_metrics": {m: float(r.mean()) for m, r in against_music([[one] for one in real[name]],
                                                                              held_out).items()},
            "hue_error": float(np.mean([hue_steps(a[:, 0], b[0][:, 0]).mean() for a, b in
                                        zip(real[name], shows, strict=True)])),
        }  # fmt: skip
        keep_shows(run / "shows.npz", held_out, shows)
        (out / "proof.json").write_text(json.dumps(proof, indent=1) + "\n", encoding="utf-8")
        print(line(name, proof[name]), flush=True)
    return proof


def keep_shows(path: Path, songs: Sequence[HeldOut], shows: Sequence[Sequence[IntArray]]) -> None:
    """Write every show, named by song and number."""
    named = {f"{song.name}-{number}": light for song, lights in zip(songs, shows, strict=True) for number, light in
             enumerate(lights, 1)}  # fmt: skip
    np.savez_compressed(path, **named)


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


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status: 1 if the proof fails."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.engineers", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    proving = verbs.add_parser("prove", help="film, finetune, light, classify")
    proving.add_argument("--songs", type=Path, required=True, help="folder written by `skipbart prepare`")
    proving.add_argument("--out", type=Path, required=True)
    proving.add_argument("--minutes", type=float, default=MINUTES, help="of footage of each engineer")
    proving.add_argument("--seeds", type=int, default=3, help="shows for each song")
    proving.add_argument("--judged", type=int, default=23, help="at most so many songs that nobody has heard")
    proving.add_argument("--steps", type=int, help="at most; default: by the amount of footage")
    proving.add_argument("--seed", type=int, default=1)
    proving.add_argument("--weights", type=Path, default=BUNDLED)
    proving.add_argument("--max-minutes", type=float, default=60.0, help="of training, for each engineer")
    proving.add_argument("--bfloat16", action="store_true", help="faster on processors that multiply bfloat16")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    wishes = Wishes(
        weights=options.weights,
        seed=options.seed,
        steps=options.steps,
        max_minutes=options.max_minutes,
        bfloat16=options.bfloat16,
        resume=True,
    )
    seeds = range(1, options.seeds + 1)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        proof = prove(options.songs, options.out, wishes, minutes=options.minutes, seeds=seeds, judged=options.judged)
    except (ControllerError, OSError) as error:
        print(f"engineers prove: {error}", file=sys.stderr)
        return 1
    print("\n".join(line(name, proof[name]) for name in ENGINEERS))
    print(f"the proof {'holds' if holds(proof) else 'FAILS'}: {options.out / 'proof.json'}")
    return 0 if holds(proof) else 1


if __name__ == "__main__":
    raise SystemExit(main())
