"""The trained networks as ONNX: `read` (request and example), `write` (one note on), `judge` (whole melodies).

The composer's caches belong to the caller, who adds to them what each step returns: a step costs the same whether there
are two notes or two hundred before it, but for the attention itself. Batch and lengths are free. Edge: writes files.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.train.image2music import words
from tools.train.image2music.network import Composer, Critic
from tools.train.skipbart.network import POSITION_OFFSET, Attention

OPSET = 17


class Read(nn.Module):
    """Request and source to the keys and values of every cross-attention: (layers, B, H, 4 + S, Dh) each."""

    def __init__(self, network: Composer) -> None:
        super().__init__()
        self.network = network

    def forward(self, request: Tensor, source: Tensor, kind: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        memory = self.network.encode(request, source, kind, there)
        across = [layer.encoder_attn for layer in self.network.decoder.layers]
        keys = torch.stack([one.split(one.k_proj(memory)) for one in across])
        return keys, torch.stack([one.split(one.v_proj(memory)) for one in across])


class Write(nn.Module):
    """One note on: logits of its duration, of its pitch for each duration, and the columns for the caches."""

    def __init__(self, network: Composer) -> None:
        super().__init__()
        self.network = network

    def forward(  # noqa: PLR0917 - the inputs of a graph have an order
        self,
        told: Tensor,
        position: Tensor,
        keys: Tensor,
        values: Tensor,
        own_keys: Tensor,
        own_values: Tensor,
        there: Tensor,
    ) -> tuple[Tensor, ...]:
        """One step.

        Args:
            told: (B, 6), `words.shifted`. position: (1,) how many notes are written. keys, values: as `Read` gave them.
            own_keys, own_values: (layers, B, H, position, Dh). there: (B, 4 + S).
        """
        network, stack = self.network, self.network.decoder
        x = network.tell(told[:, None])  # (B, 1, d)
        x = stack.layernorm_embedding(x + stack.embed_positions(position + POSITION_OFFSET))
        new_keys, new_values = [], []
        for at, layer in enumerate(stack.layers):
            own, cross = layer.self_attn, layer.encoder_attn
            new_keys.append(own.split(own.k_proj(x)))
            new_values.append(own.split(own.v_proj(x)))
            key, value = torch.cat([own_keys[at], new_keys[-1]], 2), torch.cat([own_values[at], new_values[-1]], 2)
            x = layer.self_attn_layer_norm(x + _attend(own, x, key, value, None))
            x = layer.encoder_attn_layer_norm(x + _attend(cross, x, keys[at], values[at], there))
            x = layer.feed_forward(x)
        hidden = x[:, 0]
        every = hidden[:, None] + network.drawn.weight[None]  # (B, 16, d)
        return network.duration_head(hidden), network.pitch_head(every), torch.stack(new_keys), torch.stack(new_values)


def _attend(attention: Attention, x: Tensor, key: Tensor, value: Tensor, there: Tensor | None) -> Tensor:
    scores = attention.split(attention.q_proj(x)) @ key.transpose(2, 3) * attention.d_head**-0.5
    if there is not None:
        scores = torch.where(there[:, None, None, :], scores, torch.tensor(-1e9))
    mixed = torch.softmax(scores, dim=-1) @ value
    return attention.out_proj(mixed.transpose(1, 2).flatten(2))


def export_composer(network: Composer, folder: Path) -> None:
    """Write `read.onnx` and `write.onnx`."""
    size = network.eval().size
    request, source = torch.tensor([[0, 5, 10, 16]]), torch.zeros(1, 3, words.COLUMNS, dtype=torch.int64)
    kind, there = torch.tensor([words.EXAMPLE]), torch.ones(1, 7, dtype=torch.bool)
    given = {"request": request, "source": source, "kind": kind, "there": there}
    cache = {1: "batch", 3: "read"}
    free = {"source": {0: "batch", 1: "notes"}, "there": {0: "batch", 1: "read"}, "keys": cache, "values": cache}
    _export(Read(network), given, folder / "read.onnx", ["keys", "values"], free)
    keys, values = Read(network)(request, source, kind, there)
    own = torch.zeros(size.decoder_layers, 2, size.heads, 2, size.d_head)
    told, position = torch.zeros(2, 6, dtype=torch.int64), torch.tensor([2])
    given = {"told": told, "position": position, "keys": keys, "values": values, "own_keys": own,
             "own_values": own.clone(), "there": there}  # fmt: skip
    cache, read = {1: "batch", 3: "written"}, {1: "readers", 3: "read"}
    free = {"keys": read, "values": read, "own_keys": cache, "own_values": cache, "there": {0: "readers", 1: "read"},
            "new_keys": {1: "batch"}, "new_values": {1: "batch"}}  # fmt: skip
    _export(Write(network), given, folder / "write.onnx", ["duration", "pitch", "new_keys", "new_values"], free)


def export_critic(network: Critic, folder: Path) -> None:
    """Write `judge.onnx`."""
    request, rows = torch.tensor([[0, 5]] * 2), torch.zeros(2, 3, words.COLUMNS, dtype=torch.int64)
    given = {"request": request, "rows": rows, "there": torch.ones(2, 3, dtype=torch.bool)}
    notes = {0: "batch", 1: "notes"}
    outputs = ["pitch", "duration", "order"]
    free = dict.fromkeys(["rows", "there", *outputs], notes)
    _export(network.eval(), given, folder / "judge.onnx", outputs, free)


def _export(
    module: nn.Module, given: dict[str, Tensor], file: Path, outputs: list[str], free: dict[str, dict[int, str]]
) -> None:
    """Write a graph whose batch is free, and what else is named in `free`."""
    axes = {name: {0: "batch"} for name in (*given, *outputs) if name != "position"} | free
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no further package is called old
        torch.onnx.export(module.eval(), tuple(given.values()), str(file), input_names=list(given),
                          output_names=outputs, dynamic_axes=axes, opset_version=OPSET, dynamo=False)  # fmt: skip
