"""Ableton Link with the real library: another program's session, and what the show is told of it by OSC."""

import importlib.util
import os
import subprocess
import sys
import threading
import time

import pytest
from osc_receiver import Receiver
from promise import HANG_S

PEER = """
import asyncio
from aalink import Link
async def play():
    link = Link(131.0)
    link.quantum, link.enabled = 4, True
    while True:
        number = await link.sync(1)
        print(round(number), link.tempo, flush=True)
asyncio.run(play())
"""


def ones(told):
    """When bars were told."""
    return [at_s for at_s, (address, *_) in zip(told.times_s, told.heard, strict=True) if address.endswith("/one")]


@pytest.fixture
def link(require_real):
    require_real("aalink (pip)", importlib.util.find_spec("aalink"))


def test_tempo_and_bars_of_another_program_reach_the_show(link, root):
    told = Receiver()
    starts, tempo = {}, {}
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    peer = subprocess.Popen([sys.executable, "-c", PEER], **quiet)

    def listen():
        for line in peer.stdout:
            number, bpm = line.split()
            starts[int(number)], tempo["peer"] = time.monotonic(), float(bpm)

    hearing = threading.Thread(target=listen, daemon=True)
    hearing.start()
    to = f"127.0.0.1:{told.address[1]}"
    bridge = subprocess.Popen(
        [sys.executable, "-m", "tools.link", "--to", to], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, **quiet
    )
    try:
        assert told.comes(lambda: len(ones(told)) >= 5, HANG_S), told.heard[-5:]
    finally:
        bridge.terminate()
        peer.terminate()
        said = bridge.communicate(timeout=HANG_S)[0]
        peer.wait(HANG_S)
        hearing.join(HANG_S)
        peer.stdout.close()
        told.close()
    tempi = [given[0] for address, *given in told.heard if address.endswith("/tempo")]
    assert tempi[-1] == pytest.approx(tempo["peer"], abs=0.1)  # whoever was there first
    assert "besides this program: 1" in said
    bars = {number: at_s for number, at_s in starts.items() if number % 4 == 0}
    beat_s = 60.0 / tempi[-1]
    for at_s in ones(told)[1:]:  # the same bars as the other program's, to less than half a beat on a busy machine
        assert min(abs(at_s - one) for one in bars.values()) < 0.5 * beat_s
