"""Slots leave so much later as was asked for, within a cycle; what is early is made ahead; darkness never waits."""

import numpy as np
import pytest

from controller.config import with_overrides
from controller.lighting.offsets import Offsets
from controller.messages import Command, DmxFrame
from controller.rig.patch.configured import patch_of
from tests.look.band import Band, bright, cue

CYCLE_S = 0.025


def shifted(config, fixtures=(), universes=()):
    """The configuration with offsets in ms."""
    fixtures, universes = dict(fixtures), dict(universes)
    plain = config.model_dump()
    lamps = [{**one, "offset_ms": fixtures.get(one["id"], 0.0)} for one in plain["fixtures"]]
    wires = {number: {**one, "offset_ms": universes.get(number, 0.0)} for number, one in plain["universes"].items()}
    return with_overrides(config, fixtures=lamps, universes=wires)


def stepped(config, at_s=1.0, cycle_s=CYCLE_S):
    """When each slot (U, 512) leaves with 200, which all are made with at `at_s`; seconds after that."""
    patch = patch_of(config)
    offsets, left = Offsets(config, patch), np.full((len(patch.universes), 512), np.nan)
    for number in range(round(3.0 / cycle_s)):
        now_s = number * cycle_s
        level = 200 if now_s >= at_s - 1e-9 else 10
        made = [DmxFrame(now_s, number, one, np.full(512, level, np.uint8)) for one in patch.universes]
        sent = np.stack([one.slots for one in offsets.delay(made, now_s, dark=False)])
        left[np.isnan(left) & (sent == 200)] = now_s - at_s
    return left, offsets


@pytest.mark.parametrize("cycle_s", [0.025, 1 / 44, 0.021])
def test_a_fixture_and_a_universe_leave_as_much_later_as_they_should(config, cycle_s):
    asked = shifted(config, {"front-1": 120.0, "front-2": 35.0}, {2: 60.0})
    left, offsets = stepped(asked, cycle_s=cycle_s)
    assert offsets.ahead_s == 0.0
    patch = patch_of(asked)
    for fixture in patch.fixtures:
        one = fixture.config
        wanted_s = ({"front-1": 0.12, "front-2": 0.035}.get(one.id, 0.0)) + (0.06 if one.universe == 2 else 0.0)
        row = list(patch.universes).index(one.universe)
        slots = left[row, one.address - 1 : one.address - 1 + fixture.footprint]
        assert np.abs(slots - wanted_s).max() <= cycle_s, one.id


def test_who_is_early_makes_all_others_wait(config):
    left, offsets = stepped(shifted(config, {"front-1": -80.0}))
    assert offsets.ahead_s == pytest.approx(0.08)
    assert np.nanmin(left) == pytest.approx(0.0, abs=CYCLE_S)
    assert np.median(left) == pytest.approx(0.08, abs=CYCLE_S)


def test_without_offsets_the_very_same_frames_leave(config):
    patch = patch_of(config)
    made = [DmxFrame(0.0, 0, one, np.zeros(512, np.uint8)) for one in patch.universes]
    assert Offsets(config, patch).delay(made, 0.0, dark=False) is made


def test_darkness_does_not_wait(config):
    made = Band(shifted(config, {"front-1": 400.0}, {2: 300.0}))
    made.cue = cue("the biggest")
    made.play(3.0)
    assert bright(made.light[-1]).max() > 0.3
    made.engine.obey(Command("blackout", 1.0), made.now_s)
    assert bright(made.play(0.05)[-1]).max() == 0.0
    made.engine.obey(Command("blackout", 0.0), made.now_s)
    assert bright(made.play(1.5)[-1]).max() > 0.3


def test_a_look_that_is_known_ahead_is_seen_on_its_beat_by_the_late_and_the_early(config):
    """A slow wall that is told to be early, and quick lamps: the wall's slots change early by its offset."""
    names = ("front-1", "front-2")

    def changed_s(config):
        made = Band(config)
        made.cue = cue("the biggest", hue_deg=0.0)
        made.play(3.0)
        start_s = made.now_s + 1.0
        made.cue = cue("the biggest", start_s, hue_deg=240.0, label="B")
        light = made.play(2.0)
        found = {}
        for name in ("back-1", *names):
            head = next(n for n, at in enumerate(made.patch.fixture_of) if made.patch.fixtures[at].config.id == name)
            blue = light[:, head, 2] > light[:, head, 0]
            if blue.any():
                found[name] = (np.argmax(blue) + 1) * CYCLE_S - 1.0
        return found

    on_time, early = changed_s(config), changed_s(shifted(config, {"back-1": -100.0}))
    assert "back-1" in on_time, "otherwise this test sees nothing"
    assert on_time["back-1"] - early["back-1"] == pytest.approx(0.1, abs=CYCLE_S)
    for name in names:
        if name in on_time:
            assert on_time[name] == pytest.approx(early[name], abs=CYCLE_S), "the others are where they were"


@pytest.mark.parametrize("wrong", [-501.0, 501.0, float("nan")])
def test_offsets_have_a_range(config, wrong):
    with pytest.raises(Exception, match="offset_ms"):
        shifted(config, {"front-1": wrong})
