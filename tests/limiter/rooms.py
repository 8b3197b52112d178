"""Rigs and running shows that the tests of the limiter flash."""

from pathlib import Path
from uuid import UUID

import numpy as np

from controller.config import read_config, with_overrides
from controller.lighting.output_cycle import OutputCycle
from controller.lighting.takeover.console_merge import ConsoleMerge, News
from controller.messages import DmxFrame, LightToken, Pulse
from controller.records.cycles import Heard
from controller.rig.patch.configured import patch_of

ROOT = Path(__file__).parents[2]
DESK = {"inputs": [{"type": "sacn", "universe": 1, "sacn_universe": 77}], "hands_off_s": 0.0, "intensity": "htp"}


def pars(count=24, rows=2, profile="generic/rgb-par", mode="3ch", slots=3, **more):
    """Config of PARs in rows, front to back, three slots each from address 1."""
    config = read_config(ROOT / "docs/rigs/four-pars.yaml")
    across = count // rows
    fixtures = [
        {
            "id": f"par-{number + 1}", "profile": profile, "mode": mode, "universe": 1, "address": 1 + slots * number,
            "role": "wash" if number < across else "back",
            "position_m": [0.9 * (number % across - (across - 1) / 2), 2.5 * (number // across), 3.2], **more,
        }
        for number in range(count)
    ]  # fmt: skip
    return with_overrides(config, fixtures=fixtures)


def demo():
    return read_config(ROOT / "config.yaml")


def frames(patch, slots, now_s=0.0):
    """One flat row of slots as frames."""
    return [DmxFrame(now_s, 0, u, slots[row * 512 : (row + 1) * 512]) for row, u in enumerate(patch.universes)]


def flat(made):
    return np.concatenate([frame.slots for frame in made])


def through(limiter, patch, wished, times_s):
    """What a limiter makes of (T, slots) at (T,) seconds."""
    return np.array(
        [flat(limiter.limit(frames(patch, row, now), now)) for row, now in zip(wished, times_s, strict=True)]
    )


class Show:
    """A running show on a rig, with an invented song, commands and a person's desk."""

    def __init__(self, config, seed=5, *, desk=False, song=True):
        self.config = with_overrides(config, desk=DESK) if desk else config
        self.patch = patch_of(self.config)
        self.cycle = OutputCycle(self.config, self.patch, ConsoleMerge(self.config, self.patch, UUID(int=1)))
        self.rng, self.song = np.random.default_rng(seed), song
        self.hop = self.onsets = self.value = 0
        self.shown, self.times_s = [], []

    def at(self, now_s, commands=(), desk=None):
        """One cycle."""
        token = None
        while self.song and self.hop * 0.1 <= now_s:
            hue = (self.hop // 40 * 47) % 180
            self.value = int(self.rng.integers(60, 256)) if self.hop % 4 == 0 else self.value - 6
            value = max(0, self.value)
            token = LightToken(self.hop * 0.1, self.hop, hue, value, 0.5, 0.5)
            self.onsets += self.hop % 4 == 0
            heard = Pulse(self.hop * 0.1, self.hop, -12.0, 0.9, 0.0, self.onsets, self.hop // 4 * 0.4, 0.9, ())
            self.cycle.hear_pulse(heard, now_s)
            self.hop += 1
        news = News() if desk is None else News({1: desk.tobytes()})
        made = self.cycle.run(now_s, Heard(token=token, commands=tuple(commands)), news)
        self.shown.append(flat(made.frames))
        self.times_s.append(now_s)
        return made

    def run(self, seconds, commands=lambda cycle: (), desk=lambda cycle: None):
        first = len(self.shown)
        for cycle in range(int(seconds * 40)):
            self.at((first + cycle) / 40, commands(cycle), desk(cycle))
        return np.array(self.shown), np.array(self.times_s)
