"""Film time and programme time: where in the film the programme begins, and how fast the camera's clock runs. Pure.

First by the brightness of the whole picture beside that of the whole rig, to which the start mark gives its edges; of
the best places the one is taken at which the codes explain most of what changes in the picture.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array, Float64Array, IndexArray
from controller.errors import SurveyError
from controller.survey.film import COLUMNS, ROWS, Film
from controller.survey.programme import RAMP_S, Programme

GRID_S = 0.05
CANDIDATES = 10
APART_S = 0.3
SETTLED_S, SETTLED_SHARE = RAMP_S + 0.2, 0.6
"""After so long, and such a share of it, a step has come to rest even in a slow fixture."""
COARSER = 3
LEAST_EXPLAINED = 0.25


@dataclass(frozen=True, slots=True)
class FilmClock:
    """When a frame was taken, in programme time: (film time - begin_s) x rate."""

    begin_s: float
    rate: float = 1.0

    def programme_s(self, film_s: Float64Array) -> Float64Array:
        """Programme time of film times."""
        return np.asarray((film_s - self.begin_s) * self.rate)


def design(programme: Programme) -> Float32Array:
    """(steps of codes, 1 + n): ones, and what each source plays."""
    codes = programme.table[programme.rows("code")]
    return np.concatenate([np.ones((len(codes), 1), np.float32), codes], axis=1)


def frames_of(film: Film, clock: FilmClock, begin_s: float, end_s: float) -> IndexArray:
    """Frames taken within a stretch of programme time."""
    t_s = clock.programme_s(film.t_s)
    return np.flatnonzero((t_s >= begin_s) & (t_s < end_s))


def begin_of(film: Film, programme: Programme) -> FilmClock:
    """Where the programme begins in the film, to a tenth of a second.

    Raises:
        SurveyError: the film does not show it.
    """
    coarse = _coarse(film)
    best, explained = FilmClock(0.0), -1.0
    for begin_s in _candidates(film, programme):
        for shift_s in (-0.1, 0.0, 0.1):
            share = _explained(film.t_s, coarse, programme, FilmClock(begin_s + shift_s))
            if share > explained:
                best, explained = FilmClock(begin_s + shift_s), share
    if explained < LEAST_EXPLAINED:
        raise SurveyError(
            "the film does not show this programme: the camera must stand still, see the stage, and run from before "
            "the rig begins until it is dark again; the programme file must be the one that was played"
        )
    return best


def _candidates(film: Film, programme: Programme) -> list[float]:
    """Seconds in the film at which the whole picture's brightness goes most like the whole rig's."""
    grid_s = np.arange(0.0, film.t_s[-1], GRID_S)
    seen = np.interp(grid_s, film.t_s, film.codes.mean(axis=(1, 2), dtype=np.float64))
    end_s = programme.edges_s[programme.rows("code")[-1]] + programme.step_s
    wanted = programme.played(np.arange(0.0, end_s, GRID_S)).mean(axis=1).astype(np.float64)
    n = len(wanted)
    if len(seen) < n:
        raise SurveyError(f"the film lasts {film.t_s[-1]:.0f} s and the programme {programme.duration_s:.0f} s")
    wanted = (wanted - wanted.mean()) / wanted.std()
    size = 1 << (len(seen) + n).bit_length()
    dots = np.fft.irfft(np.fft.rfft(seen, size) * np.conj(np.fft.rfft(wanted, size)), size)[: len(seen) - n + 1]
    sums, squares = (np.concatenate([[0.0], np.cumsum(one)]) for one in (seen, seen**2))
    mean = (sums[n:] - sums[:-n]) / n
    spread = np.sqrt(np.maximum((squares[n:] - squares[:-n]) / n - mean**2, 1e-9))
    alike = dots / (n * spread)
    found: list[float] = []
    for place in np.argsort(-alike):
        if all(abs(place * GRID_S - one) > APART_S for one in found):
            found.append(float(place * GRID_S))
        if len(found) == CANDIDATES:
            break
    return found


def _coarse(film: Film) -> Float32Array:
    """(T, blocks) brightness of larger blocks."""
    whole = film.codes.mean(axis=2, dtype=np.float32).reshape(len(film.t_s), ROWS // COARSER, COARSER, -1, COARSER)
    return np.asarray(whole.mean(axis=(2, 4)).reshape(len(film.t_s), ROWS * COLUMNS // COARSER**2))


def _explained(t_s: Float64Array, coarse: Float32Array, programme: Programme, clock: FilmClock) -> float:
    """Share of the picture's changes that the codes explain, less what chance would; below 0 where frames lack."""
    seen, told = means_of_steps(clock.programme_s(t_s), coarse, programme, "code")
    matrix = design(programme)[told]
    free = len(matrix) - matrix.shape[1]
    if free < 4:
        return -1.0
    basis = np.linalg.qr(matrix)[0]
    rest = seen - basis @ (basis.T @ seen)
    changes = np.square(seen - seen.mean(axis=0)).sum() / (len(matrix) - 1)
    return float(1.0 - np.square(rest).sum() / free / max(changes, 1e-9))


def means_of_steps(
    t_s: Float64Array, values: Float32Array, programme: Programme, kind: str
) -> tuple[Float32Array, IndexArray]:
    """Mean of frames within each settled step of a kind: (found, ...), and which of those steps they are.

    Args:
        t_s: (T,) programme time. values: (T, ...) of each frame.
    """
    edges = programme.edges_s[programme.rows(kind)]
    first = np.searchsorted(t_s, edges + max(SETTLED_S, SETTLED_SHARE * programme.step_s))
    last = np.searchsorted(t_s, edges + programme.step_s - 0.02)
    told = np.flatnonzero(last > first)
    return np.stack([values[first[one] : last[one]].mean(axis=0, dtype=np.float32) for one in told]) if len(
        told
    ) else values[:0], told
