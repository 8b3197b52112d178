"""Where the music turned: found where it is, not where it is not, and known soon after."""

import itertools

import numpy as np
import pytest

from controller.listening.decode.sections import SectionWatch


def song(rng, *lengths):
    """Sections of hops: each a direction of its own, the same direction again where a name comes back."""
    directions = {name: rng.normal(size=512) for name, _ in lengths}
    parts = [directions[name] + 0.6 * rng.normal(size=(hops, 512)) for name, hops in lengths]
    return np.concatenate(parts).astype(np.float32)


def turns(vectors):
    watch = SectionWatch()
    known = {}
    for hop, vector in enumerate(vectors):
        watch.add(vector, 0.1 * hop)
        for turn in watch.turns:
            known.setdefault(turn, 0.1 * hop)
    return known


def test_verse_and_chorus(rng):
    known = turns(song(rng, ("verse", 300), ("chorus", 250), ("verse", 300), ("bridge", 200)))
    assert np.allclose(sorted(known), [30.0, 55.0, 85.0], atol=0.6)
    assert max(when - turn for turn, when in known.items()) < 6.0


def test_a_song_that_never_turns_has_no_turn_that_stands_out(rng):
    """Noise alone has peaks, too: few, and never two within ten seconds."""
    known = sorted(turns(song(rng, ("drone", 3_000))))
    assert len(known) < 20
    assert all(later - earlier >= 10.0 for earlier, later in itertools.pairwise(known))


@pytest.mark.parametrize("vector", [np.zeros(512, np.float32), np.ones(512, np.float32)])
def test_silence_and_a_tone_are_no_turns(vector):
    assert turns(np.tile(vector, (600, 1))) == {}
