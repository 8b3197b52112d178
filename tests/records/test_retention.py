"""What old shows make room: whole shows of this program, the oldest, and nothing else."""

import os
import stat

import numpy as np
import pytest

from controller.bus.run import KEY
from controller.config import freeze, thaw, with_key, with_overrides, without_key
from controller.listening.keeping import Keeping
from controller.messages import AudioBlock, Embedding
from controller.people.scenes import Scenes
from controller.records.journal import Journal
from controller.records.recording import Log, Recorder
from controller.records.retention import remove_old
from controller.records.show_log import make_room, new_file, open_log

LOTS = 10**12
IDENTITY = {"embedder": "e", "sha256": "0"}


@pytest.fixture
def kept_in(config, tmp_path):
    return lambda **record: with_overrides(config, record={"folder": str(tmp_path), "audio": True, **record})


def night(config, number, show, *, spare=False):
    """All files of one show, with the time at which they were last written."""
    before = set(config.path(config.record.folder).glob("*"))
    for who in ("lighting", "spare") if spare else ("lighting",):
        open_log(config, who, show).close()
    keeping = Keeping(config, IDENTITY, show)
    keeping.block(AudioBlock(0.1, 0, np.zeros((4_800, 1), np.float32)))
    for hop in range(10):
        keeping.embedding(Embedding(0.1 * hop, hop, np.zeros(512, np.float32)))
    keeping.close()
    made = sorted(set(config.path(config.record.folder).glob("*")) - before)
    for path in made:
        os.utime(path, (number, number))
    return made


def test_h2_files_of_others_stay_whatever_they_are_called(kept_in, tmp_path):
    foreign = [f"{number:02d} my song.flac" for number in range(10)]
    foreign += [f"2026-01-{number + 1:02d}T200000-000-my-song.flac" for number in range(10)]
    foreign += [f"2026-01-{number + 1:02d}T200000-000-my-show.showlog" for number in range(10)]
    for name in foreign:
        (tmp_path / name).write_bytes(b"fLaC music of somebody else")
    config = kept_in(keep=1)
    night(config, 1, "followspot-a")
    make_room(config)
    assert set(foreign) <= {path.name for path in tmp_path.iterdir()}


def test_h2_a_link_into_another_folder_is_nobodys_show(kept_in, tmp_path):
    config = kept_in(keep=1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made = night(config, 1, "followspot-a")
    moved = made[0].rename(elsewhere / made[0].name)
    made[0].symlink_to(moved)
    make_room(config)
    assert made[0].is_symlink()
    assert moved.exists()


def test_h3_a_show_is_one_whatever_its_processes_did(kept_in, tmp_path):
    config = kept_in(keep=10)
    nights = [night(config, number, f"followspot-{number}", spare=True) for number in range(9)]
    make_room(config)
    running = night(config, 100, "followspot-now")
    for _ in range(14):
        running += night(config, 101, "followspot-now", spare=True)
    assert all(path.exists() for made in [*nights, running] for path in made)
    make_room(config)  # the next one: nine stay beside it
    assert not any(path.exists() for path in nights[0])
    assert all(path.exists() for made in [*nights[1:], running] for path in made)


def test_h3_the_age_of_a_show_is_when_it_was_written(kept_in, tmp_path):
    config = kept_in(keep=2)
    ahead = night(config, 1, "followspot-ahead")
    ahead = [path.rename(path.with_name("2099-01-01" + path.name[10:])) for path in ahead]
    newer = night(config, 2, "followspot-newer")
    make_room(config)
    assert not any(path.exists() for path in ahead)
    assert all(path.exists() for path in newer)


def test_h3_what_is_being_written_is_never_removed(kept_in, tmp_path):
    config = kept_in(keep=1)
    recorder = Recorder(new_file(config, ".showlog"), {"show": "followspot-running"})
    for number in range(3):
        night(config, 10 + number, f"followspot-{number}")
    recorder._file._pieces.put(b"")
    while not recorder.path.exists():
        os.sched_yield()
    while recorder._file._lock < 0:
        os.sched_yield()
    os.utime(recorder.path, (1, 1))
    make_room(config)
    assert recorder.path.exists()
    recorder.close()
    make_room(config)
    assert not recorder.path.exists()


def test_h30_shows_are_bounded_in_bytes_too(kept_in, tmp_path):
    config = kept_in(keep=100)
    nights = [night(config, number, f"followspot-{number}") for number in range(6)]
    size = sum(path.stat().st_size for path in nights[0])
    remove_old(tmp_path, 100, 3 * size + size // 2)
    assert [all(path.exists() for path in made) for made in nights] == [False] * 3 + [True] * 3
    assert remove_old(tmp_path, 100, LOTS) == []


@pytest.mark.warns("was removed; it begins anew")
def test_h3_a_log_that_somebody_removed_begins_anew(tmp_path):
    from controller.records.cycles import Cycle, Heard

    path = tmp_path / "shows" / "a.showlog"
    path.parent.mkdir()
    recorder = Recorder(path, {"venue": "here"})
    recorder._file._pieces.put(b"")
    while not (path.exists() and path.stat().st_size):
        os.sched_yield()
    path.unlink()
    path.parent.rmdir()
    recorder.add(Cycle(1.0, Heard(), 0))
    recorder.close()
    assert [one.now_s for one in Log(path).cycles()] == [1.0]


def test_h29_what_is_kept_is_for_one_reader(kept_in, config, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    before = os.umask(0)
    try:
        night(with_overrides(config, record={"folder": str(tmp_path / "shows"), "audio": True}), 1, "followspot-a")
        Scenes.of(config).keep("look", (1.0,))
        journal = Journal(tmp_path / "state" / "followspot" / "audit.jsonl")
        journal.add({"a": 1})
        journal.close()
    finally:
        os.umask(before)
    for path in [*(tmp_path / "state").rglob("*"), *(tmp_path / "shows").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_h29_a_journal_of_version_0_2_becomes_private(tmp_path):
    file = tmp_path / "audit.jsonl"
    file.write_text("{}\n")
    file.chmod(0o644)
    journal = Journal(file)
    journal.add({"a": 1})
    journal.close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_h29_the_key_is_not_in_the_runs_file(config):
    key = "a key that two machines share"
    pair = with_overrides(config, standby={"role": "main", "peer": "127.0.0.1", "key": key})
    frozen = freeze(without_key(pair))
    assert key not in frozen
    assert with_key(thaw(frozen), key).standby == pair.standby
    assert KEY not in os.environ
