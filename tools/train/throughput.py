"""How fast training goes on a device, and whether it goes the same way as on a processor: `make gpu`.

`python -m tools.train.throughput --device cuda`, or under `torchrun` with a worker for each card. Music and light are
made up: what is measured is arithmetic. Of each model the first losses are compared with those of one processor in
single precision. Edge: the command line, the clock.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from tools.train.skipbart.dataset import PreparedSong
from tools.train.skipbart.finetuning import Finetuning, plan_for
from tools.train.skipbart.network import OFFICIAL, SMALL, Size, SkipBart
from tools.train.symbolic import pretraining
from tools.train.symbolic.objectives import SIZES
from tools.train.symbolic.shelf import Piece, Shelf
from tools.train.workers import Workers, join

WARM_UP, COMPARED = 3, 3
SONG_HOPS, PIECES, NOTES = 3_000, 24, 2_048

Step = Callable[[], float]
"""One step of training; its loss."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a model: `per_s` of its `unit` on all workers together, a step's seconds, the most memory
    that PyTorch held on the device (MiB; 0 on a processor), and how far its first losses are from a processor's."""

    name: str
    unit: str
    per_s: float
    step_s: float
    memory_mib: float
    apart: float


def songs() -> list[PreparedSong]:
    """Two songs whose light follows from their music."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(2):
        music = rng.normal(size=(1, SONG_HOPS, 512)).astype(np.float16)
        light = np.stack([np.where(music[0, :, 0] > 0, 20, 110), 40 + 100 * (music[0, :, 1] > 0)], axis=1)
        found.append(PreparedSong(str(number), music, light[None].astype(np.int16)))
    return found


def shelf() -> Shelf:
    """Pieces of rising scales."""
    index, pieces = np.arange(NOTES), []
    notes = np.zeros((PIECES, NOTES, 8), np.int16)
    for number in range(PIECES):
        notes[number, :, 0], notes[number, :, 1] = index // 4, 16 * (index % 4)
        notes[number, :, 3] = 40 + number + index % 24
        notes[number, :, 4:] = 12, 16, 9, 35
        split = "valid" if number == 0 else "train"
        pieces.append(Piece(str(number), "made", str(number), "", "", "", split, number * NOTES, (number + 1) * NOTES))
    return Shelf(pieces, notes.reshape(-1, 8), np.full(PIECES * NOTES, -1, np.int8))


def light_model(size: Size, batch: int) -> Callable[[Workers, bool], tuple[Step, int]]:
    """Fine-tuning of a light model; hops a step."""

    def begin(workers: Workers, bfloat16: bool) -> tuple[Step, int]:
        torch.manual_seed(1)
        plan = replace(plan_for(120.0), batch=batch, lengths=(1.0,), dropout=0.0)
        run, music = Finetuning(SkipBart(size), plan, 1, workers=workers, bfloat16=bfloat16), songs()
        return lambda: run.step(music)["loss"], batch * size.positions

    return begin


def symbolic_model(model: str, size: str, batch: int) -> Callable[[Workers, bool], tuple[Step, int]]:
    """Pre-training of a symbolic model; notes a step."""

    def begin(workers: Workers, bfloat16: bool) -> tuple[Step, int]:
        dimensions = SIZES[model][size]
        length = min(dimensions.positions, 1_024)
        recipe = pretraining.Recipe(batch=batch, length=length, dropout=0.0)
        run = pretraining.Pretraining(model, dimensions, recipe, shelf(), 1, workers=workers, bfloat16=bfloat16)
        return lambda: run.step()["loss"], batch * length

    return begin


MODELS: dict[str, tuple[str, Callable[[Workers, bool], tuple[Step, int]]]] = {
    "light, small": ("hops", light_model(SMALL, 4)),
    "light, as published": ("hops", light_model(OFFICIAL, 4)),
    "PianoBART, small": ("notes", symbolic_model("pianobart", "small", 8)),
    "PianoBART, as published": ("notes", symbolic_model("pianobart", "official", 8)),
    "Adversarial-MidiBERT, as published": ("notes", symbolic_model("adversarial-midibert", "official", 8)),
}


def measure(name: str, workers: Workers, steps: int) -> Row:
    """Train a model for some steps on this device."""
    unit, begin = MODELS[name]
    cuda = workers.device.startswith("cuda")
    alone = begin(Workers(workers.rank), False)[0]
    wanted = [alone() for _ in range(COMPARED)]
    del alone
    if cuda:
        torch.cuda.reset_peak_memory_stats(workers.device)
    step, amount = begin(workers, cuda)
    got = [step() for _ in range(COMPARED)]
    likewise = 1 if workers.count > 1 else COMPARED  # after a step the others' gradients have a say
    apart = max(abs(a - b) / max(abs(b), 1e-6) for a, b in zip(got[:likewise], wanted, strict=False))
    for _ in range(WARM_UP):
        step()
    begun = time.perf_counter()
    for _ in range(steps):
        step()  # a step's loss is read, so nothing is still under way
    step_s = (time.perf_counter() - begun) / steps
    memory = torch.cuda.max_memory_allocated(workers.device) / 2**20 if cuda else 0.0
    return Row(name, unit, workers.count * amount / step_s, step_s, memory, apart)


def markdown(rows: list[Row], where: str) -> str:
    """The table of docs/measured.md."""
    lines = [f"| {where} | a second | a step | memory | first losses, off the processor's |", "|---|---|---|---|---|"]
    lines += [f"| {row.name} | {row.per_s:,.0f} {row.unit} | {1e3 * row.step_s:.0f} ms | {row.memory_mib:,.0f} MiB | "
              f"{row.apart:.1%} |" for row in rows]  # fmt: skip
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.train.throughput", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--out", type=Path, help="also write the numbers as JSON here")
    options = parser.parse_args(argv)
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        print("no CUDA device here; run it on a machine with one, or with --device cpu")
        return 1
    workers = join(options.device)
    cuda = workers.device.startswith("cuda")
    where = torch.cuda.get_device_name(workers.device) if cuda else f"{torch.get_num_threads()} threads"
    rows = [measure(name, workers, options.steps) for name in options.models]
    if workers.first:
        print(markdown(rows, f"{workers.count} × {where}"))
        if options.out is not None:
            options.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    workers.leave()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
