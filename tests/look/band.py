"""A made band in front of a look engine: it plays loudly or softly, stops, and somebody says which look is to hang."""

import numpy as np

from controller.lighting.output.sender import NOBODY
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge
from controller.looks.gels import nearest_gel, palette_of
from controller.messages import Cue, LightToken, Pulse
from controller.records.cycles import Heard
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of

CYCLE_S, STEP_S, HOP_S = 0.025, 0.0125, 0.1
BEAT_S = 0.5


def palette(hue_deg, harmony="alone"):
    return tuple(x for gel in palette_of(harmony, nearest_gel(hue_deg)) for x in (gel.hue_deg, gel.saturation))


def cue(look, start_s=0.0, *, hue_deg=225.0, **changes):
    asked = {"palette": palette(hue_deg), "beat_s": BEAT_S, "beat_t_s": 0.0, "number": 1, "level": 0.5, "label": "A"}
    return Cue(look, start_s, **{**asked, **changes})


class Band:
    """Plays in steps of 12.5 ms; a cycle of the rig every 25 ms, a token every 0.1 s.

    Attributes:
        cue: of the next tokens. level_db, loudness: of what is played now; silence is -120. kind: of sound.
        onset_every_s: between two hits, 0: none. value: of the tokens.
    """

    def __init__(self, config, pack=None):
        self.patch = patch_of(config)
        self.cycle = OutputCycle(config, self.patch, ConsoleMerge(config, self.patch, NOBODY), pack)
        self.observer = Observer(self.patch)
        self.step = 0
        self.cue, self.value, self.kind = None, 150, "band"
        self.level_db, self.loudness, self.onset_every_s, self.strength = -15.0, 0.7, 0.0, 0.8
        self._onsets, self._onset_s = 0, float("-inf")
        self._powers = np.zeros(4)
        self._silent = 0
        self.ticks, self.light = [], []

    @property
    def now_s(self):
        return self.step * STEP_S

    @property
    def engine(self):
        return self.cycle.engine

    def play(self, seconds):
        """Go on for so long; the light of these cycles (T, N, 3), as it leaves."""
        first = len(self.light)
        for _ in range(round(seconds / STEP_S)):
            self.step += 1
            self._sound()
            if self.step % 2 == 0:
                self._cycle()
        return np.array(self.light[first:])

    def _sound(self):
        self._powers = np.roll(self._powers, 1)
        self._powers[0] = 10 ** (self.level_db / 10)
        heard_db = 10 * np.log10(max(self._powers.mean(), 1e-12))
        self._silent = 0 if heard_db > -60 else self._silent + 1
        every = round(self.onset_every_s / STEP_S)
        if every and self.step % every == 0 and self.level_db > -60:
            self._onsets += 1
            self._onset_s = self.now_s
        loudness = self.loudness if heard_db > -60 else 0.0
        pulse = Pulse(
            self.now_s, self.step, heard_db, loudness, self._silent * STEP_S, self._onsets, self._onset_s,
            self.strength, (), self.kind,
        )  # fmt: skip
        self.cycle.hear_pulse(pulse, self.now_s)

    def _cycle(self):
        token = None
        if self.step % 8 == 0:
            token = LightToken(self.now_s, self.step, 56, self.value, 0.5, 0.5, self.cue)
        tick = self.cycle.run(self.now_s, Heard(token=token))
        self.ticks.append(tick)
        self.light.append(self.observer.observe({one.universe: one.slots for one in tick.frames}).light.copy())

    def heads(self, role):
        return np.array([one == role for one in self.patch.roles])


def bright(light):
    """Perceived brightness 0..1."""
    return np.sqrt(light.max(axis=-1))
