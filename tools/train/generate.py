"""Free-running shows: the decoder hears a song and reads nothing but its own light, as on the night.

Uses the runtime's own decoder and sampler on the exported step graph, so what is scored is what ships.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from controller.artefact import read_manifest
from controller.decode.sampling import Choice, sample_hue, sample_value
from controller.decode.skipbart import Logits, Network, SkipBart
from controller.decode.vocabulary import HUE_PAD, HUES, VALUE_PAD, VALUES
from controller.messages import Embedding

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Settings:
    """How tokens are drawn; the defaults are the recommended ones for the bundled decoder."""

    hue: Choice = field(default_factory=lambda: Choice(temperature=1.0, top_p=1.0, reach=90))
    value: Choice = field(default_factory=lambda: Choice(temperature=1.2, top_p=0.98, reach=255))


class Decoder(Protocol):
    """`SkipBart` or `RefreshedSkipBart`."""

    def step(self, embedding: Embedding, hue: int = ..., value: int = ...) -> Logits:
        """Logits of one hop, given the light before it."""
        ...


def generate(network: Network, music: FloatArray, settings: Settings, rng: np.random.Generator) -> IntArray:
    """`play` with a causal network."""
    return play(SkipBart(network), music, settings, rng)


def play(decoder: Decoder, music: FloatArray, settings: Settings, rng: np.random.Generator) -> IntArray:
    """A show for a song.

    Args:
        decoder: fresh, at the beginning of a set.
        music: (hops, 512) embeddings.

    Returns:
        (hops, 2) int64, hue 0..179 and value 0..255. The show begins with nothing lit (PAD).
    """
    light = np.empty((len(music), 2), np.int64)
    hue: int | None = None
    value: int | None = None
    for hop, vector in enumerate(music):
        embedding = Embedding(t_s=0.1 * (hop + 1), seq=hop, vector=vector)
        before = (HUE_PAD, VALUE_PAD) if hue is None or value is None else (hue, value)
        hue_logits, value_logits = decoder.step(embedding, *before)
        hue, _ = sample_hue(hue_logits, hue, settings.hue, rng)
        value, _ = sample_value(value_logits, value, settings.value, rng)
        light[hop] = hue % HUES, min(value, VALUES - 1)
    return light


def open_network(folder: Path) -> Network:
    """The step graph of an artefact folder, beside which the embedder it was trained on lies."""
    return Network(folder, read_manifest(folder.parent / "embedder-small", "embedder", 0.1))
