"""Channels that shape beams: at rest without a wish, gliding at the speed of a head, changing where nobody sees it."""

import numpy as np
import pytest
import single_fixture

from controller.lighting.flashes.holding import Holding
from controller.lighting.takeover.attributes import attributes_of
from controller.messages import Beam, Picture
from controller.rig.patch.beams import END_TO_END_S
from controller.rig.patch.lanes import HELD
from controller.rig.patch.render import Renderer

CYCLE_S = 0.025
GOBO = {"does": "hold", "at": 4, "shapes": {"part": "gobo", "slots": [{"dmx": [10, 19]}, {"dmx": [20, 29]}]}}
CHANNELS = {
    "dimmer": {"does": "intensity"},
    "zoom": {"does": "hold", "at": 0, "shapes": {"part": "zoom", "range": [255, 0]}},
    "iris": {"does": "hold", "at": 255, "shapes": {"part": "iris", "range": [0, 254]}},
    "gobo": GOBO,
    "prism": {"does": "hold", "at": 5, "shapes": {"part": "prism", "slots": [{"dmx": [50, 59]}]}},
}
MODE = ["dimmer", "zoom", "zoom.fine", "iris", "gobo", "prism"]
REST = [0, 0, 255, 4, 5]


def patch_of(channels=CHANNELS, mode=MODE, **more):
    return single_fixture.patch_of(channels, mode, **more)


def beam(zoom=np.nan, iris=np.nan, gobo=0, prism=0, **more):
    slides = [np.array([one], np.float32) for one in (zoom, iris, np.nan, np.nan)]
    return Beam(*slides, np.array([gobo], np.int8), np.array([prism], np.int8), **more)


class Lamp:
    """One lamp, cycle by cycle."""

    def __init__(self, patch=None):
        self.renderer, self.cycles = Renderer(patch or patch_of()), 0

    def show(self, wish, intensity=1.0, cycles=1):
        """The slots of the last of these cycles, but for the dimmer; zoom as one number."""
        half = np.full(1, 0.5, np.float32)
        for _ in range(cycles):
            self.cycles += 1
            look = Picture(self.cycles * CYCLE_S, self.cycles, np.full(1, intensity, np.float32),
                           np.ones((1, 3), np.float32), half, half, wish)  # fmt: skip
            slots = self.renderer.render(look)[0].slots
        return [int(slots[1]), int(slots[2]), *slots[3:6].tolist()]


def test_without_a_wish_everything_is_where_it_rests():
    lamp = Lamp()
    assert lamp.show(None) == lamp.show(None, 0.0, 50) == lamp.show(beam(), cycles=100) == REST


def test_a_zoom_glides_at_its_speed_to_where_it_is_wished_and_home_again():
    lamp = Lamp()
    lamp.show(None)
    levels = [256 * (found := lamp.show(beam(zoom=0.0)))[0] + found[1] for _ in range(120)]
    steps = np.diff([0, *levels])
    assert levels[-1] == 65_535  # 255 is narrow in this lamp
    assert steps.min() >= 0
    assert steps.max() <= 65_535 * CYCLE_S / END_TO_END_S["zoom"] + 2
    assert lamp.show(beam(), cycles=120) == REST


def test_patterns_change_in_the_dark_or_as_a_look_begins_and_not_in_the_light():
    lamp = Lamp()
    lamp.show(beam())
    assert lamp.show(beam(gobo=1, prism=1), cycles=400)[3:] == [4, 5]
    assert lamp.show(beam(gobo=1, prism=1, changes=True))[3:] == [14, 54]
    wish = beam(gobo=2)
    assert lamp.show(wish)[3:] == [14, 54]
    assert lamp.show(wish, 0.0)[3:] == [24, 5]
    assert lamp.show(beam(gobo=3, changes=True))[3:] == [14, 5]  # a wheel of two begins again


def test_where_no_look_says_anything_any_more_a_pattern_is_taken_out():
    lamp = Lamp()
    assert lamp.show(beam(gobo=1, changes=True))[3] == 14
    assert lamp.show(None, cycles=100)[3] == 14
    assert lamp.show(None, cycles=100) == REST
    assert lamp.show(beam(gobo=1, changes=True))[3] == 14
    assert lamp.show(None, 0.0)[3] == 4


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e30, -7.0])
def test_a_wish_that_is_no_number_stays_inside_the_range(wrong):
    lamp = Lamp(patch_of(CHANNELS | {"zoom": {"does": "hold", "at": 40, "forbidden": [[100, 255]],
                                              "shapes": {"part": "zoom", "range": [20, 90]}}}))  # fmt: skip
    for _ in range(100):
        assert 20 <= lamp.show(beam(zoom=wrong, gobo=127, prism=-128))[0] <= 90


def test_a_technician_says_where_it_rests_or_that_it_stays():
    rests = Lamp(patch_of(override={"zoom": {"rest": 90}}))
    assert rests.show(None)[0] == 90
    assert rests.show(beam(zoom=0.0), cycles=100)[0] == 255
    stays = Lamp(patch_of(override={"gobo": {"hold": 14}, "zoom": {"hold": 90}}))
    assert stays.show(beam(zoom=0.0, gobo=2, changes=True), cycles=100)[::3] == [90, 14]


def test_a_laser_and_what_no_look_may_reach_are_not_shaped():
    for patch in (patch_of(CHANNELS | {"laser gobo": GOBO}, [*MODE, "laser gobo"]), patch_of(role="hazer")):
        lanes = [lane for lane in patch.lanes if "laser" in lane.name or patch.roles[0] == "hazer"]
        assert {lane.control for lane in lanes} == {HELD}


def test_a_desk_takes_it_and_a_held_lamp_glides_on():
    patch = patch_of()
    other = next(one for one in attributes_of(patch) if one.kind == "other")
    assert set(other.slots.tolist()) == {1, 2, 3, 4, 5}
    shown, wished = np.zeros(513, np.uint8), np.full(513, 9, np.uint8)
    assert Holding(patch).held(shown, wished, np.array([True]))[:6].tolist() == [0, 9, 9, 9, 0, 0]
