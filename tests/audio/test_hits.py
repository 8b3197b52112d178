"""Onsets land in the hop that can first hear them."""

import pytest

from controller.listening.audio.hits import Hits
from controller.messages import Pulse


def at(onset_t_s, strength):
    return Pulse(onset_t_s, 0, -20.0, 0.5, 0.0, 1, onset_t_s, strength, ())


@pytest.mark.parametrize(("onset_t_s", "hop"), [(0.0, 0), (0.069, 0), (0.071, 1), (0.169, 1), (0.171, 2)])
def test_an_onset_belongs_to_the_first_hop_that_ends_30_ms_later(onset_t_s, hop):
    hits = Hits()
    hits.hear(at(onset_t_s, 0.8))
    assert [hits.take(0.1 * (k + 1)) for k in range(3)] == [0.8 if k == hop else 0.0 for k in range(3)]


def test_the_strongest_counts_and_one_that_grows_counts_whole():
    hits = Hits()
    for onset_t_s, strength in ((0.01, 0.5), (0.04, 0.3), (0.04, 0.9), (0.04, 0.4), (0.06, 0.2)):
        hits.hear(at(onset_t_s, strength))
    assert hits.take(0.1) == 0.9
    assert hits.take(0.2) == 0.0


def test_no_onset_yet_is_no_hit():
    hits = Hits()
    hits.hear(at(float("-inf"), 0.0))
    assert hits.take(0.1) == 0.0
