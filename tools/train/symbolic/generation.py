"""Going on with music: a prompt in, as many bars as wanted out.

The network was trained on windows, a prompt and what follows it; so music of any length is written in stretches, each
of which begins at a bar and has the notes before it as its prompt. Within a stretch everything is cached (`step.py`).
Edge: `GraphWriter` reads graphs from files.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import torch

from controller.arrays import Float32Array, IntArray
from tools.train.symbolic.bart import PianoBart
from tools.train.symbolic.embedding import NoteHead
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.sampling import Cast, Settings, bar_over, draw, levelled
from tools.train.symbolic.step import NoteStep, Prefill, empty_caches, export_graphs
from tools.train.symbolic.vocabulary import BAR, BARS, SOS

MOST_NOTES = 1 << 14


class Writer(Protocol):
    """Something that tells the logits of the next note."""

    positions: int

    def begin(self, prompt: IntArray) -> Float32Array:
        """Read a prompt (S, 8); the logits (1280,) of the first note after it."""

    def go_on(self, note: IntArray) -> Float32Array:
        """Told the note (8,) that was written, the logits (1280,) of the next one."""


class RecomputingWriter:
    """As the authors' code writes: encoder and decoder over everything for each note."""

    def __init__(self, network: PianoBart, head: NoteHead) -> None:
        self.network, self.head, self.positions = network.eval(), head.eval(), network.size.positions
        self.prompt, self.told = torch.empty(0), torch.empty(0)

    def begin(self, prompt: IntArray) -> Float32Array:
        """See `Writer`."""
        self.prompt, self.told = torch.from_numpy(prompt)[None], torch.from_numpy(SOS)[None, None]
        return self._logits()

    def go_on(self, note: IntArray) -> Float32Array:
        """See `Writer`."""
        self.told = torch.cat([self.told, torch.from_numpy(note)[None, None]], dim=1)
        return self._logits()

    @torch.inference_mode()
    def _logits(self) -> Float32Array:
        return self.head(self.network(self.prompt, self.told)[:, -1])[0].numpy()


class CachedWriter:
    """Note by note in PyTorch."""

    def __init__(self, network: PianoBart, head: NoteHead) -> None:
        self.positions = network.size.positions
        self.prefill, self.step = Prefill(network).eval(), NoteStep(network, head).eval()
        self.own, self.across, self.position = empty_caches(network), [], 0

    @torch.inference_mode()
    def begin(self, prompt: IntArray) -> Float32Array:
        """See `Writer`."""
        self.across, self.position = self.prefill(torch.from_numpy(prompt)[None]), 0
        return self.go_on(SOS)

    @torch.inference_mode()
    def go_on(self, note: IntArray) -> Float32Array:
        """See `Writer`."""
        logits, *columns = self.step(
            torch.from_numpy(note)[None, None], torch.tensor([self.position]), *self.own, *self.across
        )
        for cache, column in zip(self.own, columns, strict=True):
            cache[:, :, self.position] = column[:, :, 0]
        self.position += 1
        return logits[0].numpy()


class GraphWriter:
    """Note by note in ONNX Runtime, from a folder with `encoder.onnx` and `step.onnx`."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self.encoder, self.step = (
                onnxruntime.InferenceSession(str(folder / name), options) for name in ("encoder.onnx", "step.onnx")
            )
        except onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile as error:
            raise SymbolicError(f"{folder}: no encoder.onnx and step.onnx; make them with the verb `export`") from error
        inputs = {one.name: one for one in self.step.get_inputs()}
        self.owns = [name for name in inputs if name.startswith("own.")]
        self.prompts = [name for name in inputs if name.startswith("prompt.")]
        self.own = {name: np.zeros(inputs[name].shape, np.float32) for name in self.owns}
        self.positions = self.own[self.owns[0]].shape[2]
        self.across: dict[str, Any] = {}
        self.position = 0

    @classmethod
    def of(cls, network: PianoBart, head: NoteHead, folder: Path) -> "GraphWriter":
        """Export a network into a folder and open it."""
        export_graphs(network, head, folder)
        return cls(folder)

    def begin(self, prompt: IntArray) -> Float32Array:
        """See `Writer`."""
        self.across = dict(zip(self.prompts, self.encoder.run(self.prompts, {"notes": prompt[None]}), strict=True))
        self.position = 0
        return self.go_on(SOS)

    def go_on(self, note: IntArray) -> Float32Array:
        """See `Writer`."""
        told = {"note": note[None, None], "position": np.array([self.position])}
        logits, *columns = self.step.run(None, {**told, **self.own, **self.across})
        for name, column in zip(self.owns, columns, strict=True):
            self.own[name][:, :, self.position] = column[:, :, 0]
        self.position += 1
        return logits[0]


@dataclass(frozen=True, slots=True)
class Stretch:
    """How much is written at once: at most `prompt` notes are read, and after `written` the next bar begins anew."""

    prompt: int = 128
    written: int = 96


def go_on(
    writer: Writer,
    prompt: IntArray,
    bars: int,
    rng: np.random.Generator,
    *,
    settings: Settings | None = None,
    stretch: Stretch | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> IntArray:
    """The notes (M, 8) that follow a prompt: `bars` bars from its next bar line on, numbered on from the prompt's.

    Instruments, tempo, time signature and level are the prompt's, unless the settings say otherwise. There are fewer
    bars where the music ends, or after `MOST_NOTES`.

    Args:
        prompt: (N, 8), N >= 1; real values, but bars may be beyond 255. told: called with the bars that are done.

    Raises:
        SymbolicError: no prompt.
    """
    settings, stretch = settings or Settings(), stretch or Stretch()
    prompt = np.asarray(prompt, np.int64)
    if not len(prompt):
        raise SymbolicError("a prompt without notes: there is nothing to go on with")
    cast = Cast.of(prompt, keep=settings.keep)
    heard, last, read = prompt, int(prompt[-1, BAR]) + bars, min(stretch.prompt, writer.positions)

    def more_by(how: Settings) -> tuple[IntArray, bool]:
        before = whole_bars(heard, read)
        first = bar_over(before[-1]) if len(heard) == len(prompt) else before[-1]
        return _write(writer, before, last, stretch.written, lambda *row: draw(*row, cast, how, rng), before=first)

    while len(heard) - len(prompt) < MOST_NOTES:
        more, ended = more_by(settings)
        if not len(more) and len(heard) == len(prompt) and not settings.ends:
            # the very first note was to lie beyond the last bar: drawn again, no further than that
            more, ended = more_by(replace(settings, leap=min(settings.leap, bars)))
        heard = np.concatenate([heard, more])
        told(int(heard[-1, BAR]) - int(prompt[-1, BAR]))
        if ended or not len(more):
            break
    written = heard[len(prompt) :]
    return levelled(written, prompt) if settings.keep and len(written) else written


def _write(
    writer: Writer,
    prompt: IntArray,
    last: int,
    soft: int,
    next_note: Callable[[Float32Array, IntArray], IntArray | None],
    *,
    before: IntArray,
) -> tuple[IntArray, bool]:
    """One stretch (M, 8) after a prompt, to the bar after its `soft`-th note, and whether the music ended with it.

    Args:
        before: (8,), the note that the first one follows.
    """
    shift, written = int(prompt[0, BAR]), []
    prompt[:, BAR] -= shift
    before = before.copy()
    before[BAR] = prompt[-1, BAR]
    logits = writer.begin(prompt)
    while True:
        note = next_note(logits, before)
        if note is None or note[BAR] + shift > last:
            return _rebased(written, shift), True
        full = len(written) >= writer.positions - 1 or note[BAR] >= BARS - 1
        if written and (full or (len(written) >= soft and note[BAR] > before[BAR])):
            return _rebased(written, shift), False
        written.append(note)
        before = note
        logits = writer.go_on(note)


def _rebased(written: list[IntArray], shift: int) -> IntArray:
    notes = np.array(written, np.int64).reshape(-1, 8)
    notes[:, BAR] += shift
    return notes


def whole_bars(notes: IntArray, most: int) -> IntArray:
    """A copy of the last notes, at most `most` and of 128 bars, from the beginning of a bar if one begins in them."""
    kept = notes[-most:]
    kept = kept[kept[:, BAR] > kept[-1, BAR] - BARS // 2]
    if len(kept) < len(notes) and notes[-len(kept) - 1, BAR] == kept[0, BAR]:
        begins = np.flatnonzero(np.diff(kept[:, BAR])) + 1
        kept = kept[begins[0] :] if len(begins) else kept
    return kept.copy()
