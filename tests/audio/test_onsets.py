"""The fast path: onsets where sound begins, whatever the block size, and nothing where nothing begins."""

import numpy as np
import pytest

from controller.listening.audio.onsets import Onsets
from controller.messages import AudioBlock

RATE = 48_000


def hear(sound, block=240, **options):
    onsets = Onsets(-60.0, stems=sound.shape[1] - 1, **options)
    pulses = []
    for number, start in enumerate(range(0, len(sound), block)):
        part = sound[start : start + block]
        pulses += list(onsets.feed(AudioBlock((start + len(part)) / RATE, number, part)))
    return pulses


def bursts(times_s, seconds, level=0.5):
    noise = np.random.default_rng(3)
    sound = np.zeros((int(seconds * RATE), 1), np.float32)
    for at_s in times_s:
        start = round(at_s * RATE)
        sound[start : start + 2400, 0] = noise.uniform(-level, level, 2400)
    return sound


@pytest.mark.parametrize("block", [64, 240, 1000, 4800])
def test_block_size_changes_nothing(block):
    sound = bursts([0.5, 1.2, 1.9], 2.5)
    alike, other = hear(sound), hear(sound, block)
    assert len(alike) == len(other)
    for one, two in zip(alike, other, strict=True):
        assert abs(one.t_s - two.t_s) < 1e-9
        assert abs(one.onset_t_s - two.onset_t_s) < 1e-9 or one.onset_t_s == two.onset_t_s
        assert (one.onsets, one.onset_strength, one.level_db) == (two.onsets, two.onset_strength, two.level_db)


def test_each_burst_is_heard_once_and_within_ten_milliseconds():
    times_s = [0.503, 1.211, 1.902, 2.7]
    heard = sorted({pulse.onset_t_s for pulse in hear(bursts(times_s, 3.2)) if pulse.onsets})
    assert len(heard) == len(times_s)
    assert all(0 <= found - true <= 0.010 for found, true in zip(heard, times_s, strict=True))


def test_a_steady_tone_has_no_onset_after_its_beginning():
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE).astype(np.float32)[:, None]
    pulses = hear(tone)
    assert {round(pulse.onset_t_s, 1) for pulse in pulses if pulse.onsets} <= {0.0}
    assert pulses[-1].onsets <= 1


def test_silence_is_counted_and_ends_with_sound():
    sound = np.concatenate([np.zeros((2 * RATE, 1), np.float32), bursts([0.0], 0.05)])
    pulses = hear(sound)
    assert abs(max(pulse.silent_s for pulse in pulses) - 2.0) < 0.02
    assert pulses[-1].silent_s == 0.0
    assert all(np.isfinite([pulse.level_db, pulse.loudness, pulse.onset_strength]).all() for pulse in pulses)


def test_onsets_come_from_the_chosen_stem_and_levels_from_all():
    mix, drums = np.zeros((RATE, 1), np.float32), bursts([0.5], 1.0)
    pulses = hear(np.concatenate([mix, drums], axis=1), accent_column=1)
    assert pulses[-1].level_db < -100
    assert max(pulse.stem_levels_db[0] for pulse in pulses) > -20


def test_loudness_stays_within_its_range(rng):
    sound = (rng.normal(size=(4 * RATE, 1)) * np.linspace(0, 2, 4 * RATE)[:, None]).astype(np.float32)
    assert all(0.0 <= pulse.loudness <= 1.0 for pulse in hear(sound))
