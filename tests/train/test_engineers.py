"""Three invented engineers can be told apart by their shows, and what is filmed of them is footage."""

import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("librosa")
pytest.importorskip("av")

from tools.train.designer.analysis import Analysis, Section
from tools.train.engineers import proof
from tools.train.engineers.engineers import ENGINEERS, glided, show_of, travelled
from tools.train.engineers.handwriting import learn_to_read, statistics
from tools.train.skipbart.prepare import TOLD
from tools.train.skipbart.stretches import read_room

BARS, BEAT_HOPS = 48, 5


def song(rng):
    """An invented analysis: four-bar loops, quiet and loud sections, hits on beats."""
    hops = BARS * 4 * BEAT_HOPS + 20
    beats = np.arange(BARS * 4) * BEAT_HOPS
    sections = tuple(Section(a, a + 8, int(rng.integers(3)), float(rng.random())) for a in range(0, BARS, 8))
    onsets = np.zeros(hops, np.float32)
    onsets[beats] = rng.uniform(0.3, 1.0, len(beats))
    loudness = np.repeat([one.energy for one in sections], hops // len(sections) + 1)[:hops].astype(np.float32)
    return Analysis(hops, beats, sections, 0.3 + 0.7 * loudness, onsets, 0.8 * onsets)


def prepared(path, rng):
    """A prepared song with what `proof` reads of it."""
    one = song(rng)
    told = np.zeros((one.hops, len(TOLD)), np.float16)
    told[:, TOLD.index("onset")], told[:, TOLD.index("bass")] = one.onsets, one.bass
    for section in one.sections:
        part = slice(one.beats[4 * section.first], one.hops)
        told[part, TOLD.index("hot")], told[part, TOLD.index("calm")] = section.label == 2, section.label == 0
    path.parent.mkdir(parents=True, exist_ok=True)
    starts = one.beats[[4 * section.first for section in one.sections]]
    np.savez(path, told=told, beats=one.beats, section_starts=starts, loudness=one.loudness,
             music=rng.normal(size=(2, one.hops, 512)).astype(np.float16))  # fmt: skip
    return one


def test_real_shows_on_other_songs_are_told_apart(rng):
    taught = [song(rng) for _ in range(8)]
    reader = learn_to_read({name: [show_of(name, one, rng) for one in taught] for name in ENGINEERS})
    for name in ENGINEERS:
        assert proof.share_right(reader, name, [show_of(name, song(rng), rng) for _ in range(6)]) == 1.0
    assert sum(reader.probabilities(show_of("cold and still", song(rng), rng)).values()) == pytest.approx(1.0)


def test_each_has_a_taste_of_their_own(rng):
    cold, red, pastel = (show_of(name, song(rng), rng) for name in ENGINEERS)
    assert set(cold[:, 0]) <= set(range(90, 125))
    assert (np.minimum(red[:, 0], 180 - red[:, 0]) <= 20).all()
    assert pastel[:, 1].min() >= 80
    assert np.abs(np.diff(pastel[:, 1])).max() <= 8
    steps = np.abs(np.diff(pastel[:, 0]))
    assert np.minimum(steps, 180 - steps).max() <= 1
    assert np.abs(np.diff(red[:, 1])).mean() > 5 * np.abs(np.diff(cold[:, 1])).mean()


def test_fades_and_glides_keep_their_pace():
    np.testing.assert_allclose(travelled(np.array([0.0, 10.0, 10.0, 0.0]), 4.0), [0, 4, 8, 4])
    assert glided(np.array([178, 3, 3, 3]), 2).tolist() == [178, 0, 2, 3]
    assert statistics(np.tile([[3, 40]], (50, 1))).shape == (28,)


def test_footage_of_an_engineer_is_read_as_a_room(tmp_path, rng):
    paths = [tmp_path / "songs" / "train" / f"song{number}.npz" for number in range(4)]
    originals = [prepared(path, rng) for path in paths]
    rebuilt = proof.analysis_of(proof.read_arrays(paths[0]))
    assert [(one.first, one.last) for one in rebuilt.sections] == [(a, a + 8) for a in range(0, BARS, 8)]
    np.testing.assert_allclose(rebuilt.onsets, originals[0].onsets, atol=1e-3)
    minutes = proof.film("red and violent", paths, tmp_path / "footage", rng, "3" * 64)
    assert minutes == pytest.approx(sum(one.hops for one in originals) / 600)
    room = read_room(tmp_path / "footage", embedder_sha256="3" * 64)
    assert len({*room.nights, room.night}) == 3
    shares = [one.trusted / one.hops for one in room.learnt]
    assert all(0.8 < share < 0.95 for share in shares)


def test_nobody_hears_a_song_in_two_roles(tmp_path, rng):
    for split, count in (("train", 6), ("validation", 2), ("test", 2)):
        for number in range(count):
            prepared(tmp_path / split / f"{split}{number}.npz", rng)
    prepared(tmp_path / "train" / "train0@0.88.npz", rng)
    parts = proof.cast(tmp_path, 4.0, 3, rng)
    assert len(parts.filmed) == 3
    assert len(parts.read) == 3
    assert not {*parts.filmed} & {*parts.read}
    assert [path.stem for path in parts.judged] == ["validation0", "validation1", "test1"]
    with pytest.raises(FileNotFoundError, match="prepare"):
        proof.cast(tmp_path / "train", 4.0, 3, rng)


def test_shows_that_were_made_are_not_made_again(tmp_path, monkeypatch):
    made = []

    @contextmanager
    def opened(folder, embedder, settings):
        def light(song, rng):
            made.append(song.name)
            return rng.integers(0, 100, (6, 2))

        yield light

    monkeypatch.setattr(proof, "opened", opened)
    songs = [SimpleNamespace(name="a"), SimpleNamespace(name="b")]
    folder = Path(__file__).parents[2] / "models" / "skipbart-small"
    first = proof.free_shows(folder, songs, (1, 2), "test", tmp_path / "x" / "shows.npz")
    again = proof.free_shows(folder, songs, (1, 2), "test", tmp_path / "x" / "shows.npz")
    assert made == ["a", "a", "b", "b"]
    np.testing.assert_array_equal(first, again)
    proof.free_shows(folder, songs, (1, 2, 3), "test", tmp_path / "x" / "shows.npz")
    assert len(made) == 10


def test_the_proof_needs_the_hand_and_the_metrics(rng):
    flat = SimpleNamespace(right=0.95, low=-0.1, high=0.1)

    def found(**changed):
        one = {**vars(flat), **changed}
        row = {"right": one["right"], "gain_95": {name: [0.0, one["low"], one["high"]] for name in proof.WATCHED}}
        return json.loads(json.dumps(dict.fromkeys(ENGINEERS, row)))

    assert proof.holds(found())
    assert not proof.holds(found(right=0.85))
    assert not proof.holds(found(low=-0.2, high=-0.01))
    assert "95.0%" in proof.line("red and violent", found()["red and violent"])
