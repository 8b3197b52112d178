"""What stands in a GDTF description, mode by mode: channels at their offsets, functions and sets at their levels. Pure.

Source: DIN SPEC 15800:2022-02, "DMX Modes" and "Geometry Reference". Read straight from the XML, each channel once for
its mode: a channel of the same name may have other levels in another mode. Levels are those of the coarse byte; a level
belongs to the range in which it lies with its fine bytes at 0. Physical values run either way.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from xml.etree.ElementTree import Element

from controller.errors import ProfileError

MAX_NESTING = 8
MAX_CHANNELS = 4_096
MAX_PLACES = 20_000


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """A named part of a function; physical values are None where the file gives none. `slot` counts from 1, 0: none."""

    name: str
    first: int
    last: int
    start: float | None
    end: float | None
    slot: int


@dataclass(frozen=True, slots=True)
class Function:
    """What a stretch of a channel's levels does; `master` is the channel it depends on, in the levels of `when`."""

    name: str
    attribute: str
    first: int
    last: int
    start: float
    end: float
    wheel: str
    emitter: str
    sets: tuple[ChannelSet, ...]
    master: str = ""
    when: tuple[int, int] = (0, 255)

    def at(self, level: int) -> float:
        """The physical value at a level between the function's ends."""
        share = (level - self.first) / max(1, self.last - self.first)
        return self.start + share * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Definition:
    """One DMXChannel of one mode: what it does, wherever its geometry stands."""

    key: str
    attribute: str
    geometry: str
    functions: tuple[Function, ...]
    default: int | None
    laser: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A channel where it stands: offsets from 1, coarse first; `pixel` names the reference it is repeated for."""

    definition: Definition
    dmx_break: int
    offsets: tuple[int, ...]
    pixel: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A geometry used again: offset of each DMX break, and of channels that leave the break to the reference."""

    name: str
    offsets: Mapping[int, int]
    last: tuple[int, int]


@dataclass
class Tree:
    """A fixture type.

    Args:
        root: the document's element.
    """

    root: Element
    _kept: dict[int, Definition] = field(default_factory=dict)

    @cached_property
    def fixture(self) -> Element:
        """The FixtureType element."""
        found = self.root if self.root.tag == "FixtureType" else self.root.find("FixtureType")
        if found is None:
            raise ProfileError("no mode can be used (there is none)")
        return found

    @cached_property
    def wheels(self) -> dict[str, list[tuple[str, str]]]:
        """Name and colour (CIE xyY as it is written) of each slot, by wheel."""
        return {
            one.get("Name", ""): [(slot.get("Name", ""), slot.get("Color", "")) for slot in one.findall("Slot")]
            for one in self.fixture.iterfind("Wheels/Wheel")
        }

    @cached_property
    def emitters(self) -> dict[str, str]:
        """Colour (CIE xyY as it is written) by emitter."""
        found = self.fixture.iterfind("PhysicalDescriptions/Emitters/Emitter")
        return {one.get("Name", ""): one.get("Color", "") for one in found}

    @cached_property
    def _geometries(self) -> dict[str, Element]:
        """All geometries by name; those at the top of the file win, as references point there."""
        tops = list(self.fixture.find("Geometries") or ())
        found: dict[str, Element] = {}
        for top in tops:
            for one in top.iter():
                if one.tag != "GeometryReference" and one.get("Name"):
                    found.setdefault(one.get("Name", ""), one)
        return found | {top.get("Name", ""): top for top in tops}

    def has_geometry(self, *tags: str) -> bool:
        """Whether anything of the fixture has one of these shapes, `Beam` or `Laser`."""
        return any(one.tag in tags for one in self.fixture.iterfind("Geometries//*"))

    def modes(self) -> list[Element]:
        """The DMXMode elements in order."""
        return self.fixture.findall("DMXModes/DMXMode")

    def channels(self, mode: Element) -> list[Placed]:
        """All channels of a mode that take slots, once for each place of their geometry."""
        places: dict[str, list[Reference | None]] = {}
        self._walk(self._geometries.get(mode.get("Geometry", "")), None, places, 0)
        found: list[Placed] = []
        for element in mode.iterfind("DMXChannels/DMXChannel"):
            offsets = _numbers(element.get("Offset", ""))
            one, dmx_break = self._definition(element), element.get("DMXBreak", "1")
            references = places.get(one.geometry, [None]) if offsets else []
            found += [_placed(one, dmx_break, offsets, reference) for reference in references]
            if len(found) > MAX_CHANNELS:
                raise ProfileError(f"a mode of more than {MAX_CHANNELS} channels")
        return found

    def _walk(
        self, one: Element | None, within: Reference | None, places: dict[str, list[Reference | None]], depth: int
    ) -> None:
        """Where each geometry stands: in the mode's own tree (None), or in a reference to it."""
        if one is None or depth > MAX_NESTING * 8:
            return
        if one.tag == "GeometryReference":
            target = self._geometries.get(one.get("Geometry", ""))
            self._walk(target, _reference(one, within), places, depth + 8)
            return
        places.setdefault(one.get("Name", ""), []).append(within)
        if sum(map(len, places.values())) > MAX_PLACES:
            raise ProfileError(f"more than {MAX_PLACES} geometries; no fixture has so many")
        for child in one:
            if child.get("Name") and child.tag != "Break":
                self._walk(child, within, places, depth + 1)

    def _definition(self, element: Element) -> Definition:
        if id(element) not in self._kept:
            self._kept[id(element)] = self._read(element)
        return self._kept[id(element)]

    def _read(self, element: Element) -> Definition:
        logicals = element.findall("LogicalChannel")
        written = [(one, logical) for logical in logicals for one in logical.findall("ChannelFunction")]
        functions = tuple(_functions([(one, logical.get("Attribute", "")) for one, logical in written]))
        attribute = logicals[0].get("Attribute", "") if logicals else ""
        geometry = element.get("Geometry", "")
        shape = self._geometries.get(geometry)
        return Definition(
            key=f"{geometry}_{attribute}",
            attribute=attribute or "NoFeature",
            geometry=geometry,
            functions=functions,
            default=_default(element, [one for one, _ in written]),
            laser=shape is not None and shape.tag == "Laser",
        )


def _reference(element: Element, within: Reference | None) -> Reference:
    breaks = [
        (_number(one.get("DMXBreak"), 1), _address(one.get("DMXOffset", "1"))) for one in element.findall("Break")
    ]
    before = within.offsets if within is not None else {}
    moved = {number: offset + before.get(number, 1) - 1 for number, offset in breaks}
    last = (breaks[-1][0], moved[breaks[-1][0]]) if breaks else (1, 1)
    name = element.get("Name", "")
    return Reference(f"{within.name} {name}" if within is not None else name, moved, last)


def _placed(definition: Definition, dmx_break: str, offsets: list[int], reference: Reference | None) -> Placed:
    number = _number(dmx_break, 1)
    if reference is None:
        return Placed(definition, number, tuple(offsets))
    number, start = reference.last if dmx_break == "Overwrite" else (number, reference.offsets.get(number, 1))
    return Placed(definition, number, tuple(offset + start - 1 for offset in offsets), reference.name)


def _functions(written: list[tuple[Element, str]]) -> Iterator[Function]:
    """Each ends where the next one begins that holds under the same condition."""
    conditions: dict[tuple[str, str, str], list[tuple[Element, str]]] = {}
    for one, attribute in written:
        condition = (one.get("ModeMaster") or "", one.get("ModeFrom") or "", one.get("ModeTo") or "")
        conditions.setdefault(condition, []).append((one, attribute))
    for (master, low, high), found in conditions.items():
        found.sort(key=lambda pair: _level(pair[0].get("DMXFrom", "0/1")))
        starts = [_level(one.get("DMXFrom", "0/1")) for one, _ in found]
        for (one, attribute), start, end in zip(found, starts, [*starts[1:], 256.0], strict=True):
            first, last = math.ceil(start), math.ceil(end) - 1
            if first > last:
                continue
            physical = (_float(one.get("PhysicalFrom"), 0.0), _float(one.get("PhysicalTo"), 1.0))
            when = (math.ceil(_level(low or "0/1")), math.floor(_level(high or "255/1")))
            yield Function(
                one.get("Name") or attribute, one.get("Attribute") or attribute or "NoFeature", first, last, *physical,
                one.get("Wheel") or "", one.get("Emitter") or "", tuple(_sets(one, first, last)),
                master if low or high or master else "", when,
            )  # fmt: skip


def _sets(function: Element, first: int, last: int) -> Iterator[ChannelSet]:
    written = sorted(function.findall("ChannelSet"), key=lambda one: _level(one.get("DMXFrom", "0/1")))
    starts = [max(float(first), _level(one.get("DMXFrom", "0/1"))) for one in written]
    for one, start, end in zip(written, starts, [*starts[1:], last + 1.0], strict=False):
        low, high = math.ceil(start), min(last, math.ceil(end) - 1)
        if low <= high:
            physical = (_optional(one.get("PhysicalFrom")), _optional(one.get("PhysicalTo")))
            yield ChannelSet(one.get("Name") or "", low, high, *physical, _number(one.get("WheelSlotIndex"), 0))


def _default(element: Element, functions: list[Element]) -> int | None:
    """The level a channel is left at: its own default, as older files have it, or its first function's."""
    written = element.get("Default")
    if not written:
        initial = (element.get("InitialFunction") or "").split(".")[-1]
        first = next((one for one in functions if one.get("Name") == initial), functions[0] if functions else None)
        written = first.get("Default") if first is not None else None
    return max(0, min(255, math.floor(_level(written)))) if written and written != "None" else None


def _level(written: str) -> float:
    """`n/m`, a number of m bytes (`n/ms`: shifted), as a level of the coarse byte."""
    number, _, size = written.partition("/")
    many = _number(size.rstrip("sS") or "1", 1)
    if not 1 <= many <= 8:
        raise ProfileError(f"a DMX value of {many} bytes is not known")
    return max(0.0, min(256.0, float(number) / float(256 ** (many - 1))))


def _address(written: str) -> int:
    """`address`, or `universe.address` counted on."""
    universe, point, address = written.partition(".")
    return 512 * (_number(universe, 1) - 1) + _number(address, 1) if point else _number(universe, 1)


def _numbers(written: str) -> list[int]:
    return [int(one) for one in written.split(",") if one.strip().lstrip("-").isdigit()]


def _number(written: str | None, otherwise: int) -> int:
    return int(written) if written and written.lstrip("-").isdigit() else otherwise


def _float(written: str | None, otherwise: float) -> float:
    found = _optional(written)
    return otherwise if found is None else found


def _optional(written: str | None) -> float | None:
    try:
        number = float(written) if written else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
