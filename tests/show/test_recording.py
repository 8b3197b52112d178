"""The log of a show: what was written comes back, and damage costs the tail only."""

import contextlib
import errno
import os
import zlib

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promise import STRICT

from controller.errors import RecordingError
from controller.messages import Command, LightToken, Pulse
from controller.records.cycles import FRAME, MAX_UNPACKED_BYTES, Cycle, Heard, cycle_of, encode_block, plain
from controller.records.recording import MAGIC, Log, Recorder

numbers = st.floats(allow_nan=False, allow_infinity=True, width=64)
whole = st.integers(0, 2**31)
pulses = st.builds(Pulse, *[numbers] * 1, whole, *[numbers] * 3, whole, numbers, numbers, st.tuples(numbers))
tokens = st.builds(LightToken, numbers, whole, st.integers(0, 179), st.integers(0, 255), numbers, numbers)
commands = st.builds(Command, st.sampled_from(["grand_master", "blackout", "hold"]), numbers)
desks = st.dictionaries(st.integers(1, 63999), st.none() | st.binary(min_size=512, max_size=512), max_size=2)
rows = st.tuples(whole, numbers, numbers, st.lists(whole, max_size=3).map(tuple), numbers, numbers)
heards = st.builds(
    Heard, st.lists(st.tuples(numbers, pulses), max_size=3).map(tuple), st.none() | tokens,
    st.lists(commands, max_size=2).map(tuple),
    desks, st.lists(st.integers(1, 63999), max_size=2).map(tuple), st.booleans(),
    st.none() | st.lists(rows, max_size=2).map(tuple),
)  # fmt: skip
cycles = st.builds(Cycle, st.floats(0, 1e6), heards, st.integers(0, 2**32 - 1))


def show(count, begin_s=100.0):
    return [
        Cycle(
            begin_s + k * 0.025, Heard(token=LightToken(k, k, k % 180, k % 256, 0.5, 0.5)) if k % 4 == 0 else Heard(), k
        )
        for k in range(count)
    ]


def written(path, made, header=None):
    recorder = Recorder(path, header or {"venue": "here"})
    for cycle in made:
        recorder.add(cycle)
    recorder.close()
    return path


@settings(max_examples=100, deadline=None)
@given(cycles)
def test_a_cycle_comes_back_as_it_was(cycle):
    packed = msgpack.packb(plain(cycle), use_bin_type=True)
    assert cycle_of(msgpack.unpackb(packed, raw=False, strict_map_key=False)) == cycle


def test_a_log_comes_back_whole_and_is_compact(tmp_path):
    made = show(4_000)
    log = Log(written(tmp_path / "show.log", made))
    assert log.header["venue"] == "here"
    assert list(log.cycles()) == made
    assert log.damage == ""
    assert (tmp_path / "show.log").stat().st_size / 100.0 < 2_000  # bytes a second


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 100])
def test_a_cut_tail_loses_only_the_tail(tmp_path, cut):
    path = written(tmp_path / "show.log", show(400))
    path.write_bytes(path.read_bytes()[:-cut])
    log = Log(path)
    found = list(log.cycles())
    assert found == show(400)[: len(found)]
    assert len(found) >= 400 - 82
    assert log.damage


def test_one_flipped_bit_ends_the_log_there(tmp_path):
    path = written(tmp_path / "show.log", show(4_000))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    log = Log(path)
    found = list(log.cycles())
    assert found == show(4_000)[: len(found)]
    assert 1_000 < len(found) < 3_000
    assert log.damage


def test_what_is_no_log_is_refused_by_name(tmp_path):
    for name, content in (("text", b"hello"), ("empty", b""), ("headless", MAGIC), ("bad", MAGIC + b"\xff" * 40)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match=name):
            Log(tmp_path / name)
    with pytest.raises(RecordingError, match="cannot be read"):
        Log(tmp_path / "nowhere")


def test_a_block_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path):
    bomb = zlib.compress(b"\0" * (MAX_UNPACKED_BYTES + 10), 9)
    good = MAGIC + encode_block({"version": 1})
    (tmp_path / "bomb").write_bytes(good + FRAME.pack(len(bomb), zlib.crc32(bomb)) + bomb)
    log = Log(tmp_path / "bomb")
    assert list(log.cycles()) == []
    assert "too large" in log.damage


def test_mutated_logs_never_raise_anything_else(tmp_path):
    """Five hundred damaged files, and as many whose blocks are whole but hold nonsense; in `make chaos` two thousand.

    What was whole before the damage is read, and nothing else: blocks are checked by their sums.
    """
    made = show(200)
    data = (written(tmp_path / "show.log", made)).read_bytes()
    rng, path = np.random.default_rng(5), tmp_path / "mutant"
    nonsense = [None, True, -1, 2**40, "x", b"x", [], {}, [1.5], [1.5, "a"], [1.5, 3, 4, 5, 6, 7, 8], {"a": [1]}]
    longest = 0
    for count in range(4_000 if STRICT else 1_000):
        if count % 2:
            mutant = bytearray(data)
            for place in rng.integers(0, len(data), rng.integers(1, 6)):
                mutant[place] = rng.integers(256)
            mutant = bytes(mutant[: rng.integers(1, len(data) + 1)])
        else:
            picked = [nonsense[k] for k in rng.integers(0, len(nonsense), rng.integers(0, 8))]
            mutant = MAGIC + encode_block({"version": 1}) + encode_block(picked if count % 4 else [1.5, 7, *picked])
        path.write_bytes(mutant)
        with contextlib.suppress(RecordingError):
            found = list(Log(path).cycles())
            if count % 2:
                assert found == made[: len(found)]
                longest = max(longest, len(found))
    assert longest > 100


@pytest.mark.warns("it is kept in memory", "is written again; nothing is missing")
def test_a_full_disk_delays_the_log_and_loses_nothing(tmp_path, monkeypatch, caplog):
    path = tmp_path / "show.log"
    recorder = Recorder(path, {})
    made = show(2_000)
    for cycle in made[:500]:
        recorder.add(cycle)
    while not path.exists() or path.stat().st_size < 200:
        pass
    with monkeypatch.context() as full:
        full.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        for cycle in made[500:1_500]:
            recorder.add(cycle)
        while not recorder.failing:
            pass
    for cycle in made[1_500:]:
        recorder.add(cycle)
    recorder.close()
    log = Log(path)
    assert list(log.cycles()) == made
    assert recorder.lost_seconds == 0
    assert [r.message for r in caplog.records if "written again" in r.message]
    assert sum("cannot be written" in r.message for r in caplog.records) == 1
