"""The step graph as it was exported until December 2026, which artefacts on people's disks still are.

Keys are (1, H, Dh, T), values (1, H, T, Dh); the graph reads all of both, hides what lies at `position` and after it,
and returns the column or row of the hop, which whoever runs it writes into the cache.
"""

from pathlib import Path

import torch
from torch import Tensor

from controller.artefacts.artefact import Manifest
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.artefact import write_manifest
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart import step
from tools.train.skipbart.network import Attention, SkipBart


class _Columns(step._Step):
    """Attention over the whole cache, and what is new of it."""

    def attend(self, attention: Attention, x: Tensor, source: Tensor, slot: int) -> Tensor:
        keys, values = self.stored[slot]
        heads = keys.shape[1]
        q = attention.q_proj(x).view(1, heads, 1, -1) * attention.d_head**-0.5
        key = attention.k_proj(source).view(1, heads, -1, 1)
        value = attention.v_proj(source).view(1, heads, 1, -1)
        self.kept[slot] = [key, value]
        past = torch.where(torch.arange(keys.shape[3]) >= self.position, step.HIDDEN_SCORE, q @ keys)
        weights = torch.softmax(torch.cat([past, q @ key], dim=-1), dim=-1)
        mixed = weights[..., :-1] @ values + weights[..., -1:] * value
        return attention.out_proj(mixed.view(1, -1))


class _OlderStep(step.CachedStep):
    attending = _Columns


def export_older_step(network: SkipBart, folder: Path, **fields: str | float | None) -> Manifest:
    """Write the graph of a causal network and its manifest."""
    size, names = network.size, step.cache_names(network)
    shapes = [(1, size.heads, size.d_head, size.positions), (1, size.heads, size.positions, size.d_head)]
    light = torch.tensor([[HUE_PAD]]), torch.tensor([[VALUE_PAD]])
    caches = [torch.zeros(shape) for _ in range(len(names) // 2) for shape in shapes]
    torch.onnx.export(
        _OlderStep(network).eval(),
        (torch.zeros(1, 1, EMBEDDING), *light, torch.tensor([0]), *caches),
        str(folder / "step.onnx"),
        input_names=["music", "hue", "value", "position", *names],
        output_names=["hue_logits", "value_logits", *(f"{name}.new" for name in names)],
        opset_version=17,
        dynamo=False,
    )
    return write_manifest(folder, folder / "step.onnx", kind="decoder", context_hops=size.positions, **fields)
