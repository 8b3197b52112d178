"""Fixtures as `followspot init` is told of them: `4 generic/rgb-par 3ch back @101, generic/hazer`.

Edge: reads profiles.
"""

import difflib
from typing import Any, get_args

from controller.config import FixtureConfig, Role
from controller.errors import ConfigError, ControllerError
from controller.rig.patch.patch import SLOTS, build_patch
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile

FIXTURES = "COUNT PROFILE [MODE] [ROLE] [@ADDRESS]"
EXAMPLE = "4 generic/rgb-par"
ROLES = {"hazer": "hazer", "strobe": "strobe", "blinder": "blinder", "spot": "beam", "bar": "pixel", "matrix": "pixel"}
"""Words in a profile's name, and what such a fixture is for; any other is a wash."""
ROLE_NAMES = get_args(get_args(Role)[0])
UNIVERSE = 1


def fixture_rows(written: str, library: Library) -> list[dict[str, Any]]:
    """Rows of one universe, address after address: `profile`, `mode`, `universe`, `address`, `role`.

    Raises:
        ConfigError: a part means nothing, a profile or mode is not there, or they do not fit.
    """
    rows: list[dict[str, Any]] = []
    free = 1
    for part in (one.strip() for one in written.split(",") if one.strip()):
        count, reference, mode, role, address = _read(part)
        profile = library.profile(reference)
        row: dict[str, Any] = {"profile": reference, "mode": _mode(profile, reference, mode), "universe": UNIVERSE}
        role = role or next((one for word, one in ROLES.items() if word in reference), "wash")
        free = address or free
        for _ in range(count):
            rows.append({**row, "address": free, "role": role})
            free += profile.footprint(row["mode"])
        if free > SLOTS + 1:
            raise ConfigError(
                f"'{part}' needs slots up to {free - 1}, a universe has {SLOTS}; `init` sets up one universe, more are "
                "lines of the file"
            )
    if not rows:
        raise ConfigError(f"none; write at least one, such as {EXAMPLE}")
    _examine(rows, library)
    return rows


def _read(part: str) -> tuple[int, str, str, str, int]:
    """Count, profile, mode, role and address of a part; empty and 0 where it does not say."""
    words = part.split()
    count, address, role = 1, 0, ""
    if len(words) > 1 and _number(words[0].rstrip("x×")):
        count = _number(words.pop(0).rstrip("x×"))
    if words and words[-1].startswith("@"):
        address = _number(words.pop()[1:])
        if not 1 <= address <= SLOTS:
            raise ConfigError(f"'{part}': an address is a whole number from 1 to {SLOTS}, such as @101")
    if len(words) > 1 and words[-1].lower() in ROLE_NAMES:
        role = words.pop().lower()
    if not words or count > SLOTS:
        raise ConfigError(f"'{part[:60]}' is not {FIXTURES}, such as {EXAMPLE}")
    return count, words[0], " ".join(words[1:]), role, address


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 6 else 0


def _mode(profile: Profile, reference: str, mode: str) -> str:
    modes = list(profile.modes)
    if not modes:
        mode, why = next(iter(profile.refused.items()))
        raise ConfigError(f"{reference} has no mode that can be used as it is; {mode}: {why}")
    if not mode:
        return modes[0]
    same = [one for one in modes if one.lower() == mode.lower()]
    if mode in modes or same:
        return mode if mode in modes else same[0]
    if mode in profile.refused:
        raise ConfigError(f"mode '{mode}' of {reference} cannot be used: {profile.refused[mode]}")
    near = difflib.get_close_matches(mode.split()[-1], ROLE_NAMES, 1)
    meant = f"; a role is one of {', '.join(ROLE_NAMES)}" if near else ""
    raise ConfigError(f"{reference} has no mode '{mode[:60]}'; it has {', '.join(modes)}{meant}")


def _examine(rows: list[dict[str, Any]], library: Library) -> None:
    """Build the patch: whatever `check` would refuse is refused now."""
    configs = [
        FixtureConfig.model_validate({"id": f"{row['role']}-{number}", "position_m": (0, 0, 0), **row})
        for number, row in enumerate(rows, start=1)
    ]
    try:
        build_patch(
            configs, [UNIVERSE], {row["profile"]: library.profile(row["profile"]) for row in rows}, lambda _: ""
        )
    except ControllerError as error:
        raise ConfigError(str(error).removeprefix(": ")) from error
