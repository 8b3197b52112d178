"""What `config.yaml` says about one lamp: limits, curves, gains, homes, overrides; and dimmers behind dimmers."""

import numpy as np
import pytest
import yaml

from controller.config import FixtureConfig, read_config
from controller.errors import ControllerError, PatchError
from controller.messages import Picture
from controller.rig.observe import Observer
from controller.rig.patch.configured import patch_of
from controller.rig.patch.curves import level_for, light_of
from controller.rig.patch.patch import build_patch
from controller.rig.patch.render import Renderer
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile


def profile(channels, *modes, kind="par"):
    return Profile.model_validate(
        {"format": 1, "maker": "x", "model": "y", "kind": kind, "channels": channels,
         "modes": {str(number): list(mode) for number, mode in enumerate(modes)}}
    )  # fmt: skip


def rig(of, **changes):
    given = {"id": "a", "profile": "x/y", "mode": "0", "universe": 1, "address": 1, "role": "wash"}
    fixture = FixtureConfig(**{**given, "position_m": (0, 0, 3), **changes})
    return build_patch([fixture], [1], {"x/y": of}, lambda place: "c.yaml:9: " + ".".join(str(part) for part in place))


def look(patch, intensity=1.0, colour=(1, 1, 1), *, pan=0.5, tilt=0.5, t_s=0.0):
    heads = patch.heads
    each = lambda number: np.broadcast_to(np.float32(number), (heads,)).astype(np.float32)  # noqa: E731
    return Picture(t_s, 0, each(intensity), np.tile(np.array(colour, np.float32), (heads, 1)), each(pan), each(tilt))


def sent(patch, *looks):
    renderer = Renderer(patch)
    return [list(renderer.render(one)[0].slots[: patch.fixtures[0].footprint]) for one in looks][-1]


def seen(patch, one):
    frames = Renderer(patch).render(one)
    return Observer(patch).observe({frame.universe: frame.slots for frame in frames})


DIMMER = {"d": {"does": "intensity"}}
RGB = {name: {"does": "colour", "emitter": name} for name in ("red", "green", "blue")}
HEAD = {"pan": {"does": "pan", "degrees": 540}, "tilt": {"does": "tilt", "degrees": 270}}


@pytest.mark.parametrize("curve", ["linear", "square", "s", (0.0, 0.1, 0.5, 1.0)])
def test_a_curve_and_its_inverse(curve):
    light = np.linspace(0.0, 1.0, 101)
    assert np.abs(light_of(level_for(light, curve), curve) - light).max() < 1e-6
    assert (np.diff(level_for(light, curve)) >= -1e-9).all()


@pytest.mark.parametrize(("curve", "level"), [("linear", 64), ("square", 128), ("s", 83), ([0, 0.25, 1], 127)])
def test_half_the_brightness_is_a_quarter_of_the_light_whatever_the_lamp_makes_of_its_dimmer(curve, level):
    patch = rig(profile(DIMMER, ["d"]), curve=curve)
    assert sent(patch, look(patch, 0.5)) == [level]
    assert seen(patch, look(patch, 0.5)).power[0] == pytest.approx(0.25, abs=0.01)


def test_a_curve_is_that_of_the_emitters_where_there_is_no_dimmer():
    patch = rig(profile(RGB, ["red", "green", "blue"]), curve="square")
    assert sent(patch, look(patch, 0.5, (1, 0, 0))) == [128, 0, 0]
    assert seen(patch, look(patch, 0.5, (1, 0, 0))).light[0] == pytest.approx((0.25, 0, 0), abs=0.01)


def test_light_begins_at_the_minimum_and_darkness_is_dark():
    patch = rig(profile(DIMMER, ["d"]), minimum=0.2)
    assert sent(patch, look(patch, 0.0)) == [0]
    assert sent(patch, look(patch, 0.1)) == [round(255 * (0.2 + 0.8 * 0.01))]
    assert sent(patch, look(patch, 1.0)) == [255]
    assert seen(patch, look(patch, 0.5)).power[0] == pytest.approx(0.25, abs=0.01)


def test_limits_and_gains():
    patch = rig(profile(DIMMER | RGB, ["d", "red", "green", "blue"]), max_intensity=0.5, gains=(1.0, 0.5, 1.0))
    assert sent(patch, look(patch, 1.0, (1, 1, 1))) == [128, 255, 128, 255]
    assert sent(patch, look(patch, 1.0, (0, 1, 0)))[0] == 128


def test_heads_point_home_in_the_middle_of_a_look_and_stay_within_their_limits():
    moves = profile(HEAD | DIMMER, ["pan", "pan.fine", "tilt", "d"])
    patch = rig(moves, pan_home=0.25, invert_tilt=True, tilt=(0.2, 0.7), tilt_home=0.6)
    pan, fine, tilt, _ = sent(patch, look(patch))
    assert (int(pan) << 8 | int(fine)) == round(0.25 * 65535)
    assert tilt == round(0.6 * 255)
    assert sent(patch, look(patch, tilt=1.0))[2] == round(0.2 * 255)
    assert sent(patch, look(patch, tilt=0.0))[2] == round(0.7 * 255)
    home = seen(patch, look(patch))
    assert (home.pan_deg[0], home.tilt_deg[0]) == pytest.approx((0.0, 0.0), abs=0.6)
    assert seen(patch, look(patch, tilt=0.6)).tilt_deg[0] == pytest.approx(27.0, abs=0.6)


def test_shared_and_own_dimmers_multiply_and_each_head_gets_its_share():
    channels = {"master": {"does": "intensity"}, "own": {"does": "intensity"}}
    patch = rig(profile(channels, ["master", "own@1", "own@2", "own@3"]))
    wanted = look(patch)
    wanted.intensity[:] = (0.5, 0.25, 0.0)
    master, *own = sent(patch, wanted)
    assert (master, own) == (64, [255, 64, 0])
    assert seen(patch, wanted).power == pytest.approx([0.25, 0.0625, 0.0], abs=0.01)


def test_a_master_of_one_lamp_carries_the_light_and_its_dimmer_stays_open():
    channels = {"master": {"does": "intensity", "master": True}, "own": {"does": "intensity"}}
    patch = rig(profile(channels, ["own", "master"]))
    assert sent(patch, look(patch, 0.5)) == [255, 64]
    assert seen(patch, look(patch, 0.5)).power[0] == pytest.approx(0.25, abs=0.01)


def test_a_dimmer_that_is_dark_elsewhere_and_runs_backwards():
    patch = rig(profile({"d": {"does": "intensity", "range": [200, 10], "zero": 255}}, ["d"]))
    assert [sent(patch, look(patch, level))[0] for level in (0.0, 1.0)] == [255, 10]
    assert seen(patch, look(patch, 0.0)).power[0] == 0
    assert seen(patch, look(patch, 0.5)).power[0] == pytest.approx(0.25, abs=0.01)


def test_twenty_four_bits():
    patch = rig(profile(DIMMER, ["d", "d.fine", "d.fine2"]))
    high, middle, low = (int(one) for one in sent(patch, look(patch, 0.3)))
    assert (high << 16 | middle << 8 | low) == pytest.approx(0.09 * (2**24 - 1), abs=8)
    assert seen(patch, look(patch, 0.3)).power[0] == pytest.approx(0.09, abs=1e-4)


def test_filters_take_away_what_is_not_wanted():
    cmy = {name: {"does": "flag", "filter": name} for name in ("cyan", "magenta", "yellow")}
    patch = rig(profile(DIMMER | cmy, ["d", "cyan", "magenta", "yellow"]))
    assert sent(patch, look(patch, 1.0, (1, 0, 0))) == [255, 0, 255, 255]
    assert sent(patch, look(patch, 1.0, (1, 1, 1))) == [255, 0, 0, 0]
    assert seen(patch, look(patch, 1.0, (1, 0.5, 0))).light[0] == pytest.approx((1, 0.5, 0), abs=0.01)


def test_hue_and_saturation_where_a_lamp_mixes_by_itself():
    channels = {name: {"does": name} for name in ("hue", "saturation")}
    patch = rig(profile(DIMMER | channels, ["d", "hue", "hue.fine", "saturation"]))
    assert sent(patch, look(patch, 1.0, (0, 0, 1))) == [255, 170, 170, 255]
    assert sent(patch, look(patch, 1.0, (1, 1, 1)))[3] == 0
    assert seen(patch, look(patch, 1.0, (1, 0.5, 0))).light[0] == pytest.approx((1, 0.5, 0), abs=0.01)
    assert seen(patch, look(patch, 1.0, (1, 0.5, 0.5))).light[0] == pytest.approx((1, 0.5, 0.5), abs=0.01)


def test_two_whites_follow_the_warmth_of_the_colour():
    patch = rig(profile(DIMMER | {"t": {"does": "cct", "kelvin": [6500, 2700]}}, ["d", "t"]))
    assert sent(patch, look(patch, 1.0, (1, 0, 0)))[1] == 255
    assert sent(patch, look(patch, 1.0, (0, 0, 1)))[1] == 0
    warm, cold = (seen(patch, look(patch, 1.0, colour)).light[0] for colour in ((1, 0, 0), (0, 0, 1)))
    assert warm[2] < cold[2]


def test_where_nothing_dims_the_shutter_closes_and_opens():
    slots = [{"dmx": [0, 9], "colour": "#ffffff"}, {"dmx": [10, 19], "colour": "#ff0000"}]
    meanings = {"closed": [0, 9], "open": [10, 19], "strobe": [20, 255]}
    shutter = [{"dmx": levels, "shutter": name} for name, levels in meanings.items()]
    channels = {"w": {"does": "wheel", "slots": slots}, "s": {"does": "shutter", "ranges": shutter}}
    patch = rig(profile(channels, ["w", "s"]))
    assert [sent(patch, look(patch, level))[1] for level in (0.0, 1.0)] == [4, 14]
    assert [seen(patch, look(patch, level)).power[0] > 0 for level in (0.0, 1.0)] == [False, True]


def test_a_wheel_rests_where_emitters_make_the_colour():
    slots = [{"dmx": [0, 9]}, {"dmx": [10, 19], "colour": "#ff0000"}, {"dmx": [20, 29], "colour": "#0000ff"}]
    patch = rig(profile(RGB | {"macro": {"does": "wheel", "slots": slots, "at": 4}}, ["red", "green", "blue", "macro"]))
    assert sent(patch, look(patch, 1.0, (0, 0, 1))) == [0, 0, 255, 4]
    assert not patch.has("wheel").any()


def test_a_strobing_level_is_marked():
    strobe = {
        "does": "shutter",
        "ranges": [{"dmx": [0, 9], "shutter": "open"}, {"dmx": [10, 255], "shutter": "strobe"}],
    }
    patch = rig(profile(DIMMER | {"s": strobe}, ["d", "s"]))
    frame = Renderer(patch).render(look(patch))[0].slots
    assert not Observer(patch).observe({1: frame}).strobing.any()
    frame[1] = 200
    assert Observer(patch).observe({1: frame}).strobing.all()


def test_groups_are_heads():
    bar = profile(RGB, [{"repeat": 3, "channels": ["red", "green", "blue"]}])
    patch = rig(bar, groups=["front", "left"])
    assert {name: list(heads) for name, heads in patch.groups.items()} == {"front": [0, 1, 2], "left": [0, 1, 2]}


WHEEL = {"w": {"does": "wheel", "slots": [{"dmx": [0, 9]}, {"dmx": [10, 19]}, {"dmx": [20, 29], "colour": "#ff0000"}]}}
TRAP = {"f": {"does": "hold", "at": 0, "forbidden": [[200, 255]]}}


def test_overrides_give_slots_their_colour_and_hold_channels():
    fixture = profile(DIMMER | WHEEL | TRAP, ["d", "w", "f"])
    patch = rig(fixture, override={"w": {"slots": {12: "#0000ff"}}, "f": {"hold": 77}})
    assert sent(patch, look(patch, 1.0, (0, 0, 1)), look(patch, 1.0, (0, 0, 1), t_s=9.0)) == [255, 14, 77]


HAZE = {"haze": {"does": "haze"}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"override": {"x": {"hold": 3}}}, r"override.x: a has no such channel in mode 0; it has d, f, haze, w"),
        ({"override": {"w": {"slots": {99: "#ffffff"}}}}, r"w.slots: no slot at level 99; slots are at 0-9, 10-19"),
        ({"override": {"d": {"slots": {9: "#ffffff"}}}}, r"d.slots: this channel is no colour wheel"),
        ({"override": {"f": {"hold": 220}}}, r"f.hold: it would send 220, and 200 to 255 is forbidden"),
        ({"override": {"haze": {"hold": 99}}}, r"override.haze.hold: a is not armed; haze stays at 0"),
        ({"pan": (0.7, 0.3)}, r"fixtures.0.pan: 0.7 to 0.3 runs backwards; invert_pan turns"),
        ({"tilt": (0.2, 0.4), "tilt_home": 0.9}, r"fixtures.0.tilt_home: 0.9 is outside tilt, 0.2 to 0.4"),
    ],
)  # fmt: skip
def test_mistakes_of_calibration_have_their_place(changes, said):
    with pytest.raises(PatchError, match="c.yaml:9: .*" + said):
        rig(profile(DIMMER | WHEEL | TRAP | HAZE, ["d", "w", "f", "haze"]), **changes)


def test_a_laser_needs_leave_and_stays_dark_all_the_same():
    laser = profile(DIMMER | RGB, ["d", "red", "green", "blue"], kind="laser")
    with pytest.raises(PatchError, match="is a laser; with `allow_laser: true` its slots are sent, dark"):
        rig(laser)
    patch = rig(laser, allow_laser=True)
    assert sent(patch, look(patch)) == [0, 0, 0, 0]


def test_what_makes_fire_is_refused():
    with pytest.raises(PatchError, match=r"fixtures\.0\.profile: Stage Flame makes fire"):
        rig(profile(DIMMER, ["d"]).model_copy(update={"model": "Stage Flame"}))


def test_haze_rises_for_nobody_armed_or_not():
    for armed in (False, True):
        patch = rig(profile(HAZE | DIMMER, ["haze", "d"], kind="hazer"), role="hazer", armed=armed)
        assert sent(patch, look(patch)) == [0, 0]


def test_a_refused_mode_says_why():
    refusing = profile(DIMMER, ["d"]).model_copy(update={"refused": {"9ch": "channel 's': no steady level"}})
    with pytest.raises(
        PatchError, match="mode '9ch' of x/y cannot be used: channel 's': no steady level; other modes are 0"
    ):
        rig(refusing, mode="9ch")


ROOM = {"id": "a", "profile": "generic/rgb-par", "mode": "3ch", "universe": 1, "address": 1, "role": "wash"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"profile": "generic/nothing"}, r"config.yaml:\d+: fixtures\[0\].profile: no profile 'generic/nothing'"),
        ({"profile": "ofx:a/b"}, r"config.yaml:\d+: fixtures\[0\].profile: 'ofx:' is no library"),
        ({"mode": "4ch"}, r"config.yaml:\d+: fixtures\[0\].mode: .*its modes are 3ch, 6ch-16bit"),
        ({"universe": 9}, r"config.yaml:\d+: fixtures\[0\].universe: universe 9 has no outputs; there are: 1, 2"),
        ({"address": 511}, r"config.yaml:\d+: fixtures\[0\].address: .* would end at 513"),
        ({"address": 600}, r"config.yaml:\d+: fixtures\[0\].address: must be at most 512"),
        ({"curve": "cubic"}, r"config.yaml:\d+: fixtures\[0\].curve: must be 'linear', 'square' or 's'"),
        ({"override": {"x": {"hold": 1}}}, r"config.yaml:\d+: fixtures\[0\].override.x: a has no such channel"),
        ({"overide": {}}, r"config.yaml:\d+: fixtures\[0\].overide: there is no such key; did you mean 'override'"),
        ({"position_m": [0, 0, 9e99]}, r"config.yaml:\d+: fixtures\[0\].position_m: .* is no place in a venue"),
        ({"gains": [1, 2, 1]}, r"config.yaml:\d+: fixtures\[0\].gains\[1\]: must be at most 1"),
        ({"groups": ["Front Row"]}, r"config.yaml:\d+: fixtures\[0\].groups\[0\]: must be small letters"),
    ],
)
def test_every_mistake_in_the_patch_has_file_line_path_and_what_is_allowed(root, tmp_path, changes, said):
    data = yaml.safe_load((root / "config.yaml").read_text())
    data["fixtures"] = [{**ROOM, "position_m": [0, 0, 3], **changes}]
    data["profiles"] = str(root / "fixtures")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(ControllerError, match=said):
        patch_of(read_config(tmp_path / "config.yaml"))


def test_white_takes_a_white_slot_and_hysteresis_holds_between_two(root):
    spot = Library(root / "fixtures").profile("generic/moving-spot")
    patch = rig(spot, mode="10ch")
    renderer = Renderer(patch)
    at = lambda colour, t_s: int(renderer.render(look(patch, 1.0, colour, t_s=t_s))[0].slots[5])  # noqa: E731
    assert at((1, 1, 1), 0.0) == 4
    assert at((1, 0, 0), 2.0) == 14
    assert at((0, 0, 1), 2.5) == 14  # within the dwell
    assert at((0, 0, 1), 4.0) == 64
    assert at((1, 1, 1), 6.0) == 4
