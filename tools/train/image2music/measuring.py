"""The verb `measure`: what must hold, measured on real pictures, as a table and as JSON. Edge: files, clock, memory.

Nothing here is a judgement of music: tunes that pass the gate, seconds, megabytes, rank correlations of what a picture
gives with what was written, and how well the critic knows held-out tunes from false ones.
"""

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from controller.arrays import ByteArray
from tools.train.image2music import words
from tools.train.image2music.artefact import BUNDLED
from tools.train.image2music.cache import cache_folder
from tools.train.image2music.copying import LIMIT
from tools.train.image2music.embedded import EmbeddedReader
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.gate import judge
from tools.train.image2music.melody import BEATS, TUNE_MODES
from tools.train.image2music.objects import Classifier
from tools.train.image2music.opening_files import write_opening
from tools.train.image2music.picture import Picture, open_picture
from tools.train.image2music.studio import Opening, Studio
from tools.train.image2music.wish import notes_a_second

BRIGHTNESS, SATURATION = np.linspace(0.15, 1.0, 8), np.linspace(0.0, 1.0, 5)
"""Of the sweep: forty pictures made of one."""
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SWEPT = "mate_Garden.jpg"


def pictures_in(folder: Path) -> list[Path]:
    """The pictures of a folder.

    Raises:
        OpeningError: there are none.
    """
    found = sorted(one for one in folder.glob("*") if one.suffix.lower() in PICTURES) if folder.is_dir() else []
    if not found:
        raise OpeningError(f"{folder}: no pictures in it")
    return found


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Rank correlation; ties have the mean of their ranks."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    row = np.asarray(values, float)
    _, inverse, counts = np.unique(row, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2.0)[inverse]


def swept(picture: Picture) -> list[Picture]:
    """The same picture at other brightnesses and saturations."""
    places = [(float(one), float(other)) for one in BRIGHTNESS for other in SATURATION]
    return [replace(picture, rgb=_turned(picture.rgb, brightness, saturation)) for brightness, saturation in places]


def _turned(rgb: ByteArray, brightness: float, saturation: float) -> ByteArray:
    colours = np.asarray(Image.fromarray(rgb).convert("HSV"), np.float64)
    colours[..., 1] = 255.0 * saturation * (colours[..., 1] / max(float(colours[..., 1].max()), 1.0)) ** 0.5
    colours[..., 2] = 255.0 * brightness * (colours[..., 2] / max(float(colours[..., 2].max()), 1.0)) ** 0.5
    return np.asarray(Image.fromarray(colours.astype(np.uint8), "HSV").convert("RGB"))


def control(studio: Studio, reader: EmbeddedReader, picture: Picture) -> dict[str, float]:
    """Rank correlations over the sweep."""
    rows = []
    for number, one in enumerate(track(swept(picture), "sweep", transient=True)):
        reading = reader.read(one, "")
        opening = studio.compose(reading, bars=16, title="sweep", seed=number)
        rows.append((reading.valence, reading.arousal, *_facts(opening)))
    valence, arousal, bpm, second, quarter, dark, minor, pitch = (list(one) for one in zip(*rows, strict=True))
    return {
        "arousal to tempo": spearman(arousal, bpm),
        "arousal to density (notes a second)": spearman(arousal, second),
        "arousal to density (notes a quarter)": spearman(arousal, quarter),
        "valence to minor (how many degrees are lowered)": spearman(valence, dark),
        "valence to minor (third, yes or no)": spearman(valence, minor),
        "valence to register": spearman(valence, pitch),
    }


def _facts(opening: Opening) -> tuple[float, ...]:
    melody = opening.melody
    heights = [melody.tonic + one for one in melody.heights()]
    return (
        float(opening.wish.bpm),
        notes_a_second(melody, opening.wish.bpm, BEATS[melody.metre]),
        words.density(melody),
        float(TUNE_MODES.index(melody.mode)),
        float(melody.mode in ("dor", "min")),
        float(np.mean(heights)),
    )


def many(studio: Studio, reader: EmbeddedReader, images: list[Path], count: int, timed: int) -> dict[str, Any]:
    """So many openings over pictures and seeds; `timed` of them with all their files, from picture to files."""
    seconds, clean, shared, modes = [], 0, [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="followspot-measure-") as folder:
        for number in track(range(count + 1), "openings", transient=True):
            begun = time.monotonic()
            image = images[number % len(images)]
            picture = open_picture(image)
            opening = studio.compose(reader.read(picture, ""), bars=32, title=image.stem, seed=number // len(images))
            if number % max(count // timed, 1) == 0:
                made = {"read_by": reader.name, "composed_by": opening.composer, "seed": number, "corpus": "-",
                        "picture_sha256": picture.sha256}  # fmt: skip
                write_opening(opening, picture, Path(folder) / "opening", made)
                seconds.append(time.monotonic() - begun)
            if number > 0:  # the first warms up
                clean += judge(opening.abc, bars=32).clean
                shared.append(opening.theme.shared.length)
                modes[opening.melody.mode] += 1
    own, helped = (resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"tunes": count, "clean": clean, "judged_by": list(opening.verdict.judged), "timed": len(seconds) - 1,
            "median_s": float(np.median(seconds[1:])), "p95_s": float(np.quantile(seconds[1:], 0.95)), "peak_mb": own,
            "peak_mb_of_programs": helped, "longest_shared_run": max(shared), "modes": dict(modes)}  # fmt: skip


def measured(options: argparse.Namespace) -> bool:
    """Measure, print and write; True if all holds."""
    cache = cache_folder(options.cache)
    images = pictures_in(options.images)
    studio = Studio(cache, options.corpus, composer=options.composer)
    reader = EmbeddedReader(Classifier(cache), studio.sentences)
    result: dict[str, Any] = {"openings": many(studio, reader, images, options.tunes, options.timed)}
    swept_from = next((one for one in images if one.name == SWEPT), images[0])
    result["control"] = control(studio, reader, open_picture(swept_from))
    if not options.no_critic and options.composer == "bart":
        from tools.train.image2music.building import critic_figures  # noqa: PLC0415 - needs minutes

        result["critic_auc"] = critic_figures(BUNDLED, list(studio.index.tunes))
    rows = checked(result)
    options.out.write_text(json.dumps({**result, "holds": {name: good for name, _, _, good in rows}}, indent=1) + "\n")
    _print(rows)
    return all(good for *_, good in rows)


def checked(result: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Name, number, what it must be, and whether it is."""
    made, ranks = result["openings"], result["control"]
    rows = [
        ("tunes that pass the gate", f"{made['clean']} of {made['tunes']}", "all", made["clean"] == made["tunes"]),
        ("picture to files, median", f"{made['median_s']:.2f} s", "under 3 s", made["median_s"] < 3.0),
        ("peak memory", f"{made['peak_mb']:.0f} MB", "under 1000 MB", made["peak_mb"] < 1_000),
        (
            "longest shared run",
            f"{made['longest_shared_run']} notes",
            f"at most {LIMIT}",
            made["longest_shared_run"] <= LIMIT,
        ),
    ]
    for name, least in (
        ("arousal to tempo", 0.9),
        ("arousal to density (notes a second)", 0.8),
        ("valence to register", 0.6),
    ):
        rows.append((name, f"{ranks[name]:+.2f}", f"at least {least}", ranks[name] >= least))
    dark = "valence to minor (how many degrees are lowered)"
    rows.append((dark, f"{ranks[dark]:+.2f}", "at most -0.8", ranks[dark] <= -0.8))
    for kind, one in result.get("critic_auc", {}).get("critic", {}).items():
        other = result["critic_auc"]["trigram"][kind]
        rows.append(
            (f"critic AUC, {kind}", f"{one:.3f} (trigram {other:.3f})", "at least 0.98", one >= 0.98 and one >= other)
        )
    return rows


def _print(rows: Sequence[tuple[str, str, str, bool]]) -> None:
    table = Table("", "measured", "must be", "")
    for name, number, wanted, good in rows:
        table.add_row(name, number, wanted, "holds" if good else "FAILS")
    Console().print(table)
