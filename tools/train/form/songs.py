"""Songs with their sections, as the ear hears them: real ones, whose sections are guessed offline, and made ones.

    python -m tools.train.form.songs --songs ../shared/data/audio/*.opus --fonts /usr/share/sounds/sf2/*.sf2 \\
        --made 90 --out work/form

What the ear's networks tell is written down once for each song; the form is followed from that as often as one likes.
Made songs are played by a plan (intro, verse, chorus, ...), in a room, so that their sections are known. Edge: files.
"""

import argparse
import importlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr
from rich.progress import track

from controller.artefacts.artefact import read_manifest
from controller.listening.audio.file_source import MonoStream
from controller.listening.form.form import FormWatch
from controller.listening.time.beats import Beat
from controller.listening.time.drums import DrumHit
from controller.listening.time.energy import Energy
from controller.listening.time.front import FRAME_S
from controller.listening.time.hearing import HeardFrame, Hearing
from controller.messages import AudioBlock
from controller.sound_format import HOP_S, HOP_SAMPLES, SAMPLE_RATE_HZ
from tools.train.designer.analysis import BEATS_PER_BAR, HOPS_PER_S, analyse
from tools.train.hearing.band import Band
from tools.train.hearing.render import RATE_HZ, rendered
from tools.train.hearing.scenes import in_a_room

MODEL = Path("models/hearing")
SEED = 90_000
LONGEST_S = 300.0
PLANS = (
    (0, 1, 2, 1, 2, 3, 2, 2), (0, 1, 1, 2, 1, 2, 3, 2), (1, 2, 1, 2, 3, 1, 2), (0, 1, 2, 3, 1, 2, 3, 4, 2),
    (0, 1, 0, 1, 2, 1, 0), (1, 1, 2, 1, 3, 1), (0, 1, 2, 1, 2, 4, 3, 2, 2), (1, 2, 3, 1, 2, 3, 0, 3),
)  # fmt: skip
"""Parts of a song in the order in which bands play them."""
FOURS = 0.85
"""Share of the made songs in fours."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one hop of the ear told, as far as the form needs it; has the attributes of `Hearing` that are read."""

    t_s: float
    frames: list[HeardFrame]
    told: list[Beat]
    hits: list[DrumHit]
    energy: Energy | None
    kind: str
    drummed: bool


@dataclass(frozen=True, slots=True)
class Song:
    """A song: its sections as (start in seconds, label), whether those are known or guessed, and what was heard."""

    name: str
    known: bool
    sections: list[tuple[float, int]]
    heard: list[Heard] = field(default_factory=list)

    def follow(self, watch: FormWatch) -> Iterator[float]:
        """The song played to a watch; the time after each hop."""
        for hop in self.heard:
            watch.hear(hop, hop.t_s)
            yield hop.t_s


def hear(samples: Iterator[np.ndarray]) -> list[Heard]:
    """What the ear tells of hops (4800,) of sound."""
    hearing, found = Hearing(MODEL, read_manifest(MODEL, "hearing", FRAME_S)), []
    for number, part in enumerate(samples):
        now_s = (number + 1) * HOP_S
        hearing.hear(AudioBlock(now_s, number, part[:, None]))
        frames = [HeardFrame(one.t_s, one.bands.astype(np.float16), one.growth, one.voice) for one in hearing.frames]
        energy, kind = hearing.energy, hearing.kind
        found.append(Heard(now_s, frames, hearing.told, hearing.hits, energy, kind, hearing.drummed))
    return found


def real(path: Path) -> Song:
    """A recording; its sections are those of the designer's analysis, which knows the whole song and still guesses."""
    stream, parts = MonoStream(path), []
    while len(part := stream.read(HOP_SAMPLES)) == HOP_SAMPLES:
        parts.append(part)
    stream.close()
    found = analyse(np.concatenate(parts))
    bars_s = found.beats[::BEATS_PER_BAR] / HOPS_PER_S
    return Song(path.stem, False, [(float(bars_s[one.first]), one.label) for one in found.sections], hear(iter(parts)))


def made(number: int, fonts: list[Path]) -> Song | None:
    """A made song in a room; None where it would be too long."""
    rng = np.random.default_rng(SEED + number)
    plan = PLANS[rng.integers(len(PLANS))]
    midi, truth = Band(rng, metre=BEATS_PER_BAR if rng.random() < FOURS else 0, plan=plan).make()
    if truth.end_s > LONGEST_S:
        return None
    sound = in_a_room(rng, rendered(midi, fonts[rng.integers(len(fonts))]))
    samples = np.asarray(soxr.resample(sound, RATE_HZ, SAMPLE_RATE_HZ), np.float32)
    hops = len(samples) // HOP_SAMPLES
    parts = samples[: hops * HOP_SAMPLES].reshape(hops, HOP_SAMPLES)
    return Song(f"made-{number}", True, [(float(at_s), kind) for at_s, kind in truth.sections], hear(iter(parts)))


def read_songs(folder: Path, name: str = "*") -> Iterator[Song]:
    """Every song that was written down, or one of them."""
    for path in sorted(folder.glob(f"{name}.song")):
        yield pickle.loads(path.read_bytes())  # noqa: S301 - our own files


def main() -> None:
    """Write down what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", nargs="*", type=Path, default=[])
    parser.add_argument("--fonts", nargs="*", type=Path, default=[])
    parser.add_argument("--made", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = [(path.stem, path) for path in options.songs] + [(f"made-{n}", n) for n in range(options.made)]
    for name, one in track(wanted):
        file = options.out / f"{name}.song"
        if not file.exists():
            song = real(one) if isinstance(one, Path) else made(one, options.fonts)
            if song is not None:
                file.write_bytes(pickle.dumps(song))


if __name__ == "__main__":
    # what is pickled names the module that it is of, which must not be `__main__`
    importlib.import_module("tools.train.form.songs").main()
