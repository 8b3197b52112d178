"""What the night is at: a button before hearing before the set list; slow colours and house lights."""

import numpy as np
import pytest

from controller.evening.entry import ListEntry
from controller.evening.wishing import song_wish
from controller.lighting.look.moments import HOUSE_FADE_S, SOUND_CHECK_S, Moments
from controller.messages import Command, Operator, SongWish
from tests.look.band import Band, bright
from tests.look.test_wishes import stage, with_fixtures

CYCLE_S = 0.025


def settled(states, *, moment="", kind=""):
    """What the night is at after the last of `states`, (state, seconds)."""
    moments, operator = Moments(), Operator(moment=moment, wish=SongWish(0, kind))
    for state, seconds in states:
        for _ in range(round(seconds / CYCLE_S)):
            moments.settle(operator, state, CYCLE_S)
    return moments.now, moments.by


def test_a_button_is_believed_before_everything():
    assert settled([("live", 60)], moment="changeover") == ("changeover", "button")
    assert settled([("talk", 60)], moment="band", kind="talk") == ("band", "button")
    assert settled([("quiet", 60)], moment="end", kind="song") == ("end", "button")


def test_hearing_is_believed_before_the_set_list():
    assert settled([("live", 5)], kind="talk") == ("band", "hearing")
    assert settled([("talk", 1)], kind="song") == ("talk", "hearing")
    assert settled([("quiet", 10)], kind="talk") == ("talk", "set list")


def test_who_tries_out_drums_in_a_changeover_is_no_band_yet():
    pieces = [("live", 8), ("quiet", 4)] * 6
    assert settled(pieces, kind="changeover") == ("changeover", "set list")
    assert settled([*pieces, ("live", SOUND_CHECK_S + 1)], kind="changeover") == ("band", "hearing")


@pytest.mark.parametrize("moment", ["walk_in", "changeover"])
def test_the_light_of_a_pause_is_slow_coloured_and_still(config, moment):
    made = stage(config)
    made.onset_every_s = 0.25
    made.engine.obey(Command("moment", 1.0, moment))
    made.play(8.0)
    light = made.play(70.0)
    level = bright(light)
    steps = np.abs(np.diff(level, axis=0)).max()
    assert steps < 0.02, "nothing flashes and nothing jumps"
    coloured = light[:, made.heads("back")]
    assert level[:, made.heads("back")].min() > 0.15
    hues = coloured[:: 40 * 20].mean(axis=1)
    assert np.abs(np.diff(hues, axis=0)).max() > 0.02, "the colour goes on, slowly"
    turning = made.heads("mover") | made.heads("beam")
    assert level[-1, turning].max() == 0.0
    front = level[-1, made.heads("wash")].mean()
    assert front > 0.3 if moment == "changeover" else front < 0.5


def test_the_end_of_the_night_lets_people_see(config):
    made = stage(config)
    made.engine.obey(Command("moment", 1.0, "end"))
    assert bright(made.play(10.0)[-1])[made.heads("wash")].min() > 0.3


def test_a_talk_of_the_list_lights_faces_in_silence(config):
    made = stage(config, song_wish(ListEntry(kind="talk", title="hello"), 0))
    made.level_db = -120.0
    made.play(6.0)
    assert made.ticks[-1].health == "talk"
    assert (made.ticks[-1].moment, made.ticks[-1].moment_by) == ("talk", "set list")


def test_a_button_keeps_rap_from_being_taken_for_talk(config):
    made = stage(config)
    made.kind = "talk"
    made.play(2.0)
    assert made.ticks[-1].health == "talk"
    made.engine.obey(Command("moment", 1.0, "band"))
    made.play(1.0)
    assert made.ticks[-1].health == "live"
    made.engine.obey(Command("moment", 0.0, "band"))
    made.play(1.0)
    assert made.ticks[-1].health == "talk"


def housed(config):
    """The demo's first blinder as the house lights."""
    return with_fixtures(config, lambda one: {"role": "house"} if one["role"] == "blinder" else {})


def test_house_lights_follow_the_night_slowly_and_no_blackout_takes_them(config):
    made = Band(housed(config))
    lamps = made.heads("house")
    assert lamps.any()
    made.engine.obey(Command("moment", 1.0, "changeover"))
    rising = bright(made.play(HOUSE_FADE_S + 1.0))[:, lamps].max(axis=1)
    assert np.abs(np.diff(rising)).max() < 0.08, "a step of 8 bits at the dark end, no jump"
    assert rising[-1] > 0.5
    made.engine.obey(Command("blackout", 1.0))
    dark = made.play(2.0)[-1]
    assert bright(dark)[lamps].max() == pytest.approx(rising[-1], abs=0.02)
    assert bright(dark)[~lamps].max() == 0.0
    made.engine.obey(Command("blackout", 0.0))
    made.engine.obey(Command("moment", 1.0, "band"))
    made.play(HOUSE_FADE_S + 1.0)
    assert bright(made.light[-1])[lamps].max() == 0.0, "while a band plays they are off"
