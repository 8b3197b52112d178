"""What a technician knows better than the profile: colours of wheel slots, and channels that are to stay put."""

import numpy as np
from pydantic import TypeAdapter, ValidationError

from controller.config import FixtureConfig, OverrideConfig
from controller.errors import PatchError
from controller.rig.profiles.profile import (
    Channel,
    Haze,
    Hold,
    Pan,
    Profile,
    Shutter,
    ShutterRange,
    StrobeRange,
    Temperature,
    Tilt,
    Unknown,
    Wheel,
    WheelSlot,
)

CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)


def overridden(profile: Profile, fixture: FixtureConfig, place: str) -> Profile:
    """The profile as this one fixture is.

    Args:
        place: where the overrides stand, for messages.

    Raises:
        PatchError: a channel or level that the mode does not have, or a hold that would flash, reset or make haze.
    """
    if not fixture.override:
        return profile
    names = {slot.name for slot in profile.layout(fixture.mode) if slot.name}
    channels = dict(profile.channels)
    for name, override in fixture.override.items():
        if name not in names:
            known = ", ".join(sorted(names))
            raise PatchError(f"{place}.{name}: {fixture.id} has no such channel in mode {fixture.mode}; it has {known}")
        channels[name] = _changed(channels[name], override, fixture, f"{place}.{name}")
    for name, override in fixture.override.items():
        if override.sharp:
            zooms = [one for slot in names if (one := _zoom(channels[slot])) is not None]
            channels[name] = _sharpened(channels[name], override.sharp, zooms, f"{place}.{name}")
    return profile.model_copy(update={"channels": channels})


def usable_because(config: FixtureConfig, profile: Profile) -> list[str]:
    """What the patch holds and without which the mode would be refused, as notes for a patch sheet."""
    held = [
        f"{name} at {override.level}"
        for name, override in config.override.items()
        if config.mode in profile.if_held and override.level is not None
    ]
    return [f"usable because the patch holds {', '.join(held)}"] if held else []


def _changed(channel: Channel, override: OverrideConfig, fixture: FixtureConfig, place: str) -> Channel:
    if override.slots:
        channel = _recoloured(channel, override.slots, place)
    level, key = override.level, "rest" if override.hold is None else "hold"
    if level is None:
        return channel
    only_held = isinstance(channel, Unknown | Haze) or (isinstance(channel, Hold) and channel.shapes is None)
    if key == "rest" and not only_held:
        return _rested(channel, level, place)
    if isinstance(channel, Haze) and not fixture.armed and level != channel.at:
        raise PatchError(f"{place}.{key}: {fixture.id} is not armed; haze stays at {channel.at}")
    strobe = [*channel.strobe]
    forbidden = [*channel.forbidden]
    if isinstance(channel, Shutter):
        strobe += [StrobeRange(dmx=one.dmx, hz=one.hz) for one in channel.ranges if one.shutter == "strobe"]
    try:
        return Hold(does="hold", at=level, note="held by config.yaml", forbidden=forbidden, strobe=strobe)
    except ValidationError as error:
        raise PatchError(f"{place}.{key}: {_said(error)}") from error


def _zoom(channel: Channel) -> Hold | None:
    """The channel, if looks may zoom with it."""
    return (
        channel if isinstance(channel, Hold) and channel.shapes is not None and channel.shapes.part == "zoom" else None
    )


def _sharpened(channel: Channel, sharp: list[int], zooms: list[Hold], place: str) -> Channel:
    """A focus that follows the zoom; it rests where it is sharp at the zoom's own rest."""
    shapes = channel.shapes if isinstance(channel, Hold) else None
    zoom = zooms[0].shapes if zooms else None
    if shapes is None or shapes.part != "focus" or zoom is None or zoom.range is None:
        raise PatchError(
            f"{place}.sharp: looks do not move this focus, or no zoom of this fixture; `rest` says one level"
        )
    low, high = zoom.range
    rest = min(1.0, max(0.0, (zooms[0].at - low) / (high - low or 1)))
    at = round(float(np.interp(rest * (len(sharp) - 1), range(len(sharp)), sharp)))
    change = {"at": at, "shapes": shapes.model_dump() | {"sharp": sharp}, "note": "sharp at every zoom, by config.yaml"}
    try:
        return CHANNEL.validate_python(channel.model_dump() | change)
    except ValidationError as error:
        raise PatchError(f"{place}.sharp: {_said(error)}") from error


def _said(error: ValidationError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ")


def _rested(channel: Channel, level: int, place: str) -> Channel:
    """The channel with another level for nothing: a shutter is open there, a dimmer dark, a wheel white."""
    match channel:
        case Pan() | Tilt():
            raise PatchError(f"{place}.rest: an axis rests at its home; `pan_home` and `tilt_home` say where")
        case Shutter():
            change: dict[str, object] = {"ranges": _opened_at(channel, level, place)}
        case Wheel() | Temperature() | Hold():
            change = {"at": level}
        case _:
            change = {"zero": level}
    try:
        return CHANNEL.validate_python(channel.model_dump() | change)
    except ValidationError as error:
        raise PatchError(f"{place}.rest: {_said(error)}") from error


def _opened_at(shutter: Shutter, level: int, place: str) -> list[ShutterRange]:
    """The ranges with one more, first, at which the fixture is known to be open."""
    if any(one.shutter == "strobe" and one.holds(level) for one in shutter.ranges):
        raise PatchError(f"{place}.rest: it would send {level}, and the fixture strobes there")
    ranges = [ShutterRange(dmx=(level, level), shutter="open")]
    for one in shutter.ranges:
        low, high = one.dmx
        for first, last in ((low, min(high, level - 1)), (max(low, level + 1), high)):
            if first <= last:
                ranges.append(one.model_copy(update={"dmx": (first, last)}))
    return list(dict.fromkeys(ranges))


def _recoloured(channel: Channel, colours: dict[int, str], place: str) -> Wheel:
    if not isinstance(channel, Wheel):
        raise PatchError(f"{place}.slots: this channel is no colour wheel (it is: {channel.does})")
    slots = list(channel.slots)
    for level, colour in colours.items():
        index = next((index for index, one in enumerate(slots) if one.holds(level)), None)
        if index is None:
            known = ", ".join(f"{one.dmx[0]}-{one.dmx[1]}" for one in slots)
            raise PatchError(f"{place}.slots: no slot at level {level}; slots are at {known}")
        slots[index] = WheelSlot(dmx=slots[index].dmx, name=slots[index].name, colour=colour)
    return Wheel(**(channel.model_dump() | {"slots": slots}))
