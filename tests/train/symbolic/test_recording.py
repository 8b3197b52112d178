"""One recording under two names is found on whatever grid it was written, also inside a longer one; a piece played by
two people is not one recording."""

import numpy as np
import pytest

from tools.train.symbolic.recording import same_recordings, strokes

pytest.importorskip("symusic")


def played(rng, notes=600):
    """Onsets in ticks, pitches and velocities of a performance."""
    return np.cumsum(rng.integers(0, 90, notes)), rng.integers(36, 90, notes), rng.integers(20, 110, notes)


def test_o32_one_recording_on_two_grids(rng):
    onsets, pitches, velocities = played(rng)
    other = np.rint(onsets * 384 / 480.0).astype(np.int64)  # another resolution: chords may change their order
    assert same_recordings([strokes(onsets, pitches, velocities), strokes(other, pitches, velocities)]) == [(0, 1)]


def test_o32_a_movement_inside_a_longer_recording(rng):
    whole = played(rng, 3_000)
    part = [column[1_200:1_700] for column in whole]
    others = [strokes(*played(rng)) for _ in range(5)]
    assert same_recordings([strokes(*whole), *others, strokes(*part)]) == [(0, 6)]


def test_two_performances_of_one_piece_are_two_recordings(rng):
    onsets, pitches, velocities = played(rng)
    again = np.clip(velocities + rng.integers(-12, 13, len(velocities)), 1, 127)
    assert same_recordings([strokes(onsets, pitches, velocities), strokes(onsets + 3, pitches, again)]) == []


def test_what_nobody_played_is_no_recording(rng):
    onsets, pitches, _ = played(rng)
    assert len(strokes(onsets, pitches, np.full(len(onsets), 100))) == 0
    assert len(strokes(*(column[:3] for column in played(rng)))) == 0
