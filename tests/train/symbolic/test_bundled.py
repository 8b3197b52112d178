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
from tools.train.symbolic.labelling import asked  # noqa: E402
from tools.train.symbolic.octuple import decode, encode  # noqa: E402
from tools.train.symbolic.reading import read_midi  # noqa: E402
from tools.train.symbolic.tasks import KINDS, TASKS  # noqa: E402
from tools.train.symbolic.vocabulary import INSTRUMENT, PERCUSSION, PITCH, TEMPO  # noqa: E402
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
    assert tuple(weights.content["hidden"]) == KINDS[task].hidden
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


def midi(tmp_path, notes, tempo=120.0):
    score = decode(notes)
    for one in score.tempos:
        one.qpm = tempo
    score.dump_midi(str(tmp_path / "prompt.mid"))
    return tmp_path / "prompt.mid"


@pytest.mark.parametrize("tempo", [60.0, 93.0, 168.0])
def test_o20_a_continuation_has_the_prompts_tempo_and_says_where_it_begins(capsys, melody, tmp_path, tempo):
    out = tmp_path / "more.mid"
    words = ("generate", "--prompt", midi(tmp_path, melody(5, 60, 1), tempo), "--bars", 3, "--out", out, "--json")
    status, said, _ = run(capsys, *words)
    found = json.loads(said)
    assert status == 0
    assert {round(one.qpm, 1) for one in symusic.Score(out).tempos} == {tempo}
    assert (found["bars"], found["begins_at_bar"], found["begins_at_beat"]) == (3, 6, 20.0)
    assert found["bpm"] == pytest.approx(tempo, abs=0.01)
    assert sorted(set(encode(read_midi(out))[:, 0].tolist())) == [0, 1, 2]


def test_o20_a_prompt_that_is_written_too_keeps_its_own_tempo(capsys, melody, tmp_path):
    """The codes of the vocabulary are up to 3 % off."""
    out = tmp_path / "both.mid"
    words = ("generate", "--prompt", midi(tmp_path, melody(5, 60, 1), 93.0), "--bars", 1, "--out", out, "--with-prompt")
    assert run(capsys, *words)[0] == 0
    assert {round(one.qpm, 1) for one in symusic.Score(out).tempos} == {93.0}


def test_o26_drums_alone_have_no_composer_and_no_mood(capsys, melody, tmp_path):
    drums = melody(8, 40, 1)
    drums[:, INSTRUMENT], drums[:, PITCH] = PERCUSSION, drums[:, PITCH] % 20 + 128 + 36
    drums = drums[np.lexsort(drums.T[::-1])]
    path = midi(tmp_path, drums)
    status, said, _ = run(capsys, "label", path)
    assert (status, said.strip()) == (0, "drums only: no composer, no mood, no melody")
    found = json.loads(run(capsys, "label", path, "--json")[1])
    assert not {"composer", "emotion", "melody"} & set(found)
    assert found["remarks"] == ["drums only: no composer, no mood, no melody"]


def test_o26_drums_beside_music_change_no_answer(capsys, melody, tmp_path):
    song, drums = melody(8, 60, 1), melody(8, 40, 1)
    drums[:, INSTRUMENT], drums[:, PITCH] = PERCUSSION, 128 + 38
    both = np.concatenate([song, drums])
    alone = json.loads(run(capsys, "label", midi(tmp_path, song), "--json")[1])
    together = json.loads(run(capsys, "label", midi(tmp_path, both[np.lexsort(both.T[::-1])]), "--json")[1])
    assert together["composer"] == alone["composer"]
    assert together["emotion"] == alone["emotion"]
    assert together["melody"] == alone["melody"]


@pytest.mark.parametrize("task", TASKS)
def test_o35_what_training_hid_is_hidden_in_use(task, melody):
    """Level and tempo change no mood, the velocity no guess of the velocity: the models never saw them."""
    weights = read_weights(BUNDLED / task)
    if task == "continuation":
        return
    one, other = melody(16, 60, 1).astype(np.int64), melody(16, 60, 1, velocity=30).astype(np.int64)
    other[:, TEMPO] = 45
    same = np.allclose(asked(weights, one), asked(weights, other))
    assert same == (task == "emotion")
    other[:, TEMPO] = one[0, TEMPO]
    assert np.allclose(asked(weights, one), asked(weights, other)) == (task in ("emotion", "velocity"))


@pytest.mark.parametrize("task", ["composer", "emotion", "melody", "velocity"])
def test_o37_a_card_says_how_well_each_answer_is_told(task):
    card = (BUNDLED / task / "card.md").read_text()
    told = {name: float(number) for name, number in re.findall(r"\| F1 of (.+?) \| ([0-9.]+) \|", card)}
    assert set(told) == set(KINDS[task].classes)
    mean = float(re.search(r"\| macro-F1 \| ([0-9.]+) \|", card)[1])
    assert sum(told.values()) / len(told) == pytest.approx(mean, abs=0.002)


@pytest.mark.parametrize("verb", ["label", "generate"])
def test_o31_every_remark_of_the_reader_is_printed(capsys, melody, tmp_path, verb):
    path = midi(tmp_path, melody(4, 60, 1))
    path.write_bytes(b"RIFF" + bytes(16) + path.read_bytes())
    words = (
        ("label", path) if verb == "label" else ("generate", "--prompt", path, "--bars", 1, "--out", path.parent / "o")
    )
    status, _, warned = run(capsys, *words, "--json")
    assert status == 0
    assert "prompt.mid: the MIDI file inside a RIFF file (.rmi) is read" in warned


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
