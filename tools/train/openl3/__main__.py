"""OpenL3 for the show: import its released weights, shrink them to 8 bits, or teach a small network to stand in.

    python -m tools.train.openl3 import WEIGHTS.h5 --out DIR [--probe probe.npz]
    python -m tools.train.openl3 quantize --model DIR --data AUDIO_DIR --out DIR
    python -m tools.train.openl3 distill --teacher DIR --data AUDIO_DIR --out RUN_DIR

One window costs 20 GFLOP: on one laptop core twice what a hop allows. The 8-bit form halves that; the student, which
reads the bundled embedder's cheap spectrogram of the same second, costs a thousandth.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from rich.progress import track

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ControllerError, ModelError
from controller.listening.embed.mel import openl3_mel256
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES
from tools.train.artefact import write_manifest
from tools.train.embedder.distillation import DistilRecipe, distil, export_student
from tools.train.openl3.network import OpenL3
from tools.train.openl3.weights import read_weights
from tools.train.skipbart.official import OPENL3
from tools.train.songs import list_songs, read_audio

PROBE_LIMIT = 1e-2
"""Largest relative error of a probe's embeddings; float32 noise near the spectrogram's floor makes a tenth of it."""
HELD_OUT = 16


def spectrogram(samples: Float32Array) -> Float32Array:
    """One window (48000,) as the network's input (1, 256, 199, 1)."""
    return openl3_mel256(samples)[None, :, :, None]


def centred_windows(samples: Float32Array) -> list[Float32Array]:
    """The windows of a sound as openl3 takes them by default: one each 0.1 s, centred on it, zeros beyond both ends.

    Args:
        samples: (n,) float32, 48 kHz mono.

    Returns:
        1 + ceil((n + 24000 - 48000) / 4800) windows of (48000,), one at the least.
    """
    padded = np.concatenate([np.zeros(WINDOW_SAMPLES // 2, np.float32), samples])
    count = 1 + max(-(-(len(padded) - WINDOW_SAMPLES) // HOP_SAMPLES), 0)
    padded = np.pad(padded, (0, max((count - 1) * HOP_SAMPLES + WINDOW_SAMPLES - len(padded), 0)))
    return [padded[i * HOP_SAMPLES : i * HOP_SAMPLES + WINDOW_SAMPLES] for i in range(count)]


def import_weights(weights: Path, out: Path, probe: Path | None) -> int:
    """Write the artefact of a weights file; returns the exit status: 1 if a probe is missed.

    Raises:
        ModelError: the file is not of the layout, or the probe is none.
    """
    network = read_weights(weights)
    if probe is not None and not _probe_holds(network, probe):
        return 1
    out.mkdir(parents=True, exist_ok=True)
    path = out / "embedder.onnx"
    torch.onnx.export(
        network,
        (torch.zeros(1, 256, 199, 1),),
        str(path),
        input_names=["spectrogram"],
        output_names=["embedding"],
        opset_version=17,
        dynamo=False,
    )
    manifest = write_manifest(out, path, name=OPENL3, kind="embedder", front_end="openl3-mel256", **_times())
    rng = np.random.default_rng(0)
    inputs = [spectrogram(rng.normal(0.0, 0.1, WINDOW_SAMPLES).astype(np.float32)) for _ in range(3)]
    session, latency_ms = _session(path), 0.0
    difference = 0.0
    for given in inputs:
        begun = time.perf_counter()
        (got,) = session.run(None, {"spectrogram": given})
        latency_ms = 1e3 * (time.perf_counter() - begun)
        with torch.no_grad():
            difference = max(difference, float(np.abs(got - network(torch.from_numpy(given)).numpy()).max()))
    print(
        f"{out}: graph differs from the network by at most {difference:.1e}; {latency_ms:.0f} ms a window, one thread"
    )
    facts = {
        "parity": f"graph against network: at most {difference:.1e} on three windows of noise",
        "speed": f"{latency_ms:.0f} ms a window on one thread; a hop is 100 ms",
    }
    (out / "card.md").write_text(card(manifest, "The authors' OpenL3, imported.", facts), encoding="utf-8")
    return 0


def _probe_holds(network: OpenL3, probe: Path) -> bool:
    try:
        with np.load(probe) as arrays:
            audio, wanted = arrays["audio"].astype(np.float32), arrays["embedding"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{probe}: not a probe ({error}); it needs audio and embedding") from error
    windows = centred_windows(audio)
    if audio.ndim != 1 or wanted.shape != (len(windows), 512):
        raise ModelError(
            f"{probe}: audio {list(audio.shape)} and embedding {list(wanted.shape)} do not fit: "
            f"48 kHz mono of that length has [{len(windows)}, 512]"
        )
    with torch.no_grad():
        rows = [network(torch.from_numpy(spectrogram(window)))[0].numpy() for window in track(windows, "probe")]
    got = np.stack(rows)
    relative = float(np.abs(got - wanted).max() / (np.abs(wanted).max() + 1e-9))
    lengths = np.linalg.norm(got, axis=1) * np.linalg.norm(wanted, axis=1)
    cosine = float(np.min(np.sum(got * wanted, axis=1) / (lengths + 1e-9)))
    print(
        f"{probe}: largest difference {np.abs(got - wanted).max():.2e}, relative {relative:.2e} "
        f"(allowed {PROBE_LIMIT:g}), least cosine {cosine:.6f}"
    )
    return relative <= PROBE_LIMIT


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Real windows, for the ranges of every layer."""

    def __init__(self, windows: list[Float32Array]) -> None:
        self._windows = iter(windows)

    def get_next(self) -> dict[str, Float32Array] | None:
        """The next input, or None at the end."""
        window = next(self._windows, None)
        return None if window is None else {"spectrogram": spectrogram(window)}


def draw_windows(data: Path, count: int, rng: np.random.Generator) -> list[Float32Array]:
    """Windows of real songs at random places: `count` of (48000,).

    Raises:
        FileNotFoundError: `data` has no `tracks.csv`.
    """
    songs = [song for song in list_songs(data) if song.split == "train"] or list_songs(data)
    chosen = rng.choice(len(songs), min(len(songs), 12), replace=False)
    sounds = [read_audio(songs[index].path) for index in track(chosen, "read songs")]
    windows = []
    for index in range(count):
        sound = sounds[index % len(sounds)]
        start = int(rng.integers(0, max(len(sound) - WINDOW_SAMPLES, 1)))
        window = np.zeros(WINDOW_SAMPLES, np.float32)
        part = sound[start : start + WINDOW_SAMPLES]
        window[: len(part)] = part
        windows.append(window)
    return windows


def quantize(model: Path, data: Path, out: Path, count: int, seed: int) -> int:
    """Write the 8-bit form of an imported OpenL3: static, weights per channel, ranges from real music.

    Raises:
        ModelError: `model` is no OpenL3 artefact.
    """
    manifest = read_manifest(model, "embedder", 0.1)
    if manifest.front_end != "openl3-mel256":
        raise ModelError(f"{model}: front_end is {manifest.front_end}; only an imported OpenL3 needs 8 bits")
    windows = draw_windows(data, count + HELD_OUT, np.random.default_rng(seed))
    out.mkdir(parents=True, exist_ok=True)
    path = out / "embedder.onnx"
    quantize_static(
        model / manifest.step.file,
        path,
        Calibration(windows[HELD_OUT:]),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    found = write_manifest(
        out,
        path,
        name=f"{manifest.name}-int8",
        kind="embedder",
        front_end="openl3-mel256",
        derived_from=manifest.name,
        derived_from_sha256=manifest.step.sha256,
        **_times(),
    )
    cosines, times = compare(model / manifest.step.file, path, windows[:HELD_OUT])
    facts = {
        "calibrated on": f"{count} windows of real songs, seed {seed}",
        "quality": f"cosine to the original on {HELD_OUT} other windows: least {min(cosines):.4f}, "
        f"median {np.median(cosines):.4f}",
        "speed": f"{times[1]:.0f} ms a window on one thread, the original {times[0]:.0f} ms",
        "size": f"{_megabytes(path):.1f} MB, the original {_megabytes(model / manifest.step.file):.1f} MB",
    }
    print("\n".join(f"{name}: {text}" for name, text in facts.items()))
    (out / "card.md").write_text(card(found, f"`{manifest.name}` in 8 bits.", facts), encoding="utf-8")
    return 0


def compare(original: Path, other: Path, windows: list[Float32Array]) -> tuple[list[float], tuple[float, float]]:
    """Cosine similarity of each window's embeddings, and median milliseconds of both, one thread, in turns."""
    sessions, cosines, times = [_session(original), _session(other)], [], ([], [])
    for window in windows:
        given, vectors = spectrogram(window), []
        for session, spent in zip(sessions, times, strict=True):
            begun = time.perf_counter()
            vectors.append(session.run(None, {"spectrogram": given})[0][0])
            spent.append(1e3 * (time.perf_counter() - begun))
        a, b = vectors
        cosines.append(float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-12)))
    return cosines, (float(np.median(times[0])), float(np.median(times[1])))


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


def _times() -> dict[str, float]:
    return {"hop_s": 0.1, "window_s": WINDOW_SAMPLES / SAMPLE_RATE_HZ, "look_ahead_s": 0.0, "centre_s": 0.5}


def card(manifest: Manifest, title: str, facts: dict[str, str]) -> str:
    """A model card in Markdown."""
    rows = {
        "in": "one second of 48 kHz mono, as the front end of OpenL3 0.4 shows it: `spectrogram` [1, 256, 199, 1]",
        "out": "`embedding` [1, 512]",
        "future it sees": "none: live, the window ends now. Decoders trained on centred windows, as the authors' was, "
        "take it for the sound around the moment half a second ago",
        **facts,
    }
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    source = "Cramer et al., ICASSP 2019; code MIT, weights CC BY 4.0, as published."
    return f"# {manifest.name}\n\n{title} {source}\n\n| | |\n|---|---|\n{table}\n"


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.openl3", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", required=True)
    importing = verbs.add_parser("import", help="released Keras weights to an artefact")
    importing.add_argument("weights", type=Path, help=".h5 or .h5.gz of music, mel256")
    importing.add_argument("--probe", type=Path, help="npz with audio (48 kHz mono) and embedding [T, 512]")
    quantizing = verbs.add_parser("quantize", help="calibrated 8-bit form of an imported OpenL3")
    quantizing.add_argument("--model", type=Path, required=True, help="artefact folder written by import")
    quantizing.add_argument("--windows", type=int, default=48, help="windows to calibrate on")
    distilling = verbs.add_parser("distill", help="teach a small network to answer like it")
    distilling.add_argument("--teacher", type=Path, required=True, help="artefact folder written by import")
    distilling.add_argument("--steps", type=int, default=DistilRecipe().steps)
    distilling.add_argument("--windows", type=int, default=DistilRecipe().windows, help="windows the teacher is asked")
    distilling.add_argument("--resume", action="store_true", help="go on from OUT/last.pt if there is one")
    distilling.add_argument("--device", default="cpu")
    distilling.add_argument("--max-minutes", type=float, default=240.0)
    for verb in (quantizing, distilling):
        verb.add_argument("--data", type=Path, required=True, help="audio folder with tracks.csv")
        verb.add_argument("--seed", type=int, default=1)
    for verb in (importing, quantizing, distilling):
        verb.add_argument("--out", type=Path, required=True, help="artefact folder; of distill: run folder")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    options = parse(argv)
    torch.set_num_threads(1)
    try:
        if options.verb == "import":
            return import_weights(options.weights, options.out, options.probe)
        if options.verb == "quantize":
            return quantize(options.model, options.data, options.out, options.windows, options.seed)
        recipe = DistilRecipe(steps=options.steps, windows=options.windows)
        student = distil(
            options.teacher, options.data, options.out, recipe, options.seed,
            resume=options.resume, device=options.device, max_minutes=options.max_minutes,
        )  # fmt: skip
        export_student(student, options.teacher, options.out)
    except (ControllerError, FileNotFoundError) as error:
        print(f"openl3 {options.verb}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
