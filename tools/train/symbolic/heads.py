"""What stands on a network to answer a question about music: one answer a piece, or one a note.

Source: the output layers released with PianoBART and Adversarial-MidiBERT, which are those of MidiBERT-Piano (Chou et
al., 2021). Mended: the pooling sees no padding; in the released code padding takes part in the softmax.
"""

from typing import Literal

import torch
from torch import Tensor, nn

POOLS, INNER, MIDDLE = 4, 128, 256
Level = Literal["sequence", "token"]


class Pooling(nn.Module):
    """Self-attentive pooling: (B, L, d) to (B, 4, d)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.ws1, self.ws2 = nn.Linear(d, INNER, bias=False), nn.Linear(INNER, POOLS, bias=False)

    def forward(self, hidden: Tensor, attend: Tensor) -> Tensor:
        scores = self.ws2(torch.tanh(self.ws1(hidden))).masked_fill(~attend[..., None], float("-inf"))
        return torch.softmax(scores, dim=1).transpose(1, 2) @ hidden


class SequenceHead(nn.Module):
    """One answer for a sequence: (B, L, d) and (B, L) bool to logits (B, answers)."""

    def __init__(self, d: int, answers: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.attention = Pooling(d)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(POOLS * d, MIDDLE), nn.ReLU(), nn.Linear(MIDDLE, answers)
        )

    def forward(self, hidden: Tensor, attend: Tensor) -> Tensor:
        return self.classifier(self.attention(hidden, attend).flatten(1))


class TokenHead(nn.Module):
    """One answer for each note: (B, L, d) to logits (B, L, answers)."""

    def __init__(self, d: int, answers: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.classifier = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(d, MIDDLE), nn.ReLU(), nn.Linear(MIDDLE, answers)
        )

    def forward(self, hidden: Tensor, attend: Tensor) -> Tensor:
        del attend  # every note is answered by itself
        return self.classifier(hidden)


def new_head(level: Level, d: int, answers: int) -> SequenceHead | TokenHead:
    """The head for a kind of question."""
    return SequenceHead(d, answers) if level == "sequence" else TokenHead(d, answers)
