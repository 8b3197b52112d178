"""A patch of one fixture whose channels a test writes down."""

from controller.config import FixtureConfig
from controller.rig.patch.patch import Patch, build_patch
from controller.rig.profiles.profile import Profile


def patch_of(channels, mode=None, *, name="one", role="mover", **more) -> Patch:
    """The patch.

    Args:
        channels: of its profile. mode: their order; None: as they are written. name: of the fixture.
        more: what else its line of the configuration says.
    """
    profile = Profile.model_validate({"format": 1, "maker": "acme", "model": "one", "kind": "mover",
                                      "channels": channels, "modes": {"m": mode or list(channels)}})  # fmt: skip
    given = {"position_m": (0, 1, 3), "universe": 1, "address": 1} | more
    fixture = FixtureConfig(id=name, profile="p", mode="m", role=role, **given)
    return build_patch(
        [fixture], [*range(1, fixture.universe + 1)], {"p": profile}, lambda place: ".".join(map(str, place))
    )
