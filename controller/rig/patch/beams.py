"""Zooms, irises, focuses and frosts that glide, gobos and prisms that change in the dark or as a look begins."""

from collections.abc import Sequence

import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array, Float64Array, IndexArray
from controller.messages import Beam
from controller.rig.patch.lanes import Lane, bytes_of, numbered
from controller.rig.profiles.profile import Hold, Shaping

END_TO_END_S = {"zoom": 1.5, "iris": 1.0, "focus": 2.0, "frost": 1.0}
"""Real heads are a little faster: what they are asked for, they can follow."""
DARK_POWER = 1e-4
"""Less than this, of 1, is a fixture that no longer shows what is in its beam."""
PATIENCE_S = 4.0
"""Where no look says anything any more, a pattern in the light is taken out after this time."""
AWAY_S = 0.5
ARRIVED = 1e-4


class Beams:
    """All channels of a patch that shape a beam. Without a wish they are where they rest.

    Args:
        lanes: of the controls in `BEAM`. nowhere: flat slot of bytes that do not exist.
    """

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        self._glides = _Glides([lane for lane in lanes if lane.control in END_TO_END_S], nowhere)
        self._choices = _Choices([lane for lane in lanes if lane.control not in END_TO_END_S])
        self._beam: Beam | None = None
        self._at_rest = True
        self._t_s: float | None = None
        self._unwished_s = 0.0

    def put(self, buffer: ByteArray, beam: Beam | None, power: Float32Array, now_s: float) -> None:
        """Write the levels of this cycle.

        Args:
            beam: what is wished; None: nothing. power: (N,) light wanted of the heads.
        """
        elapsed_s = 0.0 if self._t_s is None else min(max(0.0, now_s - self._t_s), AWAY_S)
        self._t_s = now_s
        if beam is None and self._at_rest:
            return
        self._unwished_s = 0.0 if beam is not None else self._unwished_s + elapsed_s
        if beam is not self._beam or self._at_rest:
            self._beam = beam
            self._glides.wish(beam)
            self._choices.wish(beam)
        may = (beam is not None and beam.changes) or self._unwished_s >= PATIENCE_S
        self._glides.put(buffer, elapsed_s)
        self._choices.put(buffer, power, always=may)
        self._at_rest = beam is None and self._glides.arrived and self._choices.arrived


class _Glides:
    """L lanes that slide between two levels, with a limited speed."""

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        self._lanes = lanes
        self._coarse, self._fine, self._finest = bytes_of(lanes, nowhere)
        scale = np.array([256 ** (len(lane.slots) - 1) for lane in lanes], np.int64)
        ends = np.array([_range(lane) for lane in lanes], np.float64).reshape(-1, 2)
        up = ends[:, 1] >= ends[:, 0]
        self._scale = scale
        self._low = ends[:, 0] * scale + np.where(up, 0, scale - 1)
        self._high = ends[:, 1] * scale + np.where(up, scale - 1, 0)
        self._rest = np.array([lane.at for lane in lanes], np.int64) * scale
        span = np.where(self._high == self._low, 1.0, self._high - self._low)
        self._home: Float64Array = np.clip((self._rest - self._low) / span, 0.0, 1.0)
        self._per_s = np.array([1.0 / END_TO_END_S[lane.control] for lane in lanes])
        self._place, self._goal = self._home.copy(), self._home.copy()
        self._resting = np.ones(len(lanes), np.bool_)

    @property
    def arrived(self) -> bool:
        """Whether all are where they are wished."""
        return bool((np.abs(self._goal - self._place) < ARRIVED).all())

    def wish(self, beam: Beam | None) -> None:
        """Take another wish: of each lane's first head; what is no number is none."""
        asked = [np.nan if beam is None else getattr(beam, lane.control)[lane.heads[0]] for lane in self._lanes]
        goal = np.array(asked, np.float64)
        self._resting = ~np.isfinite(goal)
        self._goal = np.where(self._resting, self._home, np.clip(goal, 0.0, 1.0))

    def put(self, buffer: ByteArray, elapsed_s: float) -> None:
        reach = self._per_s * elapsed_s
        self._place = self._place + np.clip(self._goal - self._place, -reach, reach)
        # the level of rest may lie beside the range
        home = self._resting & (np.abs(self._goal - self._place) < ARRIVED)
        wide = np.rint(self._low + self._place * (self._high - self._low)).astype(np.int64)
        wide = np.where(home, self._rest, wide)
        rest = wide % self._scale
        buffer[self._coarse] = wide // self._scale
        buffer[self._fine] = np.where(self._scale > 256, rest // 256, rest)
        buffer[self._finest] = rest % 256
        buffer[-1] = 0


class _Choices:
    """L wheels and prisms, each at its place of rest or at one of its slots."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes
        self._coarse: IndexArray = np.array([lane.slots[0] for lane in lanes], np.intp)
        self._heads, self._starts = numbered([lane.heads for lane in lanes])
        self._shown = np.array([lane.at for lane in lanes], np.uint8)
        self._wanted = self._shown.copy()

    @property
    def arrived(self) -> bool:
        """Whether all are where they are wished."""
        return bool((self._shown == self._wanted).all())

    def wish(self, beam: Beam | None) -> None:
        """Take another wish: of each lane's first head."""
        numbers = [0 if beam is None else int(getattr(beam, lane.control)[lane.heads[0]]) for lane in self._lanes]
        self._wanted = np.array([_level(lane, number) for lane, number in zip(self._lanes, numbers, strict=True)],
                                np.uint8)  # fmt: skip

    def put(self, buffer: ByteArray, power: Float32Array, *, always: bool) -> None:
        if not self._lanes:
            return
        dark: BoolArray = np.maximum.reduceat(power[self._heads], self._starts) < DARK_POWER
        self._shown = np.where(dark | always, self._wanted, self._shown)
        buffer[self._coarse] = self._shown


def _shaping(lane: Lane) -> Shaping | None:
    return lane.channel.shapes if isinstance(lane.channel, Hold) else None


def _range(lane: Lane) -> tuple[int, int]:
    shapes = _shaping(lane)
    return (lane.at, lane.at) if shapes is None or shapes.range is None else shapes.range


def _level(lane: Lane, number: int) -> int:
    """The level of a slot, counted from 1; 0 is the place of rest, and a wheel of fewer slots begins again."""
    shapes = _shaping(lane)
    if number <= 0 or shapes is None or not shapes.slots:
        return lane.at
    return shapes.slots[(number - 1) % len(shapes.slots)].middle
