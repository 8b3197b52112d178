"""What the look asks for is harmless by itself: hits of the model and accents are no more than three a second."""

import numpy as np
import pytest

from controller.config import LookConfig
from controller.lighting.look.fade import Fade
from controller.lighting.look.rises import Rises
from tests.limiter.eye import Counter
from tests.look.test_look import TICK_S, target

SECONDS = 40


@pytest.mark.parametrize("seed", range(6))
def test_hits_of_the_model_and_accents_in_turns_are_no_more_than_three_flashes_a_second(patch, seed):
    """Tokens between dark and bright as often as they come, accents as often as they may: what makes a lamp flicker."""
    rng, config = np.random.default_rng(seed), LookConfig()
    fade, counter = Fade(patch.rig, config), Counter(patch.heads)
    level, lit_s, next_s, seen = 0.2, -np.inf, 0.0, []
    for tick in range(int(SECONDS / TICK_S)):
        now_s = tick * TICK_S
        if tick % 4 == 0:
            level = rng.choice([0.15, 0.4, 0.9])
        if now_s >= next_s:
            lit_s, next_s = now_s, now_s + config.accent_gap_s + rng.choice([0.0, 0.1, 0.5])
        flash = 0.6 * np.exp((lit_s - now_s) / config.accent_release_s)
        seen.append(fade.step(target(patch.rig, intensity=level, flash=flash), now_s).intensity)
    counter.add(np.array(seen), np.arange(len(seen)) * TICK_S)
    assert int(counter.flashes) <= 3  # pairs; the half of a fourth is none
    assert counter.changes > 2 * SECONDS * patch.heads  # and still no dull light: more than a rise and a fall a second


def wait(hits, way, flash=0.0, now_s=0.0):
    return bool(hits.wait(np.full(1, way, np.float32), np.full(1, flash, np.float32), now_s)[0])


def test_a_rise_goes_with_an_accent_or_a_gap_away_from_it():
    hits = Rises(1, 0.36)
    assert not wait(hits, -0.1, 0.6, 1.0)  # an accent alone
    assert wait(hits, 0.3, 0.4, 1.15)
    assert not wait(hits, 0.05, 0.3, 1.2)  # so little is no hit
    assert not wait(hits, 0.3, 0.2, 1.375)
    assert not wait(hits, 0.3, 0.1, 1.5)  # it goes on
    assert wait(hits, -0.3, 0.0, 1.6)  # and stays: an accent on top would be no second rise
    assert not wait(hits, -0.3, 0.0, 1.9)
    assert not wait(hits, 0.3, 0.6, 1.95)  # with the next accent


def test_a_long_rise_is_one_and_does_not_halt():
    hits = Rises(1, 0.36)
    assert not any(wait(hits, 0.9 - 0.02 * tick, 0.0, tick * TICK_S) for tick in range(40))
