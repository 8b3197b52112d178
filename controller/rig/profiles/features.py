"""What a mode of a profile makes use of, and the fewest modes that make use of everything: tests are run on those.

The idea is the Open Fixture Library's (its `fixture-features` and computed test fixtures).
"""

from collections.abc import Hashable
from typing import TypeVar

from controller.rig.profiles.profile import ColourChannel, Flag, Haze, Hold, Intensity, Profile, Shutter, Slot, Wheel

FeatureKey = TypeVar("FeatureKey", bound=Hashable)
WIDTHS = ("8 bits", "16 bits", "24 bits")


def features(profile: Profile, mode: str) -> frozenset[str]:
    """Names of all that a mode uses."""
    layout = profile.layout(mode)
    found = {f"kind {profile.kind}"}
    for slot in layout:
        if slot.name is None:
            found.add("unused slot")
        else:
            found |= _of_channel(profile, slot)
    coarse = {(slot.name, slot.heads): index for index, slot in enumerate(layout) if not slot.byte}
    found |= {
        "fine before coarse"
        for index, slot in enumerate(layout)
        if slot.byte and coarse.get((slot.name, slot.heads), -1) > index
    }
    return frozenset(found | _of_mode(profile, mode, layout))


def _of_channel(profile: Profile, slot: Slot) -> set[str]:
    channel = profile.channels[slot.name or ""]
    found = {channel.does, WIDTHS[slot.byte]}
    found |= {"forbidden levels"} if channel.forbidden else set()
    match channel:
        case ColourChannel(emitter=name, xyY=measured):
            found |= {f"emitter {name}"} | ({"measured emitter"} if measured else set())
        case Flag(filter=name):
            found.add(f"filter {name}")
        case Shutter(ranges=ranges):
            found |= {f"shutter {one.shutter}" for one in ranges}
            found |= {"strobe in Hz"} if any(one.hz for one in ranges) else set()
        case Wheel(slots=slots, splits=splits):
            found |= {"slot with colour" if one.colour else "slot without colour" for one in slots}
            found |= {"two colours"} if splits else set()
        case Haze(output=output):
            found.add(output)
        case Intensity():
            found |= ({"master"} if channel.master else set()) | ({"dimmer that strobes"} if channel.strobe else set())
        case Hold(strobe=strobe, shapes=shapes):
            found |= {"held out of a strobe"} if strobe else set()
            found |= set() if shapes is None else {f"beam {shapes.part}"}
    low, high = getattr(channel, "range", (0, 255))
    found |= {"part of a channel"} if (low, high) not in ((0, 255), (255, 0)) else set()
    return found | ({"runs backwards"} if low > high else set())


def _of_mode(profile: Profile, mode: str, layout: list[Slot]) -> set[str]:
    does = [profile.channels[slot.name].does for slot in layout if slot.name and not slot.byte]
    found = {"several heads"} if profile.heads(mode) > 1 else set()
    found |= {"head groups"} if any(len(slot.heads) > 1 for slot in layout) else set()
    found |= {"several dimmers"} if does.count("intensity") > 1 else set()
    found |= {"colour without dimmer"} if "colour" in does and "intensity" not in does else set()
    return found | ({"wheel without dimmer"} if "wheel" in does and not {"intensity", "colour"} & set(does) else set())
