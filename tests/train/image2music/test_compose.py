"""The command as people use it: a folder with everything or a folder as it was, and one sentence when it cannot."""

import json
import shutil
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from controller.listening.opening.opening import read_opening
from tools.train.image2music import artefact, shelf
from tools.train.image2music.__main__ import main
from tools.train.image2music.clip import Clip
from tools.train.image2music.contest import SYSTEMS, Entry, judged
from tools.train.image2music.copying import LIMIT
from tools.train.image2music.embedded import EmbeddedReader
from tools.train.image2music.endpoint import Endpoint
from tools.train.image2music.gate import judge
from tools.train.image2music.measuring import checked, spearman
from tools.train.image2music.objects import GRID, Classifier
from tools.train.image2music.opening_files import whole_or_nothing
from tools.train.image2music.picture import open_picture
from tools.train.image2music.retrieval import search
from tools.train.image2music.sentences import Sentences, pieces
from tools.train.image2music.studio import Studio

FILES = {"tune.abc", "tune.mid", "tune.wav", "palette.json", "seed.json", "report.html"}
QUICK = ("--synth", "sines", "--bars", "16")


def test_a_picture_becomes_an_opening(built, photo, tmp_path, capsys):
    out = tmp_path / "opening"
    moving = tmp_path / "moving.gif"
    still = Image.open(photo)
    still.save(moving, save_all=True, append_images=[still.rotate(180)])
    assert main(["compose", str(moving), "--out", str(out), "--mood", "a calm evening", *QUICK, *built]) == 0
    assert {one.name for one in out.iterdir()} >= FILES
    seed = json.loads((out / "seed.json").read_text())
    assert judge((out / "tune.abc").read_text(), bars=16).clean
    assert seed["provenance"]["backend"] == "embedded"
    assert "EfficientNet" in seed["provenance"]["read_by"]
    assert len(seed["provenance"]["looked_up"]) == 3
    assert sum(one["weight"] for one in seed["palette"]) == pytest.approx(1.0, abs=0.01)
    assert seed["palette"] == json.loads((out / "palette.json").read_text())
    with wave.open(str(out / "tune.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(seed["audio_seconds"], abs=0.01)
    opening, tune = read_opening(out)  # the show's own reader
    assert tune.name == "tune.wav"
    assert opening.bars == 16
    page = (out / "report.html").read_text()
    assert page.count("<script") == 2
    assert "@" + "TITLE" not in page
    assert "a calm evening" in page
    said = capsys.readouterr()
    assert "followspot show --opening" in said.out
    assert "which shows most, is read" in said.err


@pytest.fixture(scope="module")
def studio(built, cache, corpus):
    """Loaded once; with the reader."""
    studio = Studio(cache, corpus)
    return studio, EmbeddedReader(Classifier(cache), studio.sentences)


def test_the_same_seed_composes_the_same_and_another_another(studio, photo):
    making, reader = studio
    reading = reader.read(open_picture(photo), "")
    texts = [making.compose(reading, bars=8, title="t", seed=seed).abc for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]


def test_ablations_leave_out_what_they_say(built, photo, tmp_path):
    out = tmp_path / "bare"
    assert (
        main(
            ["compose", str(photo), "--out", str(out), "--no-rag", "--no-refine", "--composer", "ngram", *QUICK, *built]
        )
        == 0
    )
    made = json.loads((out / "seed.json").read_text())["provenance"]
    assert made["looked_up"] == []
    assert made["composed_by"] == "n-gram"
    assert not [one for one in made["critic"] if one["step"].startswith("round")]


def test_a_mood_line_turns_the_music(studio, photo):
    making, reader = studio
    joyful, sad = (reader.read(open_picture(photo), mood) for mood in ("a joyful wild dance", "a lonely slow lament"))
    assert joyful.valence > sad.valence
    assert joyful.arousal > sad.arousal
    dance, lament = (making.compose(one, bars=8, title="t", seed=0) for one in (joyful, sad))
    assert dance.wish.bpm > lament.wish.bpm
    assert "mood line" in " ".join(joyful.statements)


def test_refinement_keeps_only_what_the_critic_likes_better(studio, photo):
    making, reader = studio
    reading = reader.read(open_picture(photo), "")
    for seed in range(3):
        theme = making.compose(reading, bars=16, title="t", seed=seed).theme
        kept = [one for one in theme.history if one.accepted]
        assert [one.score for one in kept] == sorted(one.score for one in kept)
        assert theme.judgement.score == kept[-1].score
        assert theme.shared.length <= LIMIT


def refused(capsys, *arguments):
    assert main(list(arguments)) == 1
    said = capsys.readouterr().err.strip().splitlines()
    return said[-1]


def test_what_is_refused_leaves_the_folder_as_it_was(built, photo, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    assert "broken.png" in refused(
        capsys, "compose", str(tmp_path / "broken.png"), "--out", str(tmp_path / "o"), *built
    )
    assert not (tmp_path / "o").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear")
    assert "holds other files" in refused(capsys, "compose", str(photo), "--out", str(tmp_path / "mine"), *built)
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["diary.txt"]
    assert "no such folder" in refused(capsys, "compose", str(photo), "--out", str(tmp_path / "a" / "b"), *built)
    for backend, word in ((("vlm",), "--endpoint"),
                          (("vlm", "--endpoint", "http://127.0.0.1:9/v1"), "cannot be reached"),
                          (("hf-local",), "--model")):  # fmt: skip
        said = refused(capsys, "compose", str(photo), "--out", str(tmp_path / "o"), "--backend", *backend, *built)
        assert word in said
        assert "the embedded backend needs no network" in said
    assert not (tmp_path / "o").exists()


def test_a_failure_half_way_keeps_the_opening_that_was_there(tmp_path):
    def good(folder):
        (folder / "seed.json").write_text("1")
        return {}

    def bad(folder):
        (folder / "seed.json").write_text("2")
        raise OSError(28, "No space left on device")

    whole_or_nothing(tmp_path / "o", good)
    with pytest.raises(Exception, match="No space left"):
        whole_or_nothing(tmp_path / "o", bad)
    assert (tmp_path / "o" / "seed.json").read_text() == "1"
    assert [one.name for one in tmp_path.iterdir()] == ["o"]
    whole_or_nothing(tmp_path / "o", good)
    assert [one.name for one in tmp_path.iterdir()] == ["o"]


def test_a_swapped_network_is_refused(built, photo, tmp_path, capsys, monkeypatch):
    copy = tmp_path / "artefact"
    shutil.copytree(artefact.BUNDLED, copy)
    (copy / "judge.onnx").write_bytes((copy / "judge.onnx").read_bytes()[:-1] + b"\0")
    with pytest.raises(Exception, match=r"judge\.onnx: missing, damaged or swapped"):
        artefact.open_artefact(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(Exception, match="compose with --composer ngram"):
        artefact.open_artefact(copy)


def test_a_damaged_index_is_built_again(built, cache, corpus):
    sentences = Sentences()
    (file,) = cache.glob("index-*.npz")
    index = shelf.open_index(cache, sentences, corpus)
    file.write_bytes(file.read_bytes()[:5_000])
    again = shelf.open_index(cache, sentences, corpus)
    assert [one.name for one in again.tunes] == [one.name for one in index.tunes]
    assert np.allclose(again.texts, index.texts, atol=2e-3)


def test_words_find_what_they_mean_and_settings_are_not_shown_twice(built, cache, corpus):
    sentences = Sentences()
    index = shelf.open_index(cache, sentences, corpus)
    found = search(index, sentences.embed(["plaintive, slow, sad"])[0], (-0.6, -0.6))
    assert len({one.tune.identity for one in found}) == 3
    assert any(word in one.tune.words for one in found for word in ("plaintive", "slow", "sad", "mournful", "feeling"))
    brisk = search(index, sentences.embed(["lively reel"])[0], (0.6, 0.8))
    assert not {one.tune.name for one in found} & {one.tune.name for one in brisk}


def test_word_pieces_are_those_of_the_library(built, require_real, tunes):
    import importlib.util

    require_real("tokenizers", importlib.util.find_spec("tokenizers") is not None)
    from tokenizers.implementations import BertWordPieceTokenizer

    from tools.train.image2music.sentences import VOCABULARY

    theirs = BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
    for text in [one.caption for one in tunes] + ["Ça va? naïve – café’s “quote” 你好 $5 a_b", "", "O'Neill's 1903"]:
        assert theirs.encode(text).ids[:64] == pieces(text)[:64], text


def test_maps_are_exact(built, cache, photo):
    """A class's logit is the mean of its map and a constant that no picture changes."""
    classifier = Classifier(cache)
    rests = []
    for rgb in (open_picture(photo).rgb, np.full((50, 50, 3), 90, np.uint8)):
        _, logits, where = classifier.look(rgb)
        assert where.shape == (1000, GRID, GRID)
        rests.append(logits - where.mean(axis=(1, 2)))
    assert np.allclose(rests[0], rests[1], atol=1e-3)


def test_real_things_are_known(built, cache, images):
    things, _, _ = Classifier(cache).look(open_picture(images / "coffee.jpg").rgb)
    assert things[0].name == "espresso"
    middle = things[0].where[2:5, 2:5].mean()
    assert middle > things[0].where[[0, 0, -1, -1], [0, -1, 0, -1]].mean()


def tiny_clip(folder: Path) -> Path:
    """A random CLIP of two matrix products, as ONNX, with a tokenizer of two words."""
    rng = np.random.default_rng(0)

    def save(name, shape, kind, size):
        given = helper.make_tensor_value_info("x", kind, shape)
        out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8])
        weight = numpy_helper.from_array(rng.normal(size=(size, 8)).astype(np.float32), "w")
        flat = numpy_helper.from_array(np.array([1, -1], np.int64), "flat")
        nodes = [helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
                 helper.make_node("Reshape", ["f", "flat"], ["r"]),
                 helper.make_node("MatMul", ["r", "w"], ["y"])]  # fmt: skip
        model = helper.make_model(helper.make_graph(nodes, name, [given], [out], [weight, flat]),
                                  opset_imports=[helper.make_opsetid("", 17)], ir_version=10)  # fmt: skip
        onnx.save(model, folder / name)

    save("image.onnx", [1, 3, 4, 4], TensorProto.FLOAT, 48)
    save("text.onnx", [1, 6], TensorProto.INT64, 6)
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"reel": 1, "jig": 2, "?": 0}, unk_token="?"))  # noqa: S106 - a word
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_clip_that_is_brought_is_searched_with_and_its_score_is_shown(built, photo, tmp_path, require_real, capsys):
    import importlib.util

    require_real("tokenizers", importlib.util.find_spec("tokenizers") is not None)
    folder = tmp_path / "clip"
    folder.mkdir()
    assert "image.onnx: missing" in refused(
        capsys, "compose", str(photo), "--out", str(tmp_path / "o"), "--clip", str(folder), *QUICK, *built
    )
    clip = Clip(tiny_clip(folder))
    assert np.linalg.norm(clip.image(open_picture(photo).rgb)) == pytest.approx(1.0)
    assert not np.allclose(clip.texts(["reel jig"]), clip.texts(["jig reel reel"]))
    assert main(["compose", str(photo), "--out", str(tmp_path / "o"), "--clip", str(folder), *QUICK, *built]) == 0
    (folder / "image.onnx").write_bytes(b"no")
    assert "not usable as CLIP" in refused(
        capsys, "compose", str(photo), "--out", str(tmp_path / "p"), "--clip", str(folder), *QUICK, *built
    )


def test_the_bench_makes_a_blind_form_and_no_scores(built, photo, tmp_path, capsys):
    out = tmp_path / "bench"
    assert main(["bench", str(photo), "--out", str(out), "--bars", "8", *built]) == 0
    key = json.loads((out / "key.json").read_text())
    assert sorted(key.values()) == sorted(one.name for one in SYSTEMS)
    form = (out / "listening-form.html").read_text()
    assert not any(one.name in form for one in SYSTEMS)
    assert form.count("<audio") == len(SYSTEMS)
    for number in key:
        assert {one.name for one in (out / f"tune-{int(number):03d}").iterdir()} == {"tune.abc", "tune.mid", "tune.wav"}
    assert "no scores" in capsys.readouterr().out
    assert "needs --backend vlm" in refused(
        capsys, "bench", str(photo), "--out", str(tmp_path / "b"), "--judge", "endpoint", *built
    )


def test_a_judge_that_always_likes_the_first_decides_nothing(photo):
    class Biased:
        name, structured = "biased", True

        def say(self, prompt, picture, schema, purpose):
            return SimpleNamespace(text='{"better": "first", "why": "it came first"}', where=None)

    class Fair(Biased):
        def say(self, prompt, picture, schema, purpose):
            first = prompt.split("First:\n", 1)[1].startswith("good")
            return SimpleNamespace(
                text=json.dumps({"better": "first" if first else "second", "why": "it is good"}), where=None
            )

    picture = open_picture(photo)
    entries = [Entry(1, "ours", picture, "good"), Entry(2, "random retrieval", picture, "bad")]
    assert judged(Biased(), entries) == {"random retrieval": {"won": 0, "lost": 0, "undecided": 1}}
    assert judged(Fair(), entries) == {"random retrieval": {"won": 1, "lost": 0, "undecided": 0}}


def test_what_must_hold_fails_when_it_does_not():
    made = {"clean": 199, "tunes": 200, "median_s": 3.5, "peak_mb": 400.0, "longest_shared_run": 13}
    ranks = {"arousal to tempo": 0.95, "arousal to density (notes a second)": 0.7, "valence to register": 0.9,
             "valence to minor (how many degrees are lowered)": -0.5}  # fmt: skip
    rows = checked({"openings": made, "control": ranks})
    assert [good for *_, good in rows] == [False, False, True, False, True, False, True, False]
    assert spearman([1, 2, 3, 3], [10, 20, 30, 30]) == pytest.approx(1.0)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)


def test_an_endpoint_is_named_without_its_key():
    assert "k3y" not in Endpoint("http://u:k3y@127.0.0.1:1/v1", "m", "k3y", 1.0, 0).name


def test_captions_of_midicaps_are_found_by_meaning_and_kept(built, tmp_path, cache, capsys):
    lines = [{"location": "a.mid", "caption": "A slow, melancholic piano ballad in a minor key.", "tempo": 70},
             {"location": "b.mid", "caption": "An energetic rock song with drums and distorted guitar."}]  # fmt: skip
    file = tmp_path / "caps.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in lines) + "\n")
    for _ in range(2):  # the second time from the cache
        assert main(["captions", str(file), "--query", "sad lament", "--count", "1", "--cache", str(cache)]) == 0
        assert "a.mid" in capsys.readouterr().out
    file.write_text(json.dumps(lines[0]) + '\n{"location": 3}\n')
    assert "caps.jsonl:2" in refused(capsys, "captions", str(file), "--query", "x", "--cache", str(cache))
    assert "cannot be read" in refused(capsys, "captions", str(tmp_path / "no"), "--query", "x", "--cache", str(cache))
