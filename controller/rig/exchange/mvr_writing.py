"""The patch as an MVR scene (DIN SPEC 15801), with the GDTF files that are known. Pure.

Roles become classes and groups positions, as far as MVR has them; all the rest stands in `UserData`, which belongs to
the program that wrote the file.
"""

import io
import json
import math
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from controller.rig.exchange.mvr import PROVIDER, SCENE
from controller.rig.exchange.rig_list import SLOTS
from controller.rig.exchange.rows import kept_of
from controller.rig.patch.patch import Fixture

SPACE = uuid.UUID("6f0d7a1e-6a55-4b39-9f5d-0a6c1f9e2c11")
"""Names of this program's own uuids are made in it."""
WRITTEN = (2020, 1, 1, 0, 0, 0)
"""Time of the files in the archive: the same rig gives the same bytes."""


def scene_of(venue: str, fixtures: Sequence[Fixture], gdtfs: Mapping[str, tuple[str, bytes]]) -> bytes:
    """The scene as a file.

    Args:
        gdtfs: file name and content of the GDTF of a profile, by its reference.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(SCENE, WRITTEN), _description(venue, fixtures, gdtfs), zipfile.ZIP_DEFLATED)
        for name, data in dict(gdtfs.values()).items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _description(venue: str, fixtures: Sequence[Fixture], gdtfs: Mapping[str, tuple[str, bytes]]) -> bytes:
    root = Element("GeneralSceneDescription", {"verMajor": "1", "verMinor": "5"})
    kept = {"venue": venue, "fixtures": {_uuid(venue, one.config.id): kept_of(one) for one in fixtures}}
    data = SubElement(SubElement(root, "UserData"), "Data", {"provider": PROVIDER, "ver": "1"})
    data.text = json.dumps(kept, ensure_ascii=False)
    scene = SubElement(root, "Scene")
    aux = SubElement(scene, "AUXData")
    roles = dict.fromkeys(one.config.role for one in fixtures)
    for role in roles:
        SubElement(aux, "Class", {"name": role, "uuid": _uuid(venue, f"class {role}")})
    layer = SubElement(SubElement(scene, "Layers"), "Layer", {"name": venue, "uuid": _uuid(venue, "layer")})
    children = SubElement(layer, "ChildList")
    for number, one in enumerate(fixtures, start=1):
        _fixture(children, number, one, venue, gdtfs)
    indent(root, "  ")
    return b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + tostring(root) + b"\n"


def _fixture(
    children: Element, number: int, fixture: Fixture, venue: str, gdtfs: Mapping[str, tuple[str, bytes]]
) -> None:
    config = fixture.config
    element = SubElement(children, "Fixture", {"name": config.id, "uuid": _uuid(venue, config.id)})
    place = ",".join(f"{metres * 1_000:.3f}" for metres in config.position_m)
    name, _ = gdtfs.get(config.profile, ("", b""))
    for tag, text in (
        ("Matrix", f"{_turned(config.turn_deg)}{{0,0,1}}{{{place}}}"),
        ("Classing", _uuid(venue, f"class {config.role}")),
        ("GDTFSpec", name), ("GDTFMode", config.mode), ("FixtureID", str(number)), ("UnitNumber", str(number)),
    ):  # fmt: skip
        SubElement(element, tag).text = text
    address = (config.universe - 1) * SLOTS + config.address
    SubElement(SubElement(element, "Addresses"), "Address", {"break": "0"}).text = str(address)


def _turned(turn_deg: float) -> str:
    """The first two axes of a fixture that is turned on the plan."""
    cos, sin = (round(one(math.radians(turn_deg)), 6) + 0.0 for one in (math.cos, math.sin))
    return f"{{{cos:g},{sin:g},0}}{{{-sin + 0.0:g},{cos:g},0}}"


def _uuid(venue: str, name: str) -> str:
    return str(uuid.uuid5(SPACE, f"{venue}\n{name}"))
