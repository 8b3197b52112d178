"""One rule names files after what people wrote: it is found again, and nothing else is written over."""

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.artefacts.generations import Generations
from controller.config import with_overrides
from controller.listening.plan.fingerprint import SIZE
from controller.listening.plan.plan import Notes, Plan, plan_file, read_plan, song_title, write_plan
from controller.people.scenes import MOST, Scenes
from controller.state_folder import MOST_BYTES, file_word, own_word

SONGS = [
    "take.wav", "take.flac", "metal_madness.wav", "Metal Madness.wav", "Ωμέγα.wav", "Омега.wav", "オメガ.flac",
    "夜.wav", "ليل.wav", "🎸.wav", "🥁.wav", "???.wav", "Vol. 1", "Vol. 2", "take-3", "Erlkönig.opus", "Erlkonig.opus",
    "a" * 250 + ".wav", "a" * 249 + "b.wav", "hæ", "hä\udcff.wav",
    "tab\there.wav", ".hidden.wav", "CON.wav", "x\u0301.wav",
]  # fmt: skip


def plan_of(title, mark, **notes):
    return Plan(
        Notes(title=title, marks=((0.5, mark),), **notes), np.zeros((5, 2), np.int64), np.zeros((5, SIZE), np.float32)
    )


def test_l3_every_song_finds_its_own_plan_again(tmp_path):
    titles = [song_title(tmp_path / name) for name in SONGS]
    for number, title in enumerate(titles):
        write_plan(plan_of(title, f"mark {number}"), plan_file(tmp_path, title))
    for number, title in enumerate(titles):
        assert read_plan(plan_file(tmp_path, title)).notes.marks == ((0.5, f"mark {number}"),), title
    assert len(list(tmp_path.glob("*.plan"))) == len(SONGS)


def test_l3_a_song_whose_accents_are_taken_apart_is_the_same_song(tmp_path):
    whole, apart = (song_title(tmp_path / unicodedata.normalize(form, "Böse Zeit.wav")) for form in ("NFC", "NFD"))
    assert whole != apart
    write_plan(plan_of(whole, "here"), plan_file(tmp_path, whole))
    assert plan_file(tmp_path, apart).is_file()


def test_l3_a_plan_with_another_title_is_still_the_songs(tmp_path):
    write_plan(plan_of("Spring, second version", "here", song="take.wav"), plan_file(tmp_path, "take.wav"))
    assert read_plan(plan_file(tmp_path, "take.wav")).notes.title == "Spring, second version"


def test_l3_a_plan_without_another_title_is_as_it_was_in_version_0_2(tmp_path):
    write_plan(plan_of("take.wav", "here"), tmp_path / "take.plan")
    notes = json.loads(np.load(tmp_path / "take.plan")["notes"].tobytes())
    assert "song" not in notes


@pytest.mark.warns("not readable as a plan")
def test_l3_a_damaged_plan_is_left_as_it_is(tmp_path):
    (tmp_path / "take.plan").write_bytes(b"PK half of a plan")
    write_plan(plan_of("take.wav", "new"), plan_file(tmp_path, "take.wav"))
    assert (tmp_path / "take.plan").read_bytes() == b"PK half of a plan"
    assert read_plan(plan_file(tmp_path, "take.wav")).notes.marks == ((0.5, "new"),)


@given(st.text(max_size=300))
def test_l3_a_word_is_a_files_name_whatever_was_written(title):
    for word in (file_word(title, "song"), own_word(title, "song")):
        assert 0 < len(word.encode()) <= MOST_BYTES + 9
        assert not set(word) & set('/\\:*?"<>|\0. ')
        assert word == word.strip("-")


def test_l3_letters_of_every_script_stay():
    assert file_word("Ωμέγα Ночь 夜 ليل नमस्ते", "x") == "ωμέγα-ночь-夜-ليل-नमस्ते"
    assert file_word("The Basement", "x") == "the-basement"
    assert file_word("!!!", "venue") == "venue"


def test_l3_venues_share_neither_looks_nor_generations(config, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    venues = ["Ωμέγα", "Ночь", "The Basement", "the-basement", "!", "?", "venue"]
    for number, venue in enumerate(venues):
        Scenes.of(with_overrides(config, venue=venue)).keep(f"look {number}", (1.0,))
    for number, venue in enumerate(venues):
        assert Scenes.of(with_overrides(config, venue=venue)).names == [f"look {number}"]
    assert len({Generations.of(with_overrides(config, venue=venue)).folder for venue in venues}) == len(venues)


def test_l3_looks_and_generations_of_version_0_2_are_found(config, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    old = tmp_path / "followspot" / "scenes" / "the-basement.json"
    old.parent.mkdir(parents=True)
    old.write_text('{"Chorus": [0.5]}')
    kept = tmp_path / "followspot" / "generations" / "the-basement"
    kept.mkdir(parents=True)
    there = with_overrides(config, venue="The Basement")
    scenes = Scenes.of(there)
    scenes.keep("Verse", (1.0,))
    assert Scenes.of(there).names == ["Chorus", "Verse"]
    assert old.read_text() == '{"Chorus": [0.5]}', "another venue may have its looks there"
    assert Generations.of(there).folder == kept


@pytest.mark.warns("cannot be read", "is kept as")
@pytest.mark.parametrize("damaged", ["{", "[]" * 3, '{"good": [1.0], "bad": ["x"]}', '{"good": [1.0], "bad": 3}'])
def test_h9_damaged_looks_are_named_and_set_aside(tmp_path, damaged):
    file = tmp_path / "scenes.json"
    file.write_text(damaged)
    scenes = Scenes(file)
    assert scenes.names == (["good"] if "good" in damaged else [])
    scenes.keep("new", (0.5,))
    assert (tmp_path / "scenes.json.damaged-1").read_text() == damaged
    assert "new" in Scenes(file).names


def test_h9_one_look_too_many_is_said(tmp_path, caplog):
    scenes = Scenes(tmp_path / "scenes.json")
    with caplog.at_level("INFO"):
        for number in range(MOST + 1):
            scenes.keep(f"look {number}", (1.0,))
    assert len(scenes.names) == MOST
    assert f"'look {MOST}' is not kept" in caplog.text
