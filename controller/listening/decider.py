"""Windows to light tokens: embed, decode, choose. Used as it is by the live show, by rehearsal and by tests.

window ──► networks.paced (embedding) ──► networks.decoder (logits) ──► chooser (token) ──► the next model's turn?
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from controller.artefacts.generations import Generations
from controller.clock import Clock
from controller.config import Config
from controller.errors import PlanError
from controller.listening.bearings import bearings
from controller.listening.chooser import Chooser
from controller.listening.decode.cueing import SMALL_STEP
from controller.listening.decode.sections import SectionWatch
from controller.listening.decode.skipbart import Logits
from controller.listening.decode.succession import Succession
from controller.listening.decode.vocabulary import hue_distance, hue_from_degrees
from controller.listening.embed.embedder import Embedder
from controller.listening.form.director import Band, Director, Wish
from controller.listening.networks import Networks
from controller.listening.plan.leading import Planned, PlannedShow
from controller.listening.plan.plan import read_plans
from controller.listening.time.tempo import Tempo
from controller.looks.pack import NO_FORM, pack_of
from controller.messages import NO_CLOCK, NO_WISH, Cue, Embedding, LightToken, Operator, Steering, Window
from controller.people.wishes import in_force, steered
from controller.timing import Timings

log = logging.getLogger(__name__)

REST_DB = -50.0
"""A second of sound below this is a rest between two phrases, or two songs."""


class Decider:
    """The deciding half of the show.

    Args:
        config: models, sampling, palette and seed.
        clock: measures durations; decides nothing.
        patient: wait for work off the hot path, so that the same input decides the same (rehearsal).

    Attributes:
        heard: the newest embedding. planned: what a plan decided in the newest hop, or None.
        conducted: what an opening's conductor decides while it plays; set it when that changes.
        band: what the ear knows of the band and its song; set it before each step.
        outside: somebody else's clock, which plans follow; set it when it is told.
        sections: where the music turned.

    Raises:
        ModelError: an artefact cannot be used.
    """

    def __init__(self, config: Config, clock: Clock, *, patient: bool = False) -> None:
        self._clock = clock
        self._networks = Networks(config, clock, patient=patient)
        self._chooser = Chooser(config)
        self.sections = SectionWatch()
        self.heard: Embedding | None = None
        self.planned: Planned | None = None
        self.conducted: Planned | None = None
        self.band: Band | None = None
        self.outside = NO_CLOCK
        self._cue: Cue | None = None
        self._bearings = bearings(None, None, 0.0, 0.0, 0.0)
        self._director = None if config.look.pack == NO_FORM else Director(pack_of(config))
        self._plans = _plans(config)
        self.timings = Timings()

    @property
    def steering(self) -> Steering:
        """How people lean on the model; set it when they do."""
        return self._chooser.steering

    @steering.setter
    def steering(self, steering: Steering) -> None:
        self._chooser.steering = steering

    def obey(self, people: Operator) -> None:
        """Take what people set and what the set list wishes."""
        self._chooser.steering = steered(people)
        if self._director is not None:
            self._director.bind(in_force(people), people.steering)

    @property
    def beats(self) -> Tempo:
        """The tempo that people tapped; set it when they do."""
        return self._chooser.beats

    @beats.setter
    def beats(self, beats: Tempo) -> None:
        self._chooser.beats = beats

    @property
    def embedder(self) -> Embedder:
        """What turns sound into numbers."""
        return self._networks.embedder

    @property
    def embed_every(self) -> int:
        """Hops between two embeddings; 1 unless the embedder is too slow for this machine."""
        return self._networks.paced.every

    @property
    def generation(self) -> int:
        """Of the model that decides, 0 for the configured one."""
        return self._networks.generation

    @property
    def generations(self) -> Generations:
        """What this venue has learned."""
        return self._networks.generations

    @property
    def decoder_name(self) -> str:
        """Of the model that decides."""
        return self._networks.name

    @property
    def decoder_folder(self) -> Path:
        """Of the model that decides."""
        return self._networks.folder

    @property
    def succession(self) -> Succession:
        """Who decides next."""
        return self._networks.succession

    def look_for_successor(self) -> None:
        """Prepare the chosen generation if it is not the one that decides; may take seconds, off the hot path."""
        self._networks.look_for_successor()

    def warm_up(self) -> None:
        """Run both networks on silence, so that the first hop of the show is not the slow one."""
        self._networks.warm_up()

    def step(self, window: Window) -> LightToken:
        """The light for one hop."""
        started_s = self._clock.now_s()
        embedding = self._networks.paced.embed(window)
        embedded_s = self._clock.now_s()
        self.planned = self.conducted
        if self.planned is None and self._plans is not None:
            self.planned = self._plans.word(window.samples, window.t_s, self.outside)
        before = self._chooser.hue, self._chooser.value
        token = self.directed(self.decide(embedding, window.t_s, window.hit, self.planned, window.loudness))
        decoded_s = self._clock.now_s()
        self.timings.add("embed", embedded_s - started_s)
        self.timings.add("decode", decoded_s - embedded_s)
        self.timings.add("analysis", decoded_s - started_s)
        self.heard = embedding
        self.sections.add(embedding.vector, window.t_s)
        self._hand_over(embedding, before, window)
        return token

    def decide(
        self, embedding: Embedding, t_s: float, hit: float, planned: Planned | None = None, loudness: float = 0.0
    ) -> LightToken:
        """The light for one hop that sounds like this, unless a plan knows better.

        Args:
            embedding: of the hop. t_s: its end. hit: 0..1, strongest onset in it. planned: what a plan says.
            loudness: 0..1, at its end.
        """
        hue_logits, value_logits = self._ask(embedding, t_s, hit, loudness)
        return self._chooser.choose(hue_logits, value_logits, t_s, hit, planned)

    def directed(self, token: LightToken) -> LightToken:
        """The token with the look that it colours: the plan's, where there is one; an opening has its own light."""
        if self._director is None or self.band is None:
            self._chooser.look_hue = None
            return token
        cue = self._cue = self._director.step(self.band, token.t_s, self._chooser.wish)
        self._chooser.look_hue = hue_from_degrees(cue.palette[0]) if cue is not None and cue.palette else None
        if self.planned is not None:
            self._chooser.look_hue = None
            cue = self._rehearsed(self.planned, self.band)
        return replace(token, cue=cue)

    def _rehearsed(self, planned: Planned, band: Band) -> Cue | None:
        """The look that a plan hangs here, on the band's beat."""
        if planned.look is None or self._director is None:
            return None
        return self._director.permitted(planned.look.cue(planned.look_s, band.tempo, band.build))

    @property
    def wish(self) -> Wish:
        """How much the decoder would have liked a gel in the newest hop."""
        return self._chooser.wish

    def _ask(self, embedding: Embedding, t_s: float, hit: float, loudness: float) -> Logits:
        """What the decoder says of a hop, told where it lies."""
        self._bearings = bearings(self.band, self._cue, t_s, loudness, hit)
        return self._networks.decoder.step(embedding, self._chooser.hue, self._chooser.value, self._bearings)

    def tell(self, embedding: Embedding, hue: int, value: int, hit: float = 0.0, loudness: float = 0.0) -> LightToken:
        """A hop whose light was decided elsewhere: the network remembers both, and goes on from there."""
        hue_logits, _ = self._ask(embedding, embedding.t_s, hit, loudness)
        return self._chooser.tell(hue_logits, embedding.t_s, hue, value)

    def follow(self, band: Band, t_s: float, wish: Wish) -> None:
        """A hop whose look was chosen elsewhere: the form is followed all the same."""
        if self._director is not None:
            self._cue = self._director.step(band, t_s, wish)

    def go_on(self, hung: Mapping[str, Sequence[tuple[float, float]]], steering: Steering) -> None:
        """From the next hop on looks are chosen beside those that hang.

        Args:
            hung: colours of the sections so far, by label. steering: colours that people chose.
        """
        if self._director is not None:
            for label, colours in hung.items():
                self._director.recall(label, colours)
            self._director.bind(NO_WISH, steering)

    def _hand_over(self, embedding: Embedding, told: tuple[int, int], window: Window) -> None:
        """From the next hop on another model decides, if one is due."""
        cue = hue_distance(self._chooser.hue, told[0]) > SMALL_STEP
        ends = cue or _rests(window)
        successor = self.succession.hear(embedding, *told, ends=ends, hit=window.hit, bearings=self._bearings)
        if successor is not None:
            self._networks.take(successor)
            log.info("generation %d (%s) decides from here on", self.generation, self.decoder_name)


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
