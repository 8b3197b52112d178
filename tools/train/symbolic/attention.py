"""Attention that knows how far apart two notes stand: `relative_key_query` of the BERT that the authors used.

score(l, m) = (q_l k_m + q_l r(l - m) + k_m r(l - m)) / sqrt(d_head), with one table of distances for each layer that
all its attention heads share; row l - m + positions - 1 belongs to distance l - m.

Source: Huang et al., "Improve Transformer Models with Better Relative Position Embeddings" (2020), method 4. Current
transformers (5.x) accepts the option and drops it without a word; this is the attention the checkpoints were trained
with. No (L, L, d_head) array is made: each term is one matrix product over all distances, read along its diagonals.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def along_queries(by_distance: Tensor) -> Tensor:
    """Rows l over distances m - l from -(L - 1) to L, (n, L, 2L), to (n, L, L) over m: a view."""
    n, length, distances = by_distance.shape
    strides = (length * distances, distances - 1, 1)
    return by_distance.contiguous().as_strided((n, length, length), strides, length - 1)


def along_keys(by_distance: Tensor) -> Tensor:
    """Rows m over distances l - m from -(L - 1) to L, (n, L, 2L), to (n, L, L) over l and m: a view."""
    return along_queries(by_distance).transpose(1, 2)


def even(table: Tensor) -> Tensor:
    """A row of zeros below 2L - 1 rows: products with 2L columns take half the time of those with one less."""
    return functional.pad(table, (0, 0, 0, 1))


class RelativeAttention(nn.Module):
    """Self-attention over (B, L, d) with relative positions in keys and queries.

    Args:
        positions: the longest sequence; the table has 2 * positions - 1 rows.
    """

    def __init__(self, d: int, heads: int, positions: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.d_head, self.positions = heads, d // heads, positions
        self.query, self.key, self.value = (nn.Linear(d, d) for _ in range(3))
        self.distance_embedding = nn.Embedding(2 * positions - 1, self.d_head)
        self.dropout = nn.Dropout(dropout)

    def split(self, x: Tensor) -> Tensor:
        """(B, L, d) to (B * H, L, d_head)."""
        return x.unflatten(-1, (self.heads, self.d_head)).transpose(1, 2).reshape(-1, x.shape[1], self.d_head)

    def weights(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        """How much each note looks at each other one: (B, H, L, L), rows sum to one."""
        return self.looks(*self.asked(x), hidden)

    def asked(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled queries and keys of (B, L, d): (B * H, L, d_head) each."""
        return self.split(self.query(x)) * self.d_head**-0.5, self.split(self.key(x))

    def looks(self, q: Tensor, k: Tensor, hidden: Tensor | None) -> Tensor:
        """The same from scaled queries and keys, (B * H, L, d_head) each."""
        length, middle = q.shape[1], self.positions - 1
        table = self.distance_embedding.weight[middle - length + 1 : middle + length].to(q.dtype)
        scores = q @ k.transpose(1, 2)
        scores = scores.add_(along_queries(q @ even(table.flip(0)).T))
        scores = scores.add_(along_keys(k @ even(table * self.d_head**-0.5).T))
        scores = scores.unflatten(0, (-1, self.heads))
        if hidden is not None:
            scores = scores.masked_fill(hidden, float("-inf"))
        return torch.softmax(scores, dim=-1)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        """(B, L, d) to (B, L, d); `hidden`: (B, 1, 1, L) bool, True for padding."""
        vectors = (*self.asked(x), self.split(self.value(x)))
        # a processor looks after two sequences at a time: the tables of all of them do not fit into its cache
        together = 2 if x.device.type == "cpu" else len(x)
        parts = zip(
            *(each.split(together * self.heads) for each in vectors),
            [None] * len(x) if hidden is None else hidden.split(together),
            strict=False,
        )
        mixed = [self.dropout(self.looks(q, k, unseen)).flatten(0, 1).to(v.dtype) @ v for q, k, v, unseen in parts]
        return torch.cat(mixed).unflatten(0, (-1, self.heads)).transpose(1, 2).flatten(2)
