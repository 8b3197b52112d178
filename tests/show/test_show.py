"""The whole show as its user runs it: real processes, real packets, an independent decoder, and things that die."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
from promise import HANG_S, STRICT, kept
from running_show import finish, heard, lit, processes, run_folder, start, stop

from controller.bus.beats import Beats
from controller.config import read_config
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.show import _last_lit


def test_ten_seconds_of_show(venue, wire):
    """Steady frames for every universe, in order, never dark, and the light is not a constant."""
    show = start(venue, "--seconds", "7")
    summary, logged = finish(show, wire, HANG_S)
    forward = 40 if "going on in its place" in logged else 1  # a spare that had to step in skips a few numbers
    assert summary["ended_by"] == "seconds"
    assert summary["restarts"] == {"lighting": 0, "spare": 0, "listening": 0}
    assert summary["listening"]["hops"] >= (50 if STRICT else 10)
    config = read_config(venue)
    observer = Observer(patch_of(config))
    lit = {}
    for port_address in (0, 1):
        times_s, slots = wire.frames(port_address)
        sequences = [p[12] for _, p in wire.packets if int.from_bytes(p[14:16], "little") == port_address]
        assert all(1 <= (b - a) % 255 <= forward for a, b in pairwise(sequences))
        assert 0 not in sequences
        rate_hz = (len(times_s) - 1) / (times_s[-1] - times_s[0])
        assert 36 < rate_hz < 44 or not STRICT  # tools/bench measures it, too
        lit[port_address] = slots
    count = min(len(slots) for slots in lit.values())
    power = np.array([observer.observe({1: lit[0][i], 2: lit[1][i]}).power.mean() for i in range(count)])
    playing = power[100 : count - 100]
    assert playing.min() > 0.005
    assert playing.std() > 0.03 * playing.mean()  # a beginning hides, and moves all the same
    assert power[-1] == 0.0  # the configured end look


def test_the_summary_is_of_the_process_that_led_or_of_any_that_could_still_say_a_word():
    assert _last_lit([{"leads": False}, {"leads": True, "faults": 1}])["faults"] == 1
    assert _last_lit([{}, {"leads": False, "faults": 2}])["faults"] == 2
    assert _last_lit([{}, {}]) == {}


def test_a_listener_that_dies_comes_back_and_sigterm_ends_with_the_end_look(venue, wire):
    """One show: who lights holds no ML; who listens is killed, and stopped; the light never stops before the end."""
    show = start(venue, "--loop")
    lit(show, wire)
    beats = Beats(run_folder(show))

    def listens_since(moment_s):  # one that still loads is not missed for long
        heard(show, wire, lambda: beats.beaten_s("listening") > moment_s)

    listens_since(0.0)
    holds_no_ml(show, wire)
    for how in (signal.SIGKILL, signal.SIGSTOP):
        hit, hit_s = processes(show)["listening"], time.monotonic()
        os.kill(hit, how)
        heard(show, wire, lambda hit=hit: processes(show).get("listening", hit) != hit)
        listens_since(hit_s + 0.1)
        wire.listen(1.0)
    beats.close()
    summary, logged = stop(show, wire, signal.SIGTERM)
    assert summary["ended_by"] == "operator"
    assert summary["restarts"]["listening"] >= 2
    assert "listening ended with code -9; starting it again" in logged
    assert "listening has not moved for" in logged
    times_s, slots = wire.frames(0)
    kept("longest gap", np.diff(times_s).max(), 0.3)
    assert slots[: len(slots) - 90].any(axis=1).all()
    first = [one.address - 1 for one in read_config(venue).fixtures if one.profile == "generic/rgbw-par"]
    assert slots[-1][first].max() == 0
    assert slots[len(slots) // 2][first].max() > 0


def holds_no_ml(show, wire):
    """The output process: no ML and no audio; the one that listens: ML, or nothing is compared."""

    def mapped(name):
        return Path(f"/proc/{processes(show)[name]}/maps").read_text()

    heard(show, wire, lambda: "onnxruntime" in mapped("listening"))
    for library in ("onnxruntime", "portaudio", "libav", "soxr"):
        assert library not in mapped("lighting")


def test_a_killed_supervisor_leaves_nobody_and_nothing_behind(venue, wire, require_real):
    """And what it sent until then: an independent judge finds nothing malformed in it."""
    found = shutil.which("tshark") is not None
    with judged(wire.port) if found else nullcontext() as judge:
        show = start(venue)
        lit(show, wire)
        rows = [judge.stdout.readline().rstrip("\n").split("\t") for _ in range(150)] if judge else []
    parts, folder = processes(show), run_folder(show)
    show.kill()
    show.communicate()
    end_s = time.monotonic() + HANG_S
    while left := [name for name, pid in parts.items() if runs(pid)]:
        assert time.monotonic() < end_s, left
        wire.listen(0.1)
    assert not folder.exists()
    require_real("tshark", found)
    assert {row[0] for row in rows} == {"0x5000"}
    assert {row[2] for row in rows} == {"0", "1"}
    assert {row[3] for row in rows} == {"512"}
    assert not [row for row in rows if len(row) > 4 and row[4]]


@contextmanager
def judged(port):
    """Wireshark's decoder on what goes to a port: the test's own, or another show would be judged, too."""
    judge = subprocess.Popen(
        ["tshark", "-n", "-l", "-i", "lo", "-f", f"udp dst port {port}", "-d", f"udp.port=={port},artnet",
         "-T", "fields",
         "-e", "artnet.header.opcode", "-e", "artnet.output.sequence", "-e", "artnet.output.universe",
         "-e", "artnet.output.length", "-e", "_ws.malformed"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while "Capturing" not in judge.stderr.readline():
            assert judge.poll() is None
        yield judge
    finally:
        judge.terminate()
        judge.communicate(timeout=HANG_S)


def runs(pid):
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
