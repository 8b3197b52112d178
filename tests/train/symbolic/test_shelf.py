"""Corpora on one shelf: true bars, no leaks, and the tasks that are cut from it."""

import json
import shutil

import numpy as np
import pytest

from tools.train.symbolic import plain_rows
from tools.train.symbolic.errors import SymbolicError
from tools.train.symbolic.invented import make_data
from tools.train.symbolic.scores import accuracy, gs, macro_f1, pche
from tools.train.symbolic.shelf import joined, padded, read_shelf, survives, tokenize, windows
from tools.train.symbolic.tasks import TASKS, VELOCITY_BANDS, opened, read_task, starts_of, whole
from tools.train.symbolic.vocabulary import BAR, MASK, PAD, PITCH, POSITION, TIME_SIGNATURE, VELOCITY, is_legal


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data folder of every corpus's layout."""
    return make_data(tmp_path_factory.mktemp("midi"))


@pytest.fixture(scope="module")
def shelf_folder(data, tmp_path_factory):
    """The same, tokenized."""
    out = tmp_path_factory.mktemp("shelf")
    tokenize(data, out, workers=1)
    return out


@pytest.fixture
def shelf(shelf_folder):
    """The shelf, opened."""
    return read_shelf(shelf_folder)


def of(shelf, name):
    return next(piece for piece in shelf.pieces if piece.name.startswith(name))


def test_every_corpus_is_there(shelf):
    assert {piece.corpus for piece in shelf.pieces} == {
        "pop909", "maestro", "asap", "pianist8", "pop1k7", "freedoom", "emopia_cp"
    }  # fmt: skip
    for piece in shelf.pieces:
        if piece.corpus != "emopia_cp":
            assert is_legal(padded(shelf.of(piece), piece.stop - piece.start))


def test_bars_of_pop909_come_from_the_beats_not_from_the_header(shelf):
    """A beat lasts half a second and so does a quarter: bars of four beats."""
    notes = shelf.of(of(shelf, "pop909/001"))
    assert set(notes[:, TIME_SIGNATURE].tolist()) == {9}
    assert notes[:, POSITION].max() < 64


def test_an_annotated_performance_has_its_true_bars(shelf):
    """3/4 with beats of 0.6 s, one beat of upbeat; the score beside it, without annotation, keeps its own 4/4."""
    notes = shelf.of(of(shelf, "asap/Composer/Sonata_8/Player01"))
    assert set(notes[:, TIME_SIGNATURE].tolist()) == {8}
    assert notes[0, BAR] == 0
    assert notes[0, POSITION] == 32
    assert set(shelf.of(of(shelf, "asap/Composer/Sonata_8/midi_score"))[:, TIME_SIGNATURE].tolist()) == {9}


def test_nothing_of_a_test_piece_is_learnt_from(shelf):
    """The asap performance and score of a maestro piece that is held out are held out, too."""
    assert of(shelf, "maestro/2004/piece8").split == "test"
    assert {piece.split for piece in shelf.pieces if piece.corpus == "asap"} == {"test"}
    sides = {}
    for piece in shelf.pieces:
        assert sides.setdefault(piece.identity, piece.split) == piece.split
    learnt = windows(shelf, "train", 64)
    assert {shelf.pieces[row[0]].split for row in learnt} == {"train"}
    assert "emopia_cp" not in {shelf.pieces[row[0]].corpus for row in learnt}


def test_a_copy_and_a_transposed_copy_do_not_leak(data, tmp_path, shelf):
    """The same file twice is left out; transposed into another corpus, it goes to the side of the original."""
    import symusic

    folder = tmp_path / "midi"
    shutil.copytree(data, folder)
    held = data / "pianist8/midi/Bethel/Bethel_9.mid"
    score = symusic.Score(held)
    shutil.copy(held, folder / "freedoom/copy.mid")
    (folder / "freedoom/moved.mid").write_bytes(score.shift_pitch(2).dumps_midi())
    counts = tokenize(folder, tmp_path / "shelf", workers=1)
    again = read_shelf(tmp_path / "shelf")
    assert counts["copies left out"] == 1
    assert of(again, "freedoom/moved").split == "test"
    assert of(again, "freedoom/moved").identity == of(again, "pianist8/Bethel/Bethel_9.mid").identity
    assert len(again.pieces) == len(shelf.pieces) + 1


def test_unlike_pieces_are_not_taken_for_one(shelf):
    named = [(piece.name, shelf.of(piece)) for piece in shelf.pieces if piece.corpus in {"pianist8", "pop909"}]
    assert joined(named) == [name for name, _ in named]


def test_refused_files_are_named_and_the_others_read(data, tmp_path):
    folder = tmp_path / "midi"
    shutil.copytree(data / "freedoom", folder / "freedoom")
    (folder / "freedoom" / "bad.mid").write_bytes(b"MThd nothing")
    counts = tokenize(folder, tmp_path / "shelf", workers=2)
    assert counts["refused"] == 1
    assert "bad.mid" in json.loads((tmp_path / "shelf/pieces.json").read_text())["refused"]["freedoom/bad"]


def test_what_is_no_data_and_no_shelf_is_refused(tmp_path, shelf_folder):
    with pytest.raises(SymbolicError, match="none of pop909"):
        tokenize(tmp_path, tmp_path / "out")
    with pytest.raises(SymbolicError, match="no shelf"):
        read_shelf(tmp_path)
    with pytest.raises(SymbolicError, match="neither a shelf nor a data folder"):
        read_task("melody", tmp_path, 64)
    shutil.copytree(shelf_folder, tmp_path / "shelf")
    np.save(tmp_path / "shelf/octuples.npy", np.zeros((3, 8), np.int16))
    with pytest.raises(SymbolicError, match="does not belong"):
        read_shelf(tmp_path / "shelf")


@pytest.mark.parametrize("name", TASKS)
def test_a_task_from_a_shelf_is_the_task_from_its_data(name, data, shelf_folder):
    one, other = read_task(name, shelf_folder, 64), read_task(name, data, 64)
    for side in ("train", "valid", "test"):
        assert np.array_equal(one.splits[side].notes, other.splits[side].notes)
        assert np.array_equal(one.splits[side].labels, other.splits[side].labels)
    assert len(one.splits["test"].notes) > 0


def test_no_encoder_ever_sees_a_velocity_that_is_asked_for(shelf_folder, shelf):
    task = read_task("velocity", shelf_folder, 64)
    for examples in task.splits.values():
        assert set(np.unique(examples.notes[..., VELOCITY])) <= {MASK[VELOCITY], PAD[VELOCITY]}
    first = shelf.of(next(piece for piece in shelf.pieces if piece.corpus == "maestro" and piece.split == "train"))
    low = [int(band.split("-")[0]) for band in VELOCITY_BANDS]
    expected = [max(n for n, least in enumerate(low) if 4 * int(code) >= least) for code in first[:64, VELOCITY]]
    assert task.splits["train"].labels[0].tolist() == expected


def test_melody_labels_are_the_tracks_of_the_notes(shelf_folder):
    """Every track of the tunes lies in a register of its own."""
    task = read_task("melody", shelf_folder, 64)
    examples = task.splits["train"]
    for label, (low, high) in enumerate(((60, 84), (44, 68), (28, 52))):
        pitches = examples.notes[..., PITCH][examples.labels == label]
        assert low <= pitches.min() <= pitches.max() <= high
    assert (examples.labels[examples.notes[..., BAR] == PAD[BAR]] == -1).all()


def test_held_out_music_without_a_split_is_judged_whole(data, tmp_path):
    """Somebody's folder of new pieces by known artists: nothing says train or test, so all of it is asked."""
    folder = tmp_path / "midi"
    shutil.copytree(data / "pianist8", folder / "pianist8")
    (folder / "pianist8" / "midibert_split.json").unlink()
    task = read_task("composer", folder, 64)
    assert len(task.splits["test"].notes) == 0
    judged = whole(task).splits["test"]
    assert len(np.unique(judged.pieces)) == 30
    assert len(judged.notes) == len(judged.labels) == sum(len(one.notes) for one in task.splits.values())


def test_emotion_is_dealt_in_folds_by_clip(shelf_folder):
    """Row 3 goes on in row 4: nineteen clips; over five folds each is tested once."""
    tested = []
    for fold in range(5):
        task = read_task("emotion", shelf_folder, 64, fold=fold)
        sizes = {side: len(np.unique(task.splits[side].pieces)) for side in task.splits}
        assert sum(sizes.values()) == 19
        tested.append(sizes["test"])
    assert sum(tested) == 19


def test_emotion_clips_survive_no_file_for_they_lack_velocities(shelf):
    notes = shelf.of(of(shelf, "emopia_cp"))
    assert (notes[:, VELOCITY] == MASK[VELOCITY]).all()
    assert survives(np.where(np.arange(8) == VELOCITY, 20, np.where(np.arange(8) == 7, 35, notes)).astype(np.int16))


def test_windows_are_spread_over_a_piece():
    assert starts_of(1000, 256, 3) == [0, 372, 744]
    assert starts_of(100, 256, 8) == [0]
    assert starts_of(600, 256, 8) == [0, 344]


def test_plain_rows_beat_chance_on_what_can_be_told(shelf_folder):
    """Artists with intervals of their own and tracks in registers of their own."""
    composer, melody = read_task("composer", shelf_folder, 128), read_task("melody", shelf_folder, 128)
    for task in (composer, melody):
        rows = {name: plain_rows.score(task, row(task, 1)) for name, row in plain_rows.PLAIN.items()}
        least = rows["majority"]["accuracy"]
        assert rows["n-gram"]["accuracy"] > least + 0.2
        assert rows["gradient boosting, hand-made features"]["accuracy"] > least + 0.2


def test_scores_by_hand():
    truth, answer = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 1])
    assert accuracy(truth, answer) == pytest.approx(0.6)
    assert macro_f1(truth, answer, 4) == pytest.approx((2 / 3 + 4 / 6 + 0) / 3)
    notes = np.zeros((8, 8), np.int64)
    notes[:, BAR], notes[:, TIME_SIGNATURE] = np.repeat([0, 1], 4), 9
    notes[:, PITCH] = [60, 64, 67, 70, 60, 60, 72, 48]
    notes[:, POSITION] = [0, 16, 32, 48, 0, 16, 32, 40]
    assert pche(notes) == pytest.approx((2.0 + 0.0) / 2)
    assert gs(notes) == pytest.approx(1 - 2 / 64)
    assert np.isnan(gs(notes[:4]))
    drums = notes.copy()
    drums[:, 2] = 128
    assert np.isnan(pche(drums))


def test_every_file_of_every_corpus_survives(shared_data, tmp_path):
    """Every fortieth file here; `tokenize` itself does it for all of them, and refuses one that does not."""
    from tools.train.symbolic.corpora import sources

    found = sources(shared_data / "midi")
    assert len(found) > 5_000
    for source in found[::40]:
        notes, classes = source.read().notes, source.read().classes
        assert len(notes) == len(classes) > 0
        if source.corpus != "emopia_cp":
            assert survives(notes), source.name


def test_o31_what_a_shelf_made_in_passing_leaves_out_is_said(tmp_path, capsys):
    """Nobody sees its pieces.json: what was refused and what was odd would be lost."""
    make_data(tmp_path, seed=3)
    first, second = sorted((tmp_path / "pianist8").rglob("*.mid"))[:2]
    first.write_bytes(b"RIFF" + bytes(16) + first.read_bytes())
    second.write_bytes(b"ID3 no notes at all")
    with opened(tmp_path, "pianist8") as shelf:
        assert len(shelf.pieces) > 1
    said = capsys.readouterr().err
    assert "the MIDI file inside a RIFF file (.rmi) is read" in said
    assert "left out: " in said
    assert "a recording of sound" in said
