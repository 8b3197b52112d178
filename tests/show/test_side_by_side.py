"""Stages of a rehearsal beside each other: the same comes out, in order, and what fails there is said here."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from controller.errors import AudioError, ControllerError
from controller.rehearsal import side_by_side
from controller.rehearsal.side_by_side import ahead, beside

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="copies of a process are there on POSIX alone"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


@pytest.fixture
def copied(monkeypatch):
    monkeypatch.setattr(side_by_side, "worthwhile", lambda: True)


class Adding:
    """A stage that says what it took, and where."""

    def __init__(self):
        self._sum = 0

    def take(self, item):
        if item < 0:
            raise AudioError("below zero")
        self._sum += item

    def result(self):
        return self._sum, os.getpid()


def numbers(count, end=None):
    yield from range(count)
    if end is not None:
        raise end


def test_everything_comes_through_in_order_and_a_result_comes_back(copied):
    with ahead(lambda: numbers(5_000)) as made, beside(Adding) as stage:
        taken = []
        for one in made:
            taken.append(one)
            stage.take(one)
        total, pid = stage.result()
    assert taken == list(range(5_000))
    assert total == sum(taken)
    assert pid != os.getpid()


def added(*numbers):
    with beside(Adding) as stage:
        for one in numbers:
            stage.take(one)
        return stage.result()


def listed(make):
    with ahead(make) as made:
        return list(made)


def test_what_is_raised_there_is_raised_here(copied):
    with pytest.raises(AudioError, match="torn"):
        listed(lambda: numbers(3, AudioError("torn")))
    with pytest.raises(AudioError, match="below zero"):
        added(1, -1)


def test_one_that_died_is_said_and_who_stops_early_waits_for_nobody(copied):
    def dies():
        yield 1
        os._exit(9)

    with pytest.raises(ControllerError, match="without a word"):
        listed(dies)
    with ahead(lambda: numbers(10_000_000)) as made:
        assert next(made) == 0


def test_a_rehearsal_in_three_processes_gives_the_bytes_of_one(tmp_path, root):
    """The real command; what it cannot write, wherever it notices, is said in one line."""
    noise = np.random.default_rng(3).normal(0.0, 0.1, (72_000, 1)) * (np.arange(72_000)[:, None] % 24_000 < 6_000)
    soundfile.write(tmp_path / "song.wav", noise, 48_000)

    def rehearsed(name, **environment):
        command = [sys.executable, "-P", "-m", "controller", "rehearse", str(tmp_path / "song.wav"), "--out",
                   str(tmp_path / name), "--config", str(root / "config.yaml")]  # fmt: skip
        return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)

    assert rehearsed("three").returncode == 0
    assert rehearsed("one", FOLLOWSPOT_START="spawn").returncode == 0
    for name in ("tokens.csv", "dmx.show", "heads.npz", "form.json"):
        assert (tmp_path / "three" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    (tmp_path / "taken" / "dmx.show").mkdir(parents=True)
    refused = rehearsed("taken")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr
