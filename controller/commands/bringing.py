"""A rig list of another program to rows of a configuration, with a guess for whatever the list does not say.

Edge: reads profiles and files; definitions that came with the list are written beside the configuration.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from controller.commands.hanging_places import Room, places
from controller.config import FixtureConfig
from controller.counted import counted
from controller.errors import ProfileError, RigListError
from controller.rig.exchange import guessing, mvr, patch_table, qxw
from controller.rig.exchange.finding import Finder, Resolved
from controller.rig.exchange.rig_list import SLOTS, Listed, Place, RigList
from controller.rig.profiles.hazard_words import is_pyrotechnic
from controller.rig.profiles.library import Library
from controller.state_folder import visible

KINDS = {".mvr": mvr.MOST_BYTES, ".qxw": qxw.MOST_BYTES} | dict.fromkeys(
    (".csv", ".tsv", ".txt"), patch_table.MOST_BYTES
)
NATIVE = ("id", "profile", "mode", "universe", "address", "role", "position_m", "turn_deg", "groups")
USUAL_ROOM: Room = (6.0, 4.0, 3.4)
UNMOVED_M = 0.002
UNTURNED_DEG = 0.15
MOST_BESIDE = 200
"""Definitions that are looked at beside a workspace."""


@dataclass(slots=True)
class Brought:
    """What became of a list: rows for a configuration, remarks, and definitions to be written, by their path."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    files: dict[Path, bytes] = field(default_factory=dict)


def read_list(file: Path, columns: Mapping[str, str]) -> RigList:
    """The list in a file, by its ending.

    Raises:
        RigListError: it cannot be read; says what is wrong with which file.
    """
    most = KINDS.get(file.suffix.lower())
    if most is None:
        raise RigListError(
            f"{file}: a rig is brought from {', '.join(KINDS)}; another program exports MVR, or its patch list as CSV"
        )
    try:
        if file.stat().st_size > most:
            raise RigListError(f"{file}: {file.stat().st_size} bytes; a {file.suffix} file has at most {most}")
        content = file.read_bytes()
    except OSError as error:
        raise RigListError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        return _parsed(content, file.suffix.lower(), columns)
    except RigListError as error:
        raise RigListError(f"{file}: {error}") from error


def _parsed(content: bytes, suffix: str, columns: Mapping[str, str]) -> RigList:
    if suffix == ".mvr":
        return mvr.scene(content)
    if suffix == ".qxw":
        return qxw.workspace(content)
    return patch_table.patch_table(content, columns)


def definitions_of(listed: RigList, source: Path) -> dict[str, bytes]:
    """Files that describe fixtures, by the path they take beside a configuration: those that came with the list."""
    found = {gdtf_path(name): content for name, content in listed.definitions.items()}
    if source.suffix.lower() != ".qxw":
        return found
    beside = [one for one in visible(source.absolute().parent.rglob("*.qxf")) if one.is_file()][:MOST_BESIDE]
    wanted = {(one.maker, one.model) for one in listed.fixtures}
    for file in beside:
        content = file.read_bytes()
        if any(names in wanted for names in qxw.names_in(content)):
            (maker, _), *_ = qxw.names_in(content)
            found[f"profiles/qxf/{_plain(maker)}/{_plain(file.name)}"] = content
    return found


def used(definitions: Mapping[str, bytes], rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """Those of the definitions that a row is driven by."""
    profiles = {row["profile"] for row in rows}
    return {name: content for name, content in definitions.items() if _reference_of(name) in profiles}


def _reference_of(path: str) -> str:
    """How a configuration calls a definition at this path."""
    _, library, *rest = path.split("/")
    return f"{library}:{'/'.join(rest).rpartition('.')[0]}"


def gdtf_path(name: str) -> str:
    """Where the GDTF file of this name lies beside a configuration."""
    return f"profiles/gdtf/{re.sub('(?i)[.]gdtf$', '', _plain(name))}.gdtf"


def _plain(name: str) -> str:
    """A file's name that every system takes, and that is no path."""
    return re.sub(r'[\\/:*?"<>|\0]+|^\.+', "_", name).strip() or "unnamed"


def brought(listed: RigList, finder: Finder, room: Room = USUAL_ROOM, *, propose: bool = False) -> Brought:
    """Rows for a configuration of everything that can be used.

    Args:
        propose: give fixtures that are not patched addresses in universes of their own, after those that are used.

    Raises:
        RigListError: nothing of it can be used; says why of the first.
    """
    result = Brought(remarks=list(listed.remarks))
    bare = [one for one in listed.fixtures if not one.address]
    if bare and not propose:
        result.remarks.append(
            f"left out, without an address: {counted(len(bare), 'fixture')}; --propose gives them some"
        )
        listed = replace(listed, fixtures=tuple(one for one in listed.fixtures if one.address))
    resolved = list(_resolved(listed, finder, result))
    if not resolved:
        raise RigListError("nothing of it can be used: " + "; ".join([*result.left_out[:3], *result.remarks[:1]]))
    fixtures = [one.listed for one in resolved]
    roles = guessing.roles(fixtures, [one.profile for one in resolved], [one.mode for one in resolved])
    hung = _hung(fixtures, roles, room)
    for one, name, role, place in zip(resolved, guessing.ids(fixtures), roles, hung, strict=True):
        result.rows.append(_row(one, name, role, place))
    return result


def _resolved(listed: RigList, finder: Finder, result: Brought) -> Iterator[Resolved]:
    """Those that have a profile and room at their address; a reason for every other."""
    taken: dict[tuple[int, int], str] = {}
    free = (max((one.universe for one in listed.fixtures), default=0) + 1, 1)
    for one in listed.fixtures:
        try:
            found = finder.find(one)
            _refuse(found)
            if not one.address:
                found, free = _proposed(found, free)
            _place_at(found, taken)
        except ProfileError as error:
            result.left_out.append(f"{one.where}: {error}")
            continue
        footprint = found.profile.footprint(found.mode)
        if one.slots and footprint != one.slots:
            result.remarks.append(
                f"{one.where}: {one.slots} slots there, {footprint} in {found.reference} {found.mode}"
            )
        yield found


def _proposed(found: Resolved, free: tuple[int, int]) -> tuple[Resolved, tuple[int, int]]:
    """A fixture at the next free address, and the one after it."""
    universe, address = free
    footprint = found.profile.footprint(found.mode)
    if address + footprint - 1 > SLOTS:
        universe, address = universe + 1, 1
    listed = replace(found.listed, universe=universe, address=address)
    return replace(found, listed=listed), (universe, address + footprint)


def _refuse(found: Resolved) -> None:
    if found.profile.kind == "laser" and not found.listed.kept.get("allow_laser"):
        raise ProfileError(f"{found.reference} is a laser; put it in by hand, with `allow_laser: true`")
    if is_pyrotechnic(found.profile.model):
        raise ProfileError(f"{found.reference} makes fire, sparks or throws things; it is never driven from here")
    if found.mode in found.profile.if_held and not found.listed.kept.get("override"):
        raise ProfileError(f"{found.reference} {found.mode}: {found.profile.refused.get(found.mode, 'needs a hold')}")


def _place_at(found: Resolved, taken: dict[tuple[int, int], str]) -> None:
    one, footprint = found.listed, found.profile.footprint(found.mode)
    if not 1 <= one.universe <= 63_999 or not 1 <= one.address <= SLOTS - footprint + 1:
        raise ProfileError(f"{footprint} slots from {one.universe}.{one.address} do not fit into a universe")
    slots = [(one.universe, one.address + at) for at in range(footprint)]
    other = next((taken[slot] for slot in slots if slot in taken), None)
    if other is not None:
        raise ProfileError(f"shares slots with {other} at {one.universe}.{one.address}; only that one is in the patch")
    taken.update(dict.fromkeys(slots, one.where))


def _hung(fixtures: list[Listed], roles: list[str], room: Room) -> list[Place]:
    """Places as listed; where there is none, or no height, where fixtures of that role usually hang."""
    usual = places(roles, room)
    found = []
    for one, otherwise in zip(fixtures, usual, strict=True):
        at = one.place or (otherwise[0], otherwise[1], otherwise[2])
        found.append((at[0], at[1], otherwise[2] if math.isnan(at[2]) else at[2]))
    return found


def _row(one: Resolved, name: str, role: str, place: Place) -> dict[str, Any]:
    kept = {key: value for key, value in one.listed.kept.items() if key in FixtureConfig.model_fields}
    row: dict[str, Any] = {
        "id": name,
        "profile": one.reference,
        "mode": one.mode,
        "universe": one.listed.universe,
        "address": one.listed.address,
        "role": role,
        "position_m": _exact(place, kept.get("position_m")),
    }
    turn = _turn(one, kept.get("turn_deg", 0.0))
    groups = guessing.groups(one.listed)
    row |= {"turn_deg": turn} if turn else {}
    return row | ({"groups": groups} if groups else {}) | {k: v for k, v in kept.items() if k not in NATIVE}


def _turn(one: Resolved, kept: object) -> float:
    """How far a fixture of several heads is turned; what was kept of it, as long as nobody has turned it since."""
    said, known = one.listed.turn_deg, float(kept) if isinstance(kept, int | float) else 0.0
    if said is None or abs((said - known + 180) % 360 - 180) < UNTURNED_DEG:
        return known
    return said if one.profile.heads(one.mode) > 1 else 0.0


def _exact(place: Place, kept: object) -> list[float]:
    """The place to the millimetre; what was kept of it, as long as nobody has moved it since."""
    numbers = kept if isinstance(kept, list) and all(isinstance(one, int | float) for one in kept) else []
    if len(numbers) == len(place) and all(abs(a - b) < UNMOVED_M for a, b in zip(numbers, place, strict=True)):
        return [float(one) for one in numbers]
    return [round(metres, 3) for metres in place]


def finder_for(listed: RigList, library: Library, said: Mapping[str, tuple[str, str]]) -> Finder:
    """A finder that knows the definitions which came with a list."""
    brought_with = {name: f"gdtf:{Path(gdtf_path(name)).stem}" for name in listed.definitions}
    return Finder(library, brought_with, said)
