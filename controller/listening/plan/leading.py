"""A band plays what it rehearsed: the light of the plan, at the band's own place and pace. Pure.

While the place is known the plan decides, a little ahead, so that light and sound arrive together. When the band
leaves the plan the model goes on from the light that is there; when they come back, so does the plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from controller.arrays import Float32Array
from controller.evening.timecode import song_and_place
from controller.listening.plan.fingerprint import Fingerprints
from controller.listening.plan.plan import Plan, amount_at
from controller.listening.plan.position import Position
from controller.listening.plan.section_look import SectionLook, look_at
from controller.messages import Command, OutsideClock
from controller.sound_format import HOP_S

LEAD_HOPS = 1
"""A tenth of a second: what deciding and sending take, and half a hop."""
TRUSTED_HOPS = 5
"""A place counts when it was known for half a second without a jump."""
CLOCK_GONE_S = 1.5
LINE_STEP = 0.01
JUMPED = 5
ANNOUNCED_S = 0.3
"""A look is said so long before its one."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan says for one hop: `hue` 0..179, `value` 0..255; `t_s` in the song `title`, as `sure` as 0..1.

    `by`: whose clock it follows, "": the band itself. `lost`: that clock is gone, and the plan goes on by itself.
    `look`: which hangs or is about to, None: the plan has none; `look_s`: when it came or comes, on the show's clock.
    """

    hue: int
    value: int
    title: str
    t_s: float
    sure: float
    commands: tuple[Command, ...] = ()
    by: str = ""
    lost: bool = False
    look: SectionLook | None = None
    look_s: float = 0.0


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
        self._clocked: tuple[int, int] | None = None
        self._hung: tuple[SectionLook, float] | None = None
        self._lines: dict[str, float] = {}

    def word(self, samples: Float32Array, t_s: float, clock: OutsideClock) -> Planned | None:
        """What the plan says now, by somebody else's clock where there is one; None: free play.

        A look hangs since it was first said, whoever told the place, and however the band's pace drifts meanwhile.

        Args:
            samples: see `step`. t_s: time of the newest. clock: see `by_clock`.
        """
        heard = self.step(samples)
        said = self.by_clock(clock, t_s) or heard
        if said is None or said.look is None:
            return said
        if self._hung is None or self._hung[0] is not said.look:
            self._hung = said.look, t_s + said.look.t_s - said.t_s
        return replace(said, look_s=self._hung[1])

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
        # a band that steps back meets no cue twice
        return self._at_hop(
            number, place.hop - int(self._first[number]), place.sure, fresh=self._trusted == TRUSTED_HOPS
        )

    def by_clock(self, clock: OutsideClock, t_s: float) -> Planned | None:
        """What the plan says at the place that somebody else's clock tells; None: no clock, or no plan at that place.

        Each hour of a clock is a song, in the order of the plans; hour 0 is the only plan, where there is but one. A
        clock that says nothing more goes on by itself.

        Args:
            clock: as it was told last. t_s: time of the newest sound.
        """
        if not clock.by:
            return None
        hour, place_s = song_and_place(max(0.0, clock.place_s + t_s - clock.t_s))
        number, hop = hour - 1 if hour else 0 if len(self._plans) == 1 else -1, round(place_s / HOP_S) - 1
        if not 0 <= number < len(self._plans) or not 0 <= hop < self._plans[number].hops:
            return None
        before, self._clocked = self._clocked, (number, hop)
        fresh = before is None or before[0] != number or not -1 <= hop - before[1] <= JUMPED
        said = self._at_hop(number, hop, 1.0, fresh=fresh)
        return replace(said, by=clock.by, lost=t_s - clock.t_s > CLOCK_GONE_S)

    def _at_hop(self, number: int, hop: int, sure: float, *, fresh: bool) -> Planned:
        """The plan's word at one of its hops. `fresh`: nobody was near it before, so that no cue has been met."""
        plan = self._plans[number]
        done = hop - 1 if fresh else self._done
        self._done = max(done, hop)
        hue, value = plan.light[min(hop + LEAD_HOPS, plan.hops - 1)]
        commands = (*_cues(plan, done, hop), *self._ridden(plan, hop))
        place_s = (hop + 1) * HOP_S
        which = look_at(plan.notes.looks, place_s + ANNOUNCED_S)
        look = plan.notes.looks[which] if which >= 0 else None
        return Planned(int(hue), int(value), plan.notes.title, place_s, sure, commands, look=look)

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
