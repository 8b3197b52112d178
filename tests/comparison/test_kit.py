"""The comparison on disk, its clips, and the command."""

import json
from collections import Counter

import numpy as np
import pytest
import soundfile

from controller.__main__ import main
from controller.errors import EvaluationError
from controller.messages import DmxFrame
from controller.metrics.ratings import QUESTIONS
from controller.records.show_file import ShowFile
from controller.rehearsal.comparison.clips import cut, moments, stage_rows
from controller.rehearsal.comparison.kit import Clip, Kit

SCORES = [4] * len(QUESTIONS)


@pytest.fixture
def kit(tmp_path):
    made = Kit(tmp_path / "kit")
    (tmp_path / "kit" / "clips").mkdir(parents=True)
    for song in ("s", "t", "u"):
        for light in ("ours", "older", "rules"):
            made.add(Clip(f"{song}{light[::2]}", song, light, 0.0, 20.0))
    return made


def test_a_kit_is_read_as_it_was_written(kit):
    assert Kit(kit.folder).clips == kit.clips
    kit.add(Clip("new", "s", "ours", 5.0, 20.0))
    assert len(Kit(kit.folder).clips) == 9
    assert [one.name for one in kit.clips if (one.song, one.light) == ("s", "ours")] == ["new"]


def test_everybody_has_an_order_of_their_own_that_stays_and_every_light_is_first_as_often(kit):
    assert kit.order("a") == Kit(kit.folder).order("a")
    first = Counter(kit.order(f"{number}")[0].light for number in range(600))
    assert all(150 < count < 250 for count in first.values())
    assert len({tuple(one.name for one in kit.order(f"{number}")) for number in range(50)}) > 45
    for number in range(20):
        songs = [one.song for one in kit.order(f"{number}")]
        assert songs[0] == songs[1] == songs[2] != songs[3]
        assert sorted(one.name for one in kit.order(f"{number}")) == sorted(one.name for one in kit.clips)


def test_ratings_are_kept_whatever_falls(kit):
    kit.rate("p", "sor", SCORES)
    kit.rate("q", "tor", [7] * 7)
    path = kit.folder / "ratings.jsonl"
    path.write_text(path.read_text() + '{"rater": "r", "cl')
    assert [one["rater"] for one in kit.said()] == ["p", "q"]
    assert kit.ratings()[0] == ("p", "s", "ours", tuple(SCORES))
    assert set(json.loads(path.read_text().splitlines()[0])) == {"rater", "clip", "scores"}  # no time, no address
    kit.add(Clip("new", "s", "ours", 5.0, 20.0))
    assert len(kit.ratings()) == 1  # what was said of a clip that is gone says nothing of the new one


@pytest.mark.parametrize(
    ("clip", "scores"),
    [("no", SCORES), ("sor", SCORES[1:]), ("sor", [0, *SCORES[1:]]), ("sor", [8, *SCORES[1:]]), ("sor", [4.5] * 7),
     ("sor", [True] * 7), ("sor", ["4"] * 7)],
)  # fmt: skip
def test_what_is_no_rating_is_refused(kit, clip, scores):
    with pytest.raises(EvaluationError):
        kit.rate("p", clip, scores)
    assert kit.said() == []


def test_a_damaged_kit_is_refused(tmp_path):
    (tmp_path / "kit.json").write_text('{"clips": [{"name": 1}]}')
    with pytest.raises(EvaluationError, match=r"kit.json: cannot be read"):
        Kit(tmp_path)


@pytest.fixture
def show(patch, tmp_path):
    """Three seconds in which the first fixture is dark and then full."""
    path = tmp_path / "dmx.show"
    with path.open("w", encoding="ascii") as file:
        recorder = ShowFile(file, patch)
        for cycle in range(120):
            slots = np.zeros((2, 512), np.uint8)
            slots[0, :8] = 255 if cycle >= 60 else 0
            slots[0, 5:8] = 0
            frames = [DmxFrame(cycle / 40, cycle, universe, slots[universe - 1]) for universe in (1, 2)]
            recorder.write(frames, cycle / 40)
        recorder.close(0.025)
    return path


def test_the_stage_is_read_back_from_the_slots(show, patch):
    times_s = [at_s for at_s, _ in moments(show)]
    np.testing.assert_allclose(times_s, np.arange(120) / 40, atol=0.001)
    rows = stage_rows(show, patch, 1.0, 1.0)
    assert rows.shape == (20, patch.heads, 5)
    lit = rows[:, 0, :3].max(axis=1) > 100
    assert lit.tolist() == [False] * 10 + [True] * 10
    assert len(stage_rows(show, patch, 2.5, 4.0)) == 10
    show.write_text("something else\n")
    with pytest.raises(EvaluationError, match=r"dmx.show: cannot be read"):
        stage_rows(show, patch, 0.0, 1.0)


def test_a_part_of_a_song_begins_and_ends_softly(config, tmp_path):
    sound = np.concatenate([np.full(48_000, 0.1), np.full(96_000, 0.5)])
    soundfile.write(tmp_path / "song.wav", sound, 48_000, subtype="FLOAT")
    part = cut(config, tmp_path / "song.wav", 1.0, 1.5)
    assert len(part) == 72_000
    assert part[36_000] == pytest.approx(0.5)
    assert abs(part[0]) < 1e-3
    assert abs(part[-1]) < 1e-3
    assert len(cut(config, tmp_path / "song.wav", 2.5, 5.0)) == 24_000


def followspot(capsys, *words):
    code = main(["compare", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(scope="module")
def rehearsed(config, tmp_path_factory):
    """Four seconds of noise and its rehearsal."""
    from controller.rehearsal.rehearse import rehearse

    folder = tmp_path_factory.mktemp("rehearsed")
    soundfile.write(folder / "noise.wav", np.random.default_rng(1).normal(0, 0.1, 48_000 * 4), 48_000)
    rehearse(config, folder / "noise.wav", folder / "out")
    return folder


def test_clips_of_a_rehearsal(rehearsed, tmp_path, capsys, root):
    import av

    words = ["make", tmp_path / "kit", "--config", root / "config.yaml", "--song", rehearsed / "noise.wav"]
    lights = [f"ours={rehearsed / 'out'}", f"older={rehearsed / 'out'}"]
    code, out, _ = followspot(capsys, *words, "--lights", *lights, "--from", 1, "--seconds", 2)
    assert code == 0
    assert "2 clips of 1 songs" in out
    kit = Kit(tmp_path / "kit")
    assert {one.light for one in kit.clips} == {"ours", "older"}
    for one in kit.clips:
        data = kit.file(one.name).read_bytes()
        assert not any(word in data for word in (b"ours", b"older", b"noise", b"rehears"))
        with av.open(str(kit.file(one.name))) as film:
            assert len(list(film.decode(video=0))) == 40
            assert {stream.type for stream in film.streams} == {"video", "audio"}
    code, _, err = followspot(capsys, *words, "--lights", "third=elsewhere", "--from", 0.5, "--seconds", 2)
    assert code == 1
    assert "use the same --from and --seconds" in err
    words[1] = tmp_path / "another"
    code, _, err = followspot(capsys, *words, "--lights", lights[0], "--from", 3, "--seconds", 2)
    assert code == 1
    assert "has no 2 s from 3 s on" in err
    assert "NAME=DIR" in followspot(capsys, *words, "--lights", "nothing")[2]
    assert "--seconds" in followspot(capsys, *words, "--lights", lights[0], "--seconds", 0)[2]


def test_a_rehearsal_of_another_rig_is_refused(rehearsed, tmp_path, capsys, root):
    other = root / "docs/rigs/four-pars.yaml"
    words = ["make", tmp_path / "kit", "--config", other, "--song", rehearsed / "noise.wav"]
    code, _, err = followspot(capsys, *words, "--lights", f"ours={rehearsed / 'out'}", "--seconds", 2)
    assert code == 1
    assert "was rehearsed on another rig" in err


def test_a_report_needs_clips_and_ratings(kit, tmp_path, capsys):
    assert "holds no clips" in followspot(capsys, "report", tmp_path / "none")[2]
    assert "holds no clips" in followspot(capsys, "serve", tmp_path / "none")[2]
    assert "nobody has rated" in followspot(capsys, "report", kit.folder)[2]
