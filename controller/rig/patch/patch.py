"""Fixtures at addresses: footprints, overlaps, and one table of heads for everything downstream."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from controller.arrays import Float32Array, IndexArray
from controller.config import FixtureConfig, OverrideConfig
from controller.errors import PatchError, ProfileError
from controller.rig.heads import Rig
from controller.rig.patch.lanes import CONTROLS, RESTING, Lane, decide, dimmed_heads, lanes_of
from controller.rig.patch.overrides import overridden
from controller.rig.profiles.hazard_words import is_pyrotechnic
from controller.rig.profiles.profile import Pan, Profile, Tilt
from controller.yaml_places import Where

SLOTS = 512
CELL_PITCH_M = 0.12
FURTHEST_M = 1_000.0


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


@dataclass(frozen=True, slots=True, repr=False)
class Patch:
    """The rig as tables with one row for each head, N heads in patch order.

    Attributes:
        fixtures: in patch order.
        universes: universe numbers; row u of a slot table belongs to `universes[u]`.
        fixture_of: (N,) index into `fixtures`.
        roles: role of each head. positions_m: (N, 3) x, y, z.
        coarse, fine: for each control (N,) flat slot index `row * 512 + index`, or `nowhere` where a head lacks it.
        constants: flat slot index to the level that it is held at, or rests at.
        lanes: every channel of every fixture, in patch order.
        groups: name of each group to its heads.
        nowhere: flat index of one spare slot past the last universe.
    """

    fixtures: tuple[Fixture, ...]
    universes: tuple[int, ...]
    fixture_of: IndexArray
    roles: tuple[str, ...]
    positions_m: Float32Array
    coarse: Mapping[str, IndexArray]
    fine: Mapping[str, IndexArray]
    constants: Mapping[int, int]
    lanes: tuple[Lane, ...]
    groups: Mapping[str, IndexArray]
    nowhere: int

    def __repr__(self) -> str:
        return f"Patch({len(self.fixtures)} fixtures, {self.heads} heads)"

    @property
    def heads(self) -> int:
        """N."""
        return len(self.roles)

    @property
    def rig(self) -> Rig:
        """What looks may know of it."""
        return Rig(self.roles, self.positions_m, self.degrees(Pan, 360.0), self.degrees(Tilt, 180.0))

    def degrees(self, kind: type[Pan] | type[Tilt], otherwise: float) -> Float32Array:
        """(N,) how far heads turn; `otherwise` for heads that do not."""
        found = np.full(self.heads, otherwise, np.float32)
        for lane in self.lanes:
            if isinstance(lane.channel, kind):
                found[list(lane.heads)] = lane.channel.degrees
        return found

    @property
    def dimmable(self) -> npt.NDArray[np.bool_]:
        """(N,) which heads can be made dark: by a dimmer, by emitters, or by a shutter that closes."""
        closing = {head for lane in self.lanes if lane.control == "gate" for head in lane.heads}
        found = np.zeros(self.heads, np.bool_)
        found[sorted(dimmed_heads(self.lanes) | closing)] = True
        return found

    @property
    def used(self) -> dict[int, npt.NDArray[np.bool_]]:
        """(512,) of each universe: the slots that some fixture takes, whether anything drives them or not."""
        found = {number: np.zeros(SLOTS, bool) for number in self.universes}
        for one in self.fixtures:
            first = one.config.address - 1
            found[one.config.universe][first : first + one.footprint] = True
        return found

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
        found = (lane.channel for lane in self.lanes if head in lane.heads and isinstance(lane.channel, kind))
        return next(found, None)


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
        PatchError: unknown mode or universe, past slot 512, overlap, an id used twice, a laser that nobody allowed, or
            an override of what is not there.
    """
    fixtures = [_named(fixture, profiles[fixture.profile]) for fixture in fixtures]
    _check(fixtures, universes, profiles, where)
    tables = _Tables(universes)
    patched = []
    for number, config in enumerate(fixtures):
        place = where(("fixtures", number, "override"))
        patched.append(tables.add(config, overridden(profiles[config.profile], config, place)))
    return tables.patch(tuple(patched))


def _named(fixture: FixtureConfig, profile: Profile) -> FixtureConfig:
    """The fixture with its mode under the name that the profile has it."""
    mode = profile.also.get(fixture.mode)
    return fixture if mode is None else fixture.model_copy(update={"mode": mode})


def _check(fixtures: list[FixtureConfig], universes: list[int], profiles: Mapping[str, Profile], where: Where) -> None:
    taken: dict[tuple[int, int], str] = {}
    ids: set[str] = set()
    for number, fixture in enumerate(fixtures):
        if fixture.id in ids:
            raise PatchError(f"{where(('fixtures', number, 'id'))}: '{fixture.id}' is used twice; ids must differ")
        ids.add(fixture.id)
        _check_profile(fixture, profiles[fixture.profile], number, where)
        if fixture.universe not in universes:
            place, known = where(("fixtures", number, "universe")), ", ".join(str(one) for one in universes)
            raise PatchError(f"{place}: universe {fixture.universe} has no outputs; there are: {known}")
        footprint = profiles[fixture.profile].footprint(fixture.mode)
        _check_addresses(fixture, footprint, where(("fixtures", number, "address")), taken)


def _check_profile(fixture: FixtureConfig, profile: Profile, number: int, where: Where) -> None:
    _check_mode(fixture, profile, where(("fixtures", number, "mode")))
    if is_pyrotechnic(profile.model):
        place = where(("fixtures", number, "profile"))
        raise PatchError(f"{place}: {profile.model} makes fire, sparks or throws things; it is never driven from here")
    if profile.kind == "laser" and not fixture.allow_laser:
        raise PatchError(
            f"{where(('fixtures', number, 'profile'))}: {fixture.profile} is a laser; with `allow_laser: true` its "
            "slots are sent, dark, for a person to raise"
        )
    if not all(abs(metres) <= FURTHEST_M for metres in fixture.position_m):
        place = where(("fixtures", number, "position_m"))
        raise PatchError(f"{place}: {list(fixture.position_m)} is no place in a venue; metres, within {FURTHEST_M:g}")
    for name in ("pan", "tilt"):
        low, high = getattr(fixture, name)
        home = getattr(fixture, f"{name}_home")
        if low > high:
            raise PatchError(
                f"{where(('fixtures', number, name))}: {low:g} to {high:g} runs backwards; invert_{name} turns"
            )
        if not low <= home <= high and home != 0.5:
            place = where(("fixtures", number, f"{name}_home"))
            raise PatchError(f"{place}: {home:g} is outside {name}, {low:g} to {high:g}")


def _check_mode(fixture: FixtureConfig, profile: Profile, place: str) -> None:
    """Whether the mode may be used: those of `if_held` only where the patch holds what nobody knows a level for."""
    if fixture.mode in profile.modes:
        return
    known = ", ".join(profile.modes) or "none"
    if fixture.mode not in profile.refused:
        raise PatchError(f"{place}: {fixture.profile} has no mode '{fixture.mode}'; its modes are {known}")
    unknown = profile.unknown(fixture.mode) if fixture.mode in profile.if_held else []
    free = [name for name in unknown if fixture.override.get(name, OverrideConfig()).level is None]
    if unknown and not free:
        return
    said = f"{place}: mode '{fixture.mode}' of {fixture.profile} cannot be used: {profile.refused[fixture.mode]}"
    if not free:
        raise PatchError(f"{said}; other modes are {known}")
    line = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {{hold: LEVEL}}" for name in free)
    raise PatchError(
        f"{said}. Where the fixture's manual tells a level of it at which nothing happens, hold it there: add "
        f"`override: {{{line}}}` to {fixture.id}, a number for LEVEL; other modes are {known}"
    )


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
                f"{place}: {fixture.id} ({fixture.universe}.{fixture.address}-{last}) overlaps {other} "
                f"at address {address}; move one of them"
            )


def cell_places(place: tuple[float, float, float], heads: int, turn_deg: float) -> list[tuple[float, float, float]]:
    """Where the heads of a fixture are: in a line through its place, that far turned from across the stage.

    Args:
        place: x, y, z in metres. turn_deg: anticlockwise, seen from above.
    """
    x, y, z = place
    turn = math.radians(turn_deg)
    along = [(head - (heads - 1) / 2) * CELL_PITCH_M for head in range(heads)]
    return [(x + one * math.cos(turn), y + one * math.sin(turn), z) for one in along]


class _Tables:
    """Grows the tables of a patch, fixture by fixture."""

    def __init__(self, universes: list[int]) -> None:
        self._universes = tuple(sorted(universes))
        self._nowhere = len(universes) * SLOTS
        self._lanes: list[Lane] = []
        self._fixture_of: list[int] = []
        self._roles: list[str] = []
        self._positions: list[tuple[float, float, float]] = []
        self._groups: dict[str, list[int]] = {}
        self._count = 0

    def add(self, config: FixtureConfig, profile: Profile) -> Fixture:
        heads = profile.heads(config.mode)
        fixture = Fixture(config, profile, len(self._roles), heads)
        start = self._universes.index(config.universe) * SLOTS + config.address - 1
        lanes = lanes_of(profile, config.mode, self._count, start, fixture.first_head)
        try:
            decide(lanes, reachable=config.role != "hazer" and profile.kind != "laser")
        except ProfileError as error:
            raise PatchError(f"{config.id}: {config.profile}, mode {config.mode}: {error}") from error
        self._lanes += lanes
        for group in config.groups:
            self._groups.setdefault(group, []).extend(range(fixture.first_head, fixture.first_head + heads))
        self._fixture_of += [self._count] * heads
        self._roles += [config.role] * heads
        self._positions += cell_places(config.position_m, heads, config.turn_deg)
        self._count += 1
        return fixture

    def patch(self, fixtures: tuple[Fixture, ...]) -> Patch:
        coarse, fine = self._by_control(0), self._by_control(1)
        return Patch(
            fixtures=fixtures,
            universes=self._universes,
            fixture_of=np.array(self._fixture_of, np.intp),
            roles=tuple(self._roles),
            positions_m=np.array(self._positions, np.float32),
            coarse=coarse,
            fine=fine,
            constants={lane.slots[0]: lane.at for lane in self._lanes if lane.control in RESTING},
            lanes=tuple(self._lanes),
            groups={name: np.array(heads, np.intp) for name, heads in sorted(self._groups.items())},
            nowhere=self._nowhere,
        )

    def _by_control(self, byte: int) -> dict[str, IndexArray]:
        """For each control the slot of each head; where several lanes share a control, that of fewest heads."""
        found = {control: np.full(len(self._roles), self._nowhere, np.intp) for control in CONTROLS}
        for lane in sorted(self._lanes, key=lambda one: -len(one.heads)):
            if lane.control in found and byte <= len(lane.slots):
                slot = lane.slots[byte] if byte < len(lane.slots) else self._nowhere
                found[lane.control][list(lane.heads)] = slot
        return found
