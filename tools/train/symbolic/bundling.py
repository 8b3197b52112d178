"""The verb `bundle`: a finetuned run to an artefact with a card whose scores are the artefact's own.

Edge: reads runs and a shelf, writes a folder.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tools.train.checkpoint import load_checkpoint
from tools.train.symbolic.artefact import card_of, write
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.evaluation import evaluate
from tools.train.symbolic.pretraining import picked
from tools.train.symbolic.sampling import Settings
from tools.train.symbolic.shelf import Shelf, read_shelf, windows
from tools.train.symbolic.tasks import KINDS, Task, read_task
from tools.train.symbolic.weights import checkpoint_of, read_weights

NAMED = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "pche_distance": "distance of pitch-class histogram entropy to the real continuation's",
    "gs_distance": "distance of grooving similarity to the real continuation's",
    "valid": "continuations that are valid MIDI files",
}


def bundle(model: Path, pretrained: Path | None, data: Path, out: Path, settings: Settings) -> str:
    """Write the artefact, judge it on the shelf's test pieces, write its card; says how it scores.

    Raises:
        SymbolicError: not finetuned, not on this shelf's task, or nothing to judge it by.
    """
    state = load_checkpoint(checkpoint_of(model))
    past = load_checkpoint(checkpoint_of(pretrained)) if pretrained else None
    if past is not None and past["model"] != state["model"]:
        raise SymbolicError(f"{pretrained}: pre-trains {past['model']}, but {model} is {state['model']}")
    shelf = read_shelf(data)
    write(checkpoint_of(model), out, "")
    weights = read_weights(out)
    task = read_task(state["task"], data, state["length"], state["fold"])
    scores = evaluate(weights, task, settings=settings)
    table = rows(scores, len(np.unique(task.splits["test"].pieces)))
    write(checkpoint_of(model), out, card_of(state, past, learnt_from(task, past, shelf), table))
    told = ", ".join(f"{name} {scores[name]:.3f}" for name in NAMED if name in scores)
    return f"{out}: {state['task']}, {told}"


def rows(scores: dict[str, Any], pieces: int) -> str:
    """Scores as a table in Markdown."""
    found = [f"| {told} | {scores[name]:.3f} |" for name, told in NAMED.items() if name in scores]
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
