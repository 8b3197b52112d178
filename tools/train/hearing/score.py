"""How well beats and ones are heard on charted songs: F within 70 ms, as they were told live.

    python -m tools.train.hearing.score --data ../shared/data/audio

A chart (`NAME.notes.mid` beside `NAME.opus`) gives beats by its tempo map; every fourth is a one. Edge: reads files.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np

from controller.artefacts.artefact import read_manifest
from controller.listening.audio.file_source import FileSource
from controller.listening.time.beats import Beat, BeatHearing
from controller.listening.time.front import FRAME_S
from controller.messages import AudioBlock
from controller.sound_format import HOP_S, HOP_SAMPLES

NEAR_S = 0.07
FIRST_S, LAST_S = 20.0, 120.0
MODEL = Path(__file__).parents[3] / "models" / "hearing"


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


def f_measure(told: np.ndarray, true: np.ndarray) -> float:
    """F of times against times, each true one found once at most."""
    hits, free = 0, list(true)
    for time_s in told:
        nearest = min(free, key=lambda one: abs(one - time_s), default=None)
        if nearest is not None and abs(nearest - time_s) <= NEAR_S:
            free.remove(nearest)
            hits += 1
    return 2.0 * hits / max(1, len(told) + len(true))


def heard(song: Path, until_s: float) -> Iterator[Beat]:
    """The beats of a song as a show would be told them."""
    hearing = BeatHearing(MODEL, read_manifest(MODEL, "hearing", FRAME_S))
    source = FileSource(song)
    for hop in range(int(until_s / HOP_S)):
        samples = source.read(HOP_SAMPLES)
        if len(samples) < HOP_SAMPLES:
            break
        yield from hearing.feed(AudioBlock((hop + 1) * HOP_S, hop, samples))
    source.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    for chart in sorted(parser.parse_args().data.glob("*.notes.mid")):
        song = chart.with_name(chart.name.replace(".notes.mid", ".opus"))
        beats = [one for one in heard(song, LAST_S) if one.t_s > FIRST_S]
        true = charted(chart, LAST_S)
        played, ones = true[true > FIRST_S], true[::4][true[::4] > FIRST_S]
        told = np.array([one.t_s for one in beats])
        first = np.array([one.t_s for one in beats if one.number == 1])
        ahead_ms = 1e3 * float(np.median([one.t_s - one.known_s for one in beats]))
        print(f"{song.stem}: beats {f_measure(told, played):.2f}, ones {f_measure(first, ones):.2f}, "
              f"known {ahead_ms:.0f} ms before")  # fmt: skip


if __name__ == "__main__":
    main()
