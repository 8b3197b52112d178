"""Colour wheels and presets: the slot nearest to a colour, changed seldom, or a place between two colours.

A wheel is slow, loud and passes through its other colours.
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
HALF_DEG = 40.0
"""As near as both halves of a split must be to the two colours that are wished; else the whole colour is shown."""


class Wheels:
    """All colour wheels of a patch that looks drive.

    Many attributes: what each wheel can show, what it is asked for, and what it chose, kept until the wish changes.

    Args:
        lanes: of control `wheel`. dimmable: (N,) heads that something else can make dark.
    """

    def __init__(self, lanes: Sequence[Lane], dimmable: npt.NDArray[np.bool_]) -> None:
        self.slots = np.array([lane.slots[0] for lane in lanes], np.intp)
        self._heads, self._starts = numbered([lane.heads for lane in lanes])
        self._first: IndexArray = self._heads[self._starts] if lanes else self._heads
        wheels = [lane.channel for lane in lanes if isinstance(lane.channel, Wheel)]
        whole = [[(one.middle, one.colour or "#ffffff") for one in _colours(wheel)] for wheel in wheels]
        self._whole = _Places(whole)
        self._splits = [_Places([[(one.middle, one.colours[half]) for one in wheel.splits] for wheel in wheels])
                        for half in (0, 1)]  # fmt: skip
        self._levels = np.concatenate([self._whole.levels, self._splits[0].levels], axis=1)
        self._can_split = bool(self._splits[0].levels.size)
        self._other = np.full((len(lanes), 3), np.nan, np.float32)
        self._asked: Float32Array | None = None
        self._waits = False
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
        self._distance: Float32Array = np.zeros(self._levels.shape, np.float32)

    def split(self, other: Float32Array | None, power: Float32Array, *, changes: bool) -> None:
        """Take the colours of other halves, each in the dark or as a look begins.

        Args:
            other: (N, 3) linear RGB, NaN for heads that have one colour; None: all have. power: (N,) as in `step`.
            changes: a look begins.
        """
        if not self._can_split or (other is self._asked and not self._waits):
            return
        self._asked = other
        wanted = np.full_like(self._other, np.nan) if other is None else other[self._first]
        dark: npt.NDArray[np.bool_] = np.maximum.reduceat(power[self._heads], self._starts) <= 0.0
        may = np.ones_like(dark) if changes or other is None else dark
        taken = np.where(may[:, None], wanted, self._other)
        same = ((taken == self._other) | (np.isnan(taken) & np.isnan(self._other))).all(axis=1)
        if not same.all():
            self._other, self._colour = taken, np.zeros((0, 3), np.float32)
            self._since_s[~same] = -np.inf  # a split comes and goes on the one, however lately the wheel has moved
        self._waits = not may.all()

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
        """From each wish to each slot, and to each split: less than to any slot where both halves are near."""
        whole = self._whole.distances_deg(colour)
        if not self._can_split:
            return whole
        asked = np.asarray(np.isfinite(self._other).all(axis=1))
        other = np.where(asked[:, None], self._other, np.float32(0.0))
        first, second = self._splits
        pairs = [np.maximum(first.distances_deg(one), second.distances_deg(two))
                 for one, two in ((colour, other), (other, colour))]  # fmt: skip
        apart = np.minimum(*pairs)
        near = asked[:, None] & (apart <= HALF_DEG)
        return np.concatenate([whole, np.where(near, apart - 2.0 * FAR_DEG, np.inf).astype(np.float32)], axis=1)


class _Places:
    """Places of wheels and their colours, a row for each of L wheels, padded.

    Args:
        choices: level and colour of each place, by wheel.

    Attributes:
        levels: (L, most) uint8.
    """

    def __init__(self, choices: Sequence[Sequence[tuple[int, str]]]) -> None:
        most = max((len(slots) for slots in choices), default=0)
        self.levels = np.zeros((len(choices), most), np.uint8)
        self._chroma = np.zeros((len(choices), most), np.float32)
        self._hue_deg = np.zeros((len(choices), most), np.float32)
        self._missing = np.ones((len(choices), most), np.bool_)
        for row, slots in enumerate(choices):
            if slots:
                linear = np.array([to_linear(parse_colour(colour)) for _, colour in slots], np.float32)
                chroma, hue_deg = chroma_and_hue_deg(oklab(linear))
                self.levels[row, : len(slots)] = [level for level, _ in slots]
                self._chroma[row, : len(slots)], self._hue_deg[row, : len(slots)] = chroma, hue_deg
                self._missing[row, : len(slots)] = False

    def distances_deg(self, colour: Float32Array) -> Float32Array:
        """From wishes (L, 3) to each place: degrees of hue between colours, and from white to what is colourful."""
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
