"""The output process of a pair: what it sends as main, as quiet backup, in charge, and when it hands over."""

import threading
from types import SimpleNamespace
from uuid import UUID

import pytest
import zmq
from memory_sink import MemorySink

from controller.bus.news import PartnerStatus
from controller.clock import ManualClock
from controller.config import with_overrides
from controller.lighting.process import HAND_OVER_S, Lighting, LightingNetwork
from controller.lighting.protocol import sacn
from controller.lighting.standby.partner import Partner
from controller.messages import LightToken


class Scripted(Partner):
    """A partner that does as a test says."""

    def __init__(self):
        self.is_quiet, self.lifted, self.follows, self.mains = False, 0, False, None
        self.said = []

    quiet = property(lambda self: self.is_quiet)
    lift = property(lambda self: self.lifted)
    takes_over = property(lambda self: self.follows)

    def token(self, own, now_s):
        token, self.mains = self.mains, None
        return token or own

    def wishes(self, given, operator):
        return given

    def speak(self, now_s, token, operator):
        self.said.append((now_s, token))

    def goodbye(self, now_s, operator):
        self.said.append("goodbye")

    def let_go(self):
        self.said.append("let go")

    def status(self):
        return PartnerStatus("scripted")


class Counting(MemorySink):
    released = 0

    def release(self):
        self.released += 1


@pytest.fixture
def stage(config, tmp_path):
    changed = with_overrides(
        config,
        universes={
            1: {"outputs": [{"type": "sacn", "universe": 1}]},
            2: {"outputs": [{"type": "artnet", "host": "10.0.0.9", "port_address": 9}]},
        },
    )
    context = zmq.Context()
    run = SimpleNamespace(config=changed, folder=tmp_path, context=context, stopping=threading.Event())
    sink, clock, partner = Counting(), ManualClock(100.0), Scripted()
    lighting = Lighting(run, clock, sink, LightingNetwork(UUID(int=3), partner=partner))
    yield SimpleNamespace(lighting=lighting, sink=sink, clock=clock, run=run, partner=partner)
    lighting.close()
    context.term()


def cycles(stage, count=1):
    """What leaves in some cycles: sACN packets and Art-Net packets."""
    before = len(stage.sink.sent)
    for _ in range(count):
        stage.clock.sleep_until(stage.clock.now_s() + 0.025)
        stage.lighting.safe_cycle()
    return sorted_out(stage.sink.sent[before:])


def sorted_out(sent):
    light = [one.payload for _, one in sent if one.address[0] == "239.255.0.1"]
    return [sacn.decode_data(one) for one in light], [one.payload for _, one in sent if one.address[0] == "10.0.0.9"]


def test_a_quiet_backup_lets_go_of_everything_once_and_takes_it_up_again(stage):
    both = cycles(stage, 3)
    assert [len(one) for one in both] == [3, 3]
    stage.partner.is_quiet = True
    both = cycles(stage, 3)
    assert [len(one) for one in both] == [3, 0]
    assert stage.sink.released == 1
    stage.partner.is_quiet = False
    assert [len(one) for one in cycles(stage, 3)] == [3, 3]
    assert stage.lighting.status().faults == 0


def test_a_lift_shows_in_the_very_next_packet(stage):
    assert {one.priority for one in cycles(stage, 2)[0]} == {90}
    stage.partner.lifted = 11
    assert {one.priority for one in cycles(stage, 2)[0]} == {101}
    stage.partner.lifted = 0
    assert {one.priority for one in cycles(stage, 2)[0]} == {90}


def test_it_tells_what_it_made_the_light_of(stage):
    token = LightToken(99.9, 7, 11, 200, 0.5, 0.5)
    stage.partner.mains = token
    cycles(stage, 2)
    assert stage.partner.said[-1][1] == token
    assert stage.lighting.status().standby == PartnerStatus("scripted")


@pytest.mark.warns("handing over to the backup")
def test_a_main_with_a_follower_hands_over_instead_of_fading(stage):
    cycles(stage, 40)
    stage.partner.follows = True
    stage.run.stopping.set()
    lit = sorted_out(stage.sink.sent)[1][-1][18:]
    before, begun_s = len(stage.sink.sent), stage.clock.now_s()
    stage.lighting.light()
    streams, artnet = sorted_out(stage.sink.sent[before:])
    assert "goodbye" in stage.partner.said
    assert stage.clock.now_s() - begun_s == pytest.approx(HAND_OVER_S, abs=0.05)
    assert [one.options for one in streams[-3:]] == [sacn.TERMINATED] * 3
    assert all(one[18:] == lit for one in artnet[:-1])  # it lights until the other does
    assert not any(artnet[-1][18:])  # and leaves nothing that a node would merge
    assert len(artnet) >= 5


def test_a_main_without_a_follower_fades_and_says_goodbye_all_the_same(stage):
    cycles(stage, 40)
    stage.run.stopping.set()
    begun_s = stage.clock.now_s()
    stage.lighting.light()
    assert stage.clock.now_s() - begun_s > 1.0
    assert stage.partner.said.count("goodbye") == 1


@pytest.mark.warns("a cycle failed")
def test_a_main_whose_cycles_fail_lights_on_and_is_silent_towards_the_backup(stage):
    """It repeats its last frames; after half a second of that the backup does better."""
    cycles(stage, 4)
    said = len(stage.partner.said)
    stage.lighting.made.run = None
    assert [len(one) for one in cycles(stage, 4)] == [4, 4]
    assert len(stage.partner.said) == said


@pytest.mark.warns("a cycle failed")
def test_a_partner_that_breaks_takes_no_light_with_it(stage):
    def broken(*_):
        raise RuntimeError("the partner is on fire")

    cycles(stage, 4)
    lit = cycles(stage, 4)[1][-1][18:]
    assert any(lit)
    for name in ("listen", "wishes"):
        setattr(stage.partner, name, broken)
        assert [len(one) for one in cycles(stage, 4)] == [4, 4]
        delattr(stage.partner, name)
    stage.partner.speak = broken  # after the frames have left: they leave once more, as they were
    assert [len(one) for one in cycles(stage, 4)] == [8, 8]
    del stage.partner.speak
    light = cycles(stage, 4)
    assert [len(one) for one in light] == [4, 4]
    assert any(light[1][-1][18:])
