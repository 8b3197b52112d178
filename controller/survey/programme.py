"""What every head plays while the rig is filmed: a start mark, its code, dimmer levels, its colours. Pure.

No head changes more than once a step of a second, from one level to another by a smooth ramp: that is at most half a
flash a second, where three are allowed. All of it still goes through the flash limiter (`playing.py`).
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from controller.arrays import Float32Array, Float64Array, IntArray
from controller.errors import SurveyError
from controller.rig.patch.lanes import EMITTERS, FLAGS
from controller.rig.patch.patch import Patch
from controller.survey.codes import chips_for, codes

VERSION = 1
MOST_SOURCES = 160
LEAD_S, RAMP_S = 2.0, 0.24
MARK = (1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0)
"""Barker's code of seven: it looks like itself at one shift alone. All heads play it together, before their own."""
LEVELS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.0)
LOW_LEVELS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.18, 0.22, 0.27)
"""Where the rest of the room is dark, too: in it a fixture's first light can be seen."""
PRIMARIES = ("red", "green", "blue")
WHITE = "white light"
KINDS = ("lead", "mark", "code", "level", "colour", "end")


@dataclass(frozen=True, slots=True)
class LitSource:
    """Heads that only light together, most often one.

    Attributes:
        name: of the head. fixture: its id. heads: rows of the patch. emitters: colours that it can show one by one.
        shares: whether a dimmer of it is that of other sources, too.
    """

    name: str
    fixture: str
    heads: tuple[int, ...]
    emitters: tuple[str, ...]
    shares: bool


@dataclass(frozen=True, slots=True)
class Programme:
    """All steps, one behind the other.

    Attributes:
        sources: who plays, n of them. step_s: how long a step is, seconds.
        kinds: of each step, one of `KINDS`. levels: (steps, n) level of the dimmer, 0..1.
        colours: (steps, n) index into the source's emitters, -1: white.
    """

    sources: tuple[LitSource, ...]
    step_s: float
    kinds: tuple[str, ...]
    levels: tuple[tuple[float, ...], ...]
    colours: tuple[tuple[int, ...], ...]

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        return LEAD_S + self.step_s * (len(self.kinds) - 1)

    @property
    def edges_s(self) -> Float64Array:
        """(steps,) when each begins."""
        steps = np.arange(len(self.kinds), dtype=np.float64)
        return np.where(steps > 0, LEAD_S + (steps - 1.0) * self.step_s, 0.0)

    @property
    def table(self) -> Float32Array:
        """`levels` as an array."""
        return np.array(self.levels, np.float32).reshape(len(self.kinds), len(self.sources))

    def rows(self, *kinds: str) -> IntArray:
        """The steps of some kinds."""
        return np.array([row for row, kind in enumerate(self.kinds) if kind in kinds], np.int64)

    def played(self, t_s: Float64Array) -> Float32Array:
        """(T, n) levels at times, ramps included. Shapes: t_s (T,), or (T, n) where every source has its own time."""
        times = np.asarray(t_s, np.float64)
        table, edges = self.table, self.edges_s
        each = times if times.ndim > 1 else times[:, None]
        now = np.clip(np.searchsorted(edges, each, side="right") - 1, 0, len(edges) - 1)
        columns = np.arange(len(self.sources))[None, :]
        share = _ramp((each - edges[now]) / RAMP_S)
        before = table[np.maximum(now - 1, 0), columns]
        return np.asarray(before + (table[now, columns] - before) * share, np.float32)

    def at(self, t_s: float) -> tuple[int, float]:
        """The step of a moment, and how far it is into its ramp, 0..1."""
        edges = self.edges_s
        row = int(np.clip(np.searchsorted(edges, t_s, side="right") - 1, 0, len(edges) - 1))
        return row, float(_ramp(np.array((t_s - edges[row]) / RAMP_S)))

    def as_json(self) -> str:
        """For a file, which reading the film needs."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False)


def _ramp(share: Float64Array) -> Float64Array:
    """0 to 1 as half a cosine."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))


def read_programme(text: str) -> Programme:
    """The programme that was played, from its file.

    Raises:
        SurveyError: it is none, or of another version.
    """
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("version") != VERSION:
            raise SurveyError("was played by another version of Followspot; play and film it again")
        sources = tuple(
            LitSource(one["name"], one["fixture"], tuple(one["heads"]), tuple(one["emitters"]), bool(one["shares"]))
            for one in told["sources"]
        )
        levels, colours = (tuple(tuple(row) for row in told[name]) for name in ("levels", "colours"))
        found = Programme(sources, float(told["step_s"]), tuple(told["kinds"]), levels, colours)
        if found.table.shape != (len(colours), len(sources)) or {len(row) for row in colours} != {len(sources)}:
            raise ValueError("rows of other lengths")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SurveyError("is no programme of `followspot measure play`; it writes one beside what it plays") from error
    return found


def sources_of(patch: Patch, fixtures: frozenset[str] | None = None) -> tuple[LitSource, ...]:
    """What of a rig can be lit and made dark, of all fixtures or of some.

    Raises:
        SurveyError: nothing, or too much for one film.
    """
    lit = _lit_by(patch)
    alike: dict[tuple[int, frozenset[int]], list[int]] = {}
    for head in range(patch.heads):
        fixture = patch.fixtures[patch.fixture_of[head]].config
        if (fixtures is None or fixture.id in fixtures) and lit[head] and patch.dimmable[head]:
            alike.setdefault((int(patch.fixture_of[head]), lit[head]), []).append(head)
    found = tuple(
        LitSource(_name(patch, heads), patch.fixtures[fixture].config.id, tuple(heads), _emitters(patch, heads),
               _shares(patch, heads))
        for (fixture, _), heads in alike.items()
    )  # fmt: skip
    if not found:
        raise SurveyError("nothing here can be measured: no fixture has light that can be dimmed")
    if len(found) > MOST_SOURCES:
        raise SurveyError(
            f"{len(found)} heads are too many for one film, {MOST_SOURCES} are the most; name some fixtures, film "
            "those, and then the others"
        )
    return found


def _lit_by(patch: Patch) -> list[frozenset[int]]:
    """For each head the slots that carry its light."""
    found: list[set[int]] = [set() for _ in range(patch.heads)]
    for lane in patch.lanes:
        if lane.control in ("intensity", "gate", *EMITTERS, *FLAGS, "hue"):
            for head in lane.heads:
                found[head] |= set(lane.slots)
    lamps = [patch.roles[head] != "hazer" for head in range(patch.heads)]
    return [frozenset(slots) if lamp else frozenset() for slots, lamp in zip(found, lamps, strict=True)]


def _name(patch: Patch, heads: list[int]) -> str:
    fixture = patch.fixtures[patch.fixture_of[heads[0]]]
    return fixture.config.id if len(heads) == fixture.heads else patch.head_name(heads[0])


def _emitters(patch: Patch, heads: list[int]) -> tuple[str, ...]:
    mine = set(heads)
    controls = {lane.control for lane in patch.lanes if mine & set(lane.heads)}
    own = tuple(name for name in EMITTERS if name in controls)
    if own:
        return own if len(own) > 1 else ()
    return PRIMARIES if controls & {*FLAGS, "hue"} else ()


def _shares(patch: Patch, heads: list[int]) -> bool:
    dimmers = [set(lane.heads) for lane in patch.lanes if lane.control == "intensity"]
    return any(one & set(heads) and not one <= set(heads) for one in dimmers)


def plan(
    sources: tuple[LitSource, ...], seed: int = 0, *, step_s: float = 1.0, level_turns: int = 3, colour_turns: int = 3
) -> Programme:
    """The programme for some sources.

    Args:
        seed: of codes and orders. step_s: seconds, at least 0.7. level_turns, colour_turns: how often each comes.
    """
    rng, n = np.random.default_rng([seed, 28]), len(sources)
    names = list(dict.fromkeys(one.fixture for one in sources))
    of = [names.index(one.fixture) for one in sources]  # heads that share a dimmer have to agree about it
    dark = np.zeros((1, n))
    parts: list[tuple[str, Float64Array, IntArray | None]] = [
        ("lead", dark, None),
        ("mark", np.repeat(np.array(MARK)[:, None], n, axis=1), None),
        ("lead", dark, None),
        ("code", codes(n, rng).T.astype(np.float64), None),
        ("level", _shuffled(LEVELS, level_turns, len(names), rng)[:, of], None),
        ("level", _shuffled(LOW_LEVELS, level_turns, len(names), rng)[:, of], None),
        ("lead", dark, None),
    ]
    counts = [len(one.emitters) for one in sources]
    if max(counts):
        drawn = _shuffled(tuple(range(max(counts))), colour_turns, len(names), rng)[:, of]
        shown = drawn.astype(np.int64) % np.maximum(counts, 1)
        parts.append(("colour", np.tile(np.array(counts) > 0, (len(shown), 1)).astype(float), shown))
    parts.append(("end", np.zeros((2, n)), None))
    kinds = tuple(kind for kind, levels, _ in parts for _ in levels)
    whites = [np.full(levels.shape, -1) if shown is None else shown for _, levels, shown in parts]
    return Programme(
        sources,
        step_s,
        kinds,
        tuple(tuple(float(one) for one in row) for _, levels, _ in parts for row in levels),
        tuple(tuple(int(one) for one in row) for shown in whites for row in shown),
    )


def _shuffled(values: tuple[float, ...], turns: int, n: int, rng: np.random.Generator) -> Float64Array:
    """(turns x values, n): every source goes through all values in an order of its own, `turns` times."""
    return np.concatenate([np.stack([rng.permutation(values) for _ in range(n)], axis=1) for _ in range(turns)])


def length_s(count: int, step_s: float = 1.0) -> float:
    """About how long the programme of so many sources takes, seconds, without colours."""
    return LEAD_S + step_s * (len(MARK) + chips_for(count) + 2 * (len(LEVELS) + len(LOW_LEVELS)) + 4)
