"""Profile files of four formats to `Profile`s. Edge: reads files; what they mean is decided in `ofl`, `qxf`, `gdtf`."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from controller.errors import ConfigError, ProfileError
from controller.rig.profiles import gdtf, ofl, qxf
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.xml_tree import xml_tree
from controller.yaml_places import NO_YAML, YamlPlace, composed, explain, meant, note_lines

MAX_PROFILE_BYTES = 4_000_000
MAX_GDTF_BYTES = 64_000_000
"""Models and pictures are in it, too; only the description is unpacked."""


def read_profile(file: Path, reference: str) -> Profile:
    """The profile in a file, by its ending: .yaml, .json (Open Fixture Library), .qxf (QLC+) or .gdtf.

    Raises:
        ProfileError: cannot be read or is not valid; says file, place and what is allowed.
    """
    read = READERS.get(file.suffix.lower())
    if read is None:
        raise ProfileError(f"{file}: profiles end in {', '.join(READERS)}")
    content = read_bytes(file)
    try:
        return read(content, file, reference)
    except ProfileError as error:
        said = str(error)
        raise ProfileError(said if said.startswith(str(file)) else f"{file}: {said}") from error


def read_bytes(file: Path) -> bytes:
    """The content of a file of sensible size."""
    most = MAX_GDTF_BYTES if file.suffix.lower() == ".gdtf" else MAX_PROFILE_BYTES
    try:
        if file.stat().st_size > most:
            raise ProfileError(f"{file}: larger than {most} bytes; this is no profile")
        return file.read_bytes()
    except OSError as error:
        raise ProfileError(f"{file}: cannot be read: {error.strerror}") from error


def sha256_of(content: bytes) -> str:
    """What a lock file remembers of a profile file."""
    return hashlib.sha256(content).hexdigest()


def native(content: bytes, file: Path, _reference: str = "") -> Profile:
    """A profile in our own format."""
    lines: dict[YamlPlace, int] = {}
    try:
        text = content.decode("utf-8")
        node = composed(text)
        note_lines(node, (), lines, file)
        data = meant(node)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ProfileError(f"{file}{line}: not valid YAML: {error.problem}") from error
    except ConfigError as error:
        raise ProfileError(str(error).replace("configuration", "profile")) from error
    except NO_YAML as error:
        raise ProfileError(f"{file}: not valid YAML: {error}") from error
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ProfileError("\n".join(explain(file, lines, one, Profile) for one in error.errors()[:5])) from error
    except RecursionError as error:
        raise ProfileError(f"{file}: nested too deeply") from error


def parsed_json(content: bytes) -> dict[str, Any]:
    """JSON, with one kind of error for all that can be wrong with it."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise ProfileError("not a fixture of the Open Fixture Library: it holds no object")
    return data


def _ofl(content: bytes, file: Path, reference: str) -> Profile:
    return ofl.profile_of(parsed_json(content), file.parent.name, reference)


def _qxf(content: bytes, _file: Path, reference: str) -> Profile:
    return qxf.profile_of(xml_tree(content), reference)


def _gdtf(content: bytes, _file: Path, reference: str) -> Profile:
    return gdtf.profile_of(content, reference)


READERS: dict[str, Callable[[bytes, Path, str], Profile]] = {
    ".yaml": native,
    ".json": _ofl,
    ".qxf": _qxf,
    ".gdtf": _gdtf,
}
