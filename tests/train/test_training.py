"""The training loop learns, resumes exactly, and never shows the network its own target."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("librosa")
pytest.importorskip("av")

from controller.artefacts.artefact import read_manifest  # noqa: E402
from controller.listening.decode.parity import read_probes  # noqa: E402
from tools.train.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from tools.train.skipbart.__main__ import Recipe, Training, export, rate_at, to_tensors  # noqa: E402
from tools.train.skipbart.dataset import CORRUPT, UNLIT, corrupt, crop, draw_batch, first_light  # noqa: E402
from tools.train.skipbart.loss import Weights, light_loss  # noqa: E402
from tools.train.skipbart.network import SkipBart  # noqa: E402
from tools.train.skipbart.prepare import EMBEDDER_NOTE  # noqa: E402


def test_one_batch_can_be_learnt_by_heart(tiny_size, lit_songs, rng):
    torch.manual_seed(0)
    network = SkipBart(tiny_size)
    optimiser = torch.optim.AdamW(network.parameters(), lr=6e-3)
    music, light_in, light, *_ = to_tensors(draw_batch(lit_songs, 4, 24, rng), "cpu")
    for _ in range(150):
        row = light_loss(network(music, light_in), light, Weights())
        optimiser.zero_grad()
        row["loss"].backward()
        optimiser.step()
    assert float(row["loss"].detach()) < 0.1
    assert float(row["hue_accuracy"]) == 1.0


def test_an_interrupted_run_ends_with_the_same_weights(tiny_size, lit_songs, tmp_path):
    recipe = Recipe(steps=8, batch=3, warmup=2)
    straight = Training(tiny_size, recipe, seed=5)
    for _ in range(8):
        straight.step(lit_songs)

    first = Training(tiny_size, recipe, seed=5)
    for _ in range(4):
        first.step(lit_songs)
    first.weights.balance(0.8, 0.4)
    first.weights.balance(0.5, 0.5)
    save_checkpoint(tmp_path / "last.pt", first.state())
    second = Training(tiny_size, recipe, seed=99)
    second.restore(load_checkpoint(tmp_path / "last.pt"))
    for _ in range(4):
        second.step(lit_songs)

    for a, b in zip(straight.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_light_in_is_the_light_of_the_hop_before(lit_songs):
    song = lit_songs[0]
    got = crop(song, 10, 12, view=0, show=0, rng=None)
    np.testing.assert_array_equal(got.light_in[0], song.light[0, 9:21])
    np.testing.assert_array_equal(got.light[0], song.light[0, 10:22])
    assert tuple(crop(song, 0, 5, view=0, show=0, rng=None).light_in[0, 0]) == UNLIT


def test_position_zero_is_never_told_its_target(rng):
    """Upstream feeds light[0] at position 0 (label copy); here its value says nothing about the target."""
    light = np.tile(np.array([[50, 200]]), (40, 1))
    light[:20, 1] = 10  # the hop before a crop at 20 has another value than the target
    told = [first_light(light, 20, rng) for _ in range(200)]
    assert set(told) == {UNLIT, (50, 10)}
    at_start = np.array([first_light(light, 0, rng) for _ in range(300)])
    seeds = at_start[at_start[:, 0] < 180]
    assert len(np.unique(seeds[:, 1])) > 80


def test_corruption_touches_the_intended_share_and_stays_in_the_vocabulary(rng):
    light_in = np.tile(np.array([[2, 250]]), (20_000, 1))
    out = corrupt(light_in, rng)
    changed = (out != light_in).any(axis=1).mean()
    assert 0.8 * CORRUPT < changed <= 1.1 * CORRUPT
    assert out[:, 0].min() >= 0
    assert out[:, 0].max() <= 180
    assert out[:, 1].max() <= 256


def test_batches_are_cut_to_the_shortest_song(lit_songs, rng):
    batch = draw_batch(lit_songs, 3, 500, rng)
    assert batch.music.shape == (3, 60, 512)
    assert batch.light_in.shape == batch.light.shape == (3, 60, 2)


def test_the_weaker_output_head_gets_more_weight():
    weights = Weights()
    weights.balance(hue_accuracy=0.9, value_accuracy=0.3)
    assert weights.hue == pytest.approx(0.5)
    assert weights.value == pytest.approx(1.5)


def test_learning_rate_warms_up_and_falls():
    recipe = Recipe(steps=1_000, warmup=100, rate=1.0)
    rates = [rate_at(step, recipe) for step in range(1_000)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates[-1] == pytest.approx(0.05, abs=0.01)


def test_a_missing_checkpoint_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt")


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
@pytest.mark.parametrize("chunk", [1, 0])
def test_export_takes_the_size_from_the_checkpoint(tiny_size, lit_songs, tmp_path, chunk):
    """Streaming: one graph with exact caches. Bidirectional: two, as the show refreshes them."""
    (tmp_path / "validation").mkdir()
    song = lit_songs[0]
    np.savez(tmp_path / "validation" / "song.npz", music=song.music, light=song.light)
    (tmp_path / EMBEDDER_NOTE).write_text("0" * 64 + "\n")
    training = Training(replace(tiny_size, chunk=chunk), Recipe(steps=2, batch=2, warmup=1), seed=1)
    training.step(lit_songs)
    save_checkpoint(tmp_path / "last.pt", training.state())
    export(tmp_path / "last.pt", tmp_path, tmp_path / "artefact")
    manifest = read_manifest(tmp_path / "artefact", "decoder", 0.1)
    assert (manifest.refresh is not None) == (chunk == 0)
    assert [probe.read > 0 for probe in read_probes(tmp_path / "artefact")] == [chunk == 0] * 3
