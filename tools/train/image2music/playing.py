"""A melody with its chords as a MIDI file and as sound. Edge: starts a synthesiser, writes files.

The MIDI file is written here, note by note, so that its beats are those of `seed.json` exactly. Sound comes from
FluidSynth and a General MIDI sound font where both are installed, otherwise from a few sines of our own; which of them
it was is part of what is returned.
"""

import shutil
import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from controller.arrays import Float32Array
from tools.train.image2music.errors import OpeningError
from tools.train.image2music.harmony import Chord
from tools.train.image2music.melody import BEATS, TICKS, Melody

SAMPLE_RATE_HZ = 48_000
PULSES = 480
"""MIDI pulses of a quarter; a tick of the melody is 40."""
PEAK = 10.0 ** (-3.0 / 20.0)
"""Loudest sample: three decibels under full."""
TAIL_S = 2.0
LIMIT_S = 120.0
FONTS = (
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/default.sf2",
)
CALM, BRIGHT = -0.25, 0.35
BANDS = {"calm": (73, 46, 43), "even": (0, 24, 32), "bright": (40, 25, 32)}
"""General MIDI programs of melody, chords and bass: flute, harp, contrabass; piano, guitar, bass; fiddle, guitar,
bass."""


@dataclass(frozen=True, slots=True)
class Voiced:
    """One sounding note: seconds, MIDI pitch, velocity 1..127, part 0 melody, 1 chords, 2 bass."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    part: int


def band_for(arousal: float) -> str:
    """Which instruments play."""
    return "calm" if arousal < CALM else "bright" if arousal > BRIGHT else "even"


def quarter_s(melody: Melody, bpm: int) -> float:
    """Seconds of a quarter."""
    return 60.0 / bpm * TICKS / BEATS[melody.metre]


def voices(melody: Melody, chords: Sequence[Chord], bpm: int) -> list[Voiced]:
    """All notes: the melody, the chord on every beat after the first, the root on the first."""
    tick_s, bar, beat = quarter_s(melody, bpm) / TICKS, melody.bar_ticks, BEATS[melody.metre]
    found = []
    for one in melody.sounds:
        if one.height is not None:
            at = (one.bar * bar + one.position) * tick_s
            loud = 104 if one.position == 0 else 96 if one.position % beat == 0 else 86
            found.append(Voiced(at, at + 0.95 * one.length * tick_s, melody.tonic + one.height, loud, 0))
    for number, chord in enumerate(chords):
        last = number == len(chords) - 1
        found.append(_voice(number * bar, bar, chord.pitches[0] - 12, velocity=84, part=2, tick_s=tick_s))
        for position in [0] if last else range(beat, bar, beat):
            length = bar if last else beat
            at = number * bar + position
            found += [_voice(at, length, one, velocity=52, part=1, tick_s=tick_s) for one in chord.pitches]
    return sorted(found, key=lambda one: (one.start_s, one.part, one.pitch))


def _voice(tick: int, length: int, pitch: int, *, velocity: int, part: int, tick_s: float) -> Voiced:
    return Voiced(tick * tick_s, (tick + 0.95 * length) * tick_s, pitch, velocity, part)


def write_midi(melody: Melody, chords: Sequence[Chord], bpm: int, file: Path, *, title: str, band: str) -> None:
    """Write format 1: tempo and metre, then melody, chords and bass."""
    second = PULSES / quarter_s(melody, bpm)
    head = mido.MidiTrack([
        mido.MetaMessage("track_name", name=title.encode("latin-1", "replace").decode("latin-1")),
        mido.MetaMessage("set_tempo", tempo=round(quarter_s(melody, bpm) * 1e6)),
        mido.MetaMessage("time_signature", numerator=int(melody.metre.split("/")[0]),
        denominator=int(melody.metre.split("/")[1])),
    ])  # fmt: skip
    whole = mido.MidiFile(type=1, ticks_per_beat=PULSES)
    whole.tracks.append(head)
    notes = voices(melody, chords, bpm)
    for part, name in enumerate(("melody", "chords", "bass")):
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", channel=part, program=BANDS[band][part]))
        events = [(round(one.start_s * second), 1, one) for one in notes if one.part == part]
        events += [(round(one.end_s * second), 0, one) for one in notes if one.part == part]
        now = 0
        for at, on, one in sorted(events, key=lambda event: event[:2]):
            velocity = one.velocity if on else 0
            track.append(mido.Message("note_on", channel=part, note=one.pitch, velocity=velocity, time=at - now))
            now = at
        whole.tracks.append(track)
    whole.save(str(file))


def sound_font() -> Path | None:
    """The first sound font that is installed."""
    return next((Path(one) for one in FONTS if Path(one).is_file()), None)


def write_wav(midi: Path, notes: Sequence[Voiced], seconds: float, file: Path, *, synthesiser: str = "auto") -> str:
    """Write mono sound, 16 bit, its peak at -3 dB; returns the name of what played.

    Args:
        midi: what is played. notes: the same, for our own sines. seconds: length of the music; a tail of two is added.
        synthesiser: `auto`, `fluidsynth` or `sines`.
    """
    program, font = shutil.which("fluidsynth"), sound_font()
    if synthesiser == "fluidsynth" and (program is None or font is None):
        raise OpeningError("fluidsynth or its sound font is not installed; install the Debian packages fluidsynth and "
                           "timgm6mb-soundfont, or use --synth sines")  # fmt: skip
    if program is None or font is None or synthesiser == "sines":
        samples, name = sines(notes, seconds + TAIL_S), "sines"
    else:
        samples, name = _fluid(program, font, midi, seconds + TAIL_S), f"fluidsynth, {font.name}"
    peak = float(np.abs(samples).max())
    if peak > 0.0:
        samples = samples * (PEAK / peak)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE_HZ)
        out.writeframes((samples * 32_767.0).astype("<i2").tobytes())
    return name


def _fluid(program: str, font: Path, midi: Path, seconds: float) -> Float32Array:
    """(n,) float32 of what FluidSynth makes of a MIDI file, cut to length and faded out in the tail."""
    raw = midi.with_suffix(".raw")
    command = [program, "-ni", "-q", "-g", "0.8", "-o", "synth.reverb.active=1", "-o", "synth.chorus.active=0",
               "-o", "audio.file.type=raw", "-o", "audio.file.format=s16", "-o", "synth.cpu-cores=1",
               "-r", str(SAMPLE_RATE_HZ), "-F", str(raw), str(font), str(midi)]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
        stereo = np.frombuffer(raw.read_bytes(), "<i2") if raw.is_file() else np.zeros(0, np.int16)
    except subprocess.TimeoutExpired as error:
        raise OpeningError(f"fluidsynth did not end within {LIMIT_S:g} s; use --synth sines") from error
    finally:
        raw.unlink(missing_ok=True)
    if len(stereo) < SAMPLE_RATE_HZ:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise OpeningError(f"fluidsynth made no sound ({said[-1] if said else 'it said nothing'}); use --synth sines")
    mono = stereo[: len(stereo) // 2 * 2].reshape(-1, 2).astype(np.float32).mean(axis=1) / 32_768.0
    whole = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    whole[: min(len(mono), len(whole))] = mono[: len(whole)]
    return _faded(whole)


def _faded(samples: Float32Array) -> Float32Array:
    count = min(round(0.5 * SAMPLE_RATE_HZ), len(samples))
    samples[-count:] *= np.linspace(1.0, 0.0, count, dtype=np.float32)
    return samples


def sines(notes: Sequence[Voiced], seconds: float) -> Float32Array:
    """(n,) float32: each note four partials that fade, enough to hear a tune by."""
    whole = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    for one in notes:
        start = round(one.start_s * SAMPLE_RATE_HZ)
        t_s = np.arange(round((one.end_s - one.start_s + 0.15) * SAMPLE_RATE_HZ), dtype=np.float32) / SAMPLE_RATE_HZ
        t_s = t_s[: max(len(whole) - start, 0)]
        hz = 440.0 * 2.0 ** ((one.pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * k * t_s) / k**2 for k in (1, 2, 3, 4) if hz * k < SAMPLE_RATE_HZ / 2)
        fade = (
            np.minimum(t_s / 0.01, 1.0)
            * np.exp(-2.5 * t_s)
            * np.clip((one.end_s - one.start_s + 0.15 - t_s) / 0.15, 0, 1)
        )
        whole[start : start + len(t_s)] += (one.velocity / 127) ** 1.5 * fade * tone
    return _faded(whole)
