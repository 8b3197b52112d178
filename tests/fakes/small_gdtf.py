"""GDTF files of a few lines, written where a test needs them."""

from gdtf_file import packed

WHEELS = """<Wheels>
<Wheel Name="Colours"><Slot Name="Open" Color="0.3127,0.3290,100"/><Slot Name="Deep red" Color="0.68,0.31,15"/>
<Slot Name="Deep blue" Color="0.15,0.06,8"/><Slot Name="Green" Color="0.25,0.65,50"/></Wheel>
<Wheel Name="Gobos"><Slot Name="Open" Color="0.3127,0.3290,100"/><Slot Name="Dots" Color="0.3127,0.3290,100"/>
<Slot Name="Bars" Color="0.3127,0.3290,100"/></Wheel></Wheels>"""
BEAM = '<Geometry Name="Base"><Beam Name="Beam"/></Geometry>'


def function(attribute, first=0, *sets, name="", physical=(0, 1), wheel="", more=""):
    """`first` may be `n/m`; `sets` come from `part`."""
    at = first if isinstance(first, str) else f"{first}/1"
    return (
        f'<ChannelFunction Name="{name or attribute}" Attribute="{attribute}" DMXFrom="{at}" Default="{at}" '
        f'PhysicalFrom="{physical[0]}" PhysicalTo="{physical[1]}" Wheel="{wheel}" {more}>'
        f"{''.join(sets)}</ChannelFunction>"
    )


def part(first, name="", slot=0, physical=None):
    """A channel set."""
    at = first if isinstance(first, str) else f"{first}/1"
    amounts = f'PhysicalFrom="{physical}" PhysicalTo="{physical}"' if physical is not None else ""
    return f'<ChannelSet Name="{name}" DMXFrom="{at}" WheelSlotIndex="{slot}" {amounts}/>'


def channel(offset, attribute, *functions, default="0/1", geometry="Beam", dmx_break=1):
    """A channel; without functions it is one of its attribute."""
    inside = "".join(functions) or function(attribute)
    return (
        f'<DMXChannel DMXBreak="{dmx_break}" Offset="{offset}" Default="{default}" Geometry="{geometry}">'
        f'<LogicalChannel Attribute="{attribute}">{inside}</LogicalChannel></DMXChannel>'
    )


def archive(modes, geometries=BEAM):
    """The file of a fixture with these modes: name to channels."""
    rows = "".join(
        f'<DMXMode Name="{name}" Geometry="Base"><DMXChannels>{"".join(channels)}</DMXChannels></DMXMode>'
        for name, channels in modes.items()
    )
    return packed(
        '<GDTF DataVersion="1.1"><FixtureType Name="Thing" LongName="Thing" Manufacturer="Acme">'
        f"{WHEELS}<Geometries>{geometries}</Geometries><DMXModes>{rows}</DMXModes></FixtureType></GDTF>"
    )
