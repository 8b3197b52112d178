"""Where the channels of QLC+ definitions rest: one small lamp for each kind of `findings/rigs.md`."""

import pytest

from controller.errors import ProfileError
from controller.rig.profiles.qxf import profile_of
from controller.rig.profiles.xml_tree import xml_tree

RGB = "".join(f'<Channel Name="{name}" Preset="Intensity{name}"/>' for name in ("Red", "Green", "Blue"))
MACRO, STOP, OPEN, GOBO = "ColorMacro", "RotationStop", "ShutterOpen", "GoboMacro"


def channel(name, group, *said):
    """`said` are (first, last, words) or (first, last, words, preset)."""
    inside = "".join(
        f'<Capability Min="{first}" Max="{last}" Preset="{more[0] if more else ""}">{words}</Capability>'
        for first, last, words, *more in said
    )
    return f'<Channel Name="{name}"><Group Byte="0">{group}</Group>{inside}</Channel>'


def profile(*channels, kind="Color Changer", rgb=True):
    written = (RGB if rgb else "") + "".join(channels)
    names = [part.split('"')[0] for part in written.split('<Channel Name="')[1:]]
    mode = "".join(f'<Channel Number="{number}">{name}</Channel>' for number, name in enumerate(names))
    text = (
        f"<FixtureDefinition><Manufacturer>Acme</Manufacturer><Model>Thing</Model><Type>{kind}</Type>{written}"
        f'<Mode Name="m">{mode}</Mode></FixtureDefinition>'
    )
    return profile_of(xml_tree(text.encode()), "qxf:Acme/Thing")


def rest(made, name):
    one = made.channels[name]
    return one.rest if one.does in ("wheel", "cct") else one.open_level if one.does == "shutter" else one.at


@pytest.mark.parametrize(
    ("group", "said", "off"),
    [
        ("Effect", [(0, 9, "Laser off"), (10, 49, "Red laser", MACRO), (50, 255, "Green laser", MACRO)], range(10)),
        ("Colour", [(0, 127, "Laser on"), (128, 255, "Laser off")], range(128, 256)),
        ("Intensity", [(0, 4, "Blackout"), (5, 54, "On"), (55, 255, "Strobe slow-fast")], range(5)),
        ("Shutter", [(0, 5, "Blackout", "ShutterClose"), (6, 10, "Strobe open", OPEN),
                     (11, 255, "x", "StrobeSlowToFast")], range(6)),
        ("Effect", [(0, 15, "Laser OFF"), (16, 27, "Laser flashing, speed"), (128, 191, "Laser ON")], range(16)),
    ],
)  # fmt: skip
def test_r1_a_laser_among_other_things_is_held_at_the_level_that_says_off(group, said, off):
    one = profile(channel("Green laser", group, *said)).channels["Green laser"]
    assert one.does == "hold"
    assert one.at in off
    lit = {level for first, last, *_ in said for level in range(first, last + 1)} - set(off)
    assert lit == {level for first, last in one.forbidden for level in range(first, last + 1)}


def test_r1_a_laser_whose_levels_nobody_describes_is_refused_by_name():
    with pytest.raises(ProfileError, match="'Laser': Laser: a laser, and no level of it is said to be off"):
        profile(channel("Laser", "Effect", (0, 99, "Pattern 1"), (100, 255, "Pattern 2")))
    with pytest.raises(ProfileError, match="a laser"):
        profile(channel("Laser", "Effect"))


def test_r1_ranges_of_lasers_in_a_channel_of_programs_are_never_entered():
    made = profile(channel("Show", "Effect", (0, 9, "No function"), (10, 99, "Laser on only"), (100, 255, "Pars")))
    assert (rest(made, "Show"), made.channels["Show"].forbidden) == (4, [(10, 99)])


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ([(0, 3, "Closed", OPEN), (4, 7, "Open", OPEN), (8, 255, "Strobe", "StrobeSlowToFast")], range(4, 8)),
        ([(0, 1, "No strobe effect, lamp off", OPEN), (2, 7, "No strobe effect, lamp on", OPEN),
          (8, 255, "Strobe", "StrobeSlowToFast")], range(2, 8)),
        ([(0, 31, "LED off", OPEN), (32, 63, "LED on", OPEN), (64, 255, "Strobe", "StrobeSlowToFast")], range(32, 64)),
        ([(0, 9, "Strobe off", OPEN), (10, 255, "Strobe", "StrobeSlowToFast")], range(10)),
        ([(0, 9, "Blackout", OPEN), (10, 255, "Strobe", "StrobeSlowToFast")], range(10)),
    ],
)  # fmt: skip
def test_r11_words_that_say_closed_overrule_a_preset_where_another_range_is_open(said, right):
    assert rest(profile(channel("Shutter", "Shutter", *said)), "Shutter") in right


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("Colour", [(0, 5, "Colour off"), (6, 100, "Red", MACRO), (101, 255, "White", MACRO)]),
        ("Effect", [(0, 5, "Off", MACRO), (6, 100, "Red", MACRO), (101, 255, "White", MACRO)]),
        ("Colour", [(0, 5, "Macro colour OFF"), (6, 100, "White 7000 K", MACRO), (101, 255, "Pink", MACRO)]),
        ("Colour", [(0, 5, "Open, RGB Colour Mixing Enabled"), (6, 100, "Pink", MACRO), (101, 255, "Stop", STOP)]),
        ("Effect", [(0, 5, "All LEDs set via channels 1-3"), (6, 100, "Red", MACRO), (101, 255, "White", MACRO)]),
        ("Colour", [(0, 5, "Blackout"), (6, 100, "Red", MACRO), (101, 255, "White", MACRO)]),
        ("Colour", [(0, 5, "No function"), (6, 100, "Red", MACRO), (101, 255, "Reserved")]),
        ("Colour", [(0, 5, "CMY colour mixing using channels 8 to 10", MACRO), (6, 100, "Red", MACRO),
                    (101, 255, "Open", MACRO)]),
    ],
)  # fmt: skip
def test_r14_beside_emitters_a_preset_rests_where_other_channels_make_the_colour(group, said):
    assert rest(profile(channel("Macro", group, *said)), "Macro") in range(6)


def test_r15_a_wheel_does_not_rest_at_stop_and_what_only_turns_does():
    wheel = channel("Wheel", "Colour", (0, 9, "Open"), (10, 19, "Red", MACRO), (20, 29, "Blue", MACRO),
                    (30, 199, "Spin", "RotationClockwiseSlowToFast"), (200, 255, "Stop", STOP))  # fmt: skip
    said = channel(
        "Said", "Colour", (0, 9, "White"), (10, 19, "Red"), (20, 29, "Blue"), (30, 255, "Stop at current position")
    )
    turns = channel("Turn", "Prism", (0, 99, "Turn", "RotationClockwiseSlowToFast"), (100, 255, "Stop", STOP))
    made = profile(wheel, said, turns)
    assert rest(made, "Wheel") in range(10)
    assert rest(made, "Said") in range(10)
    assert rest(made, "Turn") in range(100, 256)


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ([(0, 7, "Open", GOBO), (8, 20, "Stars", GOBO), (21, 255, "Stop", STOP)], range(8)),
        (
            [(0, 9, "Circle", GOBO), (10, 99, "Stars", GOBO), (100, 127, "White", GOBO), (128, 255, "Scroll")],
            range(100, 128),
        ),
        ([(0, 9, "Open (no gobo)"), (10, 99, "Gobo 1"), (100, 255, "No rotation")], range(10)),
        ([(0, 9, "Open - Gobo selection"), (10, 99, "Gobo 1 shake"), (100, 255, "Stop rotating")], range(10)),
        ([(0, 9, "Gobo 1"), (10, 99, "Gobo 2"), (100, 150, "Blackout")], range(10)),
    ],
)
def test_r18_a_gobo_wheel_rests_open_or_else_at_level_0(said, right):
    assert rest(profile(channel("Gobo", "Gobo", *said)), "Gobo") in right


@pytest.mark.parametrize(
    ("name", "said", "right"),
    [
        ("Dimmer curve", [(0, 20, "Standard"), (21, 255, "Stage")], range(21)),
        ("Colour temperature", [(0, 5, "Off"), (6, 255, "2800K to 8000K")], range(6)),
        ("Speed/Sound sensitivity", [(0, 255, "Slow to fast")], range(1)),
        ("Prism/Gobo macros", [(0, 31, "Open"), (32, 255, "Prism")], range(32)),
        ("Functions 5 Ch. Mode", [(0, 9, "no function"), (10, 255, "Music 7 colours")], range(10)),
    ],
)
def test_r19_a_channel_of_another_purpose_is_no_dimmer(name, said, right):
    made = profile(channel(name, "Intensity", *said)).channels[name]
    assert made.does == "hold"
    assert made.at in right


@pytest.mark.parametrize(
    "name", ["Dimmer (5ch mode)", "Master dimmer/Program speed", "Effect dimmer", "Left", "Dimmer mode 2"]
)
def test_r19_a_dimmer_with_a_second_name_stays_one(name):
    assert profile(channel(name, "Intensity", (0, 255, "0 - 100%"))).channels[name].does == "intensity"


@pytest.mark.parametrize("white", ["Open/White", "White (open)", "Open / white", "COLOR 1 - White (open)", "Open/hite"])
def test_r20_the_white_of_a_wheel_has_a_colour(white):
    made = profile(channel("Wheel", "Colour", (0, 15, white), (16, 31, "Red"), (32, 255, "Cyan")), rgb=False)
    assert made.channels["Wheel"].slots[0].colour == "#ffffff"


def test_r20_whites_of_a_written_temperature_have_its_colour():
    said = [(0, 15, "White 3200K"), (16, 31, "CTO 5600 K"), (32, 255, "Red")]
    warm, day, _ = profile(channel("Wheel", "Colour", *said), rgb=False).channels["Wheel"].slots
    assert (warm.colour, day.colour) == ("#ffb87b", "#ffefe1")


@pytest.mark.parametrize(
    ("group", "said", "right"),
    [
        ("Effect", [(0, 15, "Strobe off (open)"), (16, 255, "Strobe slow to fast")], range(16)),
        ("Effect", [(0, 9, "Strobe off"), (10, 255, "Strobe")], range(10)),
        ("Shutter", [(0, 9, "Neutral"), (10, 255, "Strobe slow to fast")], range(10)),
        ("Speed", [(0, 15, "Strobe static state"), (16, 255, "Strobe")], range(16)),
    ],
)
def test_r23_words_of_rest_count_in_any_group(group, said, right):
    assert rest(profile(channel("Strobe", group, *said)), "Strobe") in right


def test_r23_a_dimmer_below_a_strobe_is_a_dimmer():
    made = profile(channel("Shutter", "Shutter", (0, 127, "All 0-100%"), (128, 255, "Strobe slow-fast")))
    assert (made.channels["Shutter"].does, made.channels["Shutter"].range) == ("intensity", (0, 127))


def test_r24_one_reset_from_end_to_end_is_held_at_0_and_lamp_on_is_no_harm():
    made = profile(channel("Reset", "Maintenance", (0, 255, "Reset")),
                   channel("Lamp", "Maintenance", (0, 127, "Lamp ON"), (128, 255, "Lamp OFF")))  # fmt: skip
    reset, lamp = made.channels["Reset"], made.channels["Lamp"]
    assert (reset.at, reset.forbidden, "Reset" in reset.note) == (0, [(1, 255)], True)
    assert (lamp.at in range(128), lamp.forbidden) == (True, [(128, 255)])
    with pytest.raises(ProfileError, match="every level of it"):
        profile(channel("Lamp", "Maintenance", (0, 127, "Lamp off"), (128, 255, "Reset")))


@pytest.mark.parametrize("said", ["Standby", "Idle range", "Zero output", "Off"])
def test_r25_a_hazer_is_silent_where_its_own_words_say_so(said):
    made = profile(
        channel("Haze output", "Intensity", (0, 19, said), (20, 255, "Haze 1 - 100 %")), kind="Hazer", rgb=False
    )
    assert (made.channels["Haze output"].does, made.channels["Haze output"].at) == ("haze", 0)


@pytest.mark.parametrize("group", ["Gobo", "Colour", "Speed", "Effect", "Maintenance", "Shutter", "Prism"])
def test_a_reset_is_one_in_any_group(group):
    said = [(0, 3, "Closed"), (4, 7, "Reset"), (8, 99, "Open"), (100, 255, "Number 2")]
    one = profile(channel("Thing", group, *said)).channels["Thing"]
    assert (4, 7) in one.forbidden


def test_r2_a_program_does_not_rest_in_a_show_of_its_own_where_it_can_be_run_by_hand():
    said = [(0, 17, "Manual control mode"), (18, 50, "Automatic mode (red)", MACRO), (51, 255, "Sound mode", MACRO)]
    assert rest(profile(channel("Control mode", "Maintenance", *said)), "Control mode") in range(18)


def test_r19_light_that_goes_with_the_music_or_a_program_is_no_dimmer():
    made = profile(
        channel("Shutter", "Shutter", (0, 7, "Closed"), (8, 207, "Open"), (208, 255, "Music triggered intensity")),
        channel("Light", "Intensity", (0, 5, "Closed"), (6, 85, "Dimmer"), (86, 95, "Open"),
                (140, 191, "Prog Time Trig"), (192, 255, "Audio Time Trig")),
    )  # fmt: skip
    assert made.channels["Shutter"].does == "shutter"
    assert made.channels["Light"].range == (6, 85)


def test_r14_r18_open_and_mix_count_with_other_words_behind_them():
    gobos = [(0, 8, "Open Rotating Gobos", GOBO), (9, 99, "Gobo 1", GOBO), (100, 255, "Stop", STOP)]
    macros = [(0, 7, "RGB mix"), (8, 99, "Red", MACRO), (100, 255, "White", MACRO)]
    blank = [(0, 7, "Blank in manual"), (8, 99, "R", MACRO), (100, 255, "W", MACRO)]
    made = profile(
        channel("Gobo", "Gobo", *gobos), channel("Macro", "Colour", *macros), channel("Own", "Effect", *blank)
    )
    assert rest(made, "Gobo") in range(9)
    assert rest(made, "Macro") in range(8)
    assert rest(made, "Own") in range(8)


def test_r11_words_of_dimming_overrule_a_preset_that_says_open():
    shutter = channel(
        "Par 2 Shutter", "Shutter", (0, 127, "Dimmer 0-100%", "ShutterOpen"), (128, 239, "Strobe slow-fast")
    )
    made = profile(shutter).channels["Par 2 Shutter"]
    assert (made.does, made.range) == ("intensity", (0, 127))


@pytest.mark.parametrize("said", ["Dark", "Blackout", "LEDs off", "Off"])
def test_r10_presets_are_dark_where_their_words_say_so(said):
    ranges = ((0, 0, said), (1, 50, "Mauve / Dark Cyan", "ColorDoubleMacro"), (51, 99, "Red", "ColorMacro", "#ff0000"),
              (100, 255, "White", "ColorMacro", "#ffffff"))  # fmt: skip
    made = profile(channel("Operating Mode", "Effect", *ranges), rgb=False).channels["Operating Mode"]
    assert made.has_dark
    assert [one.dmx for one in made.slots if one.is_dark] == [(0, 0)]


@pytest.mark.parametrize("name", ["CO2 jet", "CO\u2082 output", "Flame 1", "Confetti", "Cold spark height"])
def test_r1_what_burns_or_is_thrown_inside_another_lamp_is_held_off_and_refused_where_no_level_says_off(name):
    made = profile(channel(name, "Effect", (0, 127, "Valve off"), (128, 255, "Valve on"))).channels[name]
    assert (made.does, made.at in range(128), made.forbidden) == ("hold", True, [(128, 255)])
    with pytest.raises(ProfileError, match="and no level of it is said to be off"):
        profile(channel(name, "Effect", (0, 127, "Shot 1"), (128, 255, "Shot 2")))


def test_r1_a_range_that_burns_is_never_sent_and_a_lamp_that_flickers_like_a_flame_is_a_lamp():
    macro = channel("Macro", "Effect", (0, 99, "Flame jet"), (100, 199, "No function"), (200, 255, "CO2 blast"))
    made = profile(macro).channels["Macro"]
    assert made.at in range(100, 200)
    assert made.forbidden == [(0, 99), (200, 255)]
    flicker = channel("Macro", "Effect", (0, 99, "Flame effect"), (100, 255, "Candle flame flicker"))
    assert profile(flicker).channels["Macro"].forbidden == []
