"""What models say about a song: whom it is like, what mood it is in, which notes are the melody.

Edge: reads a MIDI file and finetuned models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from controller.arrays import Float64Array, IntArray
from tools.train.symbolic.beats import beats_of
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.finetuning import Answering
from tools.train.symbolic.grid import describe
from tools.train.symbolic.octuple import encode
from tools.train.symbolic.reading import read_midi
from tools.train.symbolic.shelf import padded
from tools.train.symbolic.tasks import KINDS
from tools.train.symbolic.vocabulary import BAR, INSTRUMENT, MASK, PAD, PERCUSSION, PITCH, POSITION
from tools.train.symbolic.weights import Weights, read_weights

ASKED = ("composer", "emotion", "melody")
DRUMS_ONLY = "drums only: no composer, no mood, no melody"
FOUND = "its header's beats do not fit its notes: beats and bars are found"
MELODY = 0
"""The class of POP909's melody track."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Answers about a song.

    Attributes:
        chances: for each sequence task, the chance of each class; they add up to one.
        melody: (N,) chance of each note to be of the melody; None without a model for it.
        notes: (N, 8) of the song, bars counting on without end. remarks: what was odd, and what was not asked.
    """

    chances: dict[str, dict[str, float]]
    melody: Float64Array | None
    notes: IntArray
    remarks: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON: melody notes are those likelier melody than not."""
        found: dict[str, Any] = {"notes": len(self.notes), "remarks": list(self.remarks)}
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
        lines = [] if self.chances or self.melody is not None else [DRUMS_ONLY]
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
    score = read_midi(song)
    own, found, remarks = encode(score).astype(np.int64), beats_of(score), score.remarks
    notes = own
    if found is not None:
        times = score.seconds(score.onsets), score.seconds(score.ends)
        notes, remarks = encode(score, found, times).astype(np.int64), (*remarks, f"{FOUND} ({describe(found)})")
    if not len(notes):
        raise SymbolicError(f"{song}: no notes in it")
    there = [task for task in ASKED if (models / task).exists()]
    if not there:
        raise SymbolicError(f"{models}: none of {', '.join(ASKED)} in it; finetune one into {models / ASKED[0]}")
    pitched = notes[:, INSTRUMENT] != PERCUSSION
    if not pitched.any():
        return Labels({}, None, notes, (*remarks, DRUMS_ONLY))
    chances, melody = {}, None
    for task in there:
        weights = read_weights(models / task)
        if weights.content.get("task") != task:
            raise SymbolicError(f"{weights.path}: finetuned on {weights.content.get('task')}, not on {task}")
        heard = notes if KINDS[task].beats else own
        rows = asked(weights, heard[heard[:, INSTRUMENT] != PERCUSSION])
        if task == "melody":
            melody = np.zeros(len(notes))
            melody[pitched] = np.exp(rows[:, MELODY])
        else:
            mean = rows.mean(axis=0)
            share = np.exp(mean - np.logaddexp.reduce(mean))
            chances[task] = dict(zip(weights.content["classes"], share.tolist(), strict=True))
    return Labels(chances, melody, notes, remarks)


def unseen(notes: IntArray, hidden: Sequence[int]) -> IntArray:
    """Notes (N, 8) with the attributes hidden that the model's training hid: it never learnt what they mean."""
    out = notes.copy()
    for attribute in hidden:
        out[:, attribute] = MASK[attribute]
    return out


@torch.no_grad()
def asked(weights: Weights, notes: IntArray) -> Float64Array:
    """Log-probabilities of a song (N, 8): of each window (n, classes), or of each note (N, classes)."""
    content = weights.content
    length, level = content["length"], content["level"]
    notes = unseen(notes, content.get("hidden", KINDS[content["task"]].hidden))
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
