"""The bundled symbolic models: whole, what their cards say, and of use to somebody who has only a MIDI file."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
symusic = pytest.importorskip("symusic")
pytest.importorskip("onnxruntime")
pytest.importorskip("safetensors")

from tools.train.symbolic.__main__ import BUNDLED, main  # noqa: E402
from tools.train.symbolic.octuple import decode, encode  # noqa: E402
from tools.train.symbolic.reading import read_midi  # noqa: E402
from tools.train.symbolic.tasks import KINDS, TASKS  # noqa: E402
from tools.train.symbolic.weights import read_weights  # noqa: E402

MOST_BYTES = 60_000_000


def run(capsys, *words):
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.fixture
def song(tmp_path, melody):
    path = tmp_path / "song.mid"
    decode(melody(12, 60, 1)).dump_midi(str(path))
    return path


@pytest.mark.parametrize("task", TASKS)
def test_each_is_whole_and_says_what_it_is(task):
    weights = read_weights(BUNDLED / task)
    manifest = json.loads((BUNDLED / task / "manifest.json").read_text())
    card = (BUNDLED / task / "card.md").read_text()
    assert weights.content["task"] == task
    assert tuple(weights.content["classes"]) == KINDS[task].classes
    assert set(manifest["files"]) == {"weights.safetensors"}
    for needed in ("licence", "Not for", "Rebuild", "Scores", "seed", KINDS[task].corpus):
        assert needed in card, needed


def test_they_fit_with_the_others(root):
    assert sum(path.stat().st_size for path in (root / "models").rglob("*") if path.is_file()) < MOST_BYTES


def test_a_song_is_labelled_without_training_anything(capsys, song):
    status, said, _ = run(capsys, "label", song, "--json")
    found = json.loads(said)
    assert status == 0
    assert set(found["composer"]) == set(KINDS["composer"].classes)
    assert set(found["emotion"]) == set(KINDS["emotion"].classes)
    assert sum(found["emotion"].values()) == pytest.approx(1.0, abs=0.01)
    assert "melody" in found


def test_a_song_is_gone_on_with_without_training_anything(capsys, song, tmp_path):
    out = tmp_path / "more.mid"
    assert run(capsys, "generate", "--prompt", song, "--bars", 4, "--out", out)[0] == 0
    notes = encode(read_midi(out))
    assert len(notes) >= 4
    assert len(np.unique(notes[:, 3])) > 1


def test_its_card_says_how_it_scores(capsys, shared_data):
    """Evaluated from the MIDI files, as somebody with another folder of the same layout would."""
    words = (
        "evaluate",
        "--task",
        "composer",
        "--data",
        shared_data / "midi",
        "--model",
        BUNDLED / "composer",
        "--json",
    )
    status, said, _ = run(capsys, *words)
    found = json.loads(said)
    told = re.search(r"\| accuracy \| ([0-9.]+) \|", Path(BUNDLED / "composer" / "card.md").read_text())
    assert status == 0
    assert found["n"] == 37
    assert found["accuracy"] == pytest.approx(float(told[1]), abs=0.03)  # one piece: sums depend on the processor
    assert found["accuracy"] > 0.5
