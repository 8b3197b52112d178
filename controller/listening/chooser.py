"""From logits to a token: leaned on, drawn, waiting for a hit, or as a plan has it. Pure but for its random numbers."""

from collections.abc import Callable
from functools import partial

import numpy as np

from controller.arrays import Float32Array
from controller.colour import hue_degrees, parse_colour
from controller.config import Config, SamplingConfig
from controller.listening.decode.cueing import Cueing, caused
from controller.listening.decode.sampling import Choice, sample_hue, sample_value
from controller.listening.decode.steering import (
    NEAR,
    NEUTRAL,
    Palette,
    allowed_hues,
    distance,
    nearest_allowed,
    steer_hue,
    steer_value,
    towards,
)
from controller.listening.decode.vocabulary import HUES, hue_from_degrees
from controller.listening.plan.leading import Planned
from controller.listening.time.tempo import Tempo
from controller.looks.gels import Gel
from controller.messages import LightToken, Steering
from controller.sound_format import HOP_S

LEAST_WISH = 1e-6
"""Of what the decoder does not think of at all: people's word alone forbids."""
SEED_VALUE = 96
"""Brightness the decoder is told for "before the first hop": on, but not loud."""


class Chooser:
    """Draws hue and value, one hop after the other.

    Args:
        config: sampling, palette and seed.

    Attributes:
        hue, value: of the newest token. steering, beats: how people lean on the model, and the tempo they tapped.
        look_hue: of the look that hangs, 0..179, which hues keep near to; None: of none.
    """

    def __init__(self, config: Config) -> None:
        self._hue_choice, self._value_choice = _choice(config.model.hue), _choice(config.model.value)
        hues = [hue_from_degrees(hue_degrees(parse_colour(one))) for one in config.palette]
        self._palette = Palette(tuple(hues))
        self.steering, self.beats = NEUTRAL, Tempo()
        self.look_hue: int | None = None
        self._likely: Float32Array = np.zeros(HUES, np.float32)
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

    def tell(self, hue_logits: Float32Array, t_s: float, hue: int, value: int) -> LightToken:
        """A hop whose light was decided elsewhere: what the decoder would have wished for, and what there is."""
        self._likely = _likely(hue_logits[:HUES])
        self.hue, self.value = hue, value
        token = LightToken(t_s, self._seq, hue, value, 1.0, 1.0)
        self._seq += 1
        return token

    @property
    def wish(self) -> Callable[[Gel], float]:
        """How much the decoder would like a gel next, as a probability; 0 where people do not want its hue."""
        return partial(_wished, self._likely, self.steering)

    def _draw_hue(self, logits: Float32Array, hit: float) -> float:
        """The next hue, and the probability it had; one that a person does not want any more goes at once."""
        self._likely = _likely(logits[:HUES])
        logits, choice = steer_hue(logits, self._hue_choice, self.hue, self.steering, self._palette)
        if self.look_hue is not None:
            logits = towards(logits, self.look_hue)
        hue, hue_p = sample_hue(logits, self.hue, choice, self._rng)
        allowed = allowed_hues(self.steering)
        wanted = allowed is None or bool(allowed[self.hue])
        self.hue = self._cueing.step(hue, self.hue, hit) if wanted else hue
        return hue_p


def _wished(likely: Float32Array, steering: Steering, gel: Gel) -> float:
    allowed = allowed_hues(steering)
    if allowed is not None and not allowed[hue_from_degrees(gel.hue_deg)]:
        return 0.0
    return float(likely[distance((hue_from_degrees(gel.hue_deg),)) <= NEAR].sum()) + LEAST_WISH


def _likely(logits: Float32Array) -> Float32Array:
    """Probabilities (180,) of the hues; all alike where the network failed."""
    if not np.isfinite(logits).all():
        return np.full(HUES, 1.0 / HUES, np.float32)
    likely = np.exp(logits - logits.max())
    return np.asarray(likely / likely.sum(), np.float32)


def _choice(sampling: SamplingConfig) -> Choice:
    return Choice(sampling.temperature, sampling.top_p, sampling.reach)
