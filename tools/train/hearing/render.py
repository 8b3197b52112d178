"""MIDI to sound with a sound font, and speech from files: mono, 22,050 Hz. Edge: files, fluidsynth and espeak-ng."""

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr

from controller.listening.audio.file_source import FileSource
from controller.sound_format import SAMPLE_RATE_HZ

RATE_HZ = 22_050


def rendered(midi: mido.MidiFile, font: Path) -> np.ndarray:
    """(n,) float32 of a song played by a sound font.

    Raises:
        subprocess.CalledProcessError: fluidsynth did not render it.
    """
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "song.mid", Path(folder) / "song.wav"
        midi.save(score)
        # no reverb and no chorus: rooms are added afterwards, many of them
        command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(RATE_HZ), "-F", str(sound)]
        subprocess.run([*command, str(font), str(score)], check=True, capture_output=True)
        return read(sound)


def spoken(words: str, voice: str, speed: int) -> np.ndarray:
    """(n,) float32 of a sentence as espeak-ng says it."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "said.wav"
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(speed), "-w", str(sound), words], check=True, capture_output=True
        )
        return read(sound)


def read(path: Path) -> np.ndarray:
    """(n,) float32 of a sound file."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ), np.float32)


def song_of(path: Path) -> np.ndarray:
    """(n,) float16 of a song of any kind that the show plays."""
    source, parts = FileSource(path), []
    while len(samples := source.read(SAMPLE_RATE_HZ)):
        parts.append(samples[:, 0])
    source.close()
    return np.asarray(soxr.resample(np.concatenate(parts), SAMPLE_RATE_HZ, RATE_HZ), np.float16)
