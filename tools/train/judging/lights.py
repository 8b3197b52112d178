"""Who lights a song: the configured show, the same without one of its parts, or a designer who knows the whole song."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from controller.arrays import IntArray
from controller.clock import MonotonicClock
from controller.config import Config, with_overrides
from controller.listening.decider import Decider
from controller.listening.decode.skipbart import Logits
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.form.director import Director
from controller.looks.gels import Gel
from controller.looks.pack import NO_FORM, pack_of
from controller.messages import Embedding, LightToken, Window
from tools.train.designer.analysis import analyse
from tools.train.designer.designer import Composer, draw_taste
from tools.train.songs import read_audio

LIGHTS = ("show", "no-form", "no-book", "no-bearings", "rules", "designer")
VALUE = 128
"""Of every token, where no model decides."""
LEAD_HOPS = 1
"""Who knows the song is there with it: a token is on the wire one hop after it was decided."""


class ForgetfulDecider(Decider):
    """Follows the form, and knows no part again: every section is a new one."""

    def step(self, window: Window) -> LightToken:
        band = self.band
        if band is not None and band.song.section is not None:
            section = band.song.section
            new = replace(section, label=f"{section.label} {section.start_s:.0f}", again=False)
            self.band = replace(band, song=replace(band.song, section=new))
        return super().step(window)


class UntoldDecider(Decider):
    """Its decoder is told nothing of beat, part and book; the director goes on as it does."""

    def _ask(self, embedding: Embedding, t_s: float, hit: float, loudness: float) -> Logits:  # noqa: ARG002
        return self._networks.decoder.step(embedding, self._chooser.hue, self._chooser.value)


class RulesDecider(Decider):
    """The director without the model: gels by lot, brightness by the music alone."""

    def __init__(self, config: Config) -> None:
        super().__init__(config, MonotonicClock(), patient=True)
        self._lots: dict[str, float] = {}
        self._rng = np.random.default_rng([config.seed, 25])
        self._rules = Director(pack_of(config))

    def step(self, window: Window) -> LightToken:
        cue = None if self.band is None else self._rules.step(self.band, window.t_s, self._lot)
        hue = hue_from_degrees(cue.palette[0]) if cue is not None and cue.palette else 0
        return LightToken(window.t_s, window.seq, hue, VALUE, 1.0, 1.0, cue)

    def _lot(self, gel: Gel) -> float:
        return self._lots.setdefault(gel.name, float(self._rng.uniform(0.1, 1.0)))


class WrittenDecider(Decider):
    """A light that was written before the song began.

    Args:
        config: as for a show. light: (hops, 2) hue and value; the last one stays.
    """

    def __init__(self, config: Config, light: IntArray) -> None:
        super().__init__(config, MonotonicClock(), patient=True)
        self._light = light

    @property
    def decoder_name(self) -> str:
        """Nobody decides: it is written."""
        return "written before"

    def step(self, window: Window) -> LightToken:
        hue, value = self._light[min(window.seq + LEAD_HOPS, len(self._light) - 1)].tolist()
        return LightToken(window.t_s, window.seq, hue, value, 1.0, 1.0)


def decider_of(light: str, config: Config, song: Path) -> Decider | None:
    """Who decides; None: as the configuration says."""
    if light == "no-form":
        return Decider(with_overrides(config, look={"pack": NO_FORM}), MonotonicClock(), patient=True)
    if light == "no-book":
        return ForgetfulDecider(config, MonotonicClock(), patient=True)
    if light == "no-bearings":
        return UntoldDecider(config, MonotonicClock(), patient=True)
    if light == "rules":
        return RulesDecider(config)
    if light == "designer":
        rng = np.random.default_rng([config.seed, 24])
        taste = replace(draw_taste(rng), late=0.0)  # it is late on purpose where it teaches who cannot know
        return WrittenDecider(config, Composer(analyse(read_audio(song)), rng, taste).compose().light)
    return None
