"""Who leads: a spare steps in when its leader is silent, and whoever was asleep sees that it leads no more."""

import logging
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from promise import HANG_S

from controller.clock import ManualClock
from controller.lighting.failover.election import GRACE_S, LEAP, LOOK_S, SILENT_S, Election
from controller.lighting.failover.lead import PAIR, LeaderRecord
from controller.lighting.pace import Pace
from controller.show import PARTS, _stop_in_order


@pytest.fixture
def pair(tmp_path):
    """The two processes' views of the same memory, both begun at second 0."""
    leads = [LeaderRecord(tmp_path, name) for name in PAIR]
    yield [Election(lead, 0.0) for lead in leads]
    for lead in leads:
        lead.close()


def cycles(standings, now_s, count):
    """Both cycle side by side."""
    for _ in range(count):
        for one in standings:
            one.change(now_s)
            one.speaks()
        now_s += 0.025
    return now_s


def test_the_first_leads_and_only_one_speaks(pair):
    first, spare = pair
    for cycle in range(100):
        now_s = 0.025 * cycle
        first.change(now_s)
        spare.change(now_s)
        assert first.speaks()
        assert not spare.speaks()
    assert (first.led, spare.led) == (True, False)


@pytest.mark.warns("is silent; going on in its place")
def test_a_silent_leader_is_replaced_within_its_time_and_numbers_go_on(pair, caplog):
    _, spare = pair
    now_s = cycles(pair, 1.0, 40)
    last_s = now_s - 0.025
    assert not spare.must_step_in(last_s + SILENT_S - 0.001)
    assert spare.must_step_in(last_s + SILENT_S + 0.001)
    assert spare.change(last_s + SILENT_S + 0.001) == "took the lead"
    assert spare.sent_cycles == 40 + LEAP
    assert spare.speaks()
    assert [one.levelno for one in caplog.records] == [logging.WARNING]


@pytest.mark.warns("is silent; going on in its place", "another output process leads now; following it")
def test_a_leader_that_was_only_asleep_says_nothing_more_and_follows(pair):
    first, spare = pair
    now_s = cycles(pair, 1.0, 20)
    spare.change(now_s + 1.0)
    assert not first.speaks()  # it wakes in the middle of its cycle, right before it would send
    assert first.change(now_s + 1.0) == "lost the lead"
    assert spare.speaks()
    assert not first.speaks()


@pytest.mark.warns("is silent; going on in its place", "another output process leads now; following it")
def test_it_goes_there_and_back(pair):
    first, spare = pair
    now_s = cycles(pair, 1.0, 10)
    for turn in range(20):
        leader, other = (first, spare) if turn % 2 == 0 else (spare, first)
        assert other.change(now_s + 0.1) == "took the lead"
        assert leader.change(now_s + 0.1) == "lost the lead"
        now_s = cycles(pair, now_s + 0.1, 20)
    assert first.leading != spare.leading


def test_a_spare_that_was_told_to_end_steps_in_for_nobody(tmp_path):
    """A leader that fades to the end look beats no more; light in its place would come after the dark."""
    ending = threading.Event()
    leads = [LeaderRecord(tmp_path, name) for name in PAIR]
    first, spare = Election(leads[0], 0.0), Election(leads[1], 0.0, ending.is_set)
    last_s = cycles((first, spare), 1.0, 40)
    ending.set()
    assert spare.change(last_s + 1.0) == ""
    assert not spare.speaks()
    for lead in leads:
        lead.close()


@pytest.mark.parametrize("leads", range(len(PAIR)))
def test_whoever_leads_is_told_to_end_after_its_spare(leads):
    told = []
    parts = [
        SimpleNamespace(
            part=part,
            stop=lambda name=part.name: told.append(f"{name} ends"),
            terminate=lambda name=part.name: told.append(name),
        )
        for part in PARTS
    ]
    _stop_in_order(parts, leads)
    assert told[:2] == ["listening ends", "watching ends"]
    assert told[2:4] == [PAIR[1 - leads], PAIR[leads]]


@pytest.mark.warns("is silent; going on in its place")
def test_a_leader_that_never_begins_is_waited_for_a_while(pair):
    _, spare = pair
    assert spare.change(GRACE_S) == ""
    assert spare.change(GRACE_S + 0.01) == "took the lead"


def test_a_slow_first_cycle_of_the_leader_is_not_its_end(pair):
    first, spare = pair
    first.change(1.0)
    for step in range(25):
        assert spare.change(1.0 + 0.01 * step) == ""


def test_a_spare_sleeps_until_its_leader_may_be_gone(pair, monkeypatch):
    """Not longer than it was told to, and never shorter than a look: else it would spin."""
    _, spare = pair
    last_s, slept_s = cycles(pair, 1.0, 20) - 0.025, []
    monkeypatch.setattr(LeaderRecord, "wait", lambda _self, seconds: slept_s.append(seconds))
    for after_s, most_s in ((0.01, 1.0), (0.01, 0.02), (SILENT_S, 1.0), (1.0, 1.0)):
        spare.watch(last_s + after_s, most_s)
    assert slept_s == pytest.approx([SILENT_S - 0.01, 0.02, LOOK_S, LOOK_S])


def test_who_only_follows_takes_every_fourth_deadline():
    clock = ManualClock(10.0)
    pace, cycles_s = Pace(clock, 40.0, 44.0), []
    for _ in range(4):
        cycles_s.append(pace.wait())
        pace.rest()
    assert np.diff(cycles_s) == pytest.approx([0.1] * 3)
    pace.now()  # its leader is gone: nothing is left out any more
    assert pace.wait() == pytest.approx(cycles_s[-1])


def test_without_a_spare_there_is_nothing_to_decide():
    alone = Election(None, 0.0)
    assert alone.change(5.0) == ""
    assert alone.speaks()
    assert alone.led
    alone.watch(5.0, 60.0)  # nobody to wait for


@pytest.mark.warns("is silent; going on in its place")
def test_a_leader_that_dies_is_replaced_at_once(tmp_path):
    """Where the system tells, nobody waits for silence."""
    if not hasattr(os, "pidfd_open"):
        pytest.skip("this system has no pidfd")
    spare = LeaderRecord(tmp_path, PAIR[1])
    leader = subprocess.Popen(
        [sys.executable, "-c",
         "import sys, pathlib; from controller.lighting.failover.lead import LeaderRecord;"
         "lead = LeaderRecord(pathlib.Path(sys.argv[1]), 'lighting');"
         "lead.beat(1.0); print('beating', flush=True); sys.stdin.read()", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert leader.stdout.readline() == "beating\n"
        standing = Election(spare, 0.0)
        assert not standing.must_step_in(1.01)
        waiting = threading.Thread(target=spare.wait, args=(HANG_S,))
        waiting.start()
        leader.kill()
        leader.wait()
        waiting.join(HANG_S / 2)
        assert not waiting.is_alive(), "it is woken, whatever it was told to wait for"
        assert spare.gone()
        assert standing.change(1.02) == "took the lead"
    finally:
        leader.kill()
        leader.communicate()
        spare.close()
