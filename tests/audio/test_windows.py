"""The contract of windows: whatever the cutting, the same windows; and what a window holds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.listening.audio.ring import Ring
from controller.listening.audio.windows import Windows
from controller.messages import AudioBlock
from controller.sound_format import HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES

SOUND = np.random.default_rng(1).uniform(-1, 1, (3 * SAMPLE_RATE_HZ + 1234, 3)).astype(np.float32)


def feed(cuts: list[int]):
    """Windows of SOUND, cut at these samples."""
    windows, found, start = Windows(stems=2), [], 0
    for number, end in enumerate([*sorted(cuts), len(SOUND)]):
        found += list(windows.feed(AudioBlock(end / SAMPLE_RATE_HZ, number, SOUND[start:end])))
        start = end
    return found


WHOLE = feed([])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(SOUND)), max_size=60))
def test_any_cutting_gives_identical_windows(cuts):
    found = feed(cuts)
    assert len(found) == len(WHOLE) == len(SOUND) // HOP_SAMPLES
    for one, other in zip(found, WHOLE, strict=True):
        assert one.seq == other.seq
        assert abs(one.t_s - other.t_s) < 1e-9
        assert np.array_equal(one.samples, other.samples)
        assert np.array_equal(one.stems, other.stems)


def test_a_window_is_the_second_that_ends_with_it():
    for window in WHOLE:
        end = (window.seq + 1) * HOP_SAMPLES
        assert abs(window.t_s - end / SAMPLE_RATE_HZ) < 1e-9
        start = max(0, end - WINDOW_SAMPLES)
        assert np.array_equal(window.samples[WINDOW_SAMPLES - (end - start) :], SOUND[start:end, 0])
        assert not window.samples[: WINDOW_SAMPLES - (end - start)].any()
        assert np.array_equal(window.stems[1, WINDOW_SAMPLES - (end - start) :], SOUND[start:end, 2])


def test_a_window_is_not_changed_by_later_sound():
    windows = Windows()
    first = next(windows.feed(AudioBlock(0.1, 0, SOUND[:4800, :1])))
    kept = first.samples.copy()
    list(windows.feed(AudioBlock(2.1, 1, SOUND[4800:100_800, :1])))
    assert np.array_equal(first.samples, kept)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_the_ring_keeps_the_last_samples(lengths):
    ring, everything = Ring(50, 1), np.zeros((50, 1), np.float32)
    for number, length in enumerate(lengths):
        part = np.full((length, 1), number + 1, np.float32)
        ring.write(part)
        everything = np.concatenate([everything, part])
    assert np.array_equal(ring.latest(50)[0], everything[-50:, 0])
    assert np.array_equal(ring.latest(7)[0], everything[-7:, 0])
