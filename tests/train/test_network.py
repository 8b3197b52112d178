"""Skip-BART: parameter counts of the paper's code, and causality everywhere."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tools.train.skipbart.network import OFFICIAL, SkipBart  # noqa: E402


def light_of(rng, length):
    return torch.from_numpy(np.stack([rng.integers(0, 181, length), rng.integers(0, 257, length)], axis=1))[None]


def test_official_size_has_the_official_parameters():
    """Counted in the published code: 223 922 176 with LoRA, shared token embedding and idle attentions, plus heads."""
    with torch.device("meta"):
        network = SkipBart(OFFICIAL)
    counted = sum(parameter.numel() for parameter in network.parameters())
    lora, shared_tokens, idle = 393_216, 50_265 * 1_024, 4 * (512 * 512 + 512)
    heads = 2 * (1_024 * 1_024 + 1_024) + 181 * 1_025 + 257 * 1_025
    assert counted == 223_922_176 - lora - shared_tokens - idle + heads


def test_official_bart_layers_carry_the_official_names_and_shapes():
    with torch.device("meta"):
        shapes = {name: tuple(p.shape) for name, p in SkipBart(OFFICIAL).named_parameters()}
    assert shapes["encoder.embed_positions.weight"] == (1_026, 1_024)
    assert shapes["decoder.layers.7.encoder_attn.k_proj.weight"] == (1_024, 1_024)
    assert shapes["decoder.layers.0.fc1.weight"] == (2_048, 1_024)
    assert shapes["hue_embedding.weight"] == (181, 256)
    assert shapes["value_embedding.weight"] == (257, 256)
    assert shapes["music_decoder.weight"] == (512, 512)


@pytest.mark.parametrize("what", ["music", "light"])
def test_the_future_changes_nothing_before_it(tiny_network, rng, what):
    music = torch.from_numpy(rng.normal(size=(1, 20, 512)).astype(np.float32))
    light = light_of(rng, 20)
    before = tiny_network(music, light)
    if what == "music":
        music = music.clone()
        music[:, 12:] += 3.0
    else:
        light = light.clone()
        light[:, 12:] = 0
    after = tiny_network(music, light)
    for a, b in zip(before, after, strict=True):
        assert torch.equal(a[:, :12], b[:, :12])
        assert not torch.allclose(a[:, 12:], b[:, 12:], atol=1e-3)


def test_music_reaches_the_same_hop(tiny_network, rng):
    music = torch.from_numpy(rng.normal(size=(1, 8, 512)).astype(np.float32))
    light = light_of(rng, 8)
    louder = music.clone()
    louder[:, 5] += 1.0
    change = (tiny_network(music, light)[1] - tiny_network(louder, light)[1]).abs().amax(-1)[0]
    assert change[5] > 1e-3
    assert change[:5].max() == 0.0
