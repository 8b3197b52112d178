"""Nobody reads what a show says: the light goes on, and the show ends when it is told to."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path

import numpy as np
import pytest
from promise import HANG_S, kept
from running_show import heard, lit, over, processes, start

from controller.text_out import MOST_PIECES, Drawing, TextOut, forward

GAP_S = 0.1


@pytest.fixture
def full():
    """A pipe that takes nothing more: (reading end, writing end)."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while True:
        try:
            os.write(writing, b"x" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(writing, True)
    yield reading, writing
    os.close(reading)  # whoever still writes is told
    os.close(writing)


def drained(descriptor, until):
    """What can be read up to some words."""
    said = b""
    while until not in said:
        said += os.read(descriptor, 65_536)
    return said


def test_h1_what_has_no_room_is_left_out_and_said(full):
    reading, writing = full
    out = TextOut(writing)
    for number in range(MOST_PIECES + 100):
        out.put(f"line {number}\n")
    assert out.lost > 0
    assert not out.flush(0.01)
    said = drained(reading, b"nobody read them")
    assert f"({out.lost} lines are missing here".encode() in said
    assert b"line 0\n" in said
    assert out.flush(HANG_S)


def test_h1_a_drawing_waits_in_no_queue(full):
    _, writing = full
    out = TextOut(writing)
    drawing = Drawing(out, writing)
    for _ in range(1_000):
        drawing.write("a picture of the show")
    assert out.waiting <= 21
    out.put("a line")
    assert out.lost == 0


def test_h1_whoever_reads_no_more_costs_nothing():
    reading, writing = os.pipe()
    os.close(reading)
    out = TextOut(writing)
    out.put("nobody is there\n")
    assert out.flush(HANG_S)
    os.close(writing)


def test_h1_what_another_process_says_is_taken_whoever_reads(full):
    """Its pipe never fills, so that it never waits: the C libraries write there, too."""
    _, writing = full
    said = subprocess.Popen([sys.executable, "-c", "import os; [os.write(2, b'x' * 9999) for _ in range(500)]"],
                            stderr=subprocess.PIPE)  # fmt: skip
    forward(os.dup(said.stderr.fileno()), TextOut(writing)).join(HANG_S)
    assert said.wait(HANG_S) == 0
    said.stderr.close()


def longest_gap(wire, since):
    times_s = np.array([at_s for at_s, packet in wire.packets[since:] if packet[14] == 0])
    assert len(times_s) > 20, "it went dark"
    longest_s = float(np.diff(times_s).max())
    assert longest_s < 3.0, "it waited for who reads"
    return longest_s


def runs(pid):
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def ended(show, wire, parts):
    """End it; the light is told first, and nobody stays behind."""
    show.send_signal(signal.SIGINT)
    heard_end(show, wire)
    assert not [name for name, pid in parts.items() if runs(pid)]


def test_h1_pipes_that_nobody_reads_stop_no_light(venue, wire, full):
    _, writing = full
    show = start(venue, "--loop", stdout=writing, stderr=writing, stdin=subprocess.DEVNULL)
    lit(show, wire)
    parts, since = processes(show), len(wire.packets)
    hit = parts["listening"]  # and what is said about its end has nowhere to go
    os.kill(hit, signal.SIGKILL)
    heard(show, wire, lambda: processes(show).get("listening", hit) != hit)
    wire.listen(3.0)
    kept("longest gap while nobody reads", longest_gap(wire, since), GAP_S)
    ended(show, wire, {**parts, **processes(show)})


def test_h1_a_stopped_terminal_stops_no_light(venue, wire):
    ours, theirs = pty.openpty()

    def own_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    show = start(venue, "--loop", stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal)
    os.close(theirs)
    threading.Thread(target=read_all, args=(ours,), daemon=True).start()
    lit(show, wire)
    since = len(wire.packets)
    os.write(ours, b"\x13")  # Ctrl-S
    wire.listen(3.0)
    kept("longest gap behind Ctrl-S", longest_gap(wire, since), GAP_S)
    os.write(ours, b"\x03")  # Ctrl-C, which also starts the terminal again
    heard_end(show, wire)
    os.close(ours)


def read_all(descriptor):
    try:
        while os.read(descriptor, 65_536):
            pass
    except OSError:
        return


def heard_end(show, wire):
    over(show, wire)
    assert show.poll() == 0
