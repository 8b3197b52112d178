"""The encoder of MidiBERT, MusicBERT and Adversarial-MidiBERT: notes in, one vector for each; no training code.

Source: BERT (Devlin et al., 2019) over octuples with relative positions, as released with Adversarial-MidiBERT (Zhao,
ICMR 2025): post-LayerNorm blocks, exact GELU, no absolute positions, and one token-type row that is added to every
note. One network serves three models here; they differ in what they are trained to do (`masking`, `adversary`).

Departure: no unused parts. The official 118 595 840 parameters are 88 530 176 and five things that no forward pass
touches: the word table (30 522 x 768), the absolute positions (1 024 x 768), the second token-type row (768), the
pooler (768 x 768 + 768) and the gate `attention_linear` (2048-1024-1024-2048). `official.py` checks and drops them.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.symbolic.attention import RelativeAttention
from tools.train.symbolic.embedding import NoteEmbedding, real

EPSILON = 1e-12  # BERT's


@dataclass(frozen=True, slots=True)
class BertSize:
    """Dimensions; the defaults are the official ones."""

    d: int = 768
    layers: int = 12
    heads: int = 12
    ffn: int = 3072
    positions: int = 1024
    width: int = 256
    """Of one attribute's vectors."""
    dropout: float = 0.1
    attention_dropout: float = 0.1


OFFICIAL = BertSize()
SMALL = BertSize(d=192, layers=4, heads=4, ffn=512, positions=512, width=64, attention_dropout=0.0)
TINY = BertSize(d=32, layers=2, heads=4, ffn=48, positions=64, width=8, dropout=0.0, attention_dropout=0.0)


class BertBlock(nn.Module):
    """One post-LayerNorm layer."""

    def __init__(self, size: BertSize) -> None:
        super().__init__()
        self.attention = RelativeAttention(size.d, size.heads, size.positions, size.attention_dropout)
        self.attention_output = nn.Linear(size.d, size.d)
        self.attention_norm = nn.LayerNorm(size.d, EPSILON)
        self.fc1, self.fc2 = nn.Linear(size.d, size.ffn), nn.Linear(size.ffn, size.d)
        self.final_norm = nn.LayerNorm(size.d, EPSILON)
        self.dropout = nn.Dropout(size.dropout)

    def forward(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        x = self.attention_norm(x + self.dropout(self.attention_output(self.attention(x, hidden))))
        return self.final_norm(x + self.dropout(self.fc2(functional.gelu(self.fc1(x)))))


class MidiBert(nn.Module):
    """Notes (B, L, 8) int64 to vectors (B, L, d); padding is recognised by its ids and seen by nobody."""

    def __init__(self, size: BertSize) -> None:
        super().__init__()
        self.size = size
        self.embedding = NoteEmbedding(size.width, size.d)
        self.token_type = nn.Parameter(torch.zeros(size.d))
        self.norm = nn.LayerNorm(size.d, EPSILON)
        self.dropout = nn.Dropout(size.dropout)
        self.layers = nn.ModuleList(BertBlock(size) for _ in range(size.layers))
        for name, module in self.layers.named_modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02 if name.endswith(("output", "fc2")) else 0.04)
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, notes: Tensor) -> Tensor:
        return self.layers_of(notes)[-1]

    def layers_of(self, notes: Tensor) -> list[Tensor]:
        """What goes into the first layer and comes out of each: layers + 1 times (B, L, d)."""
        attend = real(notes)
        hidden = None if bool(attend.all()) else ~attend[:, None, None, :]
        x = self.dropout(self.norm(self.embedding(notes) + self.token_type))
        found = [x]
        for layer in self.layers:
            found.append(layer(found[-1], hidden))
        return found

    @torch.no_grad()
    def attentions(self, notes: Tensor) -> Tensor:
        """Attention weights of all layers: (layers, B, H, L, L)."""
        hidden = ~real(notes)[:, None, None, :]
        inputs = self.layers_of(notes)[:-1]
        return torch.stack([layer.attention.weights(x, hidden) for layer, x in zip(self.layers, inputs, strict=True)])
