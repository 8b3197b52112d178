"""Colour wheels and presets: the slot nearest to a colour, changed seldom. A wheel is slow, loud and passes through its
other colours.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IndexArray
from controller.colour import parse_colour, to_linear
from controller.rig.patch.lanes import Lane, numbered
from controller.rig.patch.oklab import chroma_and_hue_deg, oklab
from controller.rig.profiles.profile import BLACK, Wheel, WheelSlot

DWELL_S = 1.5
HYSTERESIS_DEG = 15.0
GREY_CHROMA = 0.04
"""Less colourful than this in OKLab is a white. The palest slots that makers call colours have twice as much."""
FAR_DEG = 180.0
PALE_DEG = 60.0
"""A slot that is as colourful as it can be counts this many degrees nearer than one that is nearly white."""


class Wheels:
    """All colour wheels of a patch that looks drive.

    Args:
        lanes: of control `wheel`. dimmable: (N,) heads that something else can make dark.
    """

    def __init__(self, lanes: Sequence[Lane], dimmable: npt.NDArray[np.bool_]) -> None:
        self.slots = np.array([lane.slots[0] for lane in lanes], np.intp)
        self._heads, self._starts = numbered([lane.heads for lane in lanes])
        self._first: IndexArray = self._heads[self._starts] if lanes else self._heads
        choices = [_colours(lane.channel) for lane in lanes if isinstance(lane.channel, Wheel)]
        most = max((len(slots) for slots in choices), default=0)
        self._levels = np.zeros((len(lanes), most), np.uint8)
        self._chroma = np.zeros((len(lanes), most), np.float32)
        self._hue_deg = np.zeros((len(lanes), most), np.float32)
        self._missing = np.ones((len(lanes), most), np.bool_)
        for row, slots in enumerate(choices):
            chroma, hue_deg = chroma_and_hue_deg(oklab(np.array([_linear(one) for one in slots], np.float32)))
            self._levels[row, : len(slots)] = [one.middle for one in slots]
            self._chroma[row, : len(slots)], self._hue_deg[row, : len(slots)] = chroma, hue_deg
            self._missing[row, : len(slots)] = False
        self._dark = np.array(
            [_dark_level(lane.channel) for lane in lanes if isinstance(lane.channel, Wheel)], np.uint8
        )
        self._goes_dark = np.array(
            [_can_be_dark(lane) or not dimmable[list(lane.heads)].all() for lane in lanes], np.bool_
        )
        self._chosen = np.zeros(len(lanes), np.intp)
        self._since_s = np.full(len(lanes), -np.inf)
        self._rows = np.arange(len(lanes))
        self._colour: Float32Array = np.zeros((0, 3), np.float32)
        self._distance: Float32Array = np.zeros((len(lanes), most), np.float32)

    def step(self, colour: Float32Array, power: Float32Array, now_s: float) -> npt.NDArray[np.uint8]:
        """DMX level of each wheel.

        Args:
            colour: (N, 3) linear RGB of all heads. power: (N,) light wanted of them.
        """
        rows, wished = self._rows, colour[self._first]
        if not np.array_equal(wished, self._colour):
            self._colour, self._distance = wished, self._distances_deg(wished)
        distance = self._distance
        best = distance.argmin(axis=1)
        better = distance[rows, best] < distance[rows, self._chosen] - HYSTERESIS_DEG
        moves = better & (now_s - self._since_s >= DWELL_S)
        self._chosen[moves], self._since_s[moves] = best[moves], now_s
        levels = self._levels[rows, self._chosen]
        wanted = np.maximum.reduceat(power[self._heads], self._starts) > 0.0
        return np.where(self._goes_dark & ~wanted, self._dark, levels)

    def _distances_deg(self, colour: Float32Array) -> Float32Array:
        """From each wish to each slot: degrees of hue between colours, and from white to what is colourful."""
        chroma, hue_deg = chroma_and_hue_deg(oklab(colour))
        around = np.abs(self._hue_deg - hue_deg[:, None]) % 360.0
        apart = np.minimum(around, 360.0 - around)
        grey = self._chroma < GREY_CHROMA
        paleness = PALE_DEG * np.maximum(0.0, 0.15 - self._chroma) / 0.15
        coloured = np.where(grey, FAR_DEG + PALE_DEG, apart + paleness)
        white = np.where(grey, self._chroma, FAR_DEG * (0.5 + self._chroma))
        distance = np.where((chroma < GREY_CHROMA)[:, None], white, coloured)
        return np.asarray(np.where(self._missing, np.inf, distance), np.float32)


def _colours(wheel: Wheel) -> list[WheelSlot]:
    """The slots that light comes through."""
    return [one for one in wheel.choices if one.colour != BLACK] or wheel.choices


def _can_be_dark(lane: Lane) -> bool:
    """Whether it has a place that is dark by itself: a dimmer may belong to another part of the fixture."""
    return isinstance(lane.channel, Wheel) and lane.channel.has_dark


def _dark_level(channel: Wheel) -> int:
    """Where the wheel is darkest: a black slot, or its level of rest."""
    black = sorted((one for one in channel.choices if one.colour == BLACK), key=lambda one: not one.is_dark)
    return black[0].middle if black else channel.rest


def _linear(slot: WheelSlot) -> Float32Array:
    return to_linear(parse_colour(slot.colour or "#ffffff"))
