"""The sound of an evening, and the truth about it: songs, talk, applause, changeovers, one after the other."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller.listening.audio.file_source import FileSource
from controller.sound_format import SAMPLE_RATE_HZ
from tools.train.hearing.scenes import applause

LEVEL, FADE_S = 0.25, 0.05
LONGEST = 60 * SAMPLE_RATE_HZ
RECORDED_SPEECH = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
"""Free prompts of Debian (asterisk-core-sounds-en-wav), where they are installed."""


@dataclass(frozen=True)
class Part:
    """A stretch of the evening. `kind`: song, talk, applause, silence, setting up. `file`: of a song or of speech."""

    kind: str
    seconds: float
    title: str = ""
    file: Path | None = None


@dataclass(frozen=True)
class Placed:
    """A part in its place: seconds from the beginning of the evening."""

    part: Part
    from_s: float
    to_s: float


def evening_of(parts, seed=5):
    """Mono samples of the evening at 48 kHz, and every part with its place."""
    rng, sounds, placed, at_s = np.random.default_rng(seed), [], [], 0.0
    for part in parts:
        sound = _faded(_sound(part, rng))
        placed.append(Placed(part, at_s, at_s + len(sound) / SAMPLE_RATE_HZ))
        at_s = placed[-1].to_s
        sounds.append(sound)
    return np.concatenate(sounds).astype(np.float32), placed


def _sound(part, rng):
    count = round(part.seconds * SAMPLE_RATE_HZ)
    match part.kind:
        case "song":
            return _of_loudness(_mono(part.file, count), LEVEL)
        case "talk":
            return _of_loudness(_spoken(part, count), 0.3 * LEVEL)
        case "applause":
            clapped = applause(rng, part.seconds)
            at = np.linspace(0.0, len(clapped) - 1.0, count)
            return _of_loudness(np.interp(at, np.arange(len(clapped)), clapped), 0.4 * LEVEL)
        case "setting up":
            return _set_up(rng, count)
        case _:
            return 1e-5 * rng.standard_normal(count)


def _mono(file, count, *, loop=True):
    source = FileSource(file, loop=loop)
    try:
        return np.asarray(source.read(count)[:, 0], np.float64)
    finally:
        source.close()


def _spoken(part, count):
    files = sorted(part.file.glob("*.wav"))[:60] if part.file.is_dir() else [part.file]
    return np.resize(np.concatenate([_mono(one, LONGEST, loop=False) for one in files]), count)


def _set_up(rng, count):
    """Somebody tries a drum, then a string, with pauses: no band yet."""
    sound = 1e-4 * rng.standard_normal(count)
    at = int(0.5 * SAMPLE_RATE_HZ)
    while at < count:
        long = int(0.25 * SAMPLE_RATE_HZ)
        decay = np.exp(-np.arange(long) / (0.06 * SAMPLE_RATE_HZ))
        hit = 0.3 * decay * np.sin(2 * np.pi * rng.choice([60.0, 110.0, 196.0]) * np.arange(long) / SAMPLE_RATE_HZ)
        sound[at : at + long] += hit[: max(0, count - at)]
        at += int(rng.uniform(0.8, 2.5) * SAMPLE_RATE_HZ)
    return sound


def _of_loudness(sound, rms):
    return np.clip(sound * (rms / max(float(np.sqrt(np.mean(sound**2))), 1e-9)), -1.0, 1.0)


def _faded(sound):
    ramp = np.ones(len(sound))
    edge = min(int(FADE_S * SAMPLE_RATE_HZ), len(sound) // 2)
    ramp[:edge] = np.linspace(0.0, 1.0, edge)
    ramp[len(sound) - edge :] = np.linspace(1.0, 0.0, edge)
    return sound * ramp


def write_sound(samples, file):
    """A WAV of 16 bits, which every reader reads."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
