"""A song that is played is heard, on a loudspeaker where there is one; and where in it the room is, is known."""

import logging

import numpy as np
import pytest

from controller.clock import MonotonicClock
from controller.errors import AudioError
from controller.listening.audio.loudspeaker import Audible, Loudspeaker, audible
from controller.listening.audio.playback import Playback
from controller.sound_format import SAMPLE_RATE_HZ


class Song:
    """Two seconds that count their samples."""

    name, stems, bad_samples, duration_s = "song", (), 0, 2.0

    def __init__(self, *, again=False):
        self._at, self._again = 0, again

    def read(self, count):
        if self._at >= 2 * SAMPLE_RATE_HZ and not self._again:
            return np.zeros((0, 1), np.float32)
        self._at += count
        return np.full((count, 1), 0.1, np.float32)

    def close(self):
        pass


def played(source, seconds):
    """(place, time) of every block, while it is heard."""
    clock, found = MonotonicClock(), []
    source.start()
    end_s = clock.now_s() + seconds
    while clock.now_s() < end_s:
        got = source.read(0.05)
        if got is not None:
            found.append((source.place_s(got[1]), got[1]))
    source.stop()
    return found


@pytest.mark.parametrize("again", [False, True])
def test_the_place_goes_on_with_the_room(again):
    found = played(Playback(Song(again=again), block_s=0.01, clock=MonotonicClock()), 2.6 if again else 1.0)
    first_s = found[0][1] - found[0][0]
    for place_s, at_s in found[:80]:
        assert at_s - place_s == pytest.approx(first_s, abs=0.05)
    if again:
        assert found[-1][0] < 1.0, "it began anew"


def test_before_it_begins_there_is_no_place():
    assert Playback(Song(), block_s=0.01, clock=MonotonicClock()).place_s(5.0) == -1.0


class Card:
    """A stream that asks for sound as PortAudio does."""

    latency = 0.03

    def __init__(self, callback):
        self._callback, self.heard = callback, []

    def start(self):
        self.ask()

    def ask(self):
        out = np.zeros((480, 2), np.float32)
        self._callback(out, 480, None, None)
        self.heard.append(out)

    def stop(self):
        pass

    def close(self):
        pass


def test_a_card_makes_the_room_later_than_the_file():
    source = Audible(Playback(Song(), block_s=0.01, clock=MonotonicClock()), Loudspeaker("default", Card))
    assert not source.sounds
    source.start()
    assert source.sounds
    while source.read(0.05) is None:
        pass
    now_s = MonotonicClock().now_s()
    assert source.place_s(now_s) < source._source.place_s(now_s)
    source.stop()


def no_card(_callback):
    raise AudioError("no output")


def test_where_there_is_no_card_auto_says_nothing_and_a_name_does(caplog):
    caplog.set_level(logging.INFO)
    Loudspeaker("default", no_card, what="the song", wanted=False).start()
    assert [one.levelname for one in caplog.records] == ["INFO"]


@pytest.mark.warns("the song is not heard in the room")
def test_a_card_that_was_asked_for_and_is_not_there_is_said():
    Loudspeaker("hdmi", no_card, what="the song").start()


def test_off_is_the_source_itself():
    source = Playback(Song(), block_s=0.01, clock=MonotonicClock())
    assert audible(source, "off") is source
    assert isinstance(audible(source, "auto"), Audible)
