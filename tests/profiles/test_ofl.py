"""Open Fixture Library files to profiles: everything its format can say about which slot means what."""

import pytest

from controller.errors import ProfileError
from controller.rig.profiles.ofl import profile_of, redirect_of

STROBE = {"type": "ShutterStrobe", "shutterEffect": "Strobe", "speed": "5Hz"}
DIMMER = {"capability": {"type": "Intensity"}}


def fixture(channels, modes, **more):
    written = [{"name": name, "channels": slots} for name, slots in modes.items()]
    return {"name": "Thing", "categories": ["Color Changer"], "availableChannels": channels, "modes": written, **more}


def imported(channels, modes, **more):
    return profile_of(fixture(channels, modes, **more), "acme", "ofl:acme/thing")


def emitter(colour, *fine):
    return {
        "capability": {"type": "ColorIntensity", "color": colour},
        **({"fineChannelAliases": list(fine)} if fine else {}),
    }


def slots(profile, mode):
    return [(slot.name, slot.byte, slot.heads) for slot in profile.layout(mode)]


def test_fine_bytes_in_any_order_and_null_slots():
    profile = imported(
        {
            "Dimmer": {**DIMMER, "fineChannelAliases": ["Dimmer fine", "Dimmer finest"]},
            "Red": emitter("Red", "Red fine"),
        },
        {"a": ["Dimmer fine", "Dimmer", None, "Red", "Red fine"], "b": ["Dimmer", "Dimmer fine", "Dimmer finest"],
         "c": ["Red", "Dimmer fine"]},
    )  # fmt: skip
    assert slots(profile, "a") == [
        ("Dimmer", 1, ()), ("Dimmer", 0, ()), (None, 0, ()), ("Red", 0, ()), ("Red", 1, ())
    ]  # fmt: skip
    assert [byte for _, byte, _ in slots(profile, "b")] == [0, 1, 2]
    assert slots(profile, "c") == [("Red", 0, ()), (None, 0, ())]  # a fine byte alone moves nothing


def test_ranges_and_defaults_are_in_the_depth_of_the_channel():
    channel = {
        "fineChannelAliases": ["Shutter fine"],
        "defaultValue": 65535,
        "capabilities": [
            {"dmxRange": [0, 32767], "type": "ShutterStrobe", "shutterEffect": "Closed"},
            {"dmxRange": [32768, 65535], "type": "ShutterStrobe", "shutterEffect": "Open"},
        ],
    }
    profile = imported({"Shutter": channel, "Dimmer": DIMMER}, {"a": ["Shutter", "Shutter fine", "Dimmer"]})
    assert [(one.dmx, one.shutter) for one in profile.channels["Shutter"].ranges] == [
        ((0, 127), "closed"),
        ((128, 255), "open"),
    ]


MATRIX = {
    "matrix": {
        "pixelKeys": [[["A", "B"], ["C", "D"]]],
        "pixelGroups": {"Left": ["A", "C"], "Odd": {"x": ["odd"]}, "Top": {"y": ["=1"]}},
    },
    "templateChannels": {"Red $pixelKey": emitter("Red", "Red $pixelKey fine"), "Green $pixelKey": emitter("Green")},
}  # fmt: skip


def test_matrix_inserts_repeat_templates_in_every_order():
    def insert(repeat, order, templates):
        return {"insert": "matrixChannels", "repeatFor": repeat, "channelOrder": order, "templateChannels": templates}

    profile = imported(
        {"Dimmer": DIMMER},
        {
            "pixels": ["Dimmer", insert("eachPixelXYZ", "perPixel", ["Red $pixelKey", None, "Green $pixelKey"])],
            "channels": [insert("eachPixelYXZ", "perChannel", ["Red $pixelKey", "Green $pixelKey"])],
            "abc": [insert("eachPixelABC", "perPixel", ["Red $pixelKey", "Red $pixelKey fine"])],
            "groups": [insert(["Left", "D"], "perPixel", ["Red $pixelKey"])],
            "named": ["Red Top", "Green D"],
        },
        **MATRIX,
    )
    assert slots(profile, "pixels")[:5] == [
        ("Dimmer", 0, ()), ("Red", 0, (0,)), (None, 0, ()), ("Green", 0, (0,)), ("Red", 0, (1,))
    ]  # fmt: skip
    assert [heads for _, _, heads in slots(profile, "channels")] == [(0,), (2,), (1,), (3,)] * 2
    assert profile.heads("abc") == 4
    assert [byte for _, byte, _ in slots(profile, "abc")] == [0, 1] * 4
    # A and C always go together, so they are one head
    assert slots(profile, "groups") == [("Red", 0, (0,)), ("Red", 0, (1,))]
    assert profile.heads("named") == 2


def test_pixels_by_count_have_the_librarys_names():
    matrix = {"matrix": {"pixelCount": [3, 1, 1]}, "templateChannels": {"R $pixelKey": emitter("Red")}}
    profile = imported({}, {"a": ["R 3", "R 1"]}, **matrix)
    assert slots(profile, "a") == [("R", 0, (1,)), ("R", 0, (0,))]
    plane = {"matrix": {"pixelCount": [2, 2, 1]}, "templateChannels": {"R $pixelKey": emitter("Red")}}
    assert imported({}, {"a": ["R (2, 1)", "R (1, 2)"]}, **plane).heads("a") == 2


def switching(trigger_default, ranges):
    return {"Trigger": {"defaultValue": trigger_default, "capabilities": ranges}, "Dimmer": DIMMER, "Speed": {
        "capability": {"type": "EffectSpeed", "speedStart": "slow", "speedEnd": "fast"}}}  # fmt: skip


def test_switching_channels_are_what_they_are_at_the_level_we_send():
    ranges = [
        {"dmxRange": [0, 99], "type": "Effect", "effectName": "Show", "switchChannels": {"Either": "Speed"}},
        {"dmxRange": [100, 255], "type": "NoFunction", "switchChannels": {"Either": "Dimmer"}},
    ]
    profile = imported(switching(0, ranges), {"a": ["Trigger", "Either"]})
    assert [name for name, _, _ in slots(profile, "a")] == ["Trigger", "Dimmer"]
    assert 100 <= profile.channels["Trigger"].at <= 255


def test_a_wheel_that_switches_other_slots_does_not_turn():
    ranges = [
        {"dmxRange": [0, 99], "type": "ColorPreset", "colors": ["#ff0000"], "switchChannels": {"Either": "Speed"}},
        {"dmxRange": [100, 255], "type": "ColorPreset", "colors": ["#0000ff"], "switchChannels": {"Either": "Dimmer"}},
    ]
    profile = imported(switching(0, ranges), {"a": ["Trigger", "Either"]})
    assert profile.channels["Trigger"].does == "hold"


def test_a_dimmer_cannot_be_a_trigger():
    ranges = [
        {"dmxRange": [0, 99], "type": "Intensity", "switchChannels": {"Either": "Speed"}},
        {"dmxRange": [100, 255], "type": "Effect", "effectName": "x", "switchChannels": {"Either": "Dimmer"}},
    ]
    with pytest.raises(ProfileError, match="has to move and switches"):
        imported(switching(0, ranges), {"a": ["Trigger", "Either"]})


def test_wheels_have_the_colours_of_their_slots_and_are_never_between_two():
    red = {"type": "Color", "name": "Red", "colors": ["#ff0000"]}
    wheel = {"wheels": {"Colour": {"slots": [{"type": "Open"}, red, {"type": "Color", "name": "Deep blue"}]}}}
    ranges = [
        {"dmxRange": [0, 99], "type": "WheelSlot", "slotNumber": 1},
        {"dmxRange": [100, 109], "type": "WheelSlot", "slotNumber": 2},
        {"dmxRange": [110, 119], "type": "WheelSlot", "slotNumber": 2.5},
        {"dmxRange": [120, 129], "type": "WheelSlot", "slotNumber": 3},
        {"dmxRange": [130, 139], "type": "WheelShake", "slotNumber": 3},
        {"dmxRange": [140, 255], "type": "WheelRotation", "speedStart": "slow CW", "speedEnd": "fast CW"},
    ]
    profile = imported({"Colour": {"capabilities": ranges}, "Dimmer": DIMMER}, {"a": ["Colour", "Dimmer"]}, **wheel)
    assert [(one.dmx, one.colour) for one in profile.channels["Colour"].slots] == [
        ((0, 99), "#ffffff"), ((100, 109), "#ff0000"), ((120, 129), "#0000a0")
    ]  # fmt: skip
    swept = [{"dmxRange": [0, 200], "type": "WheelSlot", "slotNumberStart": 1, "slotNumberEnd": 3}]
    profile = imported({"Colour": {"capabilities": swept}, "Dimmer": DIMMER}, {"a": ["Colour", "Dimmer"]}, **wheel)
    assert [one.dmx for one in profile.channels["Colour"].slots] == [(0, 0), (100, 100), (200, 200)]


def test_cyan_magenta_and_yellow_filter_unless_red_green_or_blue_shine_beside_them():
    cmy = {name: emitter(name) for name in ("Cyan", "Magenta", "Yellow")}
    assert imported(cmy, {"a": list(cmy)}).channels["Cyan"].does == "flag"
    both = {**cmy, "Red": emitter("Red")}
    assert imported(both, {"a": list(both)}).channels["Cyan"].does == "colour"


def test_a_combined_dimmer_stays_out_of_its_strobe():
    ranges = [
        {"dmxRange": [0, 7], "type": "ShutterStrobe", "shutterEffect": "Closed"},
        {"dmxRange": [8, 134], "type": "Intensity"},
        {
            "dmxRange": [135, 239],
            "type": "ShutterStrobe",
            "shutterEffect": "Strobe",
            "speedStart": "1Hz",
            "speedEnd": "20Hz",
        },
        {"dmxRange": [240, 255], "type": "ShutterStrobe", "shutterEffect": "Open"},
    ]
    dimmer = imported({"Dimmer": {"capabilities": ranges}}, {"a": ["Dimmer"]}).channels["Dimmer"]
    assert (dimmer.does, dimmer.range, dimmer.zero) == ("intensity", (8, 134), 3)
    assert [(one.dmx, one.hz) for one in dimmer.strobe] == [((135, 239), (1.0, 20.0))]


def test_resets_are_recorded_and_never_sent():
    ranges = [
        {"dmxRange": [0, 199], "type": "NoFunction"},
        {"dmxRange": [200, 255], "type": "Maintenance", "comment": "Reset", "hold": "3s"},
    ]
    function = imported({"Function": {"capabilities": ranges}, "D": DIMMER}, {"a": ["Function", "D"]}).channels[
        "Function"
    ]
    assert (function.at, function.forbidden) == (99, [(200, 255)])


def test_speed_is_held_at_its_fastest():
    slow_first = {"capability": {"type": "PanTiltSpeed", "speedStart": "slow", "speedEnd": "fast"}}
    timed = {"capability": {"type": "PanTiltSpeed", "durationStart": "0s", "durationEnd": "20s"}}
    profile = imported({"Speed": slow_first, "Time": timed, "D": DIMMER}, {"a": ["Speed", "Time", "D"]})
    assert (profile.channels["Speed"].at, profile.channels["Time"].at) == (255, 0)


def test_continuous_rotation_stands_still():
    spin = {"capability": {"type": "PanContinuous", "speedStart": "fast CW", "speedEnd": "fast CCW"}}
    profile = imported({"Spin": spin, "D": DIMMER}, {"a": ["Spin", "D"]})
    assert profile.channels["Spin"].at in (127, 128)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "x"}, "not a fixture"),
        ({"name": "x", "modes": [{"name": "a", "channels": ["nothing"]}]}, "'nothing' is no channel"),
        ({"name": "x", "modes": []}, "no mode can be used"),
        (fixture({"D": DIMMER}, {"a": ["D"]}) | {"name": "Stage Flame"}, "fire"),
        (fixture({"S": {"capability": STROBE}}, {"a": ["S"]}), "open and steady"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_reason(data, said):
    with pytest.raises(ProfileError, match=said):
        profile_of(data, "acme", "ofl:acme/x")


SLOWER = {"type": "ShutterStrobe", "shutterEffect": "Strobe", "speedStart": "fast", "speedEnd": "slow"}


@pytest.mark.parametrize(
    ("capability", "said"),
    [({"type": "Fog", "fogOutput": "strong"}, "nothing comes out"), (SLOWER, "open and steady")],
)
def test_what_no_level_is_known_of_is_usable_only_where_a_patch_holds_it(capability, said):
    profile = imported({"S": {"capability": capability}, "D": DIMMER}, {"a": ["S"], "b": ["D"]})
    assert (list(profile.modes), list(profile.if_held)) == (["b"], ["a"])
    assert said in profile.refused["a"]


def test_one_bad_mode_does_not_take_the_others_with_it():
    profile = imported({"D": DIMMER}, {"good": ["D"], "bad": ["D", "E"]})
    assert list(profile.modes) == ["good"]
    assert profile.refused == {"bad": "'E' is no channel of this fixture"}


def test_redirects_are_seen():
    assert redirect_of({"name": "old", "redirectTo": "acme/new", "reason": "FixtureRenamed"}) == "acme/new"
    assert redirect_of({"modes": []}) is None
