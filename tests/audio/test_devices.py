"""Devices of one name, slow ones, ones that refuse: the real `sounddevice`'s look-up, made-up devices."""

import threading
from typing import ClassVar

import numpy as np
import pytest
from promise import HANG_S

from controller.clock import MonotonicClock
from controller.errors import AudioError
from controller.listening.audio import capture as capturing
from controller.listening.audio.capture import Capture, find_device, input_devices

LIKE = {
    "max_output_channels": 2, "default_low_input_latency": 0.01, "default_low_output_latency": 0.01,
    "default_high_input_latency": 0.1, "default_high_output_latency": 0.1, "default_samplerate": 48000.0,
}  # fmt: skip


class Stream:
    """An input that gives a block every 5 ms."""

    made: ClassVar[list] = []
    late: ClassVar[threading.Event | None] = None

    def __init__(self, device=None, callback=None, channels=2, blocksize=240, **_more):
        Stream.made.append(self)
        self.device, self.channels, self.active, self._hear = device, channels, True, callback
        self._block = np.repeat(np.arange(1, channels + 1, dtype=np.float32)[None, :] * 0.01, blocksize, axis=0)
        self._block[::2] *= -1.0
        self._end = threading.Event()

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        status = type("Status", (), {"input_overflow": False})()
        late = Stream.late
        if late is not None:
            late.wait(HANG_S)
        while not self._end.wait(0.005):
            self._hear(self._block, len(self._block), None, status)

    def abort(self, **_more):
        self._end.set()
        self.active = False

    close = abort


@pytest.fixture
def plugged(monkeypatch, require_real):
    try:
        import sounddevice
    except OSError:
        require_real("libportaudio2", found=False)
    Stream.made, Stream.late = [], None

    def plug(*devices):
        rows = [{"name": name, "index": index, "hostapi": api, "max_input_channels": channels, **LIKE}
                for index, (name, api, channels) in enumerate(devices)]  # fmt: skip
        apis = ({"name": "Core Audio"}, {"name": "JACK Audio Connection Kit"})

        def query(device=None, kind=None):
            if device is None and kind is None:
                return sounddevice.DeviceList(rows)
            return rows[sounddevice._get_device_id(device, kind, raise_on_error=True)]

        monkeypatch.setattr(sounddevice, "query_devices", query)
        monkeypatch.setattr(sounddevice, "query_hostapis", lambda index=None: apis if index is None else apis[index])
        monkeypatch.setattr(sounddevice, "check_input_settings", lambda device=None, **_more: query(device, "input"))
        monkeypatch.setattr(sounddevice, "InputStream", Stream)
        monkeypatch.setattr(sounddevice, "_terminate", lambda: None)
        monkeypatch.setattr(sounddevice, "_initialize", lambda: None)

    return plug


def hear(name, channels=(1, 2)):
    """The first block of a device, and the capture, stopped."""
    capture = Capture(name, channels=channels, block_s=0.005, latency=0.02, clock=MonotonicClock())
    capture.start()
    got = capture.read(HANG_S)
    capture.stop()
    return got[0], capture


def test_l9_devices_of_one_name_are_told_apart_and_opened_by_number(plugged):
    plugged(("USB Audio CODEC", 0, 2), ("Built-in", 0, 1), ("USB Audio CODEC", 0, 4), ("USB Audio CODEC", 1, 8))
    labels = [one["label"] for one in input_devices()]
    assert labels == ["USB Audio CODEC #1", "Built-in", "USB Audio CODEC #2", "USB Audio CODEC #3"]
    for name, index in (("USB Audio CODEC", 0), ("usb audio codec #2", 2), ("USB Audio CODEC #3", 3),
                        ("codec, jack", 3), ("USB Audio CODEC, Core Audio", 0), ("built", 1),
                        ("default", 0)):  # fmt: skip
        assert find_device(name)["index"] == index, name
    hear("USB Audio CODEC #2")
    assert [(one.device, one.channels) for one in Stream.made] == [(2, 4)]
    with pytest.raises(AudioError, match="'USB Audio CODEC #1', 'Built-in'"):
        find_device("no such")


@pytest.mark.parametrize(
    ("there", "wanted"), [(1, (1,)), (2, (1,)), (2, (2,)), (18, (3, 4)), (64, (64,)), (32, (32, 1))]
)
def test_l6_l7_all_inputs_are_opened_and_ours_taken(plugged, there, wanted):
    plugged(("Interface", 0, there))
    block, _ = hear("interface", wanted)
    assert Stream.made[0].channels == there
    assert np.abs(block).max() == pytest.approx(0.01 * np.mean(wanted), rel=0.05)


def test_l32_a_device_whose_first_block_comes_late_is_waited_for(plugged, monkeypatch):
    monkeypatch.setattr(capturing, "STALL_S", 0.3)
    plugged(("Slow", 0, 2))
    Stream.late = threading.Event()
    threading.Timer(1.2, Stream.late.set).start()
    _, capture = hear("slow")
    assert (len(Stream.made), capture.losses) == (1, 0)


@pytest.mark.warns("has disappeared or delivers no sound: no sound for 0 s")
def test_l32_a_stall_counts_from_the_first_block_on(plugged, monkeypatch):
    monkeypatch.setattr(capturing, "FIRST_S", 0.1)
    plugged(("Dead", 0, 2))
    Stream.late = threading.Event()
    capture = Capture("dead", channels=(1,), block_s=0.005, latency=0.02, clock=MonotonicClock())
    capture.start()
    until = threading.Event()
    for _ in range(round(HANG_S / 0.05)):
        if len(Stream.made) > 1:
            break
        until.wait(0.05)
    Stream.late.set()
    capture.stop()
    assert len(Stream.made) > 1


@pytest.mark.warns("has disappeared or delivers no sound: audio device 'gone' not found")
def test_l9_what_fails_to_open_says_why(plugged):
    plugged(("Other", 0, 2))
    capture = Capture("gone", channels=(1,), block_s=0.005, latency=0.02, clock=MonotonicClock())
    capture.start()
    until = threading.Event()
    for _ in range(round(HANG_S / 0.05)):
        if capture.losses:
            break
        until.wait(0.05)
    capture.stop()


@pytest.mark.warns("cannot be used")
def test_a_driver_that_raises_anything_is_tried_again(plugged, monkeypatch):
    plugged(("Odd", 0, 2))
    monkeypatch.setattr(capturing, "RETRY_S", (0.01,))
    real, count = capturing.find_device, []

    def odd(name):
        count.append(name)
        if len(count) < 3:
            raise KeyError("a bug in a driver")
        return real(name)

    monkeypatch.setattr(capturing, "find_device", odd)
    monkeypatch.setattr(capturing.log, "warning", lambda *_: None)
    block, capture = hear("odd")
    assert len(block)
    assert capture.losses >= 1
