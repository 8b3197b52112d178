"""What is hidden, spoilt and asked for: shares, levels, padding, order, and the masker's targets."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.symbolic import noise  # noqa: E402
from tools.train.symbolic.adversary import balanced, choose, freeze, masker_loss  # noqa: E402
from tools.train.symbolic.masking import of_bars, of_notes, real  # noqa: E402
from tools.train.symbolic.vocabulary import BAR, MASK, PAD, SIZES, VALUES  # noqa: E402


def test_plain_masking_hides_15_percent_of_whole_notes(rng, melody):
    notes = np.tile(melody(16, 60, 1).astype(np.int64), (200, 1, 1))
    notes[:, 50:] = PAD
    hidden = of_notes(notes, rng)
    assert not hidden.asked[:, 50:].any()
    assert np.array_equal(hidden.notes[:, 50:], notes[:, 50:])
    assert (hidden.asked.all(axis=-1) == hidden.asked.any(axis=-1)).all()
    assert (hidden.asked[..., 0].sum(axis=1) == 8).all()  # 15 % of 50, rounded
    chosen = hidden.notes[hidden.asked[..., 0]]
    masked = (chosen == MASK).all(axis=-1).mean()
    kept = (chosen == notes[hidden.asked[..., 0]]).all(axis=-1).mean()
    assert masked == pytest.approx(0.8, abs=0.03)
    assert kept == pytest.approx(0.1, abs=0.03)
    assert np.array_equal(hidden.notes[~hidden.asked], notes[~hidden.asked])


def test_bar_masking_hides_all_of_a_bars_attribute_or_nothing(rng, melody):
    notes = np.tile(melody(16, 60, 1).astype(np.int64), (50, 1, 1))
    hidden = of_bars(notes, rng)
    by_bar = hidden.asked.reshape(50, 16, 4, 8)
    assert (by_bar.all(axis=2) == by_bar.any(axis=2)).all()
    assert by_bar[:, :, 0].mean() == pytest.approx(0.15, abs=0.02)
    assert not by_bar.all(axis=-1).all()


def test_what_is_unknown_is_not_asked_for(rng, melody):
    notes = np.tile(melody(16, 60, 1).astype(np.int64), (20, 1, 1))
    notes[..., 5] = MASK[5]
    for hide in (of_notes, of_bars, noise.spoil):
        asked = hide(notes, rng).asked
        assert not asked[..., 5].any()
        assert asked[..., 3].any()


@pytest.mark.parametrize("kind", noise.KINDS)
@pytest.mark.parametrize(("scale", "part"), noise.LEVELS)
def test_noise_asks_for_all_that_it_changed(kind, scale, part, rng, melody):
    notes = melody(12, 60, 1).astype(np.int64)
    notes[:, 3:6] = rng.integers(10, 30, (48, 3))
    moved = 0
    for _ in range(30):
        spoilt, asked = noise.NOISES[kind](notes, scale, part, rng)
        assert spoilt.shape == notes.shape
        if kind in ("deletion", "masking", "infilling"):  # an order may come out as it was
            assert asked.any()
        assert not ((spoilt != notes) & ~asked).any()
        assert (spoilt >= 0).all()
        assert (spoilt < np.array(SIZES)).all()
        moved += int((spoilt != notes).any())
    assert moved > 14  # two objects stay where they are half of the time


def test_scales_are_notes_bars_and_groups_of_bars(rng, melody):
    notes = melody(12, 60, 1).astype(np.int64)
    assert np.array_equal(noise.objects(notes, "note", rng), np.arange(48))
    assert np.array_equal(noise.objects(notes, "bar", rng), np.repeat(np.arange(12), 4))
    for _ in range(20):
        groups = noise.objects(notes, "bars", rng)
        assert 2 <= groups[-1] + 1 <= 6
        assert (np.diff(groups.reshape(12, 4), axis=1) == 0).all()
    assert np.array_equal(noise.objects(notes[:4], "bars", rng), np.arange(4))  # one bar: single notes


def test_deletion_closes_up(rng, melody):
    notes = melody(12, 60, 1).astype(np.int64)
    spoilt, asked = noise.deletion(notes, "bar", "octuple", rng)
    left = real(spoilt).sum()
    assert left == 40  # 15 % of twelve bars, rounded: two
    assert real(spoilt)[:left].all()
    gap = int(asked[:, 0].argmax())
    assert gap % 4 == 0
    assert np.array_equal(spoilt[:gap], notes[:gap])
    assert asked[gap:].all()


def test_infilling_leaves_one_mask_a_span(rng, melody):
    notes = melody(12, 60, 1).astype(np.int64)
    closed = 0
    for _ in range(20):
        spoilt, asked = noise.infilling(notes, "note", "octuple", rng)
        masks = (spoilt == MASK).all(axis=-1)
        assert masks.any()
        assert not (masks[1:] & masks[:-1]).any()  # spans that touch are one span, and one mask
        assert np.array_equal(asked[:, 0], np.arange(48) >= masks.argmax())
        kept = spoilt[real(spoilt) & ~masks]
        inside = iter(notes.tolist())
        assert all(one in inside for one in kept.tolist())  # what is left is as it was, in its order
        hidden = 48 - len(kept)
        assert masks.sum() <= hidden
        closed += hidden - int(masks.sum())
    assert closed > 20  # spans of three: most hide more notes than they leave masks


def test_permutation_and_rotation_keep_every_value(rng, melody):
    notes = melody(12, 60, 1).astype(np.int64)
    for kind in ("permutation", "rotation"):
        for scale, part in noise.LEVELS:
            spoilt, _ = noise.NOISES[kind](notes, scale, part, rng)
            for column in range(8):
                assert np.array_equal(np.sort(spoilt[:, column]), np.sort(notes[:, column]))
    bars = noise.permutation(notes, "bar", "octuple", rng)[0][:, BAR].reshape(12, 4)
    assert (bars == bars[:, :1]).all()


def test_noise_follows_from_the_generator(music):
    one, other = (noise.spoil(music, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.notes, other.notes)
    assert not np.array_equal(one.notes, noise.spoil(music, np.random.default_rng(4)).notes)
    assert not one.asked[3, 30:].any()
    assert np.array_equal(one.notes[3, 30:], music[3, 30:])


def test_losses_are_weighted_in_token_order():
    """The released code gives pitch 262, velocity 135 and instrument 262 of 1280 (D8.1 of our design notes)."""
    wanted = np.array([262, 134, 135, 262, 134, 38, 260, 55]) / 1280
    np.testing.assert_allclose(noise.WEIGHTS, wanted)


def test_the_masker_hides_what_it_scores_highest(music, rng):
    scores = np.tile(np.linspace(0.0, 1.0, 48, dtype=np.float32), (4, 1))
    book = real(music)
    book[0, 40:] = False
    chosen = choose(music, scores, book, rng)
    asked = chosen.hidden.asked[..., 0]
    assert asked[0, :40].any()
    assert not asked[0, 40:].any()  # frozen
    assert not asked[3, 30:].any()  # padding
    for row in range(4):
        hidden = np.flatnonzero(asked[row])
        opened = np.flatnonzero(book[row])
        assert np.array_equal(hidden, opened[-len(hidden) :])
        assert 1 <= len(hidden) <= 0.15 * 48
    assert not (chosen.spoilt & ~asked).any()


def test_every_sequence_gets_the_same_targets():
    """In the released code every second sequence gets them inverted, and is rewarded for the opposite."""
    spoilt = torch.ones(4, 10, dtype=torch.bool)
    hardness = torch.arange(10.0).expand(4, 10)
    right = torch.zeros(4, 10)
    right[:, 7:] = 1.0
    assert float(masker_loss(right, hardness, spoilt)) == 0.0
    for row in range(4):
        wrong = right.clone()
        wrong[row] = 1.0 - wrong[row]
        assert float(masker_loss(wrong, hardness, spoilt)) == pytest.approx(2.0 / 4)


def test_notes_that_still_say_the_truth_teach_the_masker_nothing():
    spoilt = torch.zeros(1, 10, dtype=torch.bool)
    spoilt[:, :4] = True
    hardness = torch.tensor([[0.0, 1, 2, 3, 100, 100, 100, -100, -100, -100]])
    scores = torch.full((1, 10), 0.5)
    scores[0, 3], scores[0, 0] = 1.0, 0.0
    assert float(masker_loss(scores, hardness, spoilt)) == 0.0


def test_freezing_closes_the_hardest_and_opens_a_few(rng):
    real_notes = np.ones((400, 50), bool)
    real_notes[:, 40:] = False
    scores = np.tile(np.linspace(0, 1, 50, dtype=np.float32), (400, 1))
    book = freeze(scores, real_notes.copy(), real_notes, rng)
    assert not book[:, 40:].any()
    assert book[:, :28].all()
    closed = 1.0 - book[:, :40].mean()
    assert closed == pytest.approx(0.2 * 0.95, abs=0.02)
    assert not book[:, 39].all()


def test_attributes_told_badly_count_more():
    weights = balanced(np.array([0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.0], np.float32))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[7] > weights[1] > weights[0]
    assert np.array(VALUES).shape == weights.shape
