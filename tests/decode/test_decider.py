"""Windows to tokens with the bundled models: deterministic under a seed, and never nonsense."""

from itertools import pairwise

import numpy as np
import pytest

from controller.clock import ManualClock
from controller.config import with_overrides
from controller.listening.decider import Decider
from controller.listening.decode.vocabulary import hue_distance
from controller.messages import Window


def windows(count, rng, fill=None):
    for hop in range(count):
        samples = rng.normal(0, 0.1, 48_000).astype(np.float32) if fill is None else np.full(48_000, fill, np.float32)
        yield Window(hop * 0.1, hop, samples, np.zeros((0, 48_000), np.float32))


def tokens(config, seed, count=25, fill=None):
    decider = Decider(with_overrides(config, seed=seed), ManualClock())
    return [decider.step(window) for window in windows(count, np.random.default_rng(4), fill)]


def test_the_same_seed_gives_the_same_light_and_another_seed_another(config):
    first, again, other = tokens(config, 3), tokens(config, 3), tokens(config, 4)
    assert first == again
    assert [(one.hue, one.value) for one in first] != [(one.hue, one.value) for one in other]


def test_tokens_stay_in_reach_of_each_other(config):
    found = tokens(config, 1)
    for one, other in pairwise(found):
        assert hue_distance(one.hue, other.hue) <= config.model.hue.reach
        assert abs(one.value - other.value) <= config.model.value.reach


def test_the_first_token_is_in_reach_of_the_palette(config):
    narrow = with_overrides(config, palette=["#00ff00"], model={"hue": {"reach": 3}})
    assert hue_distance(tokens(narrow, 1, count=1)[0].hue, 60) <= 3


@pytest.mark.parametrize("fill", [0.0, np.nan, 8.0])
def test_silence_nan_and_overload_give_legal_tokens(config, fill):
    for token in tokens(config, 1, count=6, fill=fill):
        assert 0 <= token.hue < 180
        assert 0 <= token.value < 256
        assert 0 < token.hue_p <= 1
