"""A fake that stands for somebody else's library is called as the real one is, or it proves nothing."""

import inspect
import socket
import threading
import time

import arrivals
import pytest
from arrivals import receive, stamped
from controllers import Plugs, note

from controller.watching.controls.midi import MidiPorts

midi_driver = pytest.importorskip("controller.watching.controls.midi_driver")  # no wheels for every Python
rtmidi = midi_driver.rtmidi


def parameters(function):
    """Names, kinds and defaults of what a function takes, without `self`."""
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.kind, one.default) for one in found if one.name != "self"]


@pytest.mark.parametrize("name", ["get_input_names", "get_output_names", "open_input", "open_output"])
def test_made_up_controllers_are_called_as_the_driver(name):
    assert parameters(getattr(Plugs, name)) == parameters(getattr(midi_driver.Driver, name))


class Client:
    """A client of rtmidi on a system that gives two controllers one name (CoreMIDI)."""

    opened, left = [], 0

    def __init__(self, rtapi=rtmidi.API_UNSPECIFIED, name=None):
        self.port, self.sent = None, []
        Client.left += 1

    def get_ports(self):
        return ["nanoPAD2", "bridge", "nanoPAD2"]

    def open_port(self, port):
        self.port = port
        Client.opened.append(self)

    def ignore_types(self, *, sysex, timing, active_sense):
        assert not timing

    def set_callback(self, callback):
        self.callback = callback

    def send_message(self, said):
        self.sent.append(said)

    def cancel_callback(self):
        self.callback = None

    def close_port(self):
        self.port = None

    def delete(self):
        Client.left -= 1


@pytest.fixture
def two_of_one_name(monkeypatch):
    Client.opened, Client.left = [], 0
    monkeypatch.setattr(rtmidi, "MidiIn", Client)
    monkeypatch.setattr(rtmidi, "MidiOut", Client)


@pytest.mark.parametrize("kind", ["MidiIn", "MidiOut"])
def test_the_made_up_client_has_what_rtmidi_has(kind):
    real = getattr(rtmidi, kind)
    common = {"get_ports", "open_port", "close_port", "delete"}
    own = {"MidiIn": {"ignore_types", "set_callback", "cancel_callback"}, "MidiOut": {"send_message"}}[kind]
    assert common | own <= set(dir(real)) & set(dir(Client))


def test_l17_two_controllers_of_one_name_are_two_ports(two_of_one_name):
    """`mido` itself lists and opens the first one only."""
    ports = MidiPorts(["nanopad"], midi_driver.Driver(), lambda: 0.0)
    assert ports.arrived(0.0) == []
    assert ports.names == ["nanoPAD2 (1 of 2)", "nanoPAD2 (2 of 2)"]
    inputs = [one for one in Client.opened if hasattr(one, "callback")]
    assert sorted(one.port for one in inputs) == [0, 2]
    for one in inputs:
        one.callback((note(36 + one.port).bytes(), 0.0), None)
    inputs[0].callback(([0xFF, 1], 0.0), None)  # no message
    heard = [(one.port, one.message.note) for one in ports.arrived(0.1)]
    assert heard == [("nanoPAD2 (1 of 2)", 36), ("nanoPAD2 (2 of 2)", 38)]
    ports.show({("note 36", 1): True})
    assert [one.sent for one in Client.opened if one.sent] == [[[0x90, 36, 127]]] * 2
    ports.close()
    assert Client.left == 0


def test_a_datagram_is_told_when_it_arrived_and_not_when_somebody_looked():
    with stamped(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as ear, ear.dup() as mouth:
        ear.bind(("127.0.0.1", 0))
        address, before_s = ear.getsockname(), time.monotonic()
        mouth.sendto(b"a", address)
        after_s = time.monotonic()
        threading.Event().wait(0.2)
        at_s, packet = receive(ear)
    assert packet == b"a"
    assert before_s - 0.01 < at_s < after_s + 0.01


def test_who_is_stopped_between_two_clocks_looks_again(monkeypatch):
    """Monotonic, wall, monotonic; the first time somebody else ran for half a second in between."""
    told = iter([10.0, 10.5, 11.0, 11.0])
    monkeypatch.setattr(arrivals.time, "monotonic", lambda: next(told))
    monkeypatch.setattr(arrivals.time, "time", lambda: 1_000.0)
    assert arrivals.both_clocks() == (11.0, 1_000.0)
