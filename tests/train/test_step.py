"""The cached step equals the whole sequence: in torch, in ONNX, and for the artefact in `models/`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.skipbart.network import SkipBart  # noqa: E402
from tools.train.skipbart.step import CachedStep, cache_names, empty_caches, export_step, write_columns  # noqa: E402

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
        write_columns(caches, logits[2:], i)
        for got, rows in zip(logits, wanted, strict=False):
            np.testing.assert_allclose(got[0].numpy(), rows[i], atol=1e-4)


def replay(session, names, music, light_in, bearings=None):
    """Logits of a step graph over an excerpt, as the runtime runs it: caches preallocated, written in place."""
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
        outputs = session.run(None, {**feed, **caches})
        for name, column in zip(names, outputs[2:], strict=True):
            if name.endswith(".key"):
                caches[name][..., i] = column[..., 0]
            else:
                caches[name][..., i, :] = column[..., 0, :]
        rows.append((outputs[0][0], outputs[1][0]))
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


def test_nothing_past_the_position_is_read(tiny_network, rng):
    step = CachedStep(tiny_network)
    clean, dirty = empty_caches(tiny_network), empty_caches(tiny_network)
    for cache in dirty:
        cache.normal_(generator=torch.Generator().manual_seed(1))
    music = torch.from_numpy(rng.normal(size=(1, 1, 512)).astype(np.float32))
    light = torch.tensor([[3]]), torch.tensor([[4]]), torch.tensor([0])
    with torch.no_grad():
        for a, b in zip(step(music, *light, *clean), step(music, *light, *dirty), strict=True):
            assert torch.equal(a, b)


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
