"""The flash limiter: the last stage before the wire. Whatever asked for it, no head flashes too often.

Judged is what the emitted slots show (`observe`), for every head separately and for every area of the rig, in parts of
what that head or area can give (`flashes/fields.py`). Heads that flash alternately are flashes of each of them. `wcag`
allows three in any second (WCAG 2.3.1, ITU-R BT.1702-3), `uk-hse` four (HSE, Event Safety Guide).

When a head's budget is used up it stays where it is, those beside it go on, and it follows once there is room. That all
of them go dark is never refused. A fixture's own strobe would get past all this, so its strobe ranges are not
let through.

This lowers a risk. It is no medical and no legal guarantee: it knows neither how large a head looks from a seat nor
what other sources flash, and it counts all heads as equally strong.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
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
"""A longer cycle counts as none: a clock that leaps, forth or back, gives nobody a new budget."""
CAREFUL_S = 2.0
"""Who wanted it dark may soon want it again, at once: for so long what rises keeps room for that."""
SETTLING = 3
NO_LIGHT = 1e-3
STEPS_KEPT = 1_000


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
        self._areas = len(self._fields.weights)
        self._swings = Swings(self._fields.dark.reshape(-1), 2 * FLASHES_PER_S[standard])
        strobes = [(lane.slots[0], *_strobes(lane)) for lane in patch.lanes if _strobes(lane)[0].any()]
        self._strobe_slots = np.array([slot for slot, _, _ in strobes], np.intp)
        self._strobing = np.array([levels for _, levels, _ in strobes], np.bool_).reshape(-1)
        self._steady = np.array([level for _, _, level in strobes], np.uint8)
        self._strobe_rows = 256 * np.arange(len(strobes))
        self._within = self._fields.within.astype(np.float32)
        self._shown = np.zeros(patch.nowhere + 1, np.uint8)
        self.light: Float32Array = np.zeros((patch.heads, 3), np.float32)
        self._levels: Float32Array = np.zeros((len(MEASURES), len(self._fields)), np.float32)
        self._read: tuple[bytes, Float32Array, Float32Array] = b"", self._levels, self.light
        self._now_s = self._told_s = self._careful_s = 0.0
        self.steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self.interventions = self.strobes_stopped = 0
        self.clamped_cycles = self.cycles = 0
        self._clamping = self._stopping = False

    @property
    def levels(self) -> list[float]:
        """What is shown: luminance of each area, the whole rig first, and then saturated red of each."""
        return [*self._levels[0, : self._areas].tolist(), *self._levels[2, : self._areas].tolist()]

    def limit(
        self, frames: Sequence[DmxFrame], now_s: float, *, override: bool = False, dark: bool = False
    ) -> list[DmxFrame]:
        """The frames that may be sent, in the same order.

        Args:
            frames: one for each universe of the patch, in its order. now_s: time of this cycle.
            override: a person holds the logged override: everything is shown, and still counted.
            dark: a person wants it dark, and has it at once: what only falls is shown, and still counted.
        """
        self._advance(now_s)
        wished = np.zeros_like(self._shown)
        np.concatenate([frame.slots for frame in frames], out=wished[: len(frames) * SLOTS])
        if not override:
            stopping = self._open(wished)
            self.strobes_stopped += stopping and not self._stopping
            self._stopping = stopping
        levels, light = self._seen(wished)
        refused = None
        if dark:
            self._careful_s = self._now_s + CAREFUL_S
        if not (override or (dark and (levels <= self._levels + NO_LIGHT).all())):
            refused = self._refused(levels)
        shown, what = wished, ""
        if refused is not None:
            what = self._named(refused)
            shown, levels, light = self._allowed(wished, levels, refused)
        self._count(now_s, what)
        self._show(shown, levels, light)
        slots = shown.copy()
        return [
            DmxFrame(one.t_s, one.seq, one.universe, slots[row * SLOTS : (row + 1) * SLOTS])
            for row, one in enumerate(frames)
        ]

    @property
    def shown(self) -> bytes:
        """The slots of all universes that were let through last, for who has to go on from them."""
        return self._shown[:-1].tobytes()

    @property
    def standing(self) -> bytes:
        """The same, and where each field stands in its change: all that a process needs to go on as if it were this."""
        return self.shown + self._swings.places

    def adopt(self, shown: bytes, now_s: float) -> None:
        """Go on from what another process showed, and let nothing flash for a second: it may have used that up.

        Args:
            shown: its `standing`, or its `shown`; shorter: nothing is known, and this one's own slots are what counts.
            now_s: time.
        """
        self._advance(now_s)
        slots = len(self._shown) - 1
        if len(shown) >= slots:
            self._shown[:-1] = np.frombuffer(shown, np.uint8, slots)
        self._open(self._shown)
        levels, self.light = self._seen(self._shown)
        self._levels = levels
        self._swings.spend(levels.reshape(-1), self._now_s, shown[slots:])

    def _advance(self, now_s: float) -> None:
        """Time of its own, which goes on evenly whatever the clock does."""
        if np.isfinite(now_s):
            elapsed_s, self._told_s = now_s - self._told_s, now_s
            self._now_s += elapsed_s if 0.0 < elapsed_s <= LONGEST_S else 0.0

    def _open(self, slots: ByteArray) -> bool:
        """No channel at a level at which its fixture flashes by itself; True if one was."""
        strobing = self._strobing[self._strobe_rows + slots[self._strobe_slots]]
        stopping = bool(strobing.any())
        if stopping:
            slots[self._strobe_slots[strobing]] = self._steady[strobing]
        return stopping

    def _seen(self, slots: ByteArray) -> tuple[Float32Array, Float32Array]:
        """Measures of all fields (3, A + N), and the light of each head (N, 3); what stands still is not read again."""
        read = slots.tobytes()
        if read != self._read[0]:
            light, beyond = self._observer.light(slots)
            self._read = read, self._fields.measure(light * beyond[:, None]), light
        return self._read[1:]

    def _refused(self, levels: Float32Array) -> BoolArray | None:
        found = self._swings.refused(levels.reshape(-1), self._now_s, careful=self._now_s < self._careful_s)
        return None if found is None else found.reshape(levels.shape)

    def _named(self, refused: BoolArray) -> str:
        """What would have flashed too often, the largest area first."""
        field = int(refused.any(axis=0).argmax())
        return f"{MEASURES[int(refused[:, field].argmax())]} of {self._fields.names[field]}"

    def _to_hold(self, levels: Float32Array, refused: BoolArray) -> BoolArray:
        """(N,) the heads that may not go there: those refused, and those that take a refused area with them."""
        held = refused[:, self._areas :].any(axis=0)
        areas = refused[:, : self._areas]
        if areas.any():
            change = levels - self._levels
            rises = change[:, : self._areas] > 0.0
            lamps = change[:, self._areas :]
            held |= (((areas & rises).astype(np.float32) @ self._within > 0.0) & (lamps > 0.0)).any(axis=0)
            held |= (((areas & ~rises).astype(np.float32) @ self._within > 0.0) & (lamps < 0.0)).any(axis=0)
        return np.asarray(held)

    def _allowed(
        self, wished: ByteArray, levels: Float32Array, refused: BoolArray
    ) -> tuple[ByteArray, Float32Array, Float32Array]:
        """What is wished, but for the heads that have to wait: they stay, and those beside them go on."""
        held = self._to_hold(levels, refused)
        for _ in range(SETTLING):  # channels that several heads share may keep more of them
            slots = self._holding.held(self._shown, wished, held)
            self._open(slots)  # no head is held at what strobed under an override
            levels, light = self._seen(slots)
            again = self._refused(levels)
            if again is None:
                return slots, levels, light
            held = held | self._to_hold(levels, again)
        return self._as_it_is(wished)

    def _as_it_is(self, wished: ByteArray) -> tuple[ByteArray, Float32Array, Float32Array]:
        """Everything as it is shown already, which may always be; what may not (an override has ended) is dark."""
        slots = self._holding.held(self._shown, wished, np.ones(len(self.light), np.bool_))
        self._open(slots)
        levels, light = self._seen(slots)
        refused = self._refused(levels)
        if refused is not None:
            slots = self._holding.darkened(slots, self._to_hold(levels, refused))
            levels, light = self._seen(slots)
        return slots, levels, light

    def _show(self, shown: ByteArray, levels: Float32Array, light: Float32Array) -> None:
        self._levels, self.light, self._shown = levels, light, shown
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
