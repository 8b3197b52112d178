"""The understanding tasks and continuation, as arrays: what is asked, what may be seen, which pieces are on which side.

* composer: which of Pianist8's eight artists (sequence). emotion: which of EMOPIA's four quadrants (sequence).
* melody: melody, bridge or piano, of each note of POP909. velocity: one of six bands, of each note of MAESTRO, where
  the velocity itself is MASK for every model (the published code lets the encoder see it).
* continuation: MAESTRO's pieces go on.

Of EMOPIA only the official validation clips have notes here, so emotion is learnt and tested in five folds over clips;
given a data folder with its training or test clips, the official split counts.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from controller.arrays import IntArray
from tools.train.symbolic.corpora import EMOTIONS, MELODY_CLASSES
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.shelf import Piece, Shelf, padded, read_shelf, tokenize
from tools.train.symbolic.vocabulary import MASK, PAD, TEMPO, VELOCITY

REMARKS_AT_MOST = 20
TASKS = ("composer", "emotion", "melody", "velocity", "continuation")
ARTISTS = ("Bethel", "Clayderman", "Einaudi", "Hancock", "Hillsong", "Hisaishi", "Ryuichi", "Yiruma")
VELOCITY_BANDS = ("0-31", "32-47", "48-63", "64-79", "80-95", "96-127")
BAND_CODES = np.array([8, 12, 16, 20, 24])
"""First velocity code of each band but the lowest."""
FOLDS = 5
WINDOWS_OF_A_PIECE = 8
"""At most, spread over it: long performances count no more than others."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a task is; `beats`: whether its corpus says where beats and bars truly are."""

    corpus: str
    level: str
    classes: tuple[str, ...]
    hidden: tuple[int, ...] = ()
    beats: bool = False


KINDS = {
    "composer": Kind("pianist8", "sequence", ARTISTS),
    "emotion": Kind("emopia_cp", "sequence", EMOTIONS, (VELOCITY, TEMPO), beats=True),
    "melody": Kind("pop909", "token", MELODY_CLASSES, beats=True),
    "velocity": Kind("maestro", "token", VELOCITY_BANDS, (VELOCITY,)),
    "continuation": Kind("maestro", "continuation", ()),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """Windows of one side of the split.

    Attributes:
        notes: int16 (n, L, 8), PAD after the end, hidden attributes MASK.
        labels: int64 (n,) of sequences, (n, L) of tokens with -1 where nothing counts; continuation: (n, 0).
        pieces: int64 (n,), which piece a window is of.
    """

    notes: np.ndarray
    labels: IntArray
    pieces: IntArray


@dataclass(frozen=True, slots=True)
class Task:
    """One task with its examples: `splits["train" | "valid" | "test"]`."""

    name: str
    level: str
    classes: tuple[str, ...]
    hidden: tuple[int, ...]
    splits: dict[str, Examples]


def read_task(name: str, folder: Path, length: int, fold: int = 0, spread: int = WINDOWS_OF_A_PIECE) -> Task:
    """The examples of a task from a shelf, or from a data folder (which is tokenized in passing).

    Args:
        name: one of `TASKS`. folder: shelf or data. length: notes a window.
        fold: which fifth of the clips is tested where emotion has no official training clips.
        spread: most windows of a piece, evenly over it.

    Raises:
        SymbolicError: no such task, or not the data for it.
    """
    if name not in KINDS:
        raise SymbolicError(f"no task {name!r}; one of {', '.join(TASKS)}")
    kind = KINDS[name]
    with opened(folder, kind.corpus) as shelf:
        pieces = [piece for piece in shelf.pieces if piece.corpus == kind.corpus]
        if not pieces:
            raise SymbolicError(f"{folder}: {name} needs {kind.corpus}, which is not in it")
        sides = _folds(pieces, fold) if name == "emotion" else [piece.split for piece in pieces]
        splits = {
            side: _examples(
                kind, shelf, [piece for piece, own in zip(pieces, sides, strict=True) if own == side], length, spread
            )
            for side in ("train", "valid", "test")
        }
    return Task(name, kind.level, kind.classes, kind.hidden, splits)


def whole(task: Task) -> Task:
    """The task with every example on the test side: for folders of held-out music that no split divides."""
    parts = [examples for examples in task.splits.values() if len(examples.notes)]
    numbers = [examples.pieces.max() + 1 for examples in parts]
    begun = np.concatenate([[0], np.cumsum(numbers)[:-1]])
    together = Examples(
        np.concatenate([examples.notes for examples in parts]),
        np.concatenate([examples.labels for examples in parts]),
        np.concatenate([examples.pieces + first for examples, first in zip(parts, begun, strict=True)]),
    )
    nothing = Examples(together.notes[:0], together.labels[:0], together.pieces[:0])
    return replace(task, splits={"train": nothing, "valid": nothing, "test": together})


@contextmanager
def opened(folder: Path, corpus: str) -> Iterator[Shelf]:
    """The shelf of a folder; a data folder gets one for the time being, of one corpus."""
    if (folder / "pieces.json").is_file():
        yield read_shelf(folder)
        return
    if not (folder / corpus).is_dir():
        raise SymbolicError(f"{folder}: neither a shelf nor a data folder with {corpus} in it")
    made = Path(tempfile.mkdtemp(prefix="followspot-shelf-"))
    try:
        tokenize(folder, made, corpora=(corpus,))
        _remark(json.loads((made / "pieces.json").read_text(encoding="utf-8")))
        yield read_shelf(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _remark(content: dict[str, Any]) -> None:
    """Print, on the error output, which files were left out of a shelf that nobody will see, and what was odd."""
    said = [f"left out: {words}" for words in content["refused"].values()]
    said += [f"{name}: {one}" for name, remarks in content["remarks"].items() for one in remarks]
    more = len(said) - REMARKS_AT_MOST
    for one in [*said[:REMARKS_AT_MOST], *([f"and {more} more"] if more > 0 else [])]:
        print(one, file=sys.stderr)


def _folds(pieces: list[Piece], fold: int) -> list[str]:
    """Official sides where there are training clips; else by fold, classes dealt evenly."""
    if any(piece.official == "train" for piece in pieces):
        return [piece.official for piece in pieces]
    if len({piece.official for piece in pieces}) == 1 and pieces[0].official == "test":
        return ["test"] * len(pieces)
    sides, dealt = [""] * len(pieces), 0
    for index in sorted(range(len(pieces)), key=lambda index: (pieces[index].label, _shuffled(pieces[index].name))):
        place = (dealt - fold) % FOLDS
        sides[index], dealt = {0: "test", 1: "valid"}.get(place, "train"), dealt + 1
    return sides


def _shuffled(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _examples(kind: Kind, shelf: Shelf, pieces: list[Piece], length: int, spread: int) -> Examples:
    notes, labels, owners = [], [], []
    for index, piece in enumerate(pieces):
        for start in starts_of(piece.stop - piece.start, length, spread):
            rows = slice(piece.start + start, min(piece.start + start + length, piece.stop))
            window = padded(shelf.notes[rows], length)
            real = window[:, 0] != PAD[0]
            notes.append(window)
            labels.append(_labels(kind, piece, window, shelf.classes[rows], real))
            owners.append(index)
    stacked = np.array(notes, np.int16).reshape(-1, length, 8)
    for attribute in kind.hidden:
        column = stacked[..., attribute]
        column[column != PAD[attribute]] = MASK[attribute]
    shape = {"sequence": (-1,), "token": (-1, length), "continuation": (-1, 0)}[kind.level]
    empty = np.empty((len(notes), 0), np.int64)
    filled = empty if kind.level == "continuation" else np.array(labels, np.int64).reshape(shape)
    return Examples(stacked, filled, np.array(owners, np.int64))


def starts_of(count: int, length: int, spread: int) -> list[int]:
    """First notes of at most `spread` windows of a piece of `count` notes, evenly over it, none beyond its end."""
    wanted = min(spread, max(1, round(count / length)))
    last = max(count - length, 0)
    return sorted({round(last * number / max(wanted - 1, 1)) for number in range(wanted)})


def _labels(kind: Kind, piece: Piece, window: np.ndarray, classes: np.ndarray, real: np.ndarray) -> np.ndarray | int:
    if kind.corpus == "pianist8":
        return ARTISTS.index(piece.label) if piece.label in ARTISTS else -1
    if kind.corpus == "emopia_cp":
        return int(piece.label)
    labels = np.full(len(window), -1, np.int64)
    if kind.corpus == "pop909":
        labels[: len(classes)] = classes
    elif kind.level == "token":
        labels[real] = np.searchsorted(BAND_CODES, window[real, VELOCITY], side="right")
    labels[~real] = -1
    return labels
