"""Bidirectional Skip-BART for a live show: one graph that reads the past, one that goes on from it.

A bidirectional encoder's every state changes with every new hop of music, and with it every cached state of the
decoder. So the past is read anew at intervals, off the hot path (`refresh.onnx`: encoder, cross-attention keys and
values, decoder prefill), and between two refreshes the decoder goes on hop by hop (`step.onnx`), hearing newer music
through the skip connection only. The runtime's side is `controller/listening/decode/refreshed.py`.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.network import POSITION_OFFSET, Attention, SkipBart
from tools.train.skipbart.step import HIDDEN_SCORE

PARTS = ("key", "value")


def memory_names(network: SkipBart) -> list[str]:
    """What a refresh hands on: for each decoder layer its own and its cross keys and values, `own.0.key` and so on."""
    return [
        f"{kind}.{i}.{part}" for kind in ("own", "cross") for i in range(network.size.decoder_layers) for part in PARTS
    ]


class Refresh(nn.Module):
    """The past, read as a whole.

    Args:
        network: bidirectional, adapters merged.
        hops: rows of every input; fewer may be filled.
    """

    def __init__(self, network: SkipBart, hops: int) -> None:
        super().__init__()
        self.network, self.hops = network, hops

    def forward(self, music: Tensor, hue: Tensor, value: Tensor, length: Tensor) -> list[Tensor]:
        """Keys (1, H, Dh, hops) and values (1, H, hops, Dh), in the order of `memory_names`.

        Args:
            music: (1, hops, 512). hue, value: (1, hops) int64, the light before each hop.
            length: (1,) int64, how many rows are filled, from the first on; what lies behind is not looked at.
        """
        network = self.network
        rows = torch.arange(self.hops)
        filled = (rows < length)[None, None, None, :]  # (1, 1, 1, hops): which keys there are
        causal = (rows[None, :] <= rows[:, None])[None, None]
        memory = network.encoder(network.music_encoder(music), filled.expand(1, 1, self.hops, self.hops))
        stack = network.decoder
        x = stack.embed(network.decoder_input(music, torch.stack([hue, value], dim=-1)), rows)
        own, cross = [], []
        for layer in stack.layers:
            own += _keys_values(layer.self_attn, x)
            cross += _keys_values(layer.encoder_attn, memory)
            x = layer(x, causal, memory, filled.expand(1, 1, self.hops, self.hops))
        return [*own, *cross]


def _keys_values(attention: Attention, source: Tensor) -> list[Tensor]:
    keys, values = attention.split(attention.k_proj(source)), attention.split(attention.v_proj(source))
    return [keys.transpose(2, 3), values]


class FollowingStep(nn.Module):
    """One hop of the decoder behind a refresh.

    Args:
        network: bidirectional, adapters merged.
        hops: rows of a refresh.
        room: rows of the decoder's own cache: those of the refresh and those that come before the next one.
    """

    def __init__(self, network: SkipBart, hops: int, room: int) -> None:
        super().__init__()
        self.network, self.hops, self.room = network, hops, room

    def forward(
        self, music: Tensor, hue: Tensor, value: Tensor, position: Tensor, length: Tensor, *memory: Tensor
    ) -> list[Tensor]:
        """One step.

        Args:
            music: (1, 1, 512). hue, value: (1, 1) int64, the light of the hop before.
            position: (1,) int64, how many rows of the own caches are filled.
            length: (1,) int64, how many rows of the cross caches are filled; at least one.
            memory: own caches with `room` rows, cross caches with `hops` rows, in the order of `memory_names`.

        Returns:
            Hue logits (1, 181), value logits (1, 257), then a new column or row for each own cache.
        """
        network, stack = self.network, self.network.decoder
        future = torch.arange(self.room) >= position
        unfilled = torch.arange(self.hops) >= length
        light = torch.stack([hue, value], dim=-1)
        x = network.decoder_input(music, light)[:, 0]
        x = stack.layernorm_embedding(x + stack.embed_positions(position + POSITION_OFFSET))
        columns: list[Tensor] = []
        count = 2 * len(stack.layers)
        for i, layer in enumerate(stack.layers):
            keys, values = memory[2 * i : 2 * i + 2]
            new_key = layer.self_attn.k_proj(x).view(1, network.size.heads, -1, 1)
            new_value = layer.self_attn.v_proj(x).view(1, network.size.heads, 1, -1)
            columns += [new_key, new_value]
            q = _query(layer.self_attn, x)
            scores = torch.cat([torch.where(future, HIDDEN_SCORE, q @ keys), q @ new_key], dim=-1)
            weights = torch.softmax(scores, dim=-1)
            mixed = weights[..., :-1] @ values + weights[..., -1:] * new_value
            x = layer.self_attn_layer_norm(x + layer.self_attn.out_proj(mixed.view(1, -1)))
            keys, values = memory[count + 2 * i : count + 2 * i + 2]
            weights = torch.softmax(torch.where(unfilled, HIDDEN_SCORE, _query(layer.encoder_attn, x) @ keys), dim=-1)
            x = layer.encoder_attn_layer_norm(x + layer.encoder_attn.out_proj((weights @ values).view(1, -1)))
            x = layer.feed_forward(x)
        return [network.hue_head(x), network.value_head(x), *columns]


def _query(attention: Attention, x: Tensor) -> Tensor:
    return attention.q_proj(x).view(1, attention.heads, 1, -1) * attention.d_head**-0.5


def empty_memory(network: SkipBart, hops: int, room: int) -> list[Tensor]:
    """Zero caches in the order of `memory_names`: own with `room` rows, cross with `hops`."""
    size, shapes = network.size, []
    for rows in (room, hops):
        layer = [(1, size.heads, size.d_head, rows), (1, size.heads, rows, size.d_head)]
        shapes += layer * size.decoder_layers
    return [torch.zeros(shape) for shape in shapes]


def export_refreshed(network: SkipBart, folder: Path, hops: int, room: int) -> tuple[Path, Path]:
    """Write `step.onnx` and `refresh.onnx`, opset 17; both with fixed shapes."""
    names = memory_names(network)
    own = names[: len(names) // 2]
    length = torch.tensor([1])
    step, refresh = folder / "step.onnx", folder / "refresh.onnx"
    light = torch.tensor([[HUE_PAD]]), torch.tensor([[VALUE_PAD]])
    torch.onnx.export(
        FollowingStep(network, hops, room).eval(),
        (torch.zeros(1, 1, EMBEDDING), *light, torch.tensor([0]), length, *empty_memory(network, hops, room)),
        str(step),
        input_names=["music", "hue", "value", "position", "length", *names],
        output_names=["hue_logits", "value_logits", *(f"{name}.new" for name in own)],
        opset_version=17,
        dynamo=False,
    )
    past = torch.zeros(1, hops, EMBEDDING), *(one.repeat(1, hops) for one in light)
    torch.onnx.export(
        Refresh(network, hops).eval(),
        (*past, length),
        str(refresh),
        input_names=["music", "hue", "value", "length"],
        output_names=names,
        opset_version=17,
        dynamo=False,
    )
    return step, refresh
