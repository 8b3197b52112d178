"""The verb `bundle`: a finetuned run to an artefact with a card whose scores are the artefact's own.

Edge: reads runs and a shelf, writes a folder beside its place and renames it.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tools.train.symbolic.artefact import CARD, MANIFEST, card_of, write
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.evaluation import evaluate
from tools.train.symbolic.pretraining import picked
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.shelf import Shelf, read_shelf, windows
from tools.train.symbolic.tasks import KINDS, Task, read_task
from tools.train.symbolic.weights import checkpoint_of, read_checkpoint, read_weights

NAMED = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "pche_distance": "distance of pitch-class histogram entropy to the real continuation's",
    "gs_distance": "distance of grooving similarity to the real continuation's",
    "valid": "continuations that are valid MIDI files",
}


def bundle(model: Path, pretrained: Path | None, data: Path, out: Path, settings: Settings) -> str:
    """Write the artefact, judge it on the shelf's test pieces, write its card; says how it scores.

    What is in `out` is replaced at the end, as a whole.

    Raises:
        SymbolicError: not finetuned, not on this shelf's task, nothing to judge it by, or `out` holds something else.
    """
    refuse_folder(out)
    state = read_checkpoint(checkpoint_of(model))
    past = read_checkpoint(checkpoint_of(pretrained)) if pretrained else None
    if "task" not in state or "recipe" not in state:
        raise SymbolicError(f"{model}: not finetuned; run `finetune` first, and give its folder")
    if past is not None and ("planned" not in past or past["model"] != state["model"]):
        raise SymbolicError(f"{pretrained}: no pre-training of {state['model']}, which {model} is")
    shelf, task = read_shelf(data), read_task(state["task"], data, state["length"], state["fold"])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as made:
        folder = Path(made) / "artefact"
        folder.mkdir()
        write(state, folder)
        scores = evaluate(read_weights(folder), task, settings=settings)
        table = rows(scores, len(np.unique(task.splits["test"].pieces)))
        card = card_of(state, past, learnt_from(task, past, shelf), table)
        (folder / CARD).write_text(card, encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        folder.replace(out)
    told = ", ".join(f"{name} {scores[name]:.3f}" for name in NAMED if name in scores)
    return f"{out}: {state['task']}, {told}"


def refuse_folder(out: Path) -> None:
    """Raise SymbolicError where writing an artefact would take away something that is none."""
    if out.exists() and not out.is_dir():
        raise SymbolicError(f"{out}: is a file; name a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise SymbolicError(f"{out}: holds other files and no artefact; name another folder")


def rows(scores: dict[str, Any], pieces: int) -> str:
    """Scores as a table in Markdown."""
    found = [f"| {told} | {scores[name]:.3f} |" for name, told in NAMED.items() if name in scores]
    found += [f"| F1 of {name.removeprefix('f1 ')} | {one:.3f} |" for name, one in scores.items() if name[:3] == "f1 "]
    return "\n".join([f"| on {pieces} test pieces, {scores['n']:,} answers | |", "|---|---|", *found])


def learnt_from(task: Task, past: dict[str, Any] | None, shelf: Shelf) -> Counter[str]:
    """Training pieces by corpus of a task and of the pre-training before it."""
    counts: Counter[str] = Counter()
    if past is not None:
        recipe = past["recipe"]
        found = windows(shelf, "train", recipe["length"], recipe.get("corpora"))
        numbers = np.unique(picked(found, shelf, recipe.get("share", 1.0))[:, 0])
        counts.update(shelf.pieces[number].corpus for number in numbers)
    # what pre-training had of the task's own corpus is among its training pieces
    own = KINDS[task.name].corpus
    counts[own] = max(counts[own], len(np.unique(task.splits["train"].pieces)))
    return counts
