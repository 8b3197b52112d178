"""Why is it red: from the byte back to the model, with everybody who had a hand in it."""

from dataclasses import replace

import numpy as np
import pytest

from controller.bus.news import BandHeard
from controller.evening.entry import ListEntry
from controller.evening.wishing import song_wish
from controller.lighting.engine import LookEngine
from controller.lighting.look.manual import rows_of
from controller.lighting.reasons import Now, colour_name, why
from controller.looks.pack import read_pack
from controller.messages import Command, Cue, LightToken, Operator
from controller.people.operator import OperatorState
from controller.rig.patch.lanes import HELD
from controller.rig.patch.patch import SLOTS
from controller.watching.snapshot import band_words

TOKEN = LightToken(10.0, 100, 120, 200, 0.25, 0.5)


@pytest.fixture
def now(config, patch):
    engine = LookEngine(config, patch)
    for tick in range(80):
        if tick % 4 == 0:
            engine.hear_token(LightToken(tick * 0.025, tick, 120, 200, 0.25, 0.5))
        made = engine.tick(tick * 0.025)
    slots = np.concatenate([frame.slots for frame in made.frames])
    return Now(
        slots, slots, rows_of(made.look).astype(np.float32), "live", Operator(), TOKEN, 0.3, "room-2, generation 3"
    )


def said(patch, flat, now):
    return dict(why(patch, flat, now))


def test_what_the_ear_knows_stands_between_the_state_and_the_token(patch, now):
    heard = BandHeard("band", True, "heard", 0.5, 10.0, 2, 4, 0.9)
    assert band_words(heard) == "band; somebody sings; 120 beats a minute, as it is heard, 4 beats a bar"
    assert band_words(replace(heard, number=0, voice=False)).endswith("as it is heard, the one is not sure")
    assert band_words(BandHeard()) == ""
    stages = [stage for stage, _ in why(patch, 0, replace(now, band="band"))]
    assert stages == ["wire", "patch", "look", "rule", "state", "ear", "token", "model"]


def test_from_the_wire_to_the_model(patch, now):
    stages = [stage for stage, _ in why(patch, 0, now)]
    assert stages == ["wire", "patch", "look", "rule", "state", "token", "model"]
    told = said(patch, 0, now)
    assert told["wire"].startswith(f"1.1 is at {now.sent[0]} (")
    assert "front-1" in told["patch"]
    assert told["token"] == "blue (240 degrees, drawn with 25%), value 200 (drawn with 50%), 0.3 s ago"  # noqa: S105
    assert told["model"] == "room-2, generation 3"


def test_a_cue_is_told_with_its_look_gel_figure_and_why(patch, now):
    cue = Cue("two colours", 8.0, "B", times=2, level=0.4, palette=(224.0, 1.0, 44.0, 0.95), why="the verse again")
    look = read_pack("rock").looks["two colours"]
    cued = replace(now, token=replace(TOKEN, cue=cue), drawn=look)
    lit = [lane for lane in patch.lanes if lane.control in ("intensity", "red")]
    flat = {patch.fixtures[lane.fixture].config.id: lane.slots[0] for lane in lit}
    told = said(patch, flat["front-1"], cued)
    assert told["cue"] == "look 'two colours': section B, time 2, 40% of the song's range; the verse again"
    assert told["rule"] == f"wash: lit at {look.lit['wash']:.0%} in L104 Deep Amber"
    back = said(patch, flat["back-2"], cued)["rule"]
    blue = f"back: lit at {look.lit['back']:.0%} in L119 Dark Blue"
    assert back == f"{blue}; figure alternate, a step every 2 beats; answers accents"
    assert said(patch, flat["spot-l"], cued)["rule"].startswith("beam: dark in this look")
    assert "cue" not in said(patch, flat["front-1"], replace(cued, health="talk"))


def test_people_are_named(patch, now):
    hands = OperatorState()
    for command in (
        Command("grand_master", 0.5), Command("hand", 1.0, "wash", (0.5,)), Command("hand", 1.0, "spot-l", (1.0,)),
        Command("quiet", 1.0), Command("hues", 1.0, "", (0.0,)), Command("energy", 0.9),
    ):  # fmt: skip
        hands.obey(command, 0.0)
    told = said(patch, 0, replace(now, operator=hands.operator))
    assert told["people"] == "grand master at 50%; wash is in somebody's hand; quiet"
    assert told["steering"] == "energy 90%; only red"


def test_limiter_and_desk_are_told_apart(patch, now):
    asked = now.sent.copy()
    asked[0] = 255
    assert said(patch, 0, replace(now, asked=asked))["limiter"] == "the flash limiter does not let it go to 255 now"
    told = said(patch, 0, replace(now, asked=asked, held=[("front-1", "intensity")]))
    assert "holds intensity of front-1; we would send 255" in told["desk"]
    assert "limiter" not in told


def test_every_slot_of_the_rig_has_a_reason(patch, now):
    for flat in range(len(patch.universes) * SLOTS):
        told = why(patch, flat, now)
        assert told[0][0] == "wire"
        assert len(told) >= 2
        assert all(words for _, words in told)


def test_what_is_held_says_why(patch, now):
    lane = next(one for one in patch.lanes if one.control == HELD)
    assert "held at" in said(patch, lane.slots[0], now)["profile"]


def test_names_of_colours():
    assert [colour_name(one) for one in (0, 29, 120, 240, 359)] == ["red", "orange", "green", "blue", "red"]


def test_what_the_set_list_wishes_is_a_reason(patch, now):
    wish = song_wish(ListEntry("song", "Black Rain", asked=("red", "white"), strobe=False, dark_on_break=True), 2)
    told = said(patch, 0, replace(now, operator=Operator(wish=wish)))
    assert told["set list"] == "Black Rain: only red, white, no strobe, dark when the band stops"
    ignored = Operator(wish=wish, more=(("wishes_off", 1.0),))
    assert "ignored" in said(patch, 0, replace(now, operator=ignored))["set list"]
    assert "set list" not in said(patch, 0, now)
