"""The output process's loop: what goes wrong in a cycle never stops the next packet."""

import threading
import time
from dataclasses import fields
from types import SimpleNamespace

import pytest
import zmq
from memory_sink import MemorySink
from promise import HANG_S
from run_doors import with_doors

from controller.bus.sockets import Publisher
from controller.bus.topics import PULSES, TOKENS
from controller.clock import ManualClock
from controller.config import with_overrides
from controller.lighting.process import Lighting
from controller.lighting.protocol import sacn
from controller.messages import LightToken, Pulse


@pytest.fixture
def lighting(config, tmp_path, request):
    """The process's loop, with outputs of universe 1 that a test may choose."""
    outputs = getattr(request, "param", None)
    universes = config.model_dump(include={"universes"})["universes"]
    config = with_overrides(config, universes=universes | {1: {"outputs": outputs}}) if outputs else config
    context = zmq.Context()
    run = SimpleNamespace(config=config, folder=with_doors(tmp_path), context=context, stopping=threading.Event())
    sink, clock = MemorySink(), ManualClock(100.0)
    lighting = Lighting(run, clock, sink)
    yield lighting, sink, clock
    lighting.close()
    context.term()


def cycles(lighting, clock, count):
    for _ in range(count):
        clock.sleep_until(clock.now_s() + 0.025)
        lighting.safe_cycle()


@pytest.mark.warns("a cycle failed")
def test_a_desk_that_fails_repeats_the_last_frames_and_recovers(lighting, caplog):
    lighting, sink, clock = lighting
    cycles(lighting, clock, 40)
    good = [packet.payload[18:] for _, packet in sink.sent[-2:]]
    works = lighting.made.engine.tick
    lighting.made.engine.tick = lambda now_s: 1 / 0
    cycles(lighting, clock, 10)
    assert len(sink.sent) == 100
    assert [packet.payload[18:] for _, packet in sink.sent[-2:]] == good
    assert [packet.payload[12] for _, packet in sink.sent[-2:]] == [50, 50]  # sequence numbers go on
    assert lighting.status().faults == 10
    assert len([one for one in caplog.records if "a cycle failed" in one.message]) == 1
    lighting.made.engine.tick = works
    cycles(lighting, clock, 10)
    assert lighting.status().faults == 10


@pytest.mark.warns("a cycle failed")
def test_a_desk_that_fails_while_the_light_fades_out_still_says_its_last_word(lighting):
    lighting, sink, clock = lighting
    cycles(lighting, clock, 4)
    lighting.made.run = lambda now_s, heard: 1 / 0
    lighting._run.stopping.set()
    lighting.light()
    assert len(sink.sent) > 2 * 30  # both universes, for 1.5 s
    assert lighting.status().faults > 30


@pytest.mark.parametrize("lighting", [[{"type": "sacn", "universe": 9, "per_address": True}]], indirect=True)
def test_a_priority_is_told_of_the_slots_that_fixtures_use_and_of_no_other(lighting, patch):
    lighting, sink, clock = lighting
    cycles(lighting, clock, 1)
    (told,) = [one for one in map(read_sacn, sink.sent) if one is not None and one.start_code == 0xDD]
    in_use = {
        one.config.address + at for one in patch.fixtures if one.config.universe == 1 for at in range(one.footprint)
    }
    assert {at + 1 for at, priority in enumerate(told.slots) if priority} == in_use
    assert set(told.slots) == {0, 90}


def read_sacn(sent):
    """A packet of sACN's universe 9, or None."""
    _, packet = sent
    return sacn.decode_data(packet.payload) if packet.address[0] == "239.255.0.9" else None


def test_garbage_on_the_bus_is_ignored(lighting, tmp_path):
    lighting, _, clock = lighting
    publishers = [Publisher(lighting._run.context, tmp_path, topic) for topic in (TOKENS, PULSES)]
    words = {field.name: "red" for kind in (LightToken, Pulse) for field in fields(kind)}
    for garbage in ({"t_s": 1}, "hello", 7, None, [1, 2], {"hue": "red"}, words):
        for publisher in publishers:
            publisher.send(garbage)
        cycles(lighting, clock, 3)
    good = LightToken(clock.now_s(), 0, 60, 200, 0.5, 0.5)
    pulse = Pulse(clock.now_s(), 0, -20.0, 0.5, 0.0, 0, float("-inf"), 0.0, ())
    end_s = time.monotonic() + HANG_S
    while lighting.made.engine._token != good:
        assert time.monotonic() < end_s, "good news is not heard after garbage"
        publishers[0].send(good)
        publishers[1].send(pulse)
        lighting.inbox.tokens.socket.poll(20)
        cycles(lighting, clock, 1)
    assert lighting.status().faults == 0
    assert lighting.made.engine._token == good
    for publisher in publishers:
        publisher.close()
