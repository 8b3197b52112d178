"""`fixtures.lock.yaml`: the SHA-256 of each profile file that a patch uses. A library that is updated on the day of a
show then does not change what slots mean. Edge: reads and writes files.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from controller.errors import ProfileError
from controller.rig.profiles.reading import read_bytes, sha256_of
from controller.yaml_places import NO_YAML, composed, meant

LOCK_FILE = "fixtures.lock.yaml"


def read_lock(file: Path) -> dict[str, str]:
    """Checksums by reference; none where there is no lock file.

    Raises:
        ProfileError: the file is not a lock file.
    """
    if not file.is_file():
        return {}
    try:
        data = meant(composed(read_bytes(file).decode("utf-8")))
    except NO_YAML as error:
        raise ProfileError(f"{file}: not valid YAML: {error}; `followspot fixtures lock` writes it anew") from error
    profiles = data.get("profiles") if isinstance(data, dict) else None
    if not isinstance(profiles, dict) or not all(isinstance(one, str) for pair in profiles.items() for one in pair):
        raise ProfileError(f"{file}: no map of profiles to checksums; `followspot fixtures lock` writes it anew")
    return profiles


def check_lock(lock: Mapping[str, str], reference: str, file: Path) -> None:
    """Refuse a profile whose file changed since it was locked; what is not locked passes.

    Raises:
        ProfileError: it changed; says what to do.
    """
    if reference in lock and sha256_of(read_bytes(file)) != lock[reference]:
        raise ProfileError(
            f"{file} is not the file that {LOCK_FILE} was written for; put the old one back, or look at it with "
            f"`followspot fixtures show {reference}` and accept it with `followspot fixtures lock`"
        )


def write_lock(file: Path, checksums: Mapping[str, str]) -> None:
    """Write the lock file."""
    head = "# Written by `followspot fixtures lock`: a profile whose file differs from its SHA-256 is refused.\n"
    text = yaml.safe_dump({"profiles": dict(sorted(checksums.items()))}, sort_keys=False, width=200)
    file.write_text(head + text, encoding="utf-8")
