"""Tiny networks and synthetic songs: nothing here needs a file that is not in the repository."""

import numpy as np
import pytest

TEMPO_HOPS = 5  # 120 beats a minute


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def tiny_size():
    pytest.importorskip("torch")
    from tools.train.skipbart.network import Size

    return Size(d=32, encoder_layers=2, decoder_layers=2, heads=4, ffn=48, positions=24, dropout=0.0)


@pytest.fixture
def tiny_network(tiny_size):
    torch = pytest.importorskip("torch")
    from tools.train.skipbart.network import SkipBart

    torch.manual_seed(3)
    network = SkipBart(tiny_size).eval()
    for parameter in network.parameters():  # BART's initial weights are so small that errors would hide in them
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    return network


@pytest.fixture
def lit_songs(rng):
    """Two prepared songs whose light follows from their music, with one view and one show each."""
    from tools.train.skipbart.dataset import PreparedSong

    songs = []
    for n in range(2):
        music = rng.normal(size=(1, 60, 512)).astype(np.float16)
        hue = np.where(music[0, :, 0] > 0, 20, 110)
        light = np.stack([hue, 40 + 100 * (music[0, :, 1] > 0)], axis=1)
        songs.append(PreparedSong(f"song{n}", music, light[None].astype(np.int16)))
    return songs
