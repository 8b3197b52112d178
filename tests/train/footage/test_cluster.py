"""Two workers of the cluster engine extract what one process would; skipped where the extra is not installed."""

import importlib.util
import json
import subprocess
import sys

import pytest

pytest.importorskip("scipy")


def extract(root, *options):
    command = [sys.executable, "-m", "tools.train.footage", "extract", *map(str, options)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100, check=False)


def test_two_local_workers(root, tmp_path, video_writer):
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("the extra `cluster` is not installed")
    (tmp_path / "films").mkdir()
    for name in ("a", "b"):
        video_writer(tmp_path / "films" / f"{name}.mp4", seconds=2.5)
    (tmp_path / "films" / "c.mp4").write_bytes(b"")
    done = extract(root, tmp_path / "films", "--out", tmp_path / "out", "--cluster", "local:2")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "out" / "footage.json").read_text())["films"]
    assert [(row["name"], row["state"]) for row in rows] == [("a", "extracted"), ("b", "extracted"), ("c", "failed")]


@pytest.mark.parametrize("address", ["local:none", "tcp://127.0.0.1:1"])
def test_a_wrong_address_is_one_message(root, tmp_path, video_writer, address):
    film = video_writer(tmp_path / "a.mp4", seconds=2.5)
    done = extract(root, film, "--out", tmp_path / "out", "--cluster", address)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
