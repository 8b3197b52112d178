"""The command `evaluate`: what it refuses, and what it says about real songs."""

import importlib.util
import json

import numpy as np
import pytest
import soundfile
from made_rig import lamps, made_rig

from controller.__main__ import main
from controller.commands.evaluate import read_light
from controller.errors import EvaluationError
from controller.metrics.criteria import CRITERIA
from controller.records.told_form import ToldForm, ToldSection

SONG = "controller/songs/metal_madness.opus"
needs_librosa = pytest.mark.skipif(importlib.util.find_spec("librosa") is None, reason="librosa is not installed")
quiet = pytest.mark.filterwarnings("ignore")  # of librosa's own dependencies


def write(path, light, first_s=0.1):
    rows = [f"{first_s + 0.1 * hop:.1f},{hue},{value}" for hop, (hue, value) in enumerate(light)]
    path.write_text("\n".join(["t_s,hue,value", *rows]) + "\n")
    return path


def followspot(capsys, *arguments):
    code = main(["evaluate", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def light(rng):
    """A minute of held colours and levels."""
    return np.repeat(np.stack([rng.integers(0, 180, 30), rng.integers(0, 256, 30)], axis=1), 20, axis=0)


def test_a_light_file_is_read(tmp_path, light):
    read = read_light(write(tmp_path / "tokens.csv", light, 0.0))
    np.testing.assert_array_equal(read.light, light)
    assert (read.first_s, read.end_s) == (0.0, pytest.approx(60.0))


@pytest.mark.parametrize(
    ("line", "text", "said"),
    [
        (1, "time,hue,value", "line 1 must be t_s,hue,value"),
        (7, "0.6,180,3", "line 7: hue is 180; use 0..179"),
        (7, "0.6,-1,3", "line 7: hue is -1"),
        (7, "0.6,1,256", "line 7: value is 256; use 0..255"),
        (7, "0.6,1", "line 7: 2 columns"),
        (7, "", "line 7: 0 columns"),
        (7, "0.6,red,3", "line 7: '0.6,red,3' is no number"),
        (7, "nan,1,3", "line 7: t_s is nan"),
        (7, "0.9,1,3", "line 7: t_s is 0.9, not 0.6; write ten rows a second"),
    ],
)
def test_a_bad_row_is_named(tmp_path, light, capsys, line, text, said):  # noqa: PLR0917 - three of them are fixtures
    path = write(tmp_path / "tokens.csv", light)
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines))
    code, out, err = followspot(capsys, path, "--audio", SONG)
    assert (code, out) == (1, "")
    assert err.startswith(f"followspot: {path}: {said}")
    assert len(err.splitlines()) == 1


def test_files_that_are_none(tmp_path, light, capsys):
    good = write(tmp_path / "tokens.csv", light)
    assert "none.csv: cannot be read" in followspot(capsys, "none.csv", "--audio", SONG)[2]
    assert "none.opus: no such file" in followspot(capsys, good, "--audio", "none.opus")[2]
    assert "none.csv: cannot be read" in followspot(capsys, good, "--audio", SONG, "--reference", "none.csv")[2]
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(EvaluationError, match="line 1"):
        read_light(tmp_path / "empty.csv")
    with pytest.raises(EvaluationError, match=r"holds 5.0 s"):
        read_light(write(tmp_path / "short.csv", light[:50]))
    (tmp_path / "bytes.csv").write_bytes(bytes(range(256)))
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_light(tmp_path / "bytes.csv")


def test_a_song_shorter_than_its_light(tmp_path, light, capsys, rng):
    soundfile.write(tmp_path / "short.wav", rng.normal(0, 0.1, 48_000 * 30), 48_000)
    code, _, err = followspot(capsys, write(tmp_path / "t.csv", light), "--audio", tmp_path / "short.wav")
    assert code == 1
    assert "the song lasts 30.0 s, the light 60.1 s" in err


def test_a_reference_elsewhere_in_time(tmp_path, light, capsys):
    there = write(tmp_path / "ref.csv", light, 50.0)
    code, _, err = followspot(capsys, write(tmp_path / "t.csv", light), "--audio", SONG, "--reference", there)
    assert code == 1
    assert "ref.csv: shares only 10.1 s with the light" in err


def test_without_librosa_one_message_says_what_to_install(tmp_path, light, capsys, monkeypatch, root):
    monkeypatch.setitem(__import__("sys").modules, "librosa", None)
    code, out, err = followspot(capsys, write(tmp_path / "t.csv", light), "--audio", root / SONG)
    assert (code, out) == (1, "")
    assert "pip install 'followspot[evaluate]'" in err
    assert len(err.splitlines()) == 1


def test_wrong_usage(capsys):
    with pytest.raises(SystemExit) as left:
        main(["evaluate", "tokens.csv"])
    assert left.value.code == 2
    assert "--audio" in capsys.readouterr().err


@needs_librosa
@quiet
def test_a_real_song_is_judged(tmp_path, light, capsys, root):
    tokens = write(tmp_path / "tokens.csv", light)
    arguments = (tokens, "--audio", root / SONG, "--reference", write(tmp_path / "ref.csv", light, 0.3))
    code, out, err = followspot(capsys, *arguments, "--json")
    assert (code, err, len(out.splitlines())) == (0, "", 1)
    result = json.loads(out)
    assert result["likeness"] > 0.2
    assert result["metrics"]["structure"]["professionals"] == [0.115, 0.215, 0.333]
    assert -1.5 < result["metrics"]["structure"]["lift"] < 1.0
    assert result["metrics"]["intensity_variation"]["score"] == pytest.approx(light[:, 1].std() / 255, abs=0.01)
    assert result["craft"]["cues_per_minute"] == pytest.approx(28, abs=2)
    compared = result["reference"]
    assert list(compared) == ["this show", "best constant", "uniform random"]
    assert compared["uniform random"]["hue_rmse"] == pytest.approx(52, abs=4)
    assert compared["this show"]["value_change_correlation"] < 0.5  # the reference comes two rows later
    code, out, _ = followspot(capsys, *arguments)
    assert code == 0
    for said in ("likeness to professionals", "0.115 / 0.215 / 0.333", "by chance", "not from DMX", "best constant"):
        assert said in out


def rehearsed(folder, seconds=60):
    """A folder as `rehearse` writes it: two hues in turns of ten seconds."""
    folder.mkdir()
    light = made_rig(lambda t_s: lamps(np.where(t_s % 20 < 10, 0.0, 220.0), 0.3 + 0.3 * (t_s % 20 < 10)), seconds)
    light.write(folder / "heads.npz")
    ToldForm([ToldSection(0.0, 0.1, "A", 1.0), ToldSection(10.0, 9.0, "B", 0.5)]).write(folder / "form.json")
    return folder


@needs_librosa
@quiet
def test_a_rehearsed_rig_is_judged_beside_what_is_dull(tmp_path, capsys, root):
    folder = rehearsed(tmp_path / "out")
    code, out, err = followspot(capsys, folder, "--audio", root / SONG, "--against", folder, "--json")
    assert (code, err, len(out.splitlines())) == (0, "", 1)
    result = json.loads(out)
    figures = result["figures"]
    assert figures["likeness"].keys() == {"show", "one_colour", "shuffled"}
    assert all(figures[one.name] for one in CRITERIA)
    assert figures["form_same"]["one_colour"] == figures["form_different"]["one_colour"] == 1.0
    assert figures["loudness_brightness"]["one_colour"] > 0.9
    assert figures["brightness_sd"]["show"] == pytest.approx(0.8 * 0.15, abs=0.01)
    assert figures["held_looks_a_minute"]["show"] == pytest.approx(5.0)
    assert figures["blinders_asked_for"]["show"] is None
    assert result["retargeting"] == pytest.approx({"mean": 1.0, "peak": 1.0, "range": 1.0, "hue": 1.0})
    write(folder / "tokens.csv", [(10, 200)] * 600)
    code, out, _ = followspot(capsys, folder, "--audio", root / SONG, "--sheet", tmp_path / "sheet.png")
    assert code == 0
    assert (tmp_path / "sheet.png").read_bytes()[1:4] == b"PNG"
    for criterion in CRITERIA:
        assert criterion.words.strip() in out
    assert "≤ .22, never alone" in out
    assert out.count("one colour") >= 5


def test_a_folder_and_a_light_file_take_their_own_company(tmp_path, light, capsys):
    folder, tokens = rehearsed(tmp_path / "out"), write(tmp_path / "t.csv", light)
    assert "--reference goes with" in followspot(capsys, folder, "--audio", SONG, "--reference", tokens)[2]
    assert "--sheet goes with" in followspot(capsys, tokens, "--audio", SONG, "--sheet", "x.png")[2]
    assert "--against goes with" in followspot(capsys, tokens, "--audio", SONG, "--against", folder)[2]


@needs_librosa
@quiet
def test_a_folder_without_light_a_short_one_and_a_short_song_are_refused(tmp_path, capsys, rng):
    soundfile.write(tmp_path / "short.wav", rng.normal(0, 0.1, 48_000 * 25), 48_000)
    (tmp_path / "none").mkdir()
    said = followspot(capsys, tmp_path / "none", "--audio", tmp_path / "short.wav")[2]
    assert "heads.npz: cannot be read" in said
    said = followspot(capsys, rehearsed(tmp_path / "brief", 10), "--audio", tmp_path / "short.wav")[2]
    assert "holds 10.0 s of light" in said
    said = followspot(capsys, rehearsed(tmp_path / "long"), "--audio", tmp_path / "short.wav")[2]
    assert "the song lasts 25.0 s, the light 60.0 s" in said


@needs_librosa
@quiet
def test_sections_and_their_kinds(rng):
    from controller.metrics.song_features import music_features

    part_s, t_s = 16, np.arange(48_000 * 96) / 48_000
    loud = (t_s // part_s) % 2 == 1
    tone = np.where(loud, 0.3 * np.sign(np.sin(2 * np.pi * 220 * t_s)), 0.05 * np.sin(2 * np.pi * 523.25 * t_s))
    for start in range(0, len(t_s), 24_000):
        tone[start : start + 2_400] += rng.normal(size=2_400) * np.exp(-np.arange(2_400) / 400) * 0.4
    music = music_features(tone.astype(np.float32))
    np.testing.assert_allclose(music.section_starts[1:] / 30, [16, 32, 48, 64, 80], atol=2.1)
    assert music.section_kinds.tolist() == [0, 1, 0, 1, 0, 1]
    assert music.stops == ()


@needs_librosa
@quiet
def test_music_features_of_clicks_over_two_chords(rng):
    from controller.metrics.song_features import music_features

    t_s = np.arange(48_000 * 60) / 48_000
    late = t_s >= 30
    sound = np.where(late, 0.3 * np.sin(2 * np.pi * 440 * t_s), 0.05 * np.sin(2 * np.pi * 523.25 * t_s))
    for start in range(0, len(t_s), 24_000):
        sound[start : start + 2_400] += rng.normal(size=2_400) * np.exp(-np.arange(2_400) / 400) * 0.4
    music = music_features(sound.astype(np.float32))
    assert abs(len(music.rms) - 1_800) <= 1
    assert len(music.chroma) == len(music.onsets) == len(music.rms)
    assert music.chroma[1_200].argmax() == 9  # A
    assert music.chroma[601].argmax() == 0  # C
    assert np.median(np.diff(music.beats)) == 15
    assert np.abs(music.section_starts - 900).min() <= 60
    assert len(music.section_starts) <= 4
    assert set(music.downbeats) <= set(music.beats)
    assert music.rms[1_200] > music.rms[600]


@needs_librosa
@quiet
def test_a_loudness_follower_of_real_songs_is_as_unlike_people_as_stated(shared_data):
    from controller.commands.evaluate import read_song
    from controller.metrics.correspondence import AgainstMusic
    from controller.metrics.professionals import likeness, medians
    from controller.metrics.song_features import music_features

    rows = []
    for path in sorted((shared_data / "audio").glob("*.opus"))[:12:4]:
        music = music_features(read_song(path))
        hops = len(music.rms) // 3
        loud = music.rms[: 3 * hops : 3] / np.percentile(music.rms, 99)
        light = np.stack([np.zeros(hops, int), np.round(255 * np.clip(loud, 0, 1)).astype(int)], axis=1)
        rows.append(AgainstMusic(music, hops, 0.0).scores(light))
    middle = medians(rows)
    assert middle["loudness_brightness"] > 0.95
    assert middle["colour_structure"] == 0.0
    assert 0.4 < likeness(middle)["mean"] < 1.1
    print(middle, likeness(middle))
