"""What importers read about patterns, prisms and animation wheels that turn, and colour wheels between two colours."""

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from controller.rig.profiles import ofl, qxf
from controller.rig.profiles.gdtf import profile_of
from controller.rig.profiles.profile import Hold, Wheel
from controller.rig.profiles.turn_words import MOST_HZ, speeds, turn_named
from controller.rig.profiles.xml_tree import xml_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from small_gdtf import archive, channel, function, part
from small_qxf import of_qxf, ranges

QLCPLUS = Path("/usr/share/qlcplus/fixtures")
CW, CCW = "RotationClockwiseSlowToFast", "RotationCounterClockwiseSlowToFast"


def real(name):
    if not QLCPLUS.is_dir():
        pytest.skip("qlcplus-data is not installed")
    return qxf.profile_of(xml_tree((QLCPLUS / f"{name}.qxf").read_bytes()), f"qxf:{name}").channels


def levels(slots):
    return [one.dmx for one in slots]


@pytest.mark.parametrize(
    ("said", "preset", "ends"),
    [
        ("CW rotation slow to fast", "", (0.1, 1.0)),
        ("Backwards gobo rotation from fast to slow", "", (-1.0, -0.1)),
        ("Negative rotation with increasing speed", "", (-0.1, -1.0)),
        ("Rotate", CCW, (-0.1, -1.0)),
        ("Rotation", "", None),
        ("Stop rotation", "RotationStop", None),
        ("Gobo shake slow to fast", "", None),
        ("Rainbow slow to fast", "", None),
        ("Sound controlled, slow to fast", "", None),
    ],
)
def test_words_and_presets_tell_how_fast_it_turns(said, preset, ends):
    assert speeds(said, preset) == ends


def test_names_tell_what_turns_and_a_rotating_gobo_is_a_wheel():
    names = ("Gobo rotation", "Rotate Gobo 1", "Prism index/rotation", "Rotating Gobo", "Gobo wheel rotation",
             "Rot. gobo 1", "Animation disc rotation", "Gobo rotation speed mode", "Pan rotation")  # fmt: skip
    assert [turn_named(name) for name in names] == [
        "gobo_turn", "gobo_turn", "prism_turn", None, None, None, "animation_turn", None, None
    ]  # fmt: skip
    assert turn_named("Gobo rotation", ["Open", "Gobo 1", "Gobo 2"]) is None


def test_only_the_slow_part_is_used_and_both_ways_round():
    words = ((0, 127, "Index"), (128, 190, "Fast to slow"), (191, 192, "Stop"), (193, 255, "Slow to fast"))
    found = of_qxf(ranges("Gobo rotation", "Gobo", *words), "Gobo rotation")["Gobo rotation"]
    assert found.shapes.turns == [(190, 175), (193, 208)]


def test_a_file_that_contradicts_itself_about_a_stop_is_not_believed():
    words = (
        (0, 0, "No rotation"),
        (1, 126, "Fast to slow CW"),
        (127, 128, "No rotation"),
        (129, 255, "Fast to slow CCW"),
    )
    found = of_qxf(ranges("Prism rotation", "Prism", *words), "Prism rotation")["Prism rotation"]
    assert found.shapes.turns == [(126, 95)]


def test_a_prism_may_stand_and_turn_on_one_channel():
    words = ((0, 9, "Open"), (10, 63, "Prism on"), (64, 159, "Prism rotation slow to fast"), (160, 255, "Macro 1"))
    found = of_qxf(ranges("Prism", "Prism", *words), "Prism")["Prism"]
    assert (levels(found.shapes.slots), found.shapes.turns) == ([(10, 63)], [(64, 87)])


def test_patterns_may_stand_at_one_place_and_turn_at_another():
    gobos = ranges("Rotating gobos", "Gobo", (0, 3, "Open"), (4, 7, "Gobo 1 - index", "GoboMacro"),
                   (8, 11, "Gobo 2 - index", "GoboMacro"), (12, 15, "Gobo 1 - rotation", "GoboMacro"),
                   (16, 19, "Gobo 2 - rotation", "GoboMacro"), (20, 29, "Gobo 1 shake", "GoboShakeMacro"))  # fmt: skip
    found = of_qxf(gobos, "Rotating gobos")["Rotating gobos"].shapes
    assert (levels(found.slots), levels(found.revolving)) == ([(4, 7), (8, 11)], [(12, 15), (16, 19)])


def test_an_animation_wheel_slides_in_whole_and_a_frost_is_in_or_out():
    wheel = ranges("Animation wheel", "Effect", (0, 255, "Animation effect, 0-100%"))
    frost = ranges("Frost", "Beam", (0, 127, "Disable frost"), (128, 255, "Enable frost"))
    found = of_qxf(wheel + frost, "Animation wheel", "Frost")
    assert (found["Animation wheel"].at, levels(found["Animation wheel"].shapes.slots)) == (0, [(255, 255)])
    assert levels(found["Frost"].shapes.slots) == [(128, 255)]


def test_a_part_turns_or_it_does_not_and_never_through_what_is_forbidden():
    for wrong in (
        {"part": "zoom", "turns": [[0, 9]]},
        {"part": "gobo_turn", "slots": [{"dmx": [0, 9]}]},
        {"part": "prism"},
    ):
        with pytest.raises(ValidationError, match="and nothing else"):
            Hold(does="hold", at=200, shapes=wrong)
    with pytest.raises(ValidationError, match="is forbidden or strobes"):
        Hold(does="hold", at=200, shapes={"part": "prism_turn", "turns": [[9, 0]]}, forbidden=[(4, 5)])


def test_the_open_fixture_library_tells_rates_and_halves():
    turning = {"type": "WheelSlotRotation", "wheel": "Gobo Wheel"}
    data = {
        "name": "Spot", "categories": ["Moving Head"],
        "wheels": {
            "Gobo Wheel": {"slots": [{"type": "Open"}, {"type": "Gobo", "name": "Dots"}]},
            "Color Wheel": {"slots": [{"type": "Open"}, {"type": "Color", "name": "Red", "colors": ["#ff0000"]},
                                      {"type": "Color", "name": "Blue", "colors": ["#0000ff"]}]},
        },
        "availableChannels": {
            "Dimmer": {"capability": {"type": "Intensity"}},
            "Color Wheel": {"capabilities": [
                {"dmxRange": [0, 9], "type": "WheelSlot", "slotNumber": 1},
                {"dmxRange": [10, 19], "type": "WheelSlot", "slotNumber": 2},
                {"dmxRange": [20, 29], "type": "WheelSlot", "slotNumber": 2.5},
                {"dmxRange": [30, 39], "type": "WheelSlot", "slotNumber": 3},
                {"dmxRange": [40, 49], "type": "WheelSlot", "slotNumber": 3.5}]},
            "Gobo Rotation": {"capabilities": [
                {"dmxRange": [0, 9], **turning, "speed": "stop"},
                {"dmxRange": [10, 129], **turning, "speedStart": "0rpm", "speedEnd": "120rpm"},
                {"dmxRange": [130, 249], **turning, "speedStart": "slow CCW", "speedEnd": "fast CCW"}]},
        },
        "modes": [{"name": "m", "channels": ["Dimmer", "Color Wheel", "Gobo Rotation"]}],
    }  # fmt: skip
    found = ofl.profile_of(data, "acme", "ofl:acme/spot").channels
    (first, fast), other = found["Gobo Rotation"].shapes.turns
    assert (first, other) == (10, (130, 159))
    assert (fast - first) / 119 * 2.0 == pytest.approx(MOST_HZ, abs=0.02)
    assert [(one.dmx, one.colours) for one in found["Color Wheel"].splits] == [
        ((20, 29), ("#ff0000", "#0000ff")), ((40, 49), ("#0000ff", "#ffffff"))
    ]  # fmt: skip


def gdtf(*channels):
    return profile_of(archive({"m": [channel(1, "Dimmer"), *channels]}), "gdtf:Thing").channels


def test_gdtf_tells_degrees_a_second_and_where_a_wheel_must_stand_for_it():
    sets = part(128, "CW"), part(190, "Stop"), part(194, "CCW")
    pos = channel(
        2,
        "Gobo1Pos",
        function("Gobo1Pos", 0, physical=(0, 540)),
        function("Gobo1PosRotate", 128, *sets, physical=(720, -720)),
    )
    gobos = (function("Gobo1", 0, part(0, "Open", 1), part(10, "Dots", 2), wheel="Gobos"),
             function("Gobo1SelectSpin", 20, part(20, "Dots rotation", 2), wheel="Gobos"))  # fmt: skip
    master = 'ModeMaster="Beam_Gobo1.Gobo1.Gobo1SelectSpin" ModeFrom="0/1" ModeTo="0/1"'
    waits = channel(
        4, "Gobo1Pos", function("NoFeature", 0), function("Gobo1PosRotate", 0, physical=(-90, 90), more=master)
    )
    assert gdtf(pos)["Gobo1Pos"].shapes.turns == [(189, 176), (194, 207)]
    found = gdtf(channel(3, "Gobo1", *gobos), waits)
    assert (levels(found["Gobo1"].shapes.slots), levels(found["Gobo1"].shapes.revolving)) == ([(10, 19)], [(20, 255)])
    assert found["Gobo1Pos"].shapes.turns == [(129, 255), (127, 0)]


def test_what_gdtf_says_about_turning_does_not_reach_a_reset_of_the_same_channel():
    master = 'ModeMaster="Beam_Gobo1.Gobo1.Gobo1SelectSpin" ModeFrom="0/1" ModeTo="0/1"'
    turns = function("Gobo1PosRotate", 0, physical=(-90, 90), more=master)
    resets = (function("NoFeature", 0), function("GoboWheelReset", 200, part(200, "Reset")), turns)
    gobos = (function("Gobo1", 0, part(0, "Open", 1), part(10, "Dots", 2), wheel="Gobos"),
             function("Gobo1SelectSpin", 20, part(20, "Dots rotation", 2), wheel="Gobos"))  # fmt: skip
    found = gdtf(channel(3, "Gobo1", *gobos), channel(4, "Gobo1Pos", *resets))["Gobo1Pos"]
    assert found.forbidden == [(200, 255)]
    assert found.shapes is not None
    assert found.shapes.turns == [(127, 0)]


def test_real_profiles_turn():
    robe = real("Robe/Robe-Robin-600E-Spot")
    assert levels(robe["Rotating Gobos"].shapes.revolving)[:2] == [(32, 35), (36, 39)]
    assert robe["Gobo Rotation"].shapes.turns == [(127, 96), (130, 161)]
    proteus = real("Elation/Elation-Proteus-Hybrid")
    assert (proteus["Animation Wheel"].at, proteus["Animation Wheel"].shapes.turns) == (3, [(127, 98), (136, 165)])
    arolla = real("Clay_Paky/Clay-Paky-Arolla-Profile-HP")
    assert levels(arolla["Animation Wheel Insertion"].shapes.slots) == [(8, 255)]


def test_a_real_colour_wheel_has_splits_and_presets_of_leds_have_none():
    wheel = real("Chauvet/Chauvet-Intimidator-Spot-LED-150")["Color Wheel"]
    assert isinstance(wheel, Wheel)
    assert len(wheel.splits) == 10
    assert not any(getattr(one, "splits", ()) for one in real("American_DJ/American-DJ-Flat-Par-QA12X").values())
