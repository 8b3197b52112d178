"""The contract of embedders, and everything about an artefact that must be refused."""

import shutil

import numpy as np
import pytest
import yaml

from controller.artefacts.artefact import read_manifest, sha256_of
from controller.errors import ModelError
from controller.listening.decode.skipbart import DecoderNetwork
from controller.listening.embed.embedder import Embedder
from controller.listening.embed.mel import (
    OPENL3_FRAMES,
    SMALL_FRAMES,
    hz_to_mel,
    mel_filterbank,
    mel_to_hz,
    openl3_mel256,
    small_frames,
)
from controller.messages import Window

NO_STEMS = np.zeros((0, 48_000), np.float32)


@pytest.fixture
def artefact(config, tmp_path):
    """A copy of a bundled artefact, and a way to change its manifest."""

    def copy(which, change=None, **fields):
        folder = tmp_path / which
        shutil.copytree(config.path(getattr(config.model, which)), folder)
        path = folder / "manifest.yaml"
        manifest = yaml.safe_load(path.read_text())
        manifest.update(fields)
        if change:
            change(manifest)
        path.write_text(yaml.safe_dump(manifest))
        return folder

    return copy


def test_one_second_becomes_512_numbers_that_depend_on_it_alone(config, rng):
    embedder = Embedder(config.path(config.model.embedder))
    loud, other = (Window(1.0, n, rng.normal(0, 0.1, 48_000).astype(np.float32), NO_STEMS) for n in (4, 5))
    first = embedder.embed(loud)
    embedder.embed(other)
    again = embedder.embed(loud)
    assert first.vector.shape == (512,)
    assert first.vector.dtype == np.float32
    assert (first.t_s, first.seq) == (1.0, 4)
    assert np.array_equal(first.vector, again.vector)
    assert np.abs(first.vector - embedder.embed(other).vector).max() > 0.01


def test_windows_that_overlap_cost_their_new_frames_and_give_the_same_bits(config, rng):
    sound = rng.normal(0, 0.1, 48_000 * 4).astype(np.float32)
    windows = [Window(0.1 * n, n, sound[4_800 * n :][:48_000].copy(), NO_STEMS) for n in range(25)]
    following, made = Embedder(config.path(config.model.embedder)), []
    following._front_end, front_end = (
        (lambda samples: made.append(front_end(samples)) or made[-1]),
        following._front_end,
    )
    for window in (*windows, windows[3], windows[20], windows[21]):  # and one that comes from elsewhere
        alone = Embedder(config.path(config.model.embedder)).embed(window).vector
        assert np.array_equal(following.embed(window).vector, alone)
        assert np.array_equal(made[-1][0], small_frames(window.samples))


def test_whoever_writes_into_a_window_again_gets_what_is_in_it(config, rng):
    samples = rng.normal(0, 0.1, 48_000).astype(np.float32)
    embedder, window = Embedder(config.path(config.model.embedder)), Window(1.0, 1, samples, NO_STEMS)
    embedder.embed(window)
    samples[:] = 0.0  # silence is like itself a hop ago, but not like what was embedded
    alone = Embedder(config.path(config.model.embedder)).embed(window).vector
    assert np.array_equal(embedder.embed(window).vector, alone)


def test_nan_in_a_window_does_not_leave_the_embedder(config):
    embedder = Embedder(config.path(config.model.embedder))
    assert np.isfinite(embedder.embed(Window(0.0, 0, np.full(48_000, np.nan, np.float32), NO_STEMS)).vector).all()


@pytest.mark.parametrize("kind", ["embedder", "decoder"])
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hop_s": 0.2}, "hop_s is 0.2, the controller runs at 0.1"),
        ({"format": 2}, "format"),
        ({"colour": "red"}, "colour"),
        ({"kind": "toaster"}, "kind"),
    ],
)
def test_a_wrong_manifest_is_refused(artefact, kind, fields, said):
    with pytest.raises(ModelError, match=said):
        read_manifest(artefact(kind, **fields), kind, 0.1)


def test_another_kind_is_refused(artefact):
    with pytest.raises(ModelError, match=r"this is a decoder, `model\.embedder` needs a embedder"):
        read_manifest(artefact("decoder"), "embedder", 0.1)


def test_a_changed_file_is_refused_by_its_checksum(artefact):
    folder = artefact("embedder")
    path = folder / "embedder.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ModelError, match=r"embedder\.onnx: sha256 is .* restore it"):
        Embedder(folder)


def test_a_broken_network_is_refused_even_with_the_right_checksum(artefact):
    folder = artefact("embedder")
    path = folder / "embedder.onnx"
    path.write_bytes(path.read_bytes()[:5000])
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    manifest["step"]["sha256"] = sha256_of(path)
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    with pytest.raises(ModelError, match="not a usable ONNX network"):
        Embedder(folder)


def test_missing_files_are_refused(tmp_path, artefact):
    with pytest.raises(ModelError, match="no such manifest"):
        Embedder(tmp_path)
    folder = artefact("embedder")
    (folder / "embedder.onnx").unlink()
    with pytest.raises(ModelError, match=r"named by manifest.yaml but missing"):
        Embedder(folder)


def widen(manifest):
    manifest["step"]["outputs"][0]["shape"] = [1, 256]


def swap_cache(manifest):
    cache = next(one for one in manifest["step"]["inputs"] if one["name"].endswith(".key"))
    cache["shape"] = cache["shape"][::-1]


@pytest.fixture
def small(config):
    """The manifest of the bundled embedder."""
    return read_manifest(config.path(config.model.embedder), "embedder", 0.1)


def test_wrong_shapes_are_refused(artefact, small):
    with pytest.raises(ModelError, match=r"an embedding has shape \[1, 512\]"):
        Embedder(artefact("embedder", widen))
    with pytest.raises(ModelError, match="cache 'encoder"):
        DecoderNetwork(artefact("decoder", swap_cache), small)


def test_a_decoder_refuses_another_embedder(config, small):
    other = small.model_copy(update={"name": "openl3"})
    with pytest.raises(ModelError, match=r"trained on embeddings of 'embedder-small', but model\.embedder is 'openl3'"):
        DecoderNetwork(config.path(config.model.decoder), other)


def test_a_decoder_refuses_another_version_of_its_embedder(config, small):
    trained_again = small.model_copy(update={"step": small.step.model_copy(update={"sha256": "0" * 64})})
    with pytest.raises(ModelError, match=r"trained on another version of 'embedder-small'"):
        DecoderNetwork(config.path(config.model.decoder), trained_again)


def test_a_provider_that_is_not_there_is_refused(config):
    with pytest.raises(ModelError, match=r"model.provider is 'cuda' but this machine offers"):
        Embedder(config.path(config.model.embedder), provider="cuda")


def test_openl3_runs_behind_the_same_interface(tmp_path, rng):
    """A network of OpenL3's input and output shape (random weights: the official ones cannot be had here)."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(rng.normal(0, 0.01, (256, 512)).astype(np.float32), "w")
    nodes = [
        helper.make_node("ReduceMean", ["mel"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "openl3",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, [1, 256, 199, 1])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 512])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "openl3.onnx"))
    step = {
        "file": "openl3.onnx",
        "sha256": sha256_of(tmp_path / "openl3.onnx"),
        "inputs": [{"name": "mel", "dtype": "float32", "shape": [1, 256, 199, 1]}],
        "outputs": [{"name": "embedding", "dtype": "float32", "shape": [1, 512]}],
    }
    manifest = {"format": 1, "name": "openl3", "kind": "embedder", "hop_s": 0.1, "window_s": 1.0}
    text = yaml.safe_dump({**manifest, "front_end": "openl3-mel256", "step": step})
    (tmp_path / "manifest.yaml").write_text(text)
    embedding = Embedder(tmp_path).embed(Window(0.0, 0, rng.normal(0, 0.1, 48_000).astype(np.float32), NO_STEMS))
    assert embedding.vector.shape == (512,)
    assert np.isfinite(embedding.vector).all()


def test_the_openl3_front_end_is_in_decibels_below_the_loudest_cell(rng):
    mel = openl3_mel256(rng.normal(0, 0.1, 48_000).astype(np.float32))
    assert mel.shape == (256, OPENL3_FRAMES)
    assert mel.max() == 0.0
    assert mel.min() >= -80.0
    # level does not matter to OpenL3: only the shape of the sound does
    sound = rng.normal(0, 0.1, 48_000).astype(np.float32)
    assert np.allclose(openl3_mel256(sound), openl3_mel256(sound * 0.25), atol=1e-2)


def test_a_tone_lights_its_own_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000).astype(np.float32)
    frames = small_frames(tone)
    assert frames.shape == (SMALL_FRAMES, 64)
    edges = mel_to_hz(np.linspace(hz_to_mel(np.float32(30)), hz_to_mel(np.float32(16_000)), 66).astype(np.float32))
    band = int(frames[50].argmax())
    assert edges[band] <= 1000 <= edges[band + 2]
    silent = small_frames(np.zeros(48_000, np.float32))
    assert np.allclose(silent, -2.0)


def test_a_songs_frames_are_its_windows_frames(rng):
    song = rng.normal(0, 0.1, 48_000 * 3).astype(np.float32)
    whole = small_frames(song)
    for hop in (0, 7, 19):
        window = song[hop * 4800 : hop * 4800 + 48_000]
        assert np.allclose(small_frames(window), whole[10 * hop : 10 * hop + SMALL_FRAMES], atol=1e-5)


def test_filters_have_equal_area_and_the_scale_inverts():
    hz = np.array([50, 500, 999, 1001, 8000], np.float32)
    assert np.allclose(mel_to_hz(hz_to_mel(hz)), hz, rtol=1e-4)
    bank = mel_filterbank(2048, 40, 200.0, 12_000.0)
    areas = bank.sum(axis=0) * (48_000 / 2048)
    assert np.allclose(areas[5:], 1.0, atol=0.1)
