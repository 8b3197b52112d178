"""A folder with the stems of one take as a source: mixed with a gain each, and each still visible on its own.

Edge: reads files.
"""

import logging
from collections import Counter
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.errors import AudioError
from controller.listening.audio.file_source import MonoStream, read_looped
from controller.listening.audio.tape import timecode_stem
from controller.state_folder import visible

log = logging.getLogger(__name__)

SOUND = {
    *(
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".aifc",
        ".m4a",
        ".mp4",
        ".aac",
        ".caf",
        ".wma",
    ),
    *(".wv", ".ape", ".mka", ".webm", ".w64", ".rf64", ".bwf", ".au", ".ac3", ".alac"),
}
"""Endings that promise sound: one of them that cannot be read is named. Which files are stems, the reader says."""
NOT_SOUND = {
    *(
        ".txt",
        ".md",
        ".pdf",
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".json",
        ".yaml",
        ".yml",
        ".xml",
        ".mid",
        ".midi",
        ".plan",
    ),
    *(".zip", ".als", ".asd", ".reapeaks", ".rpp", ".ini", ".db", ".doc", ".docx", ".csv", ".html", ".url", ".lnk"),
}
SHOWN = 120


class StemsSource:
    """All sound files of a folder, from their common start; a stem that ends early goes on as silence.

    Args:
        folder: one file for each stem; the file's name is the stem's name.
        gains_db: gain of a stem in the mix, by name; 0 dB where none is given.
        loop: start again when the longest stem has ended.

    Raises:
        AudioError: no folder, no audio in it, or a gain for a stem that is not there.
    """

    def __init__(self, folder: Path, gains_db: dict[str, float], *, loop: bool = False) -> None:
        if not folder.is_dir():
            raise AudioError(f"{folder}: no such folder; stems:DIR needs a folder with one sound file for each stem")
        self._streams, others = _opened(folder)
        if not self._streams:
            left_out = f" (left out: {', '.join(others[:5])})" if others else ""
            raise AudioError(f"{folder}: holds no sound files; put one file for each stem there{left_out}")
        self.stems = _names([stream.path for stream in self._streams])
        unknown = sorted(set(gains_db) - set(self.stems))
        if unknown:
            raise AudioError(
                f"{folder}: audio.stem_gains_db names {', '.join(unknown)}; the stems are {', '.join(self.stems)}"
            )
        decibels = np.array([gains_db.get(name, 0.0) for name in self.stems], np.float32)
        self._gains = np.power(np.float32(10.0), decibels / np.float32(20.0), dtype=np.float32)
        timecode = timecode_stem(self.stems)
        if timecode is not None:  # it is no music
            self._gains[timecode] = 0.0
        self._loop = loop
        named = f"{folder.name} ({', '.join(self.stems)})"
        self.name = named if len(named) <= SHOWN else f"{folder.name} ({len(self.stems)} stems)"
        self.duration_s = max(stream.duration_s for stream in self._streams)

    def read(self, count: int) -> Float32Array:
        """Up to `count` samples (n, 1 + stems) float32: the mix, then each stem as recorded."""
        return read_looped(self._read_once, self._rewind, count, loop=self._loop)

    def _read_once(self, count: int) -> Float32Array:
        parts = [stream.read(count) for stream in self._streams]
        longest = max(len(part) for part in parts)
        samples = np.zeros((longest, 1 + len(parts)), np.float32)
        for column, part in enumerate(parts, start=1):
            samples[: len(part), column] = part
        samples[:, 0] = (samples[:, 1:] * self._gains).sum(axis=1)
        return samples

    def _rewind(self) -> None:
        for stream in self._streams:
            stream.rewind()

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers (NaN, infinite) and became silence."""
        return sum(stream.bad_samples for stream in self._streams)

    def close(self) -> None:
        """Close all files."""
        for stream in self._streams:
            stream.close()


def _opened(folder: Path) -> tuple[list[MonoStream], list[str]]:
    """Every file that can be read as sound, and the names of the others. What a Mac hides is nobody's."""
    streams, others, odd = [], [], []
    for path in visible(folder.iterdir()):
        suffix = path.suffix.lower()
        if path.is_dir() or suffix in NOT_SOUND:
            continue
        try:
            stream = MonoStream(path, silent=True)
        except AudioError as error:
            others.append(path.name)
            if suffix in SOUND:
                odd.append(f"{error}; the other stems are played")
            continue
        if not stream.duration_s and not stream.has_sound:
            odd.append(f"{path} is empty; it counts as silence")
        streams.append(stream)
    for said in odd if streams else ():
        log.warning("%s", said)
    return streams, others


def _names(paths: list[Path]) -> tuple[str, ...]:
    """What stems are called: their files without the ending, where that tells them apart."""
    counts = Counter(path.stem for path in paths)
    return tuple(path.stem if counts[path.stem] == 1 else path.name for path in paths)
