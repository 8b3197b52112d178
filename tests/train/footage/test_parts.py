"""The pure parts: bars, hue votes, cuts, offset, and the sound's grid."""

import numpy as np
import pytest

pytest.importorskip("scipy")

from tools.train.footage import judging, light, shots
from tools.train.footage.area import picture_area
from tools.train.footage.hearing import BLOCK_SAMPLES, NOVELTY_LEAD_S, Listener, loudness
from tools.train.footage.offset import LAMP_LATE_S, find_offset, light_changes


def stage(rng, n=1, colour=(0, 80, 255), level=1.0):
    """(n, 36, 64, 3) pictures of a textured wall in one colour."""
    texture = rng.uniform(0.3, 1.0, (36, 64))
    picture = texture[None, :, :, None] * np.array(colour) * level
    return np.clip(picture + rng.normal(0, 2, (n, 36, 64, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (5, 0), (0, 8)])
def test_bars_are_found_and_darkness_is_none(rng, top, left):
    pictures = list(stage(rng, 6))
    for picture in pictures:
        picture[:top], picture[36 - top :] = 0, 0
        picture[:, :left], picture[:, 64 - left :] = 0, 0
    found = picture_area(pictures)
    assert found == (top + bool(top), 36 - top - bool(top), left + bool(left), 64 - left - bool(left))
    assert picture_area([np.zeros((36, 64, 3), np.uint8)]) == (0, 36, 0, 64)


def test_hue_is_that_of_most_light_and_blown_out_lamps_have_no_say(rng):
    pictures = stage(rng, 3, (0, 80, 255), 0.8)
    pictures[:, :6, :20] = (255, 250, 252)
    pictures[:, 20:24, :10] = (200, 30, 20)
    votes = light.votes(pictures, light.remaining(pictures, np.zeros((36, 64, 3), np.float32), np.ones(3, np.float32)))
    hue, share, _ = light.winner(votes.histogram.sum(axis=1))
    np.testing.assert_allclose(hue, 110, atol=2)
    assert (share > 0.7).all()


def test_red_is_one_hue_on_both_sides_of_zero(rng):
    histogram = np.zeros((1, 180), np.float32)
    histogram[0, [178, 179, 0, 1]] = 1.0
    hue, share, _ = light.winner(histogram)
    assert min(hue[0], 180 - hue[0]) < 1.0
    assert share[0] == pytest.approx(1.0)


def test_histograms_count_every_pixel_once(rng):
    counts = light.counts(stage(rng, 4))
    assert (counts["hue_histogram"][:, 0].sum(axis=1) == 36 * 64).all()
    assert (counts["value_histogram"].sum(axis=1) == 36 * 64).all()
    assert (np.diff(counts["hue_histogram"].sum(axis=2).astype(int), axis=1) <= 0).all()
    assert (counts["zone_hue_histogram"].sum(axis=(1, 3)) == counts["hue_histogram"].sum(axis=2)).all()


def test_a_cut_is_found_and_a_change_of_light_is_none(rng):
    one, other = rng.uniform(0.2, 1.0, (2, 36, 64, 1))
    red, blue = np.array([230, 20, 10]), np.array([20, 60, 240])
    frames = (
        [one * red] * 30
        + [one * blue * 0.5] * 30
        + [one * np.array([4, 4, 4])] * 3
        + [one * red] * 30
        + [other * red] * 40
    )
    pictures = (np.stack(frames) + rng.normal(0, 1.5, (len(frames), 36, 64, 3))).clip(0, 255).astype(np.uint8)
    np.testing.assert_array_equal(shots.find_cuts(shots.cut_scores(pictures)), [93])


@pytest.mark.parametrize("late_s", [-0.37, 0.0, 0.123, 0.6])
def test_offset_from_hits_and_light(rng, late_s):
    hits_s = np.cumsum(rng.uniform(0.3, 0.9, 150))
    n = int(hits_s[-1] * 100) + 200
    heard = np.abs(rng.normal(0, 0.05, n))
    heard[np.round((hits_s + late_s).clip(0) * 100).astype(int)] += 1.0
    t_s = np.arange(0, n / 100, 0.04)
    level = np.zeros(len(t_s))
    for hit_s in hits_s:
        level = np.maximum(level, np.where(t_s >= hit_s, np.exp(-(t_s - hit_s) / 0.2), 0))
    changes = light_changes(t_s, np.repeat(level[:, None], 3, axis=1), n, 0.0)
    found = find_offset(changes, heard, np.ones(n, bool))
    assert found.offset_s == pytest.approx(late_s + LAMP_LATE_S, abs=0.02)
    assert found.confidence > 0.5


def test_offset_of_unrelated_light_is_not_believed(rng):
    changes, heard = ((rng.random(6000) < 0.02) * 1.0 for _ in range(2))
    found = find_offset(changes, heard, np.ones(6000, bool))
    assert found.confidence < 0.35
    assert found.correction_s == 0.0
    assert find_offset(np.zeros(6000), heard, np.ones(6000, bool)).windows == 0


def test_novelty_marks_the_moment_of_a_click(rng):
    samples = 1e-3 * rng.standard_normal(48_000 * 12).astype(np.float32)
    clicks_s = np.arange(1.0, 11.0, 0.737)
    for at_s in clicks_s:
        first = int(at_s * 48_000)
        samples[first : first + 3_000] += (0.3 * rng.standard_normal(3_000) * np.exp(-np.arange(3_000) / 800)).astype(
            np.float32
        )
    novelty = Listener({}).hear(samples).novelty
    starts = (clicks_s * 100).astype(int) - 8
    tops = np.array([first + np.argmax(novelty[first : first + 20]) for first in starts])
    errors = tops / 100 + NOVELTY_LEAD_S - clicks_s
    assert abs(np.median(errors)) < 0.006


def test_embeddings_are_those_of_the_live_path(rng, root):
    from controller.listening.audio.windows import Windows
    from controller.listening.embed.embedder import Embedder
    from controller.messages import AudioBlock
    from tools.train.footage.hearing import Network

    samples = (0.2 * rng.standard_normal(48_000 * 3)).astype(np.float32)
    listener = Listener({"embedding": Network(root / "models/embedder-small")})
    parts = [listener.hear(part).embeddings["embedding"] for part in np.split(samples, 3)]
    live = Embedder(root / "models/embedder-small")
    windows = Windows().feed(AudioBlock(3.0, 0, samples[:, None]))
    expected = np.stack([live.embed(window).vector for window in windows])
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=2e-3)
    assert BLOCK_SAMPLES % 4_800 == 0


def test_loudness_is_the_scale_that_songs_were_prepared_with(rng):
    analysis = pytest.importorskip("tools.train.designer.analysis")
    samples = (rng.standard_normal(48_000 * 8) * np.repeat(rng.uniform(0.01, 0.5, 8), 48_000)).astype(np.float32)
    level_db = Listener({}).hear(samples).level_db
    np.testing.assert_allclose(loudness(level_db), analysis.hop_loudness(samples), atol=1e-3)


def test_dropped_segments_name_their_reason():
    left = {"house": np.array([1, 1, 0, 0, 1], np.float32), "cut": np.array([0, 1, 1, 1, 1], np.float32)}
    found = judging.dropped(left)
    assert [(one["start_s"], one["end_s"], one["kind"]) for one in found] == [(0.0, 0.1, "cut"), (0.2, 0.4, "house")]


def beaten(rng, seconds, late_s):
    """Curves at 100 Hz of music with a beat of 0.4 s and of light that answers a third of the beats, somewhat later."""
    heard, changes = 0.1 * rng.random(seconds * 100), np.zeros(seconds * 100)
    for beat in np.arange(20, seconds * 100 - 120, 40):
        heard[beat] += rng.uniform(0.8, 1.0)
        if rng.random() < 0.33:
            changes[beat + round(late_s * 100)] += 1.0
    return changes, heard


@pytest.mark.parametrize("seconds", [15, 20, 30, 45, 60])
def test_o2_a_short_film_stays_where_it_is(rng, seconds):
    for _ in range(12):
        changes, heard = beaten(rng, seconds, 0.04)
        found = find_offset(changes, heard, np.ones(len(heard), bool))
        assert found.correction_s == 0.0


def test_o2_three_half_minutes_that_agree_are_believed(rng):
    n = 18_000
    hits = np.sort(rng.choice(n - 400, 300, replace=False)) + 200
    changes, heard = np.zeros(n), 0.05 * rng.random(n)
    changes[hits] = 1.0
    heard[hits + 12] += 1.0  # the sound comes later
    found = find_offset(changes, heard, np.ones(n, bool))
    assert found.correction_s == pytest.approx(0.12 + LAMP_LATE_S, abs=0.03)
