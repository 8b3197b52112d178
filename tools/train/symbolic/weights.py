"""Networks out of the files that training, importing and bundling leave: one form for all, readable without their data.

Edge: reads files.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from tools.train.checkpoint import load_checkpoint
from tools.train.symbolic.artefact import MANIFEST, read_state
from tools.train.symbolic.bart import BartSize, PianoBart
from tools.train.symbolic.bert import BertSize, MidiBert
from tools.train.symbolic.embedding import NoteHead
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.objectives import Size

FILES = ("best.pt", "last.pt", "weights.pt", MANIFEST)
FOREIGN = (KeyError, TypeError, RuntimeError, ValueError, EOFError, torch.serialization.pickle.UnpicklingError)
"""What reading a file of somebody else's ends with."""


@dataclass(slots=True)
class Weights:
    """A trained network.

    Attributes:
        model: one of `objectives.MODELS`. head: notes from its vectors.
        content: all else that the file holds: `task`, `classes` and the tensors of `answers` of a finetuned one.
    """

    model: str
    network: MidiBert | PianoBart
    head: NoteHead | None
    content: dict[str, Any]
    path: Path

    @property
    def size(self) -> Size:
        """Dimensions of the network."""
        return self.network.size


def checkpoint_of(source: Path) -> Path:
    """The file of a run's folder (its best checkpoint before its last one), an artefact's manifest, or the file itself.

    Raises:
        SymbolicError: nothing there.
    """
    if source.is_file():
        return source
    for name in FILES:
        if (source / name).is_file():
            return source / name
    raise SymbolicError(f"{source}: no such model; give a run's folder, an artefact's, or a checkpoint (.pt)")


def new_network(model: str, size: Size) -> MidiBert | PianoBart:
    """A network of a model with fresh weights."""
    if model == "pianobart":
        return PianoBart(BartSize(**_plain(size)))
    return MidiBert(BertSize(**_plain(size)))


def size_of(model: str, numbers: dict[str, Any]) -> Size:
    """Dimensions from a checkpoint's numbers."""
    return BartSize(**numbers) if model == "pianobart" else BertSize(**numbers)


def read_weights(source: Path, *, dropout: float | None = None) -> Weights:
    """The network of a run's folder, of an artefact or of a checkpoint, in eval mode.

    Args:
        dropout: to train it with from here on; None: as it was trained.

    Raises:
        SymbolicError: there is none, or it is not one of ours.
    """
    path = checkpoint_of(source)
    state = read_checkpoint(path)
    try:
        size = size_of(state["model"], state["size"])
        network = new_network(state["model"], size if dropout is None else replace(size, dropout=dropout))
        parts = state["objective"]
        network.load_state_dict(part(parts, "network."))
        head = None
        if any(name.startswith("head.") for name in parts):
            head = NoteHead(size.d)
            head.load_state_dict(part(parts, "head."))
    except FOREIGN as error:
        raise _foreign(path, error) from error
    kept = {name: found for name, found in state.items() if name not in ("objective", "optimiser", "extra")}
    kept["answers"] = part(parts, "answers.")
    return Weights(state["model"], network.eval(), head and head.eval(), kept, path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """All that a checkpoint holds, or that the one an artefact was made of would.

    Raises:
        SymbolicError: it is damaged, or no file of ours.
    """
    try:
        return read_state(path) if path.name == MANIFEST else load_checkpoint(path)
    except FOREIGN as error:
        raise _foreign(path, error) from error


def _foreign(path: Path, error: Exception) -> SymbolicError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SymbolicError(f"{path}: not a checkpoint of this package: {reason}")


def part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors below a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _plain(size: Size) -> dict[str, Any]:
    return {field.name: getattr(size, field.name) for field in fields(size)}
