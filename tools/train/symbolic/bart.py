"""PianoBART: an encoder that sees the whole music and a decoder that writes it note by note; no training code.

Source: Liang et al., "PianoBART", ICME 2024, on BART (Lewis et al., ACL 2020). The backbone is that of
`tools.train.skipbart.network`, so that its weights move into a Skip-BART tensor by tensor (`into_skipbart.py`).

Departure: no unused parts. The official 224 004 096 parameters are 172 532 736 and the shared token table
(50 265 x 1 024) that nothing reads; the eight output layers are another 1 312 000.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.skipbart.network import Attention, Size, Stack
from tools.train.symbolic.embedding import NoteEmbedding, real
from tools.train.symbolic.vocabulary import SOS


@dataclass(frozen=True, slots=True)
class BartSize(Size):
    """Dimensions of the backbone and, besides, the width of one attribute's vectors. Defaults: the official ones."""

    chunk: int = 0
    width: int = 256


OFFICIAL = BartSize()
SMALL = BartSize(d=192, encoder_layers=3, decoder_layers=4, heads=4, ffn=384, positions=512, width=64)
TINY = BartSize(d=32, encoder_layers=2, decoder_layers=2, heads=4, ffn=48, positions=64, width=8, dropout=0.0)


class ProductAttention(Attention):
    """The same attention; in bfloat16 on a processor as two plain products, which train there two to three times as
    fast as PyTorch's fused kernel does."""

    def forward(self, x: Tensor, source: Tensor, seen: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q_proj(x)), self.split(self.k_proj(source)), self.split(self.v_proj(source))
        if q.dtype != torch.bfloat16 or q.device.type != "cpu":
            mixed = functional.scaled_dot_product_attention(q, k, v, seen, is_causal=seen is None)
            return self.out_proj(mixed.transpose(1, 2).flatten(2))
        scores = (q * self.d_head**-0.5) @ k.transpose(-1, -2)
        if seen is None:
            seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        weights = torch.softmax(scores + torch.where(seen, 0.0, float("-inf")).to(scores.dtype), dim=-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class PianoBart(nn.Module):
    """Notes for the encoder (B, S, 8) and for the decoder (B, L, 8), int64, to the decoder's vectors (B, L, d).

    Padding is recognised by its ids. The decoder is causal: row i has read the decoder's notes 0..i.
    """

    def __init__(self, size: BartSize) -> None:
        super().__init__()
        self.size = size
        self.embedding = NoteEmbedding(size.width, size.d)
        self.encoder = Stack(size, size.encoder_layers, cross=False)
        self.decoder = Stack(size, size.decoder_layers, cross=True)
        for layer in (*self.encoder.layers, *self.decoder.layers):
            layer.self_attn = ProductAttention(size)
            if layer.encoder_attn is not None:
                layer.encoder_attn = ProductAttention(size)
        for name, module in (*self.encoder.named_modules(), *self.decoder.named_modules()):
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02 if name.endswith(("out_proj", "fc2")) else 0.04)
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)

    def encode(self, notes: Tensor) -> tuple[Tensor, Tensor]:
        """The encoder's vectors (B, S, d) and which of them may be looked at, (B, 1, 1, S) bool."""
        seen = real(notes)[:, None, None, :]
        return self.encoder(self.embedding(notes), seen), seen

    def forward(self, source: Tensor, told: Tensor) -> Tensor:
        memory, seen = self.encode(source)
        return self.decoder(self.embedding(told), None, memory, seen)

    def understand(self, notes: Tensor) -> Tensor:
        """Vectors for judging music: the decoder reads the same notes as the encoder, unshifted, as published."""
        return self(notes, notes)


def late(notes: Tensor) -> Tensor:
    """Notes (B, L, 8) one place later, behind the SOS octuple: what the decoder is told."""
    start = torch.from_numpy(SOS).to(notes).expand(len(notes), 1, -1)
    return torch.cat([start, notes[:, :-1]], dim=1)
