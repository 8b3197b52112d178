"""Fixture profiles on disk: `maker/model` to a checked `Profile`. Edge: reads files."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from controller.errors import ProfileError
from controller.profiles.profile import Profile

MAX_PROFILE_BYTES = 1_000_000


class Library:
    """Profiles under one folder, `maker/model.yaml`, read once each.

    Args:
        root: the folder, usually `fixtures/`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, Profile] = {}

    def references(self) -> list[str]:
        """All profiles there are, as `maker/model`, sorted."""
        files = sorted(self._root.glob("*/*.yaml"))
        return [f"{file.parent.name}/{file.stem}" for file in files]

    def profile(self, reference: str) -> Profile:
        """The profile `maker/model`.

        Raises:
            ProfileError: not there, or not valid; says where and what is allowed.
        """
        if reference not in self._read:
            self._read[reference] = self._load(reference)
        return self._read[reference]

    def located(self, reference: str, place: str) -> Profile:
        """As `profile`, with the place that asked for it in front of any message."""
        try:
            return self.profile(reference)
        except ProfileError as error:
            raise ProfileError(f"{place}: {error}") from error

    def _load(self, reference: str) -> Profile:
        if reference not in self.references():
            known = ", ".join(self.references()) or "none"
            raise ProfileError(f"no profile '{reference}' under {self._root}; there are: {known}")
        file = self._root / f"{reference}.yaml"
        if file.stat().st_size > MAX_PROFILE_BYTES:
            raise ProfileError(f"{file}: larger than {MAX_PROFILE_BYTES} bytes; this is no profile")
        try:
            return Profile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise ProfileError(f"{file}: not valid YAML: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ProfileError(f"{file}: {place}: {first['msg'].removeprefix('Value error, ')}") from error
