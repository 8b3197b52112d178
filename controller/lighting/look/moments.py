"""What the night is at: a band plays, somebody talks, the stage is changed over, doors, the end. And its light. Pure.

A person's word counts before what is heard, and what is heard before the set list; but who sets up drums is no band
yet, so a changeover that the set list says lasts until somebody has played for a while.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array
from controller.colour import parse_colour, to_linear
from controller.config import LookConfig
from controller.lighting.look.dress import colour_of
from controller.lighting.look.formation import form
from controller.lighting.look.roles import Target
from controller.looks.gels import GELS, Gel
from controller.messages import Operator
from controller.rig.heads import Rig

SOUND_CHECK_S = 25.0
"""Drums and guitars are tried out in a changeover; who plays for longer than this plays."""
PLAYS_S = 2.0
SLOW_S = 45.0
"""How long one colour of a slow look takes to become the next one."""
LOW, WORK = 0.32, 0.45
"""Levels of the colours of a walk-in, and of the light that people set up by."""
HOUSE_LIGHTS = {"walk_in": 0.6, "changeover": 0.7, "end": 1.0}
"""Levels of the house lights; while a band plays or somebody talks they are off."""
HOUSE_FADE_S = 6.0
"""From off to full, and back."""
SLOW_GELS = ("L119 Dark Blue", "L798 Chrysalis Pink", "L113 Magenta", "L105 Orange")
ALONE = ("walk_in", "changeover", "end")
"""Moments that have a light of their own, whatever is heard."""


class Moments:
    """Settles what the night is at, cycle after cycle.

    Attributes:
        now: band, talk, walk_in, changeover, end. by: who said so: button, hearing, set list.
    """

    def __init__(self) -> None:
        self.now, self.by = "band", "hearing"
        self._playing_s = 0.0

    def settle(self, operator: Operator, heard: str, elapsed_s: float) -> str:
        """What it is at now.

        Args:
            operator: a person's word, and what the set list has. heard: what hearing makes of it.
            elapsed_s: since the time before.
        """
        self._playing_s = self._playing_s + elapsed_s if heard in ("live", "fallback") else 0.0
        listed, needed_s = operator.wish.kind, SOUND_CHECK_S if operator.wish.kind == "changeover" else PLAYS_S
        if operator.moment:
            self.now, self.by = operator.moment, "button"
        elif listed in ("talk", "changeover") and self._playing_s < needed_s:
            self.now, self.by = listed, "set list"
        else:
            self.now, self.by = "talk" if heard == "talk" else "band", "hearing"
        return self.now


@dataclass(frozen=True, slots=True)
class _Places:
    front: BoolArray
    coloured: BoolArray
    house: BoolArray


class NightLights:
    """Draws the moments that have a light of their own, and the house lights in all of them.

    Args:
        rig: heads, roles and places. config: levels and colours.
    """

    def __init__(self, rig: Rig, config: LookConfig) -> None:
        formation = form(rig)
        of = formation.of
        front = of["key"] if of["key"].any() else formation.lead
        coloured = (formation.lead | formation.answer | of["pixel"]) & ~of["key"]
        self._at = _Places(front, coloured if coloured.any() else formation.turning, of["house"])
        self._rig, self._house = rig, to_linear(parse_colour(config.house_colour))
        gels = {one.name: one for one in GELS}
        self._slow = np.array([colour_of(gels[name]) for name in SLOW_GELS])
        self._has_house = bool(of["house"].any())
        self._level = 0.0

    def own(self, moment: str, now_s: float) -> Target:
        """The light of a moment of `ALONE` but the end: slow colours, and in a changeover light to set up by."""
        level = np.zeros(self._rig.heads, np.float32)
        level[self._at.coloured] = LOW
        colour = np.tile(self._slowly(now_s), (self._rig.heads, 1))
        if moment == "changeover":
            level[self._at.front] = WORK
            colour[self._at.front] = self._house
        middle = np.full(self._rig.heads, 0.5, np.float32)
        return Target(level, np.zeros_like(level), colour, middle, middle + 30.0 / self._rig.tilt_deg)

    def _slowly(self, now_s: float) -> Float32Array:
        """(3,) linear RGB of a colour that is on its way to the next one."""
        at, share = divmod(now_s / SLOW_S, 1.0)
        count = len(self._slow)
        mixed = (1.0 - share) * self._slow[int(at) % count] + share * self._slow[(int(at) + 1) % count]
        return np.asarray(mixed / max(float(mixed.max()), 1e-6), np.float32)

    def with_house(self, intensity: Float32Array, moment: str, elapsed_s: float) -> Float32Array:
        """(N,) levels with those of the house lights, which neither blackout nor the grand master takes."""
        if not self._has_house:
            return intensity
        goal, most = HOUSE_LIGHTS.get(moment, 0.0), elapsed_s / HOUSE_FADE_S
        self._level += min(max(goal - self._level, -most), most)
        lit = intensity.copy()
        lit[self._at.house] = self._level
        return lit


def key_colour(key: tuple[float, ...]) -> Float32Array | None:
    """(3,) linear RGB of a wished light on faces; None: none is wished."""
    return colour_of(Gel("", key[0], key[1])) if len(key) > 1 else None
