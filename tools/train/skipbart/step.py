"""Skip-BART one hop at a time: the graph that runs in the show.

All shapes are fixed. The caller owns the caches, one key and one value array for each attention, and binds them as
inputs and outputs both: the graph writes the row of the hop, at index `position`, where it stands, and reads the rows
up to it. So a hop costs what it remembers, and nothing is copied or grown. Each attention is one node, ONNX Runtime's
`GroupQueryAttention`; the list of contributed operators in the documentation of ONNX Runtime says what it
takes (docs/decisions/0057).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.network import POSITION_OFFSET, Attention, Block, SkipBart, Stack

HIDDEN_SCORE = -1e9
RUNTIMES_OWN = "com.microsoft"
"""Domain of the nodes that ONNX Runtime has beyond ONNX."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One attention's cache: its name and what it belongs to."""

    name: str
    attention: Attention


def slots(network: SkipBart) -> list[Slot]:
    """The attentions of a network in the order of the step's cache inputs."""
    found = [Slot(f"encoder.{i}", layer.self_attn) for i, layer in enumerate(network.encoder.layers)]
    found += [Slot(f"decoder.{i}", layer.self_attn) for i, layer in enumerate(network.decoder.layers)]
    found += [Slot(f"cross.{i}", layer.encoder_attn) for i, layer in enumerate(network.decoder.layers)]
    return found


def cache_names(network: SkipBart) -> list[str]:
    """`encoder.0.key`, `encoder.0.value`, ... in order."""
    return [f"{slot.name}.{part}" for slot in slots(network) for part in ("key", "value")]


def empty_caches(network: SkipBart) -> list[Tensor]:
    """Zero caches, keys and values alike (1, H, T, Dh). What stands past `position` is never read."""
    size = network.size
    return [torch.zeros(1, size.heads, size.positions, size.d_head) for _ in cache_names(network)]


class _Attend(torch.autograd.Function):
    """One query over a cache and its own new row, which is written into the cache; one node of the graph.

    Told the number of heads, then query, key and value (1, 1, d) each, the caches (1, H, T, Dh), and as int32 (1,) how
    many rows stand in them before and after; says (1, 1, d) and the caches with a row more.
    """

    @staticmethod
    def symbolic(g: Any, heads: int, *told: Any) -> Any:  # noqa: ANN401 - the exporter's own types
        """What stands in the graph."""
        query, _, _, keys, values, _, _ = told
        node = f"{RUNTIMES_OWN}::GroupQueryAttention"
        made = g.op(node, *told, num_heads_i=heads, kv_num_heads_i=heads, outputs=3)
        for one, like in zip(made, (query, keys, values), strict=True):
            one.setType(like.type())  # the exporter knows no shapes of nodes beyond ONNX
        return made

    @staticmethod
    def forward(_ctx: Any, heads: int, *told: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401 - torch's own
        """The same in PyTorch."""
        query, key, value, keys, values, before, total = told
        now, end = int(before), int(total)
        keys, values = keys.clone(), values.clone()  # the exporter follows no writing in place
        keys[:, :, now], values[:, :, now] = key.view(1, heads, -1), value.view(1, heads, -1)
        scaled = query.view(1, heads, 1, -1) * (query.shape[-1] // heads) ** -0.5
        weights = torch.softmax(scaled @ keys[:, :, :end].transpose(2, 3), dim=-1)  # (1, H, 1, end)
        return (weights @ values[:, :, :end]).view(1, 1, -1), keys, values


class _Step:
    """The attentions of one step in the order they run, which interleaves the decoder's own and cross caches."""

    def __init__(self, position: Tensor, stored: list[tuple[Tensor, Tensor]]) -> None:
        self.position, self.stored = position, stored
        self.before = position.to(torch.int32)
        self.kept: dict[int, list[Tensor]] = {}

    def attend(self, attention: Attention, x: Tensor, source: Tensor, slot: int) -> Tensor:
        """Attention of one query over the cache and its own new row."""
        row = (attention.q_proj(x)[None], attention.k_proj(source)[None], attention.v_proj(source)[None])
        mixed, *self.kept[slot] = _Attend.apply(attention.heads, *row, *self.stored[slot], self.before, self.before + 1)
        return attention.out_proj(mixed[0])

    def stack(self, stack: Stack, x: Tensor, memory: Tensor | None) -> Tensor:
        """One side of the network for one hop: (1, d) to (1, d)."""
        x = stack.layernorm_embedding(x + stack.embed_positions(self.position + POSITION_OFFSET))
        first = 0 if memory is None else len(self.kept)
        for i, layer in enumerate(stack.layers):
            x = self._block(layer, x, memory, own=first + i, cross=first + len(stack.layers) + i)
        return x

    def _block(self, layer: Block, x: Tensor, memory: Tensor | None, *, own: int, cross: int) -> Tensor:
        x = layer.self_attn_layer_norm(x + self.attend(layer.self_attn, x, x, own))
        if memory is not None:
            x = layer.encoder_attn_layer_norm(x + self.attend(layer.encoder_attn, x, memory, cross))
        return layer.feed_forward(x)


class CachedStep(nn.Module):
    """One hop of a trained network, equal to row `position` of the whole-sequence forward pass."""

    attending = _Step

    def __init__(self, network: SkipBart) -> None:
        super().__init__()
        self.network = network

    def forward(self, music: Tensor, hue: Tensor, value: Tensor, position: Tensor, *rest: Tensor) -> list[Tensor]:
        """One step.

        Args:
            music: (1, 1, 512). hue, value: (1, 1) int64, the light of the hop before (or PAD).
            position: (1,) int64, 0..T-1: how many hops the caches hold.
            rest: where the network is told them, bearings (1, 1, K); then the caches, as in `empty_caches`.

        Returns:
            Hue logits (1, 181), value logits (1, 257), then the caches for the next hop.
        """
        network = self.network
        bearings, caches = (rest[0], rest[1:]) if network.size.bearings else (None, rest)
        step = self.attending(position, list(zip(caches[::2], caches[1::2], strict=True)))
        # one hop is one row: two dimensions, because a third costs a reshape on both sides of each matrix product
        memory = step.stack(network.encoder, network.encoder_input(music, bearings)[:, 0], None)
        light = torch.stack([hue, value], dim=-1)
        hidden = step.stack(network.decoder, network.decoder_input(music, light, bearings)[:, 0], memory)
        kept = [part for slot in sorted(step.kept) for part in step.kept[slot]]
        return [network.hue_head(hidden), network.value_head(hidden), *kept]


def export_step(network: SkipBart, path: Path) -> None:
    """Write the step graph of a causal network as ONNX, opset 17 and ONNX Runtime's own."""
    if network.size.chunk != 1:
        raise ValueError("only a causal network (chunk 1) has exact caches on both sides; see refresh.py for others")
    names = cache_names(network)
    bearings = {"bearings": torch.zeros(1, 1, network.size.bearings)} if network.size.bearings else {}
    inputs = (
        torch.zeros(1, 1, EMBEDDING),
        torch.tensor([[HUE_PAD]]),
        torch.tensor([[VALUE_PAD]]),
        torch.tensor([0]),
        *bearings.values(),
        *empty_caches(network),
    )
    torch.onnx.export(
        CachedStep(network).eval(),
        inputs,
        str(path),
        input_names=["music", "hue", "value", "position", *bearings, *names],
        output_names=["hue_logits", "value_logits", *(f"{name}.kept" for name in names)],
        opset_version=17,
        custom_opsets={RUNTIMES_OWN: 1},
        dynamo=False,
    )
