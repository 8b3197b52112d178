"""The flash limiter: the last stage before the wire. Whatever asked for it, no lamp flashes too often.

Judged is what the emitted slots show (`observe`), for every lamp by itself and for every area of the rig, in parts of
what that lamp or area can give (`flashes/fields.py`). Lamps that flash in turns are flashes of each of them. `wcag`
allows three in any second (WCAG 2.3.1, ITU-R BT.1702-3), `uk-hse` four (HSE, Event Safety Guide).

When a lamp's budget is used up its *rise* waits: it stays near where it is, those beside it go on, and it follows once
there is room. Going dark is never refused. A fixture's own strobe would get past all this, so its strobe ranges are not
let through.

This lowers a risk. It is no medical and no legal guarantee: it knows neither how large a lamp is in somebody's eye nor
what other sources flash, and it counts all lamps as equally strong.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from controller.arrays import BoolArray, ByteArray, Float32Array
from controller.bus.news import LimiterStatus
from controller.lighting.flashes.fields import MEASURES, Fields
from controller.lighting.flashes.holding import Holding
from controller.lighting.flashes.swings import Swings
from controller.messages import DmxFrame
from controller.rig.observe import Observer
from controller.rig.patch.lanes import Lane
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.profiles.profile import Channel, Intensity, Shutter

Standard = Literal["wcag", "uk-hse"]
FLASHES_PER_S: dict[Standard, int] = {"wcag": 3, "uk-hse": 4}
LONGEST_S = 0.5
"""No cycle counts as longer: a clock that leaps, or stands still, gives nobody a new budget."""
HALVINGS = 6
SETTLING = 3
NO_LIGHT = 1e-3
STEPS_KEPT = 1_000
WHOLE = 255.0
ROUNDING = 1e-4


@dataclass(slots=True)
class Step:
    """One time the limiter stepped in: from when to when, and what would have flashed too often."""

    start_s: float
    end_s: float
    what: str


class Limiter:
    """Limits one rig's flashes.

    Many attributes: the tables of the rig that a cycle needs are made once, and what was counted stands beside them.

    Args:
        patch: the rig. standard: how many flashes a second.

    Attributes:
        light: (N, 3) float32 linear RGB, what the frames show that were let through last.
        interventions, strobes_stopped: how often it stepped in. steps: the last thousand times.
    """

    def __init__(self, patch: Patch, standard: Standard = "wcag") -> None:
        self._observer, self._fields, self._holding = Observer(patch), Fields(patch), Holding(patch)
        self._universes, self._areas = patch.universes, len(self._fields.weights)
        dark = np.tile(self._fields.dark, len(MEASURES))
        self._swings = Swings(dark, 2 * FLASHES_PER_S[standard])
        self._strobes = [(lane.slots[0], *_strobes(lane)) for lane in patch.lanes if _strobes(lane)[0].any()]
        self._within = self._fields.within.astype(np.float32)
        self._shown = np.zeros(patch.nowhere + 1, np.uint8)
        self.light: Float32Array = np.zeros((patch.heads, 3), np.float32)
        self._levels: Float32Array = np.zeros((len(MEASURES), len(self._fields)), np.float32)
        self._before = self._levels
        self._now_s = self._told_s = 0.0
        self.steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self.interventions = self.strobes_stopped = 0
        self.clamped_cycles = self.cycles = 0
        self._clamping = self._stopping = False

    @property
    def levels(self) -> list[float]:
        """What is shown: luminance of each area, the whole rig first, and then saturated red of each."""
        return [*self._levels[0, : self._areas].tolist(), *self._levels[2, : self._areas].tolist()]

    def limit(self, frames: Sequence[DmxFrame], now_s: float, *, override: bool = False) -> list[DmxFrame]:
        """The frames that may be sent, in the same order.

        Args:
            frames: one for each universe of the patch, in its order. now_s: time of this cycle.
            override: a person holds the logged override: everything is shown, and still counted.
        """
        self._advance(now_s)
        wished = np.zeros_like(self._shown)
        for row, frame in enumerate(frames):
            wished[row * SLOTS : (row + 1) * SLOTS] = frame.slots
        if not override:
            stopping = self._open(wished)
            self.strobes_stopped += stopping and not self._stopping
            self._stopping = stopping
        levels, light = self._seen(wished)
        refused = None if override or self._is_dark(levels) else self._refused(levels)
        shown, what = wished, ""
        if refused is not None:
            what = self._named(refused)
            shown, levels, light = self._nearest_allowed(wished, levels, refused)
        self._count(now_s, what)
        self._show(shown, levels, light)
        return [replace(one, slots=shown[row * SLOTS : (row + 1) * SLOTS].copy()) for row, one in enumerate(frames)]

    def told(self) -> bytes:
        """What another process must not exceed if it goes on from here: (3, N) levels of the lamps, 0..255.

        The lower one of this cycle and the one before, since nobody knows which of them left last.
        """
        lamps = np.minimum(self._levels, self._before)[:, self._areas :]
        return np.ceil(np.clip(lamps, 0.0, 1.0) * np.float32(WHOLE)).astype(np.uint8).tobytes()

    def adopt(self, told: bytes, now_s: float) -> None:
        """Go on from what another process showed: nothing is brighter than there, and nothing rises for a second.

        Args:
            told: by its `told`; of another length: nothing is known, and it goes on from its own. now_s: time.
        """
        self._advance(now_s)
        self._open(self._shown)
        if len(told) == len(MEASURES) * len(self.light):
            most = np.frombuffer(told, np.uint8).reshape(len(MEASURES), -1).astype(np.float32) / np.float32(WHOLE)
            self._shown = self._no_brighter(most + ROUNDING)
        levels, light = self._seen(self._shown)
        self._show(self._shown, levels, light)
        self._swings.spend(levels.reshape(-1), self._now_s)

    def _advance(self, now_s: float) -> None:
        """Time of its own, which goes on evenly whatever the clock does."""
        if np.isfinite(now_s):
            self._now_s += min(max(now_s - self._told_s, 0.0), LONGEST_S)
            self._told_s = now_s

    def _open(self, slots: ByteArray) -> bool:
        """No channel at a level at which its fixture flashes by itself; True if one was."""
        stopping = False
        for slot, strobes, steady in self._strobes:
            if strobes[slots[slot]]:
                slots[slot], stopping = steady, True
        return stopping

    def _seen(self, slots: ByteArray) -> tuple[Float32Array, Float32Array]:
        """Measures of all fields (3, A + N), and the light of each head (N, 3)."""
        frames = {u: slots[row * SLOTS : (row + 1) * SLOTS] for row, u in enumerate(self._universes)}
        light = self._observer.observe(frames).light
        return self._fields.measure(light), light

    def _is_dark(self, levels: Float32Array) -> bool:
        """Whether no lamp shines: whoever wants that has it at once."""
        return float(levels[1, self._areas :].max(initial=0.0)) <= NO_LIGHT

    def _refused(self, levels: Float32Array) -> BoolArray | None:
        found = self._swings.refused(levels.reshape(-1), self._now_s)
        return None if found is None else found.reshape(levels.shape)

    def _named(self, refused: BoolArray) -> str:
        """What would have flashed too often, the largest area first."""
        field = int(refused.any(axis=0).argmax())
        return f"{MEASURES[int(refused[:, field].argmax())]} of {self._fields.names[field]}"

    def _to_hold(self, levels: Float32Array, refused: BoolArray) -> BoolArray:
        """(N,) the lamps that may not go there: those refused, and those that take a refused area with them."""
        held = refused[:, self._areas :].any(axis=0)
        areas = refused[:, : self._areas]
        if areas.any():
            change = levels - self._levels
            rises = change[:, : self._areas] > 0.0
            lamps = change[:, self._areas :]
            held |= (((areas & rises).astype(np.float32) @ self._within > 0.0) & (lamps > 0.0)).any(axis=0)
            held |= (((areas & ~rises).astype(np.float32) @ self._within > 0.0) & (lamps < 0.0)).any(axis=0)
        return np.asarray(held)

    def _nearest_allowed(
        self, wished: ByteArray, levels: Float32Array, refused: BoolArray
    ) -> tuple[ByteArray, Float32Array, Float32Array]:
        """As much of the way to the wish as each lamp may go; those that nobody refuses go all of it."""
        low = np.where(self._to_hold(levels, refused), 0.0, 1.0).astype(np.float32)
        high = np.ones_like(low)
        for _ in range(HALVINGS):
            share = (low + high) / np.float32(2.0)
            failing = self._failing(self._holding.part_of_the_way(self._shown, wished, share))
            free = low >= 1.0
            high = np.where(failing & ~free, share, high)
            low = np.where(failing, np.where(free, 0.0, low), share).astype(np.float32)
        for _ in range(SETTLING):  # each was tried beside the others' half-way places, and now all together
            slots = self._holding.part_of_the_way(self._shown, wished, low)
            levels, light = self._seen(slots)
            again = self._refused(levels)
            if again is None:
                return slots, levels, light
            low = np.where(self._to_hold(levels, again), 0.0, low).astype(np.float32)
        return self._as_it_is(wished)

    def _failing(self, slots: ByteArray) -> BoolArray:
        levels, light = self._seen(slots)
        refused = self._refused(levels)
        return np.zeros(len(light), np.bool_) if refused is None else self._to_hold(levels, refused)

    def _as_it_is(self, wished: ByteArray) -> tuple[ByteArray, Float32Array, Float32Array]:
        """Everything as it is shown already, which may always be; what may not (an override has ended) is dark."""
        slots = self._holding.part_of_the_way(self._shown, wished, np.zeros(len(self.light), np.float32))
        self._open(slots)
        levels, light = self._seen(slots)
        refused = self._refused(levels)
        if refused is not None:
            slots = self._holding.darkened(slots, self._to_hold(levels, refused))
            levels, light = self._seen(slots)
        return slots, levels, light

    def _no_brighter(self, most: Float32Array) -> ByteArray:
        """What is shown, as far from dark as the levels (3, N) of another process let each lamp go."""
        lamps = slice(self._areas, None)
        over = (self._seen(self._shown)[0][:, lamps] > most).any(axis=0)
        if not over.any():
            return self._shown
        dark = self._holding.darkened(self._shown, over)
        low = np.where(over, 0.0, 1.0).astype(np.float32)
        high = np.ones_like(low)
        for _ in range(HALVINGS):
            share = (low + high) / np.float32(2.0)
            there = self._seen(self._holding.part_of_the_way(dark, self._shown, share))[0][:, lamps]
            beyond = (there > most).any(axis=0)
            high, low = np.where(beyond, share, high), np.where(beyond, low, share)
        return self._holding.part_of_the_way(dark, self._shown, low)

    def _show(self, shown: ByteArray, levels: Float32Array, light: Float32Array) -> None:
        self._before, self._levels, self.light, self._shown = self._levels, levels, light, shown
        self._swings.show(levels.reshape(-1), self._now_s)

    def _count(self, now_s: float, what: str) -> None:
        clamped = bool(what)
        self.cycles += 1
        self.clamped_cycles += clamped
        self.interventions += clamped and not self._clamping
        if clamped and self._clamping and self.steps:
            self.steps[-1].end_s = now_s
        elif clamped:
            self.steps.append(Step(now_s, now_s, what))
        self._clamping = clamped

    def status(self) -> LimiterStatus:
        """How often it had to step in, for the page, the log and the nightly report."""
        share = round(self.clamped_cycles / max(self.cycles, 1), 5)
        return LimiterStatus(self.interventions, self.strobes_stopped, share)


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
