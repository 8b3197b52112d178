"""Who lights a song: the configured show, the same without its form, or a designer who knows the whole song."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from controller.arrays import IntArray
from controller.clock import MonotonicClock
from controller.config import Config, with_overrides
from controller.listening.decider import Decider
from controller.looks.pack import NO_FORM
from controller.messages import LightToken, Window
from tools.train.designer.analysis import analyse
from tools.train.designer.designer import Composer, draw_taste
from tools.train.songs import read_audio

LIGHTS = ("show", "no-form", "designer")
LEAD_HOPS = 1
"""Who knows the song is there with it: a token is on the wire one hop after it was decided."""


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
    if light == "designer":
        rng = np.random.default_rng([config.seed, 24])
        taste = replace(draw_taste(rng), late=0.0)  # it is late on purpose where it teaches who cannot know
        return WrittenDecider(config, Composer(analyse(read_audio(song)), rng, taste).compose().light)
    return None
