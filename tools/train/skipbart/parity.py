"""Proof that an exported step graph is the network that was trained: an excerpt with its logits, and the comparison.

Edge: reads and writes files.
"""

from pathlib import Path

import numpy as np
import torch

from controller.artefacts.artefact import Manifest
from controller.listening.decode.skipbart import Context, DecoderNetwork
from tools.train.skipbart.dataset import PreparedSong, crop
from tools.train.skipbart.network import SkipBart

PARITY_HOPS = 256
FILE = "parity.npz"


@torch.no_grad()
def write_parity(network: SkipBart, song: PreparedSong, path: Path) -> None:
    """Store what the whole-sequence network says about an excerpt, for tests that have no torch."""
    length = min(PARITY_HOPS, network.size.positions)
    crops = crop(song, min(song.hops // 4, max(song.hops - length, 0)), length, view=0, show=0, rng=None)
    hue_logits, value_logits = network(torch.from_numpy(crops.music), torch.from_numpy(crops.light_in))
    np.savez_compressed(
        path,
        music=crops.music[0],
        light_in=crops.light_in[0],
        hue_logits=hue_logits[0].numpy(),
        value_logits=value_logits[0].numpy(),
    )


def parity_difference(folder: Path, embedder: Manifest) -> float:
    """Largest difference of any logit between an artefact's step graph, run as in a show, and its parity excerpt."""
    context, largest = Context(DecoderNetwork(folder, embedder)), 0.0
    with np.load(folder / FILE) as stored:
        music, light_in = stored["music"], stored["light_in"]
        wanted = stored["hue_logits"], stored["value_logits"]
    for hop, vector in enumerate(music):
        logits = context.step(vector, int(light_in[hop, 0]), int(light_in[hop, 1]))
        largest = max(largest, *(float(np.abs(a - b[hop]).max()) for a, b in zip(logits, wanted, strict=True)))
    return largest


def stand_in(decoder: Manifest) -> Manifest:
    """An embedder's manifest that a decoder accepts, where embeddings are read from files and no embedder is here."""
    bound = {"derived_from": decoder.embedder, "derived_from_sha256": decoder.embedder_sha256}
    return decoder.model_copy(update={"name": decoder.embedder or "", **bound})
