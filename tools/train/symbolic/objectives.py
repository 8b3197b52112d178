"""What the four models are trained to do, each as a module that turns a batch of clean notes into a loss.

`midibert` tells single hidden octuples, `musicbert` hidden attributes of whole bars, `adversarial-midibert` what its
masker hides, `pianobart` writes out music that was spoilt. Everything drawn comes from the generator passed in.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from controller.arrays import BoolArray, IntArray
from tools.train.symbolic import bart, bert
from tools.train.symbolic.adversary import Masker, balanced, choose, freeze, masker_loss, mean_where
from tools.train.symbolic.bart import BartSize, PianoBart, late
from tools.train.symbolic.bert import BertSize, MidiBert
from tools.train.symbolic.embedding import NoteHead, best, losses
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.masking import Hidden, known, of_bars, of_notes, real
from tools.train.symbolic.noise import LEVELS, SIMPLE, WEIGHTS, spoil

Row = dict[str, Tensor]
Hide = Callable[[IntArray, np.random.Generator], Hidden]
Size = BartSize | BertSize

MODELS = ("pianobart", "adversarial-midibert", "midibert", "musicbert")
SIZES: dict[str, dict[str, Size]] = {
    "pianobart": {"tiny": bart.TINY, "small": bart.SMALL, "official": bart.OFFICIAL},
    **{name: {"tiny": bert.TINY, "small": bert.SMALL, "official": bert.OFFICIAL} for name in MODELS[1:]},
}


class Told(NamedTuple):
    """Losses of notes (n, 8) float32, which of them were asked for, and which were told right, (n, 8) bool."""

    losses: Tensor
    asked: Tensor
    right: Tensor

    def counts(self, asked: Tensor) -> Row:
        """How many values were asked for, and how many of them told right: (8,) each."""
        return {"right": (self.right & asked).sum(dim=0), "asked": asked.sum(dim=0)}


class Objective(nn.Module):
    """A network with its output layers, and what they are asked.

    Attributes:
        network: the part that fine-tuning goes on from. head: notes from its vectors.
        book: (windows, L) bool, which notes may be hidden; None where nothing is frozen.
    """

    book: BoolArray | None = None

    def __init__(self, network: MidiBert | PianoBart) -> None:
        super().__init__()
        self.network, self.head = network, NoteHead(network.size.d)

    def forward(self, notes: IntArray, rows: IntArray, rng: np.random.Generator, *, freezing: bool = False) -> Row:
        """Losses of a batch: `loss`, and `right` and `asked` (8,), how many values were asked for and told right.

        Args:
            notes: (B, L, 8) int64. rows: (B,), which windows of the training set they are.
            freezing: whether this is an epoch in which notes are frozen.
        """
        raise NotImplementedError

    def judged(self, notes: IntArray, rng: np.random.Generator) -> Row:
        """The same of validation music: `loss`, `right`, `asked`."""
        return self(notes, np.empty(0, np.int64), rng)

    def balance(self, accuracies: npt.NDArray[np.float32]) -> None:
        """Told the validation accuracy of each attribute (8,)."""

    def extra(self) -> dict[str, Any]:
        """What a checkpoint holds besides parameters."""
        return {}

    def restore(self, extra: dict[str, Any]) -> None:
        """Take back what `extra` gave."""

    def tell(self, hidden: Tensor, truth: IntArray, asked: BoolArray) -> Told:
        """Tell the notes of which anything is asked.

        Args:
            hidden: (B, L, d). truth: (B, L, 8) int64. asked: (B, L, 8) bool.
        """
        there = asked.any(axis=-1)
        logits = self.head(hidden[torch.from_numpy(there).to(hidden.device)])
        wanted = torch.from_numpy(asked[there]).to(hidden.device)
        # what is not asked for may be a special token, which is a class all the same
        target = torch.from_numpy(truth[there]).to(hidden.device)
        return Told(losses(logits, target), wanted, best(logits.detach()) == target)


class Telling(Objective):
    """MidiBERT and MusicBERT: the mean of the losses of the hidden values.

    Args:
        hide: `masking.of_notes` or `masking.of_bars`.
    """

    def __init__(self, size: BertSize, hide: Hide) -> None:
        super().__init__(MidiBert(size))
        self.hide = hide

    def forward(self, notes: IntArray, rows: IntArray, rng: np.random.Generator, *, freezing: bool = False) -> Row:  # noqa: ARG002
        hidden = self.hide(notes, rng)
        vectors = self.network(torch.from_numpy(hidden.notes).to(_device(self)))
        told = self.tell(vectors, notes, hidden.asked)
        return {"loss": mean_where(told.losses, told.asked).mean(), **told.counts(told.asked)}


class Writing(Objective):
    """PianoBART: the losses of what was spoilt, by the sizes of the attributes in token order.

    Args:
        simple: whole octuples of single notes only, as the released code.
    """

    def __init__(self, size: BartSize, *, simple: bool = False) -> None:
        super().__init__(PianoBart(size))
        self.levels = SIMPLE if simple else LEVELS
        self.register_buffer("weights", torch.from_numpy(WEIGHTS.astype(np.float32)), persistent=False)

    def forward(self, notes: IntArray, rows: IntArray, rng: np.random.Generator, *, freezing: bool = False) -> Row:  # noqa: ARG002
        spoilt = spoil(notes, rng, self.levels)
        device = _device(self)
        vectors = self.network(torch.from_numpy(spoilt.notes).to(device), late(torch.from_numpy(notes).to(device)))
        told = self.tell(vectors, notes, spoilt.asked)
        return {"loss": (self.weights * mean_where(told.losses, told.asked)).sum(), **told.counts(told.asked)}


class Adversarial(Objective):
    """Adversarial-MidiBERT: hidden notes and all notes, weighted by how badly an attribute is told, and the masker.

    Args:
        windows: how many the training set has, and notes of each. adversary: False hides at random ("w/o adversary").
    """

    def __init__(self, size: BertSize, windows: tuple[int, int], *, adversary: bool = True) -> None:
        super().__init__(MidiBert(size))
        self.masker = Masker(size.d, size.dropout) if adversary else None
        self.register_buffer("weights", torch.full((8,), 0.125))
        self.book = np.ones(windows, bool) if adversary else None

    def forward(self, notes: IntArray, rows: IntArray, rng: np.random.Generator, *, freezing: bool = False) -> Row:
        if self.masker is None or self.book is None:
            hidden = of_notes(notes, rng)
            return self.recover(notes, hidden)[0]
        there = real(notes)
        scores = self.masker(self.network(torch.from_numpy(notes).to(_device(self)))).float()
        seen = scores.detach().cpu().numpy()
        chosen = choose(notes, seen, self.book[rows] & there, rng)
        if freezing:
            self.book[rows] = freeze(seen, self.book[rows] & there, there, rng)
        row, hardness = self.recover(notes, chosen.hidden)
        row["masker"] = masker_loss(scores, hardness, torch.from_numpy(chosen.spoilt).to(scores.device))
        row["loss"] = row["loss"] + row["masker"]
        return row

    def recover(self, notes: IntArray, hidden: Hidden) -> tuple[Row, Tensor]:
        """The recoverer's row, and its loss of each note (B, L), which teaches the masker."""
        vectors = self.network(torch.from_numpy(hidden.notes).to(_device(self)))
        asked = known(notes) & real(notes)[..., None]
        there = asked.any(axis=-1)
        told = self.tell(vectors, notes, asked)
        chosen = torch.from_numpy(hidden.asked[there]).to(vectors.device)
        loss = (self.weights * (mean_where(told.losses, chosen) + mean_where(told.losses, told.asked))).sum()
        hardness = torch.zeros(notes.shape[:2], device=vectors.device)
        hardness[torch.from_numpy(there).to(vectors.device)] = (told.losses.detach() * self.weights).sum(dim=1)
        return {"loss": loss, **told.counts(chosen)}, hardness

    def judged(self, notes: IntArray, rng: np.random.Generator) -> Row:
        """Of 15 % hidden at random, so that it can be compared with the others."""
        return self.recover(notes, of_notes(notes, rng))[0]

    def balance(self, accuracies: npt.NDArray[np.float32]) -> None:
        """Attributes that are told badly count more from here on."""
        self.weights.copy_(torch.from_numpy(balanced(accuracies)))

    def extra(self) -> dict[str, Any]:
        """The book."""
        return {} if self.book is None else {"book": torch.from_numpy(np.packbits(self.book, axis=1))}

    def restore(self, extra: dict[str, Any]) -> None:
        """Take the book back."""
        if self.book is not None:
            bits = np.unpackbits(extra["book"].numpy(), axis=1)[:, : self.book.shape[1]].astype(bool)
            if bits.shape != self.book.shape:
                raise SymbolicError(f"its book is of {bits.shape[0]} windows, here are {len(self.book)}: another shelf")
            self.book = bits


def new_objective(model: str, size: Size, windows: tuple[int, int], *, plain: bool = False) -> Objective:
    """The objective of a model.

    Args:
        windows: count and length of the training windows. plain: without what makes the model special: the masker of
            adversarial-midibert, the levels of pianobart.

    Raises:
        SymbolicError: no such model, or dimensions of another one.
    """
    if model not in MODELS:
        raise SymbolicError(f"no model {model!r}; one of {', '.join(MODELS)}")
    if isinstance(size, BartSize) != (model == "pianobart"):
        raise SymbolicError(f"{model} has other dimensions than these: {size}")
    if isinstance(size, BartSize):
        return Writing(size, simple=plain)
    if model == "adversarial-midibert":
        return Adversarial(size, windows, adversary=not plain)
    return Telling(size, of_bars if model == "musicbert" else of_notes)


def _device(module: nn.Module) -> torch.device:
    return next(module.parameters()).device
