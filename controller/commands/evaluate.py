"""The command `evaluate`: a rehearsed rig, or a light file, judged against its song.

A light file can be set beside a show by people, a rig beside another one that plays the same song. Edge: reads files.
"""

import argparse
import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from controller.arrays import Float32Array, IntArray
from controller.commands.judged_rig import judged_rig, limiter_of, print_judged
from controller.commands.paper import paper, wide_table
from controller.errors import EvaluationError
from controller.listening.audio.file_source import MonoStream
from controller.metrics.against_reference import HUES, VALUES, best_constant, errors, uniform_random
from controller.metrics.correspondence import AgainstMusic, MusicFeatures
from controller.metrics.craft import PEOPLE, PEOPLE_ON, craft
from controller.metrics.professionals import PROFESSIONALS, likeness
from controller.metrics.safety import FLASH_LIMIT, token_flashes_in_worst_second
from controller.metrics.song_features import music_features
from controller.records import rendered, told_form
from controller.records.rendered import read_rendered
from controller.records.told_form import ToldForm, ToldSection, read_form
from controller.rehearsal.show_sheet import Sheet, draw
from controller.sound_format import HOP_S, SAMPLE_RATE_HZ

HEADER = ["t_s", "hue", "value"]
CLOCK_SLACK_S = 0.011
SHORTEST_S = 20.0
LONGER_BY_S = 1.0
READ_SAMPLES = 60 * SAMPLE_RATE_HZ
SEED = 1
SHEET_HZ = 40.0


@dataclass(frozen=True, slots=True)
class LightFile:
    """A `tokens.csv`.

    Attributes:
        first_s: time of its first row. light: (hops, 2) hue 0..179 and value 0..255, ten a second.
    """

    first_s: float
    light: IntArray

    @property
    def end_s(self) -> float:
        """When its last row ends."""
        return self.first_s + len(self.light) * HOP_S


def read_light(path: Path) -> LightFile:
    """Read a `tokens.csv`.

    Raises:
        EvaluationError: missing, not such a file, or a bad row, which is named by its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: cannot be read ({error}); use a tokens.csv as `rehearse` writes it") from error
    if not rows or [name.strip() for name in rows[0]] != HEADER:
        raise EvaluationError(f"{path}: line 1 must be t_s,hue,value; use a tokens.csv as `rehearse` writes it")
    first_s = 0.0
    light: list[tuple[int, int]] = []
    for line, row in enumerate(rows[1:], start=2):
        try:
            t_s, hue, value = _read_row(row)
        except ValueError as error:
            raise EvaluationError(f"{path}: line {line}: {error}") from error
        if not light:
            first_s = t_s
        due_s = first_s + len(light) * HOP_S
        if abs(t_s - due_s) > CLOCK_SLACK_S:
            raise EvaluationError(f"{path}: line {line}: t_s is {t_s:g}, not {due_s:.1f}; write ten rows a second")
        light.append((hue, value))
    if len(light) * HOP_S < SHORTEST_S:
        raise EvaluationError(f"{path}: holds {len(light) * HOP_S:.1f} s of light; the metrics need {SHORTEST_S:g} s")
    return LightFile(first_s, np.array(light, np.int64))


def _read_row(row: list[str]) -> tuple[float, int, int]:
    if len(row) != len(HEADER):
        raise ValueError(f"{len(row)} columns; write t_s,hue,value")
    try:
        t_s, hue, value = float(row[0]), int(row[1]), int(row[2])
    except ValueError:
        raise ValueError(f"{','.join(row)[:60]!r} is no number of seconds and two whole numbers") from None
    if not (math.isfinite(t_s) and t_s >= 0.0):
        raise ValueError(f"t_s is {row[0]}; seconds begin at 0")
    if not 0 <= hue < HUES:
        raise ValueError(f"hue is {hue}; use 0..{HUES - 1}, two degrees each")
    if not 0 <= value < VALUES:
        raise ValueError(f"value is {value}; use 0..{VALUES - 1}")
    return t_s, hue, value


def read_song(path: Path) -> Float32Array:
    """A song as (n,) float32 mono at 48 kHz.

    Raises:
        AudioError: not a sound file. EvaluationError: there is none.
    """
    if not path.is_file():
        raise EvaluationError(f"{path}: no such file; --audio takes the song that the light is for")
    stream = MonoStream(path)
    parts = []
    while len(part := stream.read(READ_SAMPLES)):
        parts.append(part)
    stream.close()
    return np.concatenate(parts)


def evaluate(tokens: Path, audio: Path, reference: Path | None = None) -> dict[str, Any]:
    """Judge a light file.

    Args:
        tokens: `tokens.csv`. audio: its song. reference: a show by people for it, in the same form.

    Returns:
        What `--json` prints; a lift is None where the light is too short to be shifted by 20 s eight times.

    Raises:
        ControllerError: a file cannot be used, or librosa is not installed.
    """
    shown = read_light(tokens)
    told = read_light(reference) if reference is not None else None
    compared = _errors(shown, told, reference) if told is not None else None
    samples = read_song(audio)
    music_s = len(samples) / SAMPLE_RATE_HZ
    if shown.end_s > music_s + LONGER_BY_S:
        raise EvaluationError(
            f"{audio}: the song lasts {music_s:.1f} s, the light {shown.end_s:.1f} s; give the song the light is for"
        )
    music = music_features(samples)
    against = AgainstMusic(music, len(shown.light), shown.first_s)
    scores, lifts = against.scores(shown.light), against.lifts(shown.light)
    far = likeness(scores)
    figures = {
        name: {
            "score": score,
            "lift": None if math.isnan(lifts.get(name, math.nan)) else lifts[name],
            "professionals": list(PROFESSIONALS[name]) if name in PROFESSIONALS else None,
            "likeness": far.get(name),
        }
        for name, score in scores.items()
    }
    return {
        "tokens": str(tokens),
        "audio": str(audio),
        "light_s": round(len(shown.light) * HOP_S, 1),
        "likeness": far["mean"],
        "metrics": figures,
        "craft": craft(shown.light, _marks(music, shown.first_s)),
        "limiter": limiter_of(tokens.parent),
        "token_flashes_in_worst_second": token_flashes_in_worst_second(shown.light),
        "reference": compared,
    }


def _marks(music: MusicFeatures, first_s: float) -> dict[str, IntArray]:
    """Marks in rows of the light: a row at 0.1 s is the hop that ends there."""
    late = round(first_s / HOP_S) - 1
    return {name: hops - late for name, hops in music.marks().items()}


def _errors(shown: LightFile, told: LightFile, path: Path | None) -> dict[str, dict[str, float]]:
    """Errors of the show and of the two baselines against the reference, where the two overlap in time."""
    ahead = round((told.first_s - shown.first_s) / HOP_S)
    ours, theirs = shown.light[max(ahead, 0) :], told.light[max(-ahead, 0) :]
    hops = min(len(ours), len(theirs))
    if hops * HOP_S < SHORTEST_S:
        raise EvaluationError(f"{path}: shares only {hops * HOP_S:.1f} s with the light; {SHORTEST_S:g} s are needed")
    ours, theirs = ours[:hops], theirs[:hops]
    lights = {
        "this show": ours,
        "best constant": best_constant(theirs),
        "uniform random": uniform_random(hops, np.random.default_rng(SEED)),
    }
    return {name: errors(light, theirs) for name, light in lights.items()}


def print_evaluation(result: dict[str, Any]) -> None:
    """The tables that people read."""
    console = paper()
    console.print(f"{result['tokens']}: {result['light_s']:g} s of light for {result['audio']}")
    console.print(f"likeness to professionals: {result['likeness']:.2f} (0 is theirs, lower is more human)\n")
    table = wide_table("", "metric", "this show", "lift", "professionals 25/50/75 %", "likeness")
    for name, row in result["metrics"].items():
        zone = " / ".join(f"{one:.3f}" for one in row["professionals"] or ())
        table.add_row(_words(name), f"{row['score']:.3f}", _signed(row["lift"]), zone, _plain(row["likeness"]))
    console.print(table)
    console.print("lift: score less that of the same light shifted by 20 s or more; of one song, so without interval\n")
    _print_craft(result, console)
    if result["limiter"] is not None:
        _print_limiter(result["limiter"], console)
    if result["reference"] is not None:
        _print_errors(result["reference"], console)


def _print_craft(result: dict[str, Any], console: Console) -> None:
    figures = result["craft"]
    table = wide_table("", "cues", "this show", "by chance", "people", "people by chance")
    quartiles = " / ".join(f"{one:g}" for one in PEOPLE["cues_per_minute"])
    table.add_row("per minute", f"{figures['cues_per_minute']:.1f}", "", quartiles, "")
    for where, (people, chance) in PEOPLE_ON.items():
        ours, ours_by_chance = figures[f"cues_on_{where}"], figures[f"cues_on_{where}_by_chance"]
        table.add_row(f"on {_words(where)}", f"{ours:.0%}", f"{ours_by_chance:.0%}", f"{people:.0%}", f"{chance:.0%}")
    console.print(table)
    console.print(
        "a cue: hue by more than 20 degrees, or the value leaves its level by 96; on a beat at the hop that hears it "
        "first, people's within 50 ms; on a section start within 250 ms; downbeats and sections of the song are guessed"
    )
    console.print(f"hue dwell {figures['hue_dwell_s']:.1f} s, value jitter {figures['value_jitter']:.1f} per hop")
    flashes = result["token_flashes_in_worst_second"]
    verdict = "above the limit" if flashes > FLASH_LIMIT else "within the limit"
    console.print(
        f"flashes in the worst second, from the tokens and not from DMX: {flashes}, {verdict} of {FLASH_LIMIT}"
    )


def _print_limiter(limiter: dict[str, Any], console: Console) -> None:
    """Where the rehearsed show would have flashed too often on the wire, had nothing limited it."""
    console.print(f"flash limiter ({limiter['standard']}): stepped in {limiter['interventions']} times")
    table = wide_table("", "from s", "to s", "would have flashed too often")
    for one in limiter["at"]:
        table.add_row(f"{one['start_s']:.2f}", f"{one['end_s']:.2f}", one["what"])
    if limiter["at"]:
        console.print(table)


def _print_errors(compared: dict[str, dict[str, float]], console: Console) -> None:
    table = wide_table("against the reference", "error", *compared)
    for name in compared["this show"]:
        table.add_row(_words(name), *(f"{row[name]:.2f}" for row in compared.values()))
    console.print(table)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _signed(number: float | None) -> str:
    return "" if number is None else f"{number:+.3f}"


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _draw(folder: Path, song: Path, samples: Float32Array, music: MusicFeatures, file: Path) -> None:
    """The show sheet of a rehearsal, with bars and sections as the judge hears them; the looks are the show's own."""
    size = round(SAMPLE_RATE_HZ / SHEET_HZ)
    parts = samples[: len(samples) // size * size].reshape(-1, size)
    starts_s = music.marks_s["section_starts"].tolist()
    heard = zip(starts_s, music.section_kinds.tolist(), strict=True)
    sections = [ToldSection(start_s, start_s, chr(ord("A") + kind % 26), 1.0) for start_s, kind in heard]
    sheet = Sheet(
        title=f"{folder}, {song.name}   (sections and bars: offline, by the judge)",
        waveform=np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1),
        waveform_hz=SHEET_HZ,
        tokens=read_light(folder / "tokens.csv").light,
        rig=read_rendered(folder / rendered.NAME),
        form=ToldForm(sections, read_form(folder / told_form.NAME).looks),
        bars_s=tuple(music.marks_s["downbeats"].tolist()),
    )
    try:
        draw(sheet, file)
    except OSError as error:
        raise EvaluationError(f"{file}: cannot be written ({error}); choose another with --sheet") from error


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("light", type=Path, metavar="DIR_OR_TOKENS.csv", help="as `rehearse` writes them")
    parser.add_argument("--audio", type=Path, required=True, metavar="SONG", help="the song it is for")
    parser.add_argument("--reference", type=Path, metavar="REF.csv", help="a show by people, beside TOKENS.csv")
    parser.add_argument("--against", type=Path, metavar="DIR", help="the same song on another rig, beside DIR")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw DIR with the sections the judge hears")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of tables")


def run(options: argparse.Namespace) -> int:
    """Judge it; returns the exit code."""
    rig = options.light.is_dir()
    if rig and options.reference is not None:
        raise EvaluationError("--reference goes with a TOKENS.csv; for a folder give --against, or its tokens.csv")
    if not rig and options.against is not None:
        raise EvaluationError("--against goes with a folder as `rehearse` writes it; for a TOKENS.csv give --reference")
    if options.sheet is not None and not rig:
        raise EvaluationError("--sheet goes with a folder as `rehearse` writes it")
    if rig:
        samples = read_song(options.audio)
        music = music_features(samples)
        result = {"audio": str(options.audio)}
        result |= judged_rig(options.light, music, len(samples) / SAMPLE_RATE_HZ, options.against)
        if options.sheet is not None:
            _draw(options.light, options.audio, samples, music, options.sheet)
    else:
        result = evaluate(options.light, options.audio, options.reference)
    if options.json:
        print(json.dumps(result))
    elif rig:
        print_judged(result)
    else:
        print_evaluation(result)
    return 0
