"""The songs of a venue that are known again, a file each. Edge: files.

A song comes in by its title in the set list when it has been played, or by `followspot rehearse --remember TITLE`. Rows
of another embedder cannot be compared and are left out.
"""

import json
import logging
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from controller.config import Config
from controller.errors import first_line
from controller.listening.known.sketch import MOST_ROWS, Sketch
from controller.state_folder import coming, open_private, own_word, private_folder, state_folder

log = logging.getLogger(__name__)

SUFFIX = ".known.npz"
MOST_SONGS = 120
MOST_BYTES = 5_000_000
SIZE = 512


class Repertoire:
    """Sketches in a folder.

    Args:
        folder: need not be there yet. embedder: identity of the network whose embeddings the rows are.
    """

    def __init__(self, folder: Path, embedder: dict[str, str]) -> None:
        self._folder, self._embedder = folder, embedder

    @staticmethod
    def of(config: Config, embedder: dict[str, str]) -> "Repertoire":
        """That of the configured venue."""
        return Repertoire(state_folder() / "songs" / own_word(config.venue, "venue"), embedder)

    def sketches(self) -> list[Sketch]:
        """All that can be read; what cannot is named and left as it is."""
        found = []
        for file in self._files()[-MOST_SONGS:]:
            try:
                sketch = _read(file, self._embedder)
            except ValueError as error:
                log.warning("%s: %s; the song is not known again", file, error)
                continue
            if sketch is not None:
                found.append(sketch)
        return found

    def keep(self, sketch: Sketch) -> None:
        """Keep a song, in the place of what was kept of the same title; says so where that fails."""
        file = self._folder / f"{own_word(sketch.title, 'song')}{SUFFIX}"
        said = json.dumps({"title": sketch.title, "embedder": self._embedder}, ensure_ascii=False)
        try:
            private_folder(self._folder)
            with coming(file) as written, os.fdopen(open_private(written), "wb") as out:
                np.savez_compressed(
                    out, said=np.frombuffer(said.encode(), np.uint8), rows=sketch.rows[:MOST_ROWS].astype(np.float16)
                )
        except OSError as error:
            log.warning("%s cannot be written: %s; '%s' will not be known again", file, error, sketch.title)

    def _files(self) -> list[Path]:
        """The oldest first."""
        try:
            return sorted(self._folder.glob(f"[!.]*{SUFFIX}"), key=lambda one: one.stat().st_mtime)
        except OSError:
            return []


def _read(file: Path, embedder: dict[str, str]) -> Sketch | None:
    """A sketch; None if another network made it.

    Raises:
        ValueError: it is none, or cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise ValueError(f"unpacks to more than {MOST_BYTES} bytes")
        with np.load(file, allow_pickle=False) as arrays:
            said: dict[str, Any] = json.loads(arrays["said"].tobytes().decode())
            rows = arrays["rows"].astype(np.float16)
        title, made_by = str(said["title"]), said["embedder"]
    except Exception as error:  # what zipfile, zlib, NumPy and json make of any bytes is on no list
        raise ValueError(f"not readable: {first_line(error)[:200]}") from error
    if rows.ndim != len(("time", "size")) or rows.shape[1] != SIZE or not np.isfinite(rows).all():
        raise ValueError(f"{SIZE} finite numbers a row are wanted")
    return Sketch(title, rows) if made_by == embedder else None
