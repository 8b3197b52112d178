"""What turns in a beam, animation wheels, frosts that are in or out, and two colours in one beam, to the byte."""

import numpy as np
import pytest
from single_fixture import patch_of

from controller.errors import PatchError
from controller.messages import Beam, Picture
from controller.rig.observe import Observer
from controller.rig.patch.beams import TURN_S
from controller.rig.patch.lanes import HELD
from controller.rig.patch.render import Renderer

CYCLE_S = 0.025


def shaped(at, part, **ways):
    return {"does": "hold", "at": at, "shapes": {"part": part, **ways}}


CHANNELS = {
    "dimmer": {"does": "intensity"},
    "gobo": shaped(4, "gobo", slots=[{"dmx": [10, 19]}, {"dmx": [20, 29]}],
                   revolving=[{"dmx": [30, 39]}, {"dmx": [40, 49]}]),
    "gobo rotation": shaped(128, "gobo_turn", turns=[[130, 190], [126, 66]]),
    "prism": shaped(0, "prism", slots=[{"dmx": [50, 59]}], turns=[[60, 99]]),
    "animation": shaped(1, "animation", slots=[{"dmx": [200, 209]}]),
    "animation rotation": shaped(0, "animation_turn", turns=[[10, 100]]),
    "frost": shaped(0, "frost", slots=[{"dmx": [90, 99]}]),
}  # fmt: skip
REST = {"gobo": 4, "gobo rotation": 128, "prism": 0, "animation": 1, "animation rotation": 0, "frost": 0,
        "wheel": 5, "zoom": -1, "focus": -1}  # fmt: skip
RED, GREEN, BLUE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def one(value, kind=np.float32):
    return np.array([value], kind)


def beam(gobo=0, prism=0, frost=np.nan, *, changes=False, gobo_turn=0.0, prism_turn=0.0, animation=0.0, split=None):
    nothing = one(np.nan)
    other = np.array([split], np.float32) if split is not None else None
    return Beam(nothing, nothing, nothing, one(frost), one(gobo, np.int8), one(prism, np.int8), changes,
                one(gobo_turn), one(prism_turn), one(animation), other)  # fmt: skip


class Lamp:
    """One lamp, cycle by cycle."""

    def __init__(self, channels=CHANNELS, **more):
        self.patch = patch_of(channels, **more)
        self.renderer, self.cycles, self.names = Renderer(self.patch), 0, list(channels)

    def show(self, wish, intensity=1.0, cycles=1, colour=RED):
        """What is not where it rests, by channel, in the last of these cycles."""
        half = one(0.5)
        for _ in range(cycles):
            self.cycles += 1
            now_s, worn = self.cycles * CYCLE_S, np.array([colour], np.float32)
            look = Picture(now_s, self.cycles, one(intensity), worn, half, half, wish)
            self.slots = self.renderer.render(look)[0].slots
        found = dict(zip(self.names, self.slots.tolist(), strict=False))
        return {name: level for name, level in found.items() if level != REST.get(name, level)}


def test_a_pattern_begins_slowly_gets_faster_evenly_and_goes_home_on_the_one():
    lamp, wish = Lamp(), beam(gobo=1, gobo_turn=0.5)
    assert lamp.show(beam(gobo=1, gobo_turn=0.5, changes=True)) == {"gobo": 34, "gobo rotation": 130}
    speeds = [lamp.show(wish)["gobo rotation"] for _ in range(160)]
    assert speeds[-1] == 160
    assert np.diff([130, *speeds]).min() >= 0
    assert np.diff(speeds).max() <= 60 * CYCLE_S / TURN_S + 1
    assert lamp.show(beam(gobo=1)) == {"gobo": 34, "gobo rotation": 160}
    assert lamp.show(beam(gobo=1, changes=True)) == {"gobo": 14}


def test_the_other_way_round_waits_for_the_dark_and_a_new_speed_does_not():
    lamp = Lamp()
    lamp.show(beam(gobo=2, gobo_turn=1.0, changes=True))
    assert lamp.show(beam(gobo=2, gobo_turn=1.0), cycles=200)["gobo rotation"] == 190
    assert lamp.show(beam(gobo=2, gobo_turn=0.5), cycles=200)["gobo rotation"] == 160
    assert lamp.show(beam(gobo=2, gobo_turn=-0.5), cycles=200)["gobo rotation"] == 160
    assert lamp.show(beam(gobo=2, gobo_turn=-0.5), intensity=0.0)["gobo rotation"] in (125, 126)
    assert lamp.show(beam(gobo=2, gobo_turn=-0.5), cycles=200)["gobo rotation"] == 96


def test_a_prism_stands_or_turns_on_its_own_channel():
    lamp = Lamp()
    assert lamp.show(beam(prism=1, changes=True)) == {"prism": 54}
    assert lamp.show(beam(prism=1, prism_turn=-1.0, changes=True), cycles=200) == {"prism": 99}
    assert lamp.show(beam(changes=True)) == {}


def test_an_animation_wheel_takes_the_place_of_the_gobo_and_a_head_without_one_keeps_it():
    wish = beam(gobo=1, gobo_turn=0.1, animation=1.0, changes=True)
    assert Lamp().show(wish, cycles=200) == {"animation": 204, "animation rotation": 100, "gobo rotation": 136}
    plain = Lamp({name: channel for name, channel in CHANNELS.items() if "animation" not in name})
    assert plain.show(wish)["gobo"] == 34


def test_a_frost_that_is_in_or_out_is_in_from_the_middle_on():
    lamp = Lamp()
    assert lamp.show(beam(frost=0.4, changes=True)) == {}
    assert lamp.show(beam(frost=0.8, changes=True)) == {"frost": 94}


def test_without_a_wish_all_rests_and_after_a_look_it_comes_home():
    lamp = Lamp()
    assert lamp.show(None, cycles=3) == {}
    assert lamp.show(beam(gobo=1, gobo_turn=1.0, animation=1.0, changes=True), cycles=9) != {}
    assert lamp.show(None, cycles=200) == {}


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30])
def test_a_speed_that_is_no_number_stays_between_its_levels(wrong):
    lamp = Lamp()
    levels = {lamp.show(beam(gobo=1, gobo_turn=wrong, changes=True)).get("gobo rotation", 128) for _ in range(150)}
    assert all(level == 128 or 66 <= level <= 126 or 130 <= level <= 190 for level in levels)


def test_of_two_wheels_the_one_that_turns_is_used_and_two_patterns_never_stand_in_one_beam():
    wheel = {name: {"does": "hold", "at": 4, "shapes": {"part": "gobo", "slots": [{"dmx": [10, 19]}]}}
             for name in ("Gobo 1", "Gobo 2")}  # fmt: skip
    channels = {"dimmer": CHANNELS["dimmer"], **wheel, "Gobo 2 rotation": CHANNELS["gobo rotation"]}
    controls = {lane.name: lane.control for lane in patch_of(channels).lanes}
    assert controls == {"dimmer": "intensity", "Gobo 1": HELD, "Gobo 2": "gobo", "Gobo 2 rotation": "gobo_turn"}
    channels = {"dimmer": CHANNELS["dimmer"], **wheel, "Gobo 1 rotation": CHANNELS["gobo rotation"],
                "Gobo 2 rotation": CHANNELS["gobo rotation"]}  # fmt: skip
    controls = {lane.name: lane.control for lane in patch_of(channels).lanes}
    assert [controls[f"Gobo {number} rotation"] for number in (1, 2)] == ["gobo_turn", HELD]


FOCUS = {
    "dimmer": CHANNELS["dimmer"],
    "zoom": {"does": "hold", "at": 255, "shapes": {"part": "zoom", "range": [255, 55]}},
    "focus": {"does": "hold", "at": 9, "shapes": {"part": "focus", "range": [0, 255]}},
}  # fmt: skip


def test_a_focus_follows_the_zoom_where_it_is_sharp_and_a_look_that_says_one_wins():
    lamp = Lamp(FOCUS, override={"focus": {"sharp": [40, 80, 200]}})
    nothing, still = one(np.nan), one(0, np.int8)
    assert lamp.show(None) == {"zoom": 255, "focus": 40}
    pairs = [lamp.show(Beam(one(1.0), nothing, nothing, nothing, still, still)) for _ in range(100)]
    assert pairs[-1] == {"zoom": 55, "focus": 200}
    at = np.array([(255 - found["zoom"]) / 200 for found in pairs])
    assert (
        np.abs(np.array([found["focus"] for found in pairs]) - np.interp(at, [0, 0.5, 1], [40, 80, 200])).max() <= 1.5
    )
    assert lamp.show(Beam(one(0.5), nothing, one(1.0), nothing, still, still), cycles=100) == {
        "zoom": 155,
        "focus": 255,
    }
    assert lamp.show(None, cycles=100) == {"zoom": 255, "focus": 40}


@pytest.mark.parametrize("wrong", [{"zoom": {"sharp": [1, 2]}}, {"dimmer": {"sharp": [1, 2]}}])
def test_only_a_focus_beside_a_zoom_can_follow_it(wrong):
    with pytest.raises(PatchError, match=r"override\.\w+\.sharp"):
        Lamp(FOCUS, override=wrong)
    short = {"does": "hold", "at": 9, "forbidden": [[210, 255]], "shapes": {"part": "focus", "range": [0, 99]}}
    with pytest.raises(PatchError, match="forbidden"):
        Lamp(FOCUS | {"focus": short}, override={"focus": {"sharp": [40, 230]}})


COLOURS = ("#ffffff", "#ff0000", "#00ff00", "#0000ff")
WHEEL = {
    "dimmer": {"does": "intensity"},
    "wheel": {
        "does": "wheel", "at": 5,
        "slots": [{"dmx": [10 * number, 10 * number + 9], "colour": colour} for number, colour in enumerate(COLOURS)],
        "splits": [{"dmx": [100, 109], "colours": ["#ff0000", "#00ff00"]},
                   {"dmx": [110, 119], "colours": ["#00ff00", "#0000ff"]}],
    },
}  # fmt: skip


def test_two_colours_come_on_the_one_and_only_where_the_wheel_has_both():
    lamp = Lamp(WHEEL)
    assert lamp.show(beam(changes=True), cycles=80)["wheel"] == 14
    assert lamp.show(beam(split=GREEN), cycles=80)["wheel"] == 14  # in the light it waits
    assert lamp.show(beam(split=GREEN, changes=True))["wheel"] == 104
    assert lamp.show(beam(split=GREEN), cycles=80, colour=BLUE)["wheel"] == 114  # either half may be the first
    assert (
        lamp.show(beam(split=RED, changes=True), cycles=80, colour=BLUE)["wheel"] == 34
    )  # no such place: the whole colour
    assert lamp.show(beam(split=GREEN), 0.0, cycles=80, colour=RED)["wheel"] == 104
    assert lamp.show(None, cycles=80)["wheel"] == 14
    assert lamp.show(beam(split=GREEN, changes=True), colour=BLUE)["wheel"] == 114
    assert lamp.show(beam(changes=True), colour=BLUE)["wheel"] == 34  # though the wheel has just moved


def test_the_rendered_rig_shows_the_mean_of_both_halves():
    lamp = Lamp(WHEEL)
    lamp.show(beam(split=GREEN, changes=True))
    light = Observer(lamp.patch).observe({1: lamp.slots}).light[0]
    assert light.tolist() == pytest.approx([0.5, 0.5, 0.0])
