"""Notes into vectors and back: eight tables and one linear layer in, eight linear layers out.

Source: PianoBART (Liang et al., ICME 2024) and Adversarial-MidiBERT (Zhao, ICMR 2025): the vectors of the eight
attributes are multiplied by the square root of their width, joined, and brought to the width of the network.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.symbolic.vocabulary import BAR, PAD, SIZES


class NoteEmbedding(nn.Module):
    """Notes (B, L, 8) int64 to vectors (B, L, d).

    Args:
        width: of one attribute's vectors. d: of the network.
    """

    def __init__(self, width: int, d: int) -> None:
        super().__init__()
        self.scale = math.sqrt(width)
        self.tables = nn.ModuleList(nn.Embedding(size, width) for size in SIZES)
        self.linear = nn.Linear(len(SIZES) * width, d)
        for table in self.tables:  # scaled they have a deviation of one, whatever the width
            nn.init.normal_(table.weight, std=1.0 / self.scale)
        nn.init.normal_(self.linear.weight, std=(len(SIZES) * width) ** -0.5)
        nn.init.zeros_(self.linear.bias)

    def forward(self, notes: Tensor) -> Tensor:
        vectors = [table(notes[..., i]) for i, table in enumerate(self.tables)]
        return self.linear(torch.cat(vectors, dim=-1) * self.scale)


class NoteHead(nn.Module):
    """Vectors (..., d) to the logits of all attributes, side by side in token order: (..., 1280)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.proj = nn.ModuleList(nn.Linear(d, size) for size in SIZES)
        for layer in self.proj:
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        weight = torch.cat([layer.weight for layer in self.proj])
        return functional.linear(hidden, weight, torch.cat([layer.bias for layer in self.proj]))


def by_attribute(logits: Tensor) -> tuple[Tensor, ...]:
    """The eight parts (..., n_i) of a head's logits (..., 1280)."""
    return logits.split(SIZES, dim=-1)


def losses(logits: Tensor, notes: Tensor) -> Tensor:
    """Cross-entropy of each attribute, not averaged: (n, 8) float32.

    Args:
        logits: (n, 1280). notes: (n, 8) int64, the truth.
    """
    parts = by_attribute(logits.float())
    rows = [functional.cross_entropy(part, notes[:, i], reduction="none") for i, part in enumerate(parts)]
    return torch.stack(rows, dim=1)


def best(logits: Tensor) -> Tensor:
    """The likeliest note: (..., 1280) to (..., 8) int64."""
    return torch.stack([part.argmax(dim=-1) for part in by_attribute(logits)], dim=-1)


def real(notes: Tensor) -> Tensor:
    """Which notes are no padding: (B, L, 8) to (B, L) bool."""
    return notes[..., BAR] != int(PAD[BAR])
