"""Films of known offset, cut to many lengths: what is known stays known, and what would be moved wrongly is counted."""

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("scipy")

from tools.train.venue.offsets import Case, Seen, cases, judged, least_share, read_cases, seen, table, write_cases
from tools.train.venue.programme import plan
from tools.train.venue.songs import made_up


def played(rng, offset_s, seconds=240.0):
    """Hits at an uneven pace, light that answers each at once, and the sound so much later."""
    hits_s = np.cumsum(rng.uniform(0.3, 0.9, int(seconds)))
    novelty = np.abs(rng.normal(0, 0.05, int(seconds * 100)))
    at = np.round((hits_s + offset_s) * 100).astype(int)
    novelty[at[(at >= 0) & (at < len(novelty))]] += 1.0
    t_s = np.arange(0, seconds, 0.04)
    since = t_s - hits_s[np.clip(np.searchsorted(hits_s, t_s, side="right") - 1, 0, None)]
    level = np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.2), 0)
    rgb = np.repeat(level[:, None], 3, axis=1).astype(np.float32)
    return Seen(t_s, rgb, novelty.astype(np.float32), (50.0,), offset_s, float(t_s[-1]))


def test_a_piece_has_the_offset_that_it_was_cut_to(rng):
    film = played(rng, -0.2)
    for wanted_s in (-0.37, 0.0, 0.25):
        known_s, moved_s, confidence = judged(film, 20.0, 180, wanted_s)
        assert known_s == pytest.approx(wanted_s, abs=0.006)
        assert moved_s == pytest.approx(known_s, abs=0.04)
        assert confidence >= 0.35


def test_every_length_that_fits_is_cut_and_short_ones_are_left(rng):
    found = list(cases(played(rng, 0.3), rng, 7, (20, 100, 180, 400)))
    assert {length: sum(one.length_s == length for one in found) for length in (20, 100, 180, 400)} == {
        20: 11, 100: 2, 180: 1, 400: 0}  # fmt: skip
    assert all(one.moved_s == 0.0 for one in found if one.length_s == 20)
    assert all(one.right for one in found if one.moved_s != 0.0)
    assert {one.seed for one in found} == {7}


def test_a_drawn_film_is_seen_and_heard_small():
    film = seen(plan([made_up(12.0, 2)], 5), fps=10)
    assert film.rgb.shape == (len(film.frames_s), 3)
    assert len(film.novelty) == pytest.approx(100 * film.duration_s, abs=20)
    assert film.rgb.std() > 0.005
    assert film.novelty.std() > 0.01


def test_the_table_counts_what_was_moved_wrongly(tmp_path):
    found = [Case(1, 90, 0.1, 0.12, 0.5)] * 3 + [Case(2, 90, 0.1, -0.3, 0.4), Case(2, 20, 0.1, 0.0, 0.2)]
    rows = table(found).splitlines()
    assert rows[2] == "| 20 s | 1 | 0 | | | |"
    assert rows[3].startswith("| 90 s | 4 | 4 | 3 | 400 ms | 24.9% |")
    assert rows[4].startswith("| all | 5 | 4 | 3 |")
    write_cases(tmp_path / "cases.json", found)
    assert read_cases(tmp_path / "cases.json") == found
    assert read_cases(None) == []


def test_so_many_right_ones_make_ninety_nine_of_a_hundred_likely():
    assert least_share(298, 298) < 0.99 < least_share(299, 299)
    assert least_share(0, 3) == 0.0
