"""What a show heard, kept beside its log: the embeddings that the model was told, and, if wished, the sound itself.

`NAME.heard` is what training needs to learn from a night (`tools.train`): blocks as in a show log, each a second of
embeddings in half precision with the times of their sound, on the clock of the show log. `NAME.flac` is the mono mix, a
plain FLAC file that any player plays; where sound was missing it is silent, so a moment of the file is a moment of the
show. Its comment tells the time of its first sample on that same clock. Edge: files.
"""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from controller.errors import RecordingError
from controller.messages import AudioBlock, Embedding
from controller.records.appending import Appender
from controller.records.cycles import blocks, encode_block
from controller.records.kinds import HEARD_MAGIC as MAGIC
from controller.sound_format import SAMPLE_RATE_HZ

log = logging.getLogger(__name__)

HOPS_OF_A_BLOCK = 10
EMBEDDING = 512
KEPT_SECONDS = 600
"""Ten minutes of a full disk stay in memory: six megabytes of embeddings, forty of sound."""
PIECE = SAMPLE_RATE_HZ
GAP_S = 0.05
"""Sound that is so much later than the samples before it say has lost some in between."""
LONGEST_GAP_S = 600.0


class HeardRecorder:
    """Writes the embeddings of a show.

    Args:
        path: the file, in a folder that exists. embedder: name and checksum of what made them.
    """

    def __init__(self, path: Path, embedder: dict[str, str]) -> None:
        self.path = path
        self._file = Appender(
            path, MAGIC + encode_block(embedder), what="the log of what is heard", most_kept=KEPT_SECONDS
        )
        self._times: list[float] = []
        self._vectors: list[bytes] = []

    def add(self, embedding: Embedding) -> None:
        """Keep one; returns at once."""
        self._times.append(embedding.t_s)
        self._vectors.append(embedding.vector.astype("<f2").tobytes())
        if len(self._times) == HOPS_OF_A_BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._times:
            self._file.put(encode_block([self._times, b"".join(self._vectors)]))
        self._times, self._vectors = [], []

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._file.close()


@dataclass(frozen=True, slots=True)
class HeardLog:
    """A file of embeddings: `t_s` (T,) float64, `embedding` (T, 512) float16; `damage` of its end, "" if none."""

    embedder: dict[str, str]
    t_s: npt.NDArray[np.float64]
    embedding: npt.NDArray[np.float16]
    damage: str


def read_heard(path: Path) -> HeardLog:
    """Everything up to the end of a file, or to the first damage.

    Raises:
        RecordingError: no such file, or none of this format.
    """
    times: list[float] = []
    vectors: list[npt.NDArray[np.float16]] = []
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise RecordingError(f"{path}: no log of what was heard")
            found = blocks(file)
            head = next(found, None)
            if head is None or not isinstance(head.content, dict):
                raise RecordingError(f"{path}: its header is damaged")
            damage = ""
            for block in found:
                damage = block.damage
                for t_s, vector in () if damage else _hops(block.content, path):
                    times.append(t_s)
                    vectors.append(vector)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    embedder = {str(key): str(said) for key, said in head.content.items()}
    embedding = np.stack(vectors) if vectors else np.zeros((0, EMBEDDING), np.float16)
    return HeardLog(embedder, np.array(times, np.float64), embedding, damage)


def _hops(content: Any, path: Path) -> Iterator[tuple[float, npt.NDArray[np.float16]]]:  # noqa: ANN401 - plain data
    try:
        times, vectors = content
        rows = np.frombuffer(vectors, "<f2").reshape(len(times), EMBEDDING)
        yield from ((float(t_s), row) for t_s, row in zip(times, rows, strict=True))
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{path}: not a block of this format: {error}") from error


class _Pieces(io.RawIOBase):
    """Takes what an encoder writes; cannot go back, so nothing that was written changes."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        written, self._written = bytes(self._written), bytearray()
        return written


class SoundRecorder:
    """Writes the mono mix as FLAC, a second at a time, at the pace of the show's clock.

    Args:
        path: the file, in a folder that exists. venue: for its title. show: the show whose sound it is, "" for none.
    """

    def __init__(self, path: Path, venue: str, show: str = "") -> None:
        self.path, self._venue, self._show = path, venue, show
        self._waiting: list[Float32Array] = []
        self._count = 0
        self._next_s: float | None = None
        self._pieces = _Pieces()
        self._file: Appender | None = None

    def add(self, block: AudioBlock) -> None:
        """Keep a block; returns at once but once a second, when a second is encoded (a millisecond)."""
        samples = block.samples[:, 0]
        began_s = block.t_s - len(samples) / SAMPLE_RATE_HZ
        if self._next_s is None:
            self._open(began_s)
        else:
            late_s = min(began_s - self._next_s, LONGEST_GAP_S)
            if late_s > GAP_S:
                self._keep(np.zeros(round(late_s * SAMPLE_RATE_HZ), np.float32))
                self._next_s = began_s
        self._keep(samples)
        self._next_s = (began_s if self._next_s is None else self._next_s) + len(samples) / SAMPLE_RATE_HZ
        if self._count >= PIECE:
            self._encode()

    def _keep(self, samples: Float32Array) -> None:
        self._waiting.append(samples)
        self._count += len(samples)

    def _open(self, began_s: float) -> None:
        self._container = av.open(self._pieces, "w", format="flac")
        self._container.metadata["title"] = self._venue
        self._container.metadata["comment"] = f"began_s={began_s:.6f}"
        if self._show:
            self._container.metadata["followspot_show"] = self._show
        self._stream = self._container.add_stream("flac", rate=SAMPLE_RATE_HZ)
        self._stream.layout = "mono"
        self._next_s = began_s

    def _encode(self) -> None:
        samples = np.concatenate(self._waiting)
        self._waiting, self._count = [], 0
        whole = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._hand_over()

    def _hand_over(self) -> None:
        piece = self._pieces.take()
        if piece and self._file is None:
            self._file = Appender(self.path, piece, what="the sound of the show", most_kept=KEPT_SECONDS)
        elif piece and self._file is not None:
            self._file.put(piece)

    def close(self) -> None:
        """Write what is left."""
        if self._next_s is None:
            return
        if self._waiting:
            self._encode()
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        self._hand_over()
        if self._file is not None:
            self._file.close()
