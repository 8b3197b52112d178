"""The command `hear`: what is heard of a song, or of a microphone, as a table, a picture and a file. Edge: files."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from controller.arrays import Float32Array
from controller.clock import Clock, MonotonicClock
from controller.commands.arguments import configured, positive, with_config
from controller.config import Config
from controller.errors import AudioError, ControllerError, ModelError
from controller.listening.audio.source import LiveSource, Recorded, open_recorded
from controller.listening.networks import open_ear
from controller.listening.process import open_source
from controller.listening.time.beats import Beat
from controller.listening.time.hearing import Hearing
from controller.listening.time.leading import SURE, open_hearing
from controller.messages import AudioBlock
from controller.rehearsal.heard import HeardSong
from controller.sound_format import HOP_S, HOP_SAMPLES, SAMPLE_RATE_HZ

LIVE_S = 30.0
"""A microphone is heard for so long where nobody says how long."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it asks for."""
    parser.add_argument("song", type=Path, nargs="?", help="sound file, or folder of stems")
    parser.add_argument("--audio", metavar="device:NAME", help="hear a device instead")
    parser.add_argument("--seconds", type=positive, help=f"of a device; default: {LIVE_S:.0f}")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write picture.png and hearing.json there")
    with_config(parser)


def run(options: argparse.Namespace) -> int:
    """Hear, print, write."""
    if (options.song is None) == (options.audio is None):
        raise AudioError("hear needs a song or --audio device:NAME, one of the two")
    if options.audio is not None and not options.audio.startswith("device:"):
        raise AudioError(f"--audio {options.audio}: write device:NAME; a file is named without --audio")
    config, console = configured(options), Console()
    if options.song is None:
        source: Recorded | None = None
        hearing = open_hearing(config)
    else:
        source = open_recorded(options.song, config)
        hearing = open_ear(config, source.stems).hearing
    if hearing is None:
        raise ModelError("no network hears beats here: `model.hearing` is none, or none lies beside the embedder")
    out = None if options.out is None else _room(options.out)
    if source is None:
        song, title = _live(config, hearing, options.seconds or LIVE_S, console), options.audio
    else:
        song, title = _recorded(source, hearing, console), options.song.stem
    console.print(table_of(song, title))
    if out is not None:
        _write(song, title, out)
        console.print(f"{out / 'picture.png'}, {out / 'hearing.json'}")
    return 0


def _room(folder: Path) -> Path:
    """The folder to write into, made before anything long begins."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ControllerError(f"{folder}: cannot be written ({error}); choose another --out") from error
    return folder


def _recorded(source: Recorded, hearing: Hearing, console: Console) -> HeardSong:
    song = HeardSong()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(source.name, total=source.duration_s or None)
        hop = 0
        while len(samples := source.read(HOP_SAMPLES)) == HOP_SAMPLES:
            hop += 1
            _take(hearing, song, AudioBlock(hop * HOP_S, hop - 1, samples))
            progress.update(task, completed=hop * HOP_S)
    source.close()
    if not song.peaks:
        raise AudioError(f"{source.name}: shorter than one hop (0.1 s); nothing to hear")
    return song


def _live(config: Config, hearing: Hearing, seconds: float, console: Console) -> HeardSong:
    """A device, each beat printed as it is told; Ctrl-C ends it early, and what was heard is kept."""
    clock, song = MonotonicClock(), HeardSong()
    source, _, place = open_source(config, clock)
    source.start()
    try:
        for number, (samples, t_s) in enumerate(_blocks(source, clock, seconds)):
            _take(hearing, song, AudioBlock(t_s, number, samples))
            for beat in hearing.told:
                console.print(_line(beat, hearing.kind))
    except KeyboardInterrupt:
        console.print("ended")
    finally:
        source.stop()
    if not song.peaks:
        raise AudioError(f"{place}: brought no sound in {seconds:.0f} s; `followspot devices` lists what there is")
    return song


def _line(beat: Beat, kind: str) -> str:
    bpm, sure = 60.0 / beat.beat_s, beat.confidence
    return f"{beat.t_s:7.2f} s  {beat.number}/{beat.metre}  {bpm:5.1f} bpm  sure {sure:.2f}  {kind}"


def _blocks(source: LiveSource, clock: Clock, seconds: float) -> Iterator[tuple[Float32Array, float]]:
    """What a device brings: samples, and the seconds since the first."""
    begun_s, until_s = None, clock.now_s() + seconds
    while clock.now_s() < until_s and not source.over:
        got = source.read(0.1)
        if got is not None:
            samples, t_s = got
            begun_s = t_s - len(samples) / SAMPLE_RATE_HZ if begun_s is None else begun_s
            yield samples, t_s - begun_s


def _take(hearing: Hearing, song: HeardSong, block: AudioBlock) -> None:
    hearing.hear(block)
    song.take(hearing, block)


def table_of(song: HeardSong, title: str) -> Table:
    """The song in a dozen lines."""
    table = Table("heard", "", title=title)
    for name, said in _rows(song):
        table.add_row(name, said)
    return table


def _rows(song: HeardSong) -> Iterator[tuple[str, str]]:
    yield "length", f"{song.end_s:.1f} s"
    sure = [one for one in song.beats if one.confidence >= SURE]
    if sure:
        bpm = 60.0 / np.array([one.beat_s for one in sure])
        metre = Counter(one.metre for one in sure).most_common(1)[0][0]
        yield "tempo", f"{np.median(bpm):.1f} bpm (from {bpm.min():.0f} to {bpm.max():.0f})"
        yield "metre", f"{metre} beats a bar"
        yield "first sure beat", f"{sure[0].t_s:.1f} s"
        ahead_ms = 1e3 * np.median([one.t_s - one.known_s for one in song.beats])
        yield "beats", f"{len(song.beats)}, {len(sure)} of them sure, told {ahead_ms:.0f} ms ahead"
    else:
        yield "beats", "none that is sure"
    drums = Counter(one.drum for one in song.hits)
    yield "drums", ", ".join(f"{count} {drum}" for drum, count in drums.most_common()) or "none"
    kinds: dict[str, float] = {}
    for one in song.kinds:
        kinds[one.kind] = kinds.get(one.kind, 0.0) + one.to_s - one.from_s
    yield "kinds of sound", ", ".join(f"{kind} {seconds:.0f} s" for kind, seconds in kinds.items()) or "not told"
    yield "voice", f"{sum(b - a for a, b in song.voice):.0f} s"
    builds = [one.t_s for one in song.energies if one.build > 0.8]
    yield "builds", f"{len(builds) * HOP_S:.0f} s of rising" if builds else "none"


def _write(song: HeardSong, title: str, out: Path) -> None:
    from controller.rehearsal.heard_picture import draw  # noqa: PLC0415 - matplotlib takes a second to load

    try:
        (out / "hearing.json").write_text(json.dumps(song.plain()) + "\n", encoding="utf-8")
        draw(song, title, out / "picture.png")
    except OSError as error:
        raise ControllerError(f"{out}: cannot be written ({error}); choose another --out") from error
