"""Minutes of made and real sound with what is to be heard in them: frames, and the truth of every frame.

    python -m tools.train.hearing.scenes --fonts /usr/share/sounds/sf2/*.sf2 --speech /usr/share/asterisk/sounds/* \\
        --songs ../shared/data/audio/*.opus --count 400 --out work/scenes

Half of them are songs of `band.py`; the others are evenings: talk, applause, a band, one instrument or voice alone,
silence, one after the other. Rooms, loudspeakers, levels and a crowd are added to all. Singing is made of speech whose
pitch is drawn to notes and whose vowels are stretched (WORLD: Morise et al., 2016). Edge: reads and writes files.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.signal import butter, fftconvolve, sosfilt

from controller.listening.time.front import FRAME_S, HOP, WINDOW, filters
from controller.listening.time.outputs import OUTPUTS, SOUNDING
from tools.train.hearing.band import Band
from tools.train.hearing.render import RATE_HZ, read, rendered, song_of, spoken

SCENE_S = 60.0
VOICES = (
    "en-us",
    "en-gb",
    "de",
    "es",
    "fr",
    "it",
    "nl",
    "pl",
    "pt",
    "ru",
    "sv",
    "tr",
    "cs",
    "fi",
    "hu",
    "el",
    "cmn",
    "hi",
)
WORDS = (
    "Good evening everybody, thank you for coming out tonight, we are so glad to be here. This next one is a new song, "
    "we have never played it in front of anybody, so be nice. Has somebody seen my capo? One two, one two, check. "
    "The merchandise is at the back, next to the bar, and our drummer will sign everything you buy from her."
)


@dataclass
class Scene:
    """Sound (n,) at 22,050 Hz and its truth: targets (frames, outputs), NaN where nobody knows."""

    sound: np.ndarray
    targets: np.ndarray


@dataclass
class Pools:
    """What scenes are made of, at 22,050 Hz."""

    fonts: list[Path]
    speech: list[np.ndarray] = field(default_factory=list)
    sung: list[np.ndarray] = field(default_factory=list)
    songs: list[np.ndarray] = field(default_factory=list)


def frames_of(sound: np.ndarray) -> np.ndarray:
    """(frames, 272) float32, the numbers that `front.Front` makes of the same sound."""
    padded = np.concatenate([np.zeros(WINDOW // 2), sound])
    count = max(0, (len(padded) - WINDOW) // HOP + 1)
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    weights, window = filters(), np.hanning(WINDOW)
    now = np.concatenate(
        [np.log10(1.0 + np.abs(np.fft.rfft(part * window))[:, : WINDOW // 2] @ weights)
         for part in np.array_split(cut, max(1, count // 500))]
    )  # fmt: skip
    grown = np.maximum(np.diff(now, axis=0, prepend=now[:1]), 0.0)
    return np.concatenate([now, grown], axis=1).astype(np.float32)


def unknown(frames: int) -> np.ndarray:
    """(frames, outputs) of which nothing is known."""
    return np.full((frames, len(OUTPUTS)), np.nan, np.float32)


def song(rng: np.random.Generator, pools: Pools) -> Scene:
    """A made song."""
    midi, truth = Band(rng, SCENE_S).make()
    sound = rendered(midi, pools.fonts[rng.integers(len(pools.fonts))])
    frames = int(SCENE_S / FRAME_S)
    targets = unknown(frames)
    targets[:, :7] = 0.0
    for t_s, number in truth.beats:
        _mark(targets, t_s, int(number == 1))
    for t_s, drum, velocity in truth.drums:
        _mark(targets, t_s, 2 + drum, 1.0 if velocity > 0.35 else np.nan)
    for from_s, to_s, kind in truth.kinds:
        if kind in SOUNDING:
            targets[_span(from_s, to_s), 7:] = np.eye(4)[SOUNDING.index(kind)]
    for from_s, to_s in truth.voice:
        targets[_span(from_s, to_s), 6] = 1.0
    return Scene(_long(sound, SCENE_S), targets)


def evening(rng: np.random.Generator, pools: Pools) -> Scene:
    """One thing after the other."""
    sound, targets, at_s = np.zeros(int(SCENE_S * RATE_HZ)), unknown(int(SCENE_S / FRAME_S)), 0.0
    targets[:, :7] = 0.0
    while at_s < SCENE_S - 2.0:
        kind = str(rng.choice(["talk", "talk", "applause", "real", "real", "band", "alone", "sung", "silence"]))
        long_s = float(rng.uniform(2.0, 4.0) if kind == "silence" else rng.uniform(5.0, 16.0))
        part, truth = _segment(rng, pools, kind, long_s)
        begin, frame = int(at_s * RATE_HZ), int(at_s / FRAME_S)
        part = part[: len(sound) - begin] * 10.0 ** (rng.uniform(-12.0, 0.0) / 20.0)
        sound[begin : begin + len(part)] += _faded(part)
        truth = truth[: len(targets) - frame]
        targets[frame : frame + len(truth)] = truth
        at_s += long_s
    return Scene(sound, targets)


def _segment(rng: np.random.Generator, pools: Pools, kind: str, long_s: float) -> tuple[np.ndarray, np.ndarray]:
    truth = unknown(int(long_s / FRAME_S))
    truth[:, :7] = 0.0
    if kind == "talk":
        truth[:, 7:] = np.eye(4)[2]
        return _joined(rng, pools.speech, long_s, rng.uniform(0.05, 0.5)), truth
    if kind == "sung":
        truth[:, 7:], truth[:, 6] = np.eye(4)[1], 1.0
        return _joined(rng, pools.sung, long_s, rng.uniform(0.0, 0.4)), truth
    if kind == "applause":
        truth[:, 7:] = np.eye(4)[3]
        return applause(rng, long_s), truth
    if kind == "real":
        truth[:, :7], truth[:, 7:] = np.nan, (0.5, 0.5, 0.0, 0.0)
        sound = part_of(rng, pools.songs[rng.integers(len(pools.songs))], long_s)
        return sound, truth
    if kind == "silence":
        return np.zeros(int(long_s * RATE_HZ)), truth
    while True:
        midi, made = Band(rng, 25.0).make()
        wanted = "solo" if kind == "alone" else "band"
        found = next(((a, b) for a, b, one in made.kinds if one == wanted and b - a > 4.0), None)
        if found is not None:
            break
    sound = rendered(midi, pools.fonts[rng.integers(len(pools.fonts))])[int(found[0] * RATE_HZ) :]
    long_s = min(long_s, found[1] - found[0])
    truth = truth[: int(long_s / FRAME_S)]
    truth[:, 7:] = np.eye(4)[SOUNDING.index(wanted)]
    truth[:, :2] = np.nan
    for t_s, drum, velocity in made.drums:
        _mark(truth, t_s - found[0], 2 + drum, 1.0 if velocity > 0.35 else np.nan)
    truth[:, 6] = np.nan
    return sound[: int(long_s * RATE_HZ)], truth


def applause(rng: np.random.Generator, long_s: float) -> np.ndarray:
    """Hands, and now and then somebody who shouts or whistles."""
    count = int(long_s * RATE_HZ)
    claps = np.zeros(count)
    per_s = float(np.exp(rng.uniform(np.log(15), np.log(600))))
    places = rng.integers(count, size=rng.poisson(per_s * long_s))
    np.add.at(claps, places, rng.uniform(0.2, 1.0, len(places)))
    hands = np.zeros(count)
    for _ in range(4):
        clap = rng.standard_normal(int(rng.uniform(0.004, 0.02) * RATE_HZ))
        clap *= np.exp(-np.arange(len(clap)) / (0.25 * len(clap)))
        low_hz = rng.uniform(400, 1200)
        clap = sosfilt(butter(2, (low_hz, rng.uniform(2.0, 5.0) * low_hz), "bandpass", fs=RATE_HZ, output="sos"), clap)
        hands += fftconvolve(claps * (rng.random(count) < 0.4), clap)[:count]
    crowd = sosfilt(butter(2, (300, 3000), "bandpass", fs=RATE_HZ, output="sos"), rng.standard_normal(count))
    hands += rng.uniform(0.0, 0.4) * hands.std() * crowd / crowd.std()
    t_s = np.arange(count) / RATE_HZ
    for _ in range(rng.poisson(0.15 * long_s)):
        at_s, pitch_hz = rng.uniform(0, long_s), rng.uniform(1500, 3500)
        bell = np.exp(-0.5 * ((t_s - at_s) / rng.uniform(0.1, 0.4)) ** 2)
        hands += rng.uniform(0.5, 2.0) * hands.std() * bell * np.sin(2 * np.pi * pitch_hz * t_s)
    return 0.1 * hands / (hands.std() + 1e-9)


def sung(rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    """Speech drawn to notes and stretched."""
    import pyworld  # noqa: PLC0415 - for this alone

    pitch_hz, t_s = pyworld.harvest(speech.astype(np.float64), RATE_HZ)
    envelope = pyworld.cheaptrick(speech.astype(np.float64), pitch_hz, t_s, RATE_HZ)
    breath = pyworld.d4c(speech.astype(np.float64), pitch_hz, t_s, RATE_HZ)
    stretch = rng.uniform(1.8, 4.0)
    at = np.minimum((np.arange(int(len(pitch_hz) * stretch)) / stretch).astype(int), len(pitch_hz) - 1)
    voiced = pitch_hz[at] > 0
    base = float(rng.uniform(45, 62)) if np.median(pitch_hz[pitch_hz > 0]) < 160 else float(rng.uniform(55, 74))
    notes, now = np.zeros(len(at)), 0
    while now < len(at):
        long = int(rng.uniform(0.25, 1.6) / 0.005)
        notes[now : now + long] = base + rng.choice([0, 2, 4, 5, 7, 9, 11, 12, -3, -5])
        now += long
    notes = np.convolve(np.pad(notes, 10, "edge"), np.ones(21) / 21, "valid")
    vibrato = rng.uniform(0.0, 0.6) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * 0.005 * np.arange(len(at)))
    sung_hz = np.where(voiced, 440.0 * 2.0 ** ((notes + vibrato - 69) / 12), 0.0)
    return np.asarray(pyworld.synthesize(sung_hz, envelope[at], breath[at], RATE_HZ), np.float32)


def in_a_room(rng: np.random.Generator, sound: np.ndarray) -> np.ndarray:
    """Loudspeaker, room, microphone, crowd, level."""
    if rng.random() < 0.4:
        sound = sosfilt(butter(2, rng.uniform(2500, 9000), "lowpass", fs=RATE_HZ, output="sos"), sound)
    if rng.random() < 0.3:
        sound = sosfilt(butter(1, rng.uniform(60, 250), "highpass", fs=RATE_HZ, output="sos"), sound)
    if rng.random() < 0.6:
        tail_s = rng.uniform(0.15, 1.4)
        tail = rng.standard_normal(int(tail_s * RATE_HZ)) * np.exp(
            -6.9 * np.arange(int(tail_s * RATE_HZ)) / (tail_s * RATE_HZ)
        )
        wet = fftconvolve(sound, tail)[: len(sound)]
        sound = sound + rng.uniform(0.1, 0.7) * wet * (sound.std() + 1e-9) / (wet.std() + 1e-9)
    sound = sound / (np.abs(sound).max() + 1e-9)
    if rng.random() < 0.5:
        sound = np.tanh(rng.uniform(1.0, 5.0) * sound)
    sound = sound * 10.0 ** (rng.uniform(-26.0, 0.0) / 20.0)
    hiss = np.cumsum(rng.standard_normal(len(sound))) if rng.random() < 0.3 else rng.standard_normal(len(sound))
    hiss = sosfilt(butter(1, 60, "highpass", fs=RATE_HZ, output="sos"), hiss)
    level = 10.0 ** (rng.uniform(-85.0, -45.0) / 20.0)
    return np.asarray(sound + level * hiss / hiss.std(), np.float32)


def part_of(rng: np.random.Generator, song: np.ndarray, long_s: float) -> np.ndarray:
    """Some seconds of a song."""
    want = int(long_s * RATE_HZ)
    begin = int(rng.integers(max(1, len(song) - want)))
    return song[begin : begin + want].astype(np.float64)


def pools_of(options: argparse.Namespace, rng: np.random.Generator) -> Pools:
    """Everything that scenes are made of."""
    pools = Pools(options.fonts, songs=[song_of(one) for one in track(options.songs, "songs")])
    for folder in options.speech:
        files = sorted(one for one in folder.rglob("*.wav") if one.stat().st_size > 20_000)
        for file in rng.choice(len(files), min(len(files), 90), replace=False):
            pools.speech.append(read(files[file]))
    for index, voice in enumerate(VOICES):
        for variant in ("", "+f3", "+m7"):
            pools.speech.append(spoken(WORDS, voice + variant, 130 + 20 * (index % 4)))
    for one in rng.choice(len(pools.speech), 64, replace=False):
        begin = int(rng.integers(max(1, len(pools.speech[one]) - 5 * RATE_HZ)))
        pools.sung.append(sung(rng, pools.speech[one][begin : begin + 5 * RATE_HZ]))
    return pools


def _mark(targets: np.ndarray, t_s: float, column: int, value: float = 1.0) -> None:
    frame = round(t_s / FRAME_S)
    if 0 <= frame < len(targets):
        targets[frame, column] = value


def _span(from_s: float, to_s: float) -> slice:
    return slice(int(from_s / FRAME_S), int(to_s / FRAME_S))


def _long(sound: np.ndarray, seconds: float) -> np.ndarray:
    return np.pad(sound, (0, max(0, int(seconds * RATE_HZ) - len(sound))))[: int(seconds * RATE_HZ)]


def _faded(sound: np.ndarray) -> np.ndarray:
    count = min(len(sound) // 2, int(0.05 * RATE_HZ))
    sound[:count] *= np.linspace(0, 1, count)
    sound[len(sound) - count :] *= np.linspace(1, 0, count)
    return sound


def _joined(rng: np.random.Generator, pool: Sequence[np.ndarray], long_s: float, pause_s: float) -> np.ndarray:
    parts, have = [], 0
    while have < long_s * RATE_HZ:
        part = pool[rng.integers(len(pool))]
        part = 0.3 * part[: int(8 * RATE_HZ)] / (np.abs(part).max() + 1e-6)
        pause = np.zeros(int(rng.uniform(0.3, 1.0) * pause_s * RATE_HZ))
        parts += [part, pause]
        have += len(part) + len(pause)
    return np.concatenate(parts)[: int(long_s * RATE_HZ)]


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--speech", type=Path, nargs="+", required=True)
    parser.add_argument("--songs", type=Path, nargs="+", required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--first", type=int, default=0, help="go on from this one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    pools = pools_of(options, rng)
    options.out.mkdir(parents=True, exist_ok=True)
    for index in track(range(options.first, options.count), "scenes"):
        own = np.random.default_rng((options.seed, index))
        scene = song(own, pools) if index % 5 < 3 else evening(own, pools)
        frames = frames_of(in_a_room(own, scene.sound))
        count = min(len(frames), len(scene.targets))
        np.savez(
            options.out / f"{index:04d}.npz",
            frames=frames[:count].astype(np.float16),
            targets=scene.targets[:count].astype(np.float16),
        )


if __name__ == "__main__":
    main()
