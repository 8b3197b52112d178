"""Films nobody would choose: each is read or named in one line, and none stops the others."""

import json
import os

import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage import folder
from tools.train.footage.__main__ import main


def run(paths, out):
    status = main(["extract", *map(str, paths), "--out", str(out)])
    rows = {row["name"]: row for row in json.loads((out / "footage.json").read_text())["films"]}
    return status, rows


def test_a_folder_of_broken_files_is_named_and_the_good_one_extracted(tmp_path, video_writer):
    films = tmp_path / "films"
    films.mkdir()
    good = video_writer(films / "good.mp4")
    whole = good.read_bytes()
    (films / "empty.mp4").write_bytes(b"")
    (films / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(20_000))
    (films / "headless.mp4").write_bytes(whole[: len(whole) // 2])  # mp4 keeps its index at the end
    video_writer(films / "mute.mp4", sound=False)
    video_writer(films / "blind.mp4", picture=False)
    video_writer(films / "blink.mp4", seconds=0.5)
    status, rows = run([films], tmp_path / "out")
    assert status == 0
    assert {name for name, row in rows.items() if row["state"] == "extracted"} == {"good"}
    assert "0 bytes" in rows["empty"]["line"]
    assert "not readable" in rows["noise"]["line"]
    assert "not readable" in rows["headless"]["line"]
    assert "no sound" in rows["mute"]["line"]
    assert "no picture" in rows["blind"]["line"]
    assert "two seconds" in rows["blink"]["line"]
    assert all("\n" not in row["line"] for row in rows.values())
    assert not list((tmp_path / "out").glob("*partial*"))


def test_nothing_extracted_is_exit_code_1(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    status, _ = run([tmp_path / "empty.mp4"], tmp_path / "out")
    assert status == 1


@pytest.mark.parametrize("given", ["missing.mp4", "nothing"])
def test_no_film_at_all_is_one_message(tmp_path, given, capsys):
    (tmp_path / "nothing").mkdir()
    assert main(["extract", str(tmp_path / given), "--out", str(tmp_path / "out")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_stream_cut_short_keeps_what_is_there(tmp_path, video_writer):
    whole = video_writer(tmp_path / "whole.ts", seconds=8.0).read_bytes()
    (tmp_path / "short.ts").write_bytes(whole[: len(whole) * 6 // 10])
    status, rows = run([tmp_path / "short.ts"], tmp_path / "out")
    assert status == 0
    assert 25 <= rows["short"]["hops"] < 75


def test_damage_in_the_middle_is_skipped_and_told(tmp_path, video_writer):
    raw = bytearray(video_writer(tmp_path / "hurt.ts", seconds=8.0).read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 3000] = np.random.default_rng(2).bytes(3000)
    (tmp_path / "hurt.ts").write_bytes(bytes(raw))
    status, rows = run([tmp_path / "hurt.ts"], tmp_path / "out")
    assert status == 0
    assert rows["hurt"]["hops"] > 60


def test_frames_at_uneven_times(tmp_path, video_writer):
    times = np.sort(np.random.default_rng(3).uniform(0, 5.0, 60))
    status, rows = run(
        [video_writer(tmp_path / "uneven.mkv", seconds=5.0, times=np.unique(times.round(2)))], tmp_path / "out"
    )
    assert status == 0
    assert 48 <= rows["uneven"]["hops"] <= 51


def test_a_film_that_starts_a_day_after_zero(tmp_path, video_writer):
    plain = video_writer(tmp_path / "plain.mkv")
    late = video_writer(tmp_path / "late.mkv", start_s=86_000.0)
    status, _ = run([plain, late], tmp_path / "out")
    assert status == 0
    with np.load(tmp_path / "out" / "plain.npz") as a, np.load(tmp_path / "out" / "late.npz") as b:
        n = min(len(a["hue"]), len(b["hue"]))
        assert n >= 38
        np.testing.assert_array_equal(a["hue"][:n], b["hue"][:n])
        assert b["trust"].mean() == pytest.approx(a["trust"].mean(), abs=0.05)


@pytest.mark.parametrize("turn", [90, 180])
def test_a_turned_film_is_put_upright(tmp_path, video_writer, turn):
    from tools.train.footage.source import Trouble, pictures, read_facts

    path = video_writer(tmp_path / "turned.mp4", turn=turn)
    facts = read_facts(path)
    assert facts.rotation in (turn, 360 - turn)
    _, picture = next(iter(pictures(path, facts, Trouble())))
    height, width = picture.shape[:2]
    assert (height > width) == (turn == 90)
    red = picture[..., 0].astype(int) - picture[..., 1]
    rows, columns = np.nonzero(red > 60)
    if turn == 180:  # the rectangle was at the top left
        assert rows.mean() > height / 2
        assert columns.mean() > width / 2


def test_4k_is_read_small(tmp_path, video_writer):
    path = video_writer(tmp_path / "large.mp4", seconds=2.2, fps=5, size=(3840, 2160))
    status, rows = run([path], tmp_path / "out")
    assert status == 0
    assert rows["large"]["state"] == "extracted"


def test_faster_than_needed_is_thinned_out(tmp_path, video_writer):
    from tools.train.footage.source import Trouble, pictures, read_facts

    path = video_writer(tmp_path / "fast.mp4", fps=60, codec="libx264")
    times = [t_s for t_s, _ in pictures(path, read_facts(path), Trouble())]
    assert 12 <= len(times) / 4.0 <= 31
    assert np.diff(times).max() < 0.1


def test_two_films_of_one_name_and_two_workers(tmp_path, video_writer):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        video_writer(tmp_path / place / "clip.mp4", seconds=2.5)
    status = main(
        ["extract", str(tmp_path / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out"), "--workers", "2"]
    )
    assert status == 0
    assert sorted(p.name for p in (tmp_path / "out").glob("*.npz")) == ["clip-2.npz", "clip.npz"]


def test_a_killed_run_goes_on(tmp_path, video_writer, monkeypatch):
    """What a killed run leaves - a work folder, half a file - is neither taken for a result nor in the way."""
    film = video_writer(tmp_path / "clip.mp4", seconds=2.5)
    out = tmp_path / "out"
    (out / ".work" / "clip").mkdir(parents=True)
    (out / ".work" / "clip" / "picture").write_bytes(b"half")
    (out / "clip.partial").write_bytes(b"half")
    (out / "clip.npz").write_bytes(b"from another time")
    monkeypatch.setattr(folder, "write_json", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        main(["extract", str(film), "--out", str(out)])
    monkeypatch.undo()
    status, rows = run([film], out)
    assert status == 0
    assert rows["clip"]["state"] == "extracted"
    os.utime(film, ns=(1, 1))  # another file, as far as anybody can tell
    _, rows = run([film], out)
    assert rows["clip"]["state"] == "extracted"
    _, rows = run([film], out)
    assert rows["clip"]["state"] == "skipped"


def _interrupted(*_):
    raise KeyboardInterrupt


def test_a_protected_film_is_named(tmp_path, video_writer):
    """The tag that says "encrypted", as common encryption writes it, in place of H.264's."""
    raw = video_writer(tmp_path / "plain.mp4", codec="libx264").read_bytes()
    (tmp_path / "locked.mp4").write_bytes(raw.replace(b"avc1", b"encv"))
    status, rows = run([tmp_path / "locked.mp4"], tmp_path / "out")
    assert status == 1
    assert "protected" in rows["locked"]["line"] or "encrypted" in rows["locked"]["line"]
