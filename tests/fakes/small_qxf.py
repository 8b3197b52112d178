"""Fixture definitions of QLC+ of a few lines, written where a test needs them."""

from controller.rig.profiles import qxf
from controller.rig.profiles.xml_tree import xml_tree

DIMMER = '<Channel Name="Dimmer" Preset="IntensityMasterDimmer"/>'


def ranges(name, group, *said, default=None):
    """`said` are (first, last, words) or with a preset."""
    inside = "".join(
        f'<Capability Min="{first}" Max="{last}" Preset="{more[0] if more else ""}">{words}</Capability>'
        for first, last, words, *more in said
    )
    left = "" if default is None else f' Default="{default}"'
    return f'<Channel Name="{name}"{left}><Group Byte="0">{group}</Group>{inside}</Channel>'


def of_qxf(written, *names):
    mode = "".join(f'<Channel Number="{number}">{name}</Channel>' for number, name in enumerate(("Dimmer", *names)))
    text = (
        "<FixtureDefinition><Manufacturer>A</Manufacturer><Model>T</Model><Type>Moving Head</Type>"
        f'{DIMMER}{written}<Mode Name="m">{mode}</Mode></FixtureDefinition>'
    )
    return qxf.profile_of(xml_tree(text.encode()), "qxf:A/T").channels
