"""Few profiles that show all there is."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")


def covering_set(found: Mapping[Key, frozenset[str]]) -> list[Key]:
    """Few keys that have between them every feature: the greedy choice, less what the rest makes needless."""
    missing = set().union(*found.values()) if found else set[str]()
    chosen: list[Key] = []
    while missing:
        best = max(found, key=lambda key: len(found[key] & missing))
        chosen.append(best)
        missing -= found[best]
    for key in list(chosen):
        rest = set[str]().union(*(found[other] for other in chosen if other != key))
        if found[key] <= rest:
            chosen.remove(key)
    return chosen
