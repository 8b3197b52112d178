"""The cached step: equal to the full sequence, endless, and without a seam."""

import numpy as np
import pytest

from controller.artefacts.artefact import read_manifest
from controller.listening.decode.skipbart import Context, DecoderNetwork, SkipBart
from controller.messages import Embedding

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def network(config):
    embedder = read_manifest(config.path(config.model.embedder), "embedder", 0.1)
    return DecoderNetwork(config.path(config.model.decoder), embedder)


@pytest.fixture(scope="module")
def parity(config):
    """Teacher-forced logits of the full sequence, computed by PyTorch when the model was exported."""
    with np.load(config.path(config.model.decoder) / "parity.npz") as data:
        return {name: data[name] for name in data.files}


def forced(context, parity, hops):
    """Logits of hop after hop, fed the reference's light."""
    told = parity.get("bearings", [None] * hops)
    light = parity["light_in"].tolist()
    steps = [context.step(parity["music"][i], *light[i], told[i]) for i in range(hops)]
    return np.array([hue for hue, _ in steps]), np.array([value for _, value in steps])


def test_cached_steps_equal_the_full_sequence(network, parity):
    hops = len(parity["music"])
    assert hops >= 64
    hue, value = forced(Context(network), parity, hops)
    assert np.abs(hue - parity["hue_logits"]).max() < TOLERANCE
    assert np.abs(value - parity["value_logits"]).max() < TOLERANCE


def test_a_cleared_context_remembers_nothing(network, parity):
    context = Context(network)
    first = forced(context, parity, 40)
    context.clear()
    again = forced(context, parity, 40)
    assert np.array_equal(first[0], again[0])


def test_caches_never_grow_and_are_never_replaced(network, parity):
    context = Context(network)
    before = {name: (array.ctypes.data, array.shape) for name, array in context._feed.items()}
    forced(context, parity, 20)
    assert {name: (array.ctypes.data, array.shape) for name, array in context._feed.items()} == before


def walk(skipbart, music, hops):
    """Greedy free run: hue and value fed back, and the log-probabilities of each hop."""
    hue, value, trace = 20, 100, []
    for hop in range(hops):
        embedding = Embedding(hop * 0.1, hop, music[hop % len(music)])
        hue_logits, value_logits = skipbart.step(embedding, hue, value)
        trace.append((hue_logits.copy(), value_logits.copy(), skipbart._older.length))
        hue, value = int(hue_logits[:180].argmax()), int(value_logits[:256].argmax())
    return trace


def probabilities(logits):
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def test_nothing_visible_happens_where_contexts_change_over(network, parity):
    """Opinions move from one hop to the next; across a seam they must not move more than they do elsewhere."""
    trace = walk(SkipBart(network), parity["music"], 2 * network.context_hops)
    moves = np.array(
        [
            np.abs(probabilities(trace[i][0]) - probabilities(trace[i - 1][0])).sum() / 2
            + np.abs(probabilities(trace[i][1]) - probabilities(trace[i - 1][1])).sum() / 2
            for i in range(1, len(trace))
        ]
    )
    lengths = np.array([length for _, _, length in trace])
    seams = np.flatnonzero(np.diff(lengths) < 0)
    assert len(seams) == 2  # 512 -> 257, and again half a cache later
    assert moves[seams].max() <= np.percentile(moves, 99.5)


def test_a_set_of_any_length_costs_the_same_at_every_hop(network, parity):
    skipbart = SkipBart(network)
    lengths = [length for _, _, length in walk(skipbart, parity["music"], 3 * network.context_hops)]
    assert max(lengths) == network.context_hops
    half = network.context_hops // 2
    assert set(lengths[network.context_hops :]) == set(range(half + 1, network.context_hops + 1))
