"""Signs of life between processes: what is read is what somebody wrote, never half of it."""

import os
import subprocess
import sys
import time

import pytest

from controller.bus.beats import BEATS_AT, CYCLES_AT, LEADER_AT, PIDS_AT, Beats

WRITER = """
import sys
from pathlib import Path
from controller.bus.beats import Beats, CYCLES_AT
beats = Beats(Path(sys.argv[1]))
beats.beat("lighting", 1.0 / 3.0)
beats.write(CYCLES_AT, -1)
print("writing", flush=True)
while True:
    beats.beat("lighting", 37000.000000123)
    beats.write(CYCLES_AT, 7)
    beats.beat("lighting", 1.0 / 3.0)
    beats.write(CYCLES_AT, -1)
"""


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two cores that run at once")
def test_a_number_that_is_being_written_is_the_old_one_or_the_new_one(tmp_path):
    """All bytes of the two values differ: a mixture is neither. `struct.pack_into` shows a zero in between."""
    with subprocess.Popen([sys.executable, "-P", "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout.readline().strip() == b"writing"
            beats = Beats(tmp_path)
            end_s = time.monotonic() + 2.0
            times, counts = set(), set()
            while time.monotonic() < end_s:
                for _ in range(2_000):
                    times.add(beats.beaten_s("lighting"))
                    counts.add(beats.read(CYCLES_AT))
        finally:
            writer.kill()
    assert times <= {37000.000000123, 1.0 / 3.0}
    assert counts <= {7, -1}
    assert len(times) > 1
    beats.close()


def test_places_do_not_overlap_and_are_seen_by_another(tmp_path):
    one, other = Beats(tmp_path), Beats(tmp_path)
    for number, at in enumerate((LEADER_AT, CYCLES_AT, PIDS_AT, PIDS_AT + 8)):
        one.write(at, number + 5)
    for number, name in enumerate(("lighting", "spare", "listening", "watching")):
        one.beat(name, 0.5 + number)
    assert [other.read(at) for at in (LEADER_AT, CYCLES_AT, PIDS_AT, PIDS_AT + 8)] == [5, 6, 7, 8]
    assert [other.beaten_s(name) for name in ("lighting", "spare", "listening", "watching")] == [0.5, 1.5, 2.5, 3.5]
    assert BEATS_AT % 8 == 0
    one.close()
    other.close()
