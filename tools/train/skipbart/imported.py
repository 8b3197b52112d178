"""Import of the authors' weights: from their two files to an artefact folder, with a probe that proves it.

Edge: reads and writes files, prints what it found.
"""

from pathlib import Path

import numpy as np
import torch

from controller.artefacts.artefact import Manifest, read_manifest
from controller.errors import ModelError
from tools.train.skipbart.live import Measured, Precision, export_live, measure
from tools.train.skipbart.lora import merge
from tools.train.skipbart.network import Size, SkipBart
from tools.train.skipbart.official import OPENL3, read_official, unpacked
from tools.train.skipbart.weights import keep_weights

PROBE_LIMIT = 1e-3
NAME = "skipbart-official"


def import_official(
    bart: Path,
    head: Path | None,
    out: Path,
    *,
    size: Size,
    probe: Path | None,
    embedder: Path | None,
    prefix: str | None,
    hops: int,
    refresh_hops: int,
    precision: Precision,
    keep: bool = False,
) -> int:
    """Write the artefact into `out`; returns the exit status: 1 if the probe's logits are missed by more than 1e-3.

    Args:
        bart, head: the authors' files, or `bart` the ZIP that holds both. size: what they hold.
        prefix: see `official.read_official`.
        probe: `.npz` with `music` (1, L, 512), `light_in` (1, L, 2), `hue` (1, L, 181) and `value` (1, L, 257).
        embedder: folder of the imported OpenL3 the decoder is to be bound to.
        hops, refresh_hops, precision: see `live.export_live`. keep: the weights beside the graphs, to finetune from.

    Raises:
        ModelError: a file is not of the layout.
    """
    with unpacked(bart, head) as (body, crown):
        network = merge(read_official(body, crown, size, prefix=prefix))
    print(f"{bart}: {sum(p.numel() for p in network.parameters()):,} parameters in use, adapters merged")
    if probe is not None:
        difference = probe_difference(network, probe)
        print(f"{probe}: largest difference of a logit {difference:.2e}, allowed {PROBE_LIMIT:g}")
        if not difference <= PROBE_LIMIT:
            return 1
    bound = read_manifest(embedder, "embedder", 0.1) if embedder else None
    name, sha256 = (bound.name, bound.step.sha256) if bound else (OPENL3, None)
    name_out = NAME if precision == "fp32" else f"{NAME}-{precision}"
    sizes = {"hops": hops, "refresh_hops": refresh_hops}
    manifest = export_live(
        network, out, name=name_out, embedder=name, embedder_sha256=sha256, precision=precision, **sizes
    )
    stand_in = bound or manifest.model_copy(update={"name": name})  # only its name is looked at
    if keep:
        manifest = keep_weights(network, out, manifest)
    found = measure(network, out, stand_in, np.random.default_rng(1))
    print(
        f"{out}: graphs differ from the network by at most {found.difference:.1e} (logits up to {found.largest:.1f})\n"
        f"a step p50 {found.step_ms[0]:.1f} ms, p99 {found.step_ms[1]:.1f} ms, refresh {found.refresh_s:.2f} s"
    )
    (out / "card.md").write_text(card(manifest, size, found), encoding="utf-8")
    return 0


@torch.no_grad()
def probe_difference(network: SkipBart, probe: Path) -> float:
    """Largest difference between a network's teacher-forced logits and a probe's.

    Raises:
        ModelError: no probe, or arrays of other names or shapes.
    """
    try:
        with np.load(probe) as arrays:
            music, light, hue, value = (arrays[name] for name in ("music", "light_in", "hue", "value"))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{probe}: not a probe ({error}); it needs music, light_in, hue and value") from error
    length = music.shape[1] if music.ndim == 3 else 0
    shapes = ((1, length, 512), (1, length, 2), (1, length, 181), (1, length, 257))
    for name, array, shape in zip(
        ("music", "light_in", "hue", "value"), (music, light, hue, value), shapes, strict=True
    ):
        if length == 0 or array.shape != shape:
            raise ModelError(f"{probe}: '{name}' has shape {list(array.shape)}, not [1, L, {shape[-1]}]")
    logits = network(torch.from_numpy(music.astype(np.float32)), torch.from_numpy(light.astype(np.int64)))
    return max(float(np.abs(a.numpy() - b).max()) for a, b in zip(logits, (hue, value), strict=True))


def card(manifest: Manifest, size: Size, found: Measured) -> str:
    """The model card of an import, in Markdown."""
    past, every = manifest.context_hops, manifest.refresh_hops
    difference = f"at most {found.difference:.1e} (logits up to {found.largest:.1f}), "
    difference += f"the same hue first at {found.agreement:.0%} of hops"
    rows = {
        "in": f"embeddings of `{manifest.embedder}`, ten a second, and the light before each hop",
        "out": "logits of hue and value of the light of each hop",
        "network": f"d {size.d}, {size.encoder_layers} encoder and {size.decoder_layers} decoder layers, bidirectional "
        "encoder, adapters merged",
        "future it sees": f"none, live: every {every} hops a refresh reads the {past} hops before it, in both "
        "directions; newer music reaches the decoder through the skip connection only. As published it saw the whole "
        "song. OpenL3's centred window lies half a second behind the newest sample",
        "parity": f"graphs against the whole-sequence network: {difference}",
        "speed": f"a step p50 {found.step_ms[0]:.1f} ms, p99 {found.step_ms[1]:.1f} ms; refresh "
        f"{found.refresh_s:.2f} s, off the hot path",
    }
    table = "\n".join(f"| {what} | {text} |" for what, text in rows.items())
    return f"""# {manifest.name}

The authors' Skip-BART (Zhao et al., ICLR 2026), imported; their weights are Apache-2.0 as published, check your copy.

| | |
|---|---|
{table}

How it lights was not measured here. Its "value" was very probably trained on saturation (an index of the published
loader); look before you trust it with brightness. Not for judging how people light, nor for fixtures without the
controller's limits.
"""
