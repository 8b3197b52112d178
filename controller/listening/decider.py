"""Windows to light tokens: embed, decode, sample. Used as it is by the live show, by rehearsal and by tests."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, read_manifest
from controller.artefacts.generations import Generations
from controller.clock import Clock
from controller.colour import hue_degrees, parse_colour
from controller.config import Config, SamplingConfig
from controller.errors import ModelError, PlanError
from controller.listening.decode.cueing import SMALL_STEP, Cueing, Tempo
from controller.listening.decode.refreshed import RefreshedNetwork, RefreshedSkipBart
from controller.listening.decode.sampling import Choice, sample_hue, sample_value
from controller.listening.decode.sections import SectionWatch
from controller.listening.decode.skipbart import DecoderNetwork, SkipBart
from controller.listening.decode.steering import NEUTRAL, Palette, allowed_hues, nearest_allowed, steer_hue, steer_value
from controller.listening.decode.succession import Decoder, Succession
from controller.listening.decode.vocabulary import HUE_PAD, VALUE_PAD, hue_distance, hue_from_degrees
from controller.listening.embed.embedder import Embedder
from controller.listening.embed.paced import PacedEmbedder, advice, hops_for
from controller.listening.plan.leading import Planned, PlannedShow
from controller.listening.plan.plan import read_plans
from controller.messages import Embedding, LightToken, Window
from controller.sound_format import HOP_S
from controller.timing import Timings

log = logging.getLogger(__name__)

MEASURED = 4
"""Rounds that the governor measures."""
REST_DB = -50.0
"""A second of sound below this is a rest between two phrases, or two songs."""
SEED_VALUE = 96
"""Brightness the decoder is told for "before the first hop": on, but not loud."""


class Decider:
    """The deciding half of the show.

    Args:
        config: models, sampling, palette and seed.
        clock: measures durations; decides nothing.
        patient: wait for work off the hot path, so that the same input decides the same (rehearsal).

    Attributes:
        steering, beats: how people lean on the model, and the tempo they tapped; set them when they do.
        heard: the newest embedding. planned: what a plan decided in the newest hop, or None.
        conducted: what an opening's conductor decides while it plays; set it when that changes.
        sections: where the music turned.
        generation: of the model that decides, 0 for the configured one.

    Raises:
        ModelError: an artefact cannot be used.
    """

    def __init__(self, config: Config, clock: Clock, *, patient: bool = False) -> None:
        self._clock = clock
        self._config = config
        model = config.model
        self.embedder = Embedder(config.path(model.embedder), threads=model.threads, provider=model.provider)
        self.generations = Generations.of(config)
        self.generation, self.decoder_folder, self._open = self._first()
        self.decoder_name = self._open.name
        self.succession = Succession(clock)
        self._skipbart = self._open.decoder(patient=patient)
        self._paced = self._pace(config, patient=patient)
        self._hue_choice = _choice(model.hue)
        self._value_choice = _choice(model.value)
        hues = [hue_from_degrees(hue_degrees(parse_colour(one))) for one in config.palette]
        self._palette = Palette(tuple(hues))
        self.steering, self.beats = NEUTRAL, Tempo()
        self.sections = SectionWatch()
        self._cueing = Cueing(round(model.cue_wait_s / HOP_S))
        self._rng = np.random.default_rng(config.seed)
        self._hue = hues[0]
        self._value = SEED_VALUE
        self._seq = 0
        self.heard: Embedding | None = None
        self.planned: Planned | None = None
        self.conducted: Planned | None = None
        self._planned = _plans(config)
        self._tried: int | None = None
        self.timings = Timings()

    @property
    def embed_every(self) -> int:
        """Hops between two embeddings; 1 unless the embedder is too slow for this machine."""
        return self._paced.every

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
        self.planned = self.conducted
        if self.planned is None and self._planned is not None:
            self.planned = self._planned.step(window.samples)
        before = self._hue, self._value
        token = self.decide(embedding, window.t_s, window.hit, self.planned)
        decoded_s = self._clock.now_s()
        self.timings.add("embed", embedded_s - started_s)
        self.timings.add("decode", decoded_s - embedded_s)
        self.timings.add("analysis", decoded_s - started_s)
        self.heard = embedding
        self.sections.add(embedding.vector, window.t_s)
        self._hand_over(embedding, before, window)
        return token

    def decide(self, embedding: Embedding, t_s: float, hit: float, planned: Planned | None = None) -> LightToken:
        """The light for one hop that sounds like this, unless a plan knows better.

        Args:
            embedding: of the hop. t_s: its end. hit: 0..1, strongest onset in it. planned: what a plan says.
        """
        hue_logits, value_logits = self._skipbart.step(embedding, self._hue, self._value)
        hue_p = self._draw_hue(hue_logits, self.beats.hit(t_s, hit))
        value_logits, value_choice = steer_value(value_logits, self._value_choice, self.steering)
        self._value, value_p = sample_value(value_logits, self._value, value_choice, self._rng)
        if planned is not None:
            self._hue, hue_p = nearest_allowed(planned.hue, self.steering), planned.sure
            self._value, value_p = planned.value, planned.sure
        token = LightToken(t_s, self._seq, self._hue, self._value, hue_p, value_p)
        self._seq += 1
        return token

    def tell(self, embedding: Embedding, hue: int, value: int) -> None:
        """A hop whose light was decided elsewhere: the network remembers both, and goes on from there."""
        self._skipbart.step(embedding, self._hue, self._value)
        self._hue, self._value = hue, value

    def _draw_hue(self, logits: Float32Array, hit: float) -> float:
        """The next hue, and the probability it had; one that a person does not want any more goes at once."""
        logits, choice = steer_hue(logits, self._hue_choice, self._hue, self.steering, self._palette)
        hue, hue_p = sample_hue(logits, self._hue, choice, self._rng)
        allowed = allowed_hues(self.steering)
        wanted = allowed is None or bool(allowed[self._hue])
        self._hue = self._cueing.step(hue, self._hue, hit) if wanted else hue
        return hue_p

    def _hand_over(self, embedding: Embedding, told: tuple[int, int], window: Window) -> None:
        """From the next hop on another model decides, if one is due."""
        cue = hue_distance(self._hue, told[0]) > SMALL_STEP
        successor = self.succession.hear(embedding, *told, ends=cue or _rests(window), hit=window.hit)
        if successor is None:
            return
        self._skipbart, self.generation, self.decoder_folder = successor.decoder, successor.number, successor.folder
        self.decoder_name = successor.name
        log.info("generation %d (%s) decides from here on", self.generation, self.decoder_name)


class _Causal:
    """A causal network and the decoders that run on it."""

    def __init__(self, folder: Path, embedder: Manifest, threads: int, provider: str) -> None:
        self._network = DecoderNetwork(folder, embedder, threads=threads, provider=provider)
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


def open_decoder(config: Config, folder: Path, embedder: Manifest) -> _Causal | _Bidirectional:
    """The network that an artefact holds, by its manifest.

    Raises:
        ModelError: the artefact cannot be used, or not with this embedder.
    """
    manifest = read_manifest(folder, "decoder", HOP_S)
    kind = _Causal if manifest.refresh is None else _Bidirectional
    return kind(folder, embedder, config.model.threads, config.model.provider)


def _plans(config: Config) -> PlannedShow | None:
    """What was rehearsed; free play where that cannot be read any more (`check` refuses it before the show)."""
    try:
        return PlannedShow(read_plans(config.path(config.plan))) if config.plan else None
    except PlanError as error:
        log.warning("%s; the model plays freely", error)
        return None


def _rests(window: Window) -> bool:
    """Whether the second is as good as silent."""
    power = float(np.dot(window.samples, window.samples)) / len(window.samples)
    return bool(power < 10.0 ** (REST_DB / 10.0))


def model_folders(config: Config) -> tuple[Path, Path]:
    """Folders of the configured embedder and decoder artefact; a generation may decide in the decoder's place."""
    return config.path(config.model.embedder), config.path(config.model.decoder)


def _choice(sampling: SamplingConfig) -> Choice:
    return Choice(sampling.temperature, sampling.top_p, sampling.reach)
