"""MIDI through the real python-rtmidi, on a JACK server without a sound card (its dummy driver)."""

import contextlib
import threading
import time
from pathlib import Path

import pytest
import rtmidi
from jack import installed, server
from promise import HANG_S

from controller.evening.timecode import Timecode
from controller.watching.controls.midi import MidiPorts
from controller.watching.controls.midi_driver import Driver
from controller.watching.controls.timecode import MidiTimecode


@pytest.fixture(scope="module")
def jack(require_real):
    """A server of these tests' own."""
    require_real("jackd", installed())
    with server("-m"):
        yield


@pytest.fixture
def backend(jack):
    return Driver(rtmidi.API_UNIX_JACK)


@contextlib.contextmanager
def plugged(name):
    """A controller: what it sends (`out`), and what is sent to it (`lamps`)."""
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=name)
    lamps = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=name)
    out.open_virtual_port("pads")
    lamps.open_virtual_port("lamps")
    try:
        yield out, lamps
    finally:
        out.delete()
        lamps.delete()


def until(condition, step=lambda: None):
    ticking = threading.Event()
    for _ in range(round(HANG_S / 0.02)):
        step()
        if condition():
            return
        ticking.wait(0.02)
    raise AssertionError("it did not come")


def heard(ports, count):
    """So many messages, whenever they come."""
    found = []
    until(lambda: len(found) >= count, lambda: found.extend(one.message for one in ports.arrived(0.0)))
    return found


def test_where_the_system_has_no_alsa_sequencer_jack_is_found_unasked(jack):
    with plugged("Pedal"):
        names = Driver().get_input_names()
    if Path("/dev/snd/seq").exists():
        assert names == Driver(rtmidi.API_LINUX_ALSA).get_input_names()
    else:
        assert any("Pedal" in one for one in names)


def test_l1_every_message_arrives(backend):
    with plugged("APC-mini") as (pads, _):
        ports = MidiPorts(["apc"], backend, time.monotonic)
        try:
            until(lambda: ports.names, ports._look)
            sent = ([0x90, 36, 127], [0x80, 36, 0], [0xB0, 7, 64], [0xE0, 0, 64], [0xC0, 5], [0xF8], [0xFA], [0xFC])
            said = []
            for one in sent:  # one by one: in one cycle of JACK RtMidi's own output repeats the first
                pads.send_message(one)
                said += heard(ports, 1)
            kinds = [one.type for one in said]
            wanted = ["note_on", "note_off", "control_change", "pitchwheel", "program_change", "clock", "start", "stop"]
            assert kinds == wanted, said
        finally:
            ports.close()


def test_timecode_arrives_as_it_was_sent(backend):
    """Quarter frames and the full message, which drivers like to leave out."""
    with plugged("Timecode") as (tape, _):
        ports = MidiPorts(["timecode"], backend, time.monotonic)
        try:
            until(lambda: ports.names, ports._look)
            reader, found = MidiTimecode(), []
            said = Timecode(1, 2, 3, 4, 25.0)
            parts = [said.frames, said.seconds, said.minutes, said.hours | 1 << 5]
            quarters = [one for part in parts for one in (part & 0xF, part >> 4)]
            full = [0xF0, 0x7F, 0x7F, 0x01, 0x01, said.hours | 1 << 5, said.minutes, said.seconds, said.frames, 0xF7]
            for message in [*([0xF1, at << 4 | value] for at, value in enumerate(quarters)), full]:
                tape.send_message(message)
                found += [reader.hear(one) for one in heard(ports, 1)]
            assert [one for one in found if one is not None] == [said, said]
        finally:
            ports.close()


def test_l13_every_controller_and_nothing_of_our_own(backend):
    with plugged("APC-mini") as (pads, lamps):
        ports = MidiPorts(["*"], backend, time.monotonic)
        try:
            for _ in range(6):
                ports._look()
            assert (len(ports._inputs), len(ports._outputs)) == (1, 1), (ports._inputs, ports._outputs)
            pads.send_message([0x90, 36, 127])
            heard(ports, 1)
            ports.show({("note 36", 1): True})
            lit = []
            until(lambda: lit, lambda: lit.extend(filter(None, [lamps.get_message()])))
            assert lit[0][0] == [0x90, 36, 127]
        finally:
            ports.close()


@pytest.mark.warns("is gone")
def test_plugged_in_and_out_again_and_again(backend):
    ports = MidiPorts(["nanopad"], backend, time.monotonic)
    try:
        for _ in range(3):
            with plugged("nanoPAD2") as (pads, _):
                until(lambda: ports.names, ports._look)
                pads.send_message([0x90, 40, 100])
                assert heard(ports, 1)[0].note == 40
            until(lambda: not ports.names, ports._look)
        files = len(list(Path("/proc/self/fd").iterdir()))
        with plugged("nanoPAD2"):
            until(lambda: ports.names, ports._look)
        until(lambda: not ports.names, ports._look)
        assert len(list(Path("/proc/self/fd").iterdir())) <= files
    finally:
        ports.close()


def test_l17_of_two_controllers_each_is_heard_by_itself(backend):
    """JACK gives the second one a number; ours is the place in its list."""
    with plugged("nanoPAD2") as (one, _), plugged("nanoPAD2") as (other, _):
        ports = MidiPorts(["nanopad"], backend, time.monotonic)
        try:
            until(lambda: len(ports.names) == 2, ports._look)
            heard_by = []
            for number, pads in enumerate((one, other, one)):
                pads.send_message([0x90, 40 + number, 100])
                found = []
                until(lambda found=found: found, lambda found=found: found.extend(ports.arrived(0.0)))
                heard_by += [(said.port, said.message.note) for said in found]
            assert [note for _, note in heard_by] == [40, 41, 42]
            assert len({port for port, _ in heard_by}) == 2
            assert heard_by[0][0] == heard_by[2][0]
        finally:
            ports.close()
