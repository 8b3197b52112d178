"""Beats and bars are found where a file's header does not say them, and left alone where it does."""

import numpy as np
import pytest

symusic = pytest.importorskip("symusic")

from tools.train.symbolic.beats import beats_of, fits, placeholder  # noqa: E402
from tools.train.symbolic.reading import read_score  # noqa: E402
from tools.train.symbolic.vocabulary import time_signature_code  # noqa: E402

QUARTER = 480


def played(bpm, *, header_bpm=120.0, bars=24, drift=0.0, signature=(4, 4), beats=4):
    """Chords that change with the bar, a bass on its first beat and quavers above, under a header of its own tempo."""
    rng, score = np.random.default_rng(3), symusic.Score(QUARTER)
    score.tempos.append(symusic.Tempo(0, header_bpm))
    score.time_signatures.append(symusic.TimeSignature(0, *signature))
    track = symusic.Track(program=0)
    at_s, beat_s = 0.37 if header_bpm != bpm else 0.0, 60.0 / bpm
    for bar in range(bars):
        root = (0, 5, 7, 9)[bar % 4]
        for beat in range(beats):
            for half in range(2):
                place_s = at_s + (beat + 0.5 * half) * beat_s + (rng.normal(0.0, 0.008) if header_bpm != bpm else 0.0)
                notes = (
                    [(60 + root + (0, 4, 7)[(2 * beat + half) % 3], 60 if half else 90)]
                    + [(36 + root, 100)] * (beat + half == 0)
                    + [(64 + root, 80)] * (not half)
                )
                for pitch, velocity in notes:
                    tick = round(place_s * header_bpm / 60.0 * QUARTER)
                    track.notes.append(symusic.Note(tick, QUARTER // 2, pitch, velocity))
        at_s += beats * beat_s
        beat_s *= 1.0 + drift
    score.tracks.append(track)
    return read_score(score, "played")


def beat_error_s(grid, first_s, beat_s, count):
    """The largest distance of a true beat to the nearest found one, and of a found one to a true one, in the middle."""
    true = first_s + beat_s * np.arange(count)
    found = grid.times[(grid.times > true[4]) & (grid.times < true[-4])]
    wrong, missed = np.abs(found[:, None] - true).min(axis=1), np.abs(true[8:-8, None] - found).min(axis=1)
    return float(max(wrong.max(), missed.max()))


@pytest.mark.parametrize("bpm", [72.0, 96.0, 110.0])
def test_o36_a_performance_under_a_nominal_tempo(bpm):
    score = played(bpm)
    assert not fits(score)
    grid = beats_of(score)
    assert beat_error_s(grid, 0.37, 60.0 / bpm, 96) < 0.05
    bar, position, _ = grid.bars(grid.at(score.seconds(score.onsets)))
    basses = score.pitches < 50
    assert (position[basses] <= 2).mean() + (position[basses] >= 62).mean() > 0.9, "bars begin where the bass strikes"
    assert len(np.unique(bar)) == pytest.approx(24, abs=2)


def test_o36_a_tempo_that_drifts_is_followed():
    assert beats_of(played(100.0, drift=0.004)) is not None


@pytest.mark.parametrize("beats", [3, 4])
def test_o36_bars_of_one_quarter_are_no_bars(beats):
    score = played(100.0, header_bpm=100.0, signature=(1, 4), beats=beats)
    assert fits(score)
    assert placeholder(score)
    grid = beats_of(score)
    assert set(grid.signatures.tolist()) == {time_signature_code(beats, 4)}
    bar, position, _ = grid.bars(grid.at(score.seconds(score.onsets)))
    assert set(position[score.pitches < 50].tolist()) == {0}
    assert len(np.unique(bar)) == 24


@pytest.mark.parametrize("signature", [(4, 4), (3, 4), (6, 8)])
def test_a_grid_that_fits_is_left_alone(signature):
    assert beats_of(played(100.0, header_bpm=100.0, signature=signature)) is None


def test_a_few_notes_have_no_beat():
    assert beats_of(played(93.0, bars=1)) is None
