"""Adversaries for as long as one likes, counted by `eye`: no lamp, and no area, flashes more than three times a second.

`FOLLOWSPOT_LIMITER_SOAK_S` is how many seconds each adversary has; with `-s` each prints its line of docs/safety.md.
"""

import os

import numpy as np
import pytest

from controller.lighting.limiter import Limiter
from controller.rig.patch.configured import patch_of
from tests.limiter.eye import Counter, Eye, curves
from tests.limiter.rooms import Show, flat, frames, pars

SOAK_S = float(os.environ.get("FOLLOWSPOT_LIMITER_SOAK_S", "12"))
MOST = 3.0
LAMPS, ACROSS = 12, 6
STRETCH = 100
COLOURS = {
    "white": (1, 1, 1), "red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "violet": (0.12, 0, 1),
    "pink": (0.46, 0, 0.13), "dark red": (0.4, 0.02, 0.02), "black": (0, 0, 0),
}  # fmt: skip
LAMP = np.arange(LAMPS)


def single(rng):
    """One lamp, any lamp."""
    return rng.integers(LAMPS) == LAMP


def pairs(rng):
    """Every other one."""
    return rng.integers(2) == LAMP % 2


def thirds(rng):
    """A third."""
    return rng.integers(3) == LAMP % ACROSS // 2


def rows(rng):
    """A row."""
    return rng.integers(2) == LAMP // ACROSS


def anybody(rng):
    """Some lamps by chance."""
    return rng.random(LAMPS) < rng.random()


def all_of_them(rng):
    """All."""
    return np.ones(LAMPS, bool)


GROUPS = (single, pairs, thirds, rows, anybody, all_of_them)


def flashing(rng, groups, names, blackouts=0.0):
    """Endless (100, 512) stretches, and where a blackout begins in each.

    A group shows one colour while the rest shows another, in turns, at any pace.
    """
    while True:
        mine = groups[rng.integers(len(groups))](rng)
        first, second, rest = (np.array(COLOURS[names[rng.integers(len(names))]]) * rng.choice([1, 1, 0.5, 0.2])
                               for _ in range(3))  # fmt: skip
        half, turns = rng.integers(1, 9), rng.random() < 0.5
        on = (np.arange(STRETCH) + rng.integers(9)) // half % 2 == 0
        if rng.random() < 0.3:  # as noise
            on = rng.random(STRETCH) < 0.5
        light = np.where(on[:, None, None], first, second) * np.ones((STRETCH, LAMPS, 1))
        light[:, ~mine] = np.where(on[:, None, None], second, first)[:, :, :] if turns else rest
        if rng.random() < 0.2:  # as waves
            wave = 0.5 + 0.5 * np.sin(np.arange(STRETCH) / 40 * 6.28 * rng.uniform(1, 12))
            light = light * wave[:, None, None]
        slots = np.zeros((STRETCH, 512), np.uint8)
        slots[:, : 3 * LAMPS] = np.rint(255 * light).reshape(STRETCH, -1)
        dark = rng.integers(STRETCH) if rng.random() < blackouts else STRETCH
        slots[dark:] = 0
        yield slots, dark


ADVERSARIES = {
    "single heads": ((single,), ("white", "black", "red", "blue")),
    "pairs swapping": ((pairs,), tuple(COLOURS)),
    "thirds": ((thirds,), tuple(COLOURS)),
    "rows": ((rows,), tuple(COLOURS)),
    "red": (GROUPS, ("red", "dark red", "black", "blue")),
    "blue, violet, pink": (GROUPS, ("blue", "violet", "pink", "black")),
    "anything": (GROUPS, tuple(COLOURS)),
    "anything, and blackouts": (GROUPS, tuple(COLOURS), 0.3),
}
MORE = {"anything, and blackouts": 0.5}
"""Dark is obeyed at once: a lamp that has just used its last change makes one more."""


class Watch:
    """Counts what leaves: every lamp, the whole rig, its rows and its thirds."""

    def __init__(self, patch):
        self.eye, self.counter = Eye(patch), Counter(3 * (LAMPS + 6))
        self.areas = np.array(
            [LAMP >= 0, *(n == LAMP // ACROSS for n in (0, 1)), *(n == LAMP % ACROSS // 2 for n in range(3))]
        )
        self.areas = self.areas / self.areas.sum(axis=1, keepdims=True)
        self.seconds = 0.0

    def add(self, slots, times_s):
        seen = curves(self.eye.see(slots)).reshape(len(slots), 3, LAMPS)
        self.counter.add(np.concatenate([seen, seen @ self.areas.T], axis=2).reshape(len(slots), -1), times_s)
        self.seconds = times_s[-1]


def say(name, watch, touched):
    """A line of the table in docs/safety.md."""
    counted = f"{watch.seconds:,.0f} | {watch.counter.changes // 2:,} | {touched:.0%} | {watch.counter.flashes:.1f}"
    print(f"\n| {name} | {counted} |")


@pytest.mark.parametrize("name", ADVERSARIES)
def test_r5_r9_no_adversary_gets_more_through(name):
    patch, rng = patch_of(pars(LAMPS)), np.random.default_rng(len(name))
    limiter, watch, now_s = Limiter(patch), Watch(patch), 0.0
    source = flashing(rng, *ADVERSARIES[name])
    while now_s < SOAK_S:
        (slots, dark), times_s = next(source), np.empty(STRETCH)
        steps = (
            np.full(STRETCH, 0.025) if rng.random() < 0.5 else rng.choice([0.008, 0.025, 0.025, 0.03, 0.06], STRETCH)
        )
        for cycle in range(STRETCH):
            now_s += steps[cycle]
            times_s[cycle] = now_s
            slots[cycle] = flat(limiter.limit(frames(patch, slots[cycle]), now_s, dark=cycle >= dark))
        watch.add(slots, times_s)
    say(name, watch, limiter.clamped_cycles / limiter.cycles)
    assert watch.counter.flashes <= MOST + MORE.get(name, 0.0)
    assert limiter.interventions > 0


def test_r5_a_desk_that_flashes_gets_no_more_through():
    show, rng = Show(pars(LAMPS), desk=True), np.random.default_rng(3)
    watch, source = Watch(show.patch), flashing(rng, GROUPS, tuple(COLOURS))
    while len(show.times_s) < SOAK_S * 40 / 4:
        slots, _ = next(source)
        first = len(show.shown)
        for row in slots:
            show.at(len(show.shown) / 40, desk=row)
        watch.add(np.array(show.shown[first:]), np.array(show.times_s[first:]))
        show.shown[: len(show.shown) - 1] = [None] * (len(show.shown) - 1)  # nobody looks again
    limiter = show.cycle.limiter
    say("console merge", watch, limiter.clamped_cycles / limiter.cycles)
    assert watch.counter.flashes <= MOST


def test_r8_leaders_that_die_let_no_more_through():
    patch, rng = patch_of(pars(LAMPS)), np.random.default_rng(8)
    watch, source = Watch(patch), flashing(rng, GROUPS, tuple(COLOURS))
    leader, other, now_s, announced = Limiter(patch), Limiter(patch), 0.0, b""
    cycles = clamped = 0
    while now_s < SOAK_S:
        (slots, _), times_s, left = next(source), np.empty(STRETCH), np.ones(STRETCH, bool)
        dies = rng.integers(0, STRETCH) if rng.random() < 0.8 else -1
        for cycle in range(STRETCH):
            now_s += 0.025
            times_s[cycle] = now_s
            if cycle == dies:
                leader, other = other, leader
                leader.adopt(announced, now_s)
            other.limit(frames(patch, np.zeros(512, np.uint8)), now_s)
            before = leader.clamped_cycles
            slots[cycle] = flat(leader.limit(frames(patch, slots[cycle]), now_s))
            cycles, clamped = cycles + 1, clamped + leader.clamped_cycles - before
            announced = leader.standing
            left[cycle] = cycle + 1 != dies or rng.random() < 0.5  # announced, and dead before it left
        watch.add(slots[left], times_s[left])
    say("leader killed", watch, clamped / cycles)
    assert watch.counter.flashes <= MOST
