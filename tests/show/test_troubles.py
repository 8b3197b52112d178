"""What goes wrong in a running show reaches the page and `/metrics`: provoked in the real processes' own parts."""

import json
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import zmq
from memory_sink import MemorySink
from prometheus_client.parser import text_string_to_metric_families

from controller.clock import ManualClock, MonotonicClock
from controller.config import with_overrides
from controller.lighting.process import Lighting
from controller.listening.process import Listening
from controller.messages import AudioBlock
from controller.watching.bus_feed import BusFeed
from controller.watching.page.prometheus import prometheus
from controller.watching.page.wire import encode_live


class Show:
    """An output process and a page on one bus; `watch` cycles until the page knows what is asked for."""

    def __init__(self, run):
        self.run, self.clock = run, ManualClock(100.0)
        self.lighting = Lighting(run, self.clock, MemorySink())
        self.feed = BusFeed(run, self.clock)

    def cycle(self, seconds=0.025):
        self.clock.sleep_until(self.clock.now_s() + seconds)
        self.lighting.safe_cycle()
        self.feed._gather()

    def watch(self, name, expected):
        """Cycle until the page says so; a hang ends by the test's own limit. Both ways out say the same."""
        while self.feed.live() is None or self.feed.live().counters.get(name) != expected:
            self.cycle()
        shown = json.loads(encode_live(self.feed.live()))
        scraped = {
            sample.labels["what"]: sample.value
            for family in text_string_to_metric_families(prometheus(self.feed.live(), {}))
            for sample in family.samples
            if sample.name == "followspot_show"
        }
        assert shown["counters"][name] == scraped[name] == expected
        return shown["troubles"]


@pytest.fixture
def run(config, root, tmp_path):
    with zmq.Context() as context:
        song = {"source": f"file:{root / 'controller/songs/metal_madness.opus'}"}
        yield SimpleNamespace(
            config=with_overrides(config, audio=song), folder=tmp_path, context=context, stopping=threading.Event(),
            beat=lambda now_s: None,
        )  # fmt: skip


@pytest.fixture
def show(run):
    show = Show(run)
    yield show
    show.lighting.close()
    show.feed.close()


@pytest.fixture
def listening(run):
    listening = Listening(run, MonotonicClock())
    yield listening
    listening._source._recorded.close()
    listening.close()


@pytest.mark.warns("a cycle failed")
def test_cycles_that_fail(show):
    works = show.lighting.made.engine.tick
    show.lighting.made.engine.tick = lambda now_s: 1 / 0
    for _ in range(3):
        show.cycle()
    show.lighting.made.engine.tick = works
    (said,) = show.watch("faults", 3.0)
    assert said == "3 output cycles failed; the last light was repeated instead"


def test_cycles_that_are_skipped(show):
    show.cycle()
    show.cycle(0.5)
    show.watch("skipped_cycles", float(show.lighting.status().skipped_cycles))
    assert show.lighting.status().skipped_cycles >= 18


def heard(show, listening, name, expected):
    """The sound process says how it is until the page has it."""
    while show.feed.live() is None or show.feed.live().counters.get(name) != expected:
        listening._voice.status(listening.status())
        show.cycle()
    return show.watch(name, expected)


def test_a_device_that_went_away(show, listening):
    listening._source.losses = 2
    assert heard(show, listening, "device_losses", 2.0) == ["the sound device went away 2 times"]


@pytest.mark.warns("no numbers (NaN)")
def test_samples_that_are_no_numbers(show, listening):
    listening._hear(AudioBlock(0.005, 0, np.full((240, 1), np.nan, np.float32)))
    heard(show, listening, "bad_samples", 240.0)


@pytest.mark.warns("goes on")
def test_a_staged_model_that_is_refused(show, listening, monkeypatch):
    monkeypatch.setattr(listening._decider.generations, "current", lambda: 7)  # somebody chose one that is not there
    listening._decider.look_for_successor()
    (said,) = heard(show, listening, "generation_refused", 1.0)
    assert said.startswith("a staged model was refused: generation 7")


def test_a_staged_model_that_waits_for_its_turn(show, listening, monkeypatch, root):
    generations = listening._decider.generations
    one = SimpleNamespace(number=3, name="cellar", folder=root / "models" / "skipbart-small")
    monkeypatch.setattr(generations, "current", lambda: 3)
    monkeypatch.setattr(generations, "find", lambda number: one)
    listening._decider.look_for_successor()
    heard(show, listening, "generation_waiting", 3.0)


def test_a_page_that_nobody_opened_is_not_drawn(show, monkeypatch):
    """And who asks is drawn the newest, once."""
    drawn, draw = [], show.feed._snapshot
    monkeypatch.setattr(show.feed, "_snapshot", lambda lit: drawn.append(lit) or draw(lit))
    while show.feed._said.lit is None:
        show.cycle()
    show.cycle()
    assert drawn == []
    live = show.feed.live()
    assert live is show.feed.live()
    assert [one.t_s for one in drawn] == [live.t_s] == [show.feed._said.lit.t_s]
