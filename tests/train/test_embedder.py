"""The embedder's inputs, augmentations and descriptors, and what export folds into it."""

import numpy as np
import pytest

from controller.sound_format import WINDOW_SAMPLES

torch = pytest.importorskip("torch")
pytest.importorskip("av")
pytest.importorskip("onnx")

from controller.artefacts.artefact import read_manifest  # noqa: E402
from controller.listening.embed.mel import small_frames  # noqa: E402
from tools.train.artefact import write_manifest  # noqa: E402
from tools.train.embedder.__main__ import Windows, losses  # noqa: E402
from tools.train.embedder.augmentation import FLOOR, add_noise, recolour, reverberate, roughen  # noqa: E402
from tools.train.embedder.descriptors import describe  # noqa: E402
from tools.train.embedder.network import Embedder, Objective  # noqa: E402
from tools.train.songs import LEADING_ZEROS, hops_in, patches, song_frames, split_of  # noqa: E402


@pytest.fixture
def samples(rng):
    envelope = np.repeat(rng.random(40), 4_800)
    return (envelope * rng.normal(size=len(envelope)) * 0.3).astype(np.float32)


@pytest.mark.parametrize("hop", [0, 3, 17, 39])
def test_patches_of_a_song_are_the_patches_of_the_live_windows(samples, hop):
    frames = song_frames(samples)
    heard = np.concatenate([np.zeros(LEADING_ZEROS, np.float32), samples])[4_800 * hop :][:WINDOW_SAMPLES]
    np.testing.assert_allclose(patches(frames, np.array([hop]))[0], small_frames(heard), atol=1e-5)


def test_a_song_has_a_patch_for_every_hop(samples):
    frames = song_frames(samples)
    assert patches(frames, np.arange(hops_in(samples))).shape == (40, 96, 64)


def test_artists_are_in_one_split():
    assert split_of("Carlos Viola Iborra (Sectoid)") == "test"
    assert split_of("Kenta Cho (ABA Games)") == "test"
    assert split_of("Marine (UFO:AI)") == "validation"
    assert split_of("Obsidian Shell") == "train"


def test_augmentations_keep_shape_and_floor(samples, rng):
    patch = patches(song_frames(samples), np.array([20]))[0]
    for _ in range(10):
        rough = roughen(recolour(patch, rng), rng)
        assert rough.shape == patch.shape
        assert rough.dtype == np.float32
        assert rough.min() >= FLOOR
        assert np.isfinite(rough).all()


def test_reverberation_only_adds_and_dies_away():
    patch = np.full((96, 64), FLOOR, np.float32)
    patch[10] = 1.0
    wet = reverberate(patch, decay_s=0.5, wet=1.0)
    assert (wet >= patch - 1e-4).all()
    assert (np.diff(wet[12:].mean(axis=1)) <= 1e-5).all()


def test_noise_hides_what_is_quieter_than_itself(rng):
    silent = np.full((96, 64), FLOOR, np.float32)
    assert np.abs(add_noise(silent, rng, level=-0.5).mean() + 0.5) < 0.05
    loud = np.full((96, 64), 1.0, np.float32)
    np.testing.assert_allclose(add_noise(loud, rng, level=-1.0), loud, atol=0.01)


def test_descriptors_hear_level_and_onsets():
    steady = np.full((1, 96, 64), 0.0, np.float32)
    hits = steady.copy()
    hits[0, 10::20] = 1.0
    louder = steady + 0.4
    flat, struck, loud = describe(steady)[0], describe(hits)[0], describe(louder)[0]
    np.testing.assert_allclose(loud[:96] - flat[:96], 0.4, atol=1e-5)
    assert struck[96:120].sum() > flat[96:120].sum() + 1.0
    assert np.isfinite(describe(np.full((2, 96, 64), FLOOR, np.float32))).all()


def test_standardise_folds_into_the_network(rng):
    torch.manual_seed(1)
    network = Embedder(width=8).eval()
    patch = torch.from_numpy(rng.normal(size=(64, 96, 64)).astype(np.float32))
    with torch.no_grad():
        before = network(patch)
        network.standardise(before.mean(0), before.std(0))
        after = network(patch)
    torch.testing.assert_close(after.mean(0), torch.zeros(512), atol=0.05, rtol=0)
    torch.testing.assert_close(after.std(0), torch.ones(512), atol=0.05, rtol=0)


def test_a_training_batch_gives_a_finite_loss_and_gradient(samples, rng):
    frames = song_frames(samples)
    windows = Windows([frames, frames[: 96 + 200]])
    batch = windows.batch(rng, 2)
    size = batch.anchor_descriptors.shape[1]
    network, objective = Embedder(width=8), Objective(size)
    row = losses(network, objective, batch, {"mean": torch.zeros(size), "deviation": torch.ones(size)})
    row["loss"].backward()
    assert torch.isfinite(row["loss"])
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_manifest_is_what_the_controller_reads(tmp_path):
    path = tmp_path / "embedder.onnx"
    torch.onnx.export(
        Embedder(width=8).eval(), (torch.zeros(1, 96, 64),), str(path),
        input_names=["patch"], output_names=["embedding"], opset_version=17, dynamo=False,
    )  # fmt: skip
    write_manifest(tmp_path, path, name="embedder-small", kind="embedder", hop_s=0.1, window_s=1.0, front_end="small64")
    manifest = read_manifest(tmp_path, "embedder", 0.1)
    assert manifest.step.inputs[0].shape == [1, 96, 64]
    assert manifest.step.outputs[0].shape == [1, 512]
