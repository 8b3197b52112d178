"""OpenL3's Keras weights: layout, parity with arithmetic done elsewhere, refusals, 8 bits, and a student."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import soundfile

from controller.sound_format import WINDOW_SAMPLES

torch = pytest.importorskip("torch")
h5py = pytest.importorskip("h5py")

from torch.nn import functional  # noqa: E402

from controller.artefacts.artefact import read_manifest  # noqa: E402
from controller.errors import ModelError  # noqa: E402
from controller.listening.embed.embedder import Embedder  # noqa: E402
from controller.listening.embed.mel import openl3_mel256  # noqa: E402
from controller.messages import Window  # noqa: E402
from tools.train.embedder.distillation import DistilRecipe, distil  # noqa: E402
from tools.train.openl3 import __main__ as openl3  # noqa: E402
from tools.train.openl3.network import CHANNELS  # noqa: E402
from tools.train.openl3.weights import read_weights  # noqa: E402
from tools.train.songs import VALIDATION_ARTISTS  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # the exporter's and the quantiser's own deprecation notices


def random_layers(rng):
    """Name and weights of the sixteen layers, in order, as Keras counts them."""
    layers, inputs = [], 1
    for index, outputs in enumerate(CHANNELS):
        norm = {
            "gamma": rng.uniform(0.8, 1.2, inputs),
            "beta": rng.normal(0.0, 0.1, inputs),
            "moving_mean": rng.normal(0.0, 0.1, inputs) - (40.0 if index == 0 else 0.0),
            "moving_variance": rng.uniform(0.8, 1.2, inputs) * (400.0 if index == 0 else 1.0),
        }
        kernel = rng.normal(0.0, np.sqrt(2.0 / (9 * inputs)), (3, 3, inputs, outputs))
        layers.append((f"batch_normalization_{index + 31}", norm))
        name = "audio_embedding_layer" if index == 7 else f"conv2d_{index + 27}"
        layers.append((name, {"kernel": kernel, "bias": rng.normal(0.0, 0.05, outputs)}))
        inputs = outputs
    return layers


def write_h5(path, layers, *, group="", nameless=("input_1", "activation_5", "max_pooling2d_9")):
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        names = [nameless[0], *(name for name, _ in layers), *nameless[1:]]
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name in nameless:
            root.create_group(name).attrs["weight_names"] = []
        for name, weights in layers:
            place = root.create_group(name)
            place.attrs["weight_names"] = [f"{name}/{kind}:0".encode() for kind in weights]
            for kind, array in weights.items():
                place.create_dataset(f"{name}/{kind}:0", data=array.astype(np.float32))


@pytest.fixture(scope="module")
def layers():
    return random_layers(np.random.default_rng(11))


@pytest.fixture(scope="module")
def weights(tmp_path_factory, layers):
    path = tmp_path_factory.mktemp("openl3") / "openl3_audio_mel256_music.h5"
    write_h5(path, layers)
    return path


@pytest.fixture(scope="module")
def artefact(weights):
    out = weights.parent / "artefact"
    assert openl3.main(["import", str(weights), "--out", str(out)]) == 0
    return out


def straight(layers, spectrogram):
    """The network's arithmetic, straight from the arrays: no modules."""
    x = torch.from_numpy(spectrogram).permute(0, 3, 1, 2).double()
    for index in range(8):
        norm, conv = (
            {kind: torch.from_numpy(array).double() for kind, array in layers[2 * index + part][1].items()}
            for part in (0, 1)
        )
        wide = {kind: array[None, :, None, None] for kind, array in norm.items()}
        x = (x - wide["moving_mean"]) / torch.sqrt(wide["moving_variance"] + 1e-3) * wide["gamma"] + wide["beta"]
        if index > 0:
            x = x.clamp(min=0)
            if index in (2, 4, 6):
                x = functional.max_pool2d(x, 2)
        x = functional.conv2d(x, conv["kernel"].permute(3, 2, 0, 1), conv["bias"], padding=1)
    return x.amax(dim=(2, 3)).numpy()  # the pool covers the map but for nothing: 32 x 24


def noise(rng):
    return rng.normal(0.0, 0.1, WINDOW_SAMPLES).astype(np.float32)


def test_the_network_computes_what_the_arrays_say(weights, layers, rng):
    spectrogram = openl3_mel256(noise(rng))[None, :, :, None]
    network = read_weights(weights)
    with torch.no_grad():
        got = network(torch.from_numpy(spectrogram)).numpy()
    wanted = straight(layers, spectrogram)
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    assert sum(p.numel() for p in network.parameters()) == 4_687_042


def test_saved_models_packed_files_and_old_files_with_a_spectrogram_layer(tmp_path, layers, weights):
    write_h5(tmp_path / "model.h5", layers, group="model_weights")
    old = [("melspectrogram_1", {"real": np.zeros((512, 1, 1, 257)), "freq2mel": np.zeros((1025, 256))}), *layers]
    write_h5(tmp_path / "old.h5", old)
    (tmp_path / "packed.h5.gz").write_bytes(gzip.compress(weights.read_bytes(), 1))
    reference = read_weights(weights).state_dict()
    for name in ("model.h5", "old.h5", "packed.h5.gz"):
        for key, tensor in read_weights(tmp_path / name).state_dict().items():
            assert torch.equal(tensor, reference[key])


def swapped(layers):
    return [layers[0], layers[3], layers[2], layers[1], *layers[4:]]


def missing(layers):
    return layers[:-1]


def reshaped(layers):
    name, weights = layers[5]
    return [*layers[:5], (name, {**weights, "kernel": weights["kernel"][:, :, :, :-1]}), *layers[6:]]


def reordered_vectors(layers):
    name, norm = layers[2]
    return [*layers[:2], (name, {kind: norm[kind] for kind in reversed(norm)}), *layers[3:]]


def poisoned(layers):
    name, weights = layers[1]
    return [layers[0], (name, {**weights, "bias": weights["bias"] * np.nan}), *layers[2:]]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (swapped, "layer 'conv2d_28' holds kernel [3, 3, 64, 64]"),
        (missing, "15 layers with weights"),
        (reshaped, "layer 'conv2d_29' holds kernel [3, 3, 64, 127]"),
        (reordered_vectors, "layer 'batch_normalization_32' holds moving_variance"),
        (poisoned, "not finite"),
    ],
)
def test_anything_else_is_refused_by_name(tmp_path, layers, damage, words):
    write_h5(tmp_path / "bad.h5", damage(layers))
    with pytest.raises(ModelError) as refusal:
        read_weights(tmp_path / "bad.h5")
    assert words in str(refusal.value)
    assert "bad.h5" in str(refusal.value)


def test_cut_short_and_other_files_exit_1_with_one_line(tmp_path, weights, capsys):
    for name, content in (("cut.h5", weights.read_bytes()[:100_000]), ("text.h5", b"no weights")):
        (tmp_path / name).write_bytes(content)
        assert openl3.main(["import", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
        said = capsys.readouterr().err.strip()
        assert name in said
        assert len(said.splitlines()) == 1
    assert openl3.main(["import", str(tmp_path / "none.h5"), "--out", str(tmp_path / "out")]) == 1


def test_the_show_embeds_with_the_import(artefact, weights, rng):
    samples = noise(rng)
    got = Embedder(artefact).embed(Window(1.0, 0, samples, np.zeros((0, WINDOW_SAMPLES), np.float32))).vector
    with torch.no_grad():
        wanted = read_weights(weights)(torch.from_numpy(openl3_mel256(samples)[None, :, :, None]))[0].numpy()
    np.testing.assert_allclose(got, wanted, atol=1e-3)


def test_windows_are_centred_as_openl3_centres_them():
    for n, frames in ((48_000, 6), (10_000, 1), (24_000, 1), (24_001, 2), (96_000, 16)):
        windows = openl3.centred_windows(np.arange(n, dtype=np.float32))
        assert len(windows) == frames
        assert all(len(window) == WINDOW_SAMPLES for window in windows)
        assert windows[0][24_000 + 5] == 5.0
        assert not windows[0][:24_000].any()


def test_a_probe_decides_the_exit_code(tmp_path, weights, rng, capsys):
    audio = rng.normal(0.0, 0.1, 30_000).astype(np.float32)
    network = read_weights(weights)
    with torch.no_grad():
        rows = [network(torch.from_numpy(openl3.spectrogram(w)))[0].numpy() for w in openl3.centred_windows(audio)]
    probe, out = tmp_path / "probe.npz", tmp_path / "out"
    np.savez(probe, audio=audio, embedding=np.stack(rows))
    assert openl3.main(["import", str(weights), "--out", str(out), "--probe", str(probe)]) == 0
    assert "least cosine 1.000" in capsys.readouterr().out
    np.savez(probe, audio=audio, embedding=np.stack(rows) * 1.05)
    assert openl3.main(["import", str(weights), "--out", str(tmp_path / "no"), "--probe", str(probe)]) == 1
    assert not (tmp_path / "no").exists()
    np.savez(probe, audio=audio, embedding=np.stack(rows)[:1])
    assert openl3.main(["import", str(weights), "--out", str(tmp_path / "no"), "--probe", str(probe)]) == 1
    assert "do not fit" in capsys.readouterr().err


@pytest.fixture
def audio_folder(tmp_path, rng):
    """Two songs of pulsing tones: one to learn from, one by a validation artist."""
    folder = tmp_path / "audio"
    folder.mkdir()
    lines = ["file,title,artist,license"]
    for index, artist in enumerate(("Nobody", VALIDATION_ARTISTS[0])):
        time_s = np.arange(6 * 48_000) / 48_000
        tone = np.sin(2 * np.pi * (220 + 110 * index) * time_s) * (time_s % 0.5 < 0.2)
        soundfile.write(folder / f"{index}.wav", 0.3 * tone + rng.normal(0.0, 0.01, len(tone)), 48_000)
        lines.append(f"{index}.wav,song,{artist},none")
    (folder / "tracks.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_eight_bits_stay_close_and_name_what_they_stand_in_for(artefact, audio_folder, tmp_path, capsys):
    out = tmp_path / "int8"
    arguments = ["quantize", "--model", str(artefact), "--data", str(audio_folder), "--out", str(out), "--windows", "6"]
    assert openl3.main(arguments) == 0
    least = float(capsys.readouterr().out.split("least ")[1].split(",")[0])
    assert least > 0.98
    manifest, original = read_manifest(out, "embedder", 0.1), read_manifest(artefact, "embedder", 0.1)
    assert manifest.derived_from == original.name
    assert manifest.derived_from_sha256 == original.step.sha256
    assert (out / "embedder.onnx").stat().st_size < 0.3 * (artefact / "embedder.onnx").stat().st_size


def test_a_student_learns_resumes_and_opens_in_the_show(artefact, audio_folder, tmp_path, rng):
    recipe = DistilRecipe(steps=6, windows=24, batch=8, evaluate_every=3, log_every=1)
    straight_run = distil(artefact, audio_folder, tmp_path / "run", recipe, 3)
    (tmp_path / "run" / "last.pt").unlink()
    half = DistilRecipe(steps=6, windows=24, batch=8, evaluate_every=3, log_every=1)
    stopped = tmp_path / "run2"
    stopped.mkdir()
    (stopped / "answers.npz").write_bytes((tmp_path / "run" / "answers.npz").read_bytes())
    distil(artefact, audio_folder, stopped, half, 3, max_minutes=0.0)  # stops before its first step
    resumed = distil(artefact, audio_folder, stopped, recipe, 99, resume=True)
    for a, b in zip(straight_run.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    out = ["--out", str(tmp_path / "run")]
    arguments = ["distill", "--teacher", str(artefact), "--data", str(audio_folder), "--steps", "2", *out]
    assert openl3.main(arguments) == 0
    student = tmp_path / "run" / "artefact"
    vector = Embedder(student).embed(Window(0.0, 0, noise(rng), np.zeros((0, WINDOW_SAMPLES), np.float32))).vector
    assert vector.shape == (512,)
    assert np.isfinite(vector).all()
    assert read_manifest(student, "embedder", 0.1).derived_from == "openl3-music-mel256-512"
    assert "cosine" in (student / "card.md").read_text(encoding="utf-8")
    assert Path(tmp_path / "run" / "log.jsonl").is_file()
