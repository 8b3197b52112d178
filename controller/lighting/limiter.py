"""The flash limiter: the last stage before the wire. Whatever asked for it, the rig does not flash too often.

Judged is what the emitted slots show (`observe`), for the whole rig and for each zone, luminance and saturated red
apart. After WCAG 2.3.1 and ITU-R BT.1702 a flash is a pair of opposing changes of 10 % of the maximum or more, the
darker state below 80 %; a red flash the same of light whose red is 80 % or more of it. `wcag` allows three in any
second, `uk-hse` four (HSE, Event Safety Guide). Counted are single changes, two for each flash, so that no way of
pairing them finds more.

When the budget is used up the *change* is clamped: light stays near where it is, and goes on once there is room. It
does not black out. A fixture's own strobe would get past all this, so its strobe ranges are not let through.

This lowers a risk. It is no medical and no legal guarantee: it knows neither how large a lamp is in somebody's eye nor
what other sources flash, and it counts all lamps as equally strong.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from controller.arrays import ByteArray, Float32Array
from controller.bus.news import LimiterStatus
from controller.messages import DmxFrame
from controller.metrics.safety import FLASH_DARK, FLASH_STEP, LUMINANCE
from controller.rig.observe import Observer
from controller.rig.patch.lanes import EMITTERS, FLAGS, Lane, bytes_of
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.profiles.profile import Channel, Intensity, Shutter

Standard = Literal["wcag", "uk-hse"]
FLASHES_PER_S: dict[Standard, int] = {"wcag": 3, "uk-hse": 4}
SECOND_S = 1.03
"""A second with a cycle to spare: packets leave some milliseconds early or late, and any second counts."""
SATURATED_RED = 0.8
MARGIN = 0.004
"""Where the budget is used up, light stays this far below the change that would count."""
ROUNDING = 1e-6
"""A change counts when it is a tenth, give or take arithmetic: the very moment at which anybody else would count it."""
HALVINGS = 7
STEPS_KEPT = 1_000
ZONES = ("the left", "the middle", "the right")
GLIDES = ("intensity", *EMITTERS, *FLAGS, "cct")
TURNS = ("pan", "tilt", "haze")


@dataclass(slots=True)
class Step:
    """One time the limiter stepped in: from when to when, and what would have flashed too often."""

    start_s: float
    end_s: float
    what: str


@dataclass(slots=True)
class Swing:
    """Counts opposing changes of one level as they happen, as `metrics.safety.flash_times_s` does afterwards.

    Attributes:
        anchor: the last turning point, or how far the present change has come. direction: of that change, 0 before any.
        turns_s: when changes counted, of the last second.
    """

    anchor: float = 0.0
    direction: int = 0
    turns_s: deque[float] = field(default_factory=deque)

    def turns(self, level: float, margin: float = 0.0) -> bool:
        """Whether going to this level begins a change that counts."""
        change = level - self.anchor
        if change * self.direction > 0:
            return False
        return abs(change) >= FLASH_STEP - margin and min(level, self.anchor) < FLASH_DARK + margin

    def allows(self, level: float, now_s: float, most: int) -> bool:
        """Whether this level may be shown now."""
        return not self.turns(level, MARGIN) or sum(now_s - one < SECOND_S for one in self.turns_s) < most

    def show(self, level: float, now_s: float) -> None:
        """This level is shown now."""
        while self.turns_s and now_s - self.turns_s[0] >= SECOND_S:
            self.turns_s.popleft()
        if self.turns(level, ROUNDING):
            self.direction = 1 if level > self.anchor else -1
            self.turns_s.append(now_s)
            self.anchor = level
        elif (level - self.anchor) * self.direction > 0:
            self.anchor = level


class Limiter:
    """Limits one rig's flashes.

    Many attributes: the tables of the rig that a cycle needs are made once, and what was counted stands beside them.

    Args:
        patch: the rig. standard: how many flashes a second.

    Attributes:
        light: (N, 3) float32 linear RGB, what the frames show that were let through last.
        levels: the same as luminance of each area, the whole rig first, and then as saturated red of each.
        interventions, strobes_stopped: how often it stepped in. steps: the last thousand times.
    """

    def __init__(self, patch: Patch, standard: Standard = "wcag") -> None:
        self._most = 2 * FLASHES_PER_S[standard]
        self._observer = Observer(patch)
        self._universes = patch.universes
        names, self._areas = areas(patch)
        self._names = [*(f"light of {name}" for name in names), *(f"red of {name}" for name in names)]
        self._swings = [Swing() for _ in range(2 * len(names))]
        self._shown = np.zeros(patch.nowhere + 1, np.uint8)
        self._glides = _Blend([lane for lane in patch.lanes if lane.control in GLIDES], patch.nowhere)
        stays = [lane for lane in patch.lanes if lane.control not in (*GLIDES, *TURNS)]
        self._stays = np.array([slot for lane in stays for slot in lane.slots], np.intp)
        self._strobes = [(lane.slots[0], *_strobes(lane)) for lane in patch.lanes if _strobes(lane)[0].any()]
        self.light: Float32Array = np.zeros((patch.heads, 3), np.float32)
        self.levels = [0.0] * len(self._swings)
        self.steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self.interventions = self.strobes_stopped = 0
        self.clamped_cycles = self.cycles = 0
        self._clamping = self._stopping = False
        self._too_often = ""

    def limit(self, frames: Sequence[DmxFrame], now_s: float, *, override: bool = False) -> list[DmxFrame]:
        """The frames that may be sent, in the same order.

        Args:
            frames: one for each universe of the patch, in its order. now_s: time of this cycle.
            override: a person holds the logged override: everything is shown, and still counted.
        """
        wished = np.zeros_like(self._shown)
        for row, frame in enumerate(frames):
            wished[row * SLOTS : (row + 1) * SLOTS] = frame.slots
        if not override:
            self._open_strobes(wished)
        shown, (levels, self.light) = wished, self._seen(wished)
        if not override and not self._allows(levels, now_s):
            shown, levels, self.light = self._nearest_allowed(wished, now_s)
        self._count(now_s, "" if shown is wished else self._too_often)
        self.levels = levels
        for swing, level in zip(self._swings, levels, strict=True):
            swing.show(level, now_s)
        self._shown = shown
        return [replace(one, slots=shown[row * SLOTS : (row + 1) * SLOTS].copy()) for row, one in enumerate(frames)]

    def _open_strobes(self, wished: ByteArray) -> None:
        stopping = False
        for slot, strobes, steady in self._strobes:
            if strobes[wished[slot]]:
                wished[slot], stopping = steady, True
        self.strobes_stopped += stopping and not self._stopping
        self._stopping = stopping

    def _seen(self, slots: ByteArray) -> tuple[list[float], Float32Array]:
        """Luminance and saturated red of each area, 0..1 of what it could show, and the light of each head (N, 3)."""
        frames = {u: slots[row * SLOTS : (row + 1) * SLOTS] for row, u in enumerate(self._universes)}
        light = self._observer.observe(frames).light
        means = self._areas @ light
        luminance, total = means @ LUMINANCE, means.sum(axis=1)
        red = np.where(means[:, 0] >= SATURATED_RED * np.maximum(total, 1e-9), means[:, 0], 0.0)
        return [*luminance.tolist(), *red.tolist()], light

    def _allows(self, levels: list[float], now_s: float) -> bool:
        for swing, level, name in zip(self._swings, levels, self._names, strict=True):
            if not swing.allows(level, now_s, self._most):
                self._too_often = self._too_often or name
                return False
        return True

    def _nearest_allowed(self, wished: ByteArray, now_s: float) -> tuple[ByteArray, list[float], Float32Array]:
        """As much of the way to the wish as may be shown; none of it, what is shown already, always may."""
        low, high = 0.0, 1.0
        best = self._part_of_the_way(wished, 0.0)
        levels, light = self._seen(best)
        for _ in range(HALVINGS):
            share = (low + high) / 2.0
            tried = self._part_of_the_way(wished, share)
            there, lit = self._seen(tried)
            if self._allows(there, now_s):
                low, best, levels, light = share, tried, there, lit
            else:
                high = share
        return best, levels, light

    def _part_of_the_way(self, wished: ByteArray, share: float) -> ByteArray:
        """Light between what is shown and what is wished; heads turn as wished, wheels and shutters stay."""
        slots = wished.copy()
        slots[self._stays] = self._shown[self._stays]
        self._glides.write(slots, self._shown, wished, share)
        return slots

    def _count(self, now_s: float, what: str) -> None:
        clamped = bool(what)
        self.cycles += 1
        self.clamped_cycles += clamped
        self.interventions += clamped and not self._clamping
        if clamped and self._clamping and self.steps:
            self.steps[-1].end_s = now_s
        elif clamped:
            self.steps.append(Step(now_s, now_s, what))
        self._clamping, self._too_often = clamped, ""

    def status(self) -> LimiterStatus:
        """How often it had to step in, for the page, the log and the nightly report."""
        share = round(self.clamped_cycles / max(self.cycles, 1), 5)
        return LimiterStatus(self.interventions, self.strobes_stopped, share)


class _Blend:
    """Levels of lanes between two states, at their full width."""

    def __init__(self, lanes: Sequence[Lane], nowhere: int) -> None:
        self._bytes = list(bytes_of(lanes, nowhere))
        self._width = np.array([len(lane.slots) for lane in lanes], np.int64)

    def write(self, slots: ByteArray, before: ByteArray, after: ByteArray, share: float) -> None:
        """Write `before + share (after - before)` into slots."""
        old, new = self._read(before), self._read(after)
        level = np.rint(old + share * (new - old)).astype(np.int64)
        for byte in (2, 1, 0):
            has = self._width > byte
            slots[self._bytes[byte][has]] = level[has] & 0xFF
            level[has] >>= 8

    def _read(self, slots: ByteArray) -> Float32Array:
        level = np.zeros(len(self._width), np.int64)
        for byte in range(3):
            has = self._width > byte
            level[has] = level[has] * 256 + slots[self._bytes[byte][has]]
        return level.astype(np.float64)


def areas(patch: Patch) -> tuple[list[str], Float32Array]:
    """The whole rig and its zones (left, middle and right third), by name, and who counts how much in each.

    Returns:
        Names, and (areas, N) rows of sum 1. A bar of cells counts as one fixture; what gives no light counts nowhere.
    """
    of_fixture = np.array([fixture.heads for fixture in patch.fixtures], np.float32)[patch.fixture_of]
    weight = np.where([role == "hazer" for role in patch.roles], 0.0, 1.0 / of_fixture)
    x = patch.positions_m[:, 0]
    edges = np.linspace(x.min(), x.max(), 4)
    zone = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, 2)
    rows = {"the rig": weight, **{name: weight * (zone == number) for number, name in enumerate(ZONES)}}
    lit = {name: row / row.sum() for name, row in rows.items() if row.sum() > 0} or {"the rig": weight}
    return list(lit), np.array(list(lit.values()), np.float32)


def _strobes(lane: Lane) -> tuple[ByteArray, int]:
    """At which levels a channel makes its fixture flash, (256,), and the level it is brought to instead."""
    flashing = np.zeros(256, np.uint8)
    for first, last in _strobe_ranges(lane.channel):
        flashing[first : last + 1] = 1
    match lane.channel:
        case Intensity():
            return flashing, lane.channel.range[1]
        case Shutter():
            return flashing, lane.channel.open_level
    return flashing, lane.at


def _strobe_ranges(channel: Channel) -> list[tuple[int, int]]:
    inside = [one.dmx for one in channel.ranges if one.shutter == "strobe"] if isinstance(channel, Shutter) else []
    return [*inside, *(one.dmx for one in channel.strobe)]
