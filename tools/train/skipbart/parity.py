"""Proof that an exported step graph is the network that was trained: an excerpt with its logits, and the comparison.

Edge: reads and writes files.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from controller.arrays import Float32Array, IntArray
from controller.artefacts.artefact import Manifest
from controller.listening.decode.parity import PROBES, TRIED_HOPS, differences, read_probes
from controller.listening.decode.skipbart import DecoderNetwork, summary
from controller.listening.decode.vocabulary import HUES, VALUES
from tools.train.embedder.network import EMBEDDING
from tools.train.skipbart.dataset import UNLIT, PreparedSong, crop
from tools.train.skipbart.network import SkipBart
from tools.train.skipbart.step import CachedStep, empty_caches

PARITY_HOPS, PROBE_HOPS = 256, 32


@torch.no_grad()
def write_parity(network: SkipBart, song: PreparedSong, path: Path) -> None:
    """Store what the network says about an excerpt, silence and noise, for whoever has no torch.

    Logits are those of the whole sequence at once, the state is that of the cached steps.
    """
    length = min(PARITY_HOPS, network.size.positions)
    excerpt = crop(song, min(song.hops // 4, max(song.hops - length, 0)), length, view=0, show=0, rng=None)
    few = min(PROBE_HOPS, network.size.positions)
    told = [(excerpt.music, excerpt.light_in), *(probe(few, quiet=quiet) for quiet in (True, False))]
    where = [excerpt.bearings, *(bearings_probe(few, network.size.bearings, quiet=quiet) for quiet in (True, False))]
    arrays = {}
    for name, (music, light_in), there in zip(PROBES, told, where, strict=True):
        music_in, light = torch.from_numpy(music), torch.from_numpy(light_in)
        bearings = torch.from_numpy(there) if network.size.bearings else None
        hue_logits, value_logits = network(music_in, light, None, bearings)
        kept = state(network, music_in[:, :TRIED_HOPS], light[:, :TRIED_HOPS], bearings)
        arrays |= {f"{name}music": music[0], f"{name}light_in": light_in[0], f"{name}hue_logits": hue_logits[0].numpy(),
                   f"{name}value_logits": value_logits[0].numpy(), f"{name}state": kept}  # fmt: skip
        if bearings is not None:
            arrays[f"{name}bearings"] = there[0]
    np.savez_compressed(path, **arrays)


def probe(hops: int, *, quiet: bool) -> tuple[Float32Array, IntArray]:
    """Music (1, T, 512) and light (1, T, 2) to ask about: silence in the dark, or noise of an embedding's scale."""
    rng = np.random.default_rng(hops)
    if quiet:
        return np.zeros((1, hops, EMBEDDING), np.float32), np.full((1, hops, 2), UNLIT, np.int64)
    light = np.stack([rng.integers(0, HUES, hops), rng.integers(0, VALUES, hops)], axis=1)
    return (2.0 + rng.normal(size=(1, hops, EMBEDDING))).astype(np.float32), light[None]


def bearings_probe(hops: int, numbers: int, *, quiet: bool) -> Float32Array:
    """Bearings (1, T, K) to ask about: of nowhere, or any."""
    rng = np.random.default_rng(hops + 1)
    return (np.zeros if quiet else rng.standard_normal)((1, hops, numbers)).astype(np.float32)


def state(network: SkipBart, music: Tensor, light: Tensor, bearings: Tensor | None = None) -> Float32Array:
    """(caches,): what the caches hold after these hops, as `Context.state` says it."""
    step, caches = CachedStep(network).eval(), empty_caches(network)
    for hop in range(music.shape[1]):
        here = music[:, hop : hop + 1], light[:, hop : hop + 1, 0], light[:, hop : hop + 1, 1], torch.tensor([hop])
        there = () if bearings is None else (bearings[:, hop : hop + 1],)
        _, _, *caches = step(*here, *there, *caches)
    return np.array([summary(cache.numpy(), music.shape[1]) for cache in caches], np.float32)


def parity_difference(folder: Path, embedder: Manifest) -> float:
    """Largest difference of any answer between an artefact's step graph, run as in a show, and its parity file."""
    network = DecoderNetwork(folder, embedder)
    return max(max(differences(network, probe).values()) for probe in read_probes(folder))


def stand_in(decoder: Manifest) -> Manifest:
    """An embedder's manifest that a decoder accepts, where embeddings are read from files and no embedder is here."""
    bound = {"derived_from": decoder.embedder, "derived_from_sha256": decoder.embedder_sha256}
    return decoder.model_copy(update={"name": decoder.embedder or "", **bound})
