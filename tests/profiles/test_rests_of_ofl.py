"""Where the channels of Open Fixture Library files rest: one small lamp for each kind of the findings."""

import pytest

from controller.rig.profiles.ofl import profile_of

RGB = {name: {"capability": {"type": "ColorIntensity", "color": name}} for name in ("Red", "Green", "Blue")}
LASER = [((0, 9), "Laser off"), ((10, 127), "Red laser on"), ((128, 255), "Green laser on")]


def read(channels, categories=("Color Changer",)):
    channels = RGB | channels
    data = {
        "name": "Thing",
        "categories": list(categories),
        "availableChannels": channels,
        "modes": [{"name": "m", "channels": list(channels)}],
    }
    return profile_of(data, "acme", "ofl:acme/thing")


def several(kind, *said):
    """`said` are (ends, words) or (ends, words, more fields)."""
    made = [
        {"dmxRange": list(ends), "type": kind, "comment": words} | (more[0] if more else {})
        for ends, words, *more in said
    ]
    return {"capabilities": made}


def effects(*said):
    return {"capabilities": [{"dmxRange": list(ends), "type": "Effect", "effectName": words} for ends, words in said]}


@pytest.mark.parametrize("categories", [("Color Changer", "Laser"), ("Flower", "Laser", "Strobe"), ("Effect", "Laser")])
def test_r12_a_laser_among_other_things_makes_no_laser_of_the_whole(categories):
    profile = read({"Laser": effects(*LASER)}, categories)
    assert profile.kind != "laser"
    assert (profile.channels["Laser"].at, profile.channels["Laser"].forbidden) == (0, [(10, 127), (128, 255)])
    assert profile.channels["Red"].does == "colour"
    assert read({"Laser": effects(*LASER)}, ("Laser", "Color Changer")).kind == "laser"


def test_r1_a_pixel_that_is_a_laser_is_held_off():
    data = {
        "name": "Bar",
        "categories": ["Color Changer"],
        "matrix": {"pixelKeys": [[["Par", "Laser"]]]},
        "templateChannels": {"Red $pixelKey": {"capability": {"type": "ColorIntensity", "color": "Red"}}},
        "modes": [{"name": "m", "channels": ["Red Par", "Red Laser"]}],
    }
    channels = profile_of(data, "acme", "ofl:acme/bar").channels
    assert {name: one.does for name, one in channels.items()} == {"Red": "colour", "Red Laser": "hold"}
    assert (channels["Red Laser"].at, channels["Red Laser"].forbidden) == (0, [(1, 255)])


@pytest.mark.parametrize("words", ["Color off", "Off", "No function", "Color mixing channels 1-3"])
def test_r14_a_preset_without_colours_that_says_off_is_none(words):
    presets = several(
        "ColorPreset",
        ((0, 5), words),
        ((6, 99), "Red", {"colors": ["#ff0000"]}),
        ((100, 255), "White", {"colors": ["#ffffff"]}),
    )
    assert read({"Presets": presets}).channels["Presets"].at in range(6)


def test_r14_beside_emitters_black_at_level_0_is_the_rest():
    presets = several(
        "ColorPreset",
        ((0, 5), "Black", {"colors": ["#000000"]}),
        ((6, 99), "Red", {"colors": ["#ff0000"]}),
        ((100, 255), "White", {"colors": ["#ffffff"]}),
    )
    assert read({"Presets": presets}).channels["Presets"].at in range(6)


def test_r18_a_gobo_wheel_rests_open_rather_than_where_it_stops():
    wheel = {
        "capabilities": [
            {"dmxRange": [0, 9], "type": "WheelSlot", "slotNumber": 1},
            {"dmxRange": [10, 99], "type": "WheelSlot", "slotNumber": 2},
            {"dmxRange": [100, 255], "type": "WheelRotation", "speed": "stop"},
        ]
    }
    data = {
        "name": "Spot",
        "categories": ["Moving Head"],
        "availableChannels": RGB | {"Gobo Wheel": wheel},
        "wheels": {"Gobo Wheel": {"slots": [{"type": "Open"}, {"type": "Gobo", "name": "Stars"}]}},
        "modes": [{"name": "m", "channels": [*RGB, "Gobo Wheel"]}],
    }
    assert profile_of(data, "acme", "ofl:acme/spot").channels["Gobo Wheel"].at in range(10)


def test_r23_closed_and_strobe_alone_is_steady_where_its_maker_leaves_it():
    shutter = {
        "defaultValue": 0,
        "capabilities": [
            {"dmxRange": [0, 9], "type": "ShutterStrobe", "shutterEffect": "Closed"},
            {
                "dmxRange": [10, 255],
                "type": "ShutterStrobe",
                "shutterEffect": "Strobe",
                "speedStart": "1Hz",
                "speedEnd": "20Hz",
            },
        ],
    }
    assert read({"Strobe": shutter}).channels["Strobe"].open_level in range(10)
    assert (
        read({"Strobe": {"defaultValue": 0, "capability": shutter["capabilities"][1] | {"dmxRange": [0, 255]}}})
        .channels["Strobe"]
        .open_level
        == 0
    )


def test_r23_a_channel_that_gives_no_default_is_left_at_0_as_the_format_says():
    """Closed or strobing, and no more: 0 flashes nothing; open and steady, where it is written, still comes first."""
    ranges = [
        {"dmxRange": [0, 5], "type": "ShutterStrobe", "shutterEffect": "Closed"},
        {"dmxRange": [6, 249], "type": "ShutterStrobe", "shutterEffect": "Strobe"},
    ]
    rate = read({"Flash rate": {"capabilities": [*ranges, ranges[1] | {"dmxRange": [250, 255]}]}})
    assert rate.channels["Flash rate"].open_level in range(6)
    opens = {"dmxRange": [250, 255], "type": "ShutterStrobe", "shutterEffect": "Open"}
    assert read({"Shutter": {"capabilities": [*ranges, opens]}}).channels["Shutter"].open_level >= 250


def test_r25_haze_that_grows_from_level_0_is_silent_there():
    haze = {"capability": {"type": "FogOutput", "fogOutputStart": "weak", "fogOutputEnd": "strong"}}
    made = read({"Haze": haze}, ("Hazer",)).channels["Haze"]
    assert (made.does, made.at) == ("haze", 0)


def test_r1_a_constant_of_a_laser_is_held_off_all_the_same():
    mode = effects(((0, 24), "Laser off"), ((25, 174), "Auto"), ((175, 255), "DMX mode")) | {
        "name": "Laser Mode", "defaultValue": 175, "constant": True
    }  # fmt: skip
    assert read({"Laser Mode": mode}).channels["Laser Mode"].at == 0
