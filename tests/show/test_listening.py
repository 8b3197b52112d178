"""The listening process's parts: nothing queues up, and a network that fails ends the process instead of a thread."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import zmq

from controller.clock import MonotonicClock
from controller.config import with_overrides
from controller.listening.backlog import Backlog
from controller.listening.process import LatestWindow, Listening
from controller.messages import AudioBlock, Window
from controller.timing import Timings


def window(number):
    return Window(number * 0.1, number, np.zeros(48_000, np.float32), np.zeros((0, 48_000), np.float32))


@pytest.fixture
def listening(config, root, tmp_path):
    context = zmq.Context()
    source = {"source": f"file:{root / 'controller/songs/metal_madness.opus'}", "monitor": "off"}
    run = SimpleNamespace(
        config=with_overrides(config, audio=source), folder=tmp_path, context=context, stopping=threading.Event()
    )
    listening = Listening(run, MonotonicClock())
    yield listening
    listening._source._recorded.close()
    listening.close()
    context.term()


def test_the_newest_window_is_held_window_and_counts_the_rest():
    latest = LatestWindow()
    for number in range(3):
        latest.put(window(number))
    assert latest.take(0.0).seq == 2
    assert latest.take(0.0) is None
    assert latest.dropped == 2


@pytest.mark.warns("deciding failed")
def test_a_network_that_fails_ends_the_process_so_that_it_is_started_again(listening, caplog):
    def fail(_window):
        raise RuntimeError("the network is on fire")

    listening._decider.step = fail
    listening._latest.put(window(0))
    listening._analyse()
    assert listening.failed
    assert listening._run.stopping.is_set()
    assert "deciding failed" in caplog.text


@pytest.mark.warns("no numbers (NaN)")
def test_nan_from_a_sound_card_is_counted_said_once_and_played_as_silence(listening, caplog):
    block = np.full((240, 1), np.nan, np.float32)
    for number in range(3):
        listening._hear(AudioBlock(number * 0.005, number, block))
    assert [listening.status().bad_samples for _ in range(3)] == [720] * 3
    assert caplog.text.count("no numbers (NaN)") == 1


def test_a_device_that_is_gone_is_silence(listening):
    """After that the ladder knows a lost sound card from a dead engine."""
    told = []
    listening._voice._pulses.send = told.append
    listening._voice.loss(5.0)
    assert told == []  # nothing was ever heard
    listening._hear(AudioBlock(100.0, 0, np.full((4_800, 1), 0.5, np.float32)))
    told.clear()
    listening._voice.loss(100.3)
    assert told == []  # a pause between blocks
    listening._voice.loss(104.5)
    (pulse,) = told
    assert pulse.t_s == 104.5
    assert pulse.silent_s == pytest.approx(4.5)
    assert pulse.loudness == 0.0
    listening._voice.loss(105.0)
    assert told[-1].silent_s == pytest.approx(5.0)


def test_what_was_not_listened_to_is_one_block(rng):
    backlog, blocks = Backlog(), [rng.normal(size=(size, 2)).astype(np.float32) for size in (240, 7, 240)]
    assert backlog.take() is None
    for number, samples in enumerate(blocks):
        backlog.add(AudioBlock(1.0 + number, number, samples))
    taken = backlog.take()
    assert (taken.t_s, taken.seq) == (3.0, 2)
    assert np.array_equal(taken.samples, np.concatenate(blocks))
    assert backlog.take() is None


def test_networks_hear_a_hop_once_and_all_of_it_and_a_beat_is_said_at_once(listening, monkeypatch):
    heard, block = [], np.zeros((240, 1), np.float32)
    monkeypatch.setattr(listening._ear, "listen", heard.append)
    monkeypatch.setattr(type(listening._ear), "beat_told", property(lambda _ear: len(heard) == 2))
    for number in range(20):
        listening._hear(AudioBlock((number + 1) * 0.005, number, block))
    assert heard == []
    listening._listen()
    listening._listen()
    assert [len(one.samples) for one in heard] == [4_800]
    assert not listening._beat_told.is_set()
    listening._hear(AudioBlock(0.105, 20, block))
    listening._listen()
    assert listening._beat_told.is_set()


def test_percentiles_are_sorted_anew_once_a_sixteenth_is_new():
    timings = Timings(keep=160)
    for number in range(160):
        timings.add("step", number / 1e3)
    first = timings.percentiles_ms()
    assert first["step"][0] == pytest.approx(79.5)
    for _ in range(9):
        timings.add("step", 1.0)
    assert timings.percentiles_ms() == first
    timings.add("step", 1.0)
    assert timings.percentiles_ms()["step"][2] == pytest.approx(1_000.0)
