"""What would 8-bit weights bring, and what would they change? Every network of a show, as it is and quantised.

Quantised by ONNX Runtime itself (`quantize_dynamic`, a scale for each column; networks that hear multiply three
matrices at once, which has one scale only). Both run through the classes of the show, on its bundled song.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from controller.arrays import Float32Array
from controller.artefacts.artefact import read_manifest, sha256_of
from controller.config import Config, read_config
from controller.listening.audio.source import open_recorded
from controller.listening.audio.windows import Windows
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart
from controller.listening.embed.embedder import Embedder
from controller.listening.time.frame_network import open_networks
from controller.listening.time.front import FRAME_S, Front
from controller.messages import AudioBlock, Embedding, Window
from controller.sound_format import HOP_S, HOP_SAMPLES
from tools.bench.run.result import CONFIG, Figures, Options, SkippedError
from tools.bench.run.staging import bundled_song

SECONDS, QUICK_SECONDS = 60, 15
ROUNDS = 3
HUE, VALUE = 90, 128
"""The light that the decoder is told each time: of the difference only the weights are the cause."""

Run = Callable[[Path], Iterator[Float32Array]]
"""The answers of an artefact's network, one after the other."""


def measure(options: Options) -> Figures:
    """Milliseconds of an answer, and the largest and the mean difference of a number in it, for each network."""
    try:
        from onnxruntime.quantization import quantize_dynamic  # noqa: PLC0415 - needs onnx, of the extra `train`
    except ImportError as error:
        raise SkippedError(f"quantising needs the extra train: {error}") from error
    config = read_config(CONFIG)
    windows = list(_windows(config, options.pick(SECONDS, QUICK_SECONDS)))
    embedder, decoder = config.path(config.model.embedder), config.path(config.model.decoder)
    frames = list(Front().feed(np.concatenate([window.samples[-HOP_SAMPLES:] for window in windows])))
    vectors = [Embedder(embedder).embed(window) for window in windows]
    runs: dict[str, tuple[Path, Run]] = {
        "embedder": (embedder, lambda folder: _embedded(folder, windows)),
        "decoder": (decoder, lambda folder: _decided(folder, embedder, vectors)),
        "beats": (embedder.with_name("hearing"), lambda folder: _heard(folder, frames, 0)),
        "ears": (embedder.with_name("hearing"), lambda folder: _heard(folder, frames, 1)),
    }
    with tempfile.TemporaryDirectory() as scratch:
        return {
            name: _compared(run, folder, _quantised(folder, Path(scratch) / name, quantize_dynamic))
            for name, (folder, run) in runs.items()
        }


def _compared(run: Run, plain: Path, small: Path) -> Figures:
    rounds = [(_timed(run(plain)), _timed(run(small))) for _ in range(ROUNDS)]
    (_, before), (_, after) = rounds[0]
    apart = np.abs(before - after)
    return {
        "ms": round(min(took_ms for (took_ms, _), _ in rounds), 3),
        "small_ms": round(min(took_ms for _, (took_ms, _) in rounds), 3),
        "largest_difference": float(f"{apart.max():.2g}"),
        "mean_difference": float(f"{apart.mean():.2g}"),
        "mean_number": float(f"{np.abs(before).mean():.2g}"),
    }


def _timed(answers: Iterator[Float32Array]) -> tuple[float, Float32Array]:
    """Median milliseconds of the processor for an answer, and all of them, a row each."""
    took_s, rows, began_s = [], [], time.process_time()
    for answer in answers:
        took_s.append(time.process_time() - began_s)
        rows.append(answer.ravel())
        began_s = time.process_time()
    return 1e3 * float(np.median(took_s)), np.stack(rows)


def _embedded(folder: Path, windows: list[Window]) -> Iterator[Float32Array]:
    embedder = Embedder(folder)
    for window in windows:
        yield embedder.embed(window).vector


def _decided(folder: Path, embedder: Path, vectors: list[Embedding]) -> Iterator[Float32Array]:
    decoder = SkipBart(DecoderNetwork(folder, read_manifest(embedder, "embedder", HOP_S)))
    for vector in vectors:
        yield np.concatenate(decoder.step(vector, HUE, VALUE))


def _heard(folder: Path, frames: list[Float32Array], which: int) -> Iterator[Float32Array]:
    network = open_networks(folder, read_manifest(folder, "hearing", FRAME_S))[which]
    if network is None:
        return
    for first in range(0, len(frames) - network.together + 1, network.together):
        yield network.hear(frames[first : first + network.together])


def _windows(config: Config, seconds: int) -> Iterator[Window]:
    """Each window of the song, looped."""
    source, windows = open_recorded(bundled_song(), config, loop=True), Windows()
    try:
        for hop in range(round(seconds / HOP_S)):
            yield from windows.feed(AudioBlock((hop + 1) * HOP_S, hop, source.read(HOP_SAMPLES)))
    finally:
        source.close()


def _quantised(folder: Path, out: Path, quantize: Callable[..., None]) -> Path:
    """An artefact whose networks have 8-bit weights, under their right checksums."""
    shutil.copytree(folder, out)
    manifest: dict[str, Any] = yaml.safe_load((out / "manifest.yaml").read_text(encoding="utf-8"))
    for part in (one for one in (manifest.get("step"), manifest.get("sound")) if one):
        quantize(folder / part["file"], out / part["file"], per_channel="sound" not in manifest)
        part["sha256"] = sha256_of(out / part["file"])
    (out / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
    return out
