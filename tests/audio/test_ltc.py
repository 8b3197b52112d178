"""Linear timecode as a real encoder writes it: read to the frame, in noise, off speed, after a hole and a jump."""

import libltc
import numpy as np
import pytest

from controller.evening.timecode import Timecode, song_and_place
from controller.listening.audio.ltc import LinearTimecode
from controller.listening.audio.tape import Tape, timecode_stem
from controller.messages import AudioBlock

RATE_HZ, BLOCK = 48_000, 240


@pytest.fixture(autouse=True)
def library(require_real):
    require_real("libltc", libltc.found())


def read(sound, block=BLOCK):
    """Every frame with the time at which it was told to have ended."""
    reader, found = LinearTimecode(), []
    for first in range(0, len(sound), block):
        part = np.asarray(sound[first : first + block], np.float32)
        found += reader.hear(part, (first + len(part) - 1) / RATE_HZ)
    return found, reader


@pytest.mark.parametrize("fps", [24, 25, 30])
@pytest.mark.parametrize("block", [64, 240, 4_800])
def test_every_frame_is_read_and_its_moment_is_right(fps, block):
    found, reader = read(libltc.encoded((1, 2, 3, 4), 4.0, fps=fps), block)
    assert len(found) >= 4 * fps - 2
    assert reader.lost == 0
    first = Timecode(1, 2, 3, 4, float(fps)).at_s
    for one in found:
        assert one.timecode.fps == fps
        assert one.timecode.at_s + 1 / fps - first == pytest.approx(one.t_s, abs=0.002)


@pytest.mark.parametrize("speed", [0.95, 0.99, 1.0, 1.01, 1.05])
def test_a_tape_that_runs_off_speed_is_read(speed):
    sound = libltc.encoded((10, 0, 0, 0), 5.0)
    at = np.arange(0.0, len(sound) - 1, speed)
    found, _ = read(np.interp(at, np.arange(len(sound)), sound))
    assert len(found) >= 120
    apart = np.diff([one.timecode.at_s for one in found[26:]])
    assert np.allclose(apart, 0.04, atol=1e-6)


@pytest.mark.parametrize("level", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_quiet_noisy_rounded_and_turned_round_it_is_read(level, noise):
    rng = np.random.default_rng(1)
    sound = libltc.encoded((23, 59, 58, 0), 4.0)
    smooth = np.convolve(sound, np.hanning(9) / np.hanning(9).sum(), "same")  # a long cable
    heard = -level * (smooth + noise * rng.standard_normal(len(smooth)))
    found, _ = read(heard)
    assert len(found) >= 96
    assert all(one.timecode.sound for one in found)


def test_after_a_hole_and_a_jump_it_is_right_again_within_two_frames():
    before, after = libltc.encoded((1, 0, 0, 0), 2.0), libltc.encoded((2, 30, 0, 0), 2.0)
    hole = np.zeros(int(0.7 * RATE_HZ) + 13, np.float32)
    found, _ = read(np.concatenate([before, hole, after]))
    first = next(one for one in found if one.timecode.hours == 2)
    assert first.t_s <= 2.7 + 3 / 25
    assert all(one.timecode.hours in (1, 2) for one in found)


@pytest.mark.parametrize("seed", range(3))
def test_music_and_noise_are_no_timecode(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    music = np.sign(np.sin(2 * np.pi * 1000 * t)) * 0.3 + 0.2 * rng.standard_normal(len(t))
    assert read(music)[0] == []
    assert read(np.sign(np.sin(2 * np.pi * 1000 * t)))[0] == []
    assert read(np.zeros(RATE_HZ))[0] == []


def test_a_stem_that_is_called_so_is_a_clock():
    sound = libltc.encoded((1, 0, 5, 0), 2.0)
    tape = Tape(["drums", "LTC 25"])
    for first in range(0, len(sound) - BLOCK, BLOCK):
        part = sound[first : first + BLOCK]
        samples = np.stack([np.zeros_like(part), np.zeros_like(part), part], axis=1)
        tape.hear(AudioBlock((first + BLOCK - 1) / RATE_HZ, first // BLOCK, samples))
    assert tape.newest.by == "LTC"
    assert tape.newest.place_s - tape.newest.t_s == pytest.approx(3605.0, abs=0.002)
    assert song_and_place(tape.newest.place_s)[0] == 1


def test_other_stems_are_none():
    assert timecode_stem(["drums", "vox", "time"]) is None
    assert timecode_stem(["SMPTE", "vox"]) == 0
    silent = Tape(["drums"])
    silent.hear(AudioBlock(0.0, 0, np.zeros((10, 2), np.float32)))
    assert silent.newest is None


def test_drop_frame_keeps_hours_hours():
    assert Timecode(1, 0, 0, 0, 30000 / 1001, drop=True).at_s == pytest.approx(3600.0, abs=0.01)
    assert Timecode(0, 1, 0, 2, 30000 / 1001, drop=True).at_s == pytest.approx(60.06, abs=0.01)
    assert not Timecode(0, 0, 0, 30, 30.0).sound
