"""How much the caches save: `python -m tools.train.skipbart.speed [--precision int8] [--lengths 256 1024]
[--out speed.json]`.

In one run, on one thread, with random weights of the official size: a step as the authors' code makes it (encoder,
decoder and output heads over the whole sequence for one new hop) against a step of the exported graphs.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from controller.artefacts.artefact import read_manifest
from controller.listening.decode.refreshed import PastHop, RefreshedContext, RefreshedNetwork
from tools.train.skipbart.live import export_live
from tools.train.skipbart.network import OFFICIAL, SkipBart
from tools.train.skipbart.official import OPENL3

STEPS = 100
HOPS = 256


@torch.inference_mode()
def recomputed_s(network: SkipBart, length: int, rounds: int) -> float:
    """Median seconds of one step that recomputes everything at this length."""
    music, light = torch.randn(1, length, 512), torch.zeros(1, length, 2, dtype=torch.int64)
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        network(music, light)
        times.append(time.perf_counter() - begun)
    return float(np.median(times[1:]))  # the first one warms up


def cached_ms(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of every step and seconds of three refreshes, as the show runs them."""
    manifest = read_manifest(folder, "decoder", 0.1)
    graphs = RefreshedNetwork(folder, manifest.model_copy(update={"name": OPENL3}))  # an embedder is only its name here
    rng = np.random.default_rng(1)
    past = [PastHop(rng.normal(size=512).astype(np.float32), 90, 128) for _ in range(graphs.context_hops)]
    refreshes, steps = [], []
    for _ in range(3):
        begun = time.perf_counter()
        context = RefreshedContext(graphs, past)
        refreshes.append(time.perf_counter() - begun)
        for hop in past[: min(STEPS, graphs.room - graphs.context_hops - 1)]:
            begun = time.perf_counter()
            context.step(hop)
            steps.append(1e3 * (time.perf_counter() - begun))
    return steps, refreshes


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.skipbart.speed", description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=[256, 1024], help="hops of the recomputed sequence")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "fp16", "int8"], help="of the graphs")
    parser.add_argument("--out", type=Path, help="also write the numbers as JSON here")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    network = SkipBart(OFFICIAL).eval()
    with tempfile.TemporaryDirectory(prefix="followspot-speed-") as folder:
        export_live(
            network, Path(folder), name="speed", embedder=OPENL3, embedder_sha256=None, precision=options.precision
        )
        steps, refreshes = cached_ms(Path(folder))
    p50, p99 = np.percentile(steps, [50, 99])
    print(f"cached: step p50 {p50:.1f} ms, p99 {p99:.1f} ms; refresh of {HOPS} hops {np.median(refreshes):.2f} s")
    numbers: dict[str, Any] = {
        "step_p50_ms": p50,
        "step_p99_ms": p99,
        "refresh_s": float(np.median(refreshes)),
        "recomputed": {},
    }
    for length in options.lengths:
        seconds = recomputed_s(network, length, options.rounds)
        numbers["recomputed"][length] = {"step_s": seconds, "times_slower": 1e3 * seconds / p50}
        print(f"recomputed at {length} hops: {seconds:.2f} s a step, {1e3 * seconds / p50:.0f} times the cached one")
    if options.out is not None:
        options.out.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
