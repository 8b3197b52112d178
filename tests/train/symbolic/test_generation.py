"""Cached writing is the whole-sequence network, and nothing illegal can be drawn, whatever the logits."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from tools.train.symbolic import bart  # noqa: E402
from tools.train.symbolic.embedding import NoteHead  # noqa: E402
from tools.train.symbolic.errors import SymbolicError  # noqa: E402
from tools.train.symbolic.evaluation import again, judge_continuations, valid  # noqa: E402
from tools.train.symbolic.generation import (  # noqa: E402
    CachedWriter,
    GraphWriter,
    RecomputingWriter,
    Stretch,
    go_on,
    whole_bars,
)
from tools.train.symbolic.sampling import (  # noqa: E402
    STARTS,
    Cast,
    Settings,
    allowed,
    draw,
    levelled,
    nucleus,
    room,
)
from tools.train.symbolic.tasks import Examples  # noqa: E402
from tools.train.symbolic.vocabulary import (  # noqa: E402
    BAR,
    BAR_UNITS,
    BARS,
    EOS,
    INSTRUMENT,
    PITCH,
    POSITION,
    SIZES,
    TEMPO,
    TIME_SIGNATURE,
    VALUES,
    VELOCITY,
    is_legal,
    time_signature_code,
)


def is_proper(notes) -> bool:
    """Whether all values are in the vocabulary (bars in parts of 256), all notes in order, and none there twice."""
    within = notes.copy()
    within[:, BAR] %= BARS
    keys = notes[:, :4]
    ordered = np.array_equal(np.lexsort(keys.T[::-1]), np.arange(len(keys)))
    return is_legal(within) and ordered and len(np.unique(keys, axis=0)) == len(keys)


@pytest.fixture
def model():
    torch.manual_seed(1)
    network, head = bart.PianoBart(bart.TINY).eval(), NoteHead(bart.TINY.d).eval()
    for parameter in (*network.parameters(), *head.parameters()):
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return network, head


@pytest.fixture
def graphs(model, tmp_path, recwarn):
    return GraphWriter.of(*model, tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_cached_equals_uncached(model, graphs, rng):
    prompt, told = (rng.integers(VALUES, size=(n, 8)) for n in (13, 40))
    writers = [RecomputingWriter(*model), CachedWriter(*model), graphs]
    for _ in range(2):  # the second time the caches are full of old notes
        wanted, *others = [writer.begin(prompt) for writer in writers]
        for number, note in enumerate(told):
            for logits in others:
                assert np.abs(logits - wanted).max() < 1e-4, number
            wanted, *others = [writer.go_on(note) for writer in writers]
        prompt = prompt[:5]


def random_note(data):
    note = np.array([data.draw(st.integers(0, size - 1)) for size in VALUES])
    if note[INSTRUMENT] == 128:
        note[PITCH] = 128 + note[PITCH] % 128
    else:
        note[PITCH] %= 128
    note[1] %= BAR_UNITS[note[6]]
    return note


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_the_logits_notes_are_legal_and_in_order(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    before = random_note(data)
    logits = rng.normal(scale=30.0, size=sum(SIZES)).astype(np.float32)
    cast = Cast.of(before[None], keep=data.draw(st.booleans()))
    note = draw(logits, before, cast, Settings(leap=data.draw(st.integers(1, 20))), rng)
    if note is not None:
        assert is_proper(np.stack([before, note]))
        assert note[1] < BAR_UNITS[note[6]]
        assert (note[PITCH] >= 128) == (note[INSTRUMENT] == 128)
        assert note[BAR] != before[BAR] or note[6] == before[6]
        assert note[4] > 0


def test_forbidden_ids_have_no_chance_at_all():
    before = np.array([3, 10, 0, 60, 12, 16, 9, 35])
    cast = Cast.of(before[None], keep=True)
    may = allowed(BAR, before, before, cast, Settings(ends=True))
    assert np.flatnonzero(may).tolist() == [3, 4, EOS[BAR]]
    logits = np.zeros(SIZES[BAR])
    logits[~may] = 1e6
    chances = nucleus(logits, may, 5.0, 1.0)
    assert chances[~may].sum() == 0.0
    assert chances.sum() == pytest.approx(1.0)


def test_a_full_position_and_a_full_bar_are_left():
    top = np.array([3, 63, 0, 127, 12, 16, 9, 35])
    assert not room(top, in_bar=False)
    assert not room(top, in_bar=True)
    cast = Cast.of(top[None], keep=True)
    assert not allowed(BAR, top, top, cast, Settings())[3]
    top[BAR] = 255  # the last bar of all
    assert np.flatnonzero(allowed(BAR, top, top, cast, Settings())).tolist() == [EOS[BAR]]


def test_the_nucleus_is_the_smallest_that_reaches_the_share():
    chances = nucleus(np.log([0.5, 0.3, 0.15, 0.05]), np.ones(4, bool), 1.0, 0.7)
    assert chances == pytest.approx([0.625, 0.375, 0.0, 0.0])


def test_the_music_goes_on_for_the_bars_that_are_wanted(model, rng, melody):
    prompt = melody(20, 60, 1).astype(np.int64)
    prompt[:, BAR] += 300  # a long piece: bars beyond the vocabulary
    writer, done = CachedWriter(*model), []
    written = go_on(writer, prompt, 12, rng, stretch=Stretch(prompt=32, written=3), told=done.append)
    assert len(written) > 6
    assert len(done) > 1  # in several stretches
    assert written[0, BAR] == 320  # the bar after the prompt's last one
    assert written[-1, BAR] == 331
    assert done[-1] == written[-1, BAR] - 319
    assert is_proper(np.concatenate([prompt[-1:], written]))
    assert valid(written)
    assert written[:, PITCH].min() >= 21  # a piano's keys
    assert written[:, PITCH].max() <= 108
    again = go_on(CachedWriter(*model), prompt, 12, np.random.default_rng(7), stretch=Stretch(prompt=32, written=3))
    assert np.array_equal(written, again)  # the seed is all that is drawn from


def test_something_is_written_even_where_every_draw_leaps_over_the_last_bar(melody):
    class Leaper:
        positions = 64

        def begin(self, prompt):
            logits = np.zeros(sum(SIZES), np.float32)
            logits[STARTS[BAR] + prompt[-1, BAR] + 2] = 50.0
            return logits

        def go_on(self, note):
            return self.begin(note[None])

    prompt = melody(3, 60, 1)
    for seed in range(5):
        notes = go_on(Leaper(), prompt, 1, np.random.default_rng(seed))
        assert len(notes) >= 1
        assert (notes[:, BAR] <= prompt[-1, BAR] + 1).all()


@pytest.mark.parametrize("bars", [1, 4, 9])
@pytest.mark.parametrize("tempo", [12, 35, 44])
def test_o20_o34_tempo_metre_level_and_bars_are_the_prompts(model, melody, bars, tempo):
    prompt = melody(6, 60, 1, velocity=28).astype(np.int64)[:-2]  # ends in the middle of a bar
    prompt[:, TEMPO], prompt[:, TIME_SIGNATURE] = tempo, time_signature_code(4, 4)
    prompt[::2, VELOCITY] = 24
    for seed in range(3):
        written = go_on(CachedWriter(*model), prompt, bars, np.random.default_rng(seed))
        assert set(written[:, TEMPO]) == {tempo}
        assert set(written[:, TIME_SIGNATURE]) == {time_signature_code(4, 4)}
        assert (written[0, BAR], written[-1, BAR]) == (6, 5 + bars)
        assert len(set(written[:, BAR])) == bars
        assert written[:, VELOCITY].mean() > 0.85 * prompt[:, VELOCITY].mean()
        assert set(written[:, VELOCITY]) <= set(prompt[:, VELOCITY])


def test_a_continuation_stays_in_the_prompts_key(model, melody):
    prompt = melody(40, 60, 1).astype(np.int64)
    prompt[:, PITCH] = 60 + np.array([0, 2, 4, 5, 7, 9, 11, 12])[np.arange(len(prompt)) % 8]
    prompt[-1, PITCH] = 61  # an accident
    written = go_on(CachedWriter(*model), prompt, 6, np.random.default_rng(2))
    assert set((written[:, PITCH] % 12).tolist()) <= {0, 2, 4, 5, 7, 9, 11}
    free = go_on(CachedWriter(*model), prompt, 6, np.random.default_rng(2), settings=Settings(keep=False))
    assert not set((free[:, PITCH] % 12).tolist()) <= {0, 2, 4, 5, 7, 9, 11}


def test_o20_a_metre_that_the_prompt_left_does_not_come_back(model, melody):
    prompt = melody(6, 60, 1).astype(np.int64)
    prompt[:8, TIME_SIGNATURE] = time_signature_code(3, 4)
    prompt[:8, POSITION] %= 48
    prompt = prompt[np.lexsort(prompt.T[::-1])]
    written = go_on(CachedWriter(*model), prompt, 3, np.random.default_rng(1))
    assert set(written[:, TIME_SIGNATURE]) == {time_signature_code(4, 4)}


def test_levels_keep_their_shape(melody):
    prompt, written = melody(8, 60, 1, velocity=20), melody(8, 60, 1)
    prompt[::3, VELOCITY], written[:, VELOCITY] = 26, np.arange(len(written)) // 4
    found = levelled(written, prompt)[:, VELOCITY]
    assert set(found) == {20, 26}
    assert (np.diff(found) >= 0).all()
    assert found.mean() == pytest.approx(prompt[:, VELOCITY].mean(), abs=0.5)


def test_o33_the_prompt_again_fills_the_bars_that_are_wanted(melody):
    prompt = melody(6, 60, 1).astype(np.int64)
    for bars in (1, 4, 6, 15):
        copy = again(prompt, bars, np.random.default_rng(0))
        assert (copy[0, BAR], copy[-1, BAR]) == (6, 5 + bars)
        assert len(copy) == 4 * bars
    assert np.array_equal(again(prompt, 2, np.random.default_rng(0))[:, PITCH], prompt[-8:, PITCH])


def test_no_prompt_is_refused(model, rng):
    with pytest.raises(SymbolicError, match="without notes"):
        go_on(CachedWriter(*model), np.empty((0, 8), np.int64), 4, rng)


def test_an_ending_ends_it(rng, melody):
    class Ending:
        positions = 64

        def begin(self, prompt):
            logits = np.zeros(sum(SIZES), np.float32)
            logits[STARTS[BAR] + EOS[BAR]] = 1e4
            return logits

        go_on = begin

    prompt = melody(4, 60, 1).astype(np.int64)
    assert len(go_on(Ending(), prompt, 4, rng, settings=Settings(ends=True))) == 0
    assert len(go_on(Ending(), prompt, 4, rng)) > 0


def test_prompts_begin_with_a_bar(melody):
    notes = melody(20, 60, 1).astype(np.int64)
    kept = whole_bars(notes, 30)
    assert len(kept) == 28
    assert kept[0, 1] == 0
    assert len(whole_bars(notes[:3], 30)) == 3


def test_continuations_are_judged_beside_the_real_ones(melody):
    windows = np.array([melody(8, 60, 1), melody(8, 50, 2)])
    examples = Examples(windows, np.empty((2, 0), np.int64), np.arange(2))

    def exact(prompt, bars, rng):
        window = windows[0 if prompt[0, PITCH] == 60 else 1].astype(np.int64)
        return window[len(prompt) :][window[len(prompt) :, BAR] <= prompt[-1, BAR] + bars]

    perfect = judge_continuations(exact, examples, 1)
    assert (perfect["pche_distance"], perfect["gs_distance"], perfect["valid"]) == (0.0, 0.0, 1.0)
    silent = judge_continuations(lambda prompt, *_: prompt[:0], examples, 1)
    assert silent["valid"] == 0.0
    assert silent["pche_distance"] > 1.0
