"""Adversarial-MidiBERT: a masker that learns which notes are hard to tell, and a memory of those that cannot be.

Source: Zhao, "Let Network Decide What to Learn", ICMR 2025, and its released code. The masker scores every note of the
clean music; the notes with the highest scores are hidden; the recoverer tells them; the masker is told which of them
were hard (1) and which easy (0). There is no min-max: both losses are added, one backward pass. Regularly the notes
that the masker would hide first are frozen: they follow from nothing, so learning them is learning the training set.

Mended, each by name (numbers as in our design notes, E8):
* inverted targets: the released code negates the whole tensor of losses once for every sequence of the batch, so that
  every second sequence teaches the masker the opposite. Here each sequence is ranked by its own losses, once;
* padding can be neither hidden nor counted, and is not in the book;
* attributes without a value (special tokens) are not asked for.
Departure: what is frozen is decided when a sequence comes by in an epoch of freezing, from the scores of that very
step, as in the released code, and the book of every worker holds its own sequences.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from controller.arrays import BoolArray, Float32Array, IntArray
from tools.train.symbolic.masking import SHARE, TO_MASK, TO_RANDOM, Hidden, known, random_notes
from tools.train.symbolic.vocabulary import MASK

LEAST, MOST = 0.1, 0.3
"""Share of the open notes that are hidden in a step, or frozen in an epoch of freezing."""
RANKED = 0.3
REOPENED = 0.1
INNER = 256


class Masker(nn.Module):
    """How hard a note is to tell, 0..1: (B, L, d) to (B, L)."""

    def __init__(self, d: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Dropout(dropout), nn.Linear(d, INNER), nn.ReLU(), nn.Linear(INNER, 1))

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.sigmoid(self.layers(hidden)[..., 0])


class Chosen(NamedTuple):
    """What the masker hid: as `Hidden`, and which notes no longer say the truth, (B, L) bool."""

    hidden: Hidden
    spoilt: BoolArray


def ranks(scores: Float32Array) -> IntArray:
    """Place of each note in its sequence, 0 for the highest score: (B, L)."""
    return np.argsort(-scores, axis=1, kind="stable").argsort(axis=1)


def choose(notes: IntArray, scores: Float32Array, book: BoolArray, rng: np.random.Generator) -> Chosen:
    """Hide the notes that the masker scores highest: min(U(0.1, 0.3) of the open ones, 15 % of all), 80/10/10.

    Args:
        notes: (B, L, 8). scores: (B, L), 0..1. book: (B, L), True where a note is open; padding never is.
    """
    opened = book.sum(axis=1)
    real = (notes[..., 0] < MASK[0] - 1).sum(axis=1)
    wanted = np.minimum(rng.uniform(LEAST, MOST, len(notes)) * opened, SHARE * real).astype(np.int64)
    # one at least, if one is open: nothing hidden is nothing learnt
    chosen = ranks(np.where(book, scores, -1.0)) < np.clip(wanted, 1, opened)[:, None]
    dice = rng.random(chosen.shape)
    masked, drawn = chosen & (dice < TO_MASK), chosen & (dice >= TO_MASK) & (dice < TO_MASK + TO_RANDOM)
    spoilt = np.where(masked[..., None], MASK, notes)
    spoilt = np.where(drawn[..., None], random_notes(chosen.shape, rng), spoilt)
    return Chosen(Hidden(spoilt, chosen[..., None] & known(notes)), masked | drawn)


def masker_loss(scores: Tensor, hardness: Tensor, spoilt: Tensor) -> Tensor:
    """Squared error of the masker: the hardest 30 % of the spoilt notes of each sequence are 1, the easiest 30 % 0.

    Args:
        scores: (B, L), what the masker said. hardness: (B, L), the recoverer's loss of each note.
        spoilt: (B, L) bool.

    Returns:
        Mean over the sequences; those with less than four spoilt notes teach nothing.
    """
    counts = (RANKED * spoilt.sum(dim=1)).long()[:, None]
    falling = hardness.masked_fill(~spoilt, -torch.inf).argsort(dim=1, descending=True).argsort(dim=1)
    rising = hardness.masked_fill(~spoilt, torch.inf).argsort(dim=1).argsort(dim=1)
    share = 1.0 / counts.clamp(min=1)
    hard = ((scores - 1.0).square() * (falling < counts) * share).sum(dim=1)
    easy = (scores.square() * (rising < counts) * share).sum(dim=1)
    return (hard + easy).mean()


def freeze(scores: Float32Array, book: BoolArray, real: BoolArray, rng: np.random.Generator) -> BoolArray:
    """The book after freezing: U(0.1, 0.3) of each sequence's open notes close, those with the highest scores; then
    every real note opens again with a chance drawn from U(0, 0.1).

    Args:
        scores: (B, L). book, real: (B, L) bool.
    """
    count = (rng.uniform(LEAST, MOST, len(book)) * book.sum(axis=1)).astype(np.int64)
    closed = book & (ranks(np.where(book, scores, -1.0)) >= count[:, None])
    again = rng.random(book.shape) < rng.uniform(0.0, REOPENED, (len(book), 1))
    return (closed | again) & real


def balanced(accuracies: Float32Array) -> Float32Array:
    """Weights (8,) of the attributes, in inverse proportion to how well each is told; they add up to one."""
    weights = 1.0 / np.clip(accuracies, 0.01, 1.0)
    return (weights / weights.sum()).astype(np.float32)


def mean_where(rows: Tensor, wanted: Tensor) -> Tensor:
    """Mean of each attribute's losses where wanted: (n, 8) and (n, 8) bool to (8,); 0 where nothing is."""
    return (rows * wanted).sum(dim=0) / wanted.sum(dim=0).clamp(min=1)
