"""Songs are known again from how they sound: by the right name, or by none."""

import numpy as np
import pytest

from controller.listening.known.recall import REST_HOPS, Recall
from controller.listening.known.recognising import Recognising
from controller.listening.known.repertoire import Repertoire
from controller.listening.known.sketch import HOPS, LEAST_ROWS, Sketch, Sketching
from controller.messages import NO_WISH, SongWish

SIZE = 512
EMBEDDER = {"embedder": "small-1", "sha256": "0" * 64}


def song(seed, rows=240, parts=6):
    """Rows (T, 512) of a made song: a few parts that come again, each a slow walk, all in one band's sound."""
    rng = np.random.default_rng(seed)
    band = np.random.default_rng(0).normal(size=SIZE)
    sounds = [rng.normal(size=SIZE) for _ in range(parts)]
    order = rng.integers(0, parts, 12)
    each = [sounds[order[int(12 * at / rows)]] + 0.6 * rng.normal(size=SIZE) for at in range(rows)]
    return np.array([3.0 * band + one for one in each], np.float16)


def played(rows, *, seed=99, noise=0.5, pace=1.0, start=0):
    """The same song again: other noise, another pace, joined late."""
    rng = np.random.default_rng(seed)
    at = np.arange(start, len(rows), pace).astype(int)
    return rows[at] + noise * rng.normal(size=(len(at), SIZE)).astype(np.float32)


@pytest.fixture(scope="module")
def known():
    return [Sketch(f"song {seed}", song(seed)) for seed in range(1, 13)]


@pytest.fixture(scope="module")
def recognising(known):
    return Recognising(known)


@pytest.mark.parametrize("pace", [0.94, 1.0, 1.06])
@pytest.mark.parametrize("start", [0, 90])
def test_a_song_is_named_within_fifteen_seconds(known, recognising, pace, start):
    for one in known:
        recognising.restart()
        said = [recognising.hear(row) for row in played(one.rows, pace=pace, start=start)[:30]]
        assert said[-1] == one.title
        assert {"", one.title} >= set(said), "nothing else is said on the way"


def test_a_song_that_was_never_heard_is_not_named(recognising):
    for seed in range(50, 62):
        recognising.restart()
        assert {recognising.hear(row) for row in played(song(seed))} == {""}


def test_what_is_known_of_nothing_names_nothing():
    assert Recognising(()).hear(np.zeros(SIZE, np.float32)) == ""


def test_rows_are_means_of_hops():
    sketching = Sketching()
    vectors = np.random.default_rng(1).normal(size=(HOPS * 3 + 2, SIZE)).astype(np.float32)
    made = [row for one in vectors if (row := sketching.add(one)) is not None]
    assert np.allclose(made, vectors[: HOPS * 3].reshape(3, HOPS, SIZE).mean(axis=1), atol=1e-6)


# a night


def hear(recall, rows, kind="band", wish=NO_WISH):
    for row in rows:
        for _ in range(HOPS):
            recall.hear(row, kind, wish)


def test_what_is_played_under_a_title_is_known_the_next_time(known):
    kept = []
    recall = Recall((), kept.append)
    hear(recall, song(1), wish=SongWish(0, "song", "Black Rain"))
    assert recall.title == ""
    hear(recall, song(2), wish=SongWish(1, "song", "Escape"))
    hear(recall, song(3)[:10], kind="talk", wish=SongWish(2, "talk", "merch"))
    assert [one.title for one in kept] == ["Black Rain", "Escape"]
    hear(recall, song(3)[:1], kind="silence", wish=SongWish(2, "talk", "merch"))
    hear(recall, played(song(1))[:30], wish=SongWish(2, "talk", "merch"))
    assert recall.title == "Black Rain"


def test_what_is_too_short_or_has_no_name_is_not_kept():
    kept = []
    recall = Recall((), kept.append)
    hear(recall, song(1)[: LEAST_ROWS - 1], wish=SongWish(0, "song", "short"))
    hear(recall, song(2), wish=SongWish(-1))
    hear(recall, song(3), wish=SongWish(1, "talk", "talk"))
    recall.finish()
    assert kept == []


def test_the_longest_stretch_without_a_rest_is_the_song():
    kept = []
    recall = Recall((), kept.append)
    wish = SongWish(0, "song", "one")
    hear(recall, song(9)[:40], wish=wish)  # a drum that is tried
    hear(recall, song(9)[:10], kind="talk", wish=wish)
    hear(recall, song(1)[:160], wish=wish)
    hear(recall, song(9)[:10], kind="applause", wish=wish)
    hear(recall, song(2)[:20], wish=wish)  # the next one, before anybody moved the list
    hear(recall, song(2)[20:120], wish=SongWish(1, "song", "two"))
    recall.finish()
    assert [(one.title, len(one.rows)) for one in kept] == [("one", 160), ("two", 120)]
    assert np.array_equal(kept[1].rows, song(2)[:120])


def test_drums_that_are_tried_between_songs_are_no_song():
    kept = []
    recall = Recall((), kept.append)
    tried, wish = song(9), SongWish(0, "song", "one")
    for at in range(100):  # half a second each, with pauses
        hear(recall, tried[at : at + 1], wish=wish)
        hear(recall, tried[at : at + 2], kind="silence", wish=wish)
    hear(recall, song(1)[:100], wish=wish)
    recall.finish()
    assert [len(one.rows) for one in kept] == [100]


def test_what_is_recognised_as_another_song_is_not_kept_under_this_title(known):
    kept = []
    recall = Recall(known, kept.append)
    hear(recall, played(known[3].rows), wish=SongWish(0, "song", "wrong place"))
    recall.finish()
    assert kept == []


def test_a_rest_makes_it_listen_anew(known):
    recall = Recall(known, lambda _one: None)
    hear(recall, played(known[0].rows)[:40])
    assert recall.title == known[0].title
    for _ in range(REST_HOPS):
        recall.hear(np.zeros(SIZE, np.float32), "silence", SongWish())
    assert recall.title == ""
    hear(recall, played(known[5].rows)[:40])
    assert recall.title == known[5].title


# on disk


def test_songs_are_kept_for_next_week(tmp_path):
    repertoire = Repertoire(tmp_path / "songs", EMBEDDER)
    assert repertoire.sketches() == []
    for title in ("赤い夜", "Ärger / Nr. 1", "ärger nr 1"):
        repertoire.keep(Sketch(title, song(len(title))))
    repertoire.keep(Sketch("赤い夜", song(7, rows=100)))
    found = {one.title: one for one in Repertoire(tmp_path / "songs", EMBEDDER).sketches()}
    assert set(found) == {"赤い夜", "Ärger / Nr. 1", "ärger nr 1"}
    assert found["赤い夜"].rows.shape == (100, SIZE)
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "songs").iterdir())


def test_songs_of_another_embedder_are_left_out(tmp_path):
    Repertoire(tmp_path, EMBEDDER).keep(Sketch("one", song(1)))
    assert Repertoire(tmp_path, {**EMBEDDER, "sha256": "1" * 64}).sketches() == []


@pytest.mark.warns("bad.known.npz: not readable")
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no zip", b"x" * 5000])
def test_a_damaged_song_is_named_and_the_others_are_known(tmp_path, caplog, damage):
    repertoire = Repertoire(tmp_path, EMBEDDER)
    repertoire.keep(Sketch("good", song(1)))
    bad = tmp_path / "bad.known.npz"
    bad.write_bytes(damage)
    assert [one.title for one in repertoire.sketches()] == ["good"]
    assert str(bad) in caplog.text
    assert bad.read_bytes() == damage


@pytest.mark.warns("cannot be written")
def test_a_folder_that_cannot_be_written_is_said_and_nothing_stops(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    Repertoire(tmp_path / "file", EMBEDDER).keep(Sketch("one", song(1)))
    assert "cannot be written" in caplog.text
