"""A profile in our own written form. Pure."""

import re
from typing import Any

import yaml

from controller.profiles.profile import Profile


def written(profile: Profile) -> str:
    """YAML that `reading.native` reads back to the same profile."""
    data = profile.model_dump(mode="json", exclude_defaults=True)
    head = f"# {profile.maker} {profile.model}" + (f", from {profile.source}" if profile.source else "") + ".\n"
    ordered = {name: data[name] for name in ("format", "maker", "model", "kind", "source", "channels", "modes", "refused")
               if name in data}  # fmt: skip
    return (
        head.replace("\n", " ").strip()
        + "\n"
        + yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    )


def file_name(profile: Profile) -> str:
    """`maker/model`, as the file of a profile is called."""
    return "/".join(
        re.sub(r"[^a-z0-9]+", "-", one.lower()).strip("-") or "unnamed" for one in (profile.maker, profile.model)
    )


class _Dumper(yaml.SafeDumper):
    """Block style outside, one line for each channel and each list of a mode."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: anchors are for machines."""
        return True
