"""Where the channels of GDTF files rest, and how each mode is read: one small file for each kind of the findings."""

import sys
from pathlib import Path

import pytest
from counted import calls

from controller.rig.profiles.gdtf import profile_of

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from small_gdtf import archive, channel, function, part

DIMMER, PAN = channel(1, "Dimmer"), channel(2, "Pan", function("Pan", physical=(-270, 270)))
CMY = [channel(2 + number, f"ColorSub_{one}") for number, one in enumerate("CMY")]

MOST_CALLS = 3_000_000
"""Of functions, for a file of a thousand parts: reading each mode anew for each part took a hundred times that."""


def read(*channels, mode="m", **more):
    return profile_of(archive({mode: channels}, **more), "gdtf:Thing")


def rest(profile, name):
    one = profile.channels[name]
    return one.rest if one.does in ("wheel", "cct") else one.open_level if one.does == "shutter" else one.at


@pytest.mark.parametrize(
    "other",
    [
        function("GoboWheelReset", 91, part(91, "Wheels again")),
        function("Color1Reset", 91, part(91, "Colours again")),
        function("Function", 100, part(100, "Own show")),
        function("Control3", 100, part(100, "Internal Pro 1")),
        function("LampControl", 40, part(40, "Lamp off")),
        function("AnimationWheel1Macro", 91, part(91, "Macro 1")),
    ],
)
def test_r2_a_control_channel_rests_where_it_is_normal(other):
    normal = function("Control1", 0, part(0, "Normal"), name="Normal")
    profile = read(DIMMER, channel(2, "Control1", normal, function("FixtureGlobalReset", 30), other))
    assert rest(profile, "Control1") < 30
    assert any(first <= 35 <= last for first, last in profile.channels["Control1"].forbidden)


def test_r2_the_default_counts_where_no_range_is_said_to_be_normal():
    functions = function("Control1", 0, part(0, "Reset all"), part(50, "Blue"), part(90, "Pink"), part(120, "Lamp off"))
    assert rest(read(DIMMER, channel(2, "Control1", functions, default="95/1")), "Control1") == 95


def test_r3_a_few_levels_of_an_axis_in_a_control_channel_are_no_axis():
    parks = function("Pan", 120, name="Parking position ON", physical=(-270, 270))
    profile = read(DIMMER, PAN, channel(3, "Control1", function("Control1", 0, part(0, "Normal")), parks,
                                        function("Control2", 130, part(130, "Silent"))))  # fmt: skip
    assert (profile.channels["Control1"].does, profile.channels["Pan"].does) == ("hold", "pan")
    assert rest(profile, "Control1") < 120
    assert (120, 129) in profile.channels["Control1"].forbidden


def test_r4_each_mode_is_read_with_its_own_functions():
    shut = [part(0, "Closed"), part(10, "Open")]
    first = channel(2, "Shutter1", function("Shutter1", 0, *shut), function("Shutter1Strobe", 30, physical=(1, 20)))
    late = [part(200, "Closed"), part(230, "Open")]
    second = channel(2, "Shutter1", function("Shutter1Strobe", 0, physical=(1, 20)), function("Shutter1", 200, *late))
    profile = profile_of(archive({"First": [DIMMER, first], "Second": [DIMMER, second]}), "gdtf:Thing")
    opened = {mode: profile.channels[profile.layout(mode)[1].name].open_level for mode in profile.modes}
    assert opened["First"] in range(10, 30)
    assert opened["Second"] in range(230, 256)
    assert profile.layout("First")[0].name == profile.layout("Second")[0].name


@pytest.mark.parametrize(
    ("sets", "right"),
    [
        ([part(0, "Off", physical=0), part(10, "On", physical=1)], range(10, 30)),
        ([part(0, "Strobe off", physical=1), part(10, "Lamp", physical=0)], range(10)),
        ([part(0, "Position A", physical=0), part(10, "Position B", physical=1)], range(10, 30)),
    ],
)
def test_r11_what_passes_light_is_open_whatever_it_is_called(sets, right):
    strobe = function("Shutter1Strobe", 30, physical=(1, 20))
    profile = read(DIMMER, channel(2, "Shutter1", function("Shutter1", 0, *sets), strobe))
    assert rest(profile, "Shutter1") in right


@pytest.mark.parametrize("white", ["Open/White", "Open/white - Positioning", "White (open)", "No colour"])
def test_r16_a_wheel_beside_filters_rests_open(white):
    gels = [part(0, white, 1), part(10, "Deep red", 2), part(20, "Deep blue", 3), part(30, "Green", 4)]
    wheel = channel(
        5, "Color1", function("Color1", 0, *gels, wheel="Colours"), function("Color1WheelIndex", 60, wheel="Colours")
    )
    assert rest(read(DIMMER, *CMY, wheel), "Color1") in range(10)


def test_r16_a_split_is_two_colours_and_a_range_cut_at_a_fine_byte_leaves_nothing_empty():
    gels = [
        part("0/2", "Open", 1),
        part("2700/2", "Red/Blue"),
        part("5200/2", "Deep red", 2),
        part("7700/2", "Green", 4),
    ]
    wheel = channel("5,6", "Color1", function("Color1", "0/2", *gels, wheel="Colours"), default="0/2")
    slots = read(DIMMER, *CMY, wheel).channels["Color1"].slots
    assert [one.dmx for one in slots] == [(0, 10), (21, 30), (31, 255)]


@pytest.mark.parametrize(
    "attribute", ["Gobo1WheelSpin", "Gobo1SelectShake", "Gobo1WheelAudio", "Gobo1WheelRandom", "Gobo1SelectSpin"]
)
def test_r17_a_gobo_wheel_rests_open_and_still(attribute):
    gobos = [part(0, "Open", 1), part(10, "Dots", 2), part(20, "Bars", 3)]
    more = function(attribute, 140, part(140, "Dots scroll", 2), part(200, "Bars scroll", 3), wheel="Gobos")
    profile = read(DIMMER, channel(2, "Gobo1", function("Gobo1", 0, *gobos, wheel="Gobos"), more, default="0/1"))
    assert profile.channels["Gobo1"].does == "hold"
    assert rest(profile, "Gobo1") in range(10)


@pytest.mark.parametrize("attribute", ["Gobo1Pos", "AnimationWheel1Pos", "Prism1Pos"])
def test_r17_a_position_rests_in_its_index_range_or_where_nothing_turns(attribute):
    turns = [part(128, physical=-300), part(190, "Stop", physical=0), part(194, physical=300)]
    rotates = function(f"{attribute}Rotate", 128, *turns, physical=(-300, 300))
    index = channel(2, attribute, function(attribute, 0, physical=(0, 360)), rotates)
    assert rest(read(DIMMER, index), attribute) in range(128)
    only = channel(2, f"{attribute}Rotate", function(f"{attribute}Rotate", 0, part(0, physical=-300),
                   part(100, physical=0), part(110, physical=300), physical=(-300, 300)), default="0/1")  # fmt: skip
    assert rest(read(DIMMER, only), f"{attribute}Rotate") in range(100, 110)


def test_r23_r24_strobe_only_one_reset_and_a_choice_of_calibration_can_be_used():
    modes = {
        "strobe": [DIMMER, channel(2, "Shutter1Strobe", function("Shutter1Strobe", 0, physical=(1, 20)))],
        "reset": [DIMMER, channel(2, "FixtureGlobalReset")],
        "tables": [DIMMER, channel(2, "ColorCalibrationMode",
                                   function("ColorCalibrationMode", 0, part(0, "Standard"), part(128, "Calibrated")))],
    }  # fmt: skip
    profile = profile_of(archive(modes), "gdtf:Thing")
    assert not profile.refused
    assert rest(profile, "Shutter1Strobe") == rest(profile, "FixtureGlobalReset") == 0
    assert rest(profile, "ColorCalibrationMode") in range(128)


def test_a_function_counts_where_its_mode_master_rests():
    selects = channel(2, "StrobeMode", function("StrobeMode", 0, part(0, "Off"), part(128, "On")))
    master = 'ModeMaster="Beam_StrobeMode" ModeFrom="{}/1" ModeTo="{}/1"'
    slave = channel(3, "Shutter1", function("Shutter1", 0, part(0, "Open"), more=master.format(0, 127)),
                    function("Shutter1Strobe", 0, physical=(1, 20), more=master.format(128, 255)))  # fmt: skip
    one = read(DIMMER, selects, slave).channels["Shutter1"]
    assert (one.does, one.at, one.strobe) == ("hold", 0, [])


def test_several_dmx_breaks_are_modes_of_their_own():
    profile = read(DIMMER, channel(1, "Pan", dmx_break=2), channel(2, "Tilt", dmx_break=2), mode="Full")
    assert {mode: profile.footprint(mode) for mode in profile.modes} == {"Full, break 1": 1, "Full, break 2": 2}
    assert "'Full, break 1'; 'Full, break 2'" in profile.refused["Full"]


def test_r1_what_a_laser_geometry_carries_is_held_off():
    geometries = '<Geometry Name="Base"><Beam Name="Beam"/><Laser Name="Diode"/></Geometry>'
    diode = channel(2, "Dimmer", function("Dimmer", 0, name="Output"), geometry="Diode")
    profile = read(DIMMER, diode, geometries=geometries)
    held = profile.channels[profile.layout("m")[1].name]
    assert (held.does, held.at, held.forbidden, profile.kind) == ("hold", 0, [(1, 255)], "dimmer")
    assert profile.channels["Dimmer"].does == "intensity"


@pytest.mark.parametrize("shared", [True, False])
def test_r29_two_hundred_segments_are_read_in_a_moment(shared):
    colours = "RGBW"
    if shared:
        cells = "".join(
            f'<GeometryReference Name="P{n}" Geometry="Pixel"><Break DMXBreak="1" DMXOffset="{1 + 2 * n}"/>'
            "</GeometryReference>"
            for n in range(200)
        )
        geometries = f'<Geometry Name="Base">{cells}</Geometry><Geometry Name="Pixel"/>'
        rows = [channel(1 + at, f"ColorAdd_{one}", geometry="Pixel") for at, one in enumerate(colours[:2])]
    else:
        geometries = (
            f'<Geometry Name="Base">{"".join(f"<Beam Name={chr(34)}P{n}{chr(34)}/>" for n in range(120))}</Geometry>'
        )
        rows = [channel(1 + 4 * n + at, f"ColorAdd_{one}", geometry=f"P{n}") for n in range(120)
                for at, one in enumerate(colours)]  # fmt: skip
    file = archive({f"m{number}": rows for number in range(6)}, geometries)
    modes = []
    assert calls(lambda: modes.extend(profile_of(file, "gdtf:Thing").modes)) < MOST_CALLS
    assert len(modes) == 6
