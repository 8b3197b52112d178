"""What models say about a song: whom it is like, what mood it is in, which notes are the melody.

Edge: reads a MIDI file and finetuned models.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from controller.arrays import Float64Array, IntArray
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.finetuning import Answering
from tools.train.symbolic.octuple import encode
from tools.train.symbolic.reading import read_midi
from tools.train.symbolic.shelf import padded
from tools.train.symbolic.vocabulary import BAR, PAD, PITCH, POSITION
from tools.train.symbolic.weights import Weights, read_weights

ASKED = ("composer", "emotion", "melody")
MELODY = 0
"""The class of POP909's melody track."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Answers about a song.

    Attributes:
        chances: for each sequence task, the chance of each class; they add up to one.
        melody: (N,) chance of each note to be of the melody; None without a model for it.
        notes: (N, 8) of the song, bars counting on without end.
    """

    chances: dict[str, dict[str, float]]
    melody: Float64Array | None
    notes: IntArray

    def plain(self) -> dict[str, Any]:
        """As JSON: melody notes are those likelier melody than not."""
        found: dict[str, Any] = {"notes": len(self.notes)}
        for task, chances in self.chances.items():
            found[task] = {name: round(chance, 4) for name, chance in chances.items()}
        if self.melody is not None:
            chosen = np.flatnonzero(self.melody > 0.5)
            found["melody"] = [
                {
                    "bar": int(self.notes[index, BAR]),
                    "position": int(self.notes[index, POSITION]),
                    "pitch": int(self.notes[index, PITCH]),
                    "confidence": round(float(self.melody[index]), 4),
                }
                for index in chosen
            ]
        return found

    def describe(self) -> str:
        """For people."""
        lines = []
        for task, chances in self.chances.items():
            ordered = sorted(chances.items(), key=lambda one: -one[1])
            lines.append(f"{task}: " + ", ".join(f"{name} {chance:.0%}" for name, chance in ordered[:4]))
        if self.melody is not None:
            chosen = self.melody > 0.5
            sure = f", confidence {self.melody[chosen].mean():.0%}" if chosen.any() else ""
            lines.append(f"melody: {int(chosen.sum())} of {len(self.melody)} notes{sure}")
        return "\n".join(lines)


def label(song: Path, models: Path) -> Labels:
    """Ask every model there is in a folder: `MODELS/composer`, `MODELS/emotion`, `MODELS/melody`, each a run's folder.

    Raises:
        SymbolicError: the song cannot be read, or there is no model.
    """
    notes = encode(read_midi(song)).astype(np.int64)
    if not len(notes):
        raise SymbolicError(f"{song}: no notes in it")
    there = [task for task in ASKED if (models / task).exists()]
    if not there:
        raise SymbolicError(f"{models}: none of {', '.join(ASKED)} in it; finetune one into {models / ASKED[0]}")
    chances, melody = {}, None
    for task in there:
        weights = read_weights(models / task)
        if weights.content.get("task") != task:
            raise SymbolicError(f"{weights.path}: finetuned on {weights.content.get('task')}, not on {task}")
        rows = asked(weights, notes)
        if task == "melody":
            melody = np.exp(rows[:, MELODY])
        else:
            mean = rows.mean(axis=0)
            share = np.exp(mean - np.logaddexp.reduce(mean))
            chances[task] = dict(zip(weights.content["classes"], share.tolist(), strict=True))
    return Labels(chances, melody, notes)


@torch.no_grad()
def asked(weights: Weights, notes: IntArray) -> Float64Array:
    """Log-probabilities of a song (N, 8): of each window (n, classes), or of each note (N, classes)."""
    content = weights.content
    length, level = content["length"], content["level"]
    module = Answering(weights, level, len(content["classes"])).eval()
    module.answers.load_state_dict(content["answers"])
    found = []
    for start in range(0, len(notes), length):
        window = padded(notes[start : start + length], length).astype(np.int64)
        rows = torch.log_softmax(module(torch.from_numpy(window)[None])[0], dim=-1).numpy().astype(np.float64)
        if level == "sequence":
            # a rest of a few notes says less than a whole window
            if start == 0 or len(notes) - start >= length // 4:
                found.append(rows[None])
            continue
        count = min(length, len(notes) - start)
        rows[(window[:, BAR] == PAD[BAR])] = -np.log(rows.shape[-1])  # beyond 256 bars in a window: not known
        found.append(rows[:count])
    return np.concatenate(found)
