"""Fixtures by maker and model, found by parts of their names, in every library. Edge: reads profiles.

The list is made of file names alone, which takes a tenth of a second for two thousand fixtures; a profile is read when
somebody looks at it.
"""

import re
from dataclasses import dataclass
from typing import Any

from controller.rig.exchange import guessing
from controller.rig.exchange.finding import letters
from controller.rig.exchange.rig_list import Listed
from controller.rig.profiles.hazard_words import is_pyrotechnic
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Pan, Profile, Tilt

LIBRARIES = {"": "own", "gdtf": "GDTF", "qxf": "QLC+", "ofl": "OFL"}
"""In this order; what people have made themselves or fetched for themselves stands first."""
MOST_FOUND = 40
SHORT = {"adj": "americandj"}
"""Makers whom people call otherwise than the libraries do."""


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """One fixture of a library: its reference, the library's name, maker and model in words."""

    reference: str
    library: str
    maker: str
    model: str


class Catalogue:
    """All fixtures of some libraries.

    Args:
        library: where profiles are.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._entries = [_entry(reference, name) for name in LIBRARIES for reference in library.references(name)]
        self._words = [_words(f"{one.maker} {one.model} {one.library}") for one in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    def search(self, written: str) -> list[LibraryEntry]:
        """Those that have every word that was written, or the beginning of one; the nearest first.

        Args:
            written: parts of maker and model in any order; nothing: the first of our own.
        """
        wanted = [SHORT.get(one, one) for one in _words(written)]
        found = []
        for at, (entry, words) in enumerate(zip(self._entries, self._words, strict=True)):
            whole = letters(f"{entry.maker} {entry.model}")
            if all(any(word.startswith(one) for word in words) or one in whole for one in wanted):
                exact = sum(one in words for one in wanted)
                found.append((-exact, at, entry))
        return [entry for _, _, entry in sorted(found, key=lambda one: one[:2])[:MOST_FOUND]]

    def entry(self, reference: str) -> LibraryEntry:
        """The entry of a reference that is in one of the libraries."""
        return next(one for one in self._entries if one.reference == reference)

    def told(self, reference: str) -> dict[str, Any]:
        """What a person has to know of a fixture before it is patched.

        Raises:
            ProfileError: it cannot be read.
        """
        profile = self._library.profile(reference)
        modes = [{"name": one, "slots": profile.footprint(one), "heads": profile.heads(one)} for one in profile.modes]
        return {
            "reference": reference,
            "kind": profile.kind,
            "modes": modes,
            "refused": [{"mode": mode, "reason": reason} for mode, reason in profile.refused.items()],
            "role": role_of(profile, next(iter(profile.modes), "")),
            "never": f"{profile.model} makes fire, sparks or throws things" if is_pyrotechnic(profile.model) else "",
        }


def role_of(profile: Profile, mode: str) -> str:
    """What such a fixture is probably for."""
    listed = Listed(name="", maker="", model=profile.model)
    return guessing.roles([listed], [profile], [mode])[0] if mode else "wash"


def turns(profile: Profile, mode: str) -> bool:
    """Whether it has pan or tilt in this mode."""
    return any(isinstance(profile.channels[slot.name], Pan | Tilt) for slot in profile.layout(mode) if slot.name)


def _entry(reference: str, library: str) -> LibraryEntry:
    rest = reference.removeprefix(f"{library}:") if library else reference
    if library == "gdtf":
        maker, _, model = rest.partition("@")
        return LibraryEntry(reference, LIBRARIES[library], _plain(maker), _plain(model.partition("@")[0] or maker))
    maker, _, model = rest.partition("/")
    model = _plain(model)
    shown = _plain(maker)
    if library == "qxf" and model.lower().startswith(shown.lower()) and len(model) > len(shown):
        model = model[len(shown) :].strip()
    return LibraryEntry(reference, LIBRARIES[library], shown, model)


def _plain(word: str) -> str:
    return re.sub(r"[-_ ]+", " ", word).strip()


def _words(written: str) -> list[str]:
    return [letters(one) for one in re.split(r"[\s/@_\-]+", written) if letters(one)]
