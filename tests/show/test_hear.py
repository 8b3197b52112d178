"""`followspot hear`: a table, a picture and a file of what is heard, as people and other programs read them."""

import json
import shutil
import struct

import numpy as np
import pytest
import soundfile

from controller.__main__ import main
from controller.commands.hear import table_of
from controller.listening.time.beats import Beat
from controller.rehearsal.heard import HeardSong, KindSpan
from controller.rehearsal.heard_picture import draw


def band(path, seconds, rate_hz=48_000):
    """Kick and snare at 110 beats a minute."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    rng, beat = np.random.default_rng(3), time_s * 110 / 60
    since_s, snares = (beat % 1.0) * 60 / 110, beat.astype(int) % 2 == 1
    kick = np.sin(2 * np.pi * (50 * since_s + 6 * (1 - np.exp(-30 * since_s)))) * np.exp(-12 * since_s)
    snare = 0.5 * rng.normal(0, 1, len(time_s)) * np.exp(-18 * since_s)
    soundfile.write(path, (0.4 * np.where(snares, snare, kick)).astype(np.float32), rate_hz)
    return path


@pytest.fixture
def hear(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)

    def run(*words):
        return main(["hear", *map(str, words)])

    return run


def test_a_song_becomes_a_table_a_picture_and_a_file(hear, tmp_path, capsys):
    song, out = band(tmp_path / "song.wav", 14), tmp_path / "new" / "heard"
    assert hear(song, "--out", out) == 0
    said = capsys.readouterr().out
    assert "110" in said
    assert "kick" in said
    assert "beats a bar" in said
    heard = json.loads((out / "hearing.json").read_text())
    assert set(heard) == {"beats", "drums", "kinds", "voice", "energy"}
    late = [row for row in heard["beats"] if row[0] > 6.0]
    assert np.diff([row[0] for row in late]) == pytest.approx(60 / 110, abs=0.06)
    assert all(0.0 <= row[3] <= 1.0 and row[2] >= 1 for row in heard["beats"])
    assert {row[2] for row in heard["drums"]} <= {"kick", "snare", "cymbal", "tom"}
    assert all(known_s >= t_s for t_s, known_s, *_ in heard["drums"])
    assert all(0.0 <= level <= 1.0 and 0.0 <= build <= 1.0 for _, level, build in heard["energy"])
    assert [row[0] for row in heard["kinds"][1:]] == [row[1] for row in heard["kinds"][:-1]]  # one after the other
    assert heard["kinds"][-1][1] == pytest.approx(14.0, abs=0.2)
    picture = (out / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", picture[16:24])
    assert 1_000 < wide < 5_000
    assert 200 < high < 5_000


def test_the_same_song_is_heard_alike_twice(hear, tmp_path):
    song = band(tmp_path / "song.wav", 6)
    for name in ("a", "b"):
        assert hear(song, "--out", tmp_path / name) == 0
    assert (tmp_path / "a" / "hearing.json").read_bytes() == (tmp_path / "b" / "hearing.json").read_bytes()


def test_drums_of_stems_are_heard_on_their_own_stem(hear, tmp_path):
    stems, rng = tmp_path / "take", np.random.default_rng(1)
    stems.mkdir()
    band(stems / "drums.wav", 8)
    soundfile.write(stems / "guitar.wav", (0.5 * rng.normal(0, 0.3, 8 * 48_000)).astype(np.float32), 48_000)
    mixed = tmp_path / "mixed.wav"
    drums, guitar = (soundfile.read(stems / name)[0] for name in ("drums.wav", "guitar.wav"))
    soundfile.write(mixed, 0.5 * (drums + guitar), 48_000)
    found = {}
    for name, sound in (("stems", stems), ("mixed", mixed)):
        assert hear(sound, "--out", tmp_path / name) == 0
        rows = json.loads((tmp_path / name / "hearing.json").read_text())["drums"]
        kicks = np.array([t_s for t_s, _, drum, _ in rows if drum == "kick"])
        period_s = 2 * 60 / 110
        found[name] = np.abs((kicks + period_s / 2) % period_s - period_s / 2).tolist()
    assert len(found["stems"]) == pytest.approx(8 / period_s, abs=1)
    assert max(found["stems"]) < 0.03
    assert found["stems"] != found["mixed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a song or --audio"),
        (["song.wav", "--audio", "device:x"], "one of the two"),
        (["--audio", "file:song.wav"], "write device:NAME"),
        (["no-such-song.wav"], "no-such-song.wav"),
    ],
)
def test_what_cannot_be_heard_is_refused_with_a_sentence(hear, words, said, capsys):
    assert hear(*words) == 1
    assert said in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_heard(hear, tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert hear(band(tmp_path / "song.wav", 2), "--out", tmp_path / "taken" / "heard") == 1
    assert "taken" in capsys.readouterr().err


def test_nothing_at_all_is_a_table_too(tmp_path):
    assert table_of(HeardSong(), "nothing").row_count > 3


def test_the_picture_shows_what_was_heard(tmp_path):
    """Two songs that differ in one thing give two pictures."""
    song = HeardSong(peaks=[0.5] * 100, means=[0.2] * 100, end_s=10.0)
    draw(song, "one", tmp_path / "bare.png")
    for number, change in enumerate(
        (
            {"beats": [Beat(5.0, 4.9, 0.5, 1, 4, 0.9, 0.9)]},
            {"kinds": [KindSpan(0.0, 10.0, 0.5, "talk")]},
            {"voice": [(2.0, 6.0)]},
        )
    ):
        path = tmp_path / f"{number}.png"
        draw(HeardSong(peaks=[0.5] * 100, means=[0.2] * 100, end_s=10.0, **change), "one", path)
        assert path.read_bytes() != (tmp_path / "bare.png").read_bytes()


def test_a_device_is_heard_live_through_a_real_sound_server(  # noqa: PLR0917
    hear, tmp_path, require_real, monkeypatch, capsys, caplog
):
    from pulse import Pulse, installed

    require_real("pulseaudio", installed())
    (tmp_path / "pulse").mkdir()
    pulse = Pulse(tmp_path / "pulse")
    for name, one in pulse.environment.items():
        monkeypatch.setenv(name, one)
    pulse.start()
    player = pulse.play(band(tmp_path / "song.wav", 60))
    try:
        assert hear("--audio", "device:pulse", "--seconds", "10", "--out", tmp_path / "heard") == 0
    finally:
        pulse.stop()
        player.kill()
        player.wait()
    heard = json.loads((tmp_path / "heard" / "hearing.json").read_text())
    assert heard["beats"]
    assert "bpm" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "heard")
    # where both cores are busy the sound server may be away for a moment, and that is said
    if all("trying to open it again" in one.getMessage() for one in caplog.records if one.levelname == "WARNING"):
        caplog.clear()
