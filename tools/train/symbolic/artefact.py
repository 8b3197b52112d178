"""A finetuned model as an artefact to keep: half-precision weights, a manifest with checksum and shapes, and a card.

`weights.safetensors` (float16), `manifest.json`, `card.md`; `weights.read_weights` reads such a folder like a run's.

Edge: reads and writes such folders.
"""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from controller.artefacts.artefact import sha256_of
from tools.train.symbolic.errors import SymbolicError

FORMAT = 1
MANIFEST, FILE, CARD = "manifest.json", "weights.safetensors", "card.md"
KEPT = ("model", "size", "task", "level", "classes", "hidden", "length", "fold", "seed", "step")
"""What is taken over from a checkpoint, besides its tensors."""

LICENCES = {
    "pop909": "MIT",
    "freedoom": "BSD-3-Clause",
    "maestro": "CC BY-NC-SA 4.0",
    "asap": "CC BY-NC-SA 4.0",
    "emopia_cp": "CC BY-NC-SA 4.0",
    "pianist8": "no licence published: research",
    "pop1k7": "no licence published: research",
}


def write(state: dict[str, Any], folder: Path) -> None:
    """Write weights and manifest of a finetuned checkpoint into a folder.

    Raises:
        SymbolicError: a weight does not fit into half precision.
    """
    tensors = {name: found.to(torch.float16).contiguous() for name, found in state["objective"].items()}
    beyond = [name for name, found in tensors.items() if not torch.isfinite(found).all()]
    if beyond:
        raise SymbolicError(f"{beyond[0]} does not fit into half precision; keep the checkpoint")
    save_file(tensors, folder / FILE)
    manifest = {
        "format": FORMAT,
        **{name: state[name] for name in KEPT if name in state},
        "shapes": {name: list(found.shape) for name, found in tensors.items()},
        "files": {FILE: sha256_of(folder / FILE)},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def read_state(manifest: Path) -> dict[str, Any]:
    """What a checkpoint of the artefact would hold, its tensors as float32.

    Raises:
        SymbolicError: it is damaged, swapped or of another format.
    """
    try:
        told = json.loads(manifest.read_text(encoding="utf-8"))
        form, expected = told["format"], told["files"][FILE]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SymbolicError(f"{manifest}: not a manifest of a symbolic model: {error}") from error
    if form != FORMAT:
        raise SymbolicError(f"{manifest}: format {form}, this program reads {FORMAT}")
    file = manifest.parent / FILE
    if not file.is_file() or sha256_of(file) != expected:
        raise SymbolicError(f"{file}: missing, damaged or swapped: its checksum is not the manifest's; restore it")
    try:
        tensors = load_file(file)
    except SafetensorError as error:
        raise SymbolicError(f"{file}: {error}") from error
    found = {name: list(tensor.shape) for name, tensor in tensors.items()}
    if found != told.get("shapes"):
        raise SymbolicError(f"{manifest}: its shapes are not those of {FILE}; restore it")
    return {**told, "objective": {name: tensor.float() for name, tensor in tensors.items()}}


def card_of(state: dict[str, Any], pretrained: dict[str, Any] | None, corpora: Counter[str], scores: str) -> str:
    """The model card, in Markdown.

    Args:
        state: the finetuned checkpoint. pretrained: that it began with; None: fresh weights.
        corpora: pieces of each corpus that any of the two learnt from. scores: rows of a table.
    """
    count = sum(math.prod(tensor.shape) for tensor in state["objective"].values())
    began = "fresh weights"
    if pretrained is not None:
        began = f"{pretrained['step']} steps of pre-training ({pretrained['seconds'] / 60:.0f} minutes of one core)"
    told = f"then {state['step']} steps of the task ({state['seconds'] / 60:.1f} minutes), seed {state['seed']}"
    learnt = "\n".join(f"| {name} | {n} | {LICENCES.get(name, 'unknown')} |" for name, n in sorted(corpora.items()))
    commands = "\n".join(f"    python -m tools.train.symbolic {words}" for words in rebuild(state, pretrained))
    return f"""# {state["task"]}: {state["model"]}, small

| | |
|---|---|
| answers | {", ".join(state["classes"]) or "the notes that follow"} |
| reads | windows of {state["length"]} octuples |
| network | {count:,} parameters, {json.dumps(state["size"])} |
| weights | float16, checksum and shapes in `manifest.json` |
| trained | {began}, {told} |

## Scores

{scores}

## What it learnt from

| corpus | pieces | licence |
|---|---|---|
{learnt}

Test pieces, other performances of them and copies of them were never learnt from. **Some of these corpora are for
research only and not for commercial use: so is this model.** The show does not use it, and the installed package
does not contain it.

## Not for

Saying who wrote a piece, or how anybody feels: it says which of a few labels of one research corpus a piece
resembles. Piano music mostly; nothing is known about other instruments. A fortieth of the published size, trained
for minutes.

## Rebuild

{commands}
"""


def rebuild(state: dict[str, Any], pretrained: dict[str, Any] | None) -> list[str]:
    """The commands that make a model again, without the program's name."""
    recipe, task, model = state["recipe"], state["task"], state["model"]
    lines = ["tokenize --data MIDI_DIR --out SHELF"]
    if pretrained is not None:
        past = pretrained["recipe"]
        words = [f"pretrain --model {model} --data SHELF --out RUNS/pre --steps {past['steps']}"]
        words += [f"--corpora {' '.join(past['corpora'])} --share {past['share']:g}"] if past["corpora"] else []
        words += [f"--length {past['length']} --batch {past['batch']} --rate {past['rate']:g}"]
        words += [f"--freeze-every {past['freeze_every']} --seed {pretrained['seed']}"]
        lines.append(" ".join([*words, "--plain"] if past["plain"] else words))
    began = "RUNS/pre" if pretrained is not None else f"none --model {model}"
    words = [f"finetune --task {task} --data SHELF --weights {began} --out RUNS/{task} --steps {recipe['steps']}"]
    words += [f"--length {state['length']} --batch {recipe['batch']} --rate {recipe['rate']:g}"]
    words += [f"--evaluate-every {recipe['evaluate_every']} --patience {recipe['patience']}"]
    words += [f"--judged {recipe['judged']} --seed {state['seed']}", "" if recipe["mask"] else "--no-mask"]
    words += ["" if recipe["transpose"] else "--no-transpose"]
    words += [f"--fold {state['fold']}"] if task == "emotion" else []
    lines.append(" ".join(word for word in words if word))
    before = " --pretrained RUNS/pre" if pretrained is not None else ""
    return [*lines, f"bundle --model RUNS/{task}{before} --data SHELF --out models/symbolic/{task}"]
