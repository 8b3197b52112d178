"""Lasers among other things, lamps of several parts, and lamps that have UV alone."""

import numpy as np
import pytest
import single_fixture

from controller.errors import PatchError
from controller.lighting.takeover.attributes import attributes_of
from controller.messages import Picture
from controller.rig.patch.lasers import lasers
from controller.rig.patch.render import Renderer


def patch_of(channels, **more):
    return single_fixture.patch_of(channels, name="bar", role="wash", **more)


def shown(patch, intensity, colour=(1, 1, 1)):
    half = np.full(patch.heads, 0.5, np.float32)
    light = np.tile(np.array(colour, np.float32), (patch.heads, 1))
    look = Picture(0.0, 0, np.full(patch.heads, intensity, np.float32), light, half, half)
    return Renderer(patch).render(look)[0].slots[:8].tolist()


RGB = {name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")}
WHEEL = {"does": "wheel", "slots": [{"dmx": [0, 9], "name": "laser off"}, {"dmx": [10, 99], "colour": "#ff0000"},
                                    {"dmx": [100, 255], "colour": "#00ff00"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "off"),
    [
        ({"does": "intensity"}, 0),
        ({"does": "colour", "emitter": "green"}, 0),
        (WHEEL, 4),
        ({"does": "hold", "at": 3}, 3),
        (
            {
                "does": "shutter",
                "ranges": [{"dmx": [0, 9], "shutter": "closed"}, {"dmx": [10, 255], "shutter": "open"}],
            },
            4,
        ),
    ],
)
def test_r1_a_laser_in_a_profile_of_ours_stays_off_and_the_rest_plays(channel, off):
    patch = patch_of(RGB | {"green laser": channel})
    assert shown(patch, 1.0)[:4] == [255, 255, 255, off]
    assert shown(patch, 0.0)[:4] == [0, 0, 0, off]
    assert lasers(patch) == [
        "bar has a laser at 1.4: held off in every look; nobody can raise it without `allow_laser: true`"
    ]


def test_r1_a_wheel_of_a_laser_without_a_dark_place_is_refused():
    slots = [{"dmx": [0, 99], "colour": "#ff0000"}, {"dmx": [100, 255], "colour": "#00ff00"}]
    with pytest.raises(PatchError, match="bar: p, mode m: a laser"):
        patch_of(RGB | {"laser colour": {"does": "wheel", "slots": slots}})


def test_r1_a_desk_may_raise_a_laser_only_where_the_patch_allows_it():
    channels = RGB | {"laser": {"does": "hold", "at": 0}}
    owned = {int(slot) for one in attributes_of(patch_of(channels)) for slot in one.slots}
    allowed = {int(slot) for one in attributes_of(patch_of(channels, allow_laser=True)) for slot in one.slots}
    assert (owned, allowed) == ({0, 1, 2}, {0, 1, 2, 3})


def test_r10_presets_of_a_part_go_to_their_blackout_though_another_part_has_a_dimmer():
    slots = [{"dmx": [0, 24], "colour": "#000000", "name": "Blackout"}, {"dmx": [25, 99], "colour": "#ff0000"},
             {"dmx": [100, 255], "colour": "#ffffff"}]  # fmt: skip
    patch = patch_of({"White strobe dimmer": {"does": "intensity"}, "Derby colour": {"does": "wheel", "slots": slots}})
    assert shown(patch, 1.0)[1] == 177
    assert shown(patch, 0.0)[1] == 12


@pytest.mark.parametrize("colour", [(1, 1, 1), (1, 0, 0), (0, 0, 1), (1, 0.43, 0.13)])
def test_r13_a_lamp_of_uv_alone_follows_the_brightness_in_every_colour(colour):
    patch = patch_of({"uv": {"does": "colour", "emitter": "uv"}})
    assert shown(patch, 1.0, colour)[0] == 255
    assert shown(patch, 0.0, colour)[0] == 0
    beside = patch_of(RGB | {"uv": {"does": "colour", "emitter": "uv"}})
    assert shown(beside, 1.0)[3] == 0


def test_r10_presets_of_several_parts_are_all_driven_and_all_go_dark():
    slots = [{"dmx": [0, 9], "colour": "#000000", "name": "Blackout"}, {"dmx": [10, 99], "colour": "#ff0000"},
             {"dmx": [100, 255], "colour": "#ffffff"}]  # fmt: skip
    patch = patch_of({name: {"does": "wheel", "slots": slots} for name in ("colours 1", "colours 2")})
    assert shown(patch, 1.0)[:2] == [177, 177]
    assert shown(patch, 0.0)[:2] == [4, 4]
