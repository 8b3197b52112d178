"""What a fixture of another program's list is probably for, and a short name for it. Pure; a person approves."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import get_args

from controller.config import Role
from controller.rig.exchange.rig_list import Listed
from controller.rig.profiles.profile import Pan, Profile

ROLES: tuple[str, ...] = get_args(get_args(Role)[0])
WORDS = (
    ("hazer", r"haz(e|er|ing)|fog|smoke|nebel|dunst|co2|\bfan\b"),
    ("house", r"house|audience light|work ?light|saal(licht)?|arbeitslicht"),
    ("blinder", r"blind(er)?s?\b|molefay|2-?lite|4-?lite|sunstrip|dwe"),
    ("strobe", r"strob|atomic|flash(er)?\b"),
    ("key", r"\bkey|face|front ?light|\bfoh\b|gesicht|vorderlicht|profile? spot"),
    ("back", r"\bback|rear|upstage|\bus\b|hinten|gegenlicht|counter|contre"),
    ("pixel", r"pixel|matrix|\bstrip|batten|\bbars?\b|tube"),
    ("mover", r"mov(er|ing)|wash ?beam"),
    ("beam", r"\bbeam|spot|scan"),
    ("wash", r"wash|front|\bpar|flood|cyc"),
)
"""The first that fits a name or a group counts; what a fixture is for stands before what it is."""
FOR = ("house", "blinder", "strobe", "key", "back")
"""Roles that a name says whatever kind of fixture it is."""
OF_KINDS = {
    "hazer": "hazer", "fan": "hazer", "strobe": "strobe", "blinder": "blinder", "bar": "pixel", "panel": "wash",
    "mover": "mover", "scanner": "beam", "laser": "beam",
}  # fmt: skip
UPSTAGE = 0.6
"""Share of the rig's depth beyond which a fixed fixture lights from behind."""
DEEP_M = 1.5
"""A rig shallower than that has no behind."""


def roles(fixtures: Sequence[Listed], profiles: Sequence[Profile], modes: Sequence[str]) -> list[str]:
    """A role for each fixture, from what was kept, names, groups, kinds and places.

    Args:
        fixtures: as listed. profiles: of each. modes: of each.
    """
    depths = [one.place[1] for one in fixtures if one.place and math.isfinite(one.place[1])]
    near, far = (min(depths), max(depths)) if depths else (0.0, 0.0)
    found = []
    for one, profile, mode in zip(fixtures, profiles, modes, strict=True):
        kept = str(one.kept.get("role", "")).lower()
        behind = (
            bool(one.place)
            and far - near > DEEP_M
            and one.place is not None
            and one.place[1] > near + UPSTAGE * (far - near)
        )
        found.append(kept if kept in ROLES else _role(one, profile, mode, behind=behind))
    return found


def _role(one: Listed, profile: Profile, mode: str, *, behind: bool) -> str:
    if profile.kind in ("hazer", "fan"):
        return "hazer"
    by_group = (group.lower() for group in one.groups if group.lower() in ROLES and group.lower() != "hazer")
    said = [_word(one.name), *(_word(group) for group in one.groups), _word(one.model)]
    for_this = (role for role in said if role in FOR)
    return next(by_group, "") or next(for_this, "") or _role_of_kind(said, profile, mode, behind=behind)


def _role_of_kind(said: list[str], profile: Profile, mode: str, *, behind: bool) -> str:
    role = OF_KINDS.get(profile.kind, "")
    turns = any(isinstance(profile.channels[slot.name], Pan) for slot in profile.layout(mode) if slot.name)
    if role == "mover" or (turns and not role):
        return "beam" if "beam" in said and "mover" not in said else "mover"
    if not role and "pixel" in said and profile.heads(mode) > 1:
        return "pixel"
    return role or ("back" if behind else "wash")


def _word(text: str) -> str:
    return next((role for role, words in WORDS if re.search(words, text, re.I)), "")


def ids(fixtures: Iterable[Listed]) -> list[str]:
    """A short name for each, all of them different: what was kept, else the written name with its number."""
    listed = list(fixtures)
    words = [_slug(str(one.kept.get("id", ""))) or _slug(one.name) or _slug(one.model) or "fixture" for one in listed]
    several = {word for word in words if words.count(word) > 1}
    found: list[str] = []
    taken: set[str] = set()
    for one, word in zip(listed, words, strict=True):
        name = word
        if word in several and _slug(one.number):
            name = f"{word}-{_slug(one.number)}"
        elif word in several:
            name = f"{word}-1"
        count = 1
        while name in taken:
            count += 1
            name = f"{word}-{count}"
        taken.add(name)
        found.append(name)
    return found


def groups(one: Listed) -> list[str]:
    """Its groups as a configuration may call them; roles are no groups."""
    kept = one.kept.get("groups")
    own = [str(group) for group in kept] if isinstance(kept, list) else []
    others = [group for group in map(_slug, one.groups) if group not in ROLES]
    return [group for group in dict.fromkeys([*map(_slug, own), *others]) if group]


def _slug(text: str) -> str:
    """Small letters, digits and hyphens of a name; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
