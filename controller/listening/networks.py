"""The networks that decide: which artefact is open, at which pace it can be asked, and its successor. Edge: models."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from controller.artefacts.artefact import Manifest, read_manifest
from controller.artefacts.generations import Generations
from controller.clock import Clock
from controller.config import Config
from controller.errors import ModelError
from controller.listening.audio.accent_stem import kit_stem
from controller.listening.audio.ear import Ear
from controller.listening.decode.refreshed import RefreshedNetwork, RefreshedSkipBart
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart
from controller.listening.decode.succession import Decoder, Succession, Successor
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD
from controller.listening.embed.embedder import Embedder
from controller.listening.embed.paced import PacedEmbedder, advice, hops_for
from controller.listening.form.boundary import boundary
from controller.listening.form.director import Band
from controller.listening.form.form import FormWatch
from controller.listening.time.leading import open_hearing
from controller.messages import Window
from controller.sound_format import HOP_S, WINDOW_SAMPLES

log = logging.getLogger(__name__)

MEASURED = 4
"""Rounds that the governor measures."""


class Networks:
    """Embedder and decoder, and who decides after them.

    Args:
        config: models. clock: measures durations. patient: wait for work off the hot path (rehearsal).

    Attributes:
        embedder: of the configuration. paced: the same, as often as this machine can. decoder: of this show.
        generation: of the model that decides, 0 for the configured one. name, folder: of the same.
        succession: what prepares another generation.

    Raises:
        ModelError: an artefact cannot be used.
    """

    def __init__(self, config: Config, clock: Clock, *, patient: bool) -> None:
        self._config, self._clock, model = config, clock, config.model
        self.embedder = Embedder(config.path(model.embedder), threads=model.threads, provider=model.provider)
        self.generations = Generations.of(config)
        self.generation, self.folder, self._opened = self._first()
        self.name = self._opened.name
        self.decoder = self._opened.decoder(patient=patient)
        self.paced = self._pace(patient=patient)
        self.succession = Succession(clock)
        self._tried: int | None = None

    def _first(self) -> "tuple[int, Path, _Causal | _Bidirectional]":
        """The generation that was chosen, or the configured model if that cannot be used: number, folder, network."""
        number = self.generations.current()
        if number:
            try:
                folder = self.generations.find(number).folder
                return number, folder, self._opener(folder)
            except ModelError as error:
                log.warning("%s; the configured model decides instead", error)
        folder = self._config.path(self._config.model.decoder)
        return 0, folder, self._opener(folder)

    def _opener(self, folder: Path) -> "_Causal | _Bidirectional":
        return open_decoder(self._config, folder, self.embedder.manifest)

    def look_for_successor(self) -> None:
        """Prepare the chosen generation if it is not the one that decides; may take seconds, off the hot path."""
        number = self.generations.current()
        if number == self.generation:
            self.succession.withdraw()
            self._tried = None
        elif number != self._tried:
            self._tried = number
            try:
                name, folder = self._named(number)
            except ModelError as error:
                self.succession.refuse(number, "?", str(error))
                return
            self.succession.prepare(number, name, folder, lambda: self._opener(folder).decoder(patient=False))

    def _named(self, number: int) -> tuple[str, Path]:
        if number == 0:
            folder = self._config.path(self._config.model.decoder)
            return folder.name, folder
        one = self.generations.find(number)
        return one.name, one.folder

    def warm_up(self) -> None:
        """Run both networks on silence, so that the first hop of the show is not the slow one."""
        self._measure(1)

    def _pace(self, *, patient: bool) -> PacedEmbedder:
        """The embedder at the configured pace; `auto`: what this machine can keep, measured. A rehearsal has time."""
        every = self._config.model.embed_every
        if every == "auto":
            embed_s, decode_s = (0.0, 0.0) if patient else self._measure(MEASURED)
            every = hops_for(embed_s, decode_s)
            if every > 1:
                log.warning("%s", advice(self.embedder.name, embed_s, every, self.embedder.manifest.front_end))
        executor = ThreadPoolExecutor(1, thread_name_prefix="embed") if every > 1 else None
        return PacedEmbedder(self.embedder, every, executor, patient=patient)

    def _measure(self, rounds: int) -> tuple[float, float]:
        """Seconds that embedding and decoding take here: the best of some rounds, the first of which warms up."""
        silence = Window(0.0, 0, np.zeros(WINDOW_SAMPLES, np.float32), np.zeros((0, WINDOW_SAMPLES), np.float32))
        decoder = self._opened.decoder(patient=True)
        rows = []
        for _ in range(rounds):
            started_s = self._clock.now_s()
            embedding = self.embedder.embed(silence)
            embedded_s = self._clock.now_s()
            decoder.step(embedding, HUE_PAD, VALUE_PAD)
            rows.append((embedded_s - started_s, self._clock.now_s() - embedded_s))
        return min(row[0] for row in rows), min(row[1] for row in rows)

    def take(self, successor: Successor) -> None:
        """From now on another generation decides."""
        self.decoder, self.generation, self.folder = successor.decoder, successor.number, successor.folder
        self.name = successor.name


class _Causal:
    """A causal network and the decoders that run on it."""

    def __init__(self, folder: Path, embedder: Manifest, threads: int, provider: str) -> None:
        self.network = DecoderNetwork(folder, embedder, threads=threads, provider=provider)
        self.name = self.network.manifest.name

    def decoder(self, *, patient: bool) -> Decoder:  # noqa: ARG002 - nothing here runs off the hot path
        return SkipBart(self.network)


class _Bidirectional:
    """A bidirectional network, the thread that refreshes, and the decoders that run on them."""

    def __init__(self, folder: Path, embedder: Manifest, threads: int, provider: str) -> None:
        self.network = RefreshedNetwork(folder, embedder, threads=threads, provider=provider)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="refresh")
        self.name = self.network.manifest.name

    def decoder(self, *, patient: bool) -> Decoder:
        return RefreshedSkipBart(self.network, self._executor, patient=patient)


def open_ear(config: Config, stems: tuple[str, ...]) -> Ear:
    """What the show, the rehearsal and the room hear through.

    Args:
        stems: names of the columns that follow the mix in each block.

    Raises:
        ModelError: the networks that hear beats cannot be used.
    """
    kit = kit_stem(stems)
    hearing = open_hearing(config, 0 if kit is None else 1 + kit)
    form = None if hearing is None else FormWatch(boundary)
    return Ear(config.audio.silence_db, stems, config.audio.accent_stem, hearing, form)


def band_of(ear: Ear) -> Band | None:
    """What the ear knows of the band and its song; None where it has no networks for it."""
    hearing = ear.hearing
    if hearing is None:
        return None
    build, level = (0.0, 0.0) if hearing.energy is None else (hearing.energy.build, hearing.energy.level)
    kind, drummed = hearing.kind, hearing.drummed
    return Band(ear.song, ear.tempo, kind, drummed, build, level, hearing.voice, hearing.hits_s)


def open_decoder(config: Config, folder: Path, embedder: Manifest) -> _Causal | _Bidirectional:
    """The network that an artefact holds, by its manifest.

    Raises:
        ModelError: the artefact cannot be used, or not with this embedder.
    """
    manifest = read_manifest(folder, "decoder", HOP_S)
    kind = _Causal if manifest.refresh is None else _Bidirectional
    return kind(folder, embedder, config.model.threads, config.model.provider)
