"""How loud it is against the loudest of the song: what a look breathes with."""

import numpy as np
import pytest

from controller.lighting.look.breath import ANOTHER_S, Breath, Swell

CYCLE_S = 0.025


def played(passages, swell=None):
    """The swell after each passage of (level in dBFS, seconds), and the highest within each."""
    swell = swell or Swell()
    found = []
    for level_db, lasts_s in passages:
        silent = level_db <= -90.0
        steps = [
            swell.step(level_db, (number + 1) * CYCLE_S if silent else 0.0, CYCLE_S)
            for number in range(round(lasts_s / CYCLE_S))
        ]
        assert all(0.0 <= one <= 1.0 for one in steps)
        found.append((steps[-1], max(steps)))
    return found


def test_a_chorus_is_brighter_than_the_verse_however_long_the_verse_lasts():
    (verse, _), (chorus, _), (again, _) = played([(-20.0, 30.0), (-13.0, 20.0), (-20.0, 60.0)])
    assert chorus > 0.95
    assert chorus - again > 0.4, "a minute of verse is not as loud as a chorus, as it was within half a minute"
    assert again < verse + 0.2


def test_nothing_opens_at_its_brightest():
    (_, opening), (loud, _) = played([(-18.0, 8.0), (-12.0, 10.0)])
    assert opening < 0.75
    assert loud > 0.95


def test_the_level_of_the_feed_does_not_matter():
    song = [(-20.0, 20.0), (-14.0, 20.0), (-26.0, 20.0)]
    loud, soft = played(song), played([(level_db - 25.0, lasts_s) for level_db, lasts_s in song])
    np.testing.assert_allclose(loud, soft, atol=0.02)


def test_the_next_song_is_measured_by_itself():
    swell = Swell()
    played([(-8.0, 60.0), (-120.0, ANOTHER_S + 1.0)], swell)
    ((ballad, _),) = played([(-28.0, 10.0)], swell)
    assert ballad > 0.3, "twenty decibels below the last song, and not dark"
    pause = Swell()
    played([(-8.0, 60.0), (-120.0, 1.0)], pause)
    assert played([(-28.0, 5.0)], pause)[0][0] < 0.1, "a second's rest is no new song"


def test_what_was_loudest_is_forgotten_slowly():
    swell = Swell()
    (first, _), (later, _), (latest, _) = played([(-10.0, 20.0), (-16.0, 5.0), (-16.0, 90.0)], swell)
    assert first > later
    assert latest > later + 0.3


@pytest.mark.parametrize("level_db", [-120.0, -400.0, 0.0, 6.0])
def test_any_level_is_within_its_bounds(level_db, rng):
    swell = Swell()
    for _ in range(200):
        silent_s = float(rng.choice([0.0, 0.1, 9.0]))
        assert 0.0 <= swell.step(level_db + float(rng.normal()), silent_s, CYCLE_S) <= 1.0
    assert np.isfinite(swell.step(-20.0, 0.0, CYCLE_S))


def breathing(loudness, beat_of=lambda _: None, seconds=8.0):
    """What it is in each cycle."""
    breath = Breath()
    return np.array([breath.step(loudness(n * CYCLE_S), CYCLE_S, beat_of(n * CYCLE_S))
                     for n in range(round(seconds / CYCLE_S))])  # fmt: skip


def test_a_breath_moves_on_the_beat_where_beats_are_heard():
    rising = breathing(lambda t_s: t_s / 8.0, lambda t_s: int(t_s / 0.5))
    moved = np.flatnonzero(np.abs(np.diff(rising)) > 1e-9) + 1
    since_beat_s = moved * CYCLE_S % 0.5
    assert since_beat_s.max() <= 0.1, "it moves within a tenth of a second of a beat, and rests until the next"
    assert rising[-1] > 0.7


def test_without_beats_it_moves_slowly_all_the_time():
    rising = breathing(lambda t_s: float(t_s > 1.0))
    assert np.diff(rising).max() <= 0.7 * CYCLE_S + 1e-9
    assert rising[-1] == pytest.approx(1.0)
    assert (breathing(lambda t_s: 0.5 + 0.04 * np.sin(20.0 * t_s)) == 0.5).all(), "the grain of the music is no breath"
    assert breathing(lambda _: 0.0)[-1] == 0.0


def test_a_beat_that_is_lost_is_not_waited_for():
    rising = breathing(lambda _: 1.0, lambda t_s: 3 if t_s < 1.0 else None)
    assert rising[-1] == pytest.approx(1.0)
