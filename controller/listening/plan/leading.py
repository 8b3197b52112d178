"""A band plays what it rehearsed: the light of the plan, at the band's own place and pace. Pure.

While the place is known the plan decides, a little ahead, so that light and sound arrive together. When the band
leaves the plan the model goes on from the light that is there; when they come back, so does the plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array
from controller.listening.plan.fingerprint import Fingerprints
from controller.listening.plan.plan import Plan, amount_at
from controller.listening.plan.position import Position
from controller.messages import Command
from controller.sound_format import HOP_S

LEAD_HOPS = 1
"""A tenth of a second: what deciding and sending take, and half a hop."""
TRUSTED_HOPS = 5
"""A place counts when it was known for half a second without a jump."""
LINE_STEP = 0.01
JUMPED = 5


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan says for one hop: `hue` 0..179, `value` 0..255; `t_s` in the song `title`, as `sure` as 0..1."""

    hue: int
    value: int
    title: str
    t_s: float
    sure: float
    commands: tuple[Command, ...] = ()


class PlannedShow:
    """Follows a band through the plans of a night.

    Args:
        plans: at least one, in any order.
    """

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = list(plans)
        self._first = np.cumsum([0, *(one.hops for one in plans)])
        starts = [
            first + round(t_s / HOP_S)
            for first, plan in zip(self._first, plans, strict=False)
            for t_s in (0.0, *(at_s for at_s, _ in plan.notes.marks))
        ]
        fingerprints = np.concatenate([one.fingerprints for one in plans])
        self._position = Position(fingerprints, np.array(starts, np.int64))
        self._heard = Fingerprints()
        self._at: int | None = None
        self._trusted = self._done = 0
        self._lines: dict[str, float] = {}

    def step(self, samples: Float32Array) -> Planned | None:
        """What the plan says after these samples (n,), n >= 9600, of which the last 4800 are new; None: free play."""
        place = self._position.step(self._heard.step(samples))
        before, self._at = self._at, place.hop
        if place.hop is None:
            self._trusted = 0
            return None
        jumped = before is None or not -1 <= place.hop - before <= JUMPED
        self._trusted = 1 if jumped else self._trusted + 1
        if self._trusted < TRUSTED_HOPS:
            return None
        number = int(np.searchsorted(self._first, place.hop, side="right")) - 1
        plan, hop = self._plans[number], place.hop - int(self._first[number])
        done = hop - 1 if self._trusted == TRUSTED_HOPS else self._done  # a band that steps back meets no cue twice
        self._done = max(done, hop)
        hue, value = plan.light[min(hop + LEAD_HOPS, plan.hops - 1)]
        commands = (*_cues(plan, done, hop), *self._ridden(plan, hop))
        return Planned(int(hue), int(value), plan.notes.title, (hop + 1) * HOP_S, place.sure, commands)

    def _ridden(self, plan: Plan, hop: int) -> list[Command]:
        """Faders that automation moves."""
        moved = []
        for name, line in plan.notes.lines.items():
            if line:
                amount = amount_at(line, (hop + 1 + LEAD_HOPS) * HOP_S)
                if abs(amount - self._lines.get(name, -1.0)) >= LINE_STEP:
                    self._lines[name] = amount
                    moved.append(Command(name, amount))
        return moved


def _cues(plan: Plan, done: int, hop: int) -> list[Command]:
    """Cues after the hop `done` up to `hop`, a little ahead."""
    places = ((round(one.t_s / HOP_S) - 1 - LEAD_HOPS, one) for one in plan.notes.cues)
    return [Command(one.name, one.amount, one.target, one.values) for at, one in places if done < at <= hop]
