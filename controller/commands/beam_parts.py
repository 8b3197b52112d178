"""What a rig's aimed heads can do with their beams, beside what the looks of its pack ask for. Pure."""

from collections.abc import Iterator

from controller.looks.pack import Pack
from controller.rig.patch.lanes import BEAM, Lane
from controller.rig.patch.patch import Patch
from controller.rig.profiles.profile import PLACES, Hold, Wheel
from controller.rig.profiles.turn_words import TURNED_BY

WORDS = {
    "zoom": "zoom", "iris": "iris", "focus": "focus", "frost": "frost", "gobo": "gobo", "prism": "prism",
    "animation": "animation wheel", "gobo_turn": "gobo that turns", "prism_turn": "prism that turns",
    "split": "two colours in one beam",
}  # fmt: skip


def heads_with(patch: Patch) -> dict[str, int]:
    """How many heads that are aimed have each part of a beam that looks may drive, by the fields of `BeamOf`."""
    aimed = _aimed(patch)
    found: dict[str, set[int]] = {name: set() for name in WORDS}
    for lane in patch.lanes:
        for name in _parts(lane):
            found[name] |= aimed & set(lane.heads)
    return {name: len(heads) for name, heads in found.items()}


def beam_lines(patch: Patch, pack: Pack) -> list[str]:
    """What to tell of the beams of a rig: what its heads can do, and what looks ask in vain; empty without such heads.

    A head that lacks a part leaves it out, so nothing of this is wrong.
    """
    aimed, have = len(_aimed(patch)), heads_with(patch)
    can = [f"{WORDS[name]} {count}" for name, count in have.items() if count]
    if not aimed:
        return []
    if not can:
        return [
            f"beams: {aimed} heads are aimed; their profiles tell of no zoom, gobo or prism that looks may move, so "
            "beams stay as they rest"
        ]
    lacking = [
        f"{WORDS[part]} ({', '.join(names)})" for part, names in _asked(pack).items() if part in have and not have[part]
    ]
    said = [f"beams: of {aimed} heads that are aimed: {', '.join(can)}"]
    return said + ([f"beams: looks go without what no head has: {'; '.join(lacking)}"] if lacking else [])


def _aimed(patch: Patch) -> set[int]:
    return {head for head, role in enumerate(patch.roles) if role in ("beam", "mover")}


def _parts(lane: Lane) -> Iterator[str]:
    """What a lane lets looks do, as far as there is a word for it."""
    if lane.control in BEAM and isinstance(lane.channel, Hold) and lane.channel.shapes is not None:
        turns = [TURNED_BY[part] for part in PLACES if part == lane.control and lane.channel.shapes.turns]
        yield from (name for name in (lane.control, *turns) if name in WORDS)
    if lane.control == "wheel" and isinstance(lane.channel, Wheel) and lane.channel.splits:
        yield "split"


def _asked(pack: Pack) -> dict[str, list[str]]:
    """The looks that light movers and ask for each part of a beam."""
    asked: dict[str, list[str]] = {}
    for look in pack.looks.values():
        for part in look.beam.parts if look.lit.get("mover") else ():
            asked.setdefault(part, []).append(f"'{look.name}'")
    return asked
