"""A MIDI file's continuation as a MIDI file: `python -m tools.train.symbolic generate`.

Written by ONNX graphs, which are three times as fast as PyTorch: a model without them gets them once, in the user's
cache folder. Edge: reads and writes files; shows how far it is.
"""

import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import symusic
from rich.console import Console
from rich.progress import Progress

from controller.artefacts.artefact import sha256_of
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.evaluation import valid
from tools.train.symbolic.finetuning import Continuing
from tools.train.symbolic.generation import CachedWriter, GraphWriter, Writer, go_on
from tools.train.symbolic.masking import random_notes
from tools.train.symbolic.octuple import bar_starts, decode, encode, rebased
from tools.train.symbolic.reading import read_midi
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.step import export_graphs
from tools.train.symbolic.vocabulary import BAR, BAR_UNITS, BARS, TIME_SIGNATURE, UNITS_PER_QUARTER
from tools.train.symbolic.weights import checkpoint_of, read_weights


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: `notes` in `bars` bars, which begin at quarter `begins_at_beat` of the prompt, its bar
    `begins_at_bar` from 1, at `bpm` quarters a minute. `remarks`: of whoever read the prompt."""

    out: str
    notes: int
    bars: int
    begins_at_beat: float
    begins_at_bar: int
    bpm: float
    remarks: tuple[str, ...]

    def describe(self) -> str:
        """In a line."""
        where = f"from bar {self.begins_at_bar} of the prompt (beat {self.begins_at_beat:g})"
        return f"{self.out}: {self.notes} notes in {self.bars} bars, {where}, at {self.bpm:.0f} quarters a minute"


def generate(
    prompt: Path,
    bars: int,
    out: Path,
    model: Path,
    seed: int,
    *,
    settings: Settings | None = None,
    with_prompt: bool = False,
) -> Written:
    """Write what follows a MIDI file, from its next bar line on; returns what was written.

    Raises:
        SymbolicError: the prompt or the model cannot be used, or more bars are wanted than a file is written of.
    """
    if not 1 <= bars < BARS:
        raise SymbolicError(f"--bars {bars}: 1 to {BARS - 1}")
    score = read_midi(prompt)
    told = encode(score).astype(np.int64)
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
    made, bpm = decode(rebased(kept)), score.tempo_at(int(score.onsets[-1]))
    if (settings or Settings()).keep and (not with_prompt or len({one for _, one in score.tempi}) == 1):
        made.tempos = [symusic.Tempo(0, bpm)]  # the prompt's own, not its code's
    made.dump_midi(str(out))
    last = int(told[-1, BAR])
    units = int(bar_starts(told)[last]) + int(BAR_UNITS[told[-1, TIME_SIGNATURE]])
    return Written(str(out), len(written), int(written[-1, BAR]) - last, units / UNITS_PER_QUARTER, last + 2, bpm,
                   score.remarks)  # fmt: skip


def writer_of(model: Path) -> Writer:
    """A writer from a folder of graphs, a run's folder or a checkpoint, which gets its graphs where it has none."""
    return GraphWriter(model if (model / "step.onnx").is_file() else graphs_of(model))


def graphs_of(model: Path) -> Path:
    """The folder of a model's graphs in the user's cache, made now if it is not there.

    Raises:
        SymbolicError: no pianobart, or the folder cannot be made.
    """
    home = os.environ.get("XDG_CACHE_HOME", "")
    kept = (Path(home) if home else Path.home() / ".cache") / "followspot" / "symbolic"
    folder = kept / sha256_of(checkpoint_of(model))[:16]
    if (folder / "step.onnx").is_file():
        return folder
    module = Continuing(read_weights(model)).eval()
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept, prefix=".graphs-") as made, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own deprecation notices
            export_graphs(module.network, module.head, Path(made) / "graphs")
            (Path(made) / "graphs").replace(folder)
    except OSError as error:
        if not (folder / "step.onnx").is_file():  # another process may have been quicker
            raise SymbolicError(f"{folder}: cannot be made ({error.strerror}); name another XDG_CACHE_HOME") from error
    return folder


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
