"""Haze by the clock: only where it is written, only while a band plays, never where a song forbids it."""

import pytest
from pydantic import ValidationError

from controller.config import HazeConfig
from controller.lighting.look.haze import HazePlan
from controller.messages import Command
from tests.look.band import CYCLE_S, Band, cue

PLAN = {"level": 0.4, "for_s": 3.0, "every_s": 10.0}


def blown(config, seconds, *, plan=None, commands=()):
    """Highest level of any hazer's channel in each cycle."""
    look = config.look.model_copy(update={"haze": HazeConfig(**(plan or {}))})
    rig = [one.model_copy(update={"armed": True}) if one.role == "hazer" else one for one in config.fixtures]
    band = Band(config.model_copy(update={"look": look, "fixtures": rig}).at(config.file, config.lines))
    band.cue = cue("one", level=1.0)
    for command in commands:
        band.cycle.engine.obey(command, 0.0)
    first = len(band.ticks)
    band.play(seconds)
    hazers = [one.config for one in band.patch.fixtures if one.config.role == "hazer"]
    assert hazers
    levels = []
    for tick in band.ticks[first:]:
        slots = {frame.universe: frame.slots for frame in tick.frames}
        levels.append(max(int(slots[one.universe][one.address - 1]) for one in hazers))
    return levels


def test_it_blows_for_a_while_and_rests(config):
    levels = blown(config, 22.0, plan=PLAN)
    on_s = sum(level > 0 for level in levels) * CYCLE_S
    assert on_s == pytest.approx(3 * 2 + 2, abs=0.6)
    assert max(levels) == pytest.approx(0.4 * 255, abs=2)


def test_by_itself_it_never_blows(config):
    assert max(blown(config, 12.0)) == 0


def test_a_blackout_stops_it(config):
    assert max(blown(config, 4.0, plan=PLAN, commands=[Command("blackout", 1.0)])) == 0


def test_only_time_that_is_played_counts():
    plan = HazePlan(HazeConfig(**PLAN))
    assert plan.step(4.0, plays=True) == 0.0
    assert plan.step(100.0, plays=False) == 0.0
    assert plan.step(6.5, plays=True) == 0.4, "10.5 s have been played"


def test_it_cannot_blow_longer_than_its_round():
    with pytest.raises(ValidationError, match="for_s"):
        HazeConfig(level=0.1, for_s=30.0, every_s=20.0)
