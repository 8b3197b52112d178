"""Free-running shows: the decoder hears a song and reads nothing but its own light, as on the night.

Uses the runtime's own decoder and sampler on the exported step graph, so what is scored is what ships.
"""

from dataclasses import dataclass, field

import numpy as np

from controller.arrays import Float32Array, IntArray
from controller.listening.decode.cueing import Cueing
from controller.listening.decode.sampling import Choice, sample_hue, sample_value
from controller.listening.decode.succession import Decoder
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from controller.messages import Embedding


@dataclass(frozen=True, slots=True)
class Settings:
    """How tokens are drawn; the defaults are the recommended ones for the bundled decoder."""

    hue: Choice = field(default_factory=lambda: Choice(temperature=1.0, top_p=1.0, reach=90))
    value: Choice = field(default_factory=lambda: Choice(temperature=1.0, top_p=1.0, reach=255))
    cue_wait_hops: int = 20


def play(
    decoder: Decoder,
    music: Float32Array,
    hits: Float32Array,
    settings: Settings,
    rng: np.random.Generator,
    *,
    bearings: Float32Array | None = None,
) -> IntArray:
    """A show for a song.

    Args:
        decoder: fresh, at the beginning of a set.
        music: (hops, 512) embeddings. hits: (hops,) strength of the strongest onset of each hop, as a show hears it.
        bearings: (hops, BEARINGS) where each hop lies; None: nobody knows.

    Returns:
        (hops, 2) int64, hue 0..179 and value 0..255. The show begins with nothing lit (PAD).
    """
    light = np.empty((len(music), 2), np.int64)
    hue: int | None = None
    value: int | None = None
    cueing = Cueing(settings.cue_wait_hops)
    for hop, vector in enumerate(music):
        embedding = Embedding(t_s=0.1 * (hop + 1), seq=hop, vector=vector)
        before = (HUE_PAD, VALUE_PAD) if hue is None or value is None else (hue, value)
        hue_logits, value_logits = decoder.step(embedding, *before, None if bearings is None else bearings[hop])
        drawn, _ = sample_hue(hue_logits, hue, settings.hue, rng)
        hue = cueing.step(drawn, hue, float(hits[hop]))
        value, _ = sample_value(value_logits, value, settings.value, rng)
        light[hop] = hue, value
    return light
