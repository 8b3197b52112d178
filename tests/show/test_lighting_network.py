"""The output process beside a person's desk: packets in, packets out, and an orderly end."""

import itertools
import threading
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest
import zmq
from memory_sink import MemorySink

from controller.clock import ManualClock
from controller.config import with_overrides
from controller.lighting.input.feed import Datagram
from controller.lighting.process import Lighting, LightingNetwork
from controller.lighting.protocol import artnet, sacn
from controller.messages import Command


class Ears:
    refused = 0

    def __init__(self):
        self.waiting = []

    def receive(self, now_s, own_ports):
        waiting, self.waiting = self.waiting, []
        return iter(waiting)

    def status(self):
        return {}


@pytest.fixture
def stage(config, tmp_path):
    """Lighting with one sACN output for each universe, and a desk that sends sACN 5 for universe 1."""
    changed = with_overrides(
        config,
        universes={
            1: {"outputs": [{"type": "sacn", "universe": 1}]},
            2: {"outputs": [{"type": "artnet", "host": "discover", "port_address": 9}]},
        },
        desk={"inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 5}]},
    )
    context = zmq.Context()
    run = SimpleNamespace(config=changed, folder=tmp_path, context=context, stopping=threading.Event())
    sink, clock, ears = MemorySink(), ManualClock(100.0), Ears()
    lighting = Lighting(run, clock, sink, LightingNetwork(UUID(int=3), ("10.0.0.255",), ears))
    yield SimpleNamespace(lighting=lighting, sink=sink, clock=clock, ears=ears, run=run, sequence=0)
    lighting.close()
    context.term()


def cycle(stage, level=None):
    """One cycle; the levels of universe 1 that left."""
    if level is not None:
        stage.sequence += 1
        slots = np.zeros(512, np.uint8)
        slots[:8] = level
        stage.ears.waiting.append(Datagram(5568, "10.0.0.9", sacn.encode_data(slots, 5, stage.sequence, UUID(int=2))))
    stage.clock.sleep_until(stage.clock.now_s() + 0.025)
    stage.lighting.safe_cycle()
    sent = [sacn.decode_data(one.payload) for _, one in stage.sink.sent if one.address[0] == "239.255.0.1"]
    return sent[-1].slots


def test_a_fader_shows_in_the_next_cycle_and_in_the_status(stage):
    cycle(stage, 0)
    assert 177 not in cycle(stage, 0)[:8]
    assert set(cycle(stage, 177)[:8].tolist()) >= {177}
    status = stage.lighting.status()
    assert status.takeovers.begun >= 1
    assert {one.fixture for one in status.takeovers.active} == {"front-1"}
    assert status.faults == 0


def test_a_blackout_of_the_page_wins(stage):
    cycle(stage, 0)
    for _ in range(20):
        cycle(stage, 177)
    stage.lighting.made.engine.obey(Command("blackout", 1.0))
    patch = stage.lighting.console._takeover._attributes
    dark = [one for one in patch if one.fixture == "front-1" and one.kind == "intensity"]
    levels = cycle(stage, 178)
    assert all(not levels[one.coarse].any() for one in dark)


def test_a_node_that_answers_is_sent_to(stage):
    cycle(stage)
    reply = artnet.encode_poll_reply(artnet.ArtPollReply("10.0.0.7", "node", (9,)))
    stage.ears.waiting.append(Datagram(6454, "10.0.0.7", reply))
    cycle(stage)
    assert any(one.address == ("10.0.0.7", 6454) and one.payload[9] == 0x50 for _, one in stage.sink.sent)


def test_the_show_ends_with_the_end_look_and_then_with_the_streams(stage):
    cycle(stage, 0)
    cycle(stage, 200)
    stage.run.stopping.set()
    stage.lighting.light()
    last = [sacn.decode_data(one.payload) for _, one in stage.sink.sent if one.address[0] == "239.255.0.1"]
    assert [one.options for one in last[-4:]] == [0, *[sacn.TERMINATED] * 3]
    assert 200 not in last[-4].slots[:8]  # the person's fader is up; the show is over all the same
    assert all(b.sequence == (a.sequence + 1) & 0xFF for a, b in itertools.pairwise(last))
