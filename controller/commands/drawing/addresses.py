"""Addresses that are free, and fixtures that are in each other's way. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from controller.errors import PatchError
from controller.rig.patch.patch import SLOTS


@dataclass(frozen=True, slots=True)
class SlotRange:
    """The slots of one fixture: its name, universe, first address, and how many."""

    name: str
    universe: int
    address: int
    slots: int

    @property
    def last(self) -> int:
        """Its last address, which may be beyond the universe."""
        return self.address + self.slots - 1


def clashes(ranges: Sequence[SlotRange]) -> dict[str, list[str]]:
    """What is wrong with the addresses, in words, by the name of each fixture that it concerns."""
    said: dict[str, list[str]] = {}
    for at, one in enumerate(ranges):
        if one.last > SLOTS:
            said.setdefault(one.name, []).append(
                f"ends at {one.last}; the highest address it fits at is {SLOTS + 1 - one.slots}"
            )
        for other in ranges[at + 1 :]:
            if one.universe == other.universe and one.address <= other.last and other.address <= one.last:
                shared = max(one.address, other.address)
                said.setdefault(one.name, []).append(f"shares address {shared} with {other.name}")
                said.setdefault(other.name, []).append(f"shares address {shared} with {one.name}")
    return said


def proposed(sizes: Sequence[int], taken: Iterable[SlotRange], universes: Sequence[int]) -> list[tuple[int, int]]:
    """Universe and address for fixtures of these sizes: all in one row where there is room for that.

    Args:
        sizes: slots of each. taken: what is there. universes: to look in, the preferred one first.

    Raises:
        PatchError: there is no room for one of them.
    """
    there = list(taken)
    total = sum(sizes)
    for universe in universes:
        first = _gap(total, there, universe)
        if first:
            return [(universe, first + sum(sizes[:at])) for at in range(len(sizes))]
    found: list[tuple[int, int]] = []
    for size in sizes:
        places = ((universe, _gap(size, there, universe)) for universe in universes)
        universe, address = next((one for one in places if one[1]), (0, 0))
        if not address:
            names = ", ".join(map(str, universes))
            raise PatchError(f"no room for {size} slots in universe {names}; add a universe, or free addresses")
        there.append(SlotRange("", universe, address, size))
        found.append((universe, address))
    return found


def in_turn(sizes: Mapping[str, int], universe: int, first: int) -> dict[str, tuple[int, int]]:
    """Universe and address for each name, one after the other; the next universe begins where one is full."""
    found = {}
    for name, size in sizes.items():
        if first + size - 1 > SLOTS:
            universe, first = universe + 1, 1
        found[name] = (universe, first)
        first += size
    return found


def _gap(size: int, taken: Iterable[SlotRange], universe: int) -> int:
    """The first address after everything that is there; else the first hole that is large enough; 0: none."""
    mine = sorted((one.address, one.last) for one in taken if one.universe == universe)
    behind = max((last for _, last in mine), default=0) + 1
    if behind + size - 1 <= SLOTS:
        return behind
    free = 1
    for address, last in mine:
        if address - free >= size:
            return free
        free = max(free, last + 1)
    return 0
