"""PianoBART one note at a time: keys and values of what was read and written are kept, nothing is computed twice.

The encoder runs once; its vectors become the keys and values of every cross-attention. A step reads one note and
returns the logits of the next one and a new column for each of the decoder's own caches; the caller owns the caches and
writes the columns at `position` (as `tools.train.skipbart.step` does). The authors' generation has no cache: it runs
encoder and decoder over everything for every note.

The same modules run in PyTorch and, exported, in ONNX Runtime.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.skipbart.network import POSITION_OFFSET, Attention, Block
from tools.train.symbolic.bart import PianoBart
from tools.train.symbolic.embedding import NoteHead
from tools.train.symbolic.vocabulary import SOS

HIDDEN_SCORE = -1e9


class Prefill(nn.Module):
    """The prompt, read once: notes (B, S, 8) int64 to keys (B, H, S, Dh) and values (B, H, S, Dh) of every layer.

    The prompt has no padding.
    """

    def __init__(self, network: PianoBart) -> None:
        super().__init__()
        self.network = network

    def forward(self, notes: Tensor) -> list[Tensor]:
        network = self.network
        seen = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=notes.device)
        memory = network.encoder(network.embedding(notes), seen)
        found = []
        for layer in network.decoder.layers:
            across: Attention = layer.encoder_attn
            found += [across.split(across.k_proj(memory)), across.split(across.v_proj(memory))]
        return found


class NoteStep(nn.Module):
    """One note of the decoder, equal to row `position` of the pass over the whole sequence."""

    def __init__(self, network: PianoBart, head: NoteHead) -> None:
        super().__init__()
        self.network, self.head = network, head

    def forward(self, note: Tensor, position: Tensor, *caches: Tensor) -> list[Tensor]:
        """One step.

        Args:
            note: (B, 1, 8) int64, the note before (or SOS). position: (1,) int64, how many notes the caches hold.
            caches: for each layer own keys and values (B, H, T, Dh), then for each layer the prompt's, of `Prefill`.

        Returns:
            Logits (B, 1280), then for each own cache its new column (B, H, 1, Dh).
        """
        network = self.network
        layers = network.decoder.layers
        own, across = caches[: 2 * len(layers)], caches[2 * len(layers) :]
        hidden = torch.arange(own[0].shape[2], device=note.device) >= position
        stack = network.decoder
        x = stack.layernorm_embedding(network.embedding(note)[:, 0] + stack.embed_positions(position + POSITION_OFFSET))
        columns = []
        for i, layer in enumerate(layers):
            x, key, value = _layer(layer, x, own[2 * i : 2 * i + 2], across[2 * i : 2 * i + 2], hidden)
            columns += [key, value]
        return [self.head(x), *columns]


def _layer(
    layer: Block, x: Tensor, own: tuple[Tensor, ...], across: tuple[Tensor, ...], hidden: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """(B, d) through one layer; also the new key and value (B, H, 1, Dh)."""
    attention = layer.self_attn
    q, key, value = (
        _heads(attention, project(x)) for project in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    q = q * attention.d_head**-0.5
    past = torch.where(hidden, HIDDEN_SCORE, q @ own[0].transpose(2, 3))
    weights = torch.softmax(torch.cat([past, q @ key.transpose(2, 3)], dim=-1), dim=-1)
    mixed = weights[..., :-1] @ own[1] + weights[..., -1:] * value
    x = layer.self_attn_layer_norm(x + attention.out_proj(mixed.flatten(1)))
    other = layer.encoder_attn
    q = _heads(other, other.q_proj(x)) * other.d_head**-0.5
    mixed = torch.softmax(q @ across[0].transpose(2, 3), dim=-1) @ across[1]
    x = layer.encoder_attn_layer_norm(x + other.out_proj(mixed.flatten(1)))
    x = layer.final_layer_norm(x + layer.fc2(functional.gelu(layer.fc1(x))))
    return x, key, value


def _heads(attention: Attention, x: Tensor) -> Tensor:
    """(B, d) to (B, H, 1, Dh)."""
    return x.view(-1, attention.heads, 1, attention.d_head)


def cache_names(network: PianoBart, kind: str) -> list[str]:
    """`own.0.key`, `own.0.value`, ... or `prompt.0.key`, ..."""
    return [f"{kind}.{i}.{part}" for i in range(len(network.decoder.layers)) for part in ("key", "value")]


def empty_caches(network: PianoBart, batch: int = 1) -> list[Tensor]:
    """Zero caches (B, H, T, Dh); what lies past `position` is never read as data, but it must be finite."""
    size = network.size
    shape = (batch, size.heads, size.positions, size.d_head)
    return [torch.zeros(shape) for _ in range(2 * len(network.decoder.layers))]


def export_graphs(network: PianoBart, head: NoteHead, folder: Path) -> tuple[Path, Path]:
    """Write `encoder.onnx` and `step.onnx`, opset 17, for batches of one; returns both paths."""
    prefill, step = Prefill(network).eval(), NoteStep(network, head).eval()
    prompt = torch.from_numpy(SOS)[None, None].repeat(1, 3, 1)
    prompts, owns = cache_names(network, "prompt"), cache_names(network, "own")
    paths = folder / "encoder.onnx", folder / "step.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    lengths = {name: {2: "prompt"} for name in prompts}
    _export(prefill, (prompt,), paths[0], ["notes"], prompts, {"notes": {1: "prompt"}, **lengths})
    with torch.no_grad():
        across = prefill(prompt)
    told = (prompt[:, :1], torch.tensor([0]), *empty_caches(network), *across)
    names = ["note", "position", *owns, *prompts]
    _export(step, told, paths[1], names, ["logits", *(f"{name}.new" for name in owns)], lengths)
    return paths


def _export(
    module: nn.Module,
    told: tuple[Tensor, ...],
    path: Path,
    *names: Any,  # noqa: ANN401 - inputs, outputs, axes that vary
) -> None:
    with warnings.catch_warnings():
        # PyTorch announces another exporter; this one writes the graphs that the rest of the project has, too
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            told,
            str(path),
            input_names=names[0],
            output_names=names[1],
            dynamic_axes=names[2],
            opset_version=17,
            dynamo=False,
        )
