"""Sinks that lose what they send to: the others go on, each failure is said once, and so is its end."""

import inspect
import logging
import socket
import threading
import time
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pytest
import serial
from enttec import EnttecWidget
from olad_message import decode_message
from promise import HANG_S

from controller.bus.news import OutputStatus
from controller.config import UniverseConfig
from controller.lighting.output.cid import source_cid
from controller.lighting.output.ledger import Ledger
from controller.lighting.output.names import Names
from controller.lighting.output.ola_sink import OlaSink
from controller.lighting.output.sender import Sender
from controller.lighting.output.serial_sinks import device_path
from controller.lighting.output.sinks import Outputs, UdpSink
from controller.lighting.output.streams import Packet
from controller.lighting.protocol import enttec_pro, ola
from controller.messages import DmxFrame

PROMPT_S = 0.2
"""Far below any time-out that could be waited for, far above what a loaded machine takes by itself."""


def wait_for(condition):
    end_s = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.005)  # noqa: TID251 - threads and sockets take real time


def said(caplog, words):
    return len([one for one in caplog.records if words in one.getMessage()])


@pytest.mark.warns("output 127.0.0.1:0 failed")
def test_a_dead_destination_is_said_once_and_does_not_stop_the_others(caplog):
    import socket

    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(HANG_S)
    port = receiver.getsockname()[1]
    sink, alive = UdpSink(), ("127.0.0.1", port)
    for cycle in range(100):
        for address in (("127.0.0.1", 0), alive):  # nothing can be sent to port 0
            sink.send(Packet(address, bytes([cycle])), cycle * 0.025)
        assert receiver.recv(2048) == bytes([cycle])
    sink.close()
    receiver.close()
    assert 2 <= sink.errors <= 4  # one try a second
    assert len([one for one in caplog.records if "failed" in one.message]) == 1


def test_packets_for_many_share_a_socket_and_hosts_do_not():
    sink = UdpSink()
    for host in ("127.0.0.1", "127.0.0.2", "127.255.255.255", "239.255.0.1"):
        sink._socket(host)
    assert len(sink._sockets) == 3
    sink.close()


@pytest.mark.warns("Cannot assign requested address", "works again")
def test_an_interface_that_is_not_here_is_an_error_that_ends_by_itself(caplog):
    sink = UdpSink("203.0.113.77")
    packet = Packet(("127.0.0.1", 9), b"x", "one")
    for cycle in range(80):
        sink.send(packet, cycle * 0.025)
    assert sink.errors == 2
    sink._interface = "127.0.0.1"  # the address came back
    sink.send(packet, 3.1)
    assert sink.status()["one"] == OutputStatus(1, 2, "ok")
    assert (said(caplog, "failed"), said(caplog, "works again")) == (1, 1)
    sink.close()


@pytest.mark.warns("host no-such-host.invalid is not known")
def test_a_name_that_nobody_knows_never_makes_a_cycle_wait():
    sink = UdpSink(names=Names())
    started_s = time.monotonic()
    sink.send(Packet(("no-such-host.invalid", 6454), b"x", "named"), 0.0)
    assert time.monotonic() - started_s < PROMPT_S
    assert sink.status()["named"].state == "failed"
    sink._names.close()
    sink.close()


def test_localhost_is_found_by_name():
    sink = UdpSink(names=Names())
    wait_for(lambda: sink._names.address("localhost") == "127.0.0.1")
    sink.close()


# --------------------------------------------------------------------- OLA


class Olad:
    """Listens where olad would and keeps what it is told."""

    def __init__(self, port=0):
        self.listening = socket.create_server(("127.0.0.1", port))
        self.port = self.listening.getsockname()[1]
        self.connection = None
        self.received = b""

    def accept(self):
        self.listening.settimeout(HANG_S)
        self.connection, _ = self.listening.accept()
        self.connection.settimeout(HANG_S)

    def calls(self, count):
        """The levels of so many calls."""
        levels = []
        for _ in range(count):
            size = int.from_bytes(self._exactly(4), "little") & 0x0FFFFFFF
            levels.append(decode_message(decode_message(self._exactly(size))[4])[2][0])
        return levels

    def _exactly(self, count):
        while len(self.received) < count:
            self.received += self.connection.recv(65536)
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def close(self):
        for one in (self.connection, self.listening):
            if one is not None:
                one.close()


def call(level, port, name="olad"):
    return Packet(("127.0.0.1", port), ola.encode_stream_dmx(np.full(512, level, np.uint8), 1, 90, level), name)


def test_calls_arrive_whole_and_in_order():
    olad, sink = Olad(), OlaSink(Ledger(), Names())
    sink.send(call(0, olad.port), 0.0)  # connects
    olad.accept()
    for level in range(1, 40):
        sink.send(call(level, olad.port), level * 0.025)
    assert olad.calls(39) == list(range(1, 40))
    sink.close()
    olad.close()


@pytest.mark.warns("cannot connect to olad", "works again")
def test_an_olad_that_is_not_there_costs_no_time_and_is_found_when_it_comes(caplog):
    olad = Olad()
    port = olad.port
    olad.close()
    ledger = Ledger()
    sink = OlaSink(ledger, Names())
    for cycle in range(200):
        started_s = time.monotonic()
        sink.send(call(1, port), cycle * 0.025)
        assert time.monotonic() - started_s < PROMPT_S
    assert ledger.account("olad").state == "failed"
    assert ledger.errors <= 6  # each try a little later
    olad = Olad(port)
    for cycle in range(200, 700):
        sink.send(call(2, port), cycle * 0.025)
        if ledger.account("olad").state == "ok":
            break
    olad.accept()
    assert olad.calls(1) == [2]
    assert (said(caplog, "failed"), said(caplog, "works again")) == (1, 1)
    sink.close()
    olad.close()


@pytest.mark.warns("olad reads nothing")
def test_an_olad_that_reads_nothing_gets_the_newest_later_and_then_no_more(caplog):
    olad, ledger = Olad(), Ledger()
    sink = OlaSink(ledger, Names())
    sink.send(call(0, olad.port), 0.0)
    olad.accept()
    now_s = 0.0
    while ledger.account("olad").state != "failed":
        now_s += 0.025
        started_s = time.monotonic()
        sink.send(call(1, olad.port), now_s)
        assert time.monotonic() - started_s < PROMPT_S
        assert now_s < 1e4
    assert said(caplog, "olad reads nothing") == 1
    sink.close()
    olad.close()


@pytest.mark.warns("olad hung up", "works again")
def test_an_olad_that_hangs_up_is_called_again(caplog):
    olad, ledger = Olad(), Ledger()
    sink = OlaSink(ledger, Names())
    sink.send(call(0, olad.port), 0.0)
    olad.accept()
    sink.send(call(1, olad.port), 0.1)
    assert olad.calls(1) == [1]
    olad.connection.close()
    now_s = 0.1
    while ledger.account("olad").state != "failed":
        now_s += 0.025
        sink.send(call(2, olad.port), now_s)
    while ledger.account("olad").state != "ok":
        now_s += 0.025
        sink.send(call(3, olad.port), now_s)
    olad.received = b""
    olad.accept()
    assert olad.calls(1) == [3]
    sink.close()
    olad.close()


# ------------------------------------------------------------------ serial


def usb(*outputs):
    universes = {1: UniverseConfig(outputs=list(outputs))}
    return Sender(universes), Outputs(universes)


def send(sender, sink, level):
    for packet in sender.packets([DmxFrame(0.0, 0, 1, np.full(512, level, np.uint8))], 0.0):
        sink.send(packet, 0.0)


def test_a_widget_gets_whole_frames_and_no_more_than_it_can_take(caplog):
    widget = EnttecWidget()
    sender, sink = usb({"type": "enttec-pro", "device": widget.path, "rate_hz": 40})
    started_s, level = time.monotonic(), 0
    while len(widget.frames) < 25:
        assert time.monotonic() - started_s < HANG_S
        level = min(level + 1, 255)
        send(sender, sink, level)
        time.sleep(0.002)  # noqa: TID251 - five hundred frames a second, of which it may get forty
    wait_for(lambda: widget.frames[-1][2][1] == level)
    took_s = time.monotonic() - started_s
    sink.close()
    levels = [data[1] for _, _, data in widget.frames]
    assert len(levels) <= 42 * took_s + 2
    assert {len(data) for _, _, data in widget.frames} == {513}
    assert {data[0] for _, _, data in widget.frames} == {0}
    assert levels == sorted(levels)
    assert len(levels) < 100, "the newest, not a queue"
    assert widget.reader.skipped == 0
    widget.unplug()
    # where the widget's thread gets no time it is slow, which is said; nothing else may be
    slow = [one for one in caplog.records if "Write timeout" in one.getMessage() or "works again" in one.getMessage()]
    for one in slow:
        caplog.records.remove(one)


def test_the_second_output_of_a_mk2_shares_the_device():
    widget = EnttecWidget()
    sender, sink = usb(
        {"type": "enttec-pro", "device": widget.path}, {"type": "enttec-pro", "device": widget.path, "output": 2}
    )
    wait_for(lambda: send(sender, sink, 9) or {label for _, label, _ in widget.frames} == {6, 169})
    assert widget.labels[:2] == [enttec_pro.SET_API_KEY, enttec_pro.ASSIGN_PORTS]
    assert set(sink.status()) >= {f"universe 1, Enttec Pro {widget.path}{more}" for more in ("", " second output")}
    sink.close()
    widget.unplug()


@pytest.mark.warns("Enttec Pro")
def test_a_widget_that_stalls_or_is_pulled_out_delays_nobody_and_comes_back(caplog, tmp_path):
    caplog.set_level(logging.WARNING)
    link = tmp_path / "ttyTEST0"
    widget = EnttecWidget(link)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(HANG_S)
    port = receiver.getsockname()[1]
    sender, sink = usb(
        {"type": "enttec-pro", "device": str(link)},
        {"type": "artnet", "host": "127.0.0.1", "port": port, "port_address": 0},
    )
    name = f"universe 1, Enttec Pro {link}"
    wait_for(lambda: send(sender, sink, 1) or (name in sink.status() and sink.status()[name].state == "ok"))
    widget.stalled = True

    def failed():
        started_s = time.monotonic()
        send(sender, sink, 2)
        assert time.monotonic() - started_s < PROMPT_S
        assert receiver.recv(2048)
        return sink.status()[name].state == "failed"

    wait_for(failed)
    widget.unplug()
    replugged = EnttecWidget(link)
    wait_for(lambda: send(sender, sink, 3) or len(replugged.frames) > 2)
    assert replugged.frames[-1][2][1] == 3
    assert said(caplog, "failed") == 1
    assert said(caplog, "works again") == 1
    sink.close()
    replugged.unplug()
    receiver.close()


def test_an_open_dmx_cable_gets_break_mark_and_frame_in_this_order_again_and_again(monkeypatch):
    calls, real = [], serial.Serial

    class Cable:
        def __init__(self, *arguments, **options):
            inspect.signature(real).bind(*arguments, **options)  # or the real one would not take it
            calls.append((arguments, options["stopbits"], options["write_timeout"] is not None))

        def write(self, payload):
            calls.append(("write", len(payload), payload[:2]))

        def close(self):
            calls.append("close")

        def __setattr__(self, name, setting):
            assert isinstance(getattr(real, name), property)
            calls.append((name, setting))

    monkeypatch.setattr(serial, "Serial", Cable)
    sender, sink = usb({"type": "open-dmx", "device": "/dev/ttyUSB9", "rate_hz": 40})
    send(sender, sink, 7)
    wait_for(lambda: len(calls) >= 10)  # once handed over, it is repeated: a lamp that hears nothing goes out
    sink.close()
    assert calls[0] == (("/dev/ttyUSB9", 250_000), 2, True)
    assert calls[1:4] == [("break_condition", True), ("break_condition", False), ("write", 513, b"\0\x07")]
    assert calls[4:7] == calls[1:4]
    assert calls[-1] == "close"


def test_a_device_is_found_by_its_serial_number():
    ports = [
        SimpleNamespace(device="/dev/ttyUSB3", serial_number="A1"),
        SimpleNamespace(device="x", serial_number=None),
    ]
    assert device_path("serial:A1", lambda: ports) == "/dev/ttyUSB3"
    assert device_path("/dev/ttyUSB1", lambda: ports) == "/dev/ttyUSB1"
    with pytest.raises(serial.SerialException, match="no serial port has the number A2"):
        device_path("serial:A2", lambda: ports)


def test_threads_end_with_their_sink():
    before = set(threading.enumerate())  # of other tests, some of which end meanwhile
    _, sink = usb({"type": "open-dmx", "device": "/dev/ttyUSB9"})
    sink.close()
    assert not set(threading.enumerate()) - before


# --------------------------------------------------------------------- CID


def test_a_cid_is_made_once_and_kept(tmp_path):
    made = source_cid(None, "Basement", tmp_path / "state")
    assert source_cid(None, "Basement", tmp_path / "state") == made
    assert made.version == 4
    assert source_cid(UUID(int=9), "Basement", tmp_path / "state") == UUID(int=9)


def test_processes_that_start_together_agree(tmp_path):
    """The output process and its spare: two CIDs would be two sources."""
    found, together = [], threading.Barrier(8)

    def start():
        together.wait()
        found.append(source_cid(None, "Basement", tmp_path / "state"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(found)) == 1
    assert [one.name for one in (tmp_path / "state").iterdir()] == ["cid"]


@pytest.mark.warns("holds no CID", "cannot be kept")
def test_where_nothing_can_be_kept_it_is_the_same_all_the_same(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "state"  # no folder can be made inside a file
    made = source_cid(None, "Basement", folder)
    assert made.version == 5
    assert source_cid(None, "Basement", folder) == made
    assert source_cid(None, "Attic", folder) != made
    assert said(caplog, "cannot be kept") == 3


@pytest.mark.warns("holds no CID")
def test_a_spoilt_file_is_replaced(tmp_path):
    (tmp_path / "cid").write_text("not a cid")
    made = source_cid(None, "Basement", tmp_path)
    assert source_cid(None, "Basement", tmp_path) == made
