"""Training the composer and the critic: they learn, go on as if never stopped, and ONNX is what was trained."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from tools.train.image2music import graphs, network, training, words  # noqa: E402
from tools.train.image2music.artefact import open_artefact  # noqa: E402
from tools.train.image2music.composer import BartComposer  # noqa: E402
from tools.train.image2music.critic import BertCritic  # noqa: E402
from tools.train.image2music.form import PERIOD  # noqa: E402
from tools.train.image2music.measures import measure  # noqa: E402
from tools.train.image2music.wish import wish_for  # noqa: E402
from tools.train.network import Size  # noqa: E402

TINY = Size(d=32, encoder_layers=1, decoder_layers=2, heads=2, ffn=48, positions=320, dropout=0.0)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(training, "NETWORKS", {
        "composer": lambda: network.Composer(TINY), "critic": lambda: network.Critic(TINY),
        "order": lambda: network.Critic(TINY),
    })  # fmt: skip
    monkeypatch.setattr(training, "TOKENS", 200)


@pytest.mark.parametrize("name", ["composer", "critic", "order"])
def test_losses_fall(small, tunes, name):
    run = training.Run(name, tunes[:60], 3)
    first = sum(run.judge().values())
    for _ in range(25):
        run.step(0.0)
    assert sum(run.judge().values()) < first - 0.3


def test_a_run_that_stopped_goes_on_with_the_same_losses(small, tunes):
    whole = training.Run("composer", tunes[:60], 3)
    rows = [whole.step(0.0) for _ in range(4)]
    half = training.Run("composer", tunes[:60], 3)
    for _ in range(2):
        half.step(0.0)
    again = training.Run("composer", tunes[:60], 3)
    again.restore(half.state())
    assert [again.step(0.0) for _ in range(2)] == rows[2:]


def test_order_is_learnt_from_which_notes_were_moved(tunes, rng):
    piece = training.pieces_of(tunes, "train")[0]
    rows, true = training.mixed(piece.rows, piece.rows, rng)
    assert len(rows) == len(true)
    assert 0 < true.mean() < 1
    stayed, before = ({tuple(one) for one in some.tolist()} for some in (rows[true], piece.rows))
    assert stayed <= before


def test_the_cached_step_is_row_for_row_the_whole_network(tmp_path, rng):
    import onnxruntime

    torch.manual_seed(1)
    composer = network.Composer(TINY).eval()
    graphs.export_composer(composer, tmp_path)
    count = 20
    rows = np.stack([rng.integers(0, words.PITCHES, count), rng.integers(0, words.DURATIONS, count),
                     rng.integers(0, words.POSITIONS, count), np.arange(count) // 4], 1)  # fmt: skip
    told, source = words.shifted(rows, 5), rows[:7]
    request, kind, there = np.array([[0, 5, 10, 16]]), np.array([words.EXAMPLE]), np.ones((1, 11), bool)
    with torch.no_grad():
        asked = [torch.from_numpy(one) for one in (request, source[None], kind, there, told[None], rows[None, :, 1])]
        duration, pitch = composer(*asked[:4], told=asked[4], duration=asked[5])
    read, write = (onnxruntime.InferenceSession(tmp_path / name) for name in ("read.onnx", "write.onnx"))
    given = {"request": request, "source": source[None], "kind": kind, "there": there}
    keys, values = read.run(None, given)
    own = np.zeros((2, 3, 2, 0, 16), np.float32)
    own_keys, own_values = own, own
    for at in range(count):
        step = {"told": np.repeat(told[at : at + 1], 3, 0), "position": np.array([at]), "keys": keys, "values": values,
                "own_keys": own_keys, "own_values": own_values, "there": there}  # fmt: skip
        lengths, pitches, key, value = write.run(None, step)
        own_keys, own_values = np.concatenate([own_keys, key], 3), np.concatenate([own_values, value], 3)
        assert np.allclose(lengths[2], duration[0, at].numpy(), atol=1e-4)
        assert np.allclose(pitches[1, rows[at, 1]], pitch[0, at].numpy(), atol=1e-4)


def test_the_bundled_artefact_composes_what_its_own_critic_prefers_to_noise():
    """The trained networks, not tiny ones: composed themes score over random notes of the scale."""
    from tools.train.image2music.damage import grammar_random

    opened = open_artefact()
    composer, critic = BartComposer(opened), BertCritic(opened)
    wish = wish_for(0.5, 0.2)
    themes = [words.decode(rows, "4/4", "maj", 62) for rows in
              composer.compose(wish, PERIOD, None, count=4, rng=np.random.default_rng(2))]  # fmt: skip
    noise = [grammar_random(one, np.random.default_rng(5)) for one in themes]
    assert min(one.score for one in critic.judge(themes)) > max(one.score for one in critic.judge(noise))
    assert np.mean([measure(one)["stepwise"] for one in themes]) > 0.45
    assert critic.order(themes) > critic.order(noise)


def test_the_bundled_figures_hold_what_is_claimed():
    figures = json.loads((open_artefact().folder / "manifest.json").read_text())["critic_auc"]
    assert all(one >= 0.98 for one in figures["critic"].values())
    assert all(figures["critic"][kind] >= one for kind, one in figures["trigram"].items())
