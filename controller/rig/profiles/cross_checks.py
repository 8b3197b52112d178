"""What is allowed in a profile and still looks like a mistake: sentences for people. Errors are `profile.py`'s."""

from collections.abc import Iterator

from controller.rig.profiles.profile import Channel, Profile, Shutter, Wheel


def warnings(profile: Profile) -> list[str]:
    """Sentences about channels and modes, in the order of the profile."""
    found = [f"channels.{name}: {said}" for name, channel in profile.channels.items() for said in _of(channel)]
    return found + [f"modes.{mode}: {said}" for mode in profile.modes for said in _of_mode(profile, mode)]


def _of(channel: Channel) -> Iterator[str]:
    match channel:
        case Shutter(ranges=ranges):
            gaps = _gaps([one.dmx for one in ranges])
            if gaps:
                yield f"nothing is said about levels {gaps}"
            if any(one.shutter == "strobe" and one.hz is None for one in ranges):
                yield "a strobe range without hz"
        case Wheel(slots=slots):
            unknown = [f"{one.dmx[0]}-{one.dmx[1]}" for one in slots if not one.colour]
            if unknown:
                yield f"no colour for {', '.join(unknown)}: never chosen, unless config.yaml says how they look"


def _of_mode(profile: Profile, mode: str) -> Iterator[str]:
    does = [profile.channels[slot.name] for slot in profile.layout(mode) if slot.name]
    lit = any(one.does in ("intensity", "colour") for one in does)
    closes = any(isinstance(one, Shutter) and any(r.shutter == "closed" for r in one.ranges) for one in does)
    shines = any(one.does in ("wheel", "flag", "cct", "shutter") for one in does)
    if shines and not lit and not closes:
        yield "nothing makes it dark: no dimmer, no emitters, no shutter that closes"
    if not shines and not lit and profile.kind not in ("hazer", "fan"):
        yield "no look can light it; it only runs programs, or only moves"


def _gaps(ranges: list[tuple[int, int]]) -> str:
    """Levels of 0 to 255 that no range holds."""
    free = [level for level in range(256) if not any(first <= level <= last for first, last in ranges)]
    starts = [level for level in free if level - 1 not in free]
    ends = [level for level in free if level + 1 not in free]
    return ", ".join(f"{start}-{end}" if end > start else f"{start}" for start, end in zip(starts, ends, strict=True))
