"""A bidirectional Skip-BART as an artefact that the show can run: graphs, manifest, parity, card.

Used by `tools.train.skipbart import` for the authors' weights and by the evaluation for our own. Edge: writes files.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch

from controller.artefacts.artefact import Manifest
from controller.listening.decode.parity import ALLOWED, FILE, PROBES, Probe, answers
from controller.listening.decode.refreshed import PastHop, RefreshedContext, RefreshedNetwork
from controller.listening.embed.embedder import EMBEDDING_SIZE
from tools.train.artefact import write_manifest
from tools.train.skipbart.network import SkipBart
from tools.train.skipbart.parity import probe
from tools.train.skipbart.refresh import export_refreshed

Precision = Literal["fp32", "fp16", "int8"]
HOPS, REFRESH_HOPS, SLACK = 256, 20, 4


@dataclass(frozen=True, slots=True)
class Measured:
    """What an export was found to be.

    Attributes:
        difference: largest difference of any logit between the graphs and the whole-sequence network.
        largest: largest logit, to read the difference by.
        agreement: share of hops at which both put the same hue first.
        step_ms: p50 and p99 of a step, one thread. refresh_s: median of a refresh, one thread.
    """

    difference: float
    largest: float
    agreement: float
    step_ms: tuple[float, float]
    refresh_s: float


def export_live(
    network: SkipBart,
    out: Path,
    *,
    name: str,
    embedder: str,
    embedder_sha256: str | None,
    hops: int = HOPS,
    refresh_hops: int = REFRESH_HOPS,
    precision: Precision = "fp32",
) -> Manifest:
    """Write both graphs and their manifest into `out`.

    Args:
        network: bidirectional, adapters merged, eval mode.
        hops: how much past a refresh reads. refresh_hops: hops between two refreshes.
        precision: "int8": weights of the matrix products as 8-bit integers, activations quantised as they come; "fp16":
            half precision inside, for a GPU (a CPU computes it slowly).
    """
    out.mkdir(parents=True, exist_ok=True)
    hops = min(hops, network.size.positions // 2)
    room = min(hops + SLACK * refresh_hops, network.size.positions)
    step, refresh = export_refreshed(network, out, hops, room)
    for path in (step, refresh):
        _shrink(path, precision)
    return write_manifest(
        out,
        step,
        refresh=refresh,
        name=name,
        kind="decoder",
        embedder=embedder,
        embedder_sha256=embedder_sha256,
        context_hops=hops,
        refresh_hops=refresh_hops,
        hop_s=0.1,
        window_s=1.0,
        look_ahead_s=0.0,
    )


def _shrink(path: Path, precision: Precision) -> None:
    """Rewrite a graph in a smaller precision; its inputs and outputs stay what they are."""
    if precision == "fp32":
        return
    if precision == "fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16  # noqa: PLC0415 - slow, rarely needed

        onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), path)
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    whole = path.with_suffix(".fp32.onnx")
    path.replace(whole)
    quantize_dynamic(
        whole, path, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"]
    )
    whole.unlink()


@torch.no_grad()
def measure(network: SkipBart, folder: Path, embedder: Manifest, rng: np.random.Generator) -> Measured:
    """Compare the graphs with the network on noise of an embedding's scale, time them, and leave a parity file.

    The network is told what the graphs can know: music up to the refresh in the encoder, all of it in the skip path.
    """
    graphs = RefreshedNetwork(folder, embedder)
    hops = graphs.context_hops
    total = min(hops + 2 * graphs.refresh_hops, graphs.room)
    music = (2.0 + rng.normal(size=(total, EMBEDDING_SIZE))).astype(np.float32)
    light = np.stack([rng.integers(0, 180, total), rng.integers(0, 256, total)], axis=1)
    past = [PastHop(music[i], int(light[i, 0]), int(light[i, 1])) for i in range(total)]
    refreshes = []
    for _ in range(3):
        begun = time.perf_counter()
        context = RefreshedContext(graphs, past[:hops])
        refreshes.append(time.perf_counter() - begun)
    rows, times = [], []
    for hop in past[hops:]:
        begun = time.perf_counter()
        rows.append(context.step(hop))
        times.append(1e3 * (time.perf_counter() - begun))
    attend = torch.arange(total)[None] < hops
    logits = network(torch.from_numpy(music)[None], torch.from_numpy(light)[None], attend)
    wanted = [part[0, hops:].numpy() for part in logits]
    got = [np.stack(part) for part in zip(*rows, strict=True)]
    difference = max(float(np.abs(a - b).max()) for a, b in zip(got, wanted, strict=True))
    write_parity(graphs, folder, difference)
    largest = max(float(np.abs(part).max()) for part in wanted)
    p50, p99 = np.percentile(times, [50, 99])
    agreement = float(np.mean(got[0].argmax(axis=1) == wanted[0].argmax(axis=1)))
    return Measured(difference, largest, agreement, (float(p50), float(p99)), float(np.median(refreshes)))


def write_parity(graphs: RefreshedNetwork, folder: Path, difference: float) -> None:
    """Store what the graphs say of music-like noise, silence and noise, now that they are known to be the network.

    Args:
        difference: largest one found between graphs and network; that of another machine may be as large.
    """
    read = graphs.context_hops
    arrays: dict[str, np.ndarray] = {"read": np.array(read), "allowed": np.array(max(ALLOWED, difference))}
    asked = [probe(min(read + more, graphs.room), quiet=quiet) for more, quiet in ((24, False), (8, True), (16, False))]
    for name, (music, light_in) in zip(PROBES, asked, strict=True):
        said = answers(graphs, Probe(music[0], light_in[0], {}, read, 0.0))
        arrays |= {f"{name}music": music[0], f"{name}light_in": light_in[0]}
        arrays |= {f"{name}{answer}": numbers for answer, numbers in said.items()}
    np.savez_compressed(folder / FILE, **arrays)
