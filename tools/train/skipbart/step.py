"""Skip-BART one hop at a time: the graph that runs in the show.

All shapes are fixed. The caller owns the caches, one key and one value array for each attention, and writes what the
step returns at index `position`: nothing is copied or grown inside the graph.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.network import POSITION_OFFSET, Attention, Block, SkipBart, Stack

HIDDEN_SCORE = -1e9


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
    """Zero caches: keys (1, H, Dh, T), values (1, H, T, Dh). Contents past `position` are never read as data, but they
    must be finite."""
    size = network.size
    key = (1, size.heads, size.d_head, size.positions)
    value = (1, size.heads, size.positions, size.d_head)
    return [torch.zeros(shape) for _ in slots(network) for shape in (key, value)]


class CachedStep(nn.Module):
    """One hop of a trained network, equal to row `position` of the whole-sequence forward pass."""

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
            Hue logits (1, 181), value logits (1, 257), then for each cache its new column or row.
        """
        network = self.network
        bearings, caches = (rest[0], rest[1:]) if network.size.bearings else (None, rest)
        hidden_positions = torch.arange(network.size.positions) >= position  # (T,)
        stored = iter(zip(caches[::2], caches[1::2], strict=True))
        step = _Step(hidden_positions, stored)
        # one hop is one row: two dimensions, because a third costs a reshape on both sides of each matrix product
        memory = step.stack(network.encoder, network.encoder_input(music, bearings)[:, 0], position, None)
        light = torch.stack([hue, value], dim=-1)
        hidden = step.stack(network.decoder, network.decoder_input(music, light, bearings)[:, 0], position, memory)
        encoder, own, cross = step.sorted_columns(network)
        return [network.hue_head(hidden), network.value_head(hidden), *encoder, *own, *cross]


class _Step:
    """The attentions of one step in the order they run, which interleaves the decoder's own and cross caches."""

    def __init__(self, hidden_positions: Tensor, stored: Iterator[tuple[Tensor, Tensor]]) -> None:
        self.hidden = hidden_positions
        self.stored = list(stored)
        self.columns: dict[int, tuple[Tensor, Tensor]] = {}

    def attend(self, attention: Attention, x: Tensor, source: Tensor, slot: int) -> Tensor:
        """Attention of one query over the cache and its own new column."""
        keys, values = self.stored[slot]
        heads = keys.shape[1]
        q = attention.q_proj(x).view(1, heads, 1, -1) * attention.d_head**-0.5  # (1, H, 1, Dh)
        key = attention.k_proj(source).view(1, heads, -1, 1)  # (1, H, Dh, 1)
        value = attention.v_proj(source).view(1, heads, 1, -1)  # (1, H, 1, Dh)
        self.columns[slot] = (key, value)
        past = torch.where(self.hidden, HIDDEN_SCORE, q @ keys)  # (1, H, 1, T)
        weights = torch.softmax(torch.cat([past, q @ key], dim=-1), dim=-1)
        mixed = weights[..., :-1] @ values + weights[..., -1:] * value
        return attention.out_proj(mixed.view(1, -1))

    def stack(self, stack: Stack, x: Tensor, position: Tensor, memory: Tensor | None) -> Tensor:
        """One side of the network for one hop: (1, d) to (1, d)."""
        x = stack.layernorm_embedding(x + stack.embed_positions(position + POSITION_OFFSET))
        first = 0 if memory is None else len(self.columns)
        for i, layer in enumerate(stack.layers):
            x = self._block(layer, x, memory, own=first + i, cross=first + len(stack.layers) + i)
        return x

    def _block(self, layer: Block, x: Tensor, memory: Tensor | None, *, own: int, cross: int) -> Tensor:
        x = layer.self_attn_layer_norm(x + self.attend(layer.self_attn, x, x, own))
        if memory is not None:
            x = layer.encoder_attn_layer_norm(x + self.attend(layer.encoder_attn, x, memory, cross))
        return layer.feed_forward(x)

    def sorted_columns(self, network: SkipBart) -> tuple[list[Tensor], ...]:
        """New columns and rows of the encoder's, decoder's and cross caches, in the order of the inputs."""
        flat = [list(self.columns[slot]) for slot in sorted(self.columns)]
        n, m = len(network.encoder.layers), len(network.decoder.layers)
        groups = flat[:n], flat[n : n + m], flat[n + m :]
        return tuple([part for pair in group for part in pair] for group in groups)


def write_columns(caches: list[Tensor], columns: list[Tensor], position: int) -> None:
    """Store a step's new columns and rows in place, as the runtime does."""
    for i, (cache, column) in enumerate(zip(caches, columns, strict=True)):
        if i % 2 == 0:
            cache[..., position] = column[..., 0]
        else:
            cache[..., position, :] = column[..., 0, :]


def export_step(network: SkipBart, path: Path) -> None:
    """Write the step graph of a causal network as ONNX, opset 17."""
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
        output_names=["hue_logits", "value_logits", *(f"{name}.new" for name in names)],
        opset_version=17,
        dynamo=False,
    )
