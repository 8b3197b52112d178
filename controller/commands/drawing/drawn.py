"""A patch while it is drawn: rows as the file has them, what people do to them, and what is wrong with them.

Edge: reads profiles.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from controller.commands.drawing.addresses import SlotRange, clashes, in_turn, proposed
from controller.commands.drawing.catalogue import role_of, turns
from controller.commands.drawing.shapes import SHAPES, ends, spread
from controller.commands.hanging_places import HANGS, Room
from controller.config import FixtureConfig
from controller.errors import ConfigError, ControllerError
from controller.rig.exchange.guessing import ROLES
from controller.rig.patch.patch import SLOTS, build_patch
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import Profile

Row = dict[str, Any]
MARKS = {"singer": (0.0, 0.8, 1.6), "drums": (0.0, 2.5, 1.2)}
"""What may be marked beside fixtures, and where it stands at first: a face, and the middle of a drum kit."""
MOST_AT_ONCE = 200
MOST_FIXTURES = 2_000
MOST_STEPS = 200
FURTHEST_M = 100.0
LEAST_ROOM: Room = (6.0, 4.0, 3.4)
BESIDE_M = 0.6
OF_ONE = ("id", "address")
"""What each fixture has for itself: it is not set for several at once."""
SETTABLE = (
    *OF_ONE, "mode", "universe", "role", "groups", "turn_deg", "pan_home", "tilt_home", "invert_pan", "invert_tilt",
    "max_intensity", "armed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A patch at one moment: its rows, each with its place in the file (None: it is new), universes, and marks."""

    rows: tuple[Row, ...]
    places: tuple[int | None, ...]
    universes: Mapping[int, Any]
    marks: Mapping[str, list[float]] = field(default_factory=dict)

    def in_file(self) -> tuple[Any, ...]:
        """What matters of it to a file: rows by their place in it, new rows, universes and marks."""
        pairs = list(zip(self.places, self.rows, strict=True))
        there = sorted(((place, row) for place, row in pairs if place is not None), key=lambda one: one[0])
        return there, [row for place, row in pairs if place is None], self.universes, self.marks


class DrawnPatch:
    """What is drawn.

    Args:
        rows: of `fixtures`, as the file has them. universes: as the file has them. library: where profiles are.
        marks: places of the singer and of the drums, x, y, z in metres, where the file has them.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        universes: Mapping[int, Any],
        library: Library,
        marks: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.library = library
        known = {name: list(place) for name, place in (marks or {}).items()}
        self.saved = DrawnStep(tuple(deepcopy(list(rows))), tuple(range(len(rows))), deepcopy(dict(universes)), known)
        self._steps, self._at = [self.saved], 0

    @property
    def now(self) -> DrawnStep:
        """As it is drawn."""
        return self._steps[self._at]

    @property
    def differs(self) -> bool:
        """Whether it is another patch than the file's."""
        return self.now.in_file() != self.saved.in_file()

    @property
    def undoable(self) -> bool:
        """Whether there is a step back."""
        return self._at > 0

    @property
    def redoable(self) -> bool:
        """Whether there is a step forward."""
        return self._at < len(self._steps) - 1

    def move(self, by: int) -> None:
        """One step back (-1) or forward (1), where there is one."""
        self._at = min(max(self._at + by, 0), len(self._steps) - 1)

    def add(
        self,
        reference: str,
        mode: str,
        count: int,
        shape: str,
        places: Sequence[Sequence[float]],
        *,
        role: str = "",
        universe: int | None = None,
    ) -> list[str]:
        """Put fixtures on the plan, with names, free addresses, and heights that are usual for their role.

        Args:
            reference: of the profile. mode: one of its modes. count: how many. shape: line, arc or grid.
            places: the ends of the shape, or one place for one fixture. role: empty for a guess.
            universe: preferred.

        Returns:
            their names.

        Raises:
            ControllerError: no such profile or mode, or no room for them.
        """
        profile = self.library.profile(reference)
        self._refuse(profile, mode, count, shape)
        role = role or role_of(profile, mode)
        if role not in ROLES:
            raise ConfigError(f"a role is one of {', '.join(ROLES)}")
        sizes = [profile.footprint(mode)] * count
        universes = sorted(self.now.universes, key=lambda one: (one != universe, one))
        addresses = proposed(sizes, self._ranges(), universes)
        taken = {str(row["id"]) for row in self.now.rows}
        up = self._height(role)
        rows: list[Row] = []
        row: Row
        for (x, y), (number, address) in zip(_spots(count, shape, places), addresses, strict=True):
            name = _free_name(role, taken)
            taken.add(name)
            row = {"id": name, "profile": reference, "mode": mode, "universe": number, "address": address}
            rows.append({**row, "role": role, "position_m": _place(x, y, up)})
        now = self.now
        self._step(replace(now, rows=(*now.rows, *rows), places=(*now.places, *(None for _ in rows))))
        return [str(row["id"]) for row in rows]

    def shift(self, names: Sequence[str], by: Sequence[float]) -> None:
        """Move fixtures by metres (x, y, z)."""
        dx, dy, dz = (*map(float, by), 0.0, 0.0)[:3]

        def moved(row: Row) -> Row:
            x, y, z = row["position_m"]
            return {**row, "position_m": _place(x + dx, y + dy, z + dz)}

        self._change(names, moved)

    def arrange(self, names: Sequence[str], shape: str) -> None:
        """Put fixtures into a shape between the outermost of them, in their order from the audience's left.

        Raises:
            ConfigError: fewer than two, or no such shape.
        """
        if len(names) < 2 or shape not in SHAPES:
            raise ConfigError(f"two fixtures or more can be put into {', '.join(SHAPES)}")
        rows = sorted(self._rows(names), key=lambda row: tuple(row["position_m"][:2]))
        one, other = ends([(row["position_m"][0], row["position_m"][1]) for row in rows])
        spots = spread(len(rows), shape, one, other)
        by_name = {str(row["id"]): spot for row, spot in zip(rows, spots, strict=True)}
        self._change(names, lambda row: {**row, "position_m": _place(*by_name[row["id"]], row["position_m"][2])})

    def set(self, names: Sequence[str], values: Mapping[str, Any]) -> None:
        """Set keys of fixtures; None takes a key away. `z` is the height.

        Raises:
            ConfigError: a key that is not set here, a value that is out of range, or a name that is there already.
        """
        for key in values:
            if key not in (*SETTABLE, "z"):
                raise ConfigError(f"'{key}' is not set here; it is a line of the file")
            if key in OF_ONE and len(names) != 1:
                raise ConfigError(f"{key}: each fixture has its own; choose one")

        def put(row: Row) -> Row:
            new = {**row, **{key: value for key, value in values.items() if key != "z"}}
            if "z" in values:
                x, y, _ = row["position_m"]
                new["position_m"] = _place(x, y, values["z"])
            return _valid({key: value for key, value in new.items() if value is not None})

        self._change(names, put)

    def address(self, names: Sequence[str], universe: int, first: int) -> None:
        """Give fixtures addresses one after the other, in the order of the names; the next universe where one is full.

        Raises:
            ConfigError: no such universe, or an address that is none.
        """
        if not 1 <= first <= SLOTS:
            raise ConfigError(f"an address is a whole number from 1 to {SLOTS}")
        sizes = {str(row["id"]): self._footprint(row) or 1 for row in self._rows(names)}
        places = in_turn(sizes, universe, first)
        missing = sorted({one for one, _ in places.values()} - set(self.now.universes))
        if missing:
            raise ConfigError(f"universe {missing[0]} is not there; add it first")
        self._change(names, lambda row: {**row, "universe": places[row["id"]][0], "address": places[row["id"]][1]})

    def remove(self, names: Sequence[str]) -> None:
        """Take fixtures away."""
        self._rows(names)
        kept = [at for at, row in enumerate(self.now.rows) if row["id"] not in names]
        now = self.now
        rows, places = tuple(now.rows[at] for at in kept), tuple(now.places[at] for at in kept)
        self._step(replace(now, rows=rows, places=places))

    def add_universe(self, outputs: Callable[[Mapping[int, Any]], tuple[int, Any]]) -> int:
        """A universe more, which leaves the way that the last one does, a number higher."""
        number, universe = outputs(self.now.universes)
        now = self.now
        self._step(replace(now, universes={**now.universes, number: universe}))
        return number

    def mark(self, name: str, place: Sequence[float] | None) -> None:
        """Say where the singer or the drums are (x, y in metres), or that nobody knows.

        Raises:
            ConfigError: no such mark, or no place in a venue.
        """
        if name not in MARKS:
            raise ConfigError(f"what can be marked is {', '.join(MARKS)}")
        marks = {other: at for other, at in self.now.marks.items() if other != name}
        if place is not None:
            before = self.now.marks.get(name, MARKS[name])
            x, y = (*place, *before[len(place) :])[:2]
            marks[name] = _place(x, y, before[2])
        self._step(replace(self.now, marks=marks))

    def rest(self, name: str, channel: str, level: int) -> None:
        """A level at which a channel that nothing drives is to stay: what a walk found out."""

        def put(row: Row) -> Row:
            override = deepcopy(row.get("override", {}))
            entry = {key: value for key, value in override.get(channel, {}).items() if key != "hold"}
            return _valid({**row, "override": {**override, channel: {**entry, "rest": level}}})

        self._change([name], put)

    def keep(self) -> None:
        """What is drawn now is what the file has: what stayed in its order, then what is new. Steps back remain."""
        now = self.now
        stayed = sorted((place, at) for at, place in enumerate(now.places) if place is not None)
        order = [at for _, at in stayed] + [at for at, place in enumerate(now.places) if place is None]
        place_of = {at: place for place, at in enumerate(order)}
        of_old = {now.places[at]: place_of[at] for _, at in stayed}
        of_new = {now.rows[at]["id"]: place_of[at] for at, place in enumerate(now.places) if place is None}

        def renewed(step: DrawnStep) -> DrawnStep:
            pairs = zip(step.rows, step.places, strict=True)
            places = (of_old.get(place) if place is not None else of_new.get(row["id"]) for row, place in pairs)
            return replace(step, places=tuple(places))

        self._steps = [renewed(one) for one in self._steps]
        self.saved = replace(now, rows=tuple(now.rows[at] for at in order), places=tuple(range(len(order))))

    def told(self) -> list[dict[str, Any]]:
        """Each fixture as the page shows it, with what is wrong with it in `problems`."""
        wrong = clashes(list(self._ranges()))
        return [self._told(row, wrong.get(str(row["id"]), [])) for row in self.now.rows]

    def refusal(self) -> str:
        """What `followspot check` would refuse of the patch first; empty if nothing."""
        try:
            configs = [FixtureConfig.model_validate(row) for row in self.now.rows]
            profiles = {one.profile: self.library.profile(one.profile) for one in configs}
            build_patch(configs, list(self.now.universes), profiles, lambda place: f"fixture {place[1] + 1}")  # type: ignore[operator]
        except ControllerError as error:
            return str(error)
        except ValidationError as error:
            return _first(error)
        return "" if self.now.rows else "no fixture yet: find one in the library and put it on the plan"

    def _told(self, row: Row, problems: list[str]) -> dict[str, Any]:
        x, y, z = row["position_m"]
        said: dict[str, Any] = {key: row.get(key) for key in SETTABLE} | {
            "profile": row["profile"],
            "x": x,
            "y": y,
            "z": z,
        }
        said |= {"slots": 0, "heads": 1, "kind": "", "modes": [], "moves": False}
        try:
            profile = self.library.profile(str(row["profile"]))
            mode = str(row["mode"])
            said["kind"] = profile.kind
            said["modes"] = [{"name": one, "slots": profile.footprint(one)} for one in profile.modes]
            if mode in profile.modes or mode in profile.if_held:
                said |= {"slots": profile.footprint(mode), "heads": profile.heads(mode), "moves": turns(profile, mode)}
            else:
                problems = [*problems, f"no mode '{mode}'; it has {', '.join(profile.modes) or 'none'}"]
        except ControllerError as error:
            problems = [*problems, str(error)]
        if row["universe"] not in self.now.universes:
            problems = [*problems, f"universe {row['universe']} has no outputs"]
        return {**said, "problems": problems}

    def _refuse(self, profile: Profile, mode: str, count: int, shape: str) -> None:
        if mode not in profile.modes:
            why = profile.refused.get(mode, f"it has {', '.join(profile.modes) or 'none that can be used as it is'}")
            raise ConfigError(f"mode '{mode}': {why}")
        if not 1 <= count <= MOST_AT_ONCE or len(self.now.rows) + count > MOST_FIXTURES:
            raise ConfigError(f"1 to {MOST_AT_ONCE} at once, and {MOST_FIXTURES} in all")
        if shape not in SHAPES:
            raise ConfigError(f"'{shape}' is none of {', '.join(SHAPES)}")

    def _ranges(self) -> Iterable[SlotRange]:
        for row in self.now.rows:
            size = self._footprint(row)
            if size:
                yield SlotRange(str(row["id"]), int(row["universe"]), int(row["address"]), size)

    def _footprint(self, row: Row) -> int:
        """Slots of a row, 0 where its profile or mode is not there."""
        try:
            return self.library.profile(str(row["profile"])).footprint(str(row["mode"]))
        except (ControllerError, KeyError):
            return 0

    def _height(self, role: str) -> float:
        """As the others of that role hang; else as is usual in a room as high as this one."""
        same = [float(row["position_m"][2]) for row in self.now.rows if row.get("role") == role]
        if same:
            return sorted(same)[len(same) // 2]
        highest = max((float(row["position_m"][2]) for row in self.now.rows), default=LEAST_ROOM[2])
        return round(HANGS[role][1] * highest, 2)

    def _rows(self, names: Sequence[str]) -> list[Row]:
        known = {str(row["id"]): row for row in self.now.rows}
        if not names or any(name not in known for name in names):
            raise ConfigError("choose a fixture of the plan first")
        return [known[name] for name in names]

    def _change(self, names: Sequence[str], change: Callable[[Row], Row]) -> None:
        self._rows(names)
        rows = tuple(change(row) if row["id"] in names else row for row in self.now.rows)
        ids = [row["id"] for row in rows]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ConfigError(f"id: '{twice}' is there already")
        self._step(replace(self.now, rows=rows))

    def _step(self, step: DrawnStep) -> None:
        if step == self.now:
            return
        self._steps = [*self._steps[: self._at + 1], step][-MOST_STEPS:]
        self._at = len(self._steps) - 1


def room_of(rows: Iterable[Row]) -> Room:
    """Width, depth and height that hold all fixtures, and at least a small stage."""
    places = [row["position_m"] for row in rows]
    width = max((2 * abs(x) + 1 for x, _, _ in places), default=0.0)
    depth = max((y + 1 for _, y, _ in places), default=0.0)
    height = max((z for _, _, z in places), default=0.0)
    return max(LEAST_ROOM[0], width), max(LEAST_ROOM[1], depth), max(LEAST_ROOM[2], height)


def _spots(count: int, shape: str, places: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Where they go: between two ends; around one place, side by side; without a place in the middle of the stage."""
    spots = [(float(one[0]), float(one[1])) for one in places[:2]] or [(0.0, LEAST_ROOM[1] / 2)]
    if len(spots) == 1:
        (x, y), half = spots[0], BESIDE_M * (count - 1) / 2
        spots = [(x - half, y), (x + half, y + (half if shape == "grid" else 0.0))]
    return spread(count, shape, spots[0], spots[1])


def _place(x: float, y: float, z: float) -> list[float]:
    """To the centimetre.

    Raises:
        ConfigError: no place in a venue.
    """
    metres = [round(float(one), 2) + 0.0 for one in (x, y, z)]
    if not all(abs(one) <= FURTHEST_M for one in metres):
        raise ConfigError(f"a fixture hangs within {FURTHEST_M:g} m of the middle of the stage's edge")
    return metres


def _free_name(role: str, taken: set[str]) -> str:
    return next(name for number in range(1, len(taken) + 2) if (name := f"{role}-{number}") not in taken)


def _valid(row: Row) -> Row:
    """The row, if a configuration may have it.

    Raises:
        ConfigError: says what is wrong with which key.
    """
    if row.get("role") not in ROLES:
        raise ConfigError(f"a role is one of {', '.join(ROLES)}")
    try:
        FixtureConfig.model_validate(row)
    except ValidationError as error:
        raise ConfigError(_first(error)) from error
    return row


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
