"""An MVR scene (My Virtual Rig) to a rig list. Pure: bytes in, a list out.

Source: DIN SPEC 15801:2023, "GeneralSceneDescription". Positions are millimetres, right-handed, z up, y upstage;
matrices of groups and trusses multiply. Addresses count from 1 through all universes, or are written UNIVERSE.ADDRESS.
The file is a ZIP, so it is opened within limits, and only the description and the GDTF files it names are unpacked.
"""

import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from controller.arrays import Float64Array
from controller.errors import ProfileError, RigListError, first_line
from controller.rig.exchange.rig_list import MOST_FIXTURES, SLOTS, Listed, Place, RigList
from controller.rig.profiles.xml_tree import xml_tree

SCENE = "GeneralSceneDescription.xml"
PROVIDER = "Followspot"
MOST_BYTES = 1_000_000_000
MOST_ENTRIES = 50_000
MOST_SCENE_BYTES = 64_000_000
MOST_GDTF_BYTES = 64_000_000
MOST_RATIO = 300
FLAT = 0.1
"""A shorter shadow of an axis on the plan says nothing about its direction."""
FURTHEST_M = 1_000.0
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError, ValueError, OverflowError)
"""What Python's reader of ZIP files raises at bytes that are none."""
MATRIX = re.compile(r"\{([^{}]*)\}")
NUMBERS_OF_MATRIX = 12
ADDRESS = re.compile(r"(\d{1,5})\.(\d{1,3})|(\d{1,8})")
REVISION = re.compile(r"@r?\d+$|@[^@]*$")


def scene(content: bytes) -> RigList:
    """The fixtures of a scene, with their places and the GDTF files they name.

    Raises:
        RigListError: no MVR file, or one that cannot be understood.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise RigListError(f"more than {MOST_ENTRIES} files in it; no scene has so many")
            names = {one.filename: one for one in entries}
            if SCENE not in names:
                raise RigListError(f"no MVR scene: there is no {SCENE} in it")
            root = xml_tree(_unpacked(archive, names[SCENE], MOST_SCENE_BYTES).rstrip(b"\0"), "scene")
            fixtures = _listed(root)
            definitions, missing = _definitions(archive, names, fixtures)
    except DAMAGED as error:
        raise RigListError(f"no MVR file, or a damaged one: {first_line(error)}") from error
    except ProfileError as error:
        raise RigListError(f"{SCENE}: {error}") from error
    return RigList(tuple(fixtures), str(_kept(root).get("venue", "")), definitions, tuple(missing))


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    if entry.file_size > min(most, MOST_RATIO * max(entry.compress_size, 1_000)):
        raise RigListError(f"{entry.filename} unpacks to {entry.file_size} bytes; no scene needs that")
    with archive.open(entry) as packed:
        return packed.read(entry.file_size)


def _listed(root: Element) -> list[Listed]:
    found: list[Listed] = []
    written = _kept(root)
    kept = written.get("fixtures")
    kept = kept if isinstance(kept, dict) else {}
    names = {one.get("uuid"): one.get("name", "") for tag in ("Class", "Position") for one in root.iter(tag)}
    for element, matrix, layer in _fixtures(root):
        if len(found) >= MOST_FIXTURES:
            raise RigListError(f"more than {MOST_FIXTURES} fixtures; no scene has so many")
        one = _fixture(element, matrix, "" if layer == written.get("venue") else layer, names)
        row = kept.get(element.get("uuid"))
        one = replace(one, kept=row) if isinstance(row, dict) else one
        addresses = [address for address in _addresses(element, one.where) if address[1]]
        found += [] if addresses else [one]
        for number, (dmx_break, universe, address) in enumerate(addresses):
            suffix = "" if number == 0 else f" part {number + 1}"
            mode = one.mode if len(addresses) == 1 else f"{one.mode}, break {dmx_break + 1}"
            found.append(replace(one, name=one.name + suffix, mode=mode, universe=universe, address=address))
    if not found:
        raise RigListError("this scene has no fixtures")
    return found


def _fixtures(root: Element) -> Iterator[tuple[Element, Float64Array, str]]:
    """Every fixture with the matrix that brings it into the room, and the name of its layer."""
    for layer in root.iterfind("Scene/Layers/Layer"):
        start = _matrix(layer) @ np.eye(4)
        yield from _below(layer, start, layer.get("name", ""))


def _below(parent: Element, matrix: Float64Array, layer: str) -> Iterator[tuple[Element, Float64Array, str]]:
    for element in parent.find("ChildList") or ():
        with np.errstate(all="ignore"):  # what is no number any more is no place
            placed = _matrix(element) @ matrix
        if element.tag == "Fixture":
            yield element, placed, layer
        yield from _below(element, placed, layer)


def _matrix(element: Element) -> Float64Array:
    """4x4, row vectors: three axes and an origin in millimetres; the identity where none can be read."""
    numbers = [
        _number(one)
        for part in MATRIX.findall(element.findtext("Matrix") or "")
        for one in part.split(",")
    ]  # fmt: skip
    found = np.eye(4)
    if len(numbers) == NUMBERS_OF_MATRIX and all(math.isfinite(one) for one in numbers):
        found[:, :3] = np.reshape(numbers, (4, 3))
    return found


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        return math.nan


def _fixture(element: Element, matrix: Float64Array, layer: str, names: dict[str | None, str]) -> Listed:
    name, number = element.get("name", "").strip(), (element.findtext("FixtureID") or "").strip()
    spec = (element.findtext("GDTFSpec") or "").strip()
    maker, model = _kind(spec, name)
    groups = [layer, names.get(element.findtext("Classing"), ""), names.get(element.findtext("Position"), "")]
    return Listed(
        name=name or model,
        maker=maker,
        model=model,
        mode=(element.findtext("GDTFMode") or "").strip(),
        place=_place(matrix),
        turn_deg=_turn_deg(matrix),
        groups=tuple(dict.fromkeys(one for one in groups if one and one != "None")),
        definition=spec if not spec or spec.lower().endswith(".gdtf") else f"{spec}.gdtf",
        number="" if number == "0" else number,
        where=f"fixture '{name}'" + (f" ({number})" if number else ""),
    )


def _kind(spec: str, name: str) -> tuple[str, str]:
    """Maker and model of `Maker@Model@revision.gdtf`."""
    parts = re.sub(r"\.gdtf$", "", spec, flags=re.I).split("@")
    if len(parts) == 1:
        return "", parts[0].strip() or name
    return parts[0].strip(), parts[1].strip()


def _place(matrix: Float64Array) -> Place | None:
    x, y, z = (float(one) / 1_000 for one in matrix[3, :3])
    return (x, y, z) if all(abs(one) <= FURTHEST_M for one in (x, y, z)) else None


def _turn_deg(matrix: Float64Array) -> float:
    """Where a fixture's own x axis points on the plan, to a tenth of a degree; 0 where it points up or nowhere."""
    x, y = float(matrix[0, 0]), float(matrix[0, 1])
    if not (math.isfinite(x) and math.isfinite(y)) or math.hypot(x, y) < FLAT:
        return 0.0
    return round(math.degrees(math.atan2(y, x)), 1) + 0.0


def _addresses(element: Element, where: str) -> Iterator[tuple[int, int, int]]:
    """Break, universe and address of each address; address 0 where it is not patched."""
    for one in element.iterfind("Addresses/Address"):
        written = (one.text or "").strip() or "0"
        match = ADDRESS.fullmatch(written)
        dmx_break = one.get("break", "0")
        if match is None or not dmx_break.isdecimal():
            raise RigListError(f"{where}: address '{written[:40]}' is neither a number nor UNIVERSE.ADDRESS")
        universe, slot, whole = match.groups()
        if whole is None:
            yield int(dmx_break[:3]), int(universe), int(slot)
        elif int(whole):
            yield int(dmx_break[:3]), (int(whole) - 1) // SLOTS + 1, (int(whole) - 1) % SLOTS + 1
        else:
            yield int(dmx_break[:3]), 0, 0


def _kept(root: Element) -> dict[str, Any]:
    """What Followspot wrote about the scene: `venue`, and `fixtures` by their uuid."""
    for data in root.iterfind("UserData/Data"):
        if data.get("provider") == PROVIDER:
            try:
                kept = json.loads(data.text or "{}")
            except (ValueError, RecursionError):
                return {}
            return kept if isinstance(kept, dict) else {}
    return {}


def _definitions(
    archive: zipfile.ZipFile, names: dict[str, zipfile.ZipInfo], fixtures: list[Listed]
) -> tuple[dict[str, bytes], list[str]]:
    """The GDTF files that fixtures name, and a remark for each that is not there."""
    by_lower = {name.lower(): entry for name, entry in names.items()}
    found: dict[str, bytes] = {}
    missing = []
    for name in dict.fromkeys(one.definition for one in fixtures if one.definition):
        entry = by_lower.get(name.lower())
        if entry is None:
            missing.append(f"{name} is named and not in the file")
        else:
            found[name] = _unpacked(archive, entry, MOST_GDTF_BYTES)
    return found, missing
