"""What importers read about zooms, irises, gobos and prisms: what looks may move, and what stays where it rests."""

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from controller.rig.profiles import ofl, qxf
from controller.rig.profiles.beam_words import part_named, prism_stands, way
from controller.rig.profiles.gdtf import profile_of
from controller.rig.profiles.profile import Hold
from controller.rig.profiles.xml_tree import xml_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

from small_gdtf import archive, channel, function, part
from small_qxf import of_qxf, ranges

ERA = Path("/usr/share/qlcplus/fixtures/Martin/Martin-ERA-300-Profile.qxf")


def shapes(one):
    found = one.shapes
    if found is None:
        return None
    return found.part, found.range if found.range is not None else [slot.dmx for slot in found.slots]


@pytest.mark.parametrize(
    ("preset", "part", "levels"),
    [
        ("BeamZoomSmallBig", "zoom", (0, 255)),
        ("BeamZoomBigSmall", "zoom", (255, 0)),
        ("BeamFocusFarNear", "focus", (255, 0)),
        ("ShutterIrisMaxToMin", "iris", (255, 0)),
        ("ShutterIrisMinToMax", "iris", (0, 254)),
    ],
)
def test_a_preset_of_qlcplus_tells_which_end_is_which(preset, part, levels):
    assert shapes(of_qxf(f'<Channel Name="X" Preset="{preset}"/>', "X")["X"]) == (part, levels)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("wide -> narrow (16.6 to 47)", (255, 0)),
        ("Narrow to wide", (0, 255)),
        ("60° - 10°", (255, 0)),
        ("Zoom", None),  # nobody tells: it rests
        ("Auto zoom wide to narrow", None),
    ],
)
def test_words_tell_it_where_no_preset_does(said, found):
    one = of_qxf(ranges("Zoom", "Beam", (0, 255, said)), "Zoom")["Zoom"]
    assert shapes(one) == (("zoom", found) if found else None)
    assert one.at == 0


def test_patterns_and_prisms_that_stand_still_are_chosen_and_the_others_never():
    gobos = ranges("Gobo wheel", "Gobo", (0, 9, "Open", "GoboMacro"), (10, 19, "Gobo 1", "GoboMacro"),
                   (20, 29, "Gobo 2", "GoboMacro"), (30, 60, "Gobo 1 shake", "GoboShakeMacro"),
                   (61, 255, "Rotation slow to fast", "RotationClockwiseSlowToFast"))  # fmt: skip
    prism = ranges("Prism", "Prism", (0, 20, "No prism"), (21, 100, "Prism on", "PrismEffectOn"),
                   (101, 200, "Prism rotation slow to fast"), (201, 255, "Prism macro 1"))  # fmt: skip
    found = of_qxf(gobos + prism, "Gobo wheel", "Prism")
    assert shapes(found["Gobo wheel"]) == ("gobo", [(10, 19), (20, 29)])
    assert shapes(found["Prism"]) == ("prism", [(21, 100)])
    assert found["Gobo wheel"].at < 10
    assert found["Prism"].at <= 20


def test_what_rests_with_a_pattern_in_it_or_half_closed_is_not_moved():
    wheel = ranges("Gobo", "Gobo", (0, 99, "Gobo 1", "GoboMacro"), (100, 255, "Gobo 2", "GoboMacro"))
    iris = ranges("Iris", "Beam", (0, 255, "closed to open"))
    found = of_qxf(wheel + iris, "Gobo", "Iris")
    assert (shapes(found["Gobo"]), shapes(found["Iris"])) == (None, None)


def test_a_reset_beside_a_zoom_is_never_sent():
    one = of_qxf(ranges("Zoom", "Beam", (0, 199, "narrow to wide"), (200, 255, "Zoom reset", "ResetZoom")), "Zoom")
    assert shapes(one["Zoom"]) == ("zoom", (0, 199))
    assert one["Zoom"].forbidden == [(200, 255)]
    with pytest.raises(ValidationError, match="is forbidden or strobes"):
        Hold(does="hold", at=0, shapes={"part": "zoom", "range": [0, 255]}, forbidden=[(200, 255)])


@pytest.mark.parametrize("wrong", [{"part": "zoom"}, {"part": "gobo", "range": [0, 9]}, {"part": "prism", "slots": []}])
def test_a_part_has_a_range_or_slots(wrong):
    with pytest.raises(ValidationError, match="and nothing else"):
        Hold(does="hold", at=0, shapes=wrong)


def gdtf(*channels):
    return profile_of(archive({"m": [channel(1, "Dimmer"), *channels]}), "gdtf:Thing").channels


def test_gdtf_tells_degrees_wheels_and_prisms():
    gobos = function("Gobo1", 0, part(0, "Open", 1), part(10, "Dots", 2), part(20, "Bars", 3), wheel="Gobos")
    prism = (function("NoFeature", 0), function("Prism1", 20, part(20, "3-facet")))
    found = gdtf(
        channel(2, "Zoom", function("Zoom", 0, part(0, "Ende"), part(1), part(255, "Anfang"), physical=(45, 8))),
        channel(3, "Gobo1", gobos),
        channel(4, "Prism1", *prism),
        channel(5, "Frost1", function("Frost1", 0)),
    )
    assert shapes(found["Zoom"]) == ("zoom", (255, 0))
    assert shapes(found["Gobo1"]) == ("gobo", [(10, 19), (20, 255)])
    assert shapes(found["Prism1"]) == ("prism", [(20, 255)])
    assert shapes(found["Frost1"]) == ("frost", (0, 255))


def test_a_wheel_that_switches_what_another_channel_means_stays():
    gobos = function("Gobo1", 0, part(0, "Open", 1), part(10, "Dots", 2), wheel="Gobos")
    master = 'ModeMaster="Beam_Gobo1" ModeFrom="10/1" ModeTo="255/1"'
    for attribute, stays in (("Gobo1Pos", False), ("Control2", True)):
        other = channel(3, attribute, function("NoFeature", 0), function(attribute, 0, more=master))
        found = gdtf(channel(2, "Gobo1", gobos), other)
        assert (shapes(found["Gobo1"]) is None) == stays


def test_the_open_fixture_library_tells_it_too():
    data = {
        "name": "Spot", "categories": ["Moving Head"],
        "wheels": {"Gobo Wheel": {"slots": [{"type": "Open"}, {"type": "Gobo", "name": "Dots"}]}},
        "availableChannels": {
            "Dimmer": {"capability": {"type": "Intensity"}},
            "Zoom": {"capability": {"type": "Zoom", "angleStart": "wide", "angleEnd": "narrow"}},
            "Focus": {"capability": {"type": "Focus", "distanceStart": "near", "distanceEnd": "far"}},
            "Prism": {"capabilities": [
                {"dmxRange": [0, 99], "type": "NoFunction"}, {"dmxRange": [100, 199], "type": "Prism"},
                {"dmxRange": [200, 255], "type": "Prism", "speedStart": "slow CW", "speedEnd": "fast CW"}]},
            "Gobo Wheel": {"capabilities": [
                {"dmxRange": [0, 99], "type": "WheelSlot", "slotNumber": 1},
                {"dmxRange": [100, 199], "type": "WheelSlot", "slotNumber": 2},
                {"dmxRange": [200, 255], "type": "WheelShake", "slotNumber": 2}]},
        },
        "modes": [{"name": "m", "channels": ["Dimmer", "Zoom", "Focus", "Prism", "Gobo Wheel"]}],
    }  # fmt: skip
    found = ofl.profile_of(data, "acme", "ofl:acme/spot").channels
    assert [shapes(found[name]) for name in ("Zoom", "Focus", "Prism", "Gobo Wheel")] == [
        ("zoom", (255, 0)), ("focus", (0, 255)), ("prism", [(100, 199)]), ("gobo", [(100, 199)])
    ]  # fmt: skip


@pytest.mark.skipif(not ERA.is_file(), reason="qlcplus-data is not installed")
def test_a_real_profile_spot_has_two_wheels_a_prism_an_iris_and_a_zoom():
    found = qxf.profile_of(xml_tree(ERA.read_bytes()), "qxf:Martin/Martin-ERA-300-Profile").channels
    assert shapes(found["Zoom"]) == ("zoom", (255, 0))
    assert shapes(found["Iris"]) == ("iris", (255, 0))
    assert shapes(found["Prism"])[0] == "prism"
    assert len(shapes(found["Gobo 1 (rotating)"])[1]) >= 5
    assert found["Rotate Gobo 1"].shapes.turns == found["Prism rotation"].shapes.turns == [(190, 175), (193, 208)]


def test_names_and_words():
    names = ("Zoom", "Zoom speed", "Prism rotation", "Gobo 1 (rotating)", "Focus zoom")
    assert [part_named(name) for name in names] == ["zoom", "", "", "gobo", ""]
    assert (way("iris", "open → closed"), way("frost", "0 % to 100 %"), way("zoom", "3 to 5")) == (
        (1.0, 0.0), (0.0, 1.0), None
    )  # fmt: skip
    assert prism_stands("3-facet prism")
    assert not any(map(prism_stands, ("Prism off", "No prism", "Open", "Prism rotation", "Macro 3", "Strobe")))
