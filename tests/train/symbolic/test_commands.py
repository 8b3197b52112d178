"""The command line: every verb on a handful of notes, and one clear line for what it cannot use."""

import json
from dataclasses import asdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
symusic = pytest.importorskip("symusic")
pytest.importorskip("onnxruntime")

from tools.train.symbolic import speed  # noqa: E402
from tools.train.symbolic.__main__ import main, parse  # noqa: E402
from tools.train.symbolic.artefact import write  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.octuple import decode, encode  # noqa: E402
from tools.train.symbolic.picture import colour, likelihoods, onsets  # noqa: E402
from tools.train.symbolic.reading import read_midi  # noqa: E402
from tools.train.symbolic.shelf import Piece  # noqa: E402
from tools.train.symbolic.table import Job, outcomes, ratio_interval  # noqa: E402
from tools.train.symbolic.tasks import ARTISTS, Task  # noqa: E402
from tools.train.symbolic.weights import read_checkpoint, read_weights  # noqa: E402


@pytest.fixture
def data(tmp_path, melody):
    """A shelf of two artists (one plays up, one down), of emotions, and of pieces to go on with."""
    pieces, notes, start = [], [], 0
    for corpus in ("pianist8", "maestro", "pop909"):
        for number in range(16):
            part = melody(16, 60 + number % 5, 1 if number % 2 else -1)
            split = "train" if number < 10 else "valid" if number < 13 else "test"
            origin = (f"{corpus}{number}", corpus, f"{corpus}{number}", "", "", ARTISTS[number % 2])
            pieces.append(Piece(*origin, split, start, start + len(part)))
            notes.append(part)
            start += len(part)
    folder = tmp_path / "shelf"
    folder.mkdir()
    whole = np.concatenate(notes)
    np.save(folder / "octuples.npy", whole)
    np.save(folder / "classes.npy", (whole[:, 3] % 3).astype(np.int8))
    (folder / "pieces.json").write_text(json.dumps({"format": 1, "pieces": [asdict(piece) for piece in pieces]}))
    return folder


@pytest.fixture
def song(tmp_path, melody):
    path = tmp_path / "song.mid"
    decode(melody(12, 60, 1)).dump_midi(str(path))
    return path


def run(capsys, *words):
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


TINY = ("--length", 32, "--batch", 4, "--float32", "--evaluate-every", 5)


def pretrained(capsys, data, out, model="pianobart"):
    words = ("pretrain", "--model", model, "--data", data, "--out", out, "--size", "tiny", "--steps", 5, "--judged", 4)
    status, said, _ = run(capsys, *words, *TINY)
    assert status == 0
    assert "tokens/s on 1 workers" in said
    return out


def test_from_a_shelf_to_a_continuation(capsys, data, song, tmp_path):
    pre = pretrained(capsys, data, tmp_path / "pre")
    words = ("finetune", "--task", "continuation", "--data", data, "--weights", pre, "--out", tmp_path / "goes-on")
    status, said, _ = run(capsys, *words, "--steps", 5, *TINY)
    assert (status, "all 5 steps" in said) == (0, True)
    words = ("evaluate", "--task", "continuation", "--data", data, "--model", tmp_path / "goes-on", "--most", 2)
    status, said, _ = run(capsys, *words, "--json")
    found = json.loads(said)
    assert status == 0
    assert found["task"] == "continuation"
    assert found["n"] == 2
    assert found["valid"] == 1.0
    assert {"pche_distance", "gs_distance"} <= set(found)
    status, said, _ = run(capsys, "export", "--model", tmp_path / "goes-on", "--out", tmp_path / "graphs")
    assert (status, "equal the network" in said) == (0, True)
    whole = []
    for name in ("goes-on", "graphs"):
        out = tmp_path / f"{name}.mid"
        words = ("generate", "--prompt", song, "--bars", 4, "--out", out, "--model", tmp_path / name, "--with-prompt")
        assert run(capsys, *words)[0] == 0
        whole.append(encode(read_midi(out)))
    told = encode(read_midi(song))
    assert np.array_equal(whole[0][: len(told)], told)
    assert whole[0][-1, 0] == 15
    assert np.array_equal(whole[0], whole[1])  # the graphs are the network


def test_from_none_to_labels(capsys, data, song, tmp_path):
    for task in ("composer", "melody"):
        words = ("finetune", "--task", task, "--data", data, "--weights", "none", "--model", "midibert")
        status, _, _ = run(capsys, *words, "--size", "tiny", "--out", tmp_path / "models" / task, "--steps", 5, *TINY)
        assert status == 0
    words = ("evaluate", "--task", "composer", "--data", data, "--model", tmp_path / "models" / "composer", "--json")
    status, said, _ = run(capsys, *words)
    found = json.loads(said)
    assert (status, found["n"]) == (0, 3)
    assert {"accuracy", "macro_f1", "task"} <= set(found)
    status, said, _ = run(capsys, "label", song, "--models", tmp_path / "models", "--json")
    found = json.loads(said)
    assert status == 0
    assert found["notes"] == 48
    assert sum(found["composer"].values()) == pytest.approx(1.0, abs=0.01)
    assert set(found["composer"]) == set(ARTISTS)
    assert all(note["confidence"] > 0.5 for note in found["melody"])
    status, said, _ = run(capsys, "label", song, "--models", tmp_path / "models")
    assert (status, "melody: " in said) == (0, True)


def test_an_artefact_answers_like_the_run_it_was_made_of(capsys, data, tmp_path):
    pre = pretrained(capsys, data, tmp_path / "pre", "midibert")
    words = ("finetune", "--task", "composer", "--data", data, "--weights", pre, "--out", tmp_path / "run")
    assert run(capsys, *words, "--steps", 5, *TINY)[0] == 0
    out = tmp_path / "models" / "composer"
    out.mkdir(parents=True)
    for name in ("manifest.json", "old"):
        (out / name).touch()
    words = ("bundle", "--model", tmp_path / "run", "--pretrained", pre, "--data", data, "--out", out)
    status, said, _ = run(capsys, *words)
    assert (status, "composer, accuracy" in said) == (0, True)
    assert {path.name for path in out.iterdir()} == {"weights.safetensors", "manifest.json", "card.md"}
    assert list(out.parent.iterdir()) == [out]
    card = (out / "card.md").read_text()
    assert "| pianist8 | 10 | no licence published: research |" in card
    assert "pretrain --model midibert --data SHELF --out RUNS/pre --steps 5" in card
    kept, made = read_weights(tmp_path / "run"), read_weights(out)
    assert made.content["classes"] == kept.content["classes"]
    for name, tensor in kept.network.state_dict().items():
        torch.testing.assert_close(made.network.state_dict()[name], tensor, rtol=1e-3, atol=1e-4)
    words = ("evaluate", "--task", "composer", "--data", data, "--json", "--model")
    scores = [json.loads(run(capsys, *words, folder)[1]) for folder in (tmp_path / "run", out)]
    assert scores[0] == scores[1]
    assert f"| accuracy | {scores[1]['accuracy']:.3f} |" in card
    # and every command of its card is one that this program knows
    for line in card.splitlines():
        if line.startswith("    python -m tools.train.symbolic "):
            assert parse(line.split()[3:]).verb in ("tokenize", "pretrain", "finetune", "bundle")


def test_bundling_takes_nothing_away(capsys, data, tmp_path):
    """Neither somebody's folder nor a good artefact, whatever is wrong."""
    pre = pretrained(capsys, data, tmp_path / "pre", "midibert")
    words = ("finetune", "--task", "composer", "--data", data, "--weights", pre, "--out", tmp_path / "run")
    assert run(capsys, *words, "--steps", 5, *TINY)[0] == 0
    theirs, kept = tmp_path / "theirs", tmp_path / "kept"
    for folder, name in ((theirs, "photo.jpg"), (kept, "manifest.json")):
        folder.mkdir()
        (folder / name).write_text("of worth")
    (tmp_path / "foreign.pt").write_bytes(b"no checkpoint")
    for wrong, out, said in (
        (("--model", tmp_path / "run"), theirs, "holds other files"),
        (("--model", tmp_path / "run"), theirs / "photo.jpg", "is a file"),
        (("--model", pre), kept, "not finetuned"),
        (("--model", tmp_path / "foreign.pt"), kept, "not a checkpoint"),
        (("--model", tmp_path / "run", "--pretrained", tmp_path / "run"), kept, "no pre-training of midibert"),
    ):
        status, _, err = run(capsys, "bundle", *wrong, "--data", data, "--out", out)
        assert (status, err.count("\n"), said in err) == (1, 1, True), err
    assert (theirs / "photo.jpg").read_text() == (kept / "manifest.json").read_text() == "of worth"
    assert {path.name for path in tmp_path.iterdir()} == {"shelf", "pre", "run", "theirs", "kept", "foreign.pt"}


def test_a_damaged_artefact_is_refused(capsys, data, tmp_path):
    words = (
        "finetune",
        "--task",
        "melody",
        "--data",
        data,
        "--weights",
        "none",
        "--model",
        "midibert",
        "--size",
        "tiny",
    )
    assert run(capsys, *words, "--out", tmp_path / "run", "--steps", 5, *TINY)[0] == 0
    (tmp_path / "kept").mkdir()
    write(read_checkpoint(tmp_path / "run" / "best.pt"), tmp_path / "kept")
    manifest, file = (tmp_path / "kept" / name for name in ("manifest.json", "weights.safetensors"))
    told, weights = json.loads(manifest.read_text()), file.read_bytes()
    swapped = {**told, "shapes": {**told["shapes"], next(iter(told["shapes"])): [1]}}
    for text, tensors, said in (
        ("{", weights, "not a manifest"),
        ("[]", weights, "not a manifest"),
        (json.dumps({**told, "format": 2}), weights, "format 2"),
        (json.dumps(swapped), weights, "its shapes are not those"),
        (json.dumps(told), weights[:-1], "checksum"),
    ):
        manifest.write_text(text)
        file.write_bytes(tensors)
        with pytest.raises(SymbolicError, match=said):
            read_weights(tmp_path / "kept")


def test_a_table_is_a_queue_that_goes_on(capsys, data, tmp_path):
    pretrained(capsys, data, tmp_path / "pre" / "pre-midibert", "midibert")
    words = ("table", "--data", data, "--pretrained", tmp_path / "pre", "--out", tmp_path / "table", "--tasks")
    words += ("composer", "--rows", "majority", "MidiBERT", "MusicBERT", "--size", "tiny", "--length", 32)
    words += ("--steps", 4, "--evaluate-every", 4, "--batch", 4, "--seeds", 1, 2)
    status, said, _ = run(capsys, *words)
    assert status == 0
    assert "no pre-musicbert" in said
    text = (tmp_path / "table" / "table.md").read_text()
    assert "| MidiBERT | 0." in text
    assert "MusicBERT |" not in text
    results = json.loads((tmp_path / "table" / "results.json").read_text())
    assert results["cells"]["MidiBERT"]["composer"]["seeds"] == 2
    assert results["cells"]["majority"]["composer"]["seeds"] == 1
    low, high = results["cells"]["MidiBERT"]["composer"]["accuracy_95"]
    assert 0.0 <= low <= high <= 1.0
    assert results["pretrained"]["midibert"]["steps"] == 5
    kept = Job("MidiBERT", "composer", 1).folder(tmp_path / "table") / "result.json"
    before = kept.stat().st_mtime_ns
    assert "MidiBERT, composer" not in run(capsys, *words)[1]
    assert kept.stat().st_mtime_ns == before


def test_a_picture_shows_every_note(capsys, data, song, tmp_path):
    pre = pretrained(capsys, data, tmp_path / "pre", "midibert")
    status, said, _ = run(capsys, "picture", song, "--model", pre, "--out", tmp_path / "song.html")
    page = (tmp_path / "song.html").read_text()
    assert status == 0
    assert "48 notes" in said
    assert page.count("<rect") == 48
    assert page.count("<path") == 80
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_likelihoods_come_from_hidden_notes(capsys, data, tmp_path, melody):
    """A note's chance must not depend on the note itself, only on those around it."""
    weights = read_weights(pretrained(capsys, data, tmp_path / "pre", "midibert"))
    notes = melody(8, 60, 1).astype(np.int64)
    other = notes.copy()
    other[5, 3] = 100
    one, two = likelihoods(weights, notes), likelihoods(weights, other)
    same = np.arange(32) % 8 == 5  # hidden together with note 5
    same[5] = False
    np.testing.assert_allclose(one[same], two[same], rtol=1e-6)
    assert not np.allclose(one[~same], two[~same], rtol=1e-6)
    assert (one > 0).all()


def test_onsets_count_empty_bars(melody):
    notes = melody(4, 60, 1).astype(np.int64)
    kept = notes[notes[:, 0] != 1]
    assert onsets(kept)[4] == 128
    assert colour(0.0) != colour(1.0)


def test_outcomes_are_by_piece():
    task = Task("melody", "token", ("a", "b"), (), {})
    chances = np.log(np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]))
    assert outcomes(task, (chances, np.array([0, 0, 0]), np.array([4, 4, 7]))) == [[1, 2], [1, 1]]
    low, high = ratio_interval(np.array([[9.0, 10.0], [1.0, 2.0], [5.0, 5.0]]))
    assert low < 15 / 17 < high


def test_cached_writing_is_measured_beside_recomputed():
    found = speed.writing(8)
    assert found["graphs_difference"] < 1e-4
    assert found["cached_difference"] < 1e-4
    assert found["recomputed_s"] > found["graphs_s"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pretrain", "--model", "midibert", "--data", "NO", "--out", "OUT"), "no shelf"),
        (("pretrain", "--model", "midibert", "--data", "SHELF", "--out", "OUT", "--size", "{"), "--size"),
        (("finetune", "--task", "composer", "--data", "SHELF", "--weights", "none", "--out", "OUT"), "needs --model"),
        (("finetune", "--task", "composer", "--data", "SHELF", "--weights", "NO", "--out", "OUT"), "no such model"),
        (("evaluate", "--task", "composer", "--data", "SHELF", "--model", "NO", "--json"), "no such model"),
        (("generate", "--prompt", "NO", "--model", "NO", "--out", "OUT"), "no such file"),
        (("generate", "--prompt", "SONG", "--model", "NO", "--out", "OUT", "--bars", "0"), "--bars 0"),
        (
            ("generate", "--prompt", "SONG", "--model", "NO", "--out", "OUT", "--nuclei", *"00000000"),
            "--nuclei above 0",
        ),
        (("label", "SONG", "--models", "NO"), "none of composer"),
        (("picture", "SONG", "--model", "NO", "--out", "OUT"), "no such model"),
        (("export", "--model", "NO", "--out", "OUT"), "no such model"),
        (("bundle", "--model", "NO", "--data", "SHELF", "--out", "OUT"), "no such model"),
        (("import", "--file", "NO", "--model", "pianobart", "--out", "OUT"), "no such file"),
        (("into-skipbart", "--model", "NO", "--out", "OUT", "--size", "7"), "--size 7"),
        (("table", "--data", "SHELF", "--pretrained", "NO", "--out", "OUT", "--rows", "x"), "no row 'x'"),
    ],
)
def test_what_cannot_be_used_is_one_line(words, said, capsys, data, song):
    tmp_path = song.parent
    places = {"NO": tmp_path / "nothing", "SHELF": data, "SONG": song, "OUT": tmp_path / "out"}
    status, _, err = run(capsys, *(places.get(word, word) for word in words))
    assert status == 1
    assert said in err
    assert err.count("\n") == 1
    assert err.startswith(f"symbolic {words[0]}: ")
