"""Fixtures at addresses: footprints, overlaps, and one table of heads for everything downstream."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.config import FixtureConfig, Where
from controller.errors import PatchError
from controller.messages import FloatArray
from controller.profiles.profile import ColourChannel, Haze, Hold, Intensity, Pan, Profile, Shutter, Tilt, Wheel
from controller.rig import Rig

IndexArray = npt.NDArray[np.intp]
SLOTS = 512
CONTROLS = ("intensity", "red", "green", "blue", "white", "amber", "uv", "pan", "tilt", "wheel", "haze")
CELL_PITCH_M = 0.12


@dataclass(frozen=True, slots=True)
class Fixture:
    """One fixture of the patch with the profile it was resolved to."""

    config: FixtureConfig
    profile: Profile
    first_head: int
    heads: int

    @property
    def footprint(self) -> int:
        """Slots it takes."""
        return self.profile.footprint(self.config.mode)


@dataclass(frozen=True, slots=True)
class Patch:
    """The rig as tables with one row for each head, N heads in patch order.

    Attributes:
        fixtures: in patch order.
        universes: universe numbers; row u of a slot table belongs to `universes[u]`.
        fixture_of: (N,) index into `fixtures`.
        roles: role of each head. positions_m: (N, 3) x, y, z.
        coarse, fine: for each control (N,) flat slot index `row * 512 + index`, or `nowhere` where a head lacks it.
        constants: flat slot index to the level it is held at.
        nowhere: flat index of one spare slot past the last universe.
    """

    fixtures: tuple[Fixture, ...]
    universes: tuple[int, ...]
    fixture_of: IndexArray
    roles: tuple[str, ...]
    positions_m: FloatArray
    coarse: Mapping[str, IndexArray]
    fine: Mapping[str, IndexArray]
    constants: Mapping[int, int]
    nowhere: int

    @property
    def heads(self) -> int:
        """N."""
        return len(self.roles)

    @property
    def rig(self) -> Rig:
        """What looks may know of it."""
        pan = [self.channel_of(head, Pan) for head in range(self.heads)]
        tilt = [self.channel_of(head, Tilt) for head in range(self.heads)]
        return Rig(
            self.roles,
            self.positions_m,
            np.array([one.degrees if isinstance(one, Pan) else 360.0 for one in pan], np.float32),
            np.array([one.degrees if isinstance(one, Tilt) else 180.0 for one in tilt], np.float32),
        )

    def has(self, control: str) -> npt.NDArray[np.bool_]:
        """(N,) which heads have a control."""
        return np.asarray(self.coarse[control] != self.nowhere)

    def head_name(self, head: int) -> str:
        """The fixture's id, and which of its heads if it has several, counted from 1."""
        fixture = self.fixtures[self.fixture_of[head]]
        number = f".{head - fixture.first_head + 1}" if fixture.heads > 1 else ""
        return f"{fixture.config.id}{number}"

    def channel_of(self, head: int, kind: type) -> object | None:
        """The head's channel of this kind, e.g. its `Pan`, or None."""
        profile = self.fixtures[self.fixture_of[head]].profile
        mode = self.fixtures[self.fixture_of[head]].config.mode
        names = {name for name, _, _ in profile.layout(mode)}
        return next((profile.channels[name] for name in names if isinstance(profile.channels[name], kind)), None)


def build_patch(
    fixtures: list[FixtureConfig], universes: list[int], profiles: Mapping[str, Profile], where: Where
) -> Patch:
    """Resolve and check a patch.

    Args:
        fixtures: as configured.
        universes: numbers of the universes that have outputs.
        profiles: every profile the fixtures name.
        where: tells file and line of a place in the configuration.

    Raises:
        PatchError: unknown mode or universe, past slot 512, overlap, or an id used twice.
    """
    _check(fixtures, universes, profiles, where)
    tables = _Tables(universes)
    patched = tuple(tables.add(config, profiles[config.profile]) for config in fixtures)
    return tables.patch(patched)


def _check(fixtures: list[FixtureConfig], universes: list[int], profiles: Mapping[str, Profile], where: Where) -> None:
    taken: dict[tuple[int, int], str] = {}
    ids: set[str] = set()
    for number, fixture in enumerate(fixtures):
        if fixture.id in ids:
            raise PatchError(f"{where(('fixtures', number, 'id'))}: '{fixture.id}' is used twice; ids must differ")
        ids.add(fixture.id)
        modes = profiles[fixture.profile].modes
        if fixture.mode not in modes:
            place, known = where(("fixtures", number, "mode")), ", ".join(modes)
            raise PatchError(f"{place}: {fixture.profile} has no mode '{fixture.mode}'; its modes are {known}")
        if fixture.universe not in universes:
            place, known = where(("fixtures", number, "universe")), ", ".join(str(one) for one in universes)
            raise PatchError(f"{place}: universe {fixture.universe} has no outputs; there are: {known}")
        footprint = profiles[fixture.profile].footprint(fixture.mode)
        _check_addresses(fixture, footprint, where(("fixtures", number, "address")), taken)


def _check_addresses(fixture: FixtureConfig, footprint: int, place: str, taken: dict[tuple[int, int], str]) -> None:
    last = fixture.address + footprint - 1
    if last > SLOTS:
        raise PatchError(
            f"{place}: {fixture.id} takes {footprint} slots and would end at {last}; "
            f"the highest address it fits at is {SLOTS - footprint + 1}"
        )
    for address in range(fixture.address, last + 1):
        other = taken.setdefault((fixture.universe, address), fixture.id)
        if other != fixture.id:
            raise PatchError(
                f"{place}: {fixture.id} ({fixture.universe}/{fixture.address}-{last}) overlaps {other} "
                f"at address {address}; move one of them"
            )


class _Tables:
    """Grows the tables of a patch, fixture by fixture."""

    def __init__(self, universes: list[int]) -> None:
        self._universes = tuple(sorted(universes))
        self._nowhere = len(universes) * SLOTS
        self._rows: list[dict[str, tuple[int, int]]] = []
        self._fixture_of: list[int] = []
        self._roles: list[str] = []
        self._positions: list[tuple[float, float, float]] = []
        self._constants: dict[int, int] = {}
        self._count = 0

    def add(self, config: FixtureConfig, profile: Profile) -> Fixture:
        heads = profile.heads(config.mode)
        fixture = Fixture(config, profile, len(self._rows), heads)
        start = self._universes.index(config.universe) * SLOTS + config.address - 1
        rows: list[dict[str, tuple[int, int]]] = [{} for _ in range(heads)]
        for index, (name, is_fine, head) in enumerate(profile.layout(config.mode)):
            control = self._control(profile.channels[name], start + index)
            for row in rows if head < 0 else [rows[head]]:
                if control is not None:
                    coarse = row[control][0] if is_fine else start + index
                    row[control] = (coarse, start + index if is_fine else self._nowhere)
        self._rows += rows
        self._fixture_of += [self._count] * heads
        self._roles += [config.role] * heads
        x, y, z = config.position_m
        self._positions += [(x + (head - (heads - 1) / 2) * CELL_PITCH_M, y, z) for head in range(heads)]
        self._count += 1
        return fixture

    def _control(self, channel: object, slot: int) -> str | None:
        """The control a channel is, or None after noting the level it is held at."""
        match channel:
            case ColourChannel(emitter=emitter):
                return emitter
            case Intensity() | Pan() | Tilt() | Wheel() | Haze():
                return channel.does
            case Shutter() as shutter:
                self._constants[slot] = shutter.open_level
            case Hold(at=level):
                self._constants[slot] = level
        return None

    def patch(self, fixtures: tuple[Fixture, ...]) -> Patch:
        absent = (self._nowhere, self._nowhere)
        return Patch(
            fixtures=fixtures,
            universes=self._universes,
            fixture_of=np.array(self._fixture_of, np.intp),
            roles=tuple(self._roles),
            positions_m=np.array(self._positions, np.float32),
            coarse={c: np.array([row.get(c, absent)[0] for row in self._rows], np.intp) for c in CONTROLS},
            fine={c: np.array([row.get(c, absent)[1] for row in self._rows], np.intp) for c in CONTROLS},
            constants=self._constants,
            nowhere=self._nowhere,
        )
