"""The authors' checkpoints: layout, parity with the real BART of transformers, refusals, and the show on top of them.

`official_tiny.npz` was made once with transformers 4.46.3: a tiny backbone of random weights under the official names,
adapters included, and the logits that the published arithmetic gives for it, with and without an attention mask.
"""

import json
import math
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from controller.artefacts.artefact import read_manifest  # noqa: E402
from controller.errors import ModelError  # noqa: E402
from controller.listening.decode.refreshed import RefreshedNetwork, RefreshedSkipBart  # noqa: E402
from controller.messages import Embedding  # noqa: E402
from tools.train.skipbart import __main__ as skipbart  # noqa: E402
from tools.train.skipbart.lora import adapt, merge  # noqa: E402
from tools.train.skipbart.network import OFFICIAL, Size, SkipBart  # noqa: E402
from tools.train.skipbart.official import (  # noqa: E402
    TIED,
    bart_layout,
    head_layout,
    official_tensors,
    read_official,
)
from tools.train.skipbart.step import export_step  # noqa: E402

TINY = {"d": 32, "encoder_layers": 2, "decoder_layers": 2, "heads": 8, "ffn": 48, "positions": 24}
SIZE = Size(**TINY, chunk=0)
LAYER = "bart.base_model.model.decoder.layers.1.encoder_attn.q_proj"


@pytest.fixture(scope="module")
def oracle():
    with np.load(Path(__file__).parent / "official_tiny.npz") as arrays:
        return {name: arrays[name] for name in arrays.files}


@pytest.fixture
def pair(oracle):
    """Both files' tensors, complete with everything the authors' code never uses."""
    return tuple(
        {
            name: torch.from_numpy(oracle[f"w:{name}"]) if f"w:{name}" in oracle else torch.zeros(place.shape)
            for name, place in layout.items()
        }
        for layout in (bart_layout(SIZE), head_layout(SIZE))
    )


@pytest.fixture
def write(tmp_path):
    def to_files(bart, head):
        paths = tmp_path / "bart_finetune.pth", tmp_path / "head_finetune.pth"
        for tensors, path in zip((bart, head), paths, strict=True):
            torch.save(tensors, path)
        return paths

    return to_files


def logits_of(network, oracle, *, masked=False):
    attend = torch.from_numpy(oracle["attend"]) > 0 if masked else None
    with torch.no_grad():
        parts = network(torch.from_numpy(oracle["music"]), torch.from_numpy(oracle["light_in"]), attend)
    return [part.numpy() for part in parts]


def test_official_layout_has_the_published_tensors_and_parameters():
    body, head = bart_layout(OFFICIAL), head_layout(OFFICIAL)
    assert (len(body), len(head)) == (455, 16)
    assert len([name for name in bart_layout(OFFICIAL, adapters=False) if name.startswith("bart.")]) == 345
    everything = {**body, **head}
    assert body["bart.base_model.model.encoder.embed_positions.weight"].shape == (1026, 1024)
    aliases = [name for name in everything if name.endswith(TIED[1:])]
    counts = {name: math.prod(place.shape) for name, place in everything.items() if name not in aliases}
    assert sum(counts.values()) == 230_668_726
    trainable = [name for name in counts if ".lora_" in name or not name.startswith("bart.")]
    assert sum(counts[name] for name in trainable) == 9_090_486


def test_adapters_leave_just_these_parameters_trainable():
    with torch.device("meta"):
        network = adapt(SkipBart(OFFICIAL))
    ours = sum(p.numel() for p in network.parameters() if p.requires_grad)
    idle = sum(math.prod(place.shape) for name, place in {**bart_layout(OFFICIAL), **head_layout(OFFICIAL)}.items()
               if ".attention." in name)  # fmt: skip
    assert ours + idle == 9_090_486


def test_logits_are_those_of_the_published_model(pair, write, oracle):
    network = read_official(*write(*pair), SIZE)
    for got, name in zip(logits_of(network, oracle), ("hue", "value"), strict=True):
        np.testing.assert_allclose(got, oracle[name], atol=1e-5)
    for got, name in zip(logits_of(network, oracle, masked=True), ("hue_masked", "value_masked"), strict=True):
        np.testing.assert_allclose(got, oracle[name], atol=1e-5)
        assert np.abs(got - oracle[name.removesuffix("_masked")]).max() > 0.01  # the mask did something


def test_merged_adapters_compute_the_same(pair, write, oracle):
    apart = logits_of(read_official(*write(*pair), SIZE), oracle)
    merged = merge(read_official(*write(*pair), SIZE))
    assert not [name for name in merged.state_dict() if "lora" in name]
    for a, b in zip(apart, logits_of(merged, oracle), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_round_trip_gives_the_same_tensors(pair, write):
    network = read_official(*write(*pair), SIZE)
    for given, back, layout in zip(
        pair, official_tensors(network, adapters=True), (bart_layout(SIZE), head_layout(SIZE)), strict=True
    ):
        assert list(back) == list(given)
        for name, place in layout.items():
            assert torch.equal(back[name], given[name]) or place.ours is None


@pytest.mark.parametrize("prefix", ["module.", "model.", "module.model."])
def test_known_prefixes_are_taken_off(pair, write, oracle, prefix):
    body, head = ({prefix + name: tensor for name, tensor in part.items()} for part in pair)
    network = read_official(*write(body, head), SIZE)
    np.testing.assert_allclose(logits_of(network, oracle)[0], oracle["hue"], atol=1e-5)


def test_one_safetensors_file_with_one_of_the_tied_tensors(pair, tmp_path, oracle):
    both = {f"model.{name}": tensor for part in pair for name, tensor in part.items() if not name.endswith(TIED[1:])}
    save_file(both, tmp_path / "model.safetensors")
    network = read_official(tmp_path / "model.safetensors", None, SIZE)
    np.testing.assert_allclose(logits_of(network, oracle)[1], oracle["value"], atol=1e-5)


def test_backbone_without_adapters(pair, write, oracle):
    plain, heads = official_tensors(merge(read_official(*write(*pair), SIZE)), adapters=False)
    network = read_official(*write(plain, heads), SIZE)
    np.testing.assert_allclose(logits_of(network, oracle)[0], oracle["hue"], atol=1e-4)


def test_order_in_the_file_means_nothing(pair, write, oracle):
    body, head = (dict(reversed(part.items())) for part in pair)
    np.testing.assert_allclose(logits_of(read_official(*write(body, head), SIZE), oracle)[0], oracle["hue"], atol=1e-5)


def drop(body, head):
    del body[f"{LAYER}.bias" if f"{LAYER}.bias" in body else f"{LAYER}.base_layer.bias"]


def add(body, head):
    body["bart.surprise"] = torch.zeros(1)


def reshape(body, head):
    body["decoder_emb.0.weight"] = torch.zeros(180, 8)


def swap_heads(body, head):
    first, second = "classifier.0.layers.1.weight", "classifier.1.layers.1.weight"
    head[first], head[second] = head[second], head[first]


def poison(body, head):
    body[f"{LAYER}.lora_A.default.weight"] = torch.full((4, 32), float("nan"))


def odd_prefix(body, head):
    renamed = {f"weird.{name}": tensor for name, tensor in body.items()}
    body.clear()
    body.update(renamed)


def half_prefix(body, head):
    body["module.decoder.layers.0.bias"] = body.pop("decoder.layers.0.bias")


def no_token_embedding(body, head):
    for name in [name for name in body if name.endswith(TIED)]:
        del body[name]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (drop, "missing: '" + LAYER),
        (add, "not part of this model: 'bart.surprise'"),
        (reshape, "'decoder_emb.0.weight' has shape [180, 8], not [181, 8]"),
        (swap_heads, "'classifier.0.layers.1.weight' has shape [257, 32], not [181, 32]"),
        (poison, "not finite: '" + LAYER + ".lora_A"),
        (odd_prefix, "names begin with 'weird.'"),
        (half_prefix, "'module.decoder.layers.0.bias'"),
        (no_token_embedding, "shared.weight"),
    ],
)
def test_anything_else_is_refused_by_name(pair, write, damage, words):
    body, head = (dict(part) for part in pair)
    damage(body, head)
    with pytest.raises(ModelError) as refusal:
        read_official(*write(body, head), SIZE)
    assert words in str(refusal.value)


def test_cut_short_swapped_or_missing_files(pair, write, tmp_path):
    bart, head = write(*pair)
    with pytest.raises(ModelError, match="no tensor is named 'decoder_emb"):
        read_official(head, bart, SIZE)
    bart.write_bytes(bart.read_bytes()[:-9_000])
    with pytest.raises(ModelError, match=r"bart_finetune\.pth: not readable"):
        read_official(bart, head, SIZE)
    with pytest.raises(ModelError, match="no such file"):
        read_official(tmp_path / "none.pth", head, SIZE)


def test_pickled_objects_are_never_executed(tmp_path, pair, write):
    bart, head = write(*pair)
    torch.save({"decoder_emb.0.weight": Path("/")}, bart)
    with pytest.raises(ModelError, match="not readable as a checkpoint"):
        read_official(bart, head, SIZE)


@pytest.fixture
def imported(pair, write, tmp_path, oracle):
    """The artefact that `skipbart import` makes of the tiny pair, with the probe passed."""
    bart, head = write(*pair)
    probe, out = tmp_path / "probe.npz", tmp_path / "artefact"
    np.savez(probe, **{name: oracle[name] for name in ("music", "light_in", "hue", "value")})
    arguments = ["import", "--bart", str(bart), "--head", str(head), "--out", str(out), "--probe", str(probe)]
    arguments += ["--size", json.dumps(TINY), "--hops", "8", "--refresh", "2"]
    return arguments, out, probe


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_import_writes_an_artefact_that_decodes(imported, capsys, rng):
    arguments, out, _ = imported
    assert skipbart.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "allowed 0.001" in printed
    difference = float(printed.split("differ from the network by at most ")[1].split()[0])
    assert difference < 1e-4
    manifest = read_manifest(out, "decoder", 0.1)
    assert (manifest.context_hops, manifest.refresh_hops) == (8, 2)
    network = RefreshedNetwork(out, manifest.model_copy(update={"name": manifest.embedder}))
    with ThreadPoolExecutor(1) as executor:
        shows = []
        for _ in range(2):
            decoder = RefreshedSkipBart(network, executor, patient=True)
            noise = np.random.default_rng(3)
            rows = [
                decoder.step(Embedding(0.1 * i, i, noise.normal(size=512).astype(np.float32)), i % 180, i % 256)
                for i in range(60)
            ]
            shows.append(np.stack([hue for hue, _ in rows]))
    assert np.isfinite(shows[0]).all()
    np.testing.assert_array_equal(shows[0], shows[1])  # whatever the worker's pace


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("precision", "near"), [("fp16", 0.05), ("int8", 0.6)])
def test_smaller_precisions_say_what_they_lose_and_still_decode(imported, capsys, precision, near):
    arguments, out, _ = imported
    assert skipbart.main([*arguments, "--precision", precision]) == 0
    difference = float(capsys.readouterr().out.split("differ from the network by at most ")[1].split()[0])
    assert 0.0 < difference < near
    manifest = read_manifest(out, "decoder", 0.1)
    assert manifest.name == f"skipbart-official-{precision}"
    assert all(tensor.dtype in ("float32", "int64") for tensor in manifest.step.inputs)
    assert "the same hue first at" in (out / "card.md").read_text(encoding="utf-8")


def test_failed_probe_exits_1(imported, capsys):
    arguments, out, probe = imported
    with np.load(probe) as arrays:
        changed = {**arrays, "hue": arrays["hue"] + 0.01}
    np.savez(probe, **changed)
    assert skipbart.main(arguments) == 1
    assert "largest difference" in capsys.readouterr().out
    assert not out.exists()


def test_refused_file_exits_1_with_one_line(imported, capsys):
    arguments, _, _ = imported
    Path(arguments[2]).write_bytes(b"no checkpoint")
    assert skipbart.main(arguments) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_o13_the_published_archive_is_read_as_it_is(imported, capsys):
    """Both files in a folder of a ZIP, beside what else is published there."""
    arguments, out, _ = imported
    archive = Path(arguments[2]).with_name("trained.zip")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("trained/README.md", "weights")
        for file in (arguments[2], arguments[4]):
            packed.write(file, f"trained/{Path(file).name}")
    assert skipbart.main([arguments[0], "--bart", str(archive), *arguments[5:]]) == 0
    assert read_manifest(out, "decoder", 0.1).name == "skipbart-official"


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_a_late_refresh_stops_nothing_and_is_counted(imported, rng):
    arguments, out, _ = imported
    assert skipbart.main(arguments) == 0
    manifest = read_manifest(out, "decoder", 0.1)
    network = RefreshedNetwork(out, manifest.model_copy(update={"name": manifest.embedder}))
    busy = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        decoder = RefreshedSkipBart(network, executor, patient=False)
        blocker = executor.submit(busy.wait, 60.0)  # the worker is kept from its work
        light = [decoder.step(Embedding(0.0, i, rng.normal(size=512).astype(np.float32)), 9, 9) for i in range(40)]
        assert np.isfinite([hue for hue, _ in light]).all()
        assert decoder.late > 0
        busy.set()
        blocker.result()
        late = decoder.late
        for i in range(40, 60):
            decoder.step(Embedding(0.0, i, rng.normal(size=512).astype(np.float32)), 9, 9)
            executor.submit(int).result()  # the worker has time again
        assert decoder.late <= late + 2  # one to see that it fell behind, one to catch up


def test_a_step_graph_with_exact_caches_is_refused_for_bidirectional_weights(tmp_path):
    with pytest.raises(ValueError, match="only a causal network"):
        export_step(SkipBart(SIZE), tmp_path / "step.onnx")


@pytest.mark.parametrize(("chunk", "furthest"), [(1, 0), (4, 3), (0, 11)])
def test_look_ahead_is_what_the_size_says(chunk, furthest, rng):
    """The first hop's logits change with music up to `furthest` hops ahead, and with none beyond."""
    torch.manual_seed(4)
    network = SkipBart(replace(SIZE, chunk=chunk, dropout=0.0)).eval()
    music = torch.from_numpy(rng.normal(size=(1, 12, 512)).astype(np.float32))
    light = torch.zeros(1, 12, 2, dtype=torch.int64)
    with torch.no_grad():
        before = network(music, light)[0][0, 0]
        answers = []
        for hop in range(12):
            changed = music.clone()
            changed[0, hop] += 3.0
            answers.append(bool((network(changed, light)[0][0, 0] - before).abs().max() > 1e-6))
    assert answers == [hop <= furthest for hop in range(12)]
