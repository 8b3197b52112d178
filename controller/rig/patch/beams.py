"""Zooms, irises, focuses and frosts that glide; patterns, prisms, animation wheels that change where nobody sees it."""

from collections.abc import Iterator, Sequence

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
TURN_S = 3.0
"""From the slowest to the fastest that something turns: nothing whirls up at once."""
FROSTED = 0.5
"""A frost that is in or out is in from here on."""
AWAY_S = 0.5
ARRIVED = 1e-4


class Beams:
    """All channels of a patch that shape a beam. Without a wish they are where they rest.

    Args:
        lanes: of the controls in `BEAM`. nowhere: flat slot of bytes that do not exist.
    """

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        slides = [lane for lane in lanes if _shaping(lane).range is not None]
        animated = {head for lane in lanes if lane.control == "animation" for head in lane.heads}
        self._glides = _Glides(slides, nowhere)
        self._choices = _Choices([lane for lane in lanes if _shaping(lane).range is None], animated)
        self._beam: Beam | None = None
        self._at_rest = True
        self._t_s: float | None = None
        self._unwished_s = 0.0

    def put(self, buffer: ByteArray, beam: Beam | None, power: Float32Array, now_s: float) -> None:
        """Write the levels of this cycle, as far as they are other than those of the last.

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
        if not self._glides.arrived:
            self._glides.put(buffer, elapsed_s)
        if not self._choices.arrived:
            self._choices.put(buffer, power, elapsed_s, always=may)
        self._at_rest = beam is None and self._glides.arrived and self._choices.arrived


class _Glides:
    """L lanes that slide between two levels, with a limited speed.

    Attributes:
        arrived: all are where they are wished, and that is what is sent.
    """

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        self._lanes = lanes
        self._coarse, self._fine, self._finest = bytes_of(lanes, nowhere)
        scale = np.array([256 ** (len(lane.slots) - 1) for lane in lanes], np.int64)
        ends = np.array([_shaping(lane).range or (lane.at, lane.at) for lane in lanes], np.float64).reshape(-1, 2)
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
        self._sharp = list(_following(lanes))
        self.arrived = True

    def wish(self, beam: Beam | None) -> None:
        """Take another wish: of each lane's first head; what is no number is none."""
        asked = [np.nan if beam is None else getattr(beam, lane.control)[lane.heads[0]] for lane in self._lanes]
        goal = np.array(asked, np.float64)
        self._resting = ~np.isfinite(goal)
        self._goal = np.where(self._resting, self._home, np.clip(goal, 0.0, 1.0))
        self.arrived = not self._lanes

    def put(self, buffer: ByteArray, elapsed_s: float) -> None:
        """Go on towards what is wished."""
        reach = self._per_s * elapsed_s
        self._place = self._place + np.clip(self._goal - self._place, -reach, reach)
        there = np.abs(self._goal - self._place) < ARRIVED
        # the level of rest may lie beside the range
        home = self._resting & there
        wide = np.rint(self._low + self._place * (self._high - self._low)).astype(np.int64)
        wide = np.where(home, self._rest, wide)
        for focus, zoom, levels in self._sharp:
            if self._resting[focus]:
                place = float(self._place[zoom]) * (len(levels) - 1)
                wide[focus] = round(float(np.interp(place, range(len(levels)), levels)) * int(self._scale[focus]))
        rest = wide % self._scale
        buffer[self._coarse] = wide // self._scale
        buffer[self._fine] = np.where(self._scale > 256, rest // 256, rest)
        buffer[self._finest] = rest % 256
        buffer[-1] = 0
        self.arrived = bool(there.all())


class _Choices:
    """L wheels, prisms and what turns them, each at its place of rest, at one of its slots, or between the slowest and
    the fastest level of one way round: `ways` are the levels of both ends, alike for what stands.

    Args:
        lanes: of what is chosen. animated: heads that have an animation wheel, which stands in for their gobo.

    Attributes:
        arrived: all are where they are wished, and that is what is sent.
    """

    def __init__(self, lanes: Sequence[Lane], animated: set[int]) -> None:
        self._lanes, self._animated = lanes, animated
        self._coarse: IndexArray = np.array([lane.slots[0] for lane in lanes], np.intp)
        self._heads, self._starts = numbered([lane.heads for lane in lanes])
        self._shown = np.array([(lane.at, lane.at) for lane in lanes], np.float64).reshape(-1, 2)
        self._wanted = self._shown.copy()
        self._speed, self._goal = np.zeros((2, len(lanes)))
        self.arrived = True

    def wish(self, beam: Beam | None) -> None:
        """Take another wish: of each lane's first head."""
        asked = [_way(lane, beam, animated=lane.heads[0] in self._animated) for lane in self._lanes]
        self._wanted = np.array([one for one, _ in asked], np.float64).reshape(-1, 2)
        self._goal = np.array([speed for _, speed in asked], np.float64)
        self.arrived = not self._lanes

    def put(self, buffer: ByteArray, power: Float32Array, elapsed_s: float, *, always: bool) -> None:
        """Change what may be changed now; what turns gets faster or slower in the light."""
        dark: BoolArray = np.maximum.reduceat(power[self._heads], self._starts) < DARK_POWER
        other: BoolArray = (self._shown != self._wanted).any(axis=1)
        begins = other & (dark | always)
        self._shown = np.where(begins[:, None], self._wanted, self._shown)
        speed = np.where(begins, 0.0, self._speed)
        reach = elapsed_s / TURN_S
        goal = np.where(other & ~begins, speed, self._goal)
        self._speed = speed + np.clip(goal - speed, -reach, reach)
        level = self._shown[:, 0] + self._speed * (self._shown[:, 1] - self._shown[:, 0])
        buffer[self._coarse] = np.rint(level).astype(np.uint8)
        waits = other & ~begins
        self.arrived = bool(not waits.any() and (np.abs(self._goal - self._speed) < ARRIVED).all())


def _following(lanes: Sequence[Lane]) -> Iterator[tuple[int, int, list[int]]]:
    """Each focus that follows a zoom: its number, that of the zoom, and its levels from narrow to wide."""
    zooms = {head: number for number, lane in enumerate(lanes) if lane.control == "zoom" for head in lane.heads}
    for number, lane in enumerate(lanes):
        levels = _shaping(lane).sharp
        if levels and lane.heads[0] in zooms:
            yield number, zooms[lane.heads[0]], levels


def _way(lane: Lane, beam: Beam | None, *, animated: bool) -> tuple[tuple[int, int], float]:
    """Levels of both ends of what is wished of a lane, and how far between them, 0..1."""
    shapes, head = _shaping(lane), lane.heads[0]
    rests = (lane.at, lane.at), 0.0
    if beam is None:
        return rests
    turn = _turn(beam, lane.control, head)
    match lane.control:
        case "gobo" | "prism":
            moved = animated and lane.control == "gobo" and _turn(beam, "animation", head) != 0.0
            number = 0 if moved else int(getattr(beam, lane.control)[head])
        case "frost":
            number = int(float(beam.frost[head]) >= FROSTED)
        case _:
            number = int(turn != 0.0)
    if number <= 0:
        return rests
    if shapes.turns and (turn != 0.0 or not shapes.slots):
        return shapes.turns[turn < 0.0 and len(shapes.turns) > 1], min(1.0, abs(turn))
    if not shapes.slots:
        return rests
    places = shapes.revolving if shapes.revolving and turn != 0.0 else shapes.slots
    level = places[(number - 1) % len(places)].middle  # a wheel of fewer slots begins again
    return (level, level), 0.0


def _turn(beam: Beam, control: str, head: int) -> float:
    """-1..1, how fast a lane's part is to turn; what is no number stands."""
    name = {"animation_turn": "animation", "gobo": "gobo_turn", "prism": "prism_turn"}.get(control, control)
    asked: Float32Array | None = getattr(beam, name) if name in ("gobo_turn", "prism_turn", "animation") else None
    speed = 0.0 if asked is None else float(asked[head])
    return speed if np.isfinite(speed) else 0.0


def _shaping(lane: Lane) -> Shaping:
    if isinstance(lane.channel, Hold) and lane.channel.shapes is not None:
        return lane.channel.shapes
    raise TypeError(f"{lane.name} shapes no beam")
