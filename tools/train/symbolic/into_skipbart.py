"""A PianoBART's backbone into a light model: what music taught goes on to learn light.

Source: Skip-BART (Zhao et al., ICLR 2026) begins with PianoBART's weights, loaded non-strictly. Here every tensor is
accounted for: the layers of both stacks and their norms are taken by name; a table of positions is cut, or its missing
rows keep their fresh values; the music and light layers of the light model, which PianoBART does not have, stay fresh,
and PianoBART's note layers are left behind. The result is a checkpoint that `skipbart pretrain` and `skipbart finetune
--weights` read.

Edge: reads and writes checkpoints.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from tools.train.checkpoint import save_checkpoint
from tools.train.skipbart.network import POSITION_OFFSET, Size, SkipBart
from tools.train.symbolic.bart import PianoBart
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.weights import read_weights

BACKBONE = ("encoder.", "decoder.")
NEEDED = ("d", "encoder_layers", "decoder_layers", "heads", "ffn")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the tensors: names, and how many rows of a table of positions were taken of how many."""

    whole: list[str]
    cut: dict[str, tuple[int, int]]
    fresh: list[str]
    left: list[str]

    def describe(self) -> str:
        """In a few lines."""
        lines = [f"{len(self.whole)} tensors taken as they are"]
        lines += [f"{name}: {rows} of its {of} positions taken" for name, (rows, of) in self.cut.items()]
        lines.append(f"{len(self.fresh)} are the light model's own and stay fresh: {', '.join(self.fresh)}")
        lines.append(f"{len(self.left)} are for notes and are left behind: {', '.join(self.left)}")
        return "\n".join(lines)


@torch.no_grad()
def take_backbone(network: SkipBart, music: PianoBart) -> Taken:
    """Copy the backbone of a PianoBART into a light model, in place.

    Raises:
        SymbolicError: they are of different sizes.
    """
    other = [name for name in NEEDED if getattr(network.size, name) != getattr(music.size, name)]
    if other:
        pairs = ", ".join(f"{name} {getattr(music.size, name)} and {getattr(network.size, name)}" for name in other)
        raise SymbolicError(f"the backbones differ ({pairs}); pre-train pianobart at the light model's size")
    theirs, ours = music.state_dict(), network.state_dict()
    taken = Taken([], {}, [], [name for name in theirs if not name.startswith(BACKBONE)])
    for name, tensor in ours.items():
        if not name.startswith(BACKBONE):
            taken.fresh.append(name)
        elif name.endswith("embed_positions.weight"):
            taken.cut[name] = _positions(tensor, theirs[name])
        else:
            tensor.copy_(theirs[name])
            taken.whole.append(name)
    return taken


def _positions(ours: Tensor, theirs: Tensor) -> tuple[int, int]:
    """Copy the rows that both tables have; returns the positions taken and those the light model has."""
    rows = min(len(ours), len(theirs))
    ours[:rows] = theirs[:rows]
    return rows - POSITION_OFFSET, len(ours) - POSITION_OFFSET


def into_skipbart(source: Path, out: Path, size: Size, seed: int = 1) -> str:
    """Write `out`, a checkpoint of a light model that begins with a PianoBART's backbone; says what was taken.

    Raises:
        SymbolicError: no pianobart, or of another size.
    """
    weights = read_weights(source)
    if not isinstance(weights.network, PianoBart):
        raise SymbolicError(f"{weights.path}: a {weights.model}; only a pianobart has a light model's backbone")
    torch.manual_seed(seed)
    network = SkipBart(size)
    taken = take_backbone(network, weights.network)
    content = {"network": network.state_dict(), "size": asdict(size), "taken": taken.describe()}
    save_checkpoint(out, content)
    return taken.describe()
