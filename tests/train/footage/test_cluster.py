"""Workers of the cluster engine extract what one process would, also where one dies, one comes back and one is slow.

Skipped where the extra is not installed.
"""

import hashlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from promise import HANG_S

pytest.importorskip("scipy")

from tools.train.footage.__main__ import main

FILMS = 6
WAITS_S = HANG_S


def extract(root, *options):
    command = [sys.executable, "-m", "tools.train.footage", "extract", *map(str, options)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=2 * HANG_S, check=False)


@pytest.fixture
def films(tmp_path, video_writer):
    (tmp_path / "films").mkdir()
    for number in range(FILMS):
        video_writer(tmp_path / "films" / f"film{number}.mp4", seconds=2.5 + 0.1 * number)
    (tmp_path / "films" / "empty.mp4").write_bytes(b"")
    return tmp_path / "films"


def contents(folder):
    """Checksums of everything that was extracted; the rows' own table has the order of the names."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix != ".html"]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}


class Cluster:
    """A scheduler and workers in processes of their own, on this machine."""

    def __init__(self, stack, root, folder):
        self._stack, self._root, self._file = stack, root, folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")

    def worker(self):
        """Start one."""
        return self._start("dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")

    def _start(self, program, *options):
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(self._file), *options]
        ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "4s", "PYTHONPATH": os.environ["PYTHONPATH"]}
        process = subprocess.Popen(command, cwd=self._root, env={**os.environ, **ttl}, stderr=subprocess.DEVNULL)
        self._stack.callback(self._end, process)
        return process

    @staticmethod
    def _end(process):
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()

    def client(self):
        from distributed import Client

        return self._stack.enter_context(Client(scheduler_file=str(self._file), timeout=WAITS_S))


def test_one_dies_one_comes_back_one_is_slow_and_nothing_is_lost_or_twice(root, tmp_path, films, require_real):
    require_real("distributed", importlib.util.find_spec("distributed"))
    assert main(["extract", str(films), "--out", str(tmp_path / "alone")]) == 0
    from tools.train.footage import cluster
    from tools.train.footage.folder import BUNDLED, Job, extract_all, find_videos, named

    videos = find_videos([films])
    jobs = [Job(v, name, tmp_path / "many", (BUNDLED,)) for v, name in zip(videos, named(videos), strict=True)]
    with ExitStack() as stack:
        made = Cluster(stack, root, tmp_path)
        dies, slow, _ = (made.worker() for _ in range(3))
        client = made.client()
        client.wait_for_workers(3, timeout=WAITS_S)
        address = client.scheduler.address
        turns = iter(("one dies", "one comes back", "one is slow"))

        def disturbed(all_jobs):
            for outcome in cluster.across(all_jobs, address):
                match next(turns, ""):
                    case "one dies":
                        dies.kill()
                    case "one comes back":
                        made.worker()
                    case "one is slow":
                        slow.send_signal(signal.SIGSTOP)  # given up after four seconds
                yield outcome

        outcomes = extract_all(jobs, disturbed)
        slow.send_signal(signal.SIGCONT)
    names = [one.name for one in outcomes]
    assert sorted(names) == sorted(job.name for job in jobs), "every film once"
    assert {one.state for one in outcomes if one.name != "empty"} <= {"extracted", "skipped"}
    alone, many = contents(tmp_path / "alone"), contents(tmp_path / "many")
    del alone["footage.json"], many["footage.json"]
    assert many == alone
    rows = json.loads((tmp_path / "many" / "footage.json").read_text())["films"]
    assert [row["name"] for row in rows] == sorted(names)


def test_two_local_workers(root, tmp_path, films, require_real):
    require_real("distributed", importlib.util.find_spec("distributed"))
    done = extract(root, films / "film0.mp4", films / "film1.mp4", films / "empty.mp4", "--out", tmp_path / "out",
                   "--cluster", "local:2")  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "out" / "footage.json").read_text())["films"]
    assert [(row["name"], row["state"]) for row in rows] == [
        ("empty", "failed"),
        ("film0", "extracted"),
        ("film1", "extracted"),
    ]


def test_the_same_film_twice_is_the_same_bytes(films, tmp_path):
    from tools.train.footage.folder import BUNDLED, Job, extract_one

    for out in ("one", "two"):
        assert extract_one(Job(films / "film0.mp4", "film0", tmp_path / out, (BUNDLED,))).state == "extracted"
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("address", ["local:none", "tcp://127.0.0.1:1"])
def test_a_wrong_address_is_one_message(tmp_path, video_writer, address, capsys):
    film = video_writer(tmp_path / "a.mp4", seconds=2.5)
    assert main(["extract", str(film), "--out", str(tmp_path / "out"), "--cluster", address]) == 1
    assert "Traceback" not in capsys.readouterr().err
