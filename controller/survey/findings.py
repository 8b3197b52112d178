"""What a film says about a rig, fixture by fixture, and what of it is not in the patch. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float64Array
from controller.rig.patch.patch import Patch
from controller.survey.adding import sources_in
from controller.survey.clocks import begin_of
from controller.survey.colours import Colours, colours_seen
from controller.survey.dimmers import Dimmer, dimmer_from
from controller.survey.film import Film
from controller.survey.lateness import Lateness, lateness
from controller.survey.levels import KNOTS, Curves, curves_seen
from controller.survey.places import Places, places_in
from controller.survey.programme import Programme
from controller.survey.spots import Spots, spots_of

LATE_SURE_MS = 4.0
LEAST_CLEAR = 0.2
"""Where less of the light than this is a fixture's own, what is measured is that of its neighbours, too."""


@dataclass(frozen=True, slots=True)
class Head:
    """One source as it was seen: its name, its spot 0..1 from left and top, standard errors; none where it is dark."""

    name: str
    at: tuple[float, float] | None
    sureness: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a fixture.

    Attributes:
        id: in the patch. heads: its sources. told: where it should be in the picture, if that is known.
        hangs_at: the fixture whose place it is at, "" at its own. away: from its place, in widths of the picture.
        position_m: where it hangs at the depth that the patch says. late_ms: beside the rig's median, with its error.
        dimmer, colours: none where they are not known. clear: whether it is seen beside the light of the others.
    """

    id: str
    heads: tuple[Head, ...]
    told: tuple[float, float] | None
    hangs_at: str
    away: float | None
    position_m: tuple[float, float, float] | None
    late_ms: float | None
    late_error_ms: float | None
    dimmer: Dimmer | None
    colours: Colours | None
    clear: bool

    @property
    def dark(self) -> bool:
        """Whether nothing of it is seen."""
        return all(head.at is None for head in self.heads)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of a rig.

    Attributes:
        fixtures: in patch order. rolling_ms: the camera's readout. begin_s, rate: where the programme begins in the
            film, and how fast the camera's clock runs. unexplained: share of the changes that no fixture does.
        placed: whether a camera was found that agrees with most places of the patch.
    """

    fixtures: tuple[Found, ...]
    rolling_ms: float
    begin_s: float
    rate: float
    unexplained: float
    placed: bool


def findings(
    film: Film, programme: Programme, patch: Patch, progress: Callable[[str], None] = lambda _: None
) -> Findings:
    """Read a film.

    Args:
        patch: with the programme's fixtures. progress: told what is done next, in words.

    Raises:
        SurveyError: the film does not show the programme.
    """
    progress("looking for the start mark")
    clock = begin_of(film, programme)
    progress("telling the fixtures apart")
    sources = sources_in(film, programme, clock)
    progress("measuring dimmers")
    curves = curves_seen(film, programme, clock, sources)
    progress("measuring latency")
    late = lateness(film, programme, clock, sources, curves)
    spots = spots_of(sources)
    colours = colours_seen(film, programme, late.clock, sources)
    names = list(dict.fromkeys(one.fixture for one in programme.sources))
    places = _places(programme, patch, spots, names, film.aspect)
    clear = sources.clearness(curves.of) >= LEAST_CLEAR
    found = tuple(
        _of(number, programme, _Seen(names, spots, places, curves, late, colours, clear))
        for number in range(len(names))
    )
    return Findings(found, 1e3 * late.rolling_s, late.clock.begin_s, late.clock.rate, sources.unexplained, places.fits)


def _places(programme: Programme, patch: Patch, spots: Spots, names: list[str], aspect: float) -> Places:
    """By fixture: the middle of its heads that are seen themselves."""
    at, position = np.full((len(names), 2), np.nan), np.full((len(names), 3), np.nan)
    for number, name in enumerate(names):
        mine = [row for row, one in enumerate(programme.sources) if one.fixture == name]
        seen = [row for row in mine if spots.itself[row]]
        heads = [head for row in seen or mine for head in programme.sources[row].heads]
        position[number] = patch.positions_m[heads].mean(axis=0)
        if seen:
            at[number] = spots.at[seen].mean(axis=0)
    return places_in(at, position, np.isfinite(at[:, 0]), aspect)


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that was measured, for sources or fixtures."""

    names: list[str]
    spots: Spots
    places: Places
    curves: Curves
    late: Lateness
    colours: dict[str, Colours]
    clear: BoolArray


def _of(number: int, programme: Programme, seen: _Seen) -> Found:
    names, spots, places, late, clear = seen.names, seen.spots, seen.places, seen.late, bool(seen.clear[number])
    mine = [row for row, one in enumerate(programme.sources) if one.fixture == names[number]]
    heads = tuple(
        Head(
            programme.sources[row].name, _pair(spots.at[row]) if spots.found[row] else None, float(spots.sureness[row])
        )
        for row in mine
    )
    lit = any(head.at is not None for head in heads)
    error_ms = 1e3 * float(late.errors_s[number])
    known = lit and clear and error_ms <= LATE_SURE_MS and np.isfinite(late.late_s[number])
    away = float(places.away[number])
    measured = places.measured_m[number]
    return Found(
        names[number],
        heads,
        _pair(places.told[number]) if np.isfinite(places.told[number]).all() else None,
        names[places.at[number]] if number in places.at else "",
        away if np.isfinite(away) else None,
        (float(measured[0]), float(measured[1]), float(measured[2])) if np.isfinite(measured).all() else None,
        1e3 * float(late.late_s[number]) if known else None,
        error_ms if known else None,
        dimmer_from(KNOTS, seen.curves.light[number], seen.curves.errors[number], clear=clear) if lit else None,
        seen.colours.get(names[number]) if lit else None,
        clear,
    )


def _pair(at: Float64Array) -> tuple[float, float]:
    return float(at[0]), float(at[1])
