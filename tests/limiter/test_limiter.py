"""Whatever is asked of the rig, what leaves obeys the limit, judged by other code than the limiter's."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.bus.news import LimiterStatus
from controller.config import read_config
from controller.lighting.flashes.fields import Fields
from controller.lighting.flashes.swings import Swings
from controller.lighting.limiter import FLASHES_PER_S, Limiter
from controller.messages import DmxFrame
from controller.metrics.safety import flash_times_s, most_in_one_second
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.rig.profiles.profile import Shutter
from tests.limiter.eye import Counter, most_flashes
from tests.limiter.rooms import flat, frames, pars

ROOT = Path(__file__).parents[2]
RIGS = ("config.yaml", "docs/rigs/four-pars.yaml", "docs/rigs/sixty-fixtures.yaml")
SOAK_S = min(600.0, float(os.environ.get("FOLLOWSPOT_LIMITER_SOAK_S", "10")))
"""Seconds of generated light for each rig, standard and kind; `make chaos` asks for hours."""


@pytest.fixture(scope="module", params=RIGS)
def rig(request):
    return patch_of(read_config(ROOT / request.param))


def levels(patch, slots):
    """All 512 slots of each universe at one moment, as frames."""
    return [DmxFrame(0.0, 0, universe, row) for universe, row in zip(patch.universes, slots, strict=True)]


def noise(patch, rng):
    """Random slots, some ticks apart."""
    while True:
        slots = rng.integers(0, rng.choice([2, 60, 256]), (len(patch.universes), 512)).astype(np.uint8)
        slots |= np.uint8(rng.choice([0, 128, 255]))
        for _ in range(rng.integers(1, 8)):
            yield slots


def strobing(patch, rng):
    """Everything between two states as fast as a fader can be moved, states and speeds changing now and then."""
    shape = (len(patch.universes), 512)
    while True:
        ends = [np.full(shape, rng.choice([0, 0, 60, 255]), np.uint8) for _ in range(2)]
        if rng.random() < 0.5:
            ends[1] = rng.integers(0, 256, shape).astype(np.uint8)
        half = int(rng.integers(1, 9))
        for tick in range(int(rng.integers(20, 120))):
            yield ends[tick // half % 2]


def fading(patch, rng):
    """Waves of every speed and depth, each slot with a phase of its own or all alike."""
    shape = (len(patch.universes), 512)
    while True:
        hz, depth, middle = rng.uniform(0.5, 15), rng.uniform(0.05, 1), rng.uniform(0, 1)
        phase = rng.uniform(0, 6.28, shape) * rng.choice([0, 0, 0.2, 1])
        for tick in range(int(rng.integers(20, 160))):
            wave = middle + depth / 2 * np.sin(6.28 * hz * tick / 40 + phase)
            yield (255 * np.clip(wave, 0, 1)).astype(np.uint8)


def worst_second(patch, shown, rate_hz):
    """Most flashes in any second of any field, in any measure, of frames (ticks, universes, 512)."""
    observer, fields, seen = Observer(patch), Fields(patch), []
    for slots in shown:
        assert not observer.observe(dict(zip(patch.universes, slots, strict=True))).strobing.any()
        light, beyond = observer.light(np.append(slots.reshape(-1), 0).astype(np.uint8))
        seen.append(fields.measure(light * beyond[:, None]).reshape(-1))
    counter = Counter(len(seen[0]), fields.dark.reshape(-1))
    counter.add(np.array(seen), np.arange(len(seen)) / rate_hz)
    return counter.flashes


@pytest.mark.parametrize("standard", FLASHES_PER_S)
@pytest.mark.parametrize("asked", [noise, strobing, fading])
def test_no_second_of_anything_has_more_flashes_than_allowed(rig, asked, standard):
    limiter, rng = Limiter(rig, standard), np.random.default_rng(len(asked.__name__) + len(standard))
    source, shown = asked(rig, rng), []
    for tick in range(int(SOAK_S * 40)):
        slots = next(source)
        shown.append(np.array([frame.slots for frame in limiter.limit(levels(rig, slots), tick / 40)]))
    assert worst_second(rig, shown, 40) <= FLASHES_PER_S[standard]
    assert limiter.interventions > 0


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_irregular_cycles_obey_it_too(data):
    """Accents pull cycles forward and a busy machine delays them: the second is a second, not forty cycles."""
    swings, now_s, shown = Swings(np.full(1, 0.8, np.float32), 6), 0.0, []
    for _ in range(data.draw(st.integers(1, 200))):
        now_s += data.draw(st.sampled_from([0.008, 0.025, 0.03, 0.1, 0.4]))
        level = np.float32([data.draw(st.sampled_from([0.0, 0.05, 0.12, 0.5, 0.79, 0.81, 1.0]))])
        if swings.refused(level, now_s, careful=False) is None:
            swings.show(level, now_s)
            shown.append((now_s, float(level[0])))
    turns = np.array([at for at, _ in shown])[_turns([level for _, level in shown])]
    late = np.array([data.draw(st.sampled_from([0.0, 0.004, 0.012])) for _ in turns])  # on their way to the wire
    for left in (turns, turns + late):
        for first in left:
            assert np.sum((left >= first) & (left < first + 1.0)) <= 6


def _turns(curve):
    """Indices at which opposing changes of a tenth or more begin to count."""
    anchor, direction, found = 0.0, 0, []
    for index, level in enumerate(curve):
        change = level - anchor
        if change * direction > 0:
            anchor = level
        elif abs(change) >= 0.1 and min(level, anchor) < 0.8:
            direction, anchor = (1 if change > 0 else -1), level
            found.append(index)
    return found


def test_hours_of_many_levels(rng):
    """The counting alone, long: random walks, jumps and strobes of fifty levels, ten times a second."""
    swings = Swings(np.full(50, 0.8, np.float32), 6)
    levels, kept = np.zeros(50, np.float32), []
    for tick in range(int(SOAK_S * 200)):
        walk = np.clip(levels + rng.normal(0, 0.2, 50), 0, 1)
        wished = (rng.random(50) > 0.5 if tick // 500 % 2 else walk).astype(np.float32)
        refused = swings.refused(wished, tick / 10, careful=False)
        levels = wished if refused is None else np.where(refused, levels, wished)
        swings.show(levels, tick / 10)
        kept.append(levels)
    kept = np.array(kept)
    assert max(most_in_one_second(flash_times_s(curve, 10)) for curve in kept.T) <= 3


def test_what_needs_no_limit_passes_bit_for_bit(rig):
    limiter, rng = Limiter(rig), np.random.default_rng(2)
    slots = rng.integers(0, 256, (len(rig.universes), 512)).astype(np.uint8)
    for lane in rig.lanes:  # no strobes
        if isinstance(lane.channel, Shutter):
            slots.reshape(-1)[lane.slots[0]] = lane.channel.open_level
    for tick in range(200):
        shown = limiter.limit(levels(rig, slots), tick / 40)
        assert np.array_equal([frame.slots for frame in shown], slots)
    assert limiter.interventions == 0


def test_light_that_stands_still_and_moves_again_is_read_right(rig, rng):
    """It is not read again while it stands; whatever changed the slots meanwhile, levels and light are theirs."""
    limiter, observer = Limiter(rig), Observer(rig)
    slots = rng.integers(0, 256, (4, len(rig.universes), 512)).astype(np.uint8)
    for tick in range(240):
        now_s = tick / 40
        if tick == 130:
            limiter.adopt(slots[3].tobytes(), now_s)
        frames = limiter.limit(levels(rig, slots[tick // 30 % 3]), now_s)
        assert np.array_equal(limiter.light, observer.observe({f.universe: f.slots for f in frames}).light)


def test_it_clamps_the_change_and_never_blacks_out(patch):
    """Under a strobe at full the light stays on, near one level, and comes back to the wish afterwards."""
    limiter, light = Limiter(patch), []
    full, dark = (np.full((2, 512), level, np.uint8) for level in (255, 0))
    observer = Observer(patch)
    for tick in range(160):
        wished = (full if tick % 4 < 2 else dark) if tick < 120 else full
        frames = limiter.limit(levels(patch, wished), tick / 40)
        light.append(observer.observe({f.universe: f.slots for f in frames}).light.mean())
    clamped = np.array(light[60:120])
    assert len(np.unique(np.round(clamped, 2))) > 1
    assert limiter.steps[0].what == "light of the rig"
    assert 0 < limiter.steps[0].start_s < 1
    assert limiter.steps[-1].end_s > 2
    assert light[-1] > 0.9 * max(light)


def test_heads_go_on_turning_while_light_is_clamped(patch):
    limiter = Limiter(patch)
    pan = next(lane for lane in patch.lanes if lane.control == "pan")
    for tick in range(80):
        slots = np.full((2, 512), 255 if tick % 2 else 0, np.uint8)
        slots.reshape(-1)[pan.slots[0]] = tick
        shown = np.concatenate([frame.slots for frame in limiter.limit(levels(patch, slots), tick / 40)])
        assert shown[pan.slots[0]] == tick
    assert limiter.interventions > 0


def test_strobe_ranges_are_not_let_through_unless_a_person_holds_the_override(patch):
    shutter = next(lane for lane in patch.lanes if isinstance(lane.channel, Shutter))
    slots = np.zeros((2, 512), np.uint8)
    slots.reshape(-1)[shutter.slots[0]] = next(r for r in shutter.channel.ranges if r.shutter == "strobe").middle
    limiter = Limiter(patch)
    held = np.concatenate([frame.slots for frame in limiter.limit(levels(patch, slots), 0.0)])
    assert held[shutter.slots[0]] == shutter.channel.open_level
    assert limiter.strobes_stopped == 1
    free = np.concatenate([frame.slots for frame in limiter.limit(levels(patch, slots), 0.025, override=True)])
    assert free[shutter.slots[0]] == slots.reshape(-1)[shutter.slots[0]]


def test_an_override_shows_everything_and_is_still_counted(patch):
    limiter = Limiter(patch)
    for tick in range(40):
        slots = np.full((2, 512), 255 if tick % 2 else 0, np.uint8)
        shown = limiter.limit(levels(patch, slots), tick / 40, override=True)
        assert np.array_equal([frame.slots for frame in shown], slots)
    dark = limiter.limit(levels(patch, np.zeros((2, 512), np.uint8)), 1.0)
    assert limiter.interventions == 1  # the budget was used up under the override
    assert np.array([frame.slots for frame in dark]).any()


def pars_shown(limiter, patch, wished, *, first_s=0.0, **how):
    """What leaves for (T, 512) slots, forty times a second."""
    return np.array(
        [flat(limiter.limit(frames(patch, row), first_s + cycle / 40, **how)) for cycle, row in enumerate(wished)]
    )


@pytest.mark.parametrize("before", [True, False], ids=["after flashes that were shown", "after flashes that were held"])
def test_what_strobed_under_an_override_strobes_no_longer_than_it(before):
    """Its budget is used up and it may not be lit at once: it is dark until it may, and never what it was."""
    patch = patch_of(pars(4, rows=1, profile="generic/rgbw-par", mode="8ch", slots=8))
    strobes = [lane.slots[0] for lane in patch.lanes if isinstance(lane.channel, Shutter)]
    limiter, lit = Limiter(patch), np.zeros(512, np.uint8)
    lit[:32].reshape(4, 8)[:, :5] = 255
    flashing = np.array([lit * (cycle // 3 % 2) for cycle in range(40)])
    strobing = lit.copy()
    strobing[strobes] = 200
    seen = [pars_shown(limiter, patch, flashing, override=before)]
    seen.append(pars_shown(limiter, patch, [strobing], first_s=1.0, override=True))
    assert (seen[-1][0] == strobing).all()
    seen.append(pars_shown(limiter, patch, [strobing] * 60, first_s=1.025))
    assert set(seen[-1][:, strobes].ravel().tolist()) <= {patch.lanes[5].channel.open_level}
    dimmers = seen[-1][:, 0:32:8]
    assert not dimmers[0].any()  # to be lit would be one change more
    assert (dimmers[-1] == 255).all()
    if not before:
        assert most_flashes(patch, np.concatenate(seen), np.arange(101) / 40) <= 3.0


def test_who_wants_it_dark_gets_no_flash_for_it():
    """`dark` lets through what falls; what rises has the budget of everybody."""
    patch = patch_of(pars())
    wished = np.zeros((200, 512), np.uint8)
    for cycle in range(200):
        wished[cycle, :72] = 255 * (cycle // 2 % 2)
    shown = pars_shown(Limiter(patch), patch, wished, dark=True)
    assert most_flashes(patch, shown, np.arange(200) / 40) <= 3.0
    assert (shown[wished.any(axis=1)] != wished[wished.any(axis=1)]).any()
    assert not shown[~wished.any(axis=1)].any()


FLASHES = {
    "light of the rig": ((1, 1, 1), (0, 0, 0), range(24)),
    "strength of the rig": ((0, 0, 1), (0, 0, 0), range(24)),
    "red of the rig": ((1, 0.12, 0.12), (1, 0.2, 0.2), range(24)),
    "light of the left": ((1, 1, 1), (0, 0, 0), (0, 12)),
    "light of row 2": ((0.5, 0.5, 0.5), (0, 0, 0), (12, 17, 23)),
}


@pytest.mark.parametrize("what", FLASHES)
def test_what_it_says_of_itself_is_what_it_did(what):
    """Interventions, their times, their share, and the largest area that would have flashed."""
    first, second, heads = FLASHES[what]
    patch = patch_of(pars())
    limiter, wished = Limiter(patch), np.zeros((240, 512), np.uint8)
    for cycle in range(240):
        colour = np.array(first if cycle // 2 % 2 and not 100 <= cycle < 160 else second)
        wished[cycle, [3 * head + part for head in heads for part in range(3)]] = np.tile(
            np.rint(255 * colour), len(heads)
        )
    shown = pars_shown(limiter, patch, wished)
    held = (shown != wished).any(axis=1)
    begun = np.flatnonzero(held & ~np.append(False, held[:-1]))
    ended = np.flatnonzero(held & ~np.append(held[1:], False))
    assert len(begun) > 1
    assert [(one.start_s, one.end_s) for one in limiter.steps] == [
        (first / 40, last / 40) for first, last in zip(begun, ended, strict=True)
    ]
    assert {one.what for one in limiter.steps} == {what}
    assert limiter.status() == LimiterStatus(len(begun), 0, pytest.approx(held.mean(), abs=1e-5))


def test_its_levels_are_those_of_areas_in_light_and_in_red():
    patch = patch_of(pars(12))
    limiter, slots = Limiter(patch), np.zeros(512, np.uint8)
    slots[0:36:3] = 255
    limiter.limit(frames(patch, slots), 0.0)
    half = len(limiter.levels) // 2
    assert limiter.levels[:half] == pytest.approx([0.2126] * half, abs=1e-4)
    assert limiter.levels[half:] == pytest.approx([1.0] * half)
    assert half == len(Fields(patch)) - patch.heads


def test_frames_keep_their_names_and_times(rig):
    sent = [DmxFrame(7.0, 3, universe, np.zeros(512, np.uint8)) for universe in rig.universes]
    made = Limiter(rig).limit(sent, 7.0)
    assert [(one.t_s, one.seq, one.universe) for one in made] == [(7.0, 3, universe) for universe in rig.universes]
    assert Limiter(rig).status() == LimiterStatus(0, 0, 0.0)


def test_a_strobe_is_counted_once_as_long_as_it_is_asked_for(patch):
    shutter = next(lane for lane in patch.lanes if isinstance(lane.channel, Shutter))
    strobing = np.zeros((2, 512), np.uint8)
    strobing.reshape(-1)[shutter.slots[0]] = next(r for r in shutter.channel.ranges if r.shutter == "strobe").middle
    limiter = Limiter(patch)
    for cycle, slots in enumerate((strobing, strobing, 0 * strobing, strobing)):
        limiter.limit(levels(patch, slots), cycle / 40)
    assert limiter.status().strobes_stopped == 2


IN_USE = [0, 0, 255, 255, 0, 0, 255, 255, 0, 0]
"""Four changes: a rise has room still, and from then on nothing else."""
NO_FLASH = {
    "between two bright states": [255] * 6 + [255 - 40 * (cycle // 2 % 2) for cycle in range(20)],
    "on its way up": [60 + 10 * cycle for cycle in range(20)],
}


@pytest.mark.parametrize("then", NO_FLASH)
def test_a_used_up_budget_holds_nothing_that_is_no_flash(then):
    """WCAG 2.3.1: of two bright states neither is dark; and what goes on rising makes no opposing change."""
    patch, used = patch_of(pars(4, rows=1)), [*IN_USE, *NO_FLASH[then]]
    limiter, wished = Limiter(patch), np.zeros((len(used), 512), np.uint8)
    wished[:, :12] = np.array(used)[:, None]
    assert np.array_equal(pars_shown(limiter, patch, wished), wished)
    assert limiter.interventions == 0
    again = pars_shown(limiter, patch, wished[:10], first_s=len(used) / 40)
    assert not np.array_equal(again, wished[:10])  # as it would have, had it been one
