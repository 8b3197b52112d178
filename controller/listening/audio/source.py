"""Where blocks come from: one interface for a sound card, a file and a folder of stems; and which one is meant.

Edge: opens files and devices.
"""

from pathlib import Path
from typing import Protocol

from controller.arrays import Float32Array
from controller.config import Config
from controller.errors import AudioError
from controller.listening.audio.file_source import FileSource
from controller.listening.audio.stems_source import StemsSource


class Recorded(Protocol):
    """Sound that is all there: it can be read as fast as one likes.

    Attributes:
        name: what the operator reads.
        stems: names of the stem columns after the mix.
        duration_s: length, looping not counted.
    """

    name: str
    stems: tuple[str, ...]
    duration_s: float

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers (NaN, infinite) and became silence."""
        ...

    def read(self, count: int) -> Float32Array:
        """Up to `count` samples (n, 1 + stems) float32 at 48 kHz; fewer only at the end, none after it."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class LiveSource(Protocol):
    """Sound that arrives by itself, in time."""

    @property
    def losses(self) -> int:
        """How often a device went away."""
        ...

    @property
    def over(self) -> bool:
        """Nothing more will come."""
        ...

    @property
    def overruns(self) -> int:
        """Blocks that were lost because nobody took them in time."""
        ...

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers and became silence on the way here."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def read(self, timeout_s: float) -> tuple[Float32Array, float] | None:
        """The next block (n, 1 + stems) float32 at 48 kHz and the time of its last sample, or None."""
        ...

    def stop(self) -> None:
        """End."""
        ...


def open_recorded(path: Path, config: Config, *, loop: bool = False) -> Recorded:
    """A file, or a folder of stems of one take.

    Raises:
        AudioError: missing, or not audio.
    """
    if path.is_dir():
        return StemsSource(path, config.audio.stem_gains_db, loop=loop)
    if not path.exists():
        raise AudioError(f"{path}: no such file; --audio takes file:PATH, stems:DIR or device:NAME")
    return FileSource(path, loop=loop)
