"""From logits to a token: leaned on, drawn, waiting for a hit, or as a plan has it. Pure but for its random numbers."""

import numpy as np

from controller.arrays import Float32Array
from controller.colour import hue_degrees, parse_colour
from controller.config import Config, SamplingConfig
from controller.listening.decode.cueing import Cueing, caused
from controller.listening.decode.sampling import Choice, sample_hue, sample_value
from controller.listening.decode.steering import NEUTRAL, Palette, allowed_hues, nearest_allowed, steer_hue, steer_value
from controller.listening.decode.vocabulary import hue_from_degrees
from controller.listening.plan.leading import Planned
from controller.listening.time.tempo import Tempo
from controller.messages import LightToken
from controller.sound_format import HOP_S

SEED_VALUE = 96
"""Brightness the decoder is told for "before the first hop": on, but not loud."""


class Chooser:
    """Draws hue and value, one hop after the other.

    Args:
        config: sampling, palette and seed.

    Attributes:
        hue, value: of the newest token. steering, beats: how people lean on the model, and the tempo they tapped.
    """

    def __init__(self, config: Config) -> None:
        self._hue_choice, self._value_choice = _choice(config.model.hue), _choice(config.model.value)
        hues = [hue_from_degrees(hue_degrees(parse_colour(one))) for one in config.palette]
        self._palette = Palette(tuple(hues))
        self.steering, self.beats = NEUTRAL, Tempo()
        self._cueing = Cueing(round(config.model.cue_wait_s / HOP_S))
        self._rng = np.random.default_rng(config.seed)
        self.hue, self.value = hues[0], SEED_VALUE
        self._seq = 0

    def choose(
        self, hue_logits: Float32Array, value_logits: Float32Array, t_s: float, hit: float, planned: Planned | None
    ) -> LightToken:
        """The light for one hop.

        Args:
            hue_logits, value_logits: (181,), (257,) or as the decoder makes them. t_s: end of the hop.
            hit: 0..1, strongest onset in it. planned: what a plan says, or None.
        """
        hue_p = self._draw_hue(hue_logits, self.beats.hit(t_s, hit))
        value_logits, value_choice = steer_value(value_logits, self._value_choice, self.steering)
        value, value_p = sample_value(value_logits, self.value, value_choice, self._rng)
        self.value = caused(value, self.value, hit)
        if planned is not None:
            self.hue, hue_p = nearest_allowed(planned.hue, self.steering), planned.sure
            self.value, value_p = planned.value, planned.sure
        token = LightToken(t_s, self._seq, self.hue, self.value, hue_p, value_p)
        self._seq += 1
        return token

    def _draw_hue(self, logits: Float32Array, hit: float) -> float:
        """The next hue, and the probability it had; one that a person does not want any more goes at once."""
        logits, choice = steer_hue(logits, self._hue_choice, self.hue, self.steering, self._palette)
        hue, hue_p = sample_hue(logits, self.hue, choice, self._rng)
        allowed = allowed_hues(self.steering)
        wanted = allowed is None or bool(allowed[self.hue])
        self.hue = self._cueing.step(hue, self.hue, hit) if wanted else hue
        return hue_p


def _choice(sampling: SamplingConfig) -> Choice:
    return Choice(sampling.temperature, sampling.top_p, sampling.reach)
