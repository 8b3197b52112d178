"""Training the composer and the critic: they learn, go on as if never stopped, and ONNX is what was trained."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from tools.train.image2music import fitting, graphs, mixing, network, training, words  # noqa: E402
from tools.train.image2music.__main__ import main  # noqa: E402
from tools.train.image2music.artefact import open_artefact  # noqa: E402
from tools.train.image2music.composer import BartComposer  # noqa: E402
from tools.train.image2music.critic import PARTS, STAY, BertCritic, heights_table  # noqa: E402
from tools.train.image2music.form import PERIOD  # noqa: E402
from tools.train.image2music.measures import measure  # noqa: E402
from tools.train.image2music.wish import wish_for  # noqa: E402
from tools.train.skipbart.network import Size  # noqa: E402

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


def made_up(rng, tunes=120):
    """Parts (1 + kinds, tunes, 5): nothing given; 1 tells the first kind, 2 the second, 3 repeats 1, 4 is noise."""
    rows = rng.normal(size=(3, tunes, 5))
    rows[..., 0] = 0.0
    for kind, part in ((0, 1), (2, 1), (0, 2), (1, 2)):
        rows[kind, :, part] += 3.0
    rows[..., 3] = rows[..., 1] + 0.01 * rng.normal(size=(3, tunes))
    return rows


def test_parts_that_bring_nothing_go_and_those_that_must_stay_do(rng):
    chosen, reached = fitting.choose(made_up(rng), [])
    assert sorted(chosen) in ([0, 1, 2], [0, 2, 3])
    assert reached > 0.9
    assert set(fitting.choose(made_up(rng), [4])[0]) >= {0, 2, 4}


def test_what_cannot_be_told_apart_is_not_told_apart_on_held_out_tunes(rng):
    rows = rng.normal(size=(4, 60, 13))
    rows[..., 0] = 0.0
    assert fitting.cross_validated(rows) == pytest.approx(0.5, abs=0.08)


def test_a_part_is_weighed_by_what_it_tells_and_never_against_what_it_is_for(rng):
    rows = made_up(rng).reshape(-1, 5)[:, [0, 1, 4]]
    truth = np.repeat([1.0, 0.0, 0.0], 120)
    weights, bias = fitting.logistic(rows, truth)
    assert weights[0] == 1.0
    assert weights[1] > 3.0 * weights[2] >= 0.0
    right = (rows @ weights + bias > 0) == (truth > 0)
    assert right[:240].mean() > 0.8
    assert fitting.logistic(rows * [1, -1, 1], truth)[0][1] == 0.0  # it would have to be turned round


def test_a_tune_that_surprises_nobody_is_no_better_than_one_that_surprises_all():
    """The bundled critic: surprise counts from both sides, and so does shape."""
    weights = json.loads((open_artefact().folder / "weights.json").read_text())["weights"]
    assert weights["notes_off"] < 0.0
    assert weights["shape"] < 0.0
    assert all(PARTS[name] * one >= 0.0 for name, one in weights.items() if name in PARTS)


def test_the_counts_alone_are_as_sure_as_they_are(tunes):
    """Weight 1 leaves the network out: the same nats as counting by hand; weight 0 leaves the counts out."""
    melodies = [one.melody for one in tunes]
    pieces = training.pieces_of(tunes, "validation")
    table = heights_table(melodies)
    torch.manual_seed(1)
    composer = network.Composer(TINY).eval()
    nats = mixing.surprises(composer, table, pieces)
    by_hand = []
    for one in pieces:
        before = [words.PITCH_START, words.PITCH_START]
        for pitch in one.rows[one.rows[:, 0] != words.REST, 0]:
            odds = np.exp(table[words.TUNE_MODES.index(words.metre_and_mode(one.request)[1]), before[-2], before[-1]])
            by_hand.append(-np.log(odds[pitch] / odds[1:].sum()))
            before.append(pitch)
    assert nats[1.0] == pytest.approx(np.mean(by_hand), abs=1e-3)
    assert mixing.surprises(composer, np.zeros_like(table), pieces)[0.0] == nats[0.0]
    assert min(nats.values()) <= min(nats[0.0], nats[1.0])


def test_a_run_becomes_an_artefact_that_composes(corpus, tmp_path, monkeypatch, capsys):
    """`train` and `build` as they are called; a second of each network, so that nothing is learnt but how it ends."""
    monkeypatch.setattr(mixing, "THEMES", 4)
    few = tmp_path / "corpus"
    for name in ("oneills1850", "airdsAirs"):
        (few / name).mkdir(parents=True)
        for file in (corpus / name).glob("*.abc"):
            (few / name / file.name).write_bytes(file.read_bytes())
    corpus = few
    run, out = tmp_path / "run", tmp_path / "artefact"
    short = ("--corpus", str(corpus), "--max-minutes", "0.01")
    assert main(["build", str(run), "--out", str(out), "--corpus", str(corpus)]) == 1
    assert "train all three first" in capsys.readouterr().err
    assert main(["train", "--out", str(run), *short]) == 0
    assert main(["build", str(run), "--out", str(out), "--corpus", str(corpus)]) == 0
    opened = open_artefact(out)
    weights = json.loads((out / "weights.json").read_text())
    assert set(STAY) <= set(weights["weights"])
    assert weights["counted"] == float(min(weights["nats_by_counted"], key=lambda one: weights["nats_by_counted"][one]))
    assert set(opened.manifest["critic_auc"]) == {"critic", "trigram"}
    assert "@" not in (out / "card.md").read_text()
    themes = BartComposer(opened).compose(wish_for(0.5, 0.2), PERIOD, None, count=2, rng=np.random.default_rng(2))
    melodies = [words.decode(rows, "4/4", "maj", 62) for rows in themes]
    assert all(np.isfinite(one.score) for one in BertCritic(opened).judge(melodies))


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
