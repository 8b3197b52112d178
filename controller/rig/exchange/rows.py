"""A fixture of the patch as a row for other programs' files, with what they have no place for. Pure."""

import json
from typing import Any

from controller.rig.patch.patch import Fixture


def kept_of(fixture: Fixture) -> dict[str, Any]:
    """The fixture's row of the configuration as plain data: what another file would lose is read from it again."""
    config = fixture.config
    needed = ("id", "profile", "mode", "universe", "address", "role", "position_m")
    whole = config.model_dump(mode="json")
    return {name: whole[name] for name in needed} | config.model_dump(mode="json", exclude_defaults=True)


def kept_text(fixture: Fixture, **more: float) -> str:
    """`kept_of` as JSON, on one line."""
    return json.dumps(kept_of(fixture) | more, ensure_ascii=False)
