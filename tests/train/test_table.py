"""Baselines, the questions an encoder is asked, prepared files, and the evaluation table on real stages."""

import csv
import json

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("librosa")

from controller.listening.bearings import NAMES  # noqa: E402
from controller.listening.decode.vocabulary import BEARINGS  # noqa: E402
from controller.metrics.correspondence import MusicFeatures  # noqa: E402
from tools.train.designer.analysis import analyse  # noqa: E402
from tools.train.designer.baselines import MAJOR, MINOR, is_major, rms_follower, rule_based  # noqa: E402
from tools.train.skipbart import __main__ as skipbart  # noqa: E402
from tools.train.skipbart.dataset import load_songs  # noqa: E402
from tools.train.skipbart.listening import Listening, ListenRecipe, told_loss  # noqa: E402
from tools.train.skipbart.prepare import SHOWS, TOLD, bar_position, told  # noqa: E402
from tools.train.songs import TEST_ARTISTS, VALIDATION_ARTISTS  # noqa: E402


def band(seconds, rng, bpm=120):
    """A drum machine, chords that change every bar, louder in its second half."""
    time_s = np.arange(int(seconds * 48_000)) / 48_000
    beat = time_s * bpm / 60
    kick = np.sin(2 * np.pi * 60 * time_s) * np.exp(-12 * (beat % 1.0) * 60 / bpm)
    hat = rng.normal(0, 1, len(time_s)) * np.exp(-60 * (beat % 0.5) * 60 / bpm) * 0.2
    root = np.array([220.0, 174.6, 261.6, 196.0])[(beat // 4).astype(int) % 4]
    chord = sum(np.sin(2 * np.pi * root * ratio * time_s) for ratio in (1.0, 1.26, 1.5)) * 0.1
    return ((kick + hat + chord) * np.where(time_s < seconds / 2, 0.15, 0.5)).astype(np.float32)


def test_major_and_minor_are_told_apart():
    for key in range(12):
        assert is_major(np.roll(MAJOR, key))
        assert not is_major(np.roll(MINOR, key))


def test_rules_give_each_segment_the_colour_of_its_emotion():
    rms = np.concatenate([np.full(300, 0.1), np.full(600, 0.5)]).astype(np.float32)
    chroma = np.tile(np.roll(MAJOR, 3), (900, 1)).astype(np.float32)
    chroma[600:] = MINOR
    light = rule_based(MusicFeatures(chroma, rms, rms, np.arange(0, 900, 15)), 300)
    assert [tuple(light[hop]) for hop in (50, 150, 250)] == [(60, 110), (28, 230), (0, 230)]


def test_the_follower_is_as_bright_as_it_is_loud():
    light = rms_follower(np.linspace(0, 1, 300, dtype=np.float32), 100)
    assert np.all(np.diff(light[:, 1]) >= 0)
    assert light[-1, 1] == 255
    assert len(np.unique(light[:, 0])) == 1


def test_phases_run_from_beat_to_beat_and_on_at_the_edges():
    beat, bar = bar_position(np.arange(10, 90, 5), 100)
    assert beat[10] == pytest.approx(0.0)
    assert beat[12] == pytest.approx(0.4)
    assert bar[20] == pytest.approx(0.5)
    assert bar[5] == pytest.approx(0.75)
    assert min(beat.min(), bar.min()) >= 0.0
    assert max(beat.max(), bar.max()) < 1.0


def test_what_is_told_fits_the_analysis(rng):
    song = analyse(band(24, rng))
    answers = dict(
        zip(TOLD, told(song, rng.normal(size=(song.hops, 512)).astype(np.float32)).T.astype(np.float32), strict=True)
    )
    assert set(np.flatnonzero(answers["beat"])) == set(song.beats.tolist())
    assert set(np.flatnonzero(answers["downbeat"])) == set(song.beats[::4].tolist())
    np.testing.assert_allclose(answers["bar_sin"][song.beats[::4]], 0.0, atol=1e-2)
    np.testing.assert_allclose(answers["bar_cos"][song.beats[::4]], 1.0, atol=1e-2)
    assert answers["section"][: song.beats[0]].sum() == 0
    assert np.abs(np.median(np.diff(song.beats)) - 5) <= 0.5  # 120 beats a minute


def test_listening_learns_what_can_be_heard(tiny_size, rng):
    from tools.train.skipbart.dataset import PreparedSong

    answers = rng.random((400, len(TOLD))).round().astype(np.float16)
    music = (answers.astype(np.float32) @ rng.normal(size=(len(TOLD), 512)))[None].astype(np.float16)
    song = PreparedSong("heard", music, np.zeros((1, 400, 2), np.int16), answers)
    run = Listening(tiny_size, ListenRecipe(steps=200, batch=8, length=24, rate=5e-3, warmup=10), seed=1)
    before = run.validate([song])["loss"]
    for _ in range(120):
        run.step([song])
    after = run.validate([song])
    assert after["loss"] < 0.6 * before
    assert after["onset"] > 0.8


def test_told_loss_is_least_for_the_truth(rng):
    truth = torch.from_numpy(rng.random((2, 9, len(TOLD))).round().astype(np.float32))
    sure = torch.where(truth > 0, 8.0, -8.0)
    for index, name in enumerate(TOLD):
        if name not in ("beat", "downbeat", "section", "calm", "hot"):
            sure[..., index] = truth[..., index]
    assert told_loss(sure, truth) < 0.01 < told_loss(torch.zeros_like(sure), truth)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Three acts' songs, prepared with the bundled embedder by the real command."""
    tmp_path, rng = tmp_path_factory.mktemp("prepared"), np.random.default_rng(20)
    audio = tmp_path / "audio"
    audio.mkdir()
    with (audio / "tracks.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "title", "artist", "license"])
        for number, artist in enumerate(("Nobody", VALIDATION_ARTISTS[0], TEST_ARTISTS[0], TEST_ARTISTS[1])):
            # only a song that is judged needs its sections, and one that is learnt a look that hangs
            seconds = {"Nobody": 20, VALIDATION_ARTISTS[0]: 12}.get(artist, 48)
            soundfile.write(audio / f"{number}.wav", band(seconds, rng, 110 + 10 * number), 48_000)
            table.writerow([f"{number}.wav", "song", artist, "none"])
    speeds = ["--speeds", "1.0", "0.88"]
    assert skipbart.main(["prepare", "--data", str(audio), "--out", str(tmp_path / "songs"), *speeds]) == 0
    return tmp_path / "songs"


def test_training_songs_come_at_several_speeds_and_held_out_ones_at_their_own(prepared):
    songs = load_songs(prepared, "train")
    assert [song.name for song in songs] == ["0", "0@0.88"]
    assert songs[1].hops > songs[0].hops
    assert all(song.told.shape == (song.hops, len(TOLD)) for song in songs)
    assert all(song.bearings.shape == (SHOWS, song.hops, BEARINGS) for song in songs)
    beat, hung = (songs[0].bearings[..., NAMES.index(name)] for name in ("beat_cos", "hung"))
    assert (beat[0] == beat[1]).all(), "the song is the same in every light"
    assert np.abs(beat[0]).max() > 0.9
    assert hung[:, -1].all(), "a look hangs at the end of each"
    assert [song.name for song in load_songs(prepared, "test")] == ["2", "3"]


def test_the_table_has_every_row_and_its_columns_are_what_they_say(prepared, capsys):
    out = prepared.parent / "table.json"
    capsys.readouterr()
    assert skipbart.main(["evaluate", "--data", str(prepared), "--json", "--out", str(out)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows == json.loads(out.read_text())
    assert list(rows) == [
        "best constant", "uniform random", "RMS follower", "rule-based", "designer",
        "Skip-BART, streaming",
        "Skip-BART, streaming, reach 75 / 160", "Skip-BART, streaming, cues wait for no hit",
    ]  # fmt: skip
    assert rows["RMS follower"]["medians"]["loudness_brightness"] > 0.95
    assert rows["uniform random"]["medians"]["hue_mae"] == pytest.approx(45, abs=2)
    assert rows["best constant"]["medians"]["colour_variation"] == 0.0
    assert rows["best constant"]["medians"]["hue_mae"] <= rows["uniform random"]["medians"]["hue_mae"]
    for row in rows.values():
        low, high = row["lift_95"]["structure"][1:]
        assert low <= row["lift_95"]["structure"][0] <= high
        assert np.isfinite(row["likeness"])


def test_no_songs_is_one_clear_line(tmp_path, capsys):
    assert skipbart.main(["evaluate", "--data", str(tmp_path)]) == 1
    assert "no prepared songs" in capsys.readouterr().err
