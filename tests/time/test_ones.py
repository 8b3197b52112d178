"""A one is told by what networks say, by its cymbal, by what is new in harmony and sound; a snare speaks against it."""

import numpy as np

from controller.listening.time.beats import BeatWatch
from controller.listening.time.drums import DrumHit
from controller.listening.time.front import BANDS, FRAME_S
from controller.listening.time.harmony import CHORDS
from controller.listening.time.ones import MOST, TRAITS, OneSense, evidence

UNSURE = np.array([0.2, 0.2, 0.5], np.float32)
STILL = np.full(3, np.nan, np.float32)


def bands(chord):
    """A sound in which one pitch class stands out."""
    return 0.3 + 0.5 * (CHORDS[:, chord % 12] > 0)


def hit(drum, t_s=0.0):
    return [DrumHit(t_s, t_s + 0.1, drum, 0.8)]


def heard(beats, *, said=UNSURE, drums=lambda number: (), chords=lambda bar: 0):
    """Evidence of each beat of bars of four, the first two bars left out."""
    sense = OneSense()
    found = [evidence(sense.traits(said, drums(n % 4), bands(chords(n // 4)))) for n in range(beats)]
    return np.array(found[8:]).reshape(-1, 4)


def test_a_new_chord_opens_a_bar():
    found = heard(40, chords=lambda bar: 5 * bar)
    assert (found[:, 0] > found[:, 1:].max(axis=1) + 0.5).all()


def test_a_cymbal_speaks_for_a_one_and_a_snare_against_it():
    crash = heard(40, drums=lambda number: hit("cymbal") if number == 0 else ())
    snare = heard(40, drums=lambda number: hit("snare") if number % 2 else ())
    assert (crash[:, 0] > crash[:, 1:].max(axis=1) + 0.5).all()
    assert (snare[:, [0, 2]].min(axis=1) > snare[:, [1, 3]].max(axis=1) + 0.3).all()


def test_networks_are_believed_but_never_without_measure():
    sure = heard(12, said=np.array([0.01, 0.98, 0.99], np.float32))
    against = heard(12, said=np.array([0.98, 0.01, 0.01], np.float32))
    assert (sure > 1.0).all()
    assert (against < -1.0).all()
    assert max(np.abs(sure).max(), np.abs(against).max()) <= MOST


def test_what_is_still_says_nothing_and_one_network_is_enough():
    sense = OneSense()
    assert sense.traits(STILL, [], bands(0)) is None
    assert evidence(None) == 0.0
    alone = sense.traits(np.array([0.05, 0.9, np.nan], np.float32), [], bands(0))
    assert alone is not None
    assert alone[TRAITS.index("own")] == 0.0
    assert evidence(alone) > 0.0


def test_a_sound_that_never_changes_is_never_unusual():
    sense = OneSense()
    traits = [sense.traits(UNSURE, [], bands(3)) for _ in range(30)]
    assert len(bands(3)) == BANDS
    assert all(np.abs(one[2:]).max() < 1e-6 for one in traits)


def test_what_is_heard_near_a_beat_and_until_the_next_is_weighed_with_it():
    watch, found = BeatWatch(), {}
    for frame in range(1_500):
        t_s = frame * FRAME_S
        near, number = abs((t_s + 0.25) % 0.5 - 0.25) < FRAME_S / 2, round(t_s / 0.5)
        one = near and number % 4 == 0
        said = np.array([0.1, 0.9, 0.95] if one else [0.5, 0.1, 0.05] if near else [0.02] * 3, np.float32)
        watch.sounds(bands(5 * int((t_s + 0.01) / 2.0)), hit("cymbal", t_s) if one else [], t_s)
        watch.hear(0.9 if near else 0.02, said, float(near), t_s, t_s)
        if watch.weighed is not None:
            found[watch.weighed[0]] = watch.weighed[1]
    traits = np.array([one for t_s, one in found.items() if t_s > 15.0])
    ones = np.array([round(t_s / 0.5) % 4 == 0 for t_s in found if t_s > 15.0])
    assert ones.sum() >= 6
    for name in ("beatnet", "own", "cymbal", "harmony", "sound"):
        trait = traits[:, TRAITS.index(name)]
        assert trait[ones].min() > trait[~ones].max() + 0.5, name
