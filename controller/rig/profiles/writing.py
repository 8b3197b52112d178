"""A profile in our own written form. Pure."""

from typing import Any

import yaml

from controller.rig.profiles.profile import Profile
from controller.state_folder import file_word

ORDER = ("format", "maker", "model", "kind", "source", "channels", "modes", "if_held", "also", "refused")


def written(profile: Profile) -> str:
    """YAML that `reading.native` reads back to the same profile."""
    data = profile.model_dump(mode="json", exclude_defaults=True)
    ordered = {name: data[name] for name in ORDER if name in data}
    came = f", from {profile.source}" if profile.source else ""
    head = " ".join(f"# {profile.maker} {profile.model}{came}.".split())
    options: dict[str, Any] = {"sort_keys": False, "default_flow_style": None, "width": 110, "allow_unicode": True}
    return f"{head}\n{yaml.dump(ordered, Dumper=_Dumper, **options)}"


def file_name(profile: Profile) -> str:
    """`maker/model`, as the file of a profile is called."""
    return "/".join(file_word(one, "unnamed") for one in (profile.maker, profile.model))


class _Dumper(yaml.SafeDumper):
    """Ranges and lists of a mode on one line each, and everything written out: anchors are for machines."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the parent's signature
        """Never write an anchor."""
        return True
