"""Three flashes in any second across two machines: the main dies at the worst moments, and comes back.

Counted is what a receiver of sACN shows (E1.31 6.2.3): the source of the highest priority, dead ones for 2.5 s more.
`FOLLOWSPOT_LIMITER_SOAK_S` is how many seconds; with `-s` each prints its line of docs/safety.md.
"""

import itertools
import logging

import numpy as np
import pytest

from controller.lighting.limiter import Limiter
from controller.lighting.standby.heartbeat import MOST_BYTES
from controller.lighting.standby.partner import BELOW, Backup, Main
from controller.messages import Operator
from controller.rig.patch.configured import patch_of
from tests.limiter.rooms import flat, frames, pars
from tests.limiter.test_soak import COLOURS, GROUPS, LAMPS, MOST, SOAK_S, STRETCH, Watch, flashing, say
from tests.standby.test_partners import KEY, Wire

HELD_S = 2.5
PRIORITY = 100


class Machine:
    """A limiter and its view of the other machine, in the order of a cycle of the show."""

    def __init__(self, patch, partner):
        self.patch, self.partner, self.limiter = patch, partner, Limiter(patch)
        self.sent, self.sent_s = np.zeros(512, np.uint8), -np.inf
        self.turned, self.cycles, self.clamped = False, 0, 0

    def cycle(self, row, now_s, *, dies=False):
        """One cycle; who dies in it has said what leaves, and nothing leaves any more."""
        self.partner.listen(now_s)
        standing = self.partner.standing()
        if standing is not None:
            self.limiter.adopt(standing, now_s)
        before, clamped = self.limiter._swings.direction.copy(), self.limiter.clamped_cycles
        made = flat(self.limiter.limit(frames(self.patch, row), now_s))
        self.turned = not np.array_equal(self.limiter._swings.direction, before)
        self.cycles, self.clamped = self.cycles + 1, self.clamped + self.limiter.clamped_cycles - clamped
        self.partner.foretell(self.limiter.standing, self.limiter.shown, now_s)
        if not dies:
            self.sent, self.sent_s = made, now_s
            self.partner.speak(now_s, None, Operator())


class Room:
    """Two machines, the network between them, and a receiver."""

    def __init__(self, seed, lost=0.0):
        self.patch, self.rng, self.lost = patch_of(pars(LAMPS)), np.random.default_rng(seed), lost
        numbers = itertools.count(1)
        self.draw = lambda: next(numbers).to_bytes(8, "big")
        self.wire, self.now_s = Wire(), 0.0
        self.main = self.new_main()
        self.backup = Machine(self.patch, Backup(KEY, self.wire.end(listens=True), self.draw, now_s=0.0, stale_s=2.0))
        self.alive, self.back_s, self.deaths = True, 0.0, 0
        self.seen, self.times_s = [], []

    def new_main(self):
        return Machine(self.patch, Main(KEY, self.wire.end(listens=False), self.draw))

    def step(self, row, *, may_die=False):
        """A cycle of each, one after the other, and what the receiver shows after each."""
        self.now_s += 0.0125
        if not self.alive and self.now_s >= self.back_s:
            self.main, self.alive = self.new_main(), True
        if self.alive:
            worst = self.main.turned and self.rng.random() < 0.5  # just after a change was counted
            self.alive = not (may_die and (worst or self.rng.random() < 0.02))
            self.main.cycle(row, self.now_s, dies=not self.alive and self.rng.random() < 0.5)
            if not self.alive:
                self.back_s, self.deaths = self.now_s + self.rng.uniform(0.55, 4.0), self.deaths + 1
            self.look()
        self.wire.cut = self.rng.random() < self.lost
        self.now_s += 0.0125
        self.backup.cycle(np.roll(row, 9), self.now_s)  # another phase of the same
        self.wire.cut = self.rng.random() < self.lost
        self.look()

    def look(self):
        priority = PRIORITY if self.now_s - self.main.sent_s < HELD_S else -1
        lifted = PRIORITY - BELOW + self.backup.partner.lift
        self.seen.append(self.main.sent if priority > lifted else self.backup.sent)
        self.times_s.append(self.now_s)


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.ERROR, "controller.lighting.standby")


@pytest.mark.parametrize(("lost", "most"), [(0.0, MOST), (0.02, MOST + 1.0)], ids=["whole", "two in a hundred lost"])
def test_r8_a_main_that_dies_and_comes_back_lets_no_more_through(lost, most):
    room = Room(11, lost)
    watch, source = Watch(room.patch), flashing(room.rng, GROUPS, tuple(COLOURS))
    while room.now_s < SOAK_S:
        slots, _ = next(source)
        steady_s = room.now_s + 1.0
        for cycle in range(STRETCH):
            room.step(slots[cycle], may_die=room.now_s > max(steady_s, room.back_s + 3.5))
        watch.add(np.array(room.seen), np.array(room.times_s))
        room.seen.clear(), room.times_s.clear()
    say(f"two machines, the main killed {room.deaths} times", watch, room.backup.clamped / room.backup.cycles)
    assert room.deaths > 0
    assert watch.counter.flashes <= most
    assert max(map(len, room.wire.kept)) <= MOST_BYTES
