"""From what an importer read to a checked `Profile`: heads, names used twice, and modes that have to be refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from controller.errors import ProfileError
from controller.rig.profiles.meaning import NoHarmlessLevelError
from controller.rig.profiles.parts import heads_by_name
from controller.rig.profiles.profile import Channel, Profile, Slot, Unknown, entry_of

CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)
MAX_SLOTS = 512
SHINES = ("intensity", "colour", "hue", "wheel")
"""What channels do that make light, or dim it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot of a mode as its source has it: the channel's name, which byte of it, and the pixels it lights."""

    name: str
    byte: int = 0
    pixels: frozenset[int] = frozenset()


class NoUsableModeError(ProfileError):
    """Every mode of a fixture has to be refused.

    Args:
        refused: why, by mode.
    """

    def __init__(self, refused: Mapping[str, str]) -> None:
        reasons = "; ".join(f"{mode}: {reason}" for mode, reason in refused.items())
        super().__init__(f"no mode can be used ({reasons or 'there is none'})")
        self.refused = refused


ModeRow = Sequence[Cell | None]
Describe = Callable[[str], Mapping[str, Any]]


def assemble(header: Mapping[str, Any], modes: Mapping[str, ModeRow | ProfileError], describe: Describe) -> Profile:
    """A profile of all modes that can be used.

    Args:
        header: maker, model, kind and source.
        modes: slots of each mode in order, or why it cannot be used.
        describe: fields of the channel of a name.

    Raises:
        ProfileError: no mode can be used; says why.
    """
    channels = _Channels(describe)
    written: dict[str, list[str | None]] = {}
    if_held: dict[str, list[str | None]] = {}
    refused: dict[str, str] = {}
    for mode, row in modes.items():
        try:
            if isinstance(row, ProfileError):
                raise row
            entries = _entries(row, channels)
        except ProfileError as error:
            refused[mode] = str(error)
            continue
        unknown = [one for one in map(_plain, filter(None, entries)) if isinstance(channels.known[one], Unknown)]
        if unknown:
            refused[mode] = channels.why(unknown[0])
        (if_held if unknown else written)[mode] = entries
    if not written and not if_held:
        raise NoUsableModeError(refused)
    every = written | if_held
    used = {_plain(entry) for entries in every.values() for entry in entries if entry}
    also = {name: mode for name, mode in header.get("also", {}).items() if mode in every and name not in every}
    profile = {**header, "format": 1, "modes": written, "if_held": if_held, "refused": refused, "also": also}
    try:
        return Profile.model_validate(profile | {"channels": {k: v for k, v in channels.known.items() if k in used}})
    except ValidationError as error:
        raise ProfileError(_first(error)) from error


class _Channels:
    """Channels by name, described and checked once each."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._problems: dict[str, ProfileError] = {}
        self.known: dict[str, Channel] = {}

    def need(self, name: str, source: str) -> None:
        """Make sure that a channel exists under a name; `source` is what the library calls it."""
        if name in self._problems:
            raise self._problems[name]
        if name in self.known:
            return
        try:
            self.known[name] = CHANNEL.validate_python(dict(self._described(source)))
        except ProfileError as error:
            self._problems[name] = ProfileError(f"channel '{source}': {error}")
            raise self._problems[name] from error
        except ValidationError as error:
            self._problems[name] = ProfileError(f"channel '{source}': {_first(error)}")
            raise self._problems[name] from error

    def _described(self, source: str) -> Mapping[str, Any]:
        try:
            return self._describe(source)
        except NoHarmlessLevelError as error:
            if not error.leaves_a_level:
                raise
            return {"does": "unknown", "why": f"channel '{source}': {error}"} | error.hazards

    def why(self, name: str) -> str:
        """What is not known about an unknown channel."""
        channel = self.known[name]
        return channel.why if isinstance(channel, Unknown) else ""


def _entries(row: ModeRow, channels: _Channels) -> list[str | None]:
    if not 1 <= len(row) <= MAX_SLOTS:
        raise ProfileError(f"it takes {len(row)} slots; a universe has {MAX_SLOTS}")
    for one in filter(None, row):
        channels.need(safe_name(one.name), one.name)
    row = _in_parts(row, channels)
    heads = _heads(row)
    coarse = {(cell.name, cell.pixels) for cell in row if cell and not cell.byte}
    two = {(cell.name, cell.pixels) for cell in row if cell and cell.byte == 1}
    times: dict[Cell, int] = {}
    entries: list[str | None] = []
    for cell in row:
        if cell is None or not _has_what_it_follows(cell, coarse, two):
            entries.append(None)
            continue
        times[cell] = times.get(cell, 0) + 1
        name = safe_name(cell.name) + (f" ({times[cell]})" if times[cell] > 1 else "")
        channels.need(name, cell.name)
        entries.append(entry_of(Slot(name, cell.byte, tuple(sorted({heads[pixel] for pixel in cell.pixels})))))
    return entries


def _in_parts(row: ModeRow, channels: _Channels) -> ModeRow:
    """The row with a head for each part, where the names of the channels tell parts apart."""
    given: dict[str, frozenset[int]] = {}
    for cell in filter(None, row):
        given[cell.name] = given.get(cell.name, frozenset()) | cell.pixels
    shining = {name for name in given if channels.known[safe_name(name)].does in SHINES}
    found = heads_by_name(given, shining)
    return [replace(cell, pixels=cell.pixels or found[cell.name]) if cell else None for cell in row]


def _has_what_it_follows(cell: Cell, coarse: set[Any], two: set[Any]) -> bool:
    """A fine byte alone moves nothing anybody asked for."""
    key = (cell.name, cell.pixels)
    return cell.byte == 0 or (key in coarse and (cell.byte == 1 or key in two))


def _heads(row: ModeRow) -> dict[int, int]:
    """Pixel to head: pixels that always go together are one head, in the order of pixels."""
    touched: dict[int, set[int]] = {}
    for index, cell in enumerate(row):
        for pixel in cell.pixels if cell else ():
            touched.setdefault(pixel, set()).add(index)
    heads: dict[frozenset[int], int] = {}
    return {pixel: heads.setdefault(frozenset(touched[pixel]), len(heads)) for pixel in sorted(touched)}


def safe_name(name: str) -> str:
    """A name that means nothing else in a mode's list."""
    plain = " ".join(name.replace("@", " at ").split()) or "channel"
    return plain + " byte" if plain.endswith((".fine", ".fine2")) else plain


def _plain(entry: str) -> str:
    return entry.removesuffix(".fine2").removesuffix(".fine").split("@")[0]


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return (
        f"{place}: {first['msg'].removeprefix('Value error, ')}"
        if place
        else first["msg"].removeprefix("Value error, ")
    )
