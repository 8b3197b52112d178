"""One decoder follows another: told the past, in charge when a phrase ends, or refused."""

import threading

import numpy as np
import pytest

from controller.artefacts.generations import Generations
from controller.clock import ManualClock
from controller.config import with_overrides
from controller.listening.decider import Decider
from controller.listening.decode.succession import HEARD_HOPS, PATIENCE_HOPS, SLOWEST_S, TOLD_HOPS, Succession
from controller.messages import Embedding, Window


class Student:
    """A decoder that remembers what it was told."""

    def __init__(self, clock=None, step_s=0.0, logit=0.0):
        self.told, self.bearings, self.clock, self.step_s, self.logit = [], [], clock, step_s, logit

    def step(self, embedding, hue, value, bearings=None):
        self.told.append((embedding.seq, hue, value))
        self.bearings.append(bearings)
        if self.clock is not None:
            self.clock.sleep_until(self.clock.now_s() + self.step_s)
        return np.full(181, self.logit, np.float32), np.zeros(257, np.float32)


def hop(number):
    return Embedding(number * 0.1, number, np.zeros(512, np.float32)), number % 180, number % 256


def hear(succession, first, count, *, ends=False, hit=0.0):
    """The successor that took over, and the hop in which it did."""
    for number in range(first, first + count):
        successor = succession.hear(*hop(number), ends=ends, hit=hit)
        if successor is not None:
            return successor, number
    return None, None


@pytest.fixture
def succession():
    return Succession(ManualClock())


def prepare(succession, decoder, tmp_path, number=1):
    succession.prepare(number, "room", tmp_path, lambda: decoder)


def test_a_successor_knows_the_past_and_misses_no_hop(succession, tmp_path):
    hear(succession, 0, TOLD_HOPS + 44)
    student = Student()
    prepare(succession, student, tmp_path)
    successor, at = hear(succession, TOLD_HOPS + 44, 50, ends=True)
    assert successor.decoder is student
    assert [seq for seq, _, _ in student.told] == list(range(44, at + 1))
    assert student.told[-1] == (at, at % 180, at % 256)


def test_a_successor_is_told_where_each_hop_lay(succession, tmp_path):
    for number in range(30):
        succession.hear(*hop(number), ends=False, hit=0.0, bearings=np.full(3, number))
    student = Student()
    prepare(succession, student, tmp_path)
    succession.hear(*hop(30), ends=False, hit=0.0, bearings=np.full(3, 30))
    assert [int(one[0]) for one in student.bearings] == list(range(31))


def test_it_waits_for_the_end_of_a_phrase(succession, tmp_path):
    prepare(succession, Student(), tmp_path)
    assert hear(succession, 0, PATIENCE_HOPS - 1, hit=1.0) == (None, None)
    successor, at = hear(succession, PATIENCE_HOPS - 1, 1, ends=True)
    assert successor is not None
    assert at == PATIENCE_HOPS - 1


def test_it_does_not_wait_for_ever(succession, tmp_path):
    prepare(succession, Student(), tmp_path)
    _, at = hear(succession, 0, PATIENCE_HOPS + 100)
    assert PATIENCE_HOPS <= at + 1 <= PATIENCE_HOPS + HEARD_HOPS + 2


def test_it_must_have_listened_for_a_moment(succession, tmp_path):
    prepare(succession, Student(), tmp_path)
    _, at = hear(succession, 0, 20, ends=True)
    assert at == HEARD_HOPS - 1


@pytest.mark.warns("generation 1 (room): a step takes")
@pytest.mark.parametrize("when", ["while it is told", "while it listens"])
def test_one_that_is_too_slow_is_refused(tmp_path, when):
    clock = ManualClock()
    succession = Succession(clock)
    if when == "while it is told":
        hear(succession, 0, 20)
    prepare(succession, Student(clock, 2 * SLOWEST_S), tmp_path)
    assert hear(succession, 20, 50, ends=True) == (None, None)
    assert "100 ms here" in succession.refused
    assert succession.waiting is None


@pytest.mark.warns("generation 1 (room): its numbers are not finite")
def test_one_that_says_no_numbers_is_refused(succession, tmp_path):
    prepare(succession, Student(logit=np.nan), tmp_path)
    assert hear(succession, 0, 50, ends=True) == (None, None)
    assert "not finite" in succession.refused


@pytest.mark.warns("generation 3 (room): no such network")
def test_one_that_cannot_be_opened_is_refused(succession, tmp_path):
    def broken():
        raise RuntimeError("no such network")

    succession.prepare(3, "room", tmp_path, broken)
    assert hear(succession, 0, 50, ends=True) == (None, None)
    assert "generation 3 (room): no such network" in succession.refused


def test_it_is_told_while_the_show_goes_on(succession, tmp_path):
    """The thread that tells and the one that decides share the past without losing a hop."""
    hear(succession, 0, 200)
    student = Student()
    teller = threading.Thread(target=prepare, args=(succession, student, tmp_path))
    teller.start()
    number = 200
    while (successor := hear(succession, number, 1, ends=True)[0]) is None and number < 100_000:
        number += 1
        teller.join(0.001)
    teller.join()
    seqs = [seq for seq, _, _ in student.told]
    assert successor is not None
    assert seqs == list(range(seqs[0], number + 1))


def test_the_same_model_again_goes_on_as_if_nothing_had_happened(config, root, tmp_path, monkeypatch):
    """Swapped for a copy of itself in the middle of a song, the light stays what it would have been."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))  # its generation is the first that was ever staged
    rng = np.random.default_rng(4)
    sounds = [rng.normal(0, 0.1 if n != 80 else 0.0, 48_000).astype(np.float32) for n in range(120)]  # one rest
    windows = [Window(n * 0.1, n, one, np.zeros((0, 48_000), np.float32), hit=0.5) for n, one in enumerate(sounds)]

    def play(swap_at):
        decider, light = Decider(with_overrides(config, seed=5), ManualClock()), []
        for window in windows:
            if window.seq == swap_at:
                Generations.of(config).stage(root / config.model.decoder, "copy")
                decider.look_for_successor()
            token = decider.step(window)
            light.append((token.hue, token.value))
        return decider, light

    stayed, wanted = play(None)
    swapped, found = play(40)
    assert (stayed.generation, swapped.generation) == (0, 1)
    assert found == wanted
