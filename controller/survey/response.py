"""What a camera makes of light, found from light that adds up. Pure.

Where two beams meet, the light of both is the sum of the light of each; a camera's number for it is not. The response
under which sums come out right is the camera's, up to a factor (the principle of radiometric self-calibration by
superposition; without it, exposures alone leave an exponent open: Grossberg and Nayar, "What can be known about the
radiometric response from images?", ECCV 2002). Where no beams meet, nothing is found and the usual 2.2 is kept.
"""

from dataclasses import dataclass

import numpy as np

from controller.arrays import Float32Array, Float64Array
from controller.survey.film import GAMMA

KNOTS = np.array([0.0, 0.12, 0.3, 0.5, 0.7, 0.86, 1.0])
LEVELS = 512
TURNS = 12
RIDGE = 2e-4
"""How much it costs to leave 2.2, in shares of unexplained change."""
STEP = 1e-3
DARKEST = 1e-4


@dataclass(frozen=True, slots=True)
class Response:
    """Light for a camera's number: `slopes` are d log light / d log number at `KNOTS`."""

    slopes: tuple[float, ...] = (GAMMA,) * len(KNOTS)

    def light(self, codes: Float32Array) -> Float32Array:
        """Linear light 0..1 of numbers 0..1, any shape."""
        table = self._table().astype(np.float32)
        return np.asarray(np.interp(codes, np.linspace(0.0, 1.0, LEVELS), table), np.float32)

    def _table(self) -> Float64Array:
        grid = np.linspace(0.0, 1.0, LEVELS)
        slope = np.interp(grid, KNOTS, self.slopes)
        rise = slope[1:] / np.maximum(grid[1:], DARKEST)
        area = np.concatenate([np.cumsum((0.5 * (rise[1:] + rise[:-1]) / (LEVELS - 1))[::-1])[::-1], [0.0]])
        return np.concatenate([[0.0], np.exp(-area)])


def fitted(codes: Float32Array, matrix: Float32Array, factor: Float32Array, start: Response) -> Response:
    """The response under which light adds up.

    Args:
        codes: (S, P) numbers of blocks in steps, 0..1. matrix: (S, 1 + n) what was on. factor: (S, P) by which
            exposure and haze changed it.
        start: where to begin.
    """
    basis = np.linalg.qr(matrix.astype(np.float64))[0]
    prior = np.log(np.full(len(KNOTS), GAMMA))

    def residual(logs: Float64Array) -> Float64Array:
        light = Response(tuple(np.exp(logs))).light(codes).astype(np.float64) / factor
        light -= light.mean(axis=0)
        light /= np.maximum(np.linalg.norm(light, axis=0), 1e-9) * np.sqrt(codes.shape[1])
        rest = light - basis @ (basis.T @ light)
        return np.concatenate([rest.reshape(-1), np.sqrt(RIDGE) * (logs - prior), np.sqrt(RIDGE) * np.diff(logs)])

    logs, damping = np.log(np.array(start.slopes)), 1e-3
    now = residual(logs)
    for _ in range(TURNS):
        slopes = np.stack([(residual(logs + STEP * one) - now) / STEP for one in np.eye(len(logs))], axis=1)
        normal, aim = slopes.T @ slopes, slopes.T @ now
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -aim)
        tried = np.clip(logs + np.clip(step, -0.3, 0.3), np.log(0.6), np.log(6.0))
        then = residual(tried)
        if then @ then < now @ now:
            small = float(np.abs(tried - logs).max()) < 1e-3
            logs, now, damping = tried, then, damping / 4
            if small:
                break
        else:
            damping *= 8
    return Response(tuple(float(one) for one in np.exp(logs)))
