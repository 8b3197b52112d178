"""Windows to light tokens: embed, decode, sample. Used as it is by the live show, by rehearsal and by tests."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np

from controller.artefact import Manifest, read_manifest
from controller.clock import Clock
from controller.colour import hue_degrees, parse_colour
from controller.config import Config, SamplingConfig
from controller.decode.cueing import Cueing
from controller.decode.refreshed import RefreshedNetwork, RefreshedSkipBart
from controller.decode.sampling import Choice, sample_hue, sample_value
from controller.decode.skipbart import HOP_S, Logits, Network, SkipBart
from controller.decode.vocabulary import HUE_PAD, VALUE_PAD, hue_from_degrees
from controller.embed.embedder import Embedder
from controller.embed.paced import PacedEmbedder, advice, hops_for
from controller.messages import Embedding, LightToken, Window
from controller.timing import Timings

log = logging.getLogger(__name__)

MEASURED = 4
"""Rounds that the governor measures."""
SEED_VALUE = 96
"""Brightness the decoder is told for "before the first hop": on, but not loud."""


class Decoder(Protocol):
    """What decides: with a causal network (`SkipBart`) or a bidirectional one (`RefreshedSkipBart`)."""

    def step(self, embedding: Embedding, hue: int = ..., value: int = ...) -> Logits:
        """Logits of one hop, given the light before it."""
        ...


class Decider:
    """The deciding half of the show.

    Args:
        config: models, sampling, palette and seed.
        clock: measures durations; decides nothing.
        patient: wait for work off the hot path, so that the same input decides the same (rehearsal).

    Raises:
        ModelError: an artefact cannot be used.
    """

    def __init__(self, config: Config, clock: Clock, *, patient: bool = False) -> None:
        self._clock = clock
        model = config.model
        embedder_folder, decoder_folder = model_folders(config)
        self.embedder = Embedder(embedder_folder, threads=model.threads, provider=model.provider)
        self._open = _opener(decoder_folder, self.embedder.manifest, model.threads, model.provider)
        self.decoder_name = self._open.name
        self._skipbart = self._open.decoder(patient=patient)
        self._paced = self._pace(config, patient=patient)
        self._hue_choice = _choice(model.hue)
        self._value_choice = _choice(model.value)
        self._cueing = Cueing(round(model.cue_wait_s / HOP_S))
        self._rng = np.random.default_rng(config.seed)
        self._hue = hue_from_degrees(hue_degrees(parse_colour(config.palette[0])))
        self._value = SEED_VALUE
        self._seq = 0
        self.timings = Timings()

    @property
    def embed_every(self) -> int:
        """Hops between two embeddings; 1 unless the embedder is too slow for this machine."""
        return self._paced.every

    def warm_up(self) -> None:
        """Run both networks on silence, so that the first hop of the show is not the slow one."""
        self._measure(1)

    def _pace(self, config: Config, *, patient: bool) -> PacedEmbedder:
        """The embedder at the configured pace; `auto`: what this machine can keep, measured. A rehearsal has time."""
        every = config.model.embed_every
        if every == "auto":
            embed_s, decode_s = (0.0, 0.0) if patient else self._measure(MEASURED)
            every = hops_for(embed_s, decode_s)
            if every > 1:
                log.warning("%s", advice(self.embedder.name, embed_s, every, self.embedder.manifest.front_end))
        executor = ThreadPoolExecutor(1, thread_name_prefix="embed") if every > 1 else None
        return PacedEmbedder(self.embedder, every, executor, patient=patient)

    def _measure(self, rounds: int) -> tuple[float, float]:
        """Seconds that embedding and decoding take here: the best of some rounds, the first of which warms up."""
        silence = Window(0.0, 0, np.zeros(48_000, np.float32), np.zeros((0, 48_000), np.float32))
        decoder = self._open.decoder(patient=True)
        rows = []
        for _ in range(rounds):
            started_s = self._clock.now_s()
            embedding = self.embedder.embed(silence)
            embedded_s = self._clock.now_s()
            decoder.step(embedding, HUE_PAD, VALUE_PAD)
            rows.append((embedded_s - started_s, self._clock.now_s() - embedded_s))
        return min(row[0] for row in rows), min(row[1] for row in rows)

    def step(self, window: Window) -> LightToken:
        """The light for one hop."""
        started_s = self._clock.now_s()
        embedding = self._paced.embed(window)
        embedded_s = self._clock.now_s()
        hue_logits, value_logits = self._skipbart.step(embedding, self._hue, self._value)
        hue, hue_p = sample_hue(hue_logits, self._hue, self._hue_choice, self._rng)
        self._hue = self._cueing.step(hue, self._hue, window.hit)
        self._value, value_p = sample_value(value_logits, self._value, self._value_choice, self._rng)
        decoded_s = self._clock.now_s()
        self.timings.add("embed", embedded_s - started_s)
        self.timings.add("decode", decoded_s - embedded_s)
        self.timings.add("analysis", decoded_s - started_s)
        token = LightToken(window.t_s, self._seq, self._hue, self._value, hue_p, value_p)
        self._seq += 1
        return token


class _Causal:
    """A causal network and the decoders that run on it."""

    def __init__(self, folder: Path, embedder: Manifest, threads: int, provider: str) -> None:
        self._network = Network(folder, embedder, threads=threads, provider=provider)
        self.name = self._network.manifest.name

    def decoder(self, *, patient: bool) -> Decoder:  # noqa: ARG002 - nothing here runs off the hot path
        return SkipBart(self._network)


class _Bidirectional:
    """A bidirectional network, the thread that refreshes, and the decoders that run on them."""

    def __init__(self, folder: Path, embedder: Manifest, threads: int, provider: str) -> None:
        self._network = RefreshedNetwork(folder, embedder, threads=threads, provider=provider)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="refresh")
        self.name = self._network.manifest.name

    def decoder(self, *, patient: bool) -> Decoder:
        return RefreshedSkipBart(self._network, self._executor, patient=patient)


def _opener(folder: Path, embedder: Manifest, threads: int, provider: str) -> _Causal | _Bidirectional:
    """The network that an artefact holds, by its manifest."""
    manifest = read_manifest(folder, "decoder", HOP_S)
    kind = _Causal if manifest.refresh is None else _Bidirectional
    return kind(folder, embedder, threads, provider)


def model_folders(config: Config) -> tuple[Path, Path]:
    """Folders of embedder and decoder artefact."""
    return config.path(config.model.embedder), config.path(config.model.decoder)


def _choice(sampling: SamplingConfig) -> Choice:
    return Choice(sampling.temperature, sampling.top_p, sampling.reach)
