"""Which profile and mode a fixture of another program's list is. Edge: looks through the libraries of profiles."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from controller.errors import ProfileError
from controller.rig.exchange.qxw import names_in
from controller.rig.exchange.rig_list import Listed
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile
from controller.rig.profiles.reading import read_bytes

LIBRARIES = ("", "gdtf", "qxf", "ofl")
MOST_NEAR = 3
NOTHING = "(nothing)"
"""Instead of the name of a definition that says nothing."""
NUMBERED = re.compile(r"Dimmer ?\d+")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A fixture with its profile: `reference` and `mode` as a configuration names them."""

    listed: Listed
    reference: str
    mode: str
    profile: Profile


class Finder:
    """Finds profiles for fixtures of a list.

    Args:
        library: where to look. brought: reference of each definition that came with the list, by its name.
        said: profile and mode (or "") that a person names for a kind, by maker and model or model alone.
    """

    def __init__(
        self, library: Library, brought: Mapping[str, str], said: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._library, self._brought = library, brought
        self._said = {letters(kind): named for kind, named in (said or {}).items()}
        self._known: dict[str, str] = {}
        for name in LIBRARIES:
            for reference in library.references(name):
                self._known.setdefault(_key(reference), reference)
        self._makers: dict[str, dict[str, str]] = {}

    def find(self, one: Listed) -> Resolved:
        """The fixture with its profile.

        Raises:
            ProfileError: there is none, or none that can be used; says why.
        """
        named = self._said.get(letters(one.kind)) or self._said.get(letters(one.model))
        one = one if named else self._without_placeholder(one)
        reference = named[0] if named else self._reference(one)
        profile = self._library.profile(reference)
        mode = (named[1] if named else "") or mode_of(profile, one)
        if mode not in profile.modes and mode not in profile.if_held:
            why = profile.refused.get(mode, f"it has {', '.join(profile.modes)}")
            raise ProfileError(f"{reference} cannot be used in mode '{mode}': {why}")
        return Resolved(one, reference, mode, profile)

    def _reference(self, one: Listed) -> str:
        kept = str(one.kept.get("profile", ""))
        candidates = [self._kept(kept), self._brought.get(one.definition, ""), self._known.get(letters(one.kind), "")]
        candidates += [self._of_maker(one), self._of_short_maker(one), self._of_model(one)]
        found = next((reference for reference in candidates if reference and not self._is_placeholder(reference)), "")
        if not found:
            raise ProfileError(self._missing(one))
        return found

    def _without_placeholder(self, one: Listed) -> Listed:
        """What a definition that says nothing leaves: how many slots there are."""
        reference = self._brought.get(one.definition, "")
        if not reference or not self._is_placeholder(reference):
            return one
        profile = self._library.profile(reference)
        slots = profile.footprint(one.mode) if one.mode in profile.modes else one.slots
        return replace(one, definition=NOTHING, slots=slots)

    def _is_placeholder(self, reference: str) -> bool:
        """Whether a GDTF file has nothing but numbered dimmers, as visualisers write it: nobody knows what they are."""
        if not reference.startswith("gdtf:"):
            return False
        names = list(self._library.profile(reference).channels)
        return len(names) > 1 and all(NUMBERED.fullmatch(name) for name in names)

    def _kept(self, reference: str) -> str:
        try:
            return reference if reference and self._library.profile(reference) else ""
        except ProfileError:
            return ""

    def _of_maker(self, one: Listed) -> str:
        """QLC+ calls some files otherwise than the model in them: those of the maker are looked into."""
        maker = letters(one.maker)
        if not maker:
            return ""
        if maker not in self._makers:
            self._makers[maker] = dict(self._read_names(maker))
        return self._makers[maker].get(letters(one.kind), "")

    def _read_names(self, maker: str) -> list[tuple[str, str]]:
        found = []
        for reference in self._library.references("qxf"):
            if letters(reference.removeprefix("qxf:").partition("/")[0]) == maker:
                content = read_bytes(self._library.file_of(reference))
                found += [(letters(f"{name} {model}"), reference) for name, model in names_in(content)]
        return found

    def _of_short_maker(self, one: Listed) -> str:
        """Devices write out what libraries shorten: "Robe Show Lighting s.r.o." is robe."""
        first = letters(one.maker.partition(" ")[0])
        return self._known.get(first + letters(one.model), "") if len(first) > 1 and one.model else ""

    def _of_model(self, one: Listed) -> str:
        """Where a list names no maker the model may still be one alone."""
        word = letters(one.model)
        if one.maker or len(word) < 4:
            return ""
        found = [reference for key, reference in self._known.items() if key.endswith(word)]
        return found[0] if len(found) == 1 else ""

    def _missing(self, one: Listed) -> str:
        near = difflib.get_close_matches(letters(one.kind), self._known, MOST_NEAR, 0.75)
        if one.definition == NOTHING:
            said = f"its GDTF has nothing but {one.slots} dimmers, as visualisers write it"
            return f"{said}, and no library has '{one.kind}'"
        hint = f"; near: {', '.join(self._known[key] for key in near)}" if near else ""
        return f"no profile for '{one.kind or one.name}'{hint}"


def mode_of(profile: Profile, one: Listed) -> str:
    """The mode of a profile that a list means.

    Raises:
        ProfileError: it is none of them, and its slots do not tell.
    """
    named = _mode_named(profile, one)
    fitting = [mode for mode in profile.modes if profile.footprint(mode) == one.slots]
    if named and (named not in profile.modes or not fitting or named in fitting):
        return named
    if len(fitting) > 1:
        fitting = _nearest(fitting, one.mode)
    if len(fitting) == 1:
        return fitting[0]
    if len(profile.modes) == 1 and not one.slots and not one.mode:
        return next(iter(profile.modes))
    written = f"mode '{one.mode}'" if one.mode else "no mode is named"
    slots = f", {one.slots} slots" if one.slots else ""
    raise ProfileError(f"{one.kind}: {written}{slots}; its modes are {', '.join(profile.modes) or 'none'}")


def _mode_named(profile: Profile, one: Listed) -> str:
    """The mode of this name, whatever signs and capitals it is written with; empty if there is none."""
    kept = str(one.kept.get("mode", ""))
    wanted = [kept] if kept and letters(kept) == letters(one.mode) else []
    wanted += [one.mode, re.sub(r", break 1$", "", one.mode)]
    every = [*profile.modes, *profile.if_held, *profile.refused]
    for word in filter(None, wanted):
        same = [mode for mode in every if mode == word] or [mode for mode in every if letters(mode) == letters(word)]
        same += [mode for written, mode in profile.also.items() if letters(written) == letters(word)]
        if same:
            return same[0]
    return ""


def _nearest(modes: list[str], written: str) -> list[str]:
    """Those that share the most words with a written mode; all of them where none shares any."""
    words = set(re.findall(r"\w+", written.lower()))
    shared = {mode: len(words & set(re.findall(r"\w+", mode.lower()))) for mode in modes}
    return [mode for mode in modes if shared[mode] == max(shared.values())]


def letters(text: str) -> str:
    """Small letters and digits of a text, to compare names by."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def _key(reference: str) -> str:
    """What a reference is called, by which a maker and a model are looked up."""
    library, colon, rest = reference.partition(":")
    if not colon:
        return letters(reference)
    if library == "gdtf":
        parts = rest.split("@")
        return letters(" ".join(parts[:2]))
    return letters(rest.partition("/")[2] if library == "qxf" else rest)
