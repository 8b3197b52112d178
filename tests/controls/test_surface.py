"""Ports and sockets: real MIDI messages by a port that is plugged in and out, real OSC datagrams, strangers refused."""

import asyncio
import socket

import mido
import numpy as np
import pytest
import yaml
from promise import HANG_S
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from controller.clock import ManualClock, MonotonicClock
from controller.config import ControlsConfig, OscConfig
from controller.people.operator import OperatorState
from controller.watching.controls import surface as surface_module
from controller.watching.controls.osc import read_datagram
from controller.watching.controls.surface import Surface


class Port:
    def __init__(self, callback=None):
        self.callback, self.sent, self.closed = callback, [], False

    def send(self, message):
        self.sent.append(message)

    def close(self):
        self.closed = True


class Plugs:
    """What of a driver the ports use, with cables that can be pulled: this machine has no MIDI of its own."""

    def __init__(self):
        self.there, self.inputs, self.outputs, self.broken = ["nanoKONTROL2 20:0"], {}, {}, False

    def get_input_names(self):
        if self.broken:
            raise OSError("no sequencer")
        return self.there

    get_output_names = get_input_names

    def open_input(self, name, *, callback):
        self.inputs[name] = Port(callback)
        return self.inputs[name]

    def open_output(self, name):
        self.outputs[name] = Port()
        return self.outputs[name]

    def play(self, *messages):
        for message in messages:
            self.inputs[self.there[0]].callback(message)


class Room:
    """A surface, its knobs, and the show that they steer."""

    def __init__(self, tmp_path, monkeypatch, lines=(), spoilt="", **config):
        self.plugs, self.hands, self.clock, self.who = Plugs(), OperatorState(), ManualClock(), []
        monkeypatch.setattr(surface_module, "backend", lambda: self.plugs)
        self.file = tmp_path / "controls.yaml"
        self.file.write_text(spoilt or yaml.safe_dump(list(lines)))
        self.surface = Surface(
            ControlsConfig(**({"midi": ["nano"]} | config)),
            self.file,
            self.clock,
            self._send,
            lambda: self.hands.operator,
        )
        self.surface.step(0.0)

    def _send(self, command, whose):
        self.who.append((command.name, whose))
        self.hands.obey(command, self.clock.now_s())

    def step(self, seconds=0.11):
        self.clock.sleep_until(self.clock.now_s() + seconds)
        self.surface.step(self.clock.now_s())
        self.hands.expire(self.clock.now_s())


LINES = ({"on": "cc 7", "do": "grand_master"}, {"on": "note 36", "do": "blackout", "light": "note 36 ch 1"},
         {"on": "note 40", "do": "blinder"})  # fmt: skip


@pytest.fixture
def room(tmp_path, monkeypatch):
    return Room(tmp_path, monkeypatch, LINES)


def test_midi_to_the_show_and_back_to_the_lamp(room):
    room.plugs.play(
        mido.Message("control_change", control=7, value=127), mido.Message("control_change", control=7, value=64)
    )
    room.plugs.play(mido.Message("note_on", note=36, velocity=100), mido.Message("note_off", note=36))
    room.step()
    room.step()
    assert room.hands.operator.grand_master == pytest.approx(64 / 127)
    assert room.hands.operator.blackout
    lamp = room.plugs.outputs["nanoKONTROL2 20:0"].sent[-1]
    assert (lamp.type, lamp.note, lamp.velocity) == ("note_on", 36, 127)


@pytest.mark.warns("is gone")
def test_a_controller_that_is_unplugged_lets_go_and_is_found_again(room, caplog):
    room.plugs.play(mido.Message("note_on", note=40, velocity=100))
    for _ in range(20):
        room.step()
    assert room.hands.operator.blinder
    room.plugs.there = []
    for _ in range(20):
        room.step()
    assert not room.hands.operator.blinder
    assert room.surface.names == []
    room.plugs.there = ["nanoKONTROL2 20:0"]
    for _ in range(20):
        room.step()
    room.plugs.play(mido.Message("note_on", note=36, velocity=100))
    room.step()
    assert room.hands.operator.blackout
    assert len([one for one in caplog.records if "is gone" in one.getMessage()]) == 1


@pytest.mark.warns("no MIDI here")
def test_a_machine_without_midi_says_so_once(tmp_path, monkeypatch, caplog):
    room = Room(tmp_path, monkeypatch)
    room.plugs.broken = True
    for _ in range(100):
        room.step()
    assert [one.getMessage() for one in caplog.records] == ["no MIDI here: no sequencer"]


def test_learning_binds_the_next_knob_and_keeps_it(room):
    room.surface.learn("hand:wash:hue")
    assert room.surface.learning == "hand:wash"
    room.plugs.play(mido.Message("control_change", control=21, value=64, channel=2))
    room.step()
    assert room.surface.learning == ""
    assert {"on": "cc 21 ch 3", "do": "hand", "target": "wash", "part": "hue"} in yaml.safe_load(room.file.read_text())
    room.plugs.play(mido.Message("control_change", control=21, value=127, channel=2))
    room.step()
    assert room.hands.operator.hands[0].target == "wash"
    room.surface.learn("nonsense")
    assert room.surface.learning == ""


def test_midi_clock_is_a_tempo(room):
    for _ in range(24 * 6):
        room.plugs.play(mido.Message("clock"))
        room.step(60 / 132 / 24)
    assert room.hands.operator.beat_s == pytest.approx(60 / 132, rel=0.01)


def test_messages_that_no_knob_sends_do_nothing(room):
    room.plugs.play(
        mido.Message("sysex", data=[1, 2, 3]), mido.Message("program_change", program=3), mido.Message("start")
    )
    room.step()
    assert room.who == []


@pytest.mark.warns("no knob does anything")
def test_a_mapping_that_was_spoilt_during_the_show_costs_the_knobs_only(tmp_path, monkeypatch):
    room = Room(tmp_path, monkeypatch, spoilt="nonsense: [")
    room.plugs.play(mido.Message("control_change", control=7, value=64))
    room.step()
    assert room.who == []
    room.surface.learn("grand_master")  # and a knob can be taught anew
    room.plugs.play(mido.Message("control_change", control=7, value=64))
    room.step()
    room.plugs.play(mido.Message("control_change", control=7, value=127))
    room.plugs.play(mido.Message("control_change", control=7, value=64))
    room.step()
    assert room.hands.operator.grand_master == pytest.approx(64 / 127)


def osc(address, *arguments):
    builder = OscMessageBuilder(address)
    for one in arguments:
        builder.add_arg(one)
    return builder.build().dgram


@pytest.mark.parametrize(
    ("address", "arguments", "wanted"),
    [
        ("/followspot/grand_master", (0.5,), ("grand_master", 0.5, "", ())),
        ("/followspot/blackout", (1,), ("blackout", 1.0, "", ())),
        ("/followspot/hand", ("wash", 1, 0.5, 240.0, 1.0), ("hand", 1.0, "wash", (0.5, 240.0, 1.0))),
        ("/followspot/scene", ("Chorus",), ("scene", 1.0, "Chorus", ())),
        ("/followspot/hues", (0, 120.0), ("hues", 1.0, "", (0.0, 60.0))),
        ("/followspot/tap", (), ("tap", 1.0, "", ())),
        ("/followspot/tempo", (120,), ("tempo", 1.0, "osc", (0.5,))),
    ],
)
def test_our_own_addresses(address, arguments, wanted):
    (command,) = read_datagram(osc(address, *arguments)).commands
    assert (command.name, command.amount, command.target, command.values) == wanted


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        b"nonsense",
        osc("/followspot/flash_override", 1),
        osc("/followspot/stand_as", "{}"),
        osc("/followspot/hand", 1),
        osc("/followspot/grand_master", "loud"),
        osc("/followspot/grand_master", float("nan")),
        b"/" * 5_000,
    ],
)
def test_what_asks_for_nothing(payload):
    assert read_datagram(payload).commands == []


def test_bundles(room):
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, amount in (("/followspot/energy", 0.9), ("/followspot/pace", 0.1)):
        message = OscMessageBuilder(address)
        message.add_arg(amount)
        bundle.add_content(message.build())
    assert [one.name for one in read_datagram(bundle.build().dgram).commands] == ["energy", "pace"]


def test_anything_else_does_no_harm():
    rng = np.random.default_rng(3)
    good = osc("/followspot/hand", "wash", 1, 0.5)
    for _ in range(5_000):
        bent = bytearray(good)
        for _ in range(rng.integers(1, 6)):
            bent[rng.integers(len(bent))] = rng.integers(256)
        read_datagram(bytes(bent))
        read_datagram(rng.bytes(int(rng.integers(0, 80))))
    (command,) = read_datagram(good).commands
    assert (command.name, command.target, command.values) == ("hand", "wash", (0.5,))


def test_over_a_real_socket_and_strangers_are_refused(tmp_path, monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    room = Room(tmp_path, monkeypatch, midi=[], osc=OscConfig(port=port))
    room.surface._clock = MonotonicClock()

    async def talk():
        running = asyncio.create_task(room.surface.run())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            while room.hands.operator.grand_master != 0.25:  # again and again, until somebody listens there
                client.sendto(osc("/followspot/grand_master", 0.25), ("127.0.0.1", port))
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(asyncio.wait_for(talk(), HANG_S))
    assert set(room.who) == {("grand_master", "osc 127.0.0.1")}
    room.surface.datagram(osc("/followspot/blackout", 1), "10.0.0.66")
    assert not room.hands.operator.blackout
    assert room.surface.refused == 1


@pytest.mark.parametrize("bad", [{"host": "0.0.0.0"}, {"allow": ["here"]}, {"port": 0}])
def test_an_open_door_is_refused(bad):
    with pytest.raises(ValueError, match=r"allow|not appear|greater"):
        OscConfig(**bad)
