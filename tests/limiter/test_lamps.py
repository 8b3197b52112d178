"""No lamp flashes more often than the standard allows, in parts of its own full light, whoever asks (R5)."""

import numpy as np
import pytest

from controller.lighting.limiter import Limiter
from controller.messages import Command
from controller.rig.patch.configured import patch_of
from tests.limiter.eye import Eye, curves, most_flashes
from tests.limiter.rooms import Show, demo, flat, frames, pars, through

MOST = 3.0
BUTTONS = ("blinder", "strobe")


def hand(target, on):
    return Command("hand", 1.0, target, (float(on),))


def in_turns(first, second, half):
    """Two groups on and off in turns, so many cycles each."""

    def commands(cycle):
        if cycle % half:
            return ()
        on = cycle // half % 2 == 0
        return (*(hand(one, on) for one in first), *(hand(one, not on) for one in second))

    return commands


ASKED = {
    "blinders of a hand": in_turns(["blinder"], [], 2),
    "a strobe of a hand": in_turns(["strobe"], [], 2),
    "wash and back in turns": in_turns(["wash"], ["back"], 2),
    "six front lamps in turns": in_turns([f"front-{n}" for n in (1, 3, 5)], [f"front-{n}" for n in (2, 4, 6)], 4),
    "one pixel bar against the other": in_turns(["bar-l"], ["bar-r"], 2),
    "every lamp": in_turns(["all"], [], 2),
    "the blinder button": lambda cycle: (Command("blinder", float(cycle // 2 % 2)),),
    "the master": lambda cycle: (Command("grand_master", float(cycle // 2 % 2)),),
    "half the master": lambda cycle: (Command("grand_master", 0.3 + 0.7 * (cycle // 2 % 2)),),
    "blackout": lambda cycle: (Command("blackout", float(cycle // 2 % 2)),),
}


@pytest.mark.parametrize("song", [True, False], ids=["over a song", "alone"])
@pytest.mark.parametrize("asked", ASKED)
def test_r5_no_lamp_of_a_running_show_flashes_more_than_three_times(asked, song):
    show = Show(demo(), song=song)
    show.run(3.0)
    slots, times_s = show.run(6.0, ASKED[asked])
    assert most_flashes(show.patch, slots, times_s) <= MOST
    assert show.cycle.limiter.interventions > 0


def pattern(lit, other, cells, half, *, cycles=200, level=255):
    """(T, slots) of 24 RGB PARs: those of `cells` show one colour while the others show another, in turns."""
    slots = np.zeros((cycles, 512), np.uint8)
    for cycle in range(cycles):
        for par in range(24):
            colour = lit if cells(par) == (cycle // half % 2 == 0) else other
            slots[cycle, 3 * par : 3 * par + 3] = np.array(colour) * level
    return slots


WHITE, RED, BLUE, BLACK = (1, 1, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)
PATTERNS = {
    "rows, white": pattern(WHITE, BLACK, lambda par: par < 12, 2),
    "rows, white, at every cycle": pattern(WHITE, BLACK, lambda par: par < 12, 1),
    "odd and even, white": pattern(WHITE, BLACK, lambda par: par % 2 == 0, 2),
    "odd and even, red": pattern(RED, BLACK, lambda par: par % 2 == 0, 2),
    "odd and even, red against blue": pattern(RED, BLUE, lambda par: par % 2 == 0, 2),
    "the same, dim": pattern(RED, BLUE, lambda par: par % 2 == 0, 2, level=100),
    "thirds, white": pattern(WHITE, BLACK, lambda par: par % 12 < 4, 2),
    "one lamp alone": pattern(WHITE, BLACK, lambda par: par == 7, 2),
}
for third in range(12):
    if third % 4 >= 2:  # half of each third is red at 10 Hz, the other half a steady blue
        for row in (0, 12):
            PATTERNS.setdefault("red beside steady blue", pattern(RED, BLACK, lambda par: True, 2))[
                :, 3 * (row + third) : 3 * (row + third) + 3
            ] = np.array(BLUE) * 255


@pytest.mark.parametrize("which", PATTERNS)
def test_r5_lamps_in_turns_are_flashes_of_each_of_them(which):
    patch = patch_of(pars())
    limiter, times_s = Limiter(patch), np.arange(200) / 40
    shown = through(limiter, patch, PATTERNS[which], times_s)
    assert most_flashes(patch, shown, times_s) <= MOST
    assert limiter.interventions > 0


def test_r5_sixteen_bits_and_dimmed_lamps_alike():
    for config in (
        pars(12, profile="generic/rgb-par", mode="6ch-16bit", slots=6),
        pars(12, profile="generic/rgbw-par", mode="8ch", slots=8),
        pars(12, curve="square"),
    ):
        patch = patch_of(config)
        rng, times_s = np.random.default_rng(1), np.arange(160) / 40
        wished = np.zeros((160, 512), np.uint8)
        phase = rng.integers(0, 4, 512)
        for cycle in range(160):
            wished[cycle] = np.where((cycle + phase) // 2 % 2, 255, 0)
        for lane in patch.lanes:  # no strobes: they are opened, and this is about counting
            if lane.channel.does == "shutter":
                wished[:, lane.slots[0]] = lane.channel.open_level
        shown = through(Limiter(patch), patch, wished, times_s)
        assert most_flashes(patch, shown, times_s) <= MOST


def test_r5_a_desk_that_flashes_beside_a_show_is_judged_after_the_merge():
    """Highest takes precedence: what leaves is neither ours nor the desk's."""
    show = Show(demo(), desk=True)
    show.run(2.0)
    rows = [np.zeros(512, np.uint8), np.zeros(512, np.uint8)]
    rows[0][:60] = 255
    rows[1][60:128] = 255
    slots, times_s = show.run(5.0, desk=lambda cycle: rows[cycle // 2 % 2])
    assert show.cycle.console.status().begun > 0
    assert most_flashes(show.patch, slots, times_s) <= MOST


def test_r5_a_chase_over_small_heads_is_no_hazard_and_stays():
    """One cell after the other, ten steps a second: each is on little more than once in a second."""
    patch = patch_of(demo())
    limiter, times_s = Limiter(patch), np.arange(400) / 40
    wished = np.zeros((400, patch.nowhere), np.uint8)
    cells = [[s for lane in patch.lanes if lane.control in ("red", "green", "blue") and lane.heads == (head,)
              for s in lane.slots] for head in range(patch.heads)]  # fmt: skip
    bar = [head for head in range(patch.heads) if patch.roles[head] == "pixel"]
    for lane in patch.lanes:
        if lane.control == "intensity":
            wished[:, lane.slots[0]] = 255
        elif lane.channel.does == "shutter":
            wished[:, lane.slots[0]] = lane.channel.open_level
    for cycle in range(400):
        wished[cycle, cells[bar[cycle // 4 % len(bar)]]] = 255
    shown = through(limiter, patch, wished, times_s)
    assert np.array_equal(shown, wished)
    assert limiter.clamped_cycles == 0


@pytest.mark.parametrize("colour", [(0, 0, 1), (0.12, 0, 1), (0.46, 0, 0.13), (0.3, 0, 0.9)], ids=str)
@pytest.mark.parametrize("over", [(0, 0, 0), (0, 0, 1)], ids=["over dark", "over blue"])
def test_r9_deep_colours_are_limited_in_parts_of_what_the_lamp_gives_in_them(colour, over):
    patch = patch_of(pars())
    limiter, times_s = Limiter(patch), np.arange(200) / 40
    wished = pattern(colour, over, lambda par: True, 2)
    shown = through(limiter, patch, wished, times_s)
    asked, seen = (curves(Eye(patch).see(slots))[:, patch.heads : 2 * patch.heads] for slots in (wished, shown))
    if np.ptp(asked, axis=0).max() > 0.15:
        assert limiter.interventions > 0
    assert most_flashes(patch, shown, times_s) <= MOST
    assert seen[20:60].max() > 0.5 * asked.max()


def test_blackout_is_dark_at_once_whatever_was_counted():
    for wait in range(40, 80):
        patch = patch_of(pars())
        limiter = Limiter(patch)
        wished = pattern(WHITE, BLACK, lambda par: True, 2, cycles=wait)
        wished = np.concatenate([wished, np.zeros((40, 512), np.uint8)])
        through(limiter, patch, wished[:wait], np.arange(wait) / 40)
        for cycle in range(wait, wait + 40):
            assert not flat(limiter.limit(frames(patch, wished[cycle]), cycle / 40, dark=True)).any()


@pytest.mark.parametrize("clock", ["backwards", "leaps", "nan", "stands still", "infinite"])
def test_a_clock_gone_wrong_gives_nobody_a_new_budget(clock):
    patch = patch_of(pars())
    wished, right = pattern(WHITE, BLACK, lambda par: par < 12, 2, cycles=400), np.arange(400) / 40
    told = right.copy()
    match clock:
        case "backwards":
            told[100:] -= 50.0
            told[200:] -= 1.0 * (np.arange(200) % 2)
        case "leaps":
            told[::90] += 3_600.0
        case "nan":
            told[50::3] = np.nan
        case "stands still":
            told[100:300] = told[100]
        case "infinite":
            told[50::7] = np.inf
    shown = through(Limiter(patch), patch, wished, told)
    assert most_flashes(patch, shown, right) <= MOST
