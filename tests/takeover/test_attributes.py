"""Every slot of a fixture is part of one attribute, and each says whether it fades and whether it makes light."""

import numpy as np
from single_fixture import patch_of

from controller.lighting.takeover.attributes import attributes_of

DIMMER = {"d": {"does": "intensity"}}
RGB = {name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")}
WHEEL = {
    "wheel": {"does": "wheel", "slots": [{"dmx": [0, 99], "name": "open", "colour": "#ffffff"},
                                                          {"dmx": [100, 255], "name": "red", "colour": "#ff0000"}]}
}  # fmt: skip
SHUTTER = {"shutter": {"does": "shutter", "ranges": [{"dmx": [0, 9], "shutter": "closed"},
                                                     {"dmx": [10, 255], "shutter": "open"}]}}  # fmt: skip


def of(channels, mode=None, **more):
    return {one.kind: one for one in attributes_of(patch_of(channels, mode, **more))}


def rows(attribute):
    """Its coarse slots with what is known of each: fine slot, smooth, light."""
    columns = (attribute.coarse, attribute.fine, attribute.smooth, attribute.lights)
    return list(zip(*(one.tolist() for one in columns), strict=True))


def test_a_finest_byte_is_the_persons_too_and_jumps():
    found = of(DIMMER, ["d", "d.fine", "d.fine2"])
    assert rows(found["intensity"]) == [(0, 1, True, True), (2, -1, False, True)]
    assert found["intensity"].slots.tolist() == [0, 2, 1]


def test_slots_that_nobody_knows_are_taken_as_light_and_jump():
    found = of(DIMMER, ["d", None, None])
    assert rows(found["intensity"]) == [(0, -1, True, True)]
    assert rows(found["other"]) == [(1, -1, False, True), (2, -1, False, True)]


def test_they_lie_where_the_fixture_does():
    found = of(DIMMER | RGB, ["d", None, "red", "green", "blue"], address=101, universe=2)
    assert {kind: one.coarse.tolist() for kind, one in found.items()} == {
        "intensity": [612], "colour": [614, 615, 616], "other": [613],
    }  # fmt: skip


def test_a_colour_makes_light_where_neither_dimmer_nor_shutter_can_end_it():
    assert of(RGB)["colour"].lights.tolist() == [True] * 3
    assert of(RGB | DIMMER)["colour"].lights.tolist() == [False] * 3
    closed = of(WHEEL | SHUTTER)
    assert closed["colour"].lights.tolist() == [False]
    assert closed["other"].lights.tolist() == [True]


def test_a_dimmer_of_some_heads_ends_the_light_of_those_alone():
    mode = ["d@1", *(f"{name}@{head}" for head in (1, 2) for name in RGB)]
    assert of(DIMMER | RGB, mode)["colour"].lights.tolist() == [False] * 3 + [True] * 3


def test_wheels_and_hues_jump_and_everything_else_that_is_known_fades():
    plain = of(DIMMER | RGB | {"pan": {"does": "pan", "degrees": 540}, "fog": {"does": "haze"}, **WHEEL})
    assert {kind: one.smooth.tolist() for kind, one in plain.items()} == {
        "intensity": [True], "colour": [True] * 3 + [False], "position": [True], "haze": [True],
    }  # fmt: skip
    hue = of(DIMMER | {name: {"does": name} for name in ("hue", "saturation")})
    assert hue["colour"].smooth.tolist() == [False, True]
    assert not np.concatenate([one.lights for one in (plain["position"], plain["haze"])]).any()


def test_a_laser_is_nobodys_unless_the_patch_allows_it():
    channels = DIMMER | {"Laser": {"does": "hold", "at": 0}}
    assert {kind: one.coarse.tolist() for kind, one in of(channels).items()} == {"intensity": [0]}
    allowed = of(channels, allow_laser=True)
    assert rows(allowed["other"]) == [(1, -1, False, True)]
