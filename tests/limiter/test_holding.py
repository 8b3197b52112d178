"""Heads that stay, those beside them that go on, and heads that are made dark."""

import numpy as np
from single_fixture import patch_of as one_fixture

from controller.lighting.flashes.holding import Holding
from controller.rig.patch.configured import patch_of
from tests.limiter.rooms import pars

RGB = {name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")}
SHUTTER = {"s": {"does": "shutter", "ranges": [{"dmx": [0, 9], "shutter": "closed"},
                                               {"dmx": [10, 255], "shutter": "open"}]}}  # fmt: skip
WHEEL = {"w": {"does": "wheel", "slots": [{"dmx": [0, 99], "colour": "#ffffff"},
                                          {"dmx": [100, 255], "colour": "#ff0000"}]}}  # fmt: skip


def held(patch, heads):
    """Slots as they are after 7 was shown and 200 is wished, these heads being held."""
    shown, wished = (np.full(patch.nowhere + 1, level, np.uint8) for level in (7, 200))
    slots = Holding(patch).held(shown, wished, np.isin(np.arange(patch.heads), heads))
    assert (wished == 200).all()  # nobody's wish is written over
    return slots[: patch.fixtures[-1].config.address - 1 + patch.fixtures[-1].footprint].tolist()


def darkened(patch, heads=(0,)):
    slots = np.full(patch.nowhere + 1, 200, np.uint8)
    dark = Holding(patch).darkened(slots, np.isin(np.arange(patch.heads), heads))
    assert (slots == 200).all()
    return dark[: patch.fixtures[-1].config.address - 1 + patch.fixtures[-1].footprint].tolist()


def test_a_held_head_keeps_its_slots_and_those_beside_it_go_on():
    patch = patch_of(pars(3, rows=1))
    assert held(patch, [1]) == [200] * 3 + [7] * 3 + [200] * 3
    assert held(patch, []) == [200] * 9
    assert held(patch, [0, 1, 2]) == [7] * 9


def test_a_held_head_goes_on_turning_and_keeps_all_that_makes_its_light():
    turns = {"pan": {"does": "pan", "degrees": 540}, "tilt": {"does": "tilt", "degrees": 270}}
    zoom = {"zoom": {"does": "hold", "at": 0, "shapes": {"part": "zoom", "range": [0, 255]}}}
    channels = turns | {"d": {"does": "intensity"}} | WHEEL | SHUTTER | zoom
    mode = ["pan", "pan.fine", "tilt", "d", "d.fine", "w", "s", "zoom"]
    assert held(one_fixture(channels, mode), [0]) == [200, 200, 200, 7, 7, 7, 7, 200]


def test_a_channel_of_several_heads_stays_for_all_of_them():
    mode = ["d", *(f"{name}@{head}" for head in (1, 2) for name in RGB)]
    patch = one_fixture({"d": {"does": "intensity"}} | RGB, mode)
    assert held(patch, [0]) == [7, 7, 7, 7, 200, 200, 200]
    assert darkened(patch, [1]) == [0, 200, 200, 200, 0, 0, 0]


def test_dark_is_where_the_dimmer_gives_nothing():
    for dimmer, n_bytes, dark in (
        ({}, 1, [0]), ({}, 2, [0, 0]), ({}, 3, [0, 0, 0]),
        ({"range": [8, 134]}, 1, [8]), ({"range": [8, 134]}, 2, [8, 0]), ({"range": [8, 134], "zero": 3}, 1, [3]),
        ({"range": [200, 10]}, 1, [200]), ({"range": [200, 10]}, 2, [200, 255]),
        ({"range": [200, 10], "zero": 255}, 2, [255, 0]), ({"range": [10, 200], "zero": 0}, 1, [0]),
    ):  # fmt: skip
        mode = ["d", "d.fine", "d.fine2"][:n_bytes]
        assert darkened(one_fixture({"d": {"does": "intensity"} | dimmer}, mode)) == dark, dimmer


def test_a_lamp_is_dark_by_whatever_makes_its_light_and_only_those_that_have_to_be():
    assert darkened(patch_of(pars(3, rows=1)), [1]) == [200] * 3 + [0] * 3 + [200] * 3
    assert darkened(one_fixture(WHEEL | SHUTTER)) == [200, 4]
    assert darkened(one_fixture({"d": {"does": "intensity"}} | SHUTTER)) == [0, 200]


def test_what_nothing_makes_dark_stays_as_it_is():
    patch = one_fixture({"pan": {"does": "pan", "degrees": 540}})
    assert darkened(patch) == [200]
    assert held(patch, [0]) == [200]
