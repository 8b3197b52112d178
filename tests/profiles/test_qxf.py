"""QLC+ definitions to profiles."""

import pytest

from controller.errors import ProfileError
from controller.rig.profiles.qxf import profile_of
from controller.rig.profiles.xml_tree import xml_tree

HEAD = (
    '<?xml version="1.0"?><!DOCTYPE FixtureDefinition>'
    '<FixtureDefinition xmlns="http://www.qlcplus.org/FixtureDefinition">'
)
WHO = "<Manufacturer>Acme</Manufacturer><Model>Thing</Model><Type>Color Changer</Type>"


def imported(channels, *modes, kind="Color Changer"):
    written = "".join(
        f'<Mode Name="{number}">'
        + "".join(f'<Channel Number="{slot}">{name}</Channel>' for slot, name in enumerate(names))
        + heads
        + "</Mode>"
        for number, (names, heads) in enumerate(modes)
    )
    text = f"{HEAD}{WHO.replace('Color Changer', kind)}{channels}{written}</FixtureDefinition>"
    return profile_of(xml_tree(text.encode()), "qxf:Acme/Thing")


def ranges(name, group, *said):
    inside = "".join(f'<Capability Min="{a}" Max="{b}"{more}>{text}</Capability>' for a, b, text, more in said)
    return f'<Channel Name="{name}"><Group Byte="0">{group}</Group>{inside}</Channel>'


def slots(profile, mode="0"):
    return [(slot.name, slot.byte, slot.heads) for slot in profile.layout(mode)]


def test_presets_fine_bytes_and_heads():
    channels = "".join(
        f'<Channel Name="{name}" Preset="{preset}"/>'
        for name, preset in (("Red 1", "IntensityRed"), ("Red 1 Fine", "IntensityRedFine"), ("Red 2", "IntensityRed"),
                             ("Red 2 Fine", "IntensityRedFine"), ("All", "IntensityMasterDimmer"))
    )  # fmt: skip
    heads = "<Head><Channel>0</Channel><Channel>2</Channel></Head><Head><Channel>1</Channel><Channel>3</Channel></Head>"
    profile = imported(channels, (["Red 1", "Red 2", "Red 2 Fine", "Red 1 Fine", "All"], heads))
    assert slots(profile) == [
        ("Red 1", 0, (0,)), ("Red 2", 0, (1,)), ("Red 2", 1, (1,)), ("Red 1", 1, (0,)), ("All", 0, ())
    ]  # fmt: skip


def test_words_where_no_preset_says_it():
    channels = (
        ranges("Dimmer/Strobe", "Intensity", (0, 7, "Closed", ""), (8, 134, "100 to 0 %", ""), (135, 239, "Strobe", ""),
               (240, 255, "Open", ""))
        + ranges("Colour", "Colour", (0, 9, "White", ""), (10, 19, "Macro", ' Preset="ColorMacro" Res1="#ff0000"'),
                 (20, 29, "Light blue", ""), (30, 255, "Rainbow slow to fast", ""))
        + ranges("Function", "Maintenance", (0, 99, "No function", ""), (100, 200, "Reset", ""),
                 (201, 255, "Lamp off", ""))
    )  # fmt: skip
    profile = imported(channels, (["Dimmer/Strobe", "Colour", "Function"], ""))
    dimmer, colour, function = (profile.channels[name] for name in ("Dimmer/Strobe", "Colour", "Function"))
    assert (dimmer.range, dimmer.zero, [one.dmx for one in dimmer.strobe]) == ((134, 8), 3, [(135, 239)])
    assert [one.colour for one in colour.slots] == ["#ffffff", "#ff0000", "#7fbfff"]
    assert (function.at, function.forbidden) == (49, [(100, 200), (201, 255)])


def test_a_slot_means_what_it_means_at_its_triggers_level():
    alias = '<Alias Mode="0" Channel="White" With="Speed"/>'
    alias = f'<Capability Min="128" Max="255" Preset="Alias">Programs{alias}</Capability>'
    channels = (
        '<Channel Name="White" Preset="IntensityWhite"/><Channel Name="Speed"><Group Byte="0">Speed</Group></Channel>'
        '<Channel Name="Mode"><Group Byte="0">Effect</Group>'
        f'<Capability Min="0" Max="127">No function</Capability>{alias}</Channel>'
    )
    assert [name for name, _, _ in slots(imported(channels, (["Mode", "White"], "")))] == ["Mode", "White"]


def test_haze_is_out_of_reach_and_its_light_is_not():
    channels = (
        ranges("Fog", "Effect", (0, 31, "Fog off", ""), (32, 255, "Fog", ""))
        + '<Channel Name="Red LED" Preset="IntensityRed"/>'
    )
    profile = imported(channels, (["Fog", "Red LED"], ""), kind="Smoke")
    assert (profile.kind, profile.channels["Fog"].does, profile.channels["Fog"].at) == ("hazer", "haze", 0)
    assert profile.channels["Red LED"].does == "colour"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + WHO + '<Mode Name="a"><Channel Number="0">x</Channel></Mode></FixtureDefinition>', "'x' is no channel"),
        (HEAD + WHO + "</FixtureDefinition>", "no mode can be used"),
        (HEAD + "</FixtureDefinition>", "no manufacturer"),
        ("<a/>", "begins with 'a'"),
        ("<a", "not valid XML"),
        ('<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>', "declares things"),
        ("<a>" * 100 + "</a>" * 100, "levels"),
    ],
)
def test_what_is_no_definition_is_refused(text, said):
    with pytest.raises(ProfileError, match=said):
        profile_of(xml_tree(text.encode()), "qxf:a/b")
