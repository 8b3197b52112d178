"""The front end is BeatNet's: filters as described, and the cutting of the sound changes nothing."""

import numpy as np
import pytest

from controller.listening.time.front import FRAME_S, RATE_HZ, Front, Resampler, filters


def test_there_are_136_triangles_of_area_one_from_30_hz():
    bank = filters()
    assert bank.shape == (705, 136)
    np.testing.assert_allclose(bank.sum(axis=0), 1.0)
    hz = np.fft.rfftfreq(1410, 1 / RATE_HZ)[:705] @ bank
    assert hz[0] == pytest.approx(45, abs=20)
    assert (np.diff(hz) > 0).all()
    assert hz[-1] < 17_000


def test_a_tone_comes_out_as_it_was_and_later_by_the_delay():
    sound = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000).astype(np.float32)
    made = Resampler().feed(sound)
    assert len(made) == 22_050
    at_s = np.arange(len(made)) / RATE_HZ - Resampler.delay_s
    np.testing.assert_allclose(made[200:], np.sin(2 * np.pi * 1_000 * at_s)[200:], atol=2e-3)


def test_what_lies_above_the_lower_rate_is_taken_out():
    sound = np.sin(2 * np.pi * 15_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(Resampler().feed(sound)[200:]).max() < 0.02


@pytest.mark.parametrize("cut", [1, 240, 777, 4_800])
def test_the_cutting_changes_nothing(rng, cut):
    sound = rng.normal(0, 0.1, 9_600).astype(np.float32)
    front = Front()
    whole = np.stack(list(Front().feed(sound)))
    parts = np.stack([frame for at in range(0, len(sound), cut) for frame in front.feed(sound[at : at + cut])])
    np.testing.assert_array_equal(whole, parts)
    assert whole.shape[1] == 272
    assert len(whole) == pytest.approx(0.2 / FRAME_S, abs=3)


def test_sound_whose_buffer_is_written_again_is_heard_as_it_was(rng):
    sound, front, buffer = rng.normal(0, 0.1, 48_000).astype(np.float32), Front(), np.zeros(240, np.float32)
    heard = []
    for begin in range(0, len(sound), 240):
        buffer[:] = sound[begin : begin + 240]
        heard += list(front.feed(buffer))
        buffer[:] = 7.0
    assert np.array_equal(np.stack(heard), np.stack(list(Front().feed(sound))))
