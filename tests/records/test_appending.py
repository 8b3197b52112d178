"""A disk that stalls: what waits for it is bounded, and who writes never waits."""

import threading

import pytest
from promise import HANG_S

from controller.records import appending
from controller.records.appending import Appender


@pytest.mark.warns("is written again")
def test_h1_a_disk_that_stalls_fills_no_memory(tmp_path, monkeypatch):
    stalled, goes_on = threading.Event(), threading.Event()

    def stall(_descriptor):
        stalled.set()
        goes_on.wait(HANG_S)

    monkeypatch.setattr(appending.os, "fdatasync", stall)
    file = Appender(tmp_path / "a.log", b"first\n", what="the log", most_kept=10)
    assert stalled.wait(HANG_S)
    for number in range(1_000):
        file.put(b"%d\n" % number)
    assert file._pieces.qsize() <= 11
    assert file.lost == 990
    goes_on.set()
    file.failing = True  # so that it says what is missing
    file.close()
    assert (tmp_path / "a.log").read_bytes().endswith(b"\n998\n999\n")
