"""How much faster than the band is a rehearsal, is it the same twice, and does a long one grow?"""

import hashlib
import tempfile
import wave
from pathlib import Path

import numpy as np

from controller.clock import MonotonicClock
from controller.config import read_config
from controller.listening.audio.source import open_recorded
from tools.bench.run.processes import Program, python, running, usage
from tools.bench.run.result import CONFIG, Figures, Options
from tools.bench.run.staging import bundled_song
from tools.bench.run.waiting import pause

TIMEOUT_S = 1_800.0
LONG_S, QUICK_LONG_S = 600, 120
SETTLED = 0.2
"""The first fifth of a run pays for what is allocated once."""
SAME_FILES = ("tokens.csv", "dmx.show", "heads.npz", "form.json", "sheet.png")
AIMS = {"song.times_real_time": "≥ 10", "song.identical_bytes": "yes", "long.rss_growth_mib": "about 0"}


def measure(options: Options) -> Figures:
    """The bundled song twice (quick: once), then a long file, each by `followspot rehearse` in its own process."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        song = _song(folder, bundled_song(), "first")
        if not options.quick:
            again = _song(folder, bundled_song(), "second")
            song["identical_bytes"] = "yes" if again["digest"] == song["digest"] else "NO"
        del song["digest"]
        return {"song": song, "long": _long(folder, options.pick(LONG_S, QUICK_LONG_S))}


def _song(folder: Path, song: Path, name: str) -> Figures:
    clock, out = MonotonicClock(), folder / name
    started_s = clock.now_s()
    with running(_command(song, out), folder, name) as program:
        pause_until_over(program, f"rehearse {song.name}")
        wall = program.finish(TIMEOUT_S)["wall"]
    return {
        "times_real_time": wall["times_real_time"],
        "seconds": wall["seconds"],
        "seconds_with_start": round(clock.now_s() - started_s, 2),
        "digest": [hashlib.sha256((out / file).read_bytes()).hexdigest() for file in SAME_FILES],
    }


def _long(folder: Path, music_s: int) -> Figures:
    """Resident memory once a second; growth is from the end of the first fifth to the end of the run."""
    file = folder / "long.wav"
    write_looped(bundled_song(), file, music_s)
    with running(_command(file, folder / "long"), folder, "long") as program:
        rss_mib = pause_until_over(program, f"rehearse {music_s // 60} minutes")
        wall = program.finish(TIMEOUT_S)["wall"]
    settled = np.array(rss_mib[int(len(rss_mib) * SETTLED) :])
    return {
        "music_minutes": music_s / 60,
        "times_real_time": wall["times_real_time"],
        "samples": len(rss_mib),
        "rss_mib": {
            "at_20_percent": round(settled[0], 1),
            "last": round(settled[-1], 1),
            "max": round(max(rss_mib), 1),
        },
        "rss_growth_mib": round(float(settled[-1] - settled[0]), 1),
        "rss_growth_mib_per_music_minute": round(float(settled[-1] - settled[0]) / (music_s / 60 * (1.0 - SETTLED)), 3),
    }


def pause_until_over(program: Program, label: str) -> list[float]:
    """Wait for a program's end; its resident memory once a second, in MiB."""
    rss_mib: list[float] = []
    while not program.over:
        used = sum(usage(program.pid).rss_mib.values())
        if used > 0:  # one that is just ending has no memory any more
            rss_mib.append(used)
        pause(1.0, f"{label}, {len(rss_mib)} s")
    return rss_mib


def write_looped(song: Path, file: Path, seconds: int) -> None:
    """A 48 kHz mono WAV that repeats a song for that long."""
    source = open_recorded(song, read_config(CONFIG), loop=True)
    try:
        with wave.open(str(file), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(48_000)
            for _ in range(seconds):
                out.writeframes(np.rint(np.clip(source.read(48_000)[:, 0], -1, 1) * 32_767).astype("<i2").tobytes())
    finally:
        source.close()


def _command(song: Path, out: Path) -> list[str]:
    return python("controller", "rehearse", str(song), "--out", str(out), "--config", str(CONFIG))
