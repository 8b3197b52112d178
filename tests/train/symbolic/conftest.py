"""Small synthetic music on a shelf: nothing here needs a file that is not in the repository."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("symusic")

from tools.train.symbolic.shelf import Piece, Shelf
from tools.train.symbolic.tasks import Examples, Task


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Graphs that are made for a model are kept here, not in this user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def rising(bars: int, key: int, step: int, velocity: int = 16) -> np.ndarray:
    """Four notes a bar, going up in steps: (4 * bars, 8) int16."""
    count = 4 * bars
    index = np.arange(count)
    notes = np.zeros((count, 8), np.int16)
    notes[:, 0], notes[:, 1] = index // 4, 16 * (index % 4)
    notes[:, 3] = key + step * (index % 8)
    notes[:, 4], notes[:, 5], notes[:, 6], notes[:, 7] = 12, velocity, 9, 35
    return notes


@pytest.fixture
def melody():
    """`rising` itself."""
    return rising


@pytest.fixture
def music():
    """A batch of windows (4, 48, 8) int64, the last one padded after 30 notes."""
    from tools.train.symbolic.shelf import padded

    parts = [rising(12, 50 + 3 * number, 1 + number) for number in range(4)]
    return np.array([padded(part[: 30 if number == 3 else 48], 48) for number, part in enumerate(parts)], np.int64)


@pytest.fixture
def shelf():
    """Ten pieces: eight to train, one to validate, one to test."""
    pieces, notes, start = [], [], 0
    for number in range(10):
        part = rising(16, 48 + number, 1 + number % 3)
        split = {8: "valid", 9: "test"}.get(number, "train")
        origin = (f"piece{number}", "made", str(number), "", "", "")
        pieces.append(Piece(*origin, split, start, start + len(part)))
        notes.append(part)
        start += len(part)
    whole = np.concatenate(notes)
    return Shelf(pieces, whole, np.full(len(whole), -1, np.int8))


def examples(count: int, level: str, seed: int) -> Examples:
    """Windows of 32 notes; of rising music the class is 1, of falling 0; of tokens, whether a pitch is odd."""
    rng = np.random.default_rng(seed)
    notes, labels = [], []
    for number in range(count):
        up = number % 2
        part = rising(8, 60 + int(rng.integers(-5, 6)), 1 if up else -1)
        notes.append(part)
        labels.append(up if level == "sequence" else part[:, 3] % 2)
    return Examples(np.array(notes), np.array(labels, np.int64), np.arange(count))


@pytest.fixture(params=["sequence", "token"])
def task(request):
    """A task that can be learnt in seconds."""
    sides = {name: examples(count, request.param, seed) for seed, (name, count) in
             enumerate({"train": 96, "valid": 8, "test": 8}.items())}  # fmt: skip
    return Task("composer", request.param, ("down", "up"), (), sides)


@pytest.fixture
def continuation():
    """Continuation of the same music."""
    found = {}
    for seed, name in enumerate(("train", "valid", "test")):
        one = examples(8, "sequence", seed)
        found[name] = Examples(one.notes, np.empty((8, 0), np.int64), one.pieces)
    return Task("continuation", "continuation", (), (), found)
