"""How well beats, ones, drums and kinds of sound are heard, as they were told live; scored with mir_eval.

    python -m tools.train.hearing.score --songs ../shared/data/audio
    python -m tools.train.hearing.score --made 24 --fonts /usr/share/sounds/sf3/MuseScore_General_Lite.sf3 --stem
    python -m tools.train.hearing.score --speech /usr/share/asterisk/sounds/fr_CA_f_June --quiet ../shared/data/audio

A chart (`NAME.notes.mid` beside `NAME.opus`) gives beats by its tempo map; every fourth is a one. Made songs are those
of `band.py` with seeds and a font that nothing was trained on. Edge: reads files.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import librosa
import mido
import mir_eval
import numpy as np
import soxr
from rich.console import Console
from rich.progress import track
from rich.table import Table

from controller.artefacts.artefact import read_manifest
from controller.listening.audio.file_source import FileSource
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import Hearing
from controller.messages import AudioBlock
from controller.rehearsal.heard import HeardSong
from controller.sound_format import HOP_S, HOP_SAMPLES, SAMPLE_RATE_HZ
from tools.train.hearing.band import DRUMS, Band, Truth
from tools.train.hearing.render import RATE_HZ, read, rendered
from tools.train.hearing.scenes import in_a_room

FIRST_S, LAST_S = 20.0, 120.0
MADE_S = 70.0
SEED = 90_000
"""Of made songs: none that is trained on has such a one."""
DRUM_NEAR_S = 0.05
DRUM_CHANNEL = 9
MODEL = Path(__file__).parents[3] / "models" / "hearing"


NEAR_S = 0.07
IN_A_ROW = 8
"""So many right ones after another are no luck."""
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.01)


@dataclass(frozen=True)
class BeatScore:
    """F within 70 ms after the first seconds and in them; when eight beats, and two ones, in a row were right."""

    beats: float
    ones: float
    early: float
    told_ms: float
    locked_s: float
    bars_locked_s: float
    right: list[tuple[float, bool]]


def charted(file: Path, until_s: float) -> np.ndarray:
    """Times of the beats of a chart, in seconds."""
    chart = mido.MidiFile(file)
    tempi, at = [], 0
    for message in mido.merge_tracks(chart.tracks):
        at += message.time
        if message.type == "set_tempo":
            tempi.append((at, message.tempo))
    beats, now_s, tick, tempo = [], 0.0, 0, 500_000
    while now_s < until_s:
        beats.append(now_s)
        end = tick + chart.ticks_per_beat
        while tempi and tempi[0][0] < end:
            now_s += mido.tick2second(max(0, tempi[0][0] - tick), chart.ticks_per_beat, tempo)
            tick, tempo = max(tick, tempi[0][0]), tempi.pop(0)[1]
        now_s += mido.tick2second(end - tick, chart.ticks_per_beat, tempo)
        tick = end
    return np.array(beats)


def hops(path: Path, until_s: float) -> Iterator[np.ndarray]:
    """A file in hops of 0.1 s, mixed down: (4800, 1)."""
    source = FileSource(path)
    for _ in range(int(until_s / HOP_S)):
        samples = source.read(HOP_SAMPLES)
        if len(samples) < HOP_SAMPLES:
            break
        yield samples
    source.close()


def cut(*sounds: np.ndarray) -> Iterator[np.ndarray]:
    """Made sounds at 22,050 Hz in the same hops, a column each."""
    full = [np.asarray(soxr.resample(one, RATE_HZ, SAMPLE_RATE_HZ), np.float32) for one in sounds]
    length = max(map(len, full))
    columns = np.stack([np.pad(one, (0, length - len(one))) for one in full], axis=1)
    for at in range(0, length - HOP_SAMPLES + 1, HOP_SAMPLES):
        yield columns[at : at + HOP_SAMPLES]


def drums_of(midi: mido.MidiFile) -> mido.MidiFile:
    """The song with nobody but its drummer, who plays when he did."""
    alone = mido.MidiFile(ticks_per_beat=midi.ticks_per_beat)
    for track_ in midi.tracks:
        kept, waited = mido.MidiTrack(), 0
        for message in track_:
            waited += message.time
            if message.is_meta or getattr(message, "channel", None) == DRUM_CHANNEL:
                kept.append(message.copy(time=waited))
                waited = 0
        alone.tracks.append(kept)
    return alone


def heard(sound: Iterator[np.ndarray], model: Path, drum_column: int = 0) -> HeardSong:
    """What a show would have heard; `drum_column`: of the sound, that holds the drums alone, 0: none does."""
    hearing, song = Hearing(model, read_manifest(model, "hearing", FRAME_S), drum_column), HeardSong()
    for hop, samples in enumerate(sound):
        block = AudioBlock((hop + 1) * HOP_S, hop, samples)
        hearing.hear(block)
        song.take(hearing, block)
    return song


def beat_score(song: HeardSong, beats: np.ndarray, ones: np.ndarray) -> BeatScore:
    """Against the truth, after the first seconds."""
    every = np.array([one.t_s for one in song.beats])
    first = np.array([one.t_s for one in song.beats if one.number == 1])
    ahead = np.median([one.t_s - one.known_s for one in song.beats]) if song.beats else 0.0
    f = mir_eval.beat.f_measure
    right, ones_right = near(every, beats), near(first, ones)
    return BeatScore(
        f(beats[beats > FIRST_S], every[every > FIRST_S]),
        f(ones[ones > FIRST_S], first[first > FIRST_S]),
        f(beats[beats <= FIRST_S], every[every <= FIRST_S]),
        1e3 * float(ahead),
        locked(every, right, IN_A_ROW) - beats[0],
        locked(first, ones_right, 2) - beats[0],
        [(one.confidence, bool(good)) for one, good in zip(song.beats, right, strict=True)],
    )


def near(told: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(n,) whether each told time is one of the true ones."""
    return np.array([np.abs(true - one).min() <= NEAR_S for one in told], bool)


def locked(told: np.ndarray, right: np.ndarray, row: int) -> float:
    """When a row of right ones began; infinite if none did."""
    runs = (at for at in range(len(right) - row + 1) if right[at : at + row].all())
    return float(told[first]) if (first := next(runs, None)) is not None else np.inf


def reliability(scores: list[BeatScore]) -> str:
    """How often beats of each confidence were right."""
    pairs = np.array([pair for score in scores for pair in score.right], float).reshape(-1, 2)
    said = []
    for low, high in pairwise(BINS):
        here = pairs[(pairs[:, 0] >= low) & (pairs[:, 0] < high)]
        if len(here) > 20:
            said.append(f"{low:.1f}: {here[:, 1].mean():.2f}")
    return ", ".join(said)


def held(song: HeardSong, truth: Truth) -> list[float]:
    """Of each silent passage inside a song: the share of its beats that were told right."""
    times, found = np.array([one.t_s for one in song.beats]), []
    for from_s, to_s, kind in truth.kinds[1:-1]:
        inside = np.array([t_s for t_s, _ in truth.beats if from_s < t_s < to_s])
        if kind == "silence" and from_s > FIRST_S and len(inside) > 1:
            found.append(float(near(inside, times).mean()))
    return found


def songs(folder: Path, model: Path, table: Table) -> None:
    """Charted songs."""
    scores: list[BeatScore] = []
    for chart in track(sorted(folder.glob("*.notes.mid")), "charted songs"):
        path = chart.with_name(chart.name.replace(".notes.mid", ".opus"))
        true = charted(chart, LAST_S)
        score = beat_score(heard(hops(path, LAST_S), model), true, true[::4])
        scores.append(score)
        table.add_row(
            path.stem,
            f"beats {score.beats:.2f}, ones {score.ones:.2f}; first 20 s: beats {score.early:.2f}; "
            f"locked after {score.locked_s:.1f} and {score.bars_locked_s:.1f} s; told {score.told_ms:.0f} ms ahead",
        )
    table.add_row("right, by confidence", reliability(scores))


def offline(folder: Path, table: Table) -> None:
    """librosa with the whole song before it, on the same songs: it hears no ones, so every fourth beat is one."""
    for chart in track(sorted(folder.glob("*.notes.mid")), "librosa"):
        path = chart.with_name(chart.name.replace(".notes.mid", ".opus"))
        sound = np.concatenate([hop[:, 0] for hop in hops(path, LAST_S)])
        slow = soxr.resample(sound, SAMPLE_RATE_HZ, RATE_HZ)
        told = librosa.beat.beat_track(y=slow, sr=RATE_HZ, units="time")[1]
        true, f = charted(chart, LAST_S), mir_eval.beat.f_measure
        beats = f(true[true > FIRST_S], told[told > FIRST_S])
        ones = max(f(true[::4][true[::4] > FIRST_S], told[first::4][told[first::4] > FIRST_S]) for first in range(4))
        table.add_row(f"{path.stem}, librosa", f"beats {beats:.2f}, ones {ones:.2f} (the best of four)")


def made(count: int, fonts: list[Path], model: Path, table: Table, *, stem: bool) -> None:
    """Made songs: by metre, and drums over all; `stem`: the drums come on a channel of their own beside the mix."""
    rows: dict[int, list[BeatScore]] = {}
    through: list[float] = []
    drums: dict[str, list[float]] = {name: [] for name in DRUMS}
    for index in track(range(count), "made songs"):
        rng = np.random.default_rng(SEED + index)
        metre = (4, 4, 4, 3, 6, 7)[index % 6]
        midi, truth = Band(rng, MADE_S, metre).make()
        font = fonts[index % len(fonts)]
        sounds = [in_a_room(rng, rendered(midi, font)), *([rendered(drums_of(midi), font)] if stem else [])]
        song = heard(cut(*sounds), model, drum_column=int(stem))
        beats = np.array([t_s for t_s, _ in truth.beats])
        ones = np.array([t_s for t_s, number in truth.beats if number == 1])
        rows.setdefault(metre, []).append(beat_score(song, beats, ones))
        through += held(song, truth)
        for drum, name in enumerate(DRUMS):
            true = np.array(sorted(t_s for t_s, one, velocity in truth.drums if one == drum and velocity > 0.35))
            if len(true) > 1:
                told = np.array(sorted(one.t_s for one in song.hits if one.drum == name))
                drums[name].append(mir_eval.onset.f_measure(true, told, window=DRUM_NEAR_S)[0])
    for metre, scores in sorted(rows.items()):
        beats, ones = np.median([s.beats for s in scores]), np.median([s.ones for s in scores])
        table.add_row(f"made, {metre} beats a bar ({len(scores)})", f"beats {beats:.2f}, ones {ones:.2f} (medians)")
    every = [score for scores in rows.values() for score in scores]
    after = [np.median([getattr(one, name) for one in every]) for name in ("locked_s", "bars_locked_s")]
    table.add_row("made, locked", f"beats after {after[0]:.1f} s, ones after {after[1]:.1f} s (medians)")
    share = f"{np.mean(np.array(through) > 0.9):.0%} held" if through else "none"
    table.add_row(f"made, silent bars ({len(through)})", share)
    table.add_row("made, right by confidence", reliability(every))
    for name, figures in drums.items():
        if figures:
            whence = "stem" if stem else "mix"
            table.add_row(f"made, {name} in the {whence} ({len(figures)})", f"F {np.mean(figures):.2f} within 50 ms")


def speech(folders: list[Path], model: Path, table: Table) -> None:
    """People who talk: the share of prompts known as talk within two seconds."""
    for folder in folders:
        rng, found = np.random.default_rng(SEED), []
        files = sorted(one for one in folder.rglob("*.wav") if one.stat().st_size > 60_000)
        for index in track(rng.choice(len(files), min(24, len(files)), replace=False), folder.name):
            talk = read(files[index])
            sound = in_a_room(rng, np.concatenate([np.zeros(RATE_HZ), talk]))
            song = heard(cut(sound), model)
            known = [one.known_s for one in song.kinds if one.kind == "talk"]
            found.append(bool(known) and known[0] <= 3.0)
        table.add_row(f"talk, {folder.name} ({len(found)})", f"{np.mean(found):.0%} known within 2 s")


def quiet(folder: Path, model: Path, table: Table) -> None:
    """Music in which nobody talks: the share of time that it is taken for talk or applause."""
    for path in track(sorted(folder.glob("*.opus")), "music"):
        song = heard(hops(path, LAST_S), model)
        wrong = {"talk": 0.0, "applause": 0.0, "solo": 0.0}
        for one in song.kinds:
            if one.kind in wrong:
                wrong[one.kind] += (one.to_s - one.from_s) / song.end_s
        table.add_row(path.stem, ", ".join(f"{kind} {share:.1%}" for kind, share in wrong.items()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, help="folder of charted songs")
    parser.add_argument("--librosa", action="store_true", help="beside it, on the same songs")
    parser.add_argument("--made", type=int, default=0, help="how many made songs")
    parser.add_argument("--fonts", type=Path, nargs="*", default=[])
    parser.add_argument("--stem", action="store_true", help="the drums of made songs come alone, beside the mix")
    parser.add_argument("--speech", type=Path, nargs="*", default=[])
    parser.add_argument("--quiet", type=Path, help="folder of songs in which nobody talks")
    parser.add_argument("--model", type=Path, default=MODEL)
    options = parser.parse_args()
    table = Table("what", "heard")
    if options.songs:
        songs(options.songs, options.model, table)
    if options.songs and options.librosa:
        offline(options.songs, table)
    if options.made:
        made(options.made, options.fonts, options.model, table, stem=options.stem)
    speech(options.speech, options.model, table)
    if options.quiet:
        quiet(options.quiet, options.model, table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
