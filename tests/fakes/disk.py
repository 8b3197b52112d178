"""A disk of the test's own that fills up and stalls: ext4 in a file, on a loop device. Needs root."""

import contextlib
import subprocess
from pathlib import Path


def fill(path: Path):
    """Write a file until nothing more fits."""
    with path.open("wb", buffering=0) as out:
        for size in (4_096, 256, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue


class Disk:
    """Mounted from its beginning to `close`.

    Args:
        folder: an empty one. megabytes: its size.

    Raises:
        OSError, CalledProcessError: no right to mount it, or no program that makes it.
    """

    def __init__(self, folder: Path, megabytes: int = 128) -> None:
        self.folder, image = folder, folder.with_suffix(".img")
        with image.open("wb") as out:
            out.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-m", "0", image)
        _run("mount", "-o", "loop", image, folder)

    @contextlib.contextmanager
    def full(self):
        """Nothing more fits, for as long as this lasts."""
        filler = self.folder / "filler"
        try:
            fill(filler)
            yield
        finally:
            filler.unlink()

    @contextlib.contextmanager
    def stalled(self):
        """Whoever writes waits, for as long as this lasts; not even a signal wakes him."""
        _run("fsfreeze", "--freeze", self.folder)
        try:
            yield
        finally:
            _run("fsfreeze", "--unfreeze", self.folder)

    def close(self) -> None:
        """Unmount it."""
        _run("umount", "-l", self.folder)


def _run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
