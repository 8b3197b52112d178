"""Light and looks of a part of a song, decided anew with the networks of the show, around what stays. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from controller.clock import MonotonicClock
from controller.config import Config, with_overrides
from controller.listening.decider import Decider
from controller.listening.form.director import Wish
from controller.listening.plan.section_look import SectionLook, by_hop, looks_of, merged
from controller.listening.time.tempo import Tempo
from controller.messages import Cue, Embedding, Steering
from controller.rehearsal.room.sound import Sound
from controller.sound_format import HOP_S

TOLD_HOPS = 256
Light = npt.NDArray[np.int64]
Looks = tuple[SectionLook, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is to be decided: hops from `first` up to `last`; `stays` (T,) bool: whose look stays as it is."""

    first: int
    last: int
    stays: npt.NDArray[np.bool_]


class Rolling:
    """Decides for one song, and remembers in which gels the decoder would have liked each hop.

    Args:
        config: models, sampling, looks. sound: the song.
    """

    def __init__(self, config: Config, sound: Sound) -> None:
        self._config, self._sound = config, sound
        self._wishes: dict[int, Wish] = {}

    def decide(
        self, part: Stretch, light: Light, looks: Looks, *, seed: int, relight: bool, hues: Sequence[int],
        leaning: Callable[[int], Steering], progress: Callable[[float], None],
    ) -> tuple[Light, Looks]:  # fmt: skip
        """Light and looks of the whole song, of which a part is new.

        Args:
            light: (T, 2) so far. looks: so far. seed: of what is drawn. relight: False: only the looks are new.
            hues: 0..179, to keep near to; none: any. leaning: of a hop. progress: told the share that is done.
        """
        decider = Decider(with_overrides(self._config, seed=seed, plan=""), MonotonicClock(), patient=True)
        light = light.copy()
        self._follow(decider, part.first, light)
        hung = {one.label: one.palette for one in looks if one.label and one.t_s < part.first * HOP_S}
        decider.go_on(hung, Steering(hues=tuple(hues)))
        cues = list[Cue | None]([None] * part.first)
        for hop in range(part.first, part.last):
            progress((hop - part.first) / (part.last - part.first))
            decider.beats = self._sound.tempi[hop] if self._sound.tempi else Tempo()
            decider.steering = replace(leaning(hop), hues=tuple(hues))
            decider.band = self._sound.bands[hop] if self._sound.bands else None
            if relight and not part.stays[hop]:
                hit, loudness = self._heard(hop)
                token = decider.decide(self._embedding(hop), (hop + 1) * HOP_S, hit, loudness=loudness)
            else:
                token = decider.tell(self._embedding(hop), int(light[hop, 0]), int(light[hop, 1]), *self._heard(hop))
            light[hop] = token.hue, token.value
            self._wishes[hop] = decider.wish
            cues.append(decider.directed(token).cue)
        return light, _with(looks, cues, part)

    def _follow(self, decider: Decider, first: int, light: Light) -> None:
        """Tell a decider what there is before a hop: its light, and how the song went."""
        for hop in range(first):
            decider.band = self._sound.bands[hop] if self._sound.bands else None
            if hop >= first - TOLD_HOPS:
                decider.tell(self._embedding(hop), int(light[hop, 0]), int(light[hop, 1]), *self._heard(hop))
            if self._sound.bands and hop in self._wishes:
                decider.follow(self._sound.bands[hop], (hop + 1) * HOP_S, self._wishes[hop])

    def _heard(self, hop: int) -> tuple[float, float]:
        """The hardest hit of a hop, and how loud it is at its end."""
        pulses = self._sound.pulses[hop]
        return float(self._sound.hits[hop]), pulses[-1].loudness if pulses else 0.0

    def _embedding(self, hop: int) -> Embedding:
        return Embedding((hop + 1) * HOP_S, hop, self._sound.embeddings[hop])


def _with(looks: Looks, cues: Sequence[Cue | None], part: Stretch) -> Looks:
    """The looks with those of a part that cues tell; what stays there, and what hangs beside it, goes on."""
    hops = len(part.stays)
    taken = ~part.stays
    taken[: part.first], taken[part.last :] = False, False
    return merged(by_hop(looks, hops), by_hop(looks_of(cues), hops), taken)
