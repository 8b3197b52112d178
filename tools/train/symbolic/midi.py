"""A MIDI file's continuation as a MIDI file: `python -m tools.train.symbolic generate`.

Edge: reads and writes files; shows how far it is.
"""

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.evaluation import valid
from tools.train.symbolic.finetuning import Continuing
from tools.train.symbolic.generation import CachedWriter, GraphWriter, Writer, go_on
from tools.train.symbolic.masking import random_notes
from tools.train.symbolic.octuple import decode, encode, rebased
from tools.train.symbolic.reading import read_midi
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.step import export_graphs
from tools.train.symbolic.vocabulary import BAR, BARS
from tools.train.symbolic.weights import read_weights


def generate(
    prompt: Path,
    bars: int,
    out: Path,
    model: Path,
    seed: int,
    *,
    settings: Settings | None = None,
    with_prompt: bool = False,
) -> str:
    """Write what follows a MIDI file; returns what was written, in a line.

    Raises:
        SymbolicError: the prompt or the model cannot be used, or more bars are wanted than a file is written of.
    """
    if not 1 <= bars < BARS:
        raise SymbolicError(f"--bars {bars}: 1 to {BARS - 1}")
    told = encode(read_midi(prompt)).astype(np.int64)
    if not len(told):
        raise SymbolicError(f"{prompt}: no notes in it, nothing to go on with")
    writer = writer_of(model)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("writing", total=bars)
        rng = np.random.default_rng(seed)
        written = go_on(writer, told, bars, rng, settings=settings, told=lambda n: bar.update(task, completed=n))
    if not valid(written):
        raise SymbolicError(f"{model}: nothing follows from this prompt; try another --seed")
    whole = np.concatenate([told, written])
    kept = whole[whole[:, BAR] > written[-1, BAR] - BARS] if with_prompt else written  # a file holds 256 bars
    decode(rebased(kept)).dump_midi(str(out))
    return f"{out}: {len(written)} notes in {written[-1, BAR] - told[-1, BAR]} bars"


def writer_of(model: Path) -> Writer:
    """A writer from a folder of graphs, a run's folder or a checkpoint; without graphs it writes in PyTorch."""
    if (model / "step.onnx").is_file():
        return GraphWriter(model)
    module = Continuing(read_weights(model)).eval()
    return CachedWriter(module.network, module.head)


def export(model: Path, out: Path) -> str:
    """Write the graphs of a model and prove that they are the network; returns what was measured.

    Raises:
        SymbolicError: no pianobart, or the graphs differ from it by more than 1e-4.
    """
    module = Continuing(read_weights(model)).eval()
    paths = export_graphs(module.network, module.head, out)
    difference = graph_difference(module, out)
    if not difference <= 1e-4:
        raise SymbolicError(f"{out}: the graphs differ from the network by {difference:.1e}; report this")
    return f"{paths[0]} and {paths[1]} equal the network to {difference:.1e}"


def graph_difference(module: Continuing, folder: Path, notes: int = 32) -> float:
    """Largest difference of any logit between the graphs and PyTorch, over some random notes."""
    rng = np.random.default_rng(1)
    prompt, told = random_notes((24,), rng), random_notes((notes,), rng)
    ours, theirs = CachedWriter(module.network, module.head), GraphWriter(folder)
    found = [np.abs(ours.begin(prompt) - theirs.begin(prompt)).max()]
    found += [np.abs(ours.go_on(note) - theirs.go_on(note)).max() for note in told[: ours.positions - 1]]
    return float(max(found))
