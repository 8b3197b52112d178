"""What each source gives to each block of the picture: light adds up, and the codes say whose it is. Pure."""

from dataclasses import dataclass

import numpy as np

from controller.arrays import BoolArray, Float32Array, Float64Array, IndexArray
from controller.errors import SurveyError
from controller.survey.clocks import FilmClock, design, means_of_steps
from controller.survey.film import Film
from controller.survey.programme import Programme
from controller.survey.response import Response, fitted

TURNS, GAIN_TURNS = 4, 6
FITTED_BLOCKS = 700
LEAST_CODE, MOST_CODE = 0.06, 0.93
LEAST_FREE = 6
LEAST_REST = 1e-4
SLOW_STEPS = 2.0
"""Haze thickens and thins over so many steps, no faster."""
MOST_AIR = 0.6
SURE, CLEAREST = 8.0, 20
CLEAR_AND_FULL = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class SeenSources:
    """The sources as the camera sees them at full; P blocks, n sources, S steps.

    Attributes:
        response: the camera's. step_s: (S,) times. gains: (S, 3) its exposure then.
        air, thickness: (P,) how much of a block's light is lit haze, in one unit, and (S,) how thick that was, 0 on the
            whole: a block's light from sources is 1 + air x thickness of its usual.
        always: (P, 3) linear light of what no source does. gives: (n, P, 3) what each adds at full.
        noise: (P,) standard error of a step, mean of the colours. errors: (n,) that of `gives`, for noise of 1.
        usable: (P,) blocks that are never too bright. unexplained: share of the changes that no source does.
    """

    response: Response
    step_s: Float64Array
    gains: Float32Array
    air: Float32Array
    thickness: Float32Array
    always: Float32Array
    gives: Float32Array
    noise: Float32Array
    errors: Float32Array
    usable: BoolArray
    unexplained: float

    def even(self, codes: Float32Array, t_s: Float64Array) -> Float32Array:
        """(T, P) mean light of the sources alone at programme times, as if exposure and haze had not changed.

        Args:
            codes: (T, P, 3) of frames.
        """
        gains = np.stack([np.interp(t_s, self.step_s, self.gains[:, one]) for one in range(3)], axis=1)
        light = (self.response.light(codes) / gains[:, None, :].astype(np.float32)).mean(axis=2)
        thickness = np.interp(t_s, self.step_s, self.thickness).astype(np.float32)
        return np.asarray((light - self.always.mean(axis=1)) / (1.0 + thickness[:, None] * self.air[None, :]))

    @property
    def sure(self) -> Float32Array:
        """(n, P) how many standard errors each source's mean light is above nothing."""
        spread = self.errors[:, None] * self.noise[None, :]
        return np.asarray(self.gives.mean(axis=2) / np.maximum(spread, 1e-9))

    def clearness(self, of: IndexArray) -> Float64Array:
        """(f,) how much of the light is a fixture's own where it is most alone, 0..1.

        Args:
            of: (n,) which fixture each source belongs to.
        """
        light = np.abs(self.gives.mean(axis=2)).astype(np.float64)
        whole = np.maximum(light.sum(axis=0), 1e-12)
        found = np.zeros(int(of.max()) + 1)
        for fixture in range(len(found)):
            mine = of == fixture
            seen = self.usable & (self.sure[mine].max(axis=0) > SURE)
            shares = np.sort((light[mine].sum(axis=0) / whole)[seen])[::-1]
            found[fixture] = float(shares[:CLEAREST].mean()) if len(shares) else 0.0
        return found


def sources_in(film: Film, programme: Programme, clock: FilmClock) -> SeenSources:
    """What each source gives, by the steps in which all play their codes.

    Raises:
        SurveyError: too few of these steps were filmed.
    """
    t_s = clock.programme_s(film.t_s)
    codes, told = means_of_steps(t_s, film.shown(slice(None)), programme, "code")
    matrix = design(programme)[told]
    if len(matrix) - matrix.shape[1] < LEAST_FREE:
        raise SurveyError("too little of the programme was filmed; let the camera run until the rig is dark again")
    at_s = programme.edges_s[programme.rows("code")[told]] + 0.5 * programme.step_s
    view = _Evening(codes, matrix, _usable(film, codes))
    response = Response()
    for _ in range(TURNS):
        view.turn(response)
        chosen = _telling(codes, view.weight)
        factor = (view.gains.mean(axis=1)[:, None] * (1.0 + view.thickness[:, None] * view.air[chosen])).astype(
            np.float32
        )
        response = fitted(codes[:, chosen].mean(axis=2), matrix, factor, response)
    view.turn(response)
    return view.sources(response, at_s)


class _Evening:
    """What changes besides the sources, found in turns: exposure and haze.

    Args:
        codes: (S, P, 3) of steps. matrix: (S, 1 + n) what was on. usable: (P,).
    """

    def __init__(self, codes: Float32Array, matrix: Float32Array, usable: BoolArray) -> None:
        steps, blocks = codes.shape[:2]
        self._codes, self._matrix, self._usable = codes, matrix, usable
        self._inverse = np.linalg.pinv(matrix.astype(np.float64)).astype(np.float32)
        self.gains = np.ones((steps, 3), np.float32)
        self.air, self.thickness = np.zeros(blocks, np.float32), np.zeros(steps, np.float32)
        self.weight = usable.astype(np.float32)
        self._always = np.zeros((blocks, 3), np.float32)
        self._gives = np.zeros((matrix.shape[1] - 1, blocks, 3), np.float32)
        self._rest = np.zeros((steps, blocks), np.float32)

    def turn(self, response: Response) -> None:
        """Several turns of exposure, haze and sources."""
        light = response.light(self._codes)
        for _ in range(GAIN_TURNS):
            self._solve(light)
            self._haze(light)
            self._expose(light)
        self._solve(light)

    def _factor(self) -> Float32Array:
        return np.asarray(1.0 + self.thickness[:, None] * self.air[None, :])

    def _solve(self, light: Float32Array) -> None:
        factor = self._factor()[..., None]
        even = (light / self.gains[:, None, :] - self._always) / factor + self._always
        found = np.tensordot(self._inverse, even, 1)
        self._always, self._gives = found[0], found[1:]
        self._rest = even.mean(axis=2) - self._matrix @ found.mean(axis=2)
        changes = np.square(even.mean(axis=2) - even.mean(axis=(0, 2))).sum(axis=0)
        free = (len(self._matrix) - 1) / (len(self._matrix) - self._matrix.shape[1])
        share = free * np.square(self._rest).sum(axis=0) / np.maximum(changes, 1e-12)
        self.weight = np.asarray(self._usable / (share + LEAST_REST), np.float32)

    def _haze(self, light: Float32Array) -> None:
        """Thickness of each step and air of each block, the other given, as one product."""
        played = self._matrix[:, 1:] @ self._gives.mean(axis=2)
        rest = (light / self.gains[:, None, :]).mean(axis=2) - self._always.mean(axis=1) - played
        scale = self.weight / np.maximum(np.square(played).mean(axis=0), 1e-9)
        if not self.air.any():
            self.air = np.ones_like(self.air)
        thickness = (scale * rest * played * self.air).sum(axis=1)
        thickness /= np.maximum((scale * np.square(played * self.air)).sum(axis=1), 1e-9)
        thickness = _slow(thickness)
        thickness -= thickness.mean()
        bent = played * thickness[:, None]
        air = (rest * bent).sum(axis=0) / np.maximum(np.square(bent).sum(axis=0), 1e-9)
        clear, full = np.quantile(air[self._usable], CLEAR_AND_FULL) if self._usable.any() else (0.0, 1.0)
        unit = max(float(full - clear), 1e-6)  # what all blocks have in common is exposure
        self.air = np.clip((air - clear) / unit, 0.0, 1.5).astype(np.float32)
        self.thickness = np.clip(thickness * unit, -MOST_AIR, MOST_AIR).astype(np.float32)

    def _expose(self, light: Float32Array) -> None:
        """(S, 3) exposure by which the light of the steady blocks fits what was on; 1 on the whole."""
        used, factor = self.weight > 0.0, self._factor()
        for channel in range(3):
            seen = light[:, used, channel]
            told = self._always[used, channel] + self._matrix[:, 1:] @ self._gives[:, used, channel] * factor[:, used]
            scale = self.weight[used] / np.maximum(np.square(told).mean(axis=0), 1e-9)
            up, down = (scale * seen * told).sum(axis=1), (scale * np.square(told)).sum(axis=1)
            self.gains[:, channel] = up / np.maximum(down, 1e-9)
        self.gains /= self.gains.mean(axis=0)

    def sources(self, response: Response, at_s: Float64Array) -> SeenSources:
        """What was found."""
        free = len(self._matrix) - self._matrix.shape[1]
        noise = np.sqrt(np.square(self._rest).sum(axis=0) / free).astype(np.float32)
        mean = self._matrix[:, 1:] @ self._gives.mean(axis=2)
        changes = np.square(mean - mean.mean(axis=0))[:, self._usable].sum() / (len(mean) - 1)
        errors = np.sqrt(np.square(self._inverse[1:]).sum(axis=1))
        unexplained = float(np.square(noise[self._usable]).sum() / max(float(changes), 1e-12))
        haze, told = (self.air, self.thickness), (self._always, self._gives)
        return SeenSources(response, at_s, self.gains, *haze, *told, noise, errors, self._usable, unexplained)


def _slow(values: Float32Array) -> Float32Array:
    """Smoothed over neighbouring steps."""
    reach = np.arange(-int(3 * SLOW_STEPS), int(3 * SLOW_STEPS) + 1)
    kernel = np.exp(-0.5 * np.square(reach / SLOW_STEPS))
    padded = np.pad(values, len(reach) // 2, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid").astype(np.float32)


def _usable(film: Film, codes: Float32Array) -> BoolArray:
    return np.asarray(~film.clipped & (codes.max(axis=(0, 2)) < MOST_CODE))


def _telling(codes: Float32Array, weight: Float32Array) -> BoolArray:
    """Blocks that change much and as the codes say, without being too dark or too bright for it."""
    changes = codes.mean(axis=2).std(axis=0) * (codes.mean(axis=(0, 2)) > LEAST_CODE) * weight
    order = np.argsort(-changes)[:FITTED_BLOCKS]
    chosen = np.zeros(len(weight), np.bool_)
    chosen[order] = changes[order] > 0.0
    return chosen
