"""What people hold at the page: at once where they take it, softly back, and nothing else moves."""

import numpy as np
import pytest

from controller.config import with_overrides
from controller.lighting.engine import LookEngine
from controller.lighting.look.manual import rows_of
from controller.messages import Command, LightToken, Pulse
from controller.rig.patch.configured import patch_of, targets_of

TICK_S = 0.025


class Stage:
    """A desk in a show that goes on."""

    def __init__(self, config):
        self.patch = patch_of(config)
        self.engine, self.now_s, self.of = LookEngine(config, self.patch), 0.0, targets_of(self.patch)

    def run(self, seconds):
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            tick = round(self.now_s / TICK_S)
            self.engine.hear_pulse(Pulse(self.now_s, tick, -12.0, 0.7, 0.0, 0, -1e9, 0.0, ()), self.now_s)
            if tick % 4 == 0:
                self.engine.hear_token(LightToken(self.now_s, tick, 120, 200, 0.5, 0.5))
            made = self.engine.tick(self.now_s)
        return made

    def wish(self, name, amount=1.0, target="", *values):
        self.engine.obey(Command(name, amount, target, values), self.now_s)


@pytest.fixture
def stage(config):
    stage = Stage(config)
    stage.run(3.0)
    return stage


def test_a_group_in_hand_is_there_at_once_and_the_rest_goes_on(stage):
    before = stage.run(0.1).look
    stage.wish("hand", 1.0, "wash", 0.1, 120.0, 1.0)
    look = stage.run(0.3).look
    wash = stage.of["wash"]
    assert np.allclose(look.intensity[wash], 0.1, atol=0.01)
    assert np.allclose(look.colour[wash], [0.0, 1.0, 0.0], atol=0.02)
    assert np.allclose(look.intensity[~wash], before.intensity[~wash], atol=0.05)
    assert np.allclose(look.colour[~wash], before.colour[~wash], atol=0.05)


def test_given_back_it_returns_within_three_seconds_without_a_jump(stage):
    stage.wish("hand", 1.0, "all", 1.0)
    stage.run(0.5)
    stage.wish("hand", 0.0, "all")
    last, steps = stage.run(TICK_S).look.intensity, []
    for _ in range(120):
        now = stage.run(TICK_S).look.intensity
        steps.append(np.abs(now - last).max())
        last = now
    assert max(steps) < 0.06
    assert np.allclose(last, stage.run(2.0).look.intensity, atol=0.03)


def test_of_two_hands_the_later_word_counts(stage):
    fixture = stage.patch.fixtures[0].config.id
    stage.wish("hand", 1.0, fixture, 0.9)
    stage.wish("hand", 1.0, "all", 0.2)
    assert np.allclose(stage.run(0.5).look.intensity[stage.of[fixture]], 0.2, atol=0.01)
    stage.wish("hand", 1.0, fixture, 0.9)
    assert np.allclose(stage.run(0.5).look.intensity[stage.of[fixture]], 0.9, atol=0.01)


def test_masters_and_blackout_stand_over_hands(stage):
    stage.wish("hand", 1.0, "all", 1.0)
    stage.wish("grand_master", 0.5)
    assert stage.run(0.5).look.intensity.max() == pytest.approx(0.5, abs=0.01)
    stage.wish("blackout")
    assert not stage.run(0.1).look.intensity.any()


def test_a_scene_comes_over_the_show_and_goes_again(stage):
    heads = stage.patch.heads
    rows = np.tile([0.3, 1.0, 0.0, 0.0, 0.5, 0.5], (heads, 1))
    stage.wish("scene", 1.0, "Red", *rows.ravel())
    look = stage.run(6.0).look
    assert np.allclose(look.intensity, 0.3, atol=0.03)
    assert np.allclose(look.colour, [1.0, 0.0, 0.0], atol=0.05)
    other = np.tile([0.6, 0.0, 0.0, 1.0, 0.5, 0.5], (heads, 1))
    stage.wish("scene", 1.0, "Blue", *other.ravel())
    seen = [stage.run(TICK_S).look.intensity.mean() for _ in range(120)]
    assert np.abs(np.diff(seen)).max() < 0.05
    assert np.allclose(stage.run(4.0).look.colour, [0.0, 0.0, 1.0], atol=0.05)
    stage.wish("scene", 0.0)
    assert not np.allclose(stage.run(4.0).look.intensity, 0.6, atol=0.05)


def test_what_is_shown_can_be_kept_and_shown_again(stage):
    kept = rows_of(stage.run(0.5).look).astype(np.float32)
    stage.wish("scene", 1.0, "As it was", *kept.ravel())
    again = rows_of(stage.run(5.0).look).astype(np.float32)
    assert np.allclose(again[:, :4], kept[:, :4], atol=0.06)


def test_a_scene_of_another_rig_changes_nothing(stage):
    before = stage.run(0.5).look
    stage.wish("scene", 1.0, "Elsewhere", 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    assert np.allclose(stage.run(1.0).look.intensity, before.intensity, atol=0.05)


def test_quiet_blinder_strobe(stage):
    live = stage.run(0.1).look.intensity.mean()
    stage.wish("blinder")
    assert stage.run(0.1).look.intensity[stage.of["blinder"]].min() > 0.95
    stage.wish("blinder", 0.0)
    stage.run(1.5)
    stage.wish("quiet")
    assert stage.run(8.0).look.intensity.mean() < 0.6 * live
    seen = []
    for _ in range(80):
        stage.wish("strobe")
        seen.append(stage.run(TICK_S).look.intensity[stage.of["strobe"]].max())
    rises = np.flatnonzero(np.diff((np.array(seen) > 0.5).astype(int)) > 0)
    assert 4 <= len(rises) <= 6  # in two seconds, at 2.8 a second


def test_haze_only_while_it_is_held_and_only_where_it_is_armed(config):
    def slots(armed):
        fixtures = [
            {**one.model_dump(), "armed": armed if one.role == "hazer" else one.armed} for one in config.fixtures
        ]
        changed = with_overrides(config, fixtures=fixtures)
        stage = Stage(changed)
        stage.run(1.0)
        hazer = next(one for one in changed.fixtures if one.role == "hazer")
        rows = {frame.universe: frame.slots for frame in stage.run(TICK_S).frames}
        at_rest = rows[hazer.universe][hazer.address - 1]
        stage.wish("haze", 0.8)
        held = {frame.universe: frame.slots for frame in stage.run(0.2).frames}[hazer.universe][hazer.address - 1]
        later = {frame.universe: frame.slots for frame in stage.run(1.5).frames}[hazer.universe][hazer.address - 1]
        return at_rest, held, later

    at_rest, held, later = slots(armed=True)
    assert (at_rest, later) == (0, 0)
    assert held == pytest.approx(204, abs=1)
    assert slots(armed=False) == (0, 0, 0)
