"""The cached step equals the whole sequence: in torch, in ONNX, and for the artefact in `models/`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from controller.artefacts.artefact import read_manifest  # noqa: E402
from controller.listening.decode.parity import differences, read_probes  # noqa: E402
from controller.listening.decode.skipbart import Context, DecoderNetwork  # noqa: E402
from tests.fakes.older_step import export_older_step  # noqa: E402
from tools.train.artefact import write_manifest  # noqa: E402
from tools.train.skipbart.__main__ import main  # noqa: E402
from tools.train.skipbart.network import SkipBart  # noqa: E402
from tools.train.skipbart.parity import stand_in, write_parity  # noqa: E402
from tools.train.skipbart.step import CachedStep, cache_names, empty_caches, export_step  # noqa: E402

BUNDLED = Path(__file__).parents[2] / "models" / "skipbart-small"


@pytest.fixture
def excerpt(tiny_network, rng):
    """Music, light_in and whole-sequence logits of a full context."""
    length = tiny_network.size.positions
    music = rng.normal(size=(length, 512)).astype(np.float32)
    light_in = np.stack([rng.integers(0, 181, length), rng.integers(0, 257, length)], axis=1)
    with torch.no_grad():
        logits = tiny_network(torch.from_numpy(music)[None], torch.from_numpy(light_in)[None])
    return music, light_in, [part[0].numpy() for part in logits]


def test_torch_step_equals_whole_sequence(tiny_network, excerpt):
    music, light_in, wanted = excerpt
    step, caches = CachedStep(tiny_network), empty_caches(tiny_network)
    for i in range(len(music)):
        hue, value = (torch.tensor([[int(part)]]) for part in light_in[i])
        with torch.no_grad():
            (*logits,) = step(torch.from_numpy(music[i])[None, None], hue, value, torch.tensor([i]), *caches)
        logits, caches = logits[:2], logits[2:]
        for got, rows in zip(logits, wanted, strict=False):
            np.testing.assert_allclose(got[0].numpy(), rows[i], atol=1e-4)


def replay(session, names, music, light_in, bearings=None):
    """Logits of a step graph over an excerpt, as any runtime runs it: what it keeps is told to it again."""
    shapes = {i.name: i.shape for i in session.get_inputs()}
    caches = {name: np.zeros(shapes[name], np.float32) for name in names}
    rows = []
    for i in range(len(music)):
        feed = {
            "music": music[i][None, None],
            "hue": light_in[i, :1][None],
            "value": light_in[i, 1:][None],
            "position": np.array([i]),
        }
        if bearings is not None:
            feed["bearings"] = bearings[i][None, None]
        (*logits,) = session.run(None, {**feed, **caches})
        caches = dict(zip(names, logits[2:], strict=True))
        rows.append((logits[0][0], logits[1][0]))
    return [np.stack(part) for part in zip(*rows, strict=True)]


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
@pytest.mark.parametrize("without", ["light", "skip"])
def test_ablations_export_with_all_their_inputs(tiny_size, tmp_path, without):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    network = SkipBart(replace(tiny_size, **{without: False}))
    export_step(network, tmp_path / "step.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "step.onnx", providers=["CPUExecutionProvider"])
    inputs = {i.name for i in session.get_inputs()}
    assert inputs == {"music", "hue", "value", "position", *cache_names(network)}


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_onnx_step_equals_whole_sequence(tiny_network, excerpt, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    music, light_in, wanted = excerpt
    export_step(tiny_network, tmp_path / "step.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "step.onnx", providers=["CPUExecutionProvider"])
    got = replay(session, cache_names(tiny_network), music, light_in)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def _as_a_show_has_it(network, folder, older):
    """The network behind the manifest of an artefact of today, or of one that somebody has had for a while."""
    fields = {"name": "tiny", "embedder": "embedder-small", "hop_s": 0.1, "window_s": 1.0, "look_ahead_s": 0.0}
    if older:
        export_older_step(network, folder, **fields)
    else:
        export_step(network, folder / "step.onnx")
        fields["context_hops"] = network.size.positions
        write_manifest(folder, folder / "step.onnx", kind="decoder", **fields)
    return DecoderNetwork(folder, read_manifest(BUNDLED.parent / "embedder-small", "embedder", 0.1))


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
@pytest.mark.parametrize("older", [False, True], ids=["today's graph", "an older graph"])
def test_a_show_runs_the_graphs_of_today_and_older_ones(tiny_network, excerpt, tmp_path, older):
    pytest.importorskip("onnx")
    music, light_in, wanted = excerpt
    network = _as_a_show_has_it(tiny_network, tmp_path, older)
    assert network.keeps is not older
    context = Context(network)
    for turn in range(2):  # the second time over caches that are full of the first
        context.clear()
        got = [context.step(*hop) for hop in zip(music, *light_in.T, strict=True)]
        for part, rows in zip(zip(*got, strict=True), wanted, strict=True):
            np.testing.assert_allclose(np.stack(part), rows, atol=1e-4, err_msg=f"turn {turn}")


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_nothing_past_the_position_is_read(tiny_network, rng, tmp_path):
    pytest.importorskip("onnx")
    network = _as_a_show_has_it(tiny_network, tmp_path, older=False)
    clean, dirty = Context(network), Context(network)
    for tensor in network.caches:
        dirty._feed[tensor.name][...] = np.nan
    for _ in range(3):
        music = rng.normal(size=512).astype(np.float32)
        for a, b in zip(clean.step(music, 3, 4), dirty.step(music, 3, 4), strict=True):
            np.testing.assert_array_equal(a, b)


def test_bundled_artefact_matches_its_parity_file():
    onnxruntime = pytest.importorskip("onnxruntime")
    if not (BUNDLED / "parity.npz").is_file():
        pytest.skip("models/skipbart-small is not here")
    session = onnxruntime.InferenceSession(BUNDLED / "step.onnx", providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs() if "." in i.name]
    with np.load(BUNDLED / "parity.npz") as stored:
        got = replay(session, names, stored["music"], stored["light_in"], stored.get("bearings"))
        for part, name in zip(got, ("hue_logits", "value_logits"), strict=True):
            np.testing.assert_allclose(part, stored[name], atol=1e-4)


@pytest.mark.filterwarnings("ignore")  # the exporter's own deprecation notices
def test_an_older_artefact_is_written_anew_and_says_the_same(tiny_network, lit_songs, tmp_path, capsys):
    pytest.importorskip("onnx")
    older, newer = tmp_path / "older", tmp_path / "newer"
    older.mkdir()
    _as_a_show_has_it(tiny_network, older, older=True)
    write_parity(tiny_network, lit_songs[0], older / "parity.npz")
    assert main(["renew", str(older), "--out", str(newer)]) == 0
    assert "says what" in capsys.readouterr().out
    was, made = (read_manifest(folder, "decoder", 0.1) for folder in (older, newer))
    assert made.model_dump(exclude={"step"}) == was.model_dump(exclude={"step"})
    network = DecoderNetwork(newer, stand_in(made))
    assert network.keeps
    assert all(max(differences(network, probe).values()) < 1e-4 for probe in read_probes(newer))
    assert main(["renew", str(older), "--out", str(newer)]) == 1, "nothing is written over"
    (older / "parity.npz").unlink()
    assert main(["renew", str(older), "--out", str(tmp_path / "other")]) == 1
    assert "nothing tells what the model should say" in capsys.readouterr().err
