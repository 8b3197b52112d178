"""The hops of a recording on their way from the process that hears them to the one that decides."""

import numpy as np

from controller.listening.audio.windows import Windows
from controller.listening.time.tempo import Tempo
from controller.messages import AudioBlock, Pulse
from controller.rehearsal.listened import HeardHop, apart, joined
from controller.sound_format import HOP_S, HOP_SAMPLES


def hops(count, stems, rng):
    windows = Windows(stems)
    for hop in range(count):
        samples = rng.standard_normal((HOP_SAMPLES, 1 + stems)).astype(np.float32)
        (window,) = windows.feed(AudioBlock((hop + 1) * HOP_S, hop, samples))
        pulses = [Pulse(hop + 0.1, hop, -20.0, 0.5, 0.0, hop, float("-inf"), 0.25, (-30.5,) * stems, "band")]
        yield HeardHop(window, pulses, Tempo(), None, [], 0.0)


def test_windows_come_back_sample_for_sample_and_travel_as_a_tenth():
    for stems in (0, 3):
        before = list(hops(13, stems, np.random.default_rng(stems)))
        sent = list(apart(iter(before)))
        assert {hop.window.samples.shape for hop in sent} == {(HOP_SAMPLES,)}
        assert {hop.window.stems.shape for hop in sent} == {(stems, HOP_SAMPLES)}
        assert all(hop.window.samples.base is None for hop in sent), "a view would bring the whole window along"
        again = list(joined(iter(sent)))  # all at once: what is kept of one hop stays as it was when the next comes
        for was, hop in zip(before, again, strict=True):
            np.testing.assert_array_equal(hop.window.samples, was.window.samples)
            np.testing.assert_array_equal(hop.window.stems, was.window.stems)
            assert hop.pulses == was.pulses
            assert (hop.window.t_s, hop.window.seq) == (was.window.t_s, was.window.seq)
