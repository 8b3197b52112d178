"""An artefact's graph written anew, as today's program writes it, with the very weights that it holds.

Graphs exported before December 2026 run as they are, somewhat slower (docs/decisions/0057).
Edge: reads and writes files.
"""

from pathlib import Path

import numpy as np
import torch

from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ModelError
from controller.listening.decode.parity import ALLOWED, FILE, PROBES, TRIED_HOPS
from controller.sound_format import HOP_S
from tools.train.artefact import describe_onnx, save_manifest
from tools.train.skipbart.network import SkipBart
from tools.train.skipbart.parity import parity_difference, stand_in, state
from tools.train.skipbart.step import export_step
from tools.train.skipbart.weights import read_network


def renew(source: Path, out: Path) -> float:
    """Write the artefact of `source` to the folder `out`, which has its name; returns how far its answers are off.

    Raises:
        ModelError: it is no causal decoder with its weights and its parity file, or says something else afterwards.
        FileExistsError: there is something at `out`.
    """
    manifest, network = read_manifest(source, "decoder", HOP_S), read_network(source)
    if network.size.chunk != 1:
        raise ModelError(f"{source}: a bidirectional decoder; import it again instead")
    parity = _parity(network, source / FILE)
    out.mkdir(parents=True)
    export_step(network, out / "step.onnx")
    np.savez_compressed(out / FILE, **parity)
    changed = {"step": describe_onnx(out / "step.onnx").model_dump(), "weights": None}
    made = save_manifest(out, Manifest.model_validate({**manifest.model_dump(), **changed}))
    difference = parity_difference(out, stand_in(made))
    if not difference <= ALLOWED:
        raise ModelError(f"{out}: the graph says something else than before, by {difference:.1e}; report this")
    for name in ("card.md", "scores.json"):
        if (source / name).is_file():
            (out / name).write_bytes((source / name).read_bytes())
    return difference


@torch.no_grad()
def _parity(network: SkipBart, path: Path) -> dict[str, np.ndarray]:
    """What the artefact was asked and said; what its caches then hold lies in another order now."""
    if not path.is_file():
        raise ModelError(
            f"{path}: not there, so nothing tells what the model should say; export it from its checkpoint"
        )
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for probe in PROBES:
        music, light = (torch.from_numpy(arrays[f"{probe}{name}"][None, :TRIED_HOPS]) for name in ("music", "light_in"))
        there = torch.from_numpy(arrays[f"{probe}bearings"][None]) if f"{probe}bearings" in arrays else None
        arrays[f"{probe}state"] = state(network, music, light, there)
    return arrays
