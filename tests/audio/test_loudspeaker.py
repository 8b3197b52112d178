"""An opening is heard in the room, and its light is as late as its sound."""

import json
import subprocess
import sys
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
from promise import HANG_S, kept
from pulse import Pulse, installed

from controller.listening.audio import loudspeaker
from controller.listening.audio.loudspeaker import CUSHION_S, MOST_S, Audible, Loudspeaker, audible

RATE = 48_000
BLOCK = 240


class Card:
    """A sound card that asks when it is told to."""

    latency = 0.02

    def __init__(self, callback):
        self._callback, self.started, self.closed = callback, False, False

    def ask(self, frames):
        out = np.full((frames, 2), np.nan, np.float32)
        self._callback(out, frames, None, None)
        assert (out[:, 0] == out[:, 1]).all()
        return out[:, 0]

    def start(self):
        self.started = True
        assert not self.ask(BLOCK).any(), "a card asks as soon as it runs"

    def stop(self):
        self.started = False

    def close(self):
        self.closed = True


class Blocks:
    """A source of counted samples."""

    losses = overruns = bad_samples = 0

    def __init__(self, count):
        self._left = deque(range(count))
        self.stopped = False

    @property
    def over(self):
        return not self._left

    def start(self):
        pass

    def read(self, _timeout_s):
        if not self._left:
            return None
        number = self._left.popleft()
        samples = np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.float32)
        return np.stack([samples, -samples], axis=1), 100.0 + (number + 1) * BLOCK / RATE

    def stop(self):
        self.stopped = True


def speaker():
    cards = []
    made = Loudspeaker("default", lambda callback: cards.append(Card(callback)) or cards[0])
    return made, cards


def test_the_card_gets_every_sample_after_the_cushion_and_silence_where_there_is_none():
    made, cards = speaker()
    made.start()
    for number in range(4):
        made.play(np.arange(number * BLOCK, (number + 1) * BLOCK, dtype=np.float32) + 1.0)
    cushion = round(CUSHION_S * RATE)
    heard = np.concatenate([cards[0].ask(frames) for frames in (100, cushion - 100, 500, BLOCK, 1_000)])
    assert not heard[:cushion].any()
    assert np.array_equal(heard[cushion : cushion + 4 * BLOCK], np.arange(4 * BLOCK) + 1.0)
    assert not heard[cushion + 4 * BLOCK :].any()
    assert made.delay_s == pytest.approx(CUSHION_S + 0.02)
    made.stop()
    assert cards[0].closed


def test_a_card_that_stands_still_is_not_played_to_for_ever():
    made, cards = speaker()
    made.start()
    for number in range(3 * RATE // BLOCK):
        made.play(np.full(BLOCK, number, np.float32))
    heard = cards[0].ask(2 * RATE)
    assert np.count_nonzero(heard) <= MOST_S * RATE
    assert heard.max() == 3 * RATE // BLOCK - 1, "the newest is what is kept"


@pytest.mark.warns("asks for no sound")
def test_a_card_that_never_asks_is_no_card(monkeypatch, caplog):
    monkeypatch.setattr(loudspeaker, "AWAKE_S", 0.05)
    made = Loudspeaker("dead", lambda callback: SimpleNamespace(start=lambda: None, latency=0.02))
    made.start()
    assert made.delay_s == 0.0
    assert "asks for no sound" in caplog.text


def test_what_is_listened_to_is_what_the_room_hears_now():
    made, _ = speaker()
    source = Audible(Blocks(100), made)
    source.start()
    blocks, asked = [], 0
    while not source.over:
        got = source.read(0.1)
        asked += 1
        if got is not None:
            blocks.append((asked, *got))
    held = round((CUSHION_S + 0.02) * RATE / BLOCK)
    assert blocks[0][0] == held + 1, "the first block comes when the card has played it"
    assert np.array_equal(np.concatenate([samples[:, 0] for _, samples, _ in blocks]), np.arange(100 * BLOCK))
    assert np.allclose([t_s for _, _, t_s in blocks], 100.0 + np.arange(1, 101) * BLOCK / RATE + made.delay_s)


@pytest.mark.warns("not heard in the room")
@pytest.mark.parametrize(
    "error", [OSError("no such library"), ValueError("No output device matching 'x'"), KeyError("?")]
)
def test_without_a_card_the_opening_goes_on_and_it_is_said_once(error, caplog):
    def refuse(_callback):
        raise error

    source = Audible(Blocks(10), Loudspeaker("x", refuse))
    source.start()
    got = [source.read(0.1) for _ in range(10)]
    assert [t_s for _, t_s in got] == pytest.approx([100.0 + number * BLOCK / RATE for number in range(1, 11)])
    assert sum("not heard in the room" in record.message for record in caplog.records) == 1
    source.stop()


def test_off_is_the_source_itself():
    source = Blocks(1)
    assert audible(source, "off") is source
    assert isinstance(audible(source, "default"), Audible)


EAR = """
import json, select, sys
import numpy as np
from controller.listening.audio.capture import Capture
from controller.clock import MonotonicClock

clock = MonotonicClock()
capture = Capture("pulse", channels=(1, 2), block_s=0.005, latency=0.02, clock=clock)
capture.start()
print("listening", flush=True)
heard, over_s = [], float("inf")
while clock.now_s() < over_s + 0.7:  # what is still under way is heard, and what comes beyond is one too many
    got = capture.read(0.1)
    if over_s == float("inf") and select.select([sys.stdin], [], [], 0.0)[0]:
        over_s = clock.now_s()
    if got is not None:
        heard += [got[1] - (len(got[0]) - 1 - int(at)) / 48_000 for at in np.flatnonzero(got[0][:, 0] > 0.4)]
capture.stop()
print(json.dumps(heard))
"""
PLAYER = """
import json
import numpy as np
from controller.listening.audio.loudspeaker import Audible, Loudspeaker
from controller.listening.audio.playback import Playback
from controller.clock import MonotonicClock

class Clicks:
    name, stems, duration_s, bad_samples = "clicks", (), 4.0, 0
    def __init__(self):
        self.at, self.sound = 0, np.zeros((4 * 48_000, 1), np.float32)
        self.sound[24_000::24_000] = 0.8
    def read(self, count):
        block = self.sound[self.at : self.at + count]
        self.at += len(block)
        return block
    def close(self): pass

source = Audible(Playback(Clicks(), block_s=0.005, clock=MonotonicClock()), Loudspeaker("pulse"))
source.start()
told = []
while not source.over:
    got = source.read(0.1)
    if got is not None:
        told += [got[1] - (len(got[0]) - 1 - int(at)) / 48_000 for at in np.flatnonzero(got[0][:, 0] > 0.4)]
source.stop()
print(json.dumps(told))
"""


def told_and_heard(environment):
    """Seconds at which light is told of each click, and at which the sink's monitor brings it."""
    run = {"env": environment, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-P", "-c", EAR], stdin=subprocess.PIPE, **run) as ear:
        assert ear.stdout.readline().strip() == "listening"
        player = subprocess.run([sys.executable, "-P", "-c", PLAYER], **run, timeout=HANG_S, check=True)
        heard = ear.communicate(timeout=HANG_S)[0]
    return [np.array(json.loads(text.splitlines()[-1])) for text in (player.stdout, heard)]


def test_through_a_real_sound_server_light_and_sound_agree(tmp_path, require_real):
    """Clicks go out and come back by the sink's monitor: when they are heard is when the light is told of them."""
    require_real("pulseaudio", installed())
    folder = tmp_path / "pulse"
    folder.mkdir()
    pulse = Pulse(folder)
    pulse.start()
    try:
        for _ in range(4):  # a sound server that gets no processor loses a click: they are played again
            told, heard = told_and_heard(pulse.environment)
            if len(heard) == 7:
                break
    finally:
        pulse.stop()
    assert len(heard) == len(told) == 7
    kept("unevenness of the sound", np.abs(np.diff(heard) - 0.5).max(), 0.02)
    apart = heard - told
    print(f"sound {1e3 * np.median(apart):.0f} ms after the light")
    kept("sound and light apart", abs(np.median(apart)), 0.1)
