"""The patch that a configuration describes, and what a person may take in hand of it. Edge: reads profiles."""

import numpy as np

from controller.arrays import BoolArray
from controller.config import Config
from controller.rig.patch.patch import Patch, build_patch
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile


def targets_of(patch: Patch) -> dict[str, BoolArray]:
    """What a person may take in hand, and its heads (N,): fixtures, groups, roles, and all."""
    configs = [patch.fixtures[fixture].config for fixture in patch.fixture_of]
    names = {"all": np.ones(patch.heads, bool)}
    for word in sorted({group for one in configs for group in (*one.groups, one.role, one.id)}):
        names[word] = np.array([word in (*one.groups, one.role, one.id) for one in configs])
    return names


def profiles_of(config: Config) -> dict[str, Profile]:
    """Read the profiles that the configuration names, by reference.

    Raises:
        ProfileError: with the place in `config.yaml` or in the profile.
    """
    library = Library.of(config)
    profiles: dict[str, Profile] = {}
    for number, fixture in enumerate(config.fixtures):
        if fixture.profile not in profiles:
            profiles[fixture.profile] = library.located(fixture.profile, config.where(("fixtures", number, "profile")))
    return profiles


def patch_of(config: Config) -> Patch:
    """Read the profiles that the configuration names and build its patch.

    Raises:
        ProfileError, PatchError: with the place in `config.yaml` or in the profile.
    """
    return build_patch(config.fixtures, list(config.universes), profiles_of(config), config.where)
