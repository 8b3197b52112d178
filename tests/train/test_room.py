"""Footage folders: what is trusted, where stretches end, which night judges, and what a batch may hold."""

import json

import numpy as np
import pytest

from controller.listening.decode.vocabulary import BEARINGS, BEARINGS_VERSION, HUE_PAD, VALUE_PAD
from tools.train.skipbart.dataset import UNLIT
from tools.train.skipbart.stretches import (
    GAP_HOPS,
    FootageError,
    draw,
    night_of,
    other_master,
    read_footage,
    read_room,
    unbroken,
)


def film(path, rng, hops=400, said=None, **arrays):
    """A file as `tools.train.footage` and `takeovers` write them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        "t_s": 0.1 * (1 + np.arange(hops)),
        "hue": rng.integers(0, 180, hops),
        "value": rng.integers(20, 256, hops),
        "trust": np.ones(hops),
        "embedding": rng.normal(size=(hops, 512)).astype(np.float32),
        "offset_s": 0.03,
        **arrays,
    }
    np.savez(path, **whole)
    if said is not None:
        path.with_suffix(".json").write_text(json.dumps(said))
    return whole


def test_what_is_not_trusted_is_unknown(tmp_path, rng):
    trust = np.ones(400)
    trust[100:150] = 0.3
    value = np.full(400, 90)
    value[200:210] = 3
    film(tmp_path / "a.npz", rng, trust=trust, value=value, hue_trust=np.r_[np.zeros(50), np.ones(350)])
    (one,) = read_footage(tmp_path / "a.npz", tmp_path)
    assert (one.light[100:150] == UNLIT).all()
    assert (one.light[200:210, 0] == HUE_PAD).all()  # too dark to have a colour
    assert (one.light[200:210, 1] == 3).all()
    assert (one.light[:50, 0] == HUE_PAD).all()
    assert (one.light[:50, 1] == 90).all()
    assert one.trusted == 350


@pytest.mark.parametrize(("version", "kept"), [(BEARINGS_VERSION, True), (BEARINGS_VERSION + 1, False)])
def test_bearings_of_another_program_are_left_out(tmp_path, rng, version, kept):
    there = rng.normal(size=(400, BEARINGS)).astype(np.float16)
    film(tmp_path / "a.npz", rng, bearings=there, bearings_version=version)
    (one,) = read_footage(tmp_path / "a.npz", tmp_path)
    assert ("bearings" in one.heard) == kept
    assert (one.song().bearings is not None) == kept


def test_o8_locked_films_of_a_night_are_on_one_scale(tmp_path, rng):
    for name, full in (("quiet", 0.2), ("loud", 0.8)):
        brightness = {"full": full, "camera": "Apple iPhone 15", "locked": True}
        said = {"fingerprint": {}, "hops": 400, "kept": 1.0, "night": "2026-11-27", "brightness": brightness}
        film(tmp_path / f"{name}.npz", rng, value=np.full(400, 240), said=said)
    room = read_room(tmp_path)
    values = {one.name: set(one.light[:, 1].tolist()) for one in (*room.learnt, *room.held_out)}
    assert values == {"quiet": {60}, "loud": {240}}
    assert room.level_minutes == room.minutes


def test_stretches_end_at_dropped_segments_and_jumps(tmp_path, rng):
    t_s = 0.1 * (1 + np.arange(400))
    t_s[300:] += 5.0
    said = {"dropped": [{"start_s": 10.0, "end_s": 15.0, "reason": "black picture"}, "?", [1]]}
    film(tmp_path / "a.npz", rng, said=said, t_s=t_s, hits=np.arange(400.0), beats=np.arange(0, 400, 5))
    parts = read_footage(tmp_path / "a.npz", tmp_path)
    assert [(one.first, one.hops) for one in parts] == [(0, 100), (150, 150), (300, 100)]
    assert parts[1].heard["hits"][0] == 150
    assert parts[1].heard["beats"].tolist() == list(range(0, 150, 5))
    assert unbroken(np.zeros(0), np.zeros(0, bool)) == []


def test_a_camera_cut_is_unknown_light_and_no_end(tmp_path, rng):
    film(tmp_path / "a.npz", rng, said={"dropped": [{"start_s": 10.0, "end_s": 10.5, "reason": "camera cut"}]})
    (one,) = read_footage(tmp_path / "a.npz", tmp_path)
    assert one.hops == 400
    assert (one.light[100:105] == UNLIT).all()
    assert one.trusted == 395


@pytest.mark.parametrize(
    ("name", "said", "night"),
    [
        ("2026-11-20 second set.npz", {}, "2026-11-20"),
        ("show_20261121.npz", {}, "2026-11-21"),
        ("friday/a.npz", {}, "friday"),
        ("friday/2026-11-20.npz", {"night": "the big one"}, "the big one"),
        ("a.npz", {}, ""),
    ],
)
def test_nights_are_notes_folders_or_dates(tmp_path, name, said, night):
    assert night_of(tmp_path / name, tmp_path, said) == night


def test_the_last_night_judges_unless_another_is_named(tmp_path, rng):
    for night in ("2026-11-20", "2026-11-21", "2026-11-27"):
        film(tmp_path / f"{night}.npz", rng)
    np.savez(tmp_path / "2026-11-28.truth.npz", hue=np.zeros(3))
    room = read_room(tmp_path)
    assert (room.night, room.nights) == ("2026-11-27", ("2026-11-20", "2026-11-21"))
    assert {one.night for one in room.held_out} == {"2026-11-27"}
    assert room.minutes == pytest.approx(800 / 600)
    assert room.describe() == "1.3 minutes of trusted footage from 2 nights"
    assert read_room(tmp_path, "2026-11-20").night == "2026-11-20"
    with pytest.raises(FootageError, match="no night '2026-01-01'"):
        read_room(tmp_path, "2026-01-01")


def test_of_a_single_night_the_end_of_each_file_judges_behind_a_gap(tmp_path, rng):
    for name in ("a", "b"):
        film(tmp_path / f"{name}.npz", rng, hops=1_000)
    room = read_room(tmp_path)
    assert room.night == ""
    for learnt, held in zip(room.learnt, room.held_out, strict=True):
        assert held.first - (learnt.first + learnt.hops) == GAP_HOPS
        assert held.first + held.hops == 1_000
        assert 0.1 < held.hops / 1_000 < 0.2


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"hue": np.full(400, 180)}, "'hue' outside 0..179"),
        ({"value": np.full(400, -1)}, "'value' outside"),
        ({"trust": np.full(400, np.nan)}, "NaN"),
        ({"trust": np.ones(399)}, "'trust' has shape"),
        ({"embedding": np.zeros((400, 128))}, "not 512"),
        ({"trust": np.zeros(400)}, "light to trust"),
    ],
)
def test_footage_of_another_form_is_refused(tmp_path, rng, arrays, words):
    film(tmp_path / "a.npz", rng, **arrays)
    with pytest.raises(FootageError, match=words):
        read_room(tmp_path)


def test_missing_arrays_folders_and_other_embedders_are_refused(tmp_path, rng):
    with pytest.raises(FootageError, match="no footage"):
        read_room(tmp_path)
    np.savez(tmp_path / "a.npz", hue=np.zeros(3))
    with pytest.raises(FootageError, match="no array t_s"):
        read_room(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(FootageError, match="not readable"):
        read_room(tmp_path)
    film(tmp_path / "a.npz", rng, said={"embedder_sha256": "1" * 64})
    with pytest.raises(FootageError, match="another embedder"):
        read_room(tmp_path, embedder_sha256="2" * 64)


def test_another_master_moves_what_is_lit_and_nothing_else(rng):
    light = np.array([[10, 100], [HUE_PAD, 3], [20, VALUE_PAD], [20, 250]])
    found = np.stack([other_master(light, rng) for _ in range(50)])
    assert set(found[:, 0, 1] - 100) == set(range(-24, 25, 8))
    assert (found[:, 1, 1] == 3).all()
    assert (found[:, 2, 1] == VALUE_PAD).all()
    assert found[:, 3, 1].max() == 255
    assert (found[..., 0] == light[:, 0]).all()


def test_a_batch_holds_known_light_and_tells_nothing_of_the_unknown(tmp_path, rng):
    trust = (np.arange(2_000) % 200 < 90).astype(float)
    film(tmp_path / "a.npz", rng, hops=2_000, trust=trust)
    film(tmp_path / "b.npz", rng, hops=60)
    songs = [one.song() for name in "ab" for one in read_footage(tmp_path / f"{name}.npz", tmp_path)]
    for _ in range(20):
        batch = draw(songs, 4, 128, rng)
        assert batch.music.shape == (4, 128, 512)
        known = batch.light[..., 1] != VALUE_PAD
        assert (known.mean(axis=1) >= 0.2).all()
        before_unknown = ~known[:, :-1]
        assert (batch.light_in[:, 1:][before_unknown] == UNLIT).all()
    assert draw(songs[1:], 2, 128, rng).music.shape == (2, 60, 512)  # shorter than was asked for: as it is
