"""What was heard, hop by hop, as the show hears it: embeddings, hits, level, and a novelty curve to time lights by.

Hop k ends at sample 4800 (k + 1) of the film's sound and its window holds the second before, with zeros in front of the
first, exactly as `controller.listening.audio.windows` cuts it live.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array
from controller.artefacts.artefact import read_manifest
from controller.listening.embed.mel import SMALL_FRAMES, SMALL_STEP, openl3_mel256, small_frames
from controller.listening.session import open_session
from controller.sound_format import HOP_S, HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES
from tools.train import bearings

BLOCK_SAMPLES = 60 * SAMPLE_RATE_HZ
FRAMES_PER_HOP = HOP_SAMPLES // SMALL_STEP
NOVELTY_HZ = SAMPLE_RATE_HZ // SMALL_STEP
NOVELTY_LEAD_S = -0.014
"""Novelty i stands for the moment i / 100 s + this. Measured with clicks (tests/train/footage/test_parts.py)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Some whole hops: `embeddings` by name (n, 512) float16, what was heard, `level_db` (n,), `novelty` (10 n,)."""

    embeddings: dict[str, npt.NDArray[np.float16]]
    hops: list[bearings.Heard]
    level_db: Float32Array
    novelty: Float32Array


class Network:
    """An exported embedder over many windows."""

    def __init__(self, folder: Path) -> None:
        self.manifest = read_manifest(folder, "embedder", HOP_S)
        self._session = open_session(folder, self.manifest, threads=1, provider="cpu")
        self._input = self.manifest.step.inputs[0].name

    def embed(self, samples: Float32Array, frames: Float32Array, hops: int) -> npt.NDArray[np.float16]:
        """(hops, 512); `samples` begin 43 200 before the first hop, `frames` are their log-mel frames."""
        rows = []
        for hop in range(hops):
            if self.manifest.front_end == "small64":
                patch = frames[FRAMES_PER_HOP * hop : FRAMES_PER_HOP * hop + SMALL_FRAMES][None]
            else:
                window = samples[HOP_SAMPLES * hop : HOP_SAMPLES * hop + WINDOW_SAMPLES]
                patch = openl3_mel256(window)[None, :, :, None]
            rows.append(self._session.run(None, {self._input: patch})[0].reshape(-1))
        return np.nan_to_num(np.stack(rows)).astype(np.float16)


class Framed:
    """Blocks of sound in order with what stands before them, as log-mel frames without a seam."""

    def __init__(self) -> None:
        self._before = np.zeros(WINDOW_SAMPLES - HOP_SAMPLES, np.float32)

    def add(self, whole: Float32Array) -> tuple[Float32Array, Float32Array]:
        """The samples from 43 200 before a block of whole hops, and their frames."""
        samples = np.concatenate([self._before, whole])
        self._before = samples[len(samples) - len(self._before) :]
        return samples, small_frames(samples)


class Novelty:
    """Rise of the log-mel bands over 20 ms, mean over bands; its last value stands for the newest frame."""

    def __init__(self) -> None:
        self._last_frame: Float32Array | None = None

    def of(self, frames: Float32Array, hops: int) -> Float32Array:
        """(10 n,) of the newest n hops of some frames."""
        newest = frames[-FRAMES_PER_HOP * hops - 2 :] if self._last_frame is None else frames[-FRAMES_PER_HOP * hops :]
        before = newest[:2] if self._last_frame is None else self._last_frame
        joined = np.concatenate([before, newest[2:] if self._last_frame is None else newest])
        self._last_frame = joined[-2:]
        return np.maximum(joined[2:] - joined[:-2], 0.0).mean(axis=1).astype(np.float32)


class Listener:
    """Takes blocks of sound in order and tells what was heard.

    Args:
        networks: by the name under which their embeddings are stored.
    """

    def __init__(self, networks: dict[str, Network]) -> None:
        self._networks = networks
        self._framed, self._ear, self._novelty = Framed(), bearings.SongEar(), Novelty()

    def hear(self, block: Float32Array) -> Heard | None:
        """The whole hops of a block; a rest shorter than a hop is not heard, so only the last block may have one."""
        hops = len(block) // HOP_SAMPLES
        if hops == 0:
            return None
        whole = block[: hops * HOP_SAMPLES]
        samples, frames = self._framed.add(whole)
        return Heard(
            {name: network.embed(samples, frames, hops) for name, network in self._networks.items()},
            self._ear.hear(whole),
            _level_db(block, hops),
            self._novelty.of(frames, hops),
        )


def _level_db(block: Float32Array, hops: int) -> Float32Array:
    power = np.square(block[: hops * HOP_SAMPLES], dtype=np.float64).reshape(hops, HOP_SAMPLES).mean(axis=1)
    return (10.0 * np.log10(power + 1e-7)).astype(np.float32)


def loudness(level_db: Float32Array) -> Float32Array:
    """0..1 between the quiet and the loud passages, on the scale of the designer's `hop_loudness`; (hops,)."""
    low, high = np.percentile(level_db, [3, 97])
    return np.clip((level_db - low) / max(high - low, 12.0), 0.0, 1.0).astype(np.float32)
