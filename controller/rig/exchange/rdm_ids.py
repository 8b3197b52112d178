"""Which profile a device on the wire has, by the numbers that RDM knows it by. Edge: looks through the libraries.

GDTF files (DIN SPEC 15800, `Protocols/FTRDM`) and the Open Fixture Library (`rdm`, `rdmPersonalityIndex`) may say them;
QLC+'s definitions do not. Names differ between a fixture and a library, these numbers do not.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from controller.errors import ProfileError
from controller.rig.profiles.gdtf import description_of
from controller.rig.profiles.library import Library
from controller.rig.profiles.reading import parsed_json, read_bytes
from controller.rig.profiles.xml_tree import xml_tree

Model = tuple[int, int]
"""Maker (0..65535) and the maker's number of the model."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that a library knows: the reference of its profile, and the name of each mode by RDM's number of it."""

    reference: str
    modes: Mapping[int, str] = field(default_factory=dict)


def known_models(library: Library) -> dict[Model, KnownModel]:
    """Every model whose numbers a library knows; GDTF files count first. What cannot be read is passed over."""
    found: dict[Model, KnownModel] = {}
    for name, read in (("gdtf", _of_gdtf), ("ofl", _of_ofl)):
        for reference in library.references(name):
            try:
                for model, known in read(library.file_of(reference), reference):
                    found.setdefault(model, known)
            except (ProfileError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue
    return found


def _of_gdtf(file: Path, reference: str) -> Iterator[tuple[Model, KnownModel]]:
    description = description_of(read_bytes(file))
    if b"DeviceModelID" not in description:
        return
    root = xml_tree(description)
    for protocol in (*root.iter("FTRDM"), *root.iter("RDM")):
        model = int(protocol.attrib["ManufacturerID"], 16), int(protocol.attrib["DeviceModelID"], 16)
        if all(model):
            yield model, KnownModel(reference, _modes(protocol))


def _modes(protocol: Element) -> dict[int, str]:
    """Of the newest software; the older ones fill what it does not say."""
    versions = sorted(protocol.iter("SoftwareVersionID"), key=lambda one: one.attrib.get("Value", ""))
    return {
        int(mode.attrib["Value"], 16): mode.attrib["DMXMode"]
        for version in versions
        for mode in version.iter("DMXPersonality")
        if mode.attrib.get("Value") and mode.attrib.get("DMXMode")
    }


def _of_ofl(file: Path, reference: str) -> Iterator[tuple[Model, KnownModel]]:
    content = read_bytes(file)
    if b'"rdm"' not in content:
        return
    data = parsed_json(content)
    maker = _makers(file).get(reference.removeprefix("ofl:").partition("/")[0], {}).get("rdmId")
    if isinstance(maker, int) and "rdm" in data:
        modes = {
            int(one["rdmPersonalityIndex"]): str(one.get("shortName") or one["name"])
            for one in data["modes"]
            if "rdmPersonalityIndex" in one
        }
        yield (maker, int(data["rdm"]["modelId"])), KnownModel(reference, modes)


def _makers(file: Path) -> dict[str, Any]:
    """What the library says of makers, beside their folders."""
    try:
        return parsed_json((file.parent.parent / "manufacturers.json").read_bytes())
    except (OSError, json.JSONDecodeError):
        return {}
